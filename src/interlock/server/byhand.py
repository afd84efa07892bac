"""Schemas written by hand: listed as they are, and enforced on what goes in and comes out."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from interlock.protocol.call import Call
from interlock.protocol.errors import DefinitionError, ToolError
from interlock.protocol.json import decode
from interlock.protocol.schema import SchemaError, Violation, check_published, compile_schema
from interlock.server.context import context_kind
from interlock.server.functions.hints import evaluated, raw_annotations
from interlock.server.functions.problems import OutputError, Problem
from interlock.server.functions.signature import (
    context_asked,
    doc_of,
    is_coroutine_function,
    layers_of,
    name_of,
)
from interlock.server.invoke import Host, invoker
from interlock.server.values import json_text

Caller = Callable[[Call, Mapping[str, Any]], Awaitable[Any]]
"""Calls a handler with arguments that the schema allows."""

_ELSEWHERE = frozenset(
    {
        "$ref",
        "$dynamicRef",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "dependentSchemas",
        "dependencies",
        "patternProperties",
    }
)
"""Keywords that name or require properties elsewhere than at the root of a schema."""


class Handler(NamedTuple):
    """A handler of arguments by a schema: a callable taken apart."""

    fn: Callable[..., Any]
    name: str
    description: str | None
    is_async: bool
    context_parameter: str | None
    context_kind: Literal["async", "sync"] | None
    whole: str | None
    """The parameter that takes all arguments in one."""
    required: tuple[str, ...]
    """Parameters by name without a default."""
    accepted: frozenset[str] | None
    """Arguments that are passed on; ``None`` where any name is taken."""

    def keywords(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What to call it with. What the schema allows but the handler does not take is dropped.

        Raises :class:`ToolError` where it needs what the schema let be left out.
        """
        if self.whole is not None:
            return {self.whole: dict(arguments)}
        missing = [name for name in self.required if name not in arguments]
        if missing:
            raise ToolError(f"Invalid arguments:\n- $: {missing[0]!r} is missing")
        if self.accepted is None:
            return {k: v for k, v in arguments.items() if k != self.context_parameter}
        return {name: value for name, value in arguments.items() if name in self.accepted}


def take_apart(
    fn: Any, *, name: str | None, schema: dict[str, Any], scope: Mapping[str, Any]
) -> Handler:
    """A callable as the handler of a tool with ``schema``.

    ``scope`` holds the names local to where it was defined. Raises :class:`DefinitionError`
    where the schema is invalid, or the callable cannot take the arguments.
    """
    if not callable(fn) or isinstance(fn, type):
        raise DefinitionError(f"{fn!r:.80} is no function; give one that takes the arguments")
    shown = name_of(fn) if name is None else name
    try:
        check_published(schema)
    except SchemaError as error:
        raise DefinitionError(f"the input schema of tool {shown!r}: {error}") from error
    try:
        signature: inspect.Signature = raw_annotations(inspect.signature, fn)
    except (ValueError, TypeError) as error:
        raise DefinitionError(f"tool {shown!r}: its parameters cannot be read ({error})") from error
    properties: Mapping[str, Any] = schema.get("properties", {})
    context: tuple[str, Literal["async", "sync"]] | None = None
    rest: list[inspect.Parameter] = []
    takes_any = False
    for parameter in signature.parameters.values():
        asked = _context(fn, parameter.annotation, scope)
        if asked is not None:
            context = (parameter.name, asked)
        elif parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            raise DefinitionError(
                f"tool {shown!r}: parameter {parameter.name!r} cannot be passed by name; make it an"
                " ordinary parameter"
            )
        else:
            rest.append(parameter)
    whole = None
    if len(rest) == 1 and rest[0].name not in properties and not takes_any:
        whole = rest[0].name
    elif not takes_any:
        _check_taken(shown, properties, rest)
    required = tuple(item.name for item in rest if item.default is item.empty)
    accepted = {item.name for item in rest}
    if whole is None and _ELSEWHERE.isdisjoint(schema):
        _check_given(shown, schema, required)
        accepted &= properties.keys()  # nobody has judged values for the others
    return Handler(
        fn,
        shown,
        doc_of(fn),
        is_coroutine_function(fn),
        context[0] if context else None,
        context[1] if context else None,
        whole,
        required,
        None if takes_any else frozenset(accepted),
    )


def _check_taken(
    name: str, properties: Mapping[str, Any], parameters: list[inspect.Parameter]
) -> None:
    """Refuse a handler that does not take what the schema has."""
    missing = sorted(set(properties) - {parameter.name for parameter in parameters})
    if missing:
        raise DefinitionError(
            f"tool {name!r}: the schema has {missing[0]!r}, which the handler does not take."
            " Add it, take **arguments, or take one parameter for all arguments"
        )


def _check_given(name: str, schema: Mapping[str, Any], required: tuple[str, ...]) -> None:
    """Refuse a handler that needs what the schema does not have or lets be left out."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    for parameter in required:
        if parameter not in properties:
            raise DefinitionError(
                f"tool {name!r}: the handler needs {parameter!r}, which the schema does not have."
                " Put it into the schema's properties or give the parameter a default"
            )
        if parameter not in schema.get("required", ()):
            raise DefinitionError(
                f"tool {name!r}: the handler needs {parameter!r}, which the schema lets be left"
                " out. Put it into the schema's 'required' or give the parameter a default"
            )


def _context(fn: Any, annotation: Any, scope: Mapping[str, Any]) -> Literal["async", "sync"] | None:
    """Which context an annotation asks for. All others are the schema's matter, and not read."""
    if annotation is inspect.Parameter.empty:
        return None
    *_, function = layers_of(fn)
    try:
        found = evaluated(annotation, getattr(function, "__globals__", {}), scope)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        if "Context" not in str(annotation):
            return None
        raise DefinitionError(
            f"{name_of(fn, 'the handler')}: the annotation {annotation!r} cannot be read ({error});"
            " import Context at run time, not under `if TYPE_CHECKING:`"
        ) from error
    return context_asked(found, context_kind)


def by_hand(
    host: Host, handler: Handler, schema: dict[str, Any], *, thread: bool | None
) -> tuple[Caller, Callable[[Any], str | None]]:
    """How to call ``handler``, and what is wrong with arguments (``None`` for nothing).

    The schema is one that :func:`take_apart` has accepted.
    """
    compiled = compile_schema(schema)
    invoke = invoker(host, handler, thread=thread)

    def problems(arguments: Any) -> str | None:
        return None if compiled.is_valid(arguments) else describe(compiled.violations(arguments))

    def call_with(call: Call, arguments: Mapping[str, Any]) -> Awaitable[Any]:
        return invoke(call, (), handler.keywords(arguments))

    return call_with, problems


def describe(violations: list[Violation]) -> str:
    """Violations as the text that a model reads."""
    lines = [f"- {violation.path}: {violation.message}" for violation in violations]
    return "Invalid arguments:\n" + "\n".join(lines)


class SchemaOutput:
    """An output schema written by hand, enforced on every structured value."""

    def __init__(self, schema: dict[str, Any], name: str) -> None:
        self.schema = schema
        try:
            self._compiled = compile_schema(schema)
        except SchemaError as error:
            raise DefinitionError(f"the output schema of tool {name!r}: {error}") from error

    def encode(self, value: Any) -> bytes:
        """The value's JSON text. Raises :class:`OutputError` where it does not fit the schema."""
        raw = json_text(value)
        violations = self._compiled.violations(decode(raw), limit=3)
        if violations:
            raise OutputError([Problem(v.path, v.message, v.expected) for v in violations])
        return raw
