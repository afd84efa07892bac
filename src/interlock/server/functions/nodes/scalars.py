"""Nodes of the JSON scalars: anything, null, booleans, numbers and text."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from interlock.server.functions.nodes.base import (
    ALL_KINDS,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    STRING,
    Kind,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.problems import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions

_BOUNDS = {
    "gt": ("exclusiveMinimum", "greater than"),
    "ge": ("minimum", "at least"),
    "lt": ("exclusiveMaximum", "less than"),
    "le": ("maximum", "at most"),
}

_INTEGER_KEY = "^-?(0|[1-9][0-9]{0,299})$"


class AnyNode(Node):
    """Any JSON value, as it is."""

    __slots__ = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        return ALL_KINDS

    @property
    def expected(self) -> str:
        return "any JSON value"

    def schema(self, definitions: "Definitions") -> Schema:
        return {}

    def native(self) -> Any:
        return Any

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        return value

    @property
    def hashable(self) -> bool:
        return True  # what cannot be hashed is reported as it comes

    def refuse_key(self) -> str | None:
        return None

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        return None


class NullNode(Node):
    """``None``."""

    __slots__ = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        return NULL

    @property
    def expected(self) -> str:
        return "null"

    def schema(self, definitions: "Definitions") -> Schema:
        return {"type": "null"}

    def native(self) -> Any:
        return None

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        return None

    @property
    def hashable(self) -> bool:
        return True


class BoolNode(Node):
    """``bool``: true and false, never 0 and 1."""

    __slots__ = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        return BOOLEAN

    @property
    def expected(self) -> str:
        return "a boolean"

    def schema(self, definitions: "Definitions") -> Schema:
        return {"type": "boolean"}

    def native(self) -> Any:
        return bool

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        return value

    @property
    def hashable(self) -> bool:
        return True


class NumberNode(Node):
    """``int`` or ``float`` within bounds.

    ``bounds`` has the keys ``gt``, ``ge``, ``lt``, ``le``; ``multiple_of`` is exact in the
    decimal digits of both numbers (0.3 is a multiple of 0.1).
    """

    __slots__ = ("bounds", "multiple_of", "number")

    def __init__(
        self,
        number: type[int] | type[float],
        bounds: Mapping[str, float] | None = None,
        multiple_of: float | None = None,
    ) -> None:
        super().__init__()
        self.number = number
        self.bounds = dict(bounds or {})
        self.multiple_of = multiple_of

    @property
    def kinds(self) -> frozenset[Kind]:
        return INTEGER if self.number is int else NUMBER

    @property
    def expected(self) -> str:
        return number_text("an integer" if self.number is int else "a number", self)

    def schema(self, definitions: "Definitions") -> Schema:
        kind = "integer" if self.number is int else "number"
        return {"type": kind, **bounds_schema(self.bounds, self.multiple_of)}

    @property
    def decodable(self) -> bool:
        if self.number is int and any(isinstance(bound, float) for bound in self.bounds.values()):
            return False
        # msgspec's multiples are inexact for floats, and unchecked for big integers.
        return self.multiple_of is None

    def native(self) -> Any:
        if not self.bounds:
            return self.number
        meta: dict[str, Any] = self.bounds
        return Annotated[self.number, msgspec.Meta(**meta)]

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if self.number is float:
            try:
                number = float(value)
            except OverflowError:
                walk.refuse(trail, describe(value), "a number that fits a double")
                return None
        else:
            number = value
        if not within(number, self.bounds) or not is_multiple(number, self.multiple_of):
            walk.refuse(trail, describe(value), self.expected)
        return number

    @property
    def hashable(self) -> bool:
        return True

    def refuse_key(self) -> str | None:
        return None if self.number is int else super().refuse_key()

    def read_key(self, key: str, walk: Walk, trail: Trail) -> Any:
        if re.fullmatch(_INTEGER_KEY, key) is None:
            walk.refuse(trail, "a key is no integer", "the digits of an integer as the key")
            return None
        return self.accept(int(key), walk, trail)

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        return {"pattern": _INTEGER_KEY}


class TextNode(Node):
    """``str`` within bounds of length, counted in code points."""

    __slots__ = ("max_length", "min_length")

    def __init__(self, min_length: int | None = None, max_length: int | None = None) -> None:
        super().__init__()
        self.min_length = min_length
        self.max_length = max_length

    @property
    def kinds(self) -> frozenset[Kind]:
        return STRING

    @property
    def expected(self) -> str:
        return "a string" + length_text(self.min_length, self.max_length, "characters")

    def schema(self, definitions: "Definitions") -> Schema:
        return {
            "type": "string",
            **length_schema("minLength", self.min_length, "maxLength", self.max_length),
        }

    def native(self) -> Any:
        return sized_native(str, self.min_length, self.max_length)

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if not length_fits(len(value), self.min_length, self.max_length):
            walk.refuse(trail, f"got a string of {len(value)} characters", self.expected)
        return value

    @property
    def hashable(self) -> bool:
        return True

    def refuse_key(self) -> str | None:
        return None

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        if self.min_length is None and self.max_length is None:
            return None
        return self.schema(definitions)


def bounds_schema(bounds: Mapping[str, Any], multiple_of: Any) -> Schema:
    """The keywords of numeric bounds."""
    schema: Schema = {_BOUNDS[name][0]: bound for name, bound in bounds.items()}
    if multiple_of is not None:
        schema["multipleOf"] = multiple_of
    return schema


def number_text(noun: str, limits: Any) -> str:
    """``noun`` with its bounds in words: "an integer of at least 1 and at most 5"."""
    parts = [f"{_BOUNDS[name][1]} {bound}" for name, bound in limits.bounds.items()]
    if parts:
        noun += (" of " if parts[0].startswith("at ") else " ") + " and ".join(parts)
    if limits.multiple_of is not None:
        noun += f", a multiple of {limits.multiple_of}"
    return noun


def within(number: Any, bounds: Mapping[str, Any]) -> bool:
    """Whether a number keeps its bounds."""
    for name, bound in bounds.items():
        if name == "ge":
            fits = number >= bound
        elif name == "gt":
            fits = number > bound
        elif name == "le":
            fits = number <= bound
        else:
            fits = number < bound
        if not fits:
            return False
    return True


def is_multiple(number: Any, step: Any) -> bool:
    """Whether ``number`` is a multiple of ``step`` in exact decimal arithmetic."""
    if step is None:
        return True
    if isinstance(number, int) and isinstance(step, int):
        return number % step == 0
    from fractions import Fraction

    return Fraction(str(number)) % Fraction(str(step)) == 0


def length_schema(low_key: str, low: int | None, high_key: str, high: int | None) -> Schema:
    """The keywords of bounds on a length."""
    schema: Schema = {}
    if low is not None:
        schema[low_key] = low
    if high is not None:
        schema[high_key] = high
    return schema


def length_text(low: int | None, high: int | None, unit: str) -> str:
    """Bounds on a length in words: " of 1 to 5 characters"."""
    if low is not None and high is not None:
        return f" of {low} to {high} {unit}" if low != high else f" of {low} {unit}"
    if low is not None:
        return f" of at least {low} {unit}"
    return "" if high is None else f" of at most {high} {unit}"


def length_fits(length: int, low: int | None, high: int | None) -> bool:
    """Whether a length keeps its bounds."""
    return (low is None or length >= low) and (high is None or length <= high)


def sized_native(native: Any, low: int | None, high: int | None) -> Any:
    """``native`` with msgspec's bounds on its length."""
    if low is None and high is None:
        return native
    return Annotated[native, msgspec.Meta(min_length=low, max_length=high)]
