"""JSON to wire types, with one cached decoder a type.

:func:`decode_strict` is for what is judged: params of requests, ``_meta``. It takes what the
schema says and nothing else.

:func:`decode_as` is for what peers answer. It decodes strictly first (the fast path); only
where that fails it decodes once more, forgiving what must not cost a whole result:

* a content block of an unknown type, or one that does not fit its type, becomes
  :class:`~interlock.protocol.types.content.UnknownContent` with its JSON text;
* ``null`` where an optional member should be absent (``"nextCursor": null``) is absence;
* a ``CallToolResult`` without ``content`` has none.

Everything else still raises, with the place of the fault. The second pass runs on a mirror
of the type, made on first need: optional members may be null and content is raw; from a
value of the mirror the real one is built.
"""

from collections.abc import Callable, Iterable
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct

from interlock.protocol.types.base import UNSET, UnsetType
from interlock.protocol.types.content import Content, ContentBlock, UnknownContent
from interlock.protocol.types.tools import CallToolResult

__all__ = ("decode_as", "decode_block", "decode_blocks", "decode_lenient", "decode_strict")

T = TypeVar("T")
Text: TypeAlias = bytes | memoryview | Raw
Build: TypeAlias = Callable[[Any, str], Any]
"""From a value of the mirror type, and its path, to the value of the real type."""

LONGEST_MESSAGE = 160
"""Characters of an error, its path aside."""

_ABSENT_IS_EMPTY = {(CallToolResult, "content")}
"""Required lists that peers with defaults leave out."""

_LIST_OF_BLOCKS = list[ContentBlock]

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_mirrors: dict[Any, tuple[msgspec.json.Decoder[Any], Build | None]] = {}


def decode_strict(into: type[T], text: Text) -> T:
    """One JSON text as exactly that type.

    Raises :class:`msgspec.ValidationError` with the place of the first fault, or
    :class:`msgspec.DecodeError` where the text is not JSON. The message is short, whatever
    the text holds. Depth is the framing's to bound: a text nested beyond Python's recursion
    limit raises :class:`RecursionError`.
    """
    try:
        decoder = _decoders[into]
    except KeyError:
        decoder = _decoders[into] = msgspec.json.Decoder(into)
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _placed(error, "$") from None


def decode_as(into: type[T], text: Text) -> T:
    """One JSON text as that type, the module's three pardons applied where it does not fit.

    Raises as :func:`decode_strict` does, for every other fault.
    """
    try:
        return decode_strict(into, text)
    except msgspec.ValidationError:
        return decode_lenient(into, text)


def decode_lenient(into: type[T], text: Text) -> T:
    """The second pass of :func:`decode_as` alone; what fits strictly comes out the same."""
    return _decode_mirrored(into, text, "$")


def decode_block(text: Text) -> ContentBlock:
    """One content block of a tool result or prompt; never fails on an object.

    Raises :class:`msgspec.ValidationError` for anything but an object.
    """
    return _blocks_of(get_args(ContentBlock))(text, "$")


def decode_blocks(text: Text) -> list[ContentBlock]:
    """A list of content blocks; never fails on a list of objects.

    Raises :class:`msgspec.ValidationError` for anything else.
    """
    return decode_as(_LIST_OF_BLOCKS, text)


def _decode_mirrored(into: Any, text: Text, path: str) -> Any:
    try:
        decoder, build = _mirrors[into]
    except KeyError:
        mirror, build = _mirror(into)
        decoder = msgspec.json.Decoder(mirror)
        _mirrors[into] = decoder, build
    try:
        value = decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _placed(error, path) from None
    return value if build is None else build(value, path)


def _placed(error: msgspec.ValidationError, path: str) -> msgspec.ValidationError:
    """The same error, its path (which starts with ``$``) below the given one.

    msgspec quotes a wrong value in full, however long: only its start is kept.
    """
    message, _, below = str(error).rpartition(" - at `$")
    if not message:  # no path: the fault is the whole
        message, below = below, "`"
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + "…"
    where = path + below
    return msgspec.ValidationError(message if where == "$`" else f"{message} - at `{where}")


def _mirror(annotation: Any) -> tuple[Any, Build | None]:
    """The mirror of a type and the way back; no way back means the type is its own mirror."""
    origin = get_origin(annotation)
    args = get_args(annotation)
    if origin is Union or origin is UnionType:
        return _mirror_union(annotation, args)
    if origin is list:
        item, build = _mirror(args[0])
        return (annotation, None) if build is None else (list[item], _each_item(build))
    if origin is dict:
        value, build = _mirror(args[1])
        return (annotation, None) if build is None else (dict[str, value], _each_value(build))
    if _is(annotation, Struct):
        return _mirror_struct(annotation)
    return annotation, None


def _each_item(build: Build) -> Build:
    return lambda items, path: [build(item, f"{path}[{i}]") for i, item in enumerate(items)]


def _each_value(build: Build) -> Build:
    return lambda members, path: {key: build(item, f"{path}[...]") for key, item in members.items()}


def _is(annotation: Any, base: type) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, base)


def _mirror_union(annotation: Any, args: tuple[Any, ...]) -> tuple[Any, Build | None]:
    blocks = tuple(arg for arg in args if _is(arg, Content))
    if blocks:
        one = _blocks_of(blocks)
        return Raw, _one_or_list(one) if any(get_origin(arg) is list for arg in args) else one
    mirrors = [_mirror(arg) for arg in args]
    ways = {get_origin(mirror) or mirror: build for mirror, build in mirrors if build is not None}
    if not ways:
        return annotation, None

    def build(value: Any, path: str) -> Any:
        way = ways.get(type(value))
        return value if way is None else way(value, path)

    return _union(mirror for mirror, _ in mirrors), build


def _union(members: Iterable[Any]) -> Any:
    return Union[tuple(members)]  # noqa: UP007  # made at run time


def _one_or_list(one: Build) -> Build:
    def build(raw: Raw, path: str) -> Any:
        if memoryview(raw)[0] != 0x5B:  # "[": msgspec trims what it keeps raw
            return one(raw, path)
        items = decode_strict(list[Raw], raw)
        return [one(item, f"{path}[{i}]") for i, item in enumerate(items)]

    return build


class _Tag(Struct):
    type: Any = None


@cache
def _blocks_of(members: tuple[Any, ...]) -> Build:
    """The way from a block's text to one of these types or :class:`UnknownContent`."""
    by_tag: dict[Any, Any] = {member.__struct_config__.tag: member for member in members}
    strict = msgspec.json.Decoder(_union(members))

    def build(raw: Text, path: str) -> Any:
        try:
            return strict.decode(raw)
        except msgspec.ValidationError:
            pass
        try:
            tag = decode_strict(_Tag, raw).type
        except msgspec.ValidationError as error:
            raise _placed(error, path) from None
        if isinstance(tag, str) and tag in by_tag:
            try:
                return _decode_mirrored(by_tag[tag], raw, path)
            except msgspec.ValidationError:
                pass
        return UnknownContent(bytes(raw).strip())

    return build


def _takes_null(annotation: Any) -> bool:
    return any(part in {Any, None, type(None), Raw} for part in (annotation, *get_args(annotation)))


def _mirror_struct(real: type[Struct]) -> tuple[Any, Build | None]:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    ways: list[tuple[str, str, Build | None]] = []
    optional: set[str] = set()
    emptied: set[str] = set()
    for field in msgspec.structs.fields(real):
        mirror, build = _mirror(field.type)
        ways.append((field.name, field.encode_name, build))
        if (real, field.name) in _ABSENT_IS_EMPTY:
            emptied.add(field.name)
        elif field.required:
            fields.append((field.name, mirror))
            continue
        elif not _takes_null(field.type):
            optional.add(field.name)
            mirror = _union((mirror, None))
        fields.append((field.name, _union((mirror, UnsetType)), UNSET))
    config = real.__struct_config__
    mirrored = msgspec.defstruct(
        real.__name__,
        fields,
        kw_only=True,
        rename=dict(zip(real.__struct_fields__, real.__struct_encode_fields__, strict=True)),
        tag_field=config.tag_field,
        tag=config.tag,
    )

    def build_struct(value: Any, path: str) -> Any:
        members: dict[str, Any] = {}
        for name, wire, build in ways:
            member = getattr(value, name)
            if member is UNSET and name in emptied:
                members[name] = []
            elif member is None and name in optional:
                continue
            elif member is not UNSET:
                members[name] = member if build is None else build(member, f"{path}.{wire}")
        try:
            return real(**members)
        except ValueError as error:  # what __post_init__ refuses
            raise msgspec.ValidationError(f"{error} - at `{path}`") from None

    return mirrored, build_struct
