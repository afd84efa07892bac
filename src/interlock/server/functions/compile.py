"""A Python function as something that can be listed and called with JSON."""

from collections import abc
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Never, NoReturn, Union, get_args, get_origin

import msgspec

from interlock.server.functions.binder import (
    Binder,
    Bound,
    Slot,
    default_maker,
)
from interlock.server.functions.bounding import optional, takes_null
from interlock.server.functions.definitions import schema_of
from interlock.server.functions.metadata import Facets, facets_of, is_field_info
from interlock.server.functions.nodes.base import Schema
from interlock.server.functions.nodes.records import Field, descendants
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.notes import notes_of
from interlock.server.functions.output import Output
from interlock.server.functions.plain import PlainError
from interlock.server.functions.problems import SignatureError
from interlock.server.functions.signature import (
    EMPTY,
    Argument,
    ContextKind,
    Signature,
    subject,
    take_apart,
)
from interlock.server.functions.typereader import TypeReader

_NO_STRUCTURE = (EMPTY, None, NoneType, str, Any, object, Never, NoReturn)
_AROUND_CONTENT = (
    Annotated,
    Union,
    UnionType,
    list,
    tuple,
    abc.Sequence,
    abc.Iterable,
    abc.Collection,
)


class Parameter(msgspec.Struct, frozen=True):
    """A parameter as it is listed. ``default`` is ``UNSET`` where the schema shows none."""

    name: str
    schema: Schema
    required: bool
    default: Any = msgspec.UNSET
    description: str | None = None


class Function:
    """A compiled function.

    ``bind(raw)`` reads a JSON object of arguments, ``bind_text(values)`` texts by name (the
    arguments of a prompt, the variables of a URI template); both return a :class:`Bound` or
    raise :class:`ArgumentError`. The call is ``fn(*bound.args, **bound.kwargs)``, with the
    context, if the function asks for one, as the keyword ``context_parameter``. Where
    ``is_async``, the result is to be awaited.

    What a ``__post_init__`` or a validator of the user's raises beside ``ValueError`` and
    ``TypeError`` passes through ``bind``.
    """

    def __init__(
        self,
        signature: Signature,
        binder: Binder,
        output: Output | None,
        description: str | None,
        fn: Callable[..., Any],
    ) -> None:
        context = signature.context
        self.fn = fn
        self.name = signature.name
        self.description = description
        self.is_async = signature.is_async
        self.context_parameter: str | None = None if context is None else context.name
        self.context_kind: ContextKind | None = None if context is None else context.kind
        self.output = output
        self.bind = binder.bind
        self.bind_text = binder.bind_text
        self._binder = binder

    def call(self, bound: Bound, context: Any = None) -> Any:
        """Call the function: its result or, where ``is_async``, what to await for it."""
        if self.context_parameter is not None:
            return self.fn(*bound.args, **bound.kwargs, **{self.context_parameter: context})
        return self.fn(*bound.args, **bound.kwargs)

    @cached_property
    def input_schema(self) -> Schema:
        """The JSON Schema (2020-12) of the arguments: always an object."""
        # Some model APIs refuse an object without `properties`.
        schema: Schema = {"type": "object", "properties": {}}
        return schema | schema_of(self._binder.root)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that a caller fills, in order."""
        properties: Mapping[str, Schema] = self.input_schema.get("properties", {})
        return tuple(
            Parameter(
                name=field.wire,
                schema=properties[field.wire],
                required=field.required,
                default=properties[field.wire].get("default", msgspec.UNSET),
                description=properties[field.wire].get("description"),
            )
            for field in self._binder.root.fields
        )

    @cached_property
    def unenforced(self) -> tuple[str, ...]:
        """Parameters with a published keyword that is not enforced, since no engine takes it."""
        return tuple(
            field.wire
            for field in self._binder.root.fields
            if any(
                isinstance(node, RefinedNode) and node.unenforced
                for node in (field.node, *descendants(field.node))
            )
        )


def compile_function(
    fn: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool = False,
    extra: Literal["forbid", "ignore"] = "forbid",
    structured: bool = True,
    is_context: Callable[[Any], ContextKind | None],
    is_content: Callable[[Any], bool],
    frame_locals: Mapping[str, Any] | None = None,
) -> Function:
    """Compile a function, method, partial or callable object.

    ``name`` and ``description`` stand for the function's own. ``strict``: mend no slips.
    ``extra``: what an unknown argument is, an error or nothing. ``structured=False``: the
    return value is none of ours (prompts, resources). ``is_context`` says whether an
    annotation asks for the context and in which form, ``is_content`` whether it is content
    as it is. ``frame_locals`` are the local names where the function is declared.

    Raises :class:`SignatureError` for what cannot be offered.
    """
    signature = take_apart(fn, name=name, is_context=is_context, namespace=frame_locals)
    text, said = _documentation(signature.doc)
    reader = TypeReader(output=False, namespace=frame_locals)
    slots = [
        _slot(signature, number, argument, reader, said)
        for number, argument in enumerate(signature.arguments)
    ]
    _check_names(signature.name, slots)
    binder = Binder(slots, name=signature.name, strict=strict, closed=extra == "forbid")
    output = _output(signature, is_content, frame_locals) if structured else None
    return Function(signature, binder, output, text if description is None else description, fn)


def _documentation(doc: str | None) -> tuple[str | None, Mapping[str, str]]:
    """A docstring's description, and what it says of parameters."""
    if doc is None or ("\n" not in doc and not doc.startswith(":")):
        return doc, {}
    from interlock.server.functions.docstrings import read_docstring

    return read_docstring(doc)


def _slot(
    signature: Signature,
    number: int,
    argument: Argument,
    reader: TypeReader,
    said: Mapping[str, str],
) -> Slot:
    """A parameter with its node, its name on the wire and its default."""
    place = subject(signature.name, argument.name)
    hint = Any if argument.annotation is EMPTY else argument.annotation
    default = argument.default
    if is_field_info(default):
        hint, default = Annotated[hint, default], EMPTY
    facets = _facets(hint, place)
    make: Callable[[], Any] | None = None
    if default is EMPTY and facets is not None:
        default = EMPTY if facets.default is msgspec.NODEFAULT else facets.default
        make = facets.default_factory
    node = reader.read(hint, place)
    if default is None and not takes_null(node):
        node = optional(node)
    if default is not EMPTY:
        make = default_maker(default)
    shown = default if default is not EMPTY else msgspec.NODEFAULT
    wire = facets.alias if facets is not None and facets.alias else argument.name
    field = Field(
        f"p{number}",
        wire,
        node,
        required=make is None,
        notes=notes_of(node, said.get(argument.name), shown),
    )
    # The context comes as a keyword, so what stands after it must, too.
    place_of_context = None if signature.context is None else signature.context.place
    follows = place_of_context is not None and number >= place_of_context
    by_name = argument.keyword_only or follows
    return Slot(field, make, argument.name if by_name else None)


def _facets(hint: Any, place: str) -> Facets | None:
    """What ``Annotated`` says of a parameter itself: alias and default."""
    if get_origin(hint) is not Annotated:
        return None
    try:
        return facets_of(hint.__metadata__)
    except PlainError as error:
        raise SignatureError(f"{place}: the schema written by hand is no JSON: {error}") from error


def _check_names(function: str, slots: Sequence[Slot]) -> None:
    seen: set[str] = set()
    for slot in slots:
        if slot.field.wire in seen:
            raise SignatureError(
                f"{subject(function, slot.field.wire)}: two parameters have this name; "
                "change the alias of one"
            )
        seen.add(slot.field.wire)


def _output(
    signature: Signature,
    is_content: Callable[[Any], bool],
    frame_locals: Mapping[str, Any] | None,
) -> Output | None:
    """The structured output, or ``None`` where the return value is text or content."""
    if _is_unstructured(signature.returns, is_content):
        return None
    reader = TypeReader(output=True, namespace=frame_locals)
    return Output(reader.read(signature.returns, subject(signature.name, "return")))


def _is_unstructured(hint: Any, is_content: Callable[[Any], bool], depth: int = 16) -> bool:
    """Whether a return annotation is nothing, text, content, or a list or union with content."""
    if hint in _NO_STRUCTURE or _holds_content(hint, is_content, depth):
        return True
    if not depth:
        return False
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_unstructured(hint.__origin__, is_content, depth - 1)
    if origin in (Union, UnionType):
        return all(_is_unstructured(part, is_content, depth - 1) for part in get_args(hint))
    target = getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None)
    return target is not None and _is_unstructured(target, is_content, depth - 1)


def _holds_content(hint: Any, is_content: Callable[[Any], bool], depth: int) -> bool:
    """Whether an annotation is content, or a list or union with content in it."""
    if is_content(hint):
        return True
    return (
        depth > 0
        and get_origin(hint) in _AROUND_CONTENT
        and any(_holds_content(part, is_content, depth - 1) for part in get_args(hint))
    )
