"""The collector and the engine agree, over schemas and instances that nobody thought of."""

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.protocol.schema import DIALECTS, SchemaError, compile_schema
from interlock.protocol.schema.bounds import DEFAULT_LIMITS, copy_schema
from interlock.protocol.schema.collect import Collector
from interlock.protocol.schema.dialects import Dialect
from interlock.protocol.schema.engine import build, is_valid
from interlock.protocol.schema.graph import Graph

names = st.sampled_from(["a", "b", "ab", "c"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, 2.5])
    | st.sampled_from(["", "a", "b", "ab", "abc"])
)
instances = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
counts = st.integers(0, 3)
types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def first(schema: dict[str, Any], most: int) -> dict[str, Any]:
    """A few keywords of a schema; draft-04 wants a limit beside what makes it exclusive."""
    few = dict(list(schema.items())[:most])
    if isinstance(few.get("exclusiveMaximum"), bool):
        few.setdefault("maximum", 1)
    return few


def schemas(dialect: Dialect) -> st.SearchStrategy[Any]:
    year = dialect.year
    leaves: dict[str, st.SearchStrategy[Any]] = {
        "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
        "enum": st.lists(instances, min_size=1, max_size=3, unique_by=repr),
        "minimum": st.integers(-2, 2),
        "maximum": st.integers(-2, 2),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minLength": counts,
        "maxLength": counts,
        "minItems": counts,
        "maxItems": counts,
        "minProperties": counts,
        "maxProperties": counts,
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "^ab?$"]),
        "required": st.lists(names, min_size=1, max_size=2, unique=True),
        "$ref": st.sampled_from(["#/definitions/x", "#/definitions/y"]),
    }
    if year >= 6:
        leaves |= {"const": instances, "exclusiveMinimum": st.integers(-2, 2)}
    else:
        leaves["exclusiveMaximum"] = st.booleans()
    if year >= 19:
        leaves |= {
            "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True)),
            "minContains": counts,
            "maxContains": counts,
        }

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = st.lists(inner, min_size=1, max_size=3)
        many = st.dictionaries(names, inner, max_size=3)
        nested: dict[str, st.SearchStrategy[Any]] = {
            "allOf": some,
            "anyOf": some,
            "oneOf": some,
            "not": inner,
            "properties": many,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "additionalProperties": inner | st.booleans(),
            "dependencies": many,
            "items": inner if year >= 20 else inner | some,
        }
        if year <= 19:
            nested["additionalItems"] = inner | st.booleans()
        if year >= 6:
            nested |= {"contains": inner, "propertyNames": inner}
        if year >= 7:
            nested |= {"if": inner, "then": inner, "else": inner}
        if year >= 19:
            unevaluated = inner | st.booleans()
            nested |= {
                "dependentSchemas": many,
                "unevaluatedProperties": unevaluated,
                "unevaluatedItems": unevaluated,
            }
        if year >= 20:
            nested["prefixItems"] = some
        return st.fixed_dictionaries({}, optional=nested | leaves).map(
            lambda schema: first(schema, 5)
        )

    base = st.fixed_dictionaries({}, optional=leaves).map(lambda s: first(s, 3))
    if year >= 6:
        base = base | st.booleans()
    return st.recursive(base, wider, max_leaves=8)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], Dialect, Any]:
    dialect = draw(st.sampled_from(DIALECTS))
    schema = draw(schemas(dialect).filter(lambda found: isinstance(found, dict)))
    definitions = {"x": draw(schemas(dialect)), "y": {"type": draw(types)}}
    return {"$schema": dialect.uri, "definitions": definitions, **schema}, dialect, draw(instances)


@given(cases())
def test_the_collector_finds_something_exactly_where_the_engine_says_no(
    case: tuple[dict[str, Any], Dialect, Any],
) -> None:
    schema, dialect, instance = case
    before = copy.deepcopy(schema)
    try:
        compiled = compile_schema(schema)
    except SchemaError as error:
        assume("without end" not in str(error))
        raise
    assert schema == before
    assert compiled.unenforced == ()
    verdict = compiled.is_valid(instance)
    assert verdict is is_valid(build(schema, dialect), instance)
    violations = compiled.violations(instance)
    assert (not violations) is verdict
    assert all(v.keyword not in {"schema", "cost", "json"} for v in violations)

    own = copy_schema(schema, DEFAULT_LIMITS)
    assert isinstance(own, dict)
    found = Collector(Graph(own, dialect, DEFAULT_LIMITS)).run(instance, 20)
    assert found == violations
    for violation in violations:
        assert violation.path.startswith("$")
        assert len(violation.message) < 2_000
        assert violation.message.isprintable()
        assert violation.expected.isprintable()


JUNK_KEYS = (
    "type properties items $ref $id id $schema $anchor anyOf enum pattern required $defs not a "
    "definitions $dynamicRef additionalProperties dependencies patternProperties minimum const"
)
junk = st.recursive(
    scalars | st.sampled_from(["#", "#/a", "#/definitions/x", "http://127.0.0.1:9/x", "urn:x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(JUNK_KEYS.split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(junk, instances)
def test_any_json_is_a_schema_or_a_clear_refusal(schema: Any, instance: Any) -> None:
    try:
        compiled = compile_schema(schema)
    except SchemaError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 700
        return
    assert (not compiled.violations(instance)) is compiled.is_valid(instance)
