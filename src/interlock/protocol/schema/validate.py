"""Compiling a schema, and validating by it."""

import threading
from typing import Any

from interlock.protocol import json

from .bounds import DEFAULT_LIMITS, Schema, SchemaError, SchemaLimits, copy_schema
from .collect import Collector
from .cost import CostModel, Objection
from .describe import Path, kind, quote
from .dialects import DEFAULT, Dialect, choose
from .engine import EngineError, NotJsonError, build, is_valid
from .graph import Graph
from .patterns import take_out_unenforceable
from .plain import is_array, is_object
from .pointer import escape
from .violation import FullError, Sink, Violation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jsonschema_rs import Validator

MAX_VIOLATIONS = 1_000
"""The most violations that are looked for, whatever a caller asks."""
_CACHE_ENTRIES = 256
_CACHE_BYTES = 33_554_432
_SEARCH_DEPTH = 300
"""How deep an instance is searched for what is no JSON; the engine stops at 255."""


class CompiledSchema:
    """A schema made ready. Immutable; may be used from any number of threads."""

    __slots__ = ("_cost", "_dialect", "_graph", "_unenforced", "_validator")

    def __init__(
        self,
        validator: "Validator",
        dialect: Dialect,
        graph: Graph | None,
        cost: CostModel | None,
        unenforced: tuple[str, ...],
    ) -> None:
        """For :func:`compile_schema`."""
        self._validator = validator
        self._dialect = dialect
        self._graph = graph
        self._cost = cost
        self._unenforced = unenforced

    @property
    def dialect(self) -> Dialect:
        """The dialect the schema is read in."""
        return self._dialect

    @property
    def unenforced(self) -> tuple[str, ...]:
        """JSON pointers to the parts of the schema that are not enforced: patterns the linear
        engine cannot compile, and what depends on them."""
        return self._unenforced

    def is_valid(self, instance: Any) -> bool:
        """Whether an instance (a plain JSON value) is valid.

        What is no JSON value, nests deeper than 255 levels or would take too long to check is
        not: see :meth:`violations` for the reason.
        """
        try:
            if self._cost is not None and self._cost.objection(instance) is not None:
                return False
            return is_valid(self._validator, instance)
        except NotJsonError:
            return False

    def violations(self, instance: Any, limit: int = 20) -> list[Violation]:
        """What is wrong with an instance, up to ``limit`` violations; empty when it is valid.

        A value that fits no alternative of ``anyOf`` or ``oneOf`` is described by one violation
        and, where one alternative is clearly meant, by the errors of that one.
        """
        sink = Sink(max(1, min(limit, MAX_VIOLATIONS)))
        try:
            objection = None if self._cost is None else self._cost.objection(instance)
            if objection is not None:
                return [_OBJECTIONS[objection]]
            if is_valid(self._validator, instance):
                return []
        except NotJsonError:
            return _not_json(instance, sink)
        if self._graph is None:
            return [Violation("$", "false", "nothing is allowed here", "no value")]
        try:
            found = Collector(self._graph).run(instance, sink.limit)
        except NotJsonError:  # the engine stopped before it came to that part
            return _not_json(instance, sink)
        return found or [_somewhere()]


_OBJECTIONS: dict[Objection, Violation] = {
    "depth": Violation(
        "$",
        "cost",
        "this value nests too deeply to be checked by its recursive schema",
        "a value with fewer levels",
    ),
    "work": Violation(
        "$",
        "cost",
        "this value would take too long to check by its schema",
        "a smaller value, with shorter texts and less nesting",
    ),
}


def _somewhere() -> Violation:
    return Violation(
        "$",
        "schema",
        "the value does not fit its schema, which is too intricate to say where",
        "a value that fits the schema",
    )


def _not_json(instance: Any, sink: Sink) -> list[Violation]:
    """Where an instance is no JSON value."""
    stack: list[tuple[Any, Path | None, int]] = [(instance, None, 0)]
    try:
        while stack:
            value, path, depth = stack.pop()
            if depth > _SEARCH_DEPTH:
                sink.add(path, "json", "the value nests too deeply", "at most 255 levels")
            elif isinstance(value, str):
                _half_pairs(value, path, sink)
            elif is_object(value):
                for key, item in value.items():
                    _key(key, path, sink)
                    stack.append((item, Path(path, str(key)), depth + 1))
            elif is_array(value):
                stack.extend((v, Path(path, i), depth + 1) for i, v in enumerate(value))
            elif not isinstance(value, int | float) and value is not None:
                sink.add(path, "json", f"this is {kind(value)}", "a JSON value")
    except FullError:
        return sink.found
    if not sink.found:
        return [Violation("$", "json", "the value nests too deeply", "at most 255 levels")]
    return sink.found


def _key(key: object, path: Path | None, sink: Sink) -> None:
    if isinstance(key, str):
        _half_pairs(key, path, sink)
    else:
        sink.add(path, "json", f"a key of the object is {kind(key)}", "keys that are strings")


def _half_pairs(text: str, path: Path | None, sink: Sink) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = quote(text[error.start : error.start + 8])
        sink.add(
            path,
            "json",
            f"the text holds half a surrogate pair at character {error.start}: {shown}",
            "text of whole characters",
        )


# --- compiling ---


def compile_schema(
    schema: dict[str, Any] | bool, *, limits: SchemaLimits = DEFAULT_LIMITS
) -> CompiledSchema:
    """Make a schema ready for validation. The object given is copied and never changed.

    The dialect is that of ``$schema``, else 2020-12; without ``$schema`` an array as ``items``
    means draft-07, and a truth value as ``exclusiveMinimum`` or ``exclusiveMaximum`` draft-04.
    References are resolved inside the schema only. Schemas compiled before are remembered, up
    to a bound.

    Raises :class:`SchemaError`, with a JSON pointer: the schema is no plain JSON or not valid in
    its dialect, the dialect is not supported, a reference leads outside, or a limit is exceeded.
    """
    own = copy_schema(schema, limits)
    key = (json.encode(own), limits)
    known = _cache.get(key)
    if known is None:
        known, size = _compile(own, limits)
        _cache.put(key, known, size + len(key[0]))
    return known


class _Cache:
    """The compiled schemas used last, by their bytes; bounded in number and in bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[tuple[bytes, SchemaLimits], tuple[CompiledSchema, int]] = {}
        self._bytes = 0

    def get(self, key: tuple[bytes, SchemaLimits]) -> CompiledSchema | None:
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is None:
                return None
            self._entries[key] = entry  # now the last
            return entry[0]

    def put(self, key: tuple[bytes, SchemaLimits], compiled: CompiledSchema, size: int) -> None:
        if size > _CACHE_BYTES // 8:
            return
        with self._lock:
            if key in self._entries:
                return
            self._entries[key] = (compiled, size)
            self._bytes += size
            while self._bytes > _CACHE_BYTES or len(self._entries) > _CACHE_ENTRIES:
                _, old = self._entries.pop(next(iter(self._entries)))
                self._bytes -= old


_cache = _Cache()


def _compile(own: Schema, limits: SchemaLimits) -> tuple[CompiledSchema, int]:
    """The compiled schema, and the memory its patterns take, in bytes."""
    if isinstance(own, bool):
        return CompiledSchema(build(own, DEFAULT), DEFAULT, None, None, ()), 0
    dialect = choose(own)
    if "$schema" in own:
        own["$schema"] = dialect.uri  # in the spelling the engine knows
    graph = Graph(own, dialect, limits)
    sizes, unenforced = take_out_unenforceable(graph, limits)
    cost = CostModel(graph, sizes, limits)
    try:
        validator = build(own, dialect)
    except EngineError as error:
        raise _refusal(error, dialect) from error
    return CompiledSchema(validator, dialect, graph, cost, unenforced), sum(sizes.values())


def _refusal(error: EngineError, dialect: Dialect) -> SchemaError:
    """The engine's refusal of a schema, in short."""
    cause = error.__cause__
    text = str(getattr(cause, "message", "")) or type(cause).__name__
    tokens: list[str | int] = list(getattr(cause, "instance_path", ()))
    message = "".join(c if c.isprintable() else " " for c in text[:160])
    if tokens and tokens[-1] == "type":
        message = (
            "a type is one of array, boolean, integer, null, number, object, string, or a list"
        )
    pointer = "".join(f"/{escape(token)}" for token in tokens)
    return SchemaError(f"the schema is not valid {dialect.name}: {message}", pointer)


def check_published(schema: Any) -> None:
    """Check what a server is about to publish as the ``inputSchema`` of a tool.

    It must be an object whose ``type`` is ``"object"`` (a tool without parameters has
    ``{"type": "object"}``, never ``null``), valid in its dialect, and keep the rules of
    ``x-mcp-header`` (MCP 2026-07-28, Tools). Raises :class:`SchemaError`.
    """
    from .headers import header_parameters

    if not is_object(schema):
        raise SchemaError(
            f"an inputSchema is a JSON object, not {kind(schema)}; a tool without parameters "
            'has {"type": "object"}'
        )
    if schema.get("type") != "object":
        raise SchemaError('the root of an inputSchema must have "type": "object"', "/type")
    compile_schema(schema)
    header_parameters(schema)
