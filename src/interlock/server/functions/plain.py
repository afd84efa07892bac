"""Any Python value as plain JSON, exactly: the values of ``dict``, ``list``, ``str``, ``int``,
``float``, ``bool`` and ``None``.

Dataclasses, Structs and NamedTuples are objects, sets are sorted where they can be, an Enum
is its value. What JSON cannot say (NaN, a lone surrogate, a foreign object, a loop) is an
error with its path, where a codec would change it silently or give no place.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from enum import Enum
from math import isfinite
from types import NoneType
from typing import Any

import msgspec

from interlock.protocol.json import Preserialized, decode
from interlock.server.functions.problems import Trail, escaped, path_text

MAX_DEPTH = 128
"""How deep a value may be nested; deeper ones are taken for loops."""

_MAX_INTEGER_BITS = 4096
"""Integers beyond this are refused: few readers take them, and Python itself may not write them."""

_SAME = frozenset({str, int, bool, NoneType})
_TEXTS = frozenset(
    {
        "datetime.datetime",
        "datetime.date",
        "datetime.time",
        "datetime.timedelta",
        "uuid.UUID",
        "builtins.bytes",
        "builtins.bytearray",
        "builtins.memoryview",
    }
)


class_of: Callable[[Any], type[Any]] = type
"""The class of any value: :class:`type` itself, which a checker cannot read off ``Any``."""


class PlainError(ValueError):
    """A value has no JSON form. ``path`` says where, ``message`` what and why."""

    def __init__(self, trail: Trail, message: str) -> None:
        self.path = path_text(trail)
        self.message = message
        super().__init__(f"{self.path}: {message}")


def is_plain(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether a codec can write ``value`` as it is: plain classes only, no NaN, no loop."""
    kind = class_of(value)
    if kind in _SAME:
        return True
    if kind is float:
        return isfinite(value)
    if not depth:
        return False
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not (type(item) in _SAME or is_plain(item, depth - 1)):
                return False
        return True
    if kind is list:
        return all(type(item) in _SAME or is_plain(item, depth - 1) for item in value)
    return False


def to_plain(value: Any, trail: Trail = None, depth: int = MAX_DEPTH) -> Any:
    """``value`` as plain JSON. Raises :class:`PlainError`."""
    kind = class_of(value)
    if kind in _SAME:
        if kind is str:
            return _text(value, trail)
        return _integer(value, trail) if kind is int else value
    if not depth:
        raise PlainError(None, f"nested deeper than {MAX_DEPTH} levels, or contains itself")
    if isinstance(value, Enum):
        return to_plain(value.value, trail, depth - 1)
    if isinstance(value, str):
        return _text(str.__str__(value), trail)
    if isinstance(value, int):
        return _integer(int(value), trail)
    if isinstance(value, float):
        if not isfinite(value):
            raise PlainError(trail, f"{float(value)} is no JSON number")
        return float(value)
    if issubclass(kind, Mapping):
        return _mapping(value, trail, depth)
    if issubclass(kind, list | tuple | deque):
        names: tuple[str, ...] | None = getattr(value, "_fields", None)
        if names is not None and issubclass(kind, tuple):
            pairs: Any = zip(names, value, strict=True)
            return {name: to_plain(item, (trail, name), depth - 1) for name, item in pairs}
        return [to_plain(item, (trail, at), depth - 1) for at, item in enumerate(value)]
    if issubclass(kind, Set):
        return _sorted_items(value, trail, depth)
    return _object(value, trail, depth)


def _text(value: str, trail: Trail) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            code = ord(value[error.start])
            raise PlainError(
                trail, f"the text holds half a character (U+{code:04X}), which UTF-8 cannot say"
            ) from None
    return value


def _integer(value: int, trail: Trail) -> int:
    if value.bit_length() > _MAX_INTEGER_BITS:
        raise PlainError(trail, f"an integer of {value.bit_length()} bits is too long to write")
    return value


def _mapping(value: Mapping[Any, Any], trail: Trail, depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key, trail)
        if name in plain:
            raise PlainError((trail, name), "two keys of the mapping have this text")
        plain[name] = to_plain(item, (trail, name), depth - 1)
    return plain


def _key(key: Any, trail: Trail) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return _text(str.__str__(key), trail)
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    if not isinstance(key, bool | float | NoneType):
        plain = to_plain(key, trail)
        if isinstance(plain, str):
            return plain
    raise PlainError(trail, f"a key of type {_name(key)}: keys of a JSON object are text")


def _sorted_items(value: Set[Any], trail: Trail, depth: int) -> list[Any]:
    items = [to_plain(item, (trail, at), depth - 1) for at, item in enumerate(value)]
    try:
        items.sort()
    except TypeError:
        items.sort(key=lambda item: (type(item).__name__, msgspec.json.encode(item)))
    return items


def _object(value: Any, trail: Trail, depth: int) -> Any:
    kind = class_of(value)
    if isinstance(value, Preserialized | msgspec.Raw):
        return decode(value.raw if isinstance(value, Preserialized) else value)
    if _is_pydantic(kind):
        return to_plain(_dumped(value, trail), trail, depth - 1)
    if isinstance(value, msgspec.Struct):
        return _struct(value, trail, depth)
    if hasattr(kind, "__dataclass_fields__"):
        import dataclasses

        names = [field.name for field in dataclasses.fields(value) if hasattr(value, field.name)]
        return {name: to_plain(getattr(value, name), (trail, name), depth - 1) for name in names}
    names_of_bases = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}
    if not _TEXTS.isdisjoint(names_of_bases):
        return msgspec.to_builtins(value)
    if "decimal.Decimal" in names_of_bases:
        if not value.is_finite():
            raise PlainError(trail, f"{value} is no JSON number")
        return str(value)
    if "pathlib" in sys.modules and isinstance(value, sys.modules["pathlib"].PurePath):
        return _text(str(value), trail)
    raise PlainError(trail, f"a value of type {_name(value)} has no JSON form{_hint(value)}")


def _struct(value: msgspec.Struct, trail: Trail, depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    config = value.__struct_config__
    if config.tag is not None and config.tag_field is not None:
        plain[config.tag_field] = config.tag
    for field in msgspec.structs.fields(value):
        item = getattr(value, field.name, msgspec.UNSET)
        if item is not msgspec.UNSET and not (config.omit_defaults and _is_default(item, field)):
            name = field.encode_name
            plain[name] = to_plain(item, (trail, name), depth - 1)
    return plain


def _is_default(item: Any, field: msgspec.structs.FieldInfo) -> bool:
    """Whether msgspec leaves the field out under ``omit_defaults``."""
    if field.default_factory in (list, dict, set):
        return type(item) is field.default_factory and not item
    return item is field.default or (type(item) in _SAME and item == field.default)


def _is_pydantic(kind: type) -> bool:
    return "pydantic" in sys.modules and (
        hasattr(kind, "__pydantic_serializer__") or hasattr(kind, "__get_pydantic_core_schema__")
    )


def _dumped(value: Any, trail: Trail) -> Any:
    """What pydantic writes for a value of its own."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, warnings="none")
    from pydantic import TypeAdapter
    from pydantic_core import PydanticSerializationError

    kind = class_of(value)
    adapter: Any = TypeAdapter(kind)
    try:
        return adapter.dump_python(value, mode="json", by_alias=True, warnings="none")
    except PydanticSerializationError as error:
        raise PlainError(trail, escaped(str(error))) from error


def _name(value: Any) -> str:
    kind = class_of(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return escaped(f"{module}{kind.__qualname__}", 80)


def _hint(value: Any) -> str:
    if isinstance(value, Iterator):
        return "; return list(...) of it"
    if hasattr(value, "tolist"):
        return "; return its .tolist()"
    if hasattr(value, "__await__"):
        return "; await it first"
    return "; return a dataclass, a dict, a list or a scalar"
