"""Nodes of the types that JSON carries as text: dates, times, UUIDs, bytes, decimals, paths."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from interlock.server.functions.nodes.base import STRING, Kind, Node, Schema, Trail, Walk
from interlock.server.functions.nodes.scalars import (
    bounds_schema,
    is_multiple,
    length_schema,
    length_text,
    number_text,
    sized_native,
    within,
)
from interlock.server.functions.problems import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions

FORMATS: dict[str, tuple[str, str]] = {
    "datetime.datetime": ("date-time", "an ISO 8601 date and time (2030-01-31T12:00:00Z)"),
    "datetime.date": ("date", "an ISO 8601 date (2030-01-31)"),
    "datetime.time": ("time", "an ISO 8601 time (12:00:00)"),
    "datetime.timedelta": ("duration", "an ISO 8601 duration in days, hours, minutes (P1DT2H30M)"),
    "uuid.UUID": ("uuid", "a UUID"),
}
"""Formatted types by qualified name: JSON Schema's ``format`` and the words for it.

By name, because importing :mod:`uuid` and the like for a look-up would cost start-up time.
"""

_DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_DECIMAL_LENGTH = 1000


class FormatNode(Node):
    """A type that msgspec reads from formatted text (RFC 3339, ISO 8601, RFC 4122).

    JSON Schema's formats are those of RFC 3339: times have an offset, durations neither sign nor
    fraction. Clients that check formats refuse a result that has it otherwise, so an output
    schema names only a format that every value has.
    """

    __slots__ = ("_native", "format", "is_exact", "name", "output", "words")

    def __init__(
        self, native: Any, name: str, tz: bool | None = None, *, output: bool = False
    ) -> None:
        super().__init__()
        self.name = name
        self.output = output
        self.format, self.words = FORMATS[name]
        self.is_exact = self.format in ("date", "uuid") or (self.format != "duration" and bool(tz))
        if tz is not None:
            native = Annotated[native, msgspec.Meta(tz=tz)]
            self.words += " with an offset" if tz else " without an offset"
        self._native = native

    @property
    def kinds(self) -> frozenset[Kind]:
        return STRING

    @property
    def expected(self) -> str:
        return self.words

    def schema(self, definitions: "Definitions") -> Schema:
        if self.output and not self.is_exact:
            return {"type": "string"}
        return {"type": "string", "format": self.format}

    def native(self) -> Any:
        return self._native

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        try:
            return msgspec.convert(value, self._native)
        except msgspec.ValidationError:
            walk.refuse(trail, describe(value), self.words)
            return None

    @property
    def hashable(self) -> bool:
        return True

    def refuse_key(self) -> str | None:
        return None


class BytesNode(Node):
    """``bytes`` or ``bytearray`` as base64 text (RFC 4648, padded)."""

    __slots__ = ("container", "max_length", "min_length")

    def __init__(
        self,
        container: type[bytes] | type[bytearray],
        min_length: int | None = None,
        max_length: int | None = None,
    ) -> None:
        super().__init__()
        self.container = container
        self.min_length = min_length
        self.max_length = max_length

    @property
    def kinds(self) -> frozenset[Kind]:
        return STRING

    @property
    def expected(self) -> str:
        return "base64 text" + length_text(self.min_length, self.max_length, "bytes")

    def schema(self, definitions: "Definitions") -> Schema:
        low, high = (
            None if length is None else 4 * ((length + 2) // 3)
            for length in (self.min_length, self.max_length)
        )
        return {
            "type": "string",
            "contentEncoding": "base64",
            **length_schema("minLength", low, "maxLength", high),
        }

    def native(self) -> Any:
        return sized_native(self.container, self.min_length, self.max_length)

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        try:
            return msgspec.convert(value, self.native())
        except msgspec.ValidationError:
            walk.refuse(trail, describe(value), self.expected)
            return None

    @property
    def hashable(self) -> bool:
        return self.container is bytes


class PathNode(Node):
    """A :class:`pathlib.PurePath` or a subclass, from its text."""

    __slots__ = ("output", "path")

    def __init__(self, path: Any, *, output: bool = False) -> None:
        super().__init__()
        self.path = path
        self.output = output

    @property
    def kinds(self) -> frozenset[Kind]:
        return STRING

    @property
    def expected(self) -> str:
        return "a path"

    def schema(self, definitions: "Definitions") -> Schema:
        if self.output:  # a format that is no standard one makes clients complain
            return {"type": "string"}
        return {"type": "string", "format": "path"}

    @property
    def decodable(self) -> bool:
        return False

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if "\0" in value:
            walk.refuse(trail, "got a path with a null character", self.expected)
            return None
        return self.path(value)

    @property
    def hashable(self) -> bool:
        return True

    def refuse_key(self) -> str | None:
        return None


class DecimalNode(Node):
    """:class:`decimal.Decimal`: decimal text, or a JSON number (exact to 17 digits).

    Finite, at most 1,000 characters, the exponent within ±999, so that no short text stands
    for a number that fills the memory.
    """

    __slots__ = ("bounds", "multiple_of", "output")

    def __init__(
        self, *, output: bool, bounds: Mapping[str, Any] | None = None, multiple_of: Any = None
    ) -> None:
        super().__init__()
        self.output = output
        self.bounds = dict(bounds or {})
        self.multiple_of = multiple_of

    @property
    def kinds(self) -> frozenset[Kind]:
        return STRING if self.output else frozenset({"string", "integer", "number"})

    @property
    def expected(self) -> str:
        return number_text("a decimal number", self)

    def schema(self, definitions: "Definitions") -> Schema:
        text: Schema = {"pattern": _DECIMAL, "maxLength": _DECIMAL_LENGTH}
        if self.output:
            return {"type": "string", **text}
        return {
            "type": ["string", "number"],
            "format": "decimal",
            **text,
            **bounds_schema(self.bounds, self.multiple_of),
        }

    @property
    def decodable(self) -> bool:
        return False

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        from decimal import Decimal

        number = None
        if not isinstance(value, str):
            number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        elif len(value) <= _DECIMAL_LENGTH and re.fullmatch(_DECIMAL, value):
            number = Decimal(value)
        if (
            number is None
            or not within(number, self.bounds)
            or not is_multiple(number, self.multiple_of)
        ):
            walk.refuse(trail, describe(value), self.expected)
        return number

    @property
    def hashable(self) -> bool:
        return True
