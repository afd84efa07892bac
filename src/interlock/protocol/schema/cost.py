"""What a validation may cost, before it is begun.

The engine has no limits of its own, and some schemas make it try exponentially many ways:
alternatives that refer to alternatives, recursion through alternatives, nested
``unevaluatedProperties``, long texts against large patterns. And it recurses on the stack: deep
values under a recursive schema would end the process. Gates keep that out, from cheap to exact:

1. at compile time, unfolding (:mod:`.unfold`): how many subschemas meet at one value. A *rate*
   bounds that over the whole of any instance, where a bound exists;
2. per instance: its depth, where the schema is recursive, and the rate times its size;
3. only where that is too much or there is no rate: the actual sum over schema and instance,
   each pair counted once.
"""

from typing import Any, Literal

from .bounds import SchemaLimits
from .dialects import Effect, Place, subschemas
from .graph import Graph, MetaSchema, Target
from .plain import is_array, is_object
from .unfold import META_SCHEMA, Unfolded, factor, same_value, weight

MAX_DEPTH = 200
"""The deepest instance that a recursive schema is applied to, in levels."""
_STACK = 1_000
"""Schemas one inside the other on the engine's stack; one takes about 200 bytes there, and the
smallest stacks of threads have 128 KiB."""
_MEASURED_DEPTH = 10_000
_PLAIN = frozenset((int, float, bool, type(None)))
_CHEAP = 16
"""Up to this rate an instance of any size that reaches us is checked without being measured."""
_MAX_STEPS = 300
"""Schemas one inside the other that the exact sum follows."""
_MAX_PAIRS = 200_000
"""Pairs of schema and value that the exact sum counts."""

Objection = Literal["depth", "work"]


class CostModel:
    """The gates of one compiled schema."""

    __slots__ = ("_depth", "_free", "_graph", "_per_character", "_sizes", "_unfolded", "_work")

    def __init__(self, graph: Graph, pattern_sizes: dict[str, int], limits: SchemaLimits) -> None:
        """Raises :class:`SchemaError` for composition bombs, and for references that lead back
        to themselves without entering the value."""
        self._graph = graph
        self._sizes = pattern_sizes
        self._work = limits.work
        self._unfolded = unfolded = Unfolded(graph, limits.expansion)
        sizes = pattern_sizes.values()
        self._per_character = max((character_price(size) for size in sizes), default=0)
        self._depth = min(MAX_DEPTH, _STACK // unfolded.height) if unfolded.recursive else None
        self._free = (
            not unfolded.recursive
            and not self._per_character
            and unfolded.rate is not None
            and unfolded.rate <= _CHEAP
        )

    def objection(self, instance: Any) -> Objection | None:
        """Why the engine may not be let loose on an instance: it is too deep, or would take too
        long; ``None`` where it may."""
        if self._free:
            return None
        values, characters, depth = measure(instance, self._work)
        if self._depth is not None and depth > self._depth:
            return "depth"
        rate = self._unfolded.rate
        if rate is not None and rate * (values + characters * self._per_character) <= self._work:
            return None
        sum_ = _Sum(self._graph, self._sizes, self._unfolded.local, self._work)
        try:
            affordable = sum_.of(self._graph.root, instance, 0) <= self._work
        except (_TooCostlyError, RecursionError):
            affordable = False
        return None if affordable else "work"


def character_price(pattern_size: int) -> int:
    """Units for each character of a text that is held against a pattern of this size, in bytes.

    A state takes about 80 bytes and 4 ns for each character, where the engine has to follow
    all states at once; mostly it is a hundred times faster.
    """
    return -(-pattern_size // 2_048)


def measure(instance: Any, most: int) -> tuple[int, int, int]:
    """How many values an instance consists of, how many characters its texts have, and how many
    levels of objects and arrays it has; counting stops after ``most`` values, or 10,000 levels."""
    values = characters = depth = 0
    level: list[Any] = [instance]
    while level and values < most and depth < _MEASURED_DEPTH:
        values += len(level)
        below: list[Any] = []
        for value in level:
            if type(value) in _PLAIN:
                continue
            if isinstance(value, str):
                characters += len(value)
            elif is_object(value):
                below.extend(value.values())
                characters += sum(len(str(key)) for key in value)
            elif is_array(value):
                below.extend(value)
        depth += bool(below)
        level = below
    return values, characters, depth


class _TooCostlyError(Exception):
    pass


class _Sum:
    """The units over all pairs of schema and value, each pair counted once."""

    __slots__ = ("_budget", "_graph", "_known", "_local", "_sizes")

    def __init__(
        self, graph: Graph, pattern_sizes: dict[str, int], local: dict[int, int], budget: int
    ) -> None:
        self._graph = graph
        self._sizes = pattern_sizes
        self._local = local
        self._budget = budget
        self._known: dict[tuple[int, int], int] = {}

    def of(self, schema: Target, value: Any, steps: int) -> int:
        """The units of one schema at one value and inside it."""
        if isinstance(schema, bool):
            return 1
        if isinstance(schema, MetaSchema):
            return META_SCHEMA * measure(value, self._budget)[0]
        key = (id(schema), id(value))
        known = self._known.get(key)
        if known is not None:
            return known
        if steps > _MAX_STEPS or len(self._known) >= _MAX_PAIRS:
            raise _TooCostlyError
        total = 0
        for same in same_value(self._graph, schema):
            total += self.of(same, value, steps + 1)
        times = factor(schema)
        total = weight(schema) + times * total
        if times > 1 and (is_object(value) or is_array(value)):
            total += len(value) * self._local[id(schema)]
        if isinstance(value, str):
            pattern = schema.get("pattern")
            if isinstance(pattern, str):
                total += len(value) * self._price(pattern)
        elif is_object(value):
            total += self._inside_object(schema, value, steps + 1)
        elif is_array(value):
            total += self._inside_array(schema, value, steps + 1)
        if total > self._budget:
            raise _TooCostlyError
        self._known[key] = total
        return total

    def _price(self, pattern: str) -> int:
        return 1 + character_price(self._sizes.get(pattern, 0))

    def _places(self, schema: dict[str, Any], effect: Effect) -> list[Place]:
        return [p for p in subschemas(schema, self._graph.dialect) if p.effect is effect]

    def _inside_object(self, schema: dict[str, Any], value: dict[str, Any], steps: int) -> int:
        total = 0
        places = self._places(schema, Effect.PROPERTY)
        named = {p.token for p in places if p.keyword == "properties"}
        for place in places:
            keyword = place.keyword
            if keyword == "properties":
                if place.token in value:
                    total += self.of(place.schema, value[str(place.token)], steps)
                continue
            for key, item in value.items():
                if keyword == "patternProperties":
                    total += (1 + len(str(key))) * self._price(str(place.token))
                elif keyword == "propertyNames":
                    total += self.of(place.schema, key, steps)
                    continue
                elif keyword == "additionalProperties" and key in named:
                    continue
                total += self.of(place.schema, item, steps)
                if total > self._budget:
                    raise _TooCostlyError
        return total

    def _inside_array(self, schema: dict[str, Any], value: list[Any], steps: int) -> int:
        total = 0
        for place in self._places(schema, Effect.ITEM):
            if isinstance(place.token, int):  # one schema for one place
                if place.token < len(value):
                    total += self.of(place.schema, value[place.token], steps)
                continue
            for item in value:
                total += self.of(place.schema, item, steps)
                if total > self._budget:
                    raise _TooCostlyError
        return total
