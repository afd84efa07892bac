"""What a validation may cost, before it is begun.

The engine has no time limit, and some schemas make it try exponentially many ways: alternatives
that refer to alternatives, recursion through alternatives, nested ``unevaluatedProperties``,
long texts against large patterns. Three gates keep that out, from cheap to exact:

1. at compile time, unfolding: how many subschemas meet at one value. A *rate* bounds that over
   the whole of any instance, where a bound exists (recursion through one property has one);
2. per instance, the rate times the size of the instance;
3. only where that is too much or there is no rate: the actual sum over schema and instance,
   each pair counted once.

A unit of cost is about 100 ns of the engine in its worst case.
"""

from typing import Any

from .bounds import SchemaError, SchemaLimits
from .dialects import Effect, Place, subschemas
from .graph import Graph, MetaSchema, Target
from .plain import is_array, is_object

_ROUNDS = 24
"""Passes over the graph before a rate counts as growing without bound."""
_CAP = 1_000_000_000
_CHEAP = 16
"""Up to this rate an instance of any size that reaches us is checked without being measured."""
_META_SCHEMA = 64
"""The price of checking a value against a dialect's meta-schema, for each part of the value."""
_UNEVALUATED = 3
"""How often ``unevaluated…`` makes the engine go through what is beside it (2.6 measured)."""
_MAX_STEPS = 300
"""Schemas one inside the other that the exact sum follows."""
_MAX_PAIRS = 200_000
"""Pairs of schema and value that the exact sum counts."""


class CostModel:
    """The three gates of one compiled schema."""

    __slots__ = ("_graph", "_local", "_per_character", "_rate", "_sizes", "_work")

    def __init__(self, graph: Graph, pattern_sizes: dict[str, int], limits: SchemaLimits) -> None:
        """Raises :class:`SchemaError` for composition bombs, and for references that lead back
        to themselves without entering the value."""
        self._graph = graph
        self._sizes = pattern_sizes
        self._work = limits.work
        self._local = _unfolded(graph, limits.expansion)
        self._rate = _rate(graph, self._local)
        sizes = pattern_sizes.values()
        self._per_character = max((character_price(size) for size in sizes), default=0)

    def allows(self, instance: Any) -> bool:
        """Whether the engine may be let loose on an instance."""
        if self._rate is not None:
            if self._rate <= _CHEAP and not self._per_character:
                return True
            values, characters = measure(instance, self._work)
            if self._rate * (values + characters * self._per_character) <= self._work:
                return True
        try:
            sum_ = _Sum(self._graph, self._sizes, self._local, self._work)
            return sum_.of(self._graph.root, instance, 0) <= self._work
        except (_TooCostlyError, RecursionError):
            return False


def _rate(graph: Graph, local: dict[int, int]) -> int | None:
    """At most so many units for each value inside any instance; ``None``: no bound exists."""
    known = {id(schema): (0, 0) for schema in graph.schemas}
    for _ in range(_ROUNDS):
        changed = False
        for schema in reversed(graph.schemas):
            below = _below(graph, schema, local, known)
            if below != known[id(schema)]:
                known[id(schema)] = below
                changed = True
        if not changed:
            return max(local[id(graph.root)], *known[id(graph.root)])
    return None


def character_price(pattern_size: int) -> int:
    """Units for each character of a text that is held against a pattern of this size, in bytes.

    A state takes about 80 bytes and 4 ns for each character, where the engine has to follow
    all states at once; mostly it is a hundred times faster.
    """
    return -(-pattern_size // 2_048)


def _unfolded(graph: Graph, expansion: int) -> dict[int, int]:
    """For each schema: how many units it takes at one value, references and alternatives
    unfolded, properties and items left out."""
    units: dict[int, int] = {}
    for start in graph.schemas:
        path: list[dict[str, Any]] = [start]
        entered: set[int] = set()
        while path:
            schema = path[-1]
            if id(schema) in units:
                path.pop()
                continue
            inner = [s for s in _same_value(graph, schema) if is_object(s)]
            if id(schema) not in entered:
                entered.add(id(schema))
                for target in inner:
                    if id(target) in entered and id(target) not in units:
                        raise SchemaError(
                            "the schema leads back to itself at the same value, without end",
                            graph.pointer(schema),
                        )
                    path.append(target)
                continue
            path.pop()
            total = weight(schema) + _factor(schema) * sum(
                units[id(s)] if is_object(s) else _flat(s) for s in _same_value(graph, schema)
            )
            if total > expansion:
                raise SchemaError(
                    f"references and alternatives unfold to more than {expansion} subschemas for "
                    "one value",
                    graph.pointer(schema),
                )
            units[id(schema)] = total
    return units


def _same_value(graph: Graph, schema: dict[str, Any]) -> list[Target]:
    """What a schema applies to the value it is applied to."""
    same: list[Target] = [
        place.schema for place in subschemas(schema, graph.dialect) if place.effect is Effect.SAME
    ]
    same.extend(graph.targets.get(id(schema), ()))
    return same


def _flat(target: Target) -> int:
    return _META_SCHEMA if isinstance(target, MetaSchema) else 1


def _factor(schema: dict[str, Any]) -> int:
    evaluates = "unevaluatedProperties" in schema or "unevaluatedItems" in schema
    return _UNEVALUATED if evaluates else 1


def weight(schema: dict[str, Any]) -> int:
    """The units of a schema's own keywords, patterns and subschemas left out."""
    units = 1
    values = schema.get("enum")
    if is_array(values):  # texts are looked up, all else is compared one by one
        units += sum(1 for v in values if not isinstance(v, str))
        units += 9 * sum(1 for v in values if is_array(v))
    for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
        keyed = schema.get(keyword)
        if is_object(keyed):
            units += len(keyed)
    return units


def _below(
    graph: Graph, schema: dict[str, Any], local: dict[int, int], known: dict[int, tuple[int, int]]
) -> tuple[int, int]:
    """The most units for one value inside an object, and inside an array, that a schema is
    applied to. A sum of the largest stands for the largest sum, so it errs upwards."""

    def units(target: Target) -> int:
        if not is_object(target):
            return _flat(target)
        return max(local[id(target)], *known[id(target)])

    named = keyed = other = names = rest = 0
    items = contains = rest_items = 0
    in_object = in_array = 0
    for place in subschemas(schema, graph.dialect):
        if place.effect is Effect.SAME:
            if is_object(place.schema):
                below = known[id(place.schema)]
                in_object += below[0]
                in_array += below[1]
            continue
        match place.keyword:
            case "properties":
                named = max(named, units(place.schema))
            case "patternProperties":
                keyed += units(place.schema)
            case "additionalProperties":
                other = units(place.schema)
            case "propertyNames":
                names = units(place.schema)
            case "unevaluatedProperties":
                rest = units(place.schema)
            case "contains":
                contains = units(place.schema)
            case "unevaluatedItems":
                rest_items = units(place.schema)
            case "items" | "prefixItems" | "additionalItems":
                items = max(items, units(place.schema))
            case _:
                pass  # only kept for references
    for target in graph.targets.get(id(schema), ()):
        if is_object(target):
            below = known[id(target)]
            in_object += below[0]
            in_array += below[1]
        else:
            in_object += _flat(target)
            in_array += _flat(target)
    factor = _factor(schema)
    in_object = factor * in_object + max(named + keyed, other, names) + rest
    in_array = factor * in_array + items + contains + rest_items
    return min(in_object, _CAP), min(in_array, _CAP)


def measure(instance: Any, most: int) -> tuple[int, int]:
    """How many values an instance consists of, and how many characters its texts have; counting
    stops at ``most`` values."""
    values = characters = 0
    stack = [instance]
    while stack and values < most:
        value = stack.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
        elif is_object(value):
            stack.extend(value.values())
            characters += sum(len(str(key)) for key in value)
        elif is_array(value):
            stack.extend(value)
    return values, characters


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
            return _META_SCHEMA * measure(value, self._budget)[0]
        key = (id(schema), id(value))
        known = self._known.get(key)
        if known is not None:
            return known
        if steps > _MAX_STEPS or len(self._known) >= _MAX_PAIRS:
            raise _TooCostlyError
        total = 0
        for same in _same_value(self._graph, schema):
            total += self.of(same, value, steps + 1)
        factor = _factor(schema)
        total = weight(schema) + factor * total
        if factor > 1 and (is_object(value) or is_array(value)):
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
