"""Which properties or items of a value a schema has already dealt with (2020-12 Core, 11.2, 11.3).

``unevaluatedProperties`` and ``unevaluatedItems`` apply to the others.
"""

from typing import Any

from .graph import REFERENCES
from .plain import is_array, is_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .collect import At, Collector
    from .graph import Target


def evaluated(
    collector: "Collector", schema: "Target", at: "At", *, outermost: bool = False
) -> set[str | int]:
    """The names or indices that a schema evaluates, through everything it applies to the value.

    ``outermost``: the schema whose own ``unevaluated…`` keyword asks, which does not count.
    """
    if not is_object(schema):
        return set()
    value = at.value
    if any(len(collector.graph.links.get((id(schema), name), ())) > 1 for name in REFERENCES):
        return set(value if is_object(value) else range(len(value)))  # only the engine knows
    done: set[str | int] = set()
    if is_object(value):
        _keys(collector, schema, value, done, outermost=outermost)
    elif is_array(value):
        _indices(collector, schema, at, done, outermost=outermost)
    for part in _applied(collector, schema, at):
        done |= evaluated(collector, part, at._replace(steps=at.steps + 1))
    return done


def _keys(
    collector: "Collector",
    schema: dict[str, Any],
    value: dict[str, Any],
    done: set[str | int],
    *,
    outermost: bool,
) -> None:
    known: dict[str, Any] = schema.get("properties", {})
    patterns: dict[str, Any] = schema.get("patternProperties", {})
    everything = "additionalProperties" in schema or (
        "unevaluatedProperties" in schema and not outermost
    )
    for name in value:
        collector.spend(1)
        if everything or name in known or any(collector.matches(p, name) for p in patterns):
            done.add(name)


def _indices(
    collector: "Collector",
    schema: dict[str, Any],
    at: "At",
    done: set[str | int],
    *,
    outermost: bool,
) -> None:
    count = len(at.value)
    collector.spend(1 + count // 16)
    items = schema.get("items")
    first = items if collector.dialect.year < 20 else schema.get("prefixItems")
    rest = "additionalItems" in schema if is_array(items) else items is not None
    if rest or ("unevaluatedItems" in schema and not outermost):
        done.update(range(count))
        return
    if is_array(first):
        done.update(range(min(len(first), count)))
    if "contains" in schema and collector.dialect.year >= 20:
        done.update(
            index
            for index, item in enumerate(at.value)
            if collector.allows(schema["contains"], at._replace(value=item))
        )


def _applied(collector: "Collector", schema: dict[str, Any], at: "At") -> "list[Target]":
    """The schemas that a schema applies to the same value with success."""
    parts: list[Target] = list(schema.get("allOf", ()))
    for keyword in REFERENCES:
        targets = collector.graph.links.get((id(schema), keyword), ())
        parts.extend(targets if len(targets) == 1 else ())
    for keyword in ("anyOf", "oneOf"):
        parts.extend(part for part in schema.get(keyword, ()) if collector.allows(part, at))
    if "if" in schema:
        branch = "else"
        if collector.allows(schema["if"], at):
            parts.append(schema["if"])
            branch = "then"
        if branch in schema:
            parts.append(schema[branch])
    if is_object(at.value):
        dependent: dict[str, Any] = schema.get("dependentSchemas", {})
        parts.extend(part for name, part in dependent.items() if name in at.value)
    return parts
