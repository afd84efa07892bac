"""Nodes of the types that list their values: ``Literal`` and ``Enum``."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from interlock.protocol.json import encode
from interlock.server.functions.nodes.base import (
    INTEGER,
    KIND_OF,
    STRING,
    Kind,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.problems import describe, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions

_SHOWN = 10


class ChoiceNode(Node):
    """One of a few values.

    ``options`` pairs the plain JSON scalar with the Python value that it stands for.
    ``native`` is the msgspec type, ``missing`` an Enum class whose own ``_missing_`` decides
    about values that are not listed.
    """

    __slots__ = ("_kinds", "_native", "_table", "missing", "values")

    def __init__(
        self, options: Sequence[tuple[Any, Any]], native: Any = None, missing: Any = None
    ) -> None:
        super().__init__()
        self.values = [value for value, _ in options]
        self._table = {_key(value): result for value, result in reversed(options)}
        kinds: set[Kind] = {KIND_OF[type(value)] for value in self.values}
        if "number" in kinds:
            kinds.add("integer")
        self._kinds: frozenset[Kind] = frozenset(kinds)
        self._native = native
        self.missing = missing

    @property
    def kinds(self) -> frozenset[Kind]:
        return self._kinds

    @property
    def expected(self) -> str:
        texts = [_text(value) for value in self.values[:_SHOWN]]
        if len(self.values) == 1:
            return texts[0]
        more = len(self.values) - _SHOWN
        return "one of " + ", ".join(texts) + (f" and {more} more" if more > 0 else "")

    def schema(self, definitions: "Definitions") -> Schema:
        if len(self.values) == 1 and self.missing is None:
            schema: Schema = {"const": self.values[0]}
        else:
            schema = {"enum": list(self.values)}
        types = {KIND_OF[type(value)] for value in self.values}
        return {"type": types.pop(), **schema} if len(types) == 1 else schema

    @property
    def decodable(self) -> bool:
        return self._native is not None

    def native(self) -> Any:
        return self._native

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        key = _key(value)
        if key in self._table:
            return self._table[key]
        if self.missing is not None:
            try:
                return self.missing(value)
            except (ValueError, TypeError):
                pass  # reported below, as for every enum
        walk.refuse(trail, describe(value), self.expected, nearest_of(value, self.choices()))
        return None

    @property
    def hashable(self) -> bool:
        return True

    def refuse_key(self) -> str | None:
        if self._kinds <= STRING or self._kinds == INTEGER:
            return None
        return super().refuse_key()

    def read_key(self, key: str, walk: Walk, trail: Trail) -> Any:
        if self._kinds <= STRING:
            return self.accept(key, walk, trail)
        if re.fullmatch("-?(0|[1-9][0-9]{0,18})", key) is None:
            walk.refuse(trail, "a key is no integer", self.expected)
            return None
        return self.accept(int(key), walk, trail)

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        return {"enum": [str(value) for value in self.values]}

    def choices(self) -> Iterable[str]:
        return [value for value in self.values if isinstance(value, str)]


def nearest_of(value: Any, candidates: Iterable[str]) -> str | None:
    """The candidate within two edits of a short text, if ``value`` is one."""
    if not isinstance(value, str) or len(value) > 128:
        return None
    from interlock.protocol.schema import nearest

    return nearest(value, list(candidates))


def _key(value: Any) -> tuple[str, Any]:
    """A key that keeps 1, 1.0 and true apart where JSON does (1 and 1.0 are one number)."""
    kind = KIND_OF[type(value)]
    return ("number" if kind == "integer" else kind, value)


def _text(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else encode(value).decode()
