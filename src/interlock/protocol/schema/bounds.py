"""How large a schema may be, and the copy of it that is held to those bounds.

Schemas come from other people. Before anything else reads one it is copied here, which counts
what it holds, refuses what JSON cannot say, and cuts every tie to the caller's object: shared
or circular parts become plain trees or are refused by the count.
"""

from math import isfinite
from typing import Any, NamedTuple

import msgspec

from .plain import is_array, is_object
from .pointer import escape, shown_pointer

Schema = dict[str, Any] | bool
"""A JSON Schema: an object, or a truth value that allows everything or nothing."""


class SchemaError(ValueError):
    """A schema cannot be used. ``pointer`` says which part (a JSON pointer; empty: all of it)."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(f"{message} (at {shown_pointer(pointer)})" if pointer else message)
        self.pointer = pointer


class SchemaLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on a schema and on the work of one validation; the defaults suit a public host."""

    size: int = 1_048_576
    """Characters of all keys and texts, plus 4 for each other value: about its length as JSON."""
    depth: int = 96
    """Levels of nested objects and arrays."""
    subschemas: int = 10_000
    enum_values: int = 10_000
    """In one ``enum``."""
    expansion: int = 10_000
    """Subschemas applied to one and the same value when references and alternatives unfold."""
    pattern_bytes: int = 16_777_216
    """Memory for all compiled patterns."""
    work: int = 10_000_000
    """Steps of one validation, of about 100 ns each in the worst case."""


DEFAULT_LIMITS = SchemaLimits()

_MAX_INTEGER_BITS = 4_096
_MAX_DEPTH = 200
"""The copy recurses, and the engine stops near 255, so no setting goes beyond this."""


def copy_schema(schema: Any, limits: SchemaLimits) -> Schema:
    """A private copy of a schema that is within its bounds and plain JSON.

    Raises :class:`SchemaError`.
    """
    if isinstance(schema, bool):
        return schema
    if not is_object(schema):
        raise SchemaError(f"a schema is a JSON object, true or false; this is {_kind(schema)}")
    return _Copier(limits).object(schema, None, 1)


class _At(NamedTuple):
    """The way to a value, from its end; text is made of it only for an error."""

    before: "_At | None"
    token: str | int


class _Copier:
    __slots__ = ("_depth", "_limit", "_size")

    def __init__(self, limits: SchemaLimits) -> None:
        self._depth = min(limits.depth, _MAX_DEPTH)
        self._limit = self._size = limits.size

    def object(self, value: dict[Any, Any], at: _At | None, depth: int) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):  # the caller's object may be anything
                raise SchemaError(f"a key is {_kind(key)}, not text", _pointer(at))
            self._text(key, at)
            copy[key] = self._any(item, _At(at, key), depth)
        return copy

    def _any(self, value: Any, at: _At | None, depth: int) -> Any:
        if isinstance(value, str):
            self._text(value, at)
            return value
        self._take(4, at)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            if value.bit_length() > _MAX_INTEGER_BITS:
                raise SchemaError("a number has more digits than are read here", _pointer(at))
            return value
        if isinstance(value, float):
            if not isfinite(value):
                raise SchemaError(f"{value} is no number that JSON can say", _pointer(at))
            return value
        nested = is_object(value)
        if not nested and not is_array(value):
            raise SchemaError(f"{_kind(value)} is no JSON value", _pointer(at))
        if depth >= self._depth:
            raise SchemaError(f"the schema nests deeper than {self._depth} levels", _pointer(at))
        if nested:
            return self.object(value, at, depth + 1)
        return [self._any(item, _At(at, index), depth + 1) for index, item in enumerate(value)]

    def _text(self, text: str, at: _At | None) -> None:
        self._take(len(text) + 4, at)
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise SchemaError("a text holds half a surrogate pair", _pointer(at)) from None

    def _take(self, size: int, at: _At | None) -> None:
        self._size -= size
        if self._size < 0:
            raise SchemaError(f"the schema is larger than {self._limit} characters", _pointer(at))


def _pointer(at: _At | None) -> str:
    tokens: list[str | int] = []
    while at is not None:
        tokens.append(at.token)
        at = at.before
    return "".join(f"/{escape(token)}" for token in reversed(tokens))


def _kind(value: object) -> str:
    return "null" if value is None else f"of type {type(value).__name__}"
