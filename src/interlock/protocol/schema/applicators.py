"""The keywords with subschemas: how the collector goes on into each of them.

A handler gets the collector, the keyword, its argument, and where the collector is. It applies
the subschemas and adds what is wrong by the keyword itself.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from .alternatives import explain
from .describe import listing, quote, render, show, summary
from .dialects import Dialect
from .evaluated import evaluated
from .plain import is_array, is_object
from .similar import MAX_CANDIDATES, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .collect import At, Collector
    from .violation import Violation

Handler = Callable[["Collector", str, Any, "At"], None]

_PER_ALTERNATIVE = 4
"""Errors that are looked for in each alternative."""


def applicator(keyword: str, dialect: Dialect) -> Handler | None:
    """The handler of a keyword in a dialect; ``None`` for keywords that are no applicators."""
    known = _APPLICATORS.get(keyword)
    if known is None:
        return None
    return known.handler if known.first <= dialect.year <= known.last else _nothing


def _nothing(_collector: "Collector", _keyword: str, _argument: Any, _at: "At") -> None:
    """For what only belongs to another keyword, or to another dialect."""


# --- at the same value ---


def _all_of(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    for part in argument:
        collector.beside(part, at)


def _alternatives(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    branches: list[list[Violation]] = []
    valid: list[int] = []
    for index, alternative in enumerate(argument):
        failures = collector.failures(alternative, at, _PER_ALTERNATIVE)
        if not failures:
            if keyword == "anyOf":
                return
            valid.append(index + 1)
        branches.append(failures)
    if len(valid) == 1:
        return
    if not valid:
        path = render(at.path)
        for violation in explain(collector.graph, keyword, argument, branches, at.value, path):
            at.sink.put(violation)
        return
    numbers = listing((f"number {index}" for index in valid), "and")
    at.sink.add(
        at.path,
        keyword,
        f"{show(at.value)} matches {len(valid)} alternatives ({numbers}); only one may match",
        f"exactly one of: {listing(summary(collector.graph, a) for a in argument[:9])}",
    )


def _not(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if collector.allows(argument, at):
        ruled_out = summary(collector.graph, argument)
        message = f"{show(at.value)} must not be: {ruled_out}"
        at.sink.add(at.path, keyword, message, f"not: {ruled_out}")


def _if(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    branch = "then" if collector.allows(argument, at) else "else"
    if branch in at.schema:
        collector.beside(at.schema[branch], at)


def _dependent(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if not is_object(at.value):
        return
    for name, needed in argument.items():
        collector.spend(1)
        if name not in at.value:
            continue
        if is_array(needed) or isinstance(needed, str):
            names = needed if is_array(needed) else [needed]
            _missing(collector, keyword, names, at, f", which {quote(name, 40)} needs")
        else:
            collector.beside(needed, at)


# --- inside objects ---


def _properties(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    if is_object(at.value):
        for name in argument if len(argument) <= len(at.value) else at.value:
            if name in at.value and name in argument:
                collector.inside(argument[name], name, at)


def _pattern_properties(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    if is_object(at.value):
        for pattern, inner in argument.items():
            for name in at.value:
                if collector.matches(pattern, name):
                    collector.inside(inner, name, at)


def additional(
    collector: "Collector", schema: dict[str, Any], value: dict[str, Any]
) -> Iterator[str]:
    """The names that neither ``properties`` nor ``patternProperties`` of a schema covers."""
    known: dict[str, Any] = schema.get("properties", {})
    patterns: dict[str, Any] = schema.get("patternProperties", {})
    for name in value:
        collector.spend(1)
        if name not in known and not any(collector.matches(p, name) for p in patterns):
            yield name


def _additional_properties(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if is_object(at.value):
        _rest(collector, keyword, argument, at, additional(collector, at.schema, at.value))


def _rest(
    collector: "Collector", keyword: str, argument: Any, at: "At", names: Iterable[str]
) -> None:
    """Apply a schema to the named properties; where it allows none, say which they may be."""
    if argument is not False:
        for name in names:
            collector.inside(argument, name, at)
        return
    known: dict[str, Any] = at.schema.get("properties", {})
    shown = [quote(other, 40) for other in islice(known, MAX_CANDIDATES)]
    allowed = listing(shown, "and", more=len(known) - len(shown))
    for name in names:
        collector.spend(min(len(known), MAX_CANDIDATES))
        message = f"the property {quote(name)} is unknown"
        near = nearest(name, (other for other in known if other not in at.value))
        if near is not None:
            message += f"; did you mean {quote(near)}?"
        elif allowed:
            message += f"; known are {allowed}"
        at.sink.add(at.path, keyword, message, allowed or "no such property")


def _property_names(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if is_object(at.value):
        for name in at.value:
            for failure in collector.failures(argument, at._replace(value=name), 1):
                message = f"the property name {quote(name)} is not allowed: {failure.message}"
                at.sink.add(at.path, keyword, message, failure.expected)


def _required(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if is_object(at.value) and is_array(argument):
        _missing(collector, keyword, argument, at, "")


def _missing(
    collector: "Collector", keyword: str, names: list[Any], at: "At", because: str
) -> None:
    known: dict[str, Any] = at.schema.get("properties", {})
    for name in names:
        collector.spend(1)
        if name in at.value:
            continue
        collector.spend(min(len(at.value), MAX_CANDIDATES))
        message = f"the property {quote(name)} is missing{because}"
        near = nearest(name, (other for other in at.value if other not in known))
        if near is not None:
            message += f"; is {quote(near)} meant for it?"
        wanted = summary(collector.graph, known[name]) if name in known else "any value"
        at.sink.add(at.path, keyword, message, f"{quote(name)}: {wanted}")


# --- inside arrays ---


def _items(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    if is_array(at.value) and is_array(argument):
        _prefix_items(collector, "items", argument, at)
    elif is_array(at.value):
        prefix = at.schema.get("prefixItems", ()) if collector.dialect.year >= 20 else ()
        for index in range(len(prefix), len(at.value)):
            collector.inside(argument, index, at)


def _prefix_items(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    if is_array(at.value):
        for index in range(min(len(argument), len(at.value))):
            collector.inside(argument[index], index, at)


def _additional_items(collector: "Collector", _keyword: str, argument: Any, at: "At") -> None:
    first = at.schema.get("items")
    if is_array(at.value) and is_array(first):
        for index in range(len(first), len(at.value)):
            collector.inside(argument, index, at)


def _contains(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if not is_array(at.value):
        return
    counted = at.schema if collector.dialect.year >= 19 else {}
    least, most = counted.get("minContains", 1), counted.get("maxContains")
    number = sum(collector.allows(argument, at._replace(value=item)) for item in at.value)
    wanted = summary(collector.graph, argument)
    if number < least:
        expected = f"at least {show(least)} of: {wanted}"
    elif most is not None and number > most:
        keyword, expected = "maxContains", f"at most {show(most)} of: {wanted}"
    else:
        return
    message = f"{number} of {len(at.value)} items fit; expected {expected}"
    at.sink.add(at.path, keyword, message, expected)


# --- inside both ---


def _unevaluated(collector: "Collector", keyword: str, argument: Any, at: "At") -> None:
    if keyword == "unevaluatedProperties" and is_object(at.value):
        done = evaluated(collector, at.schema, at, outermost=True)
        names = [name for name in at.value if name not in done]
        _rest(collector, keyword, argument, at, names)
    elif keyword == "unevaluatedItems" and is_array(at.value):
        done = evaluated(collector, at.schema, at, outermost=True)
        for index in range(len(at.value)):
            if index not in done:
                collector.inside(argument, index, at)


class _Applicator(NamedTuple):
    handler: Handler
    first: int = 4
    last: int = 20


_APPLICATORS = {
    "allOf": _Applicator(_all_of),
    "anyOf": _Applicator(_alternatives),
    "oneOf": _Applicator(_alternatives),
    "not": _Applicator(_not),
    "if": _Applicator(_if, first=7),
    "then": _Applicator(_nothing),
    "else": _Applicator(_nothing),
    "dependentSchemas": _Applicator(_dependent, first=19),
    "dependentRequired": _Applicator(_dependent, first=19),
    "dependencies": _Applicator(_dependent),
    "properties": _Applicator(_properties),
    "patternProperties": _Applicator(_pattern_properties),
    "additionalProperties": _Applicator(_additional_properties),
    "propertyNames": _Applicator(_property_names, first=6),
    "required": _Applicator(_required),
    "items": _Applicator(_items),
    "prefixItems": _Applicator(_prefix_items, first=20),
    "additionalItems": _Applicator(_additional_items, last=19),
    "contains": _Applicator(_contains, first=6),
    "unevaluatedProperties": _Applicator(_unevaluated, first=19),
    "unevaluatedItems": _Applicator(_unevaluated, first=19),
}
