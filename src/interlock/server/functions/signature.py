"""What can be called, and with what: a callable taken apart.

Functions, bound methods, partials, callable objects, static methods and lambdas come out as
one :class:`Signature` with resolved annotations. What a JSON object cannot call by name is
refused with a :class:`~.problems.SignatureError`.
"""

import functools
import inspect
from collections import abc
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args, get_origin

from interlock.server.functions.hints import raw_annotations, resolved, visible
from interlock.server.functions.plain import class_of
from interlock.server.functions.problems import SignatureError

ContextKind: TypeAlias = Literal["async", "sync"]
EMPTY: Any = inspect.Parameter.empty
"""No annotation, or no default."""


class Argument(NamedTuple):
    """A parameter that a caller fills."""

    name: str
    annotation: Any
    default: Any
    keyword_only: bool


class Context(NamedTuple):
    """The parameter that the server fills; ``place`` is its index, ``None`` if keyword-only."""

    name: str
    kind: ContextKind
    place: int | None


class Signature(NamedTuple):
    """A callable taken apart."""

    name: str
    doc: str | None
    is_async: bool
    arguments: tuple[Argument, ...]
    context: Context | None
    returns: Any


def take_apart(
    fn: Any,
    *,
    name: str | None,
    is_context: Callable[[Any], ContextKind | None],
    namespace: Mapping[str, Any] | None,
) -> Signature:
    """The signature of ``fn``. Raises :class:`SignatureError`.

    ``is_context`` says whether an annotation asks for the context, and for which form.
    ``namespace`` holds local names that annotations may use.
    """
    _check_callable(fn)
    shown = name_of(fn) if name is None else name
    layers = list(layers_of(fn))
    function = layers[-1]
    try:
        signature: inspect.Signature = raw_annotations(inspect.signature, fn)
    except (ValueError, TypeError) as error:
        raise SignatureError(f"{shown}: its parameters cannot be read ({error})") from error
    bound = _bound_names(fn)
    parameters = [item for item in signature.parameters.values() if item.name not in bound]
    _check_kinds(shown, function, parameters)
    annotations = {
        item.name: item.annotation for item in parameters if item.annotation is not EMPTY
    }
    if signature.return_annotation is not EMPTY:
        annotations["return"] = signature.return_annotation
    scope: Mapping[str, Any] = getattr(function, "__globals__", {})
    local = visible(function, scope, namespace)
    hints = resolved(annotations, scope, local, lambda key: subject(shown, key))
    arguments, context = _sorted(shown, parameters, hints, is_context)
    returns, awaited = _awaited(hints.get("return", EMPTY))
    return Signature(
        name=shown,
        doc=doc_of(fn),
        is_async=awaited or is_coroutine_function(fn),
        arguments=arguments,
        context=context,
        returns=returns,
    )


def subject(function: str, parameter: str) -> str:
    """How errors name a parameter, or the return value (``return`` is no parameter's name)."""
    if parameter == "return":
        return f"{function}(): the return type"
    return f"{function}(): parameter {parameter!r}"


def _check_callable(fn: Any) -> None:
    if isinstance(fn, classmethod):
        raise SignatureError(
            "a classmethod object cannot be called; register the bound method, as in "
            "`server.tool(Class.method)`, after the class"
        )
    if isinstance(fn, type):
        raise SignatureError(
            f"{fn.__name__} is a class; register a function that makes what is needed of it"
        )
    if not callable(fn):
        raise SignatureError(f"a value of type {type(fn).__name__} cannot be called")
    target = fn
    while isinstance(target, functools.partial):
        target = target.func
    call = _call_of(target)
    for function in (target, call):
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise SignatureError(
                f"{name_of(fn, '...')} is a generator; a call has one result, so return a list"
            )


def name_of(fn: Any, fallback: str | None = None) -> str:
    """The name of a callable; a lambda's is ``fallback``, or an error without one."""
    target = fn
    while isinstance(target, functools.partial):
        target = target.func
    name: str = getattr(target, "__name__", type(target).__name__)
    if name == "<lambda>":
        if fallback is not None:
            return fallback
        raise SignatureError("a lambda has no name; give one with name=")
    return name


def layers_of(fn: Any) -> Iterator[Any]:
    """The callables inside ``fn``, from the outside in."""
    seen = 0
    while seen < 100:
        yield fn
        seen += 1
        if isinstance(fn, functools.partial):
            fn = fn.func
        elif isinstance(fn, staticmethod | MethodType):
            fn = fn.__func__
        elif hasattr(fn, "__wrapped__"):
            fn = fn.__wrapped__
        elif isinstance(_call_of(fn), FunctionType):
            fn = _call_of(fn)
        else:
            return


def _call_of(value: Any) -> Any:
    """The ``__call__`` of a callable object, as its class has it."""
    return getattr(class_of(value), "__call__", None)  # noqa: B004  # the attribute itself, not whether it can be called


def _bound_names(fn: Any) -> set[str]:
    """What a partial has bound by keyword: the caller neither sees nor changes it."""
    return set(fn.keywords) if isinstance(fn, functools.partial) else set()


def _check_kinds(shown: str, function: Any, parameters: list[inspect.Parameter]) -> None:
    for position, item in enumerate(parameters):
        name = subject(shown, item.name)
        if position == 0 and item.name in ("self", "cls") and _is_unbound(function, item):
            raise SignatureError(
                f"{name}: this is a method without its object; register the bound method, as in "
                "`server.tool(object.method)`"
            )
        if item.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise SignatureError(
                f"{name} is positional-only, and arguments come by name; remove the `/`"
            )
        if item.kind is inspect.Parameter.VAR_POSITIONAL:
            raise SignatureError(
                f"{name} takes any number of arguments (`*{item.name}`), which have no names; "
                f"use a list, as in `{item.name}: list[str]`"
            )
        if item.kind is inspect.Parameter.VAR_KEYWORD:
            raise SignatureError(
                f"{name} takes any names (`**{item.name}`), which no schema can list; "
                f"use a dict, as in `{item.name}: dict[str, Any]`"
            )


def _is_unbound(function: Any, first: inspect.Parameter) -> bool:
    if first.annotation is not EMPTY:
        return False
    holder = getattr(function, "__qualname__", "").rpartition(".")[0]
    return bool(holder) and not holder.endswith("<locals>")


def _sorted(
    shown: str,
    parameters: list[inspect.Parameter],
    hints: Mapping[str, Any],
    is_context: Callable[[Any], ContextKind | None],
) -> tuple[tuple[Argument, ...], Context | None]:
    """The parameters that the caller fills, and the one that the server fills."""
    arguments: list[Argument] = []
    context: Context | None = None
    for item in parameters:
        annotation = hints.get(item.name, EMPTY)
        keyword_only = item.kind is inspect.Parameter.KEYWORD_ONLY
        kind = None if annotation is EMPTY else context_asked(annotation, is_context)
        if kind is None:
            arguments.append(Argument(item.name, annotation, item.default, keyword_only))
        elif context is not None:
            raise SignatureError(
                f"{subject(shown, item.name)} is a second context beside {context.name!r}; keep one"
            )
        else:
            context = Context(item.name, kind, None if keyword_only else len(arguments))
    return tuple(arguments), context


def context_asked(
    annotation: Any, is_context: Callable[[Any], ContextKind | None]
) -> ContextKind | None:
    """Whether an annotation, or an alternative of a union, asks for the context."""
    kind = is_context(annotation)
    if kind is None and hasattr(annotation, "__args__") and _is_union(annotation):
        for part in get_args(annotation):
            kind = kind or is_context(part)
    return kind


def _is_union(annotation: Any) -> bool:
    from types import UnionType
    from typing import Union

    return get_origin(annotation) in (Union, UnionType)


def _awaited(returns: Any) -> tuple[Any, bool]:
    """What a function returns once it is awaited, and whether its annotation says it is."""
    origin = get_origin(returns)
    if origin is abc.Awaitable:
        return get_args(returns)[0], True
    if origin is abc.Coroutine:
        return get_args(returns)[2], True
    return returns, False


def is_coroutine_function(fn: Any) -> bool:
    """Whether calling ``fn`` makes a coroutine."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if isinstance(fn, staticmethod):
        fn = fn.__func__
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(_call_of(fn))


def doc_of(fn: Any) -> str | None:
    """The docstring nearest to the outside that a person wrote."""
    for layer in layers_of(fn):
        if isinstance(layer, functools.partial):
            continue  # its docstring is that of functools.partial
        doc = getattr(layer, "__doc__", None)
        if isinstance(doc, str) and doc.strip():
            return inspect.cleandoc(doc)
    return None
