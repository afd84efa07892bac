"""What a schema unfolds to: how much of it meets at one value, and how deep it recurses.

Computed once, when a schema is compiled, from the graph alone. A *unit* is about 100 ns of the
engine in its worst case.
"""

from collections.abc import Callable
from typing import Any

from .bounds import SchemaError
from .dialects import Effect, subschemas
from .graph import Graph, MetaSchema, Target
from .plain import is_array, is_object

META_SCHEMA = 64
"""The units of checking one value against a dialect's meta-schema."""
UNEVALUATED = 3
"""How often ``unevaluated…`` makes the engine go through what is beside it (2.6 measured)."""
MAX_HEIGHT = 1_000
"""Schemas that may apply each other at one value, one inside the other."""
_META_HEIGHT = 8
_ROUNDS = 24
"""Passes over the graph before a rate counts as growing without bound."""
_CAP = 1_000_000_000


class Unfolded:
    """The numbers of one graph."""

    __slots__ = ("height", "local", "rate", "recursive")

    def __init__(self, graph: Graph, expansion: int) -> None:
        """Raises :class:`SchemaError` for composition bombs, and for references that lead back
        to themselves without entering the value."""
        order, looping = _ordered(graph, same_value)
        if looping is not None:
            raise SchemaError(
                "the schema leads back to itself at the same value, without end",
                graph.pointer(looping),
            )
        self.local: dict[int, int] = {}
        """For each schema: its units at one value, references and alternatives unfolded."""
        heights: dict[int, int] = {}
        for schema in order:
            targets = same_value(graph, schema)
            units = weight(schema) + factor(schema) * sum(
                self.local[id(t)] if is_object(t) else flat(t) for t in targets
            )
            height = 1 + max(map(_height_in(heights), targets), default=0)
            if units > expansion:
                raise SchemaError(
                    f"references and alternatives unfold to more than {expansion} subschemas for "
                    "one value",
                    graph.pointer(schema),
                )
            if height > MAX_HEIGHT:
                raise SchemaError(
                    f"more than {MAX_HEIGHT} references and combinators follow each other",
                    graph.pointer(schema),
                )
            self.local[id(schema)] = units
            heights[id(schema)] = height
        self.height = max(heights.values())
        """How many schemas apply each other at one value, one inside the other."""
        self.recursive = _recursive(graph)
        """Whether the engine's own recursion is bounded by the instance's depth alone."""
        self.rate = _rate(graph, self.local)
        """At most so many units for each value inside any instance; ``None``: no bound exists."""


def _height_in(heights: dict[int, int]) -> Callable[[Target], int]:
    def height(target: Target) -> int:
        if isinstance(target, MetaSchema):
            return _META_HEIGHT
        return heights[id(target)] if is_object(target) else 0

    return height


def _recursive(graph: Graph) -> bool:
    order, looping = _ordered(graph, _applied)
    if looping is not None:
        return True
    lengths: dict[int, int] = {}
    for schema in order:
        targets = _applied(graph, schema)
        if any(isinstance(target, MetaSchema) for target in targets):
            return True
        lengths[id(schema)] = 1 + max((lengths.get(id(t), 0) for t in targets), default=0)
    return max(lengths.values()) > MAX_HEIGHT


def same_value(graph: Graph, schema: dict[str, Any]) -> list[Target]:
    """What a schema applies to the value it is applied to."""
    same: list[Target] = [
        place.schema for place in subschemas(schema, graph.dialect) if place.effect is Effect.SAME
    ]
    same.extend(graph.targets.get(id(schema), ()))
    return same


def _applied(graph: Graph, schema: dict[str, Any]) -> list[Target]:
    """What a schema applies, to the value or inside it."""
    applied: list[Target] = [
        place.schema
        for place in subschemas(schema, graph.dialect)
        if place.effect is not Effect.NOTHING
    ]
    applied.extend(graph.targets.get(id(schema), ()))
    return applied


def _ordered(
    graph: Graph, edges: Callable[[Graph, dict[str, Any]], list[Target]]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The schemas, each after those it has edges to; and one on a circle, if there is one."""
    order: list[dict[str, Any]] = []
    entered: set[int] = set()
    finished: set[int] = set()
    for start in graph.schemas:
        path = [start]
        while path:
            schema = path[-1]
            if id(schema) in entered:
                path.pop()
                if id(schema) not in finished:
                    finished.add(id(schema))
                    order.append(schema)
                continue
            entered.add(id(schema))
            for target in edges(graph, schema):
                if not is_object(target) or id(target) in finished:
                    continue
                if id(target) in entered:
                    return order, schema
                path.append(target)
    return order, None


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


def flat(target: Target) -> int:
    """The units of what is no object."""
    return META_SCHEMA if isinstance(target, MetaSchema) else 1


def factor(schema: dict[str, Any]) -> int:
    """How often a schema makes the engine go through what it applies to the same value."""
    evaluates = "unevaluatedProperties" in schema or "unevaluatedItems" in schema
    return UNEVALUATED if evaluates else 1


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
            return flat(target)
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
            in_object += flat(target)
            in_array += flat(target)
    times = factor(schema)
    in_object = times * in_object + max(named + keyed, other, names) + rest
    in_array = times * in_array + items + contains + rest_items
    return min(in_object, _CAP), min(in_array, _CAP)
