"""The node of an annotated type: what is said of it, and what JSON Schema checks of it.

``Meta(pattern=...)`` and hand-written schema keywords are checked here, by the schema engine
and its linear-time regular expressions: Python's ``re`` needs seconds for some patterns and
26 characters. A keyword that the engine cannot compile is published as it was written and
not enforced; :attr:`RefinedNode.unenforced` says so.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from interlock.server.functions.nodes.base import Kind, Node, Schema, Trail, Walk
from interlock.server.functions.problems import describe, escaped, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.protocol.schema import CompiledSchema
    from interlock.server.functions.definitions import Definitions

ASSERTIONS = frozenset(
    {
        "$ref", "$dynamicRef", "type", "enum", "const", "multipleOf", "maximum",
        "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
        "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "contains",
        "prefixItems", "items", "unevaluatedItems", "maxProperties", "minProperties", "required",
        "dependentRequired", "dependentSchemas", "properties", "patternProperties",
        "additionalProperties", "unevaluatedProperties", "propertyNames", "allOf", "anyOf",
        "oneOf", "not", "if", "then", "else",
    }
)  # fmt: skip
"""The keywords of JSON Schema 2020-12 that a value can violate; all others only say something."""


class RefinedNode(Node):
    """A type with notes (``description``, ``examples``, ...) and checks (``pattern``, ...)."""

    __slots__ = ("_engine", "_tried", "checks", "inner", "notes")

    def __init__(self, inner: Node, notes: Mapping[str, Any], checks: Mapping[str, Any]) -> None:
        super().__init__()
        self.inner = inner
        self.notes = dict(notes)
        self.checks = dict(checks)
        self._engine: CompiledSchema | None = None
        self._tried = not checks

    @property
    def kinds(self) -> frozenset[Kind]:
        return self.inner.kinds

    @property
    def expected(self) -> str:
        pattern = self.checks.get("pattern")
        if isinstance(pattern, str):
            return f"{self.inner.expected} that matches {quoted(pattern)}"
        return self.inner.expected

    def children(self) -> Iterable[Node]:
        return (self.inner,)

    def schema(self, definitions: "Definitions") -> Schema:
        return definitions.schema(self.inner) | self.checks | self.notes

    @property
    def decodable(self) -> bool:
        return not self.checks

    def native(self) -> Any:
        return self.inner.native()

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        engine = self.engine()
        if engine is not None and not engine.is_valid(value):
            self._refuse(engine, value, walk, trail)
            return None
        return self.inner.accept(value, walk, trail)

    def _refuse(self, engine: "CompiledSchema", value: Any, walk: Walk, trail: Trail) -> None:
        if set(self.checks) == {"pattern"}:
            walk.refuse(trail, describe(value), self.expected)
            return
        found = engine.violations(value, limit=1)
        message = escaped(found[0].message) if found else describe(value)
        walk.refuse(trail, message, self.expected)

    def engine(self) -> "CompiledSchema | None":
        """The compiled checks; ``None`` without checks, or for a pattern over the limits.

        Raises :class:`SchemaError` for keywords that are no valid schema.
        """
        if not self._tried:
            from interlock.protocol.schema import SchemaError, compile_schema

            try:
                self._engine = compile_schema(self.checks)
            except SchemaError:
                if self.checks.keys() != {"pattern"}:
                    raise
            self._tried = True
        return self._engine

    @property
    def unenforced(self) -> bool:
        """Whether a check is published but cannot be enforced."""
        engine = self.engine()
        return bool(self.checks) and (engine is None or bool(engine.unenforced))

    @property
    def hashable(self) -> bool:
        return self.inner.hashable

    def refuse_key(self) -> str | None:
        return self.inner.refuse_key()

    def read_key(self, key: str, walk: Walk, trail: Trail) -> Any:
        engine = self.engine()
        if engine is not None and not engine.is_valid(key):
            self._refuse(engine, key, walk, trail)
            return None
        return self.inner.read_key(key, walk, trail)

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        inner = self.inner.key_schema(definitions) or {}
        return inner | self.checks or None

    def choices(self) -> Iterable[str]:
        return self.inner.choices()
