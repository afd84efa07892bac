"""Validation stays affordable, whatever the schema and the instance."""

import threading
from typing import Any

import pytest

from interlock.protocol.schema import SchemaError, SchemaLimits, compile_schema
from interlock.protocol.schema.bounds import DEFAULT_LIMITS, copy_schema
from interlock.protocol.schema.cost import CostModel, measure
from interlock.protocol.schema.dialects import DEFAULT
from interlock.protocol.schema.graph import Graph

NODE = {"$ref": "#/$defs/n"}
AMBIGUOUS: dict[str, Any] = {
    "$defs": {
        "n": {
            "anyOf": [
                {"properties": {"a": NODE}, "not": {"required": ["z"]}},
                {"properties": {"a": NODE}},
            ]
        }
    },
    "$ref": "#/$defs/n",
}
"""Each level of an instance doubles the ways to check it."""

JSON_VALUE: dict[str, Any] = {
    "$defs": {
        "n": {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": NODE},
                {"type": "object", "additionalProperties": NODE},
            ]
        }
    },
    "$ref": "#/$defs/n",
}


def nested(levels: int, **beside: Any) -> Any:
    value: Any = dict(beside)
    for _ in range(levels):
        value = {"a": value, **beside}
    return value


def model_of(schema: dict[str, Any], **sizes: int) -> CostModel:
    own = copy_schema(schema, DEFAULT_LIMITS)
    assert isinstance(own, dict)
    return CostModel(Graph(own, DEFAULT, DEFAULT_LIMITS), sizes, DEFAULT_LIMITS)


@pytest.mark.spec("B-IDX-48")
def test_ambiguous_recursion_is_refused_once_it_would_take_too_long() -> None:
    compiled = compile_schema(AMBIGUOUS)
    assert compiled.is_valid(nested(10, z=1))
    for levels in (60, 190):
        value = nested(levels, z=1)
        assert not compiled.is_valid(value)
        (violation,) = compiled.violations(value)
        assert (violation.path, violation.keyword) == ("$", "cost")
        assert "too long to check" in violation.message


def test_plain_recursion_has_no_limit_but_depth() -> None:
    compiled = compile_schema(JSON_VALUE)
    assert compiled.is_valid(nested(190, b=["x"]))
    assert not compiled.is_valid(nested(190, b=[1]))
    assert compiled.is_valid([["x"] * 1_000] * 200)
    assert "too deeply" in compiled.violations(nested(500))[0].message


RECURSIVE: list[dict[str, Any]] = [
    {"items": {"$ref": "#"}},
    {"properties": {"a": {"$ref": "#"}}, "additionalProperties": False},
    {"$dynamicAnchor": "n", "additionalProperties": {"$dynamicRef": "#n"}, "items": True},
    {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"$recursiveRef": "#"}},
    {"$ref": DEFAULT.uri},
    JSON_VALUE,
]


@pytest.mark.parametrize("schema", RECURSIVE)
def test_the_engine_never_recurses_off_its_stack(schema: dict[str, Any]) -> None:
    """A hundred thousand levels would end the process, in the thread with the least stack first."""
    compiled = compile_schema(schema)
    arrays: Any = []
    objects: Any = {}
    for _ in range(100_000):
        arrays, objects = [arrays], {"a": objects}
    seen: list[bool] = []

    def work() -> None:
        for value in (arrays, objects, nested(190), nested(199)):
            compiled.violations(value)
            seen.append(compiled.is_valid(value))

    before = threading.stack_size(131_072)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert len(seen) == 4


def test_tall_towers_of_combinators_lower_the_depth() -> None:
    tower: dict[str, Any] = {"$ref": "#/$defs/r"}
    for _ in range(40):
        tower = {"anyOf": [{"minItems": 1_000_000}, tower], "not": {"minItems": 1_000_000}}
    compiled = compile_schema({"$defs": {"r": {"items": tower}}, "$ref": "#/$defs/r"})
    shallow: list[Any] = [[[[[]]]]]
    assert compiled.is_valid(shallow)
    for _ in range(100):
        shallow = [shallow]
    assert compiled.violations(shallow)[0].keyword == "cost"
    chain = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n - 1}"}]} for n in range(1, 2_000)}
    with pytest.raises(SchemaError, match="combinators follow each other"):
        compile_schema({"$defs": {"l0": True, **chain}, "$ref": "#/$defs/l1999"})


@pytest.mark.spec("B-IDX-48")
def test_many_alternatives_for_many_items_are_refused() -> None:
    arrays = {"items": {"enum": [[number] for number in range(900)]}}
    compiled = compile_schema(arrays)
    assert compiled.is_valid([[899]] * 100)
    assert compiled.violations([[899]] * 100_000)[0].keyword == "cost"
    assert compile_schema(arrays, limits=SchemaLimits(work=10)).violations([[1]])[0].keyword == (
        "cost"
    )


def test_definitions_that_unfold_only_inside_deep_values_are_refused_there() -> None:
    definitions: dict[str, Any] = {"l0": {"type": "integer"}}
    for level in range(1, 31):
        part = {"properties": {"a": {"$ref": f"#/$defs/l{level - 1}"}}}
        definitions[f"l{level}"] = {"allOf": [part, dict(part)]}
    compiled = compile_schema({"$defs": definitions, "$ref": "#/$defs/l30"})
    assert compiled.is_valid(nested(5))
    assert compiled.violations(nested(29))[0].keyword == "cost"


@pytest.mark.spec("B-IDX-48")
def test_long_texts_against_large_patterns_are_refused() -> None:
    schema = {"allOf": [{"pattern": f"[01]*1[01]{{180}}{n}"} for n in range(100)]}
    compiled = compile_schema(schema)
    assert compiled.unenforced == ()
    assert compiled.violations("01" * 100, limit=1)[0].keyword == "pattern"
    assert compiled.violations("01" * 500_000)[0].keyword == "cost"


def test_unevaluated_properties_of_large_objects_are_counted() -> None:
    schema: dict[str, Any] = {"additionalProperties": {}}
    for _ in range(7):
        schema = {"anyOf": [schema], "unevaluatedProperties": False}
    compiled = compile_schema(schema)
    assert compiled.is_valid({f"p{n}": n for n in range(100)})
    assert compiled.violations({f"p{n}": n for n in range(100_000)})[0].keyword == "cost"


def test_ordinary_schemas_take_instances_of_any_size() -> None:
    compiled = compile_schema(
        {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"items": {"type": "integer"}}},
                "required": ["a"],
            },
        }
    )
    rows: list[Any] = [{"a": number, "b": [number]} for number in range(100_000)]
    assert compiled.is_valid(rows)
    rows.append({"a": "x"})
    assert [v.path for v in compiled.violations(rows)] in (["$[100000].a"], ["$"])


def test_the_third_gate_lets_pass_what_the_second_would_refuse() -> None:
    """One costly corner does not make large plain values costly."""
    wide: dict[str, Any] = {"anyOf": [{"const": number} for number in range(3_000)]}
    model = model_of({"properties": {"corner": wide, "rows": {"items": {"type": "integer"}}}})
    assert model.objection({"corner": 1, "rows": list(range(20_000))}) is None
    many = model_of({"items": wide})
    assert many.objection([1] * 100) is None
    assert many.objection(list(range(10_000))) == "work"


def test_an_instance_is_measured_up_to_a_bound() -> None:
    assert measure({"ab": ["cde", 1, None]}, 100) == (5, 5, 2)
    assert measure([[1] * 1_000] * 1_000, 1_000)[0] < 2_100
    endless: list[Any] = []
    endless.append(endless)
    assert measure(endless, 50)[0] == 50
    assert measure(endless, 10**9)[2] == 10_000
