"""All the errors of an instance, in words that help to mend it.

The verdict is the engine's. Its own error lists are not used: it makes all of them at once, each
with a copy of the instance and with the errors of every alternative, which a small hostile schema
turns into gigabytes. Here the schema is walked again, over those parts of the instance that it
names, until the wanted number of errors is found or the fuel is spent.
"""

from typing import Any, NamedTuple

from .applicators import applicator
from .assertions import broken
from .describe import Path, show
from .engine import EngineError, NotJsonError, build, is_valid, keyword_holds
from .graph import REFERENCES, Graph, MetaSchema, Target
from .plain import is_array
from .violation import FullError, Sink, Violation

FUEL = 30_000
"""Steps of one collection; a step takes a few microseconds."""
_MAX_STEPS = 180
"""Schemas one inside the other that are followed."""


class At(NamedTuple):
    """A schema at a value: where the collector is."""

    schema: dict[str, Any]
    value: Any
    path: Path | None
    sink: Sink
    steps: int


class _SpentError(Exception):
    """The fuel is used up."""


class Collector:
    """One collection. Not to be used twice, nor by two threads."""

    __slots__ = ("_fuel", "dialect", "graph")

    def __init__(self, graph: Graph, fuel: int = FUEL) -> None:
        self.graph = graph
        self.dialect = graph.dialect
        self._fuel = fuel

    def run(self, instance: Any, limit: int) -> list[Violation]:
        """Up to ``limit`` violations, in the order of the schema. None found means that there
        is none or that the fuel did not last; the engine knows which."""
        sink = Sink(limit)
        try:
            self.apply(self.graph.root, instance, None, sink, 0)
        except (FullError, _SpentError, RecursionError):
            return sink.found
        return sink.found

    def spend(self, units: int) -> None:
        """Use up fuel; where none is left, the collection ends."""
        self._fuel -= units
        if self._fuel < 0:
            raise _SpentError

    def failures(self, schema: Target, at: At, most: int) -> list[Violation]:
        """What is wrong with the value by one schema, up to ``most``."""
        sink = Sink(most)
        try:
            self.apply(schema, at.value, at.path, sink, at.steps + 1)
        except FullError as error:
            if error.sink is not sink:
                raise
        return sink.found

    def allows(self, schema: Target, at: At) -> bool:
        """Whether nothing is wrong with the value by one schema."""
        return not self.failures(schema, at, 1)

    def inside(self, schema: Target, token: str | int, at: At) -> None:
        """Apply a schema to a property or an item of the value."""
        self.apply(schema, at.value[token], Path(at.path, token), at.sink, at.steps + 1)

    def beside(self, schema: Target, at: At) -> None:
        """Apply a further schema to the value."""
        self.apply(schema, at.value, at.path, at.sink, at.steps + 1)

    def matches(self, pattern: str, name: str) -> bool:
        """Whether the name of a property matches a pattern."""
        self.spend(1 + len(name) // 256)
        return keyword_holds(self.dialect, "pattern", pattern, name)

    def apply(self, schema: Target, value: Any, path: Path | None, sink: Sink, steps: int) -> None:
        """Put into the sink what is wrong with a value by a schema."""
        self.spend(1)
        if steps > _MAX_STEPS:
            raise _SpentError
        if isinstance(schema, bool):
            if not schema:
                sink.add(path, "false", "nothing is allowed here", "no value")
            return
        if isinstance(schema, MetaSchema):
            self._meta_schema(schema, value, path, sink)
            return
        at = At(schema, value, path, sink, steps)
        if self.dialect.year <= 7 and "$ref" in schema:  # what stands beside it does not count
            self._reference("$ref", at)
            return
        if "type" in schema:
            wrong = broken("type", value, schema, self.dialect)
            if wrong is not None:
                sink.add(path, "type", *wrong)
                return  # whatever else is said is about another type
        for keyword, argument in schema.items():
            handler = applicator(keyword, self.dialect)
            if handler is not None:
                handler(self, keyword, argument, at)
            elif keyword in REFERENCES:
                self._reference(keyword, at)
            elif keyword != "type":
                self.spend(len(argument) // 16 if is_array(argument) else 0)
                wrong = broken(keyword, value, schema, self.dialect)
                if wrong is not None:
                    sink.add(path, keyword, *wrong)

    def _reference(self, keyword: str, at: At) -> None:
        targets = self.graph.links.get((id(at.schema), keyword), ())
        if len(targets) == 1:  # of several the engine alone knows which
            self.beside(targets[0], at)

    def _meta_schema(self, schema: MetaSchema, value: Any, path: Path | None, sink: Sink) -> None:
        try:
            if is_valid(build({"$ref": schema.reference}, self.dialect), value):
                return
        except (EngineError, NotJsonError):
            return
        sink.add(path, "$ref", f"{show(value)} is no valid JSON Schema", "a valid JSON Schema")
