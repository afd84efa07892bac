"""What is said about an instance that is wrong."""

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.schema import CompiledSchema, Violation, compile_schema

FORECAST: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"enum": ["metric", "imperial"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
    },
    "required": ["city"],
    "additionalProperties": False,
}

SHAPES: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}},
            "required": ["kind", "r"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"kind": {"const": "square"}, "side": {"type": "number"}},
            "required": ["kind", "side"],
            "additionalProperties": False,
        },
        {"type": "null"},
    ]
}


def said(schema: Any, instance: Any) -> list[tuple[str, str]]:
    """Path and keyword of each violation."""
    return [(v.path, v.keyword) for v in compile_schema(schema).violations(instance)]


def only(schema: Any, instance: Any) -> Violation:
    (violation,) = compile_schema(schema).violations(instance)
    return violation


def test_all_errors_come_at_once_with_what_was_probably_meant() -> None:
    found = compile_schema(FORECAST).violations({"citty": "Oslo", "unit": "metrik", "days": 40})
    assert {(v.path, v.keyword, v.message) for v in found} == {
        ("$", "required", 'the property "city" is missing; is "citty" meant for it?'),
        ("$", "additionalProperties", 'the property "citty" is unknown; did you mean "city"?'),
        (
            "$.unit",
            "enum",
            '"metrik" is not allowed; expected "metric" or "imperial"; did you mean "metric"?',
        ),
        ("$.days", "maximum", "40 is not at most 14"),
    }
    expected = {v.keyword: v.expected for v in found}
    assert expected["required"] == '"city": string'
    assert expected["additionalProperties"] == '"city", "unit" and "days"'


CASES: list[tuple[Any, Any, str, str, str]] = [
    ({"type": "integer"}, "x", "type", 'expected integer, got string "x"', "integer"),
    ({"type": "integer"}, 1.5, "type", "expected integer, got number 1.5", "integer"),
    ({"type": ["string", "null"]}, {}, "type", "got an object with 0 properties", "string or null"),
    ({"type": "object"}, [1], "type", "got an array with 1 item", "object"),
    ({"type": "number"}, True, "type", "got true", "number"),
    ({"const": {"a": 1}}, 2, "const", '2 is not {"a": 1}', '{"a": 1}'),
    ({"const": 1}, True, "const", "true is not 1", "1"),
    ({"enum": [1, 1.5, None, [1], {}]}, 2, "enum", "2 is not", "1, 1.5, null, [1] or {}"),
    ({"enum": []}, 2, "enum", "no value at all", "no value"),
    ({"minimum": 1}, 0, "minimum", "0 is not at least 1", "at least 1"),
    ({"exclusiveMaximum": 1}, 1, "exclusiveMaximum", "1 is not less than 1", "less than 1"),
    ({"exclusiveMinimum": 1}, 1, "exclusiveMinimum", "1 is not more than 1", "more than 1"),
    ({"multipleOf": 0.5}, 0.3, "multipleOf", "0.3", "a multiple of 0.5"),
    ({"minLength": 2}, "\u00e9", "minLength", "has 1 character", "at least 2 characters"),
    ({"maxLength": 1}, "ab", "maxLength", "has 2 characters", "at most 1 character"),
    ({"minItems": 1}, [], "minItems", "the array has 0 items", "at least 1 item"),
    ({"maxProperties": 0}, {"a": 1}, "maxProperties", "1 property", "at most 0 properties"),
    ({"uniqueItems": True}, [1, 1.0], "uniqueItems", "two items are equal", "differ"),
    ({"pattern": "^x$"}, "y", "pattern", '"y" does not match the pattern "^x$"', '"^x$"'),
    ({"not": {"type": "string"}}, "s", "not", '"s" must not be: string', "not: string"),
    ({"contains": {"type": "integer"}}, ["a"], "contains", "0 of 1 items fit", "at least 1"),
    (
        {"contains": {"type": "integer"}, "maxContains": 1},
        [1, 2],
        "maxContains",
        "2 of 2 items fit",
        "at most 1",
    ),
    (
        {"propertyNames": {"pattern": "^x"}},
        {"y": 1},
        "propertyNames",
        'the property name "y" is not allowed: "y" does not match',
        "^x",
    ),
    (
        {"dependentRequired": {"a": ["b"]}},
        {"a": 1},
        "dependentRequired",
        'the property "b" is missing, which "a" needs',
        "any value",
    ),
    (
        {"properties": {"a": {}}, "unevaluatedProperties": False},
        {"a": 1, "zebra": 2},
        "unevaluatedProperties",
        'the property "zebra" is unknown; known are "a"',
        '"a"',
    ),
    ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, 5, "oneOf", "number 1 and number 2", "one"),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#", "format": "date"},
        "today",
        "format",
        '"today" is not in the format "date"',
        "date",
    ),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#", "contentEncoding": "base64"},
        "!",
        "contentEncoding",
        "is not in the encoding",
        "base64",
    ),
    (
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "contentMediaType": "application/json",
            "contentEncoding": "base64",
        },
        "eA==",
        "contentMediaType",
        "is not of the media type",
        "application/json",
    ),
    (False, 1, "false", "nothing is allowed here", "no value"),
]


@pytest.mark.parametrize(("schema", "instance", "keyword", "message", "expected"), CASES)
def test_each_keyword_says_what_was_wrong_and_what_would_be_right(
    schema: Any, instance: Any, keyword: str, message: str, expected: str
) -> None:
    violation = only(schema, instance)
    assert (violation.path, violation.keyword) == ("$", keyword)
    assert message in violation.message
    assert expected in violation.expected


def test_paths_lead_to_the_place() -> None:
    schema: dict[str, Any] = {
        "properties": {"a": {"items": {"properties": {"b": {"type": "integer"}}}}},
        "patternProperties": {"^with ": {"prefixItems": [True, {"type": "null"}]}},
    }
    assert said(schema, {"a": [{"b": "x"}]}) == [("$.a[0].b", "type")]
    assert said(schema, {"with space": [1, 2]}) == [('$["with space"][1]', "type")]
    assert said({"additionalProperties": False}, {'q"\n\x1b': 1}) == [("$", "additionalProperties")]
    assert said({"additionalProperties": {"type": "null"}}, {'q"\n\x1b': 1}) == [
        ('$["q\\"\\u000a\\u001b"]', "type")
    ]
    assert said({"additionalProperties": {"type": "null"}}, {"": 1}) == [('$[""]', "type")]


def test_conditions_and_references_lead_to_the_errors_behind_them() -> None:
    schema = {
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["x"]},
        "else": {"$ref": "#/$defs/other"},
        "$defs": {"other": {"required": ["y"]}},
    }
    assert only(schema, {"kind": "a"}).expected.startswith('"x"')
    assert only(schema, {"kind": "b"}).expected.startswith('"y"')


def test_alternatives_are_described_and_the_closest_explained() -> None:
    found = compile_schema(SHAPES).violations({"kind": "square", "size": 1})
    assert [(v.path, v.keyword) for v in found] == [
        ("$", "anyOf"),
        ("$", "required"),
        ("$", "additionalProperties"),
    ]
    described = 'object with "kind": "circle", object with "kind": "square" or null'
    assert found[0].expected == described
    assert 'the closest is object with "kind": "square"' in found[0].message
    assert 'is "size" meant for it?' in found[1].message


def test_alternatives_of_other_types_are_a_question_of_type() -> None:
    violation = only(SHAPES, 5)
    assert violation.message == "expected object or null, got integer 5"


def test_where_no_alternative_is_closest_none_is_guessed() -> None:
    violation = only(SHAPES, {"kind": "triangle"})
    assert "closest" not in violation.message
    assert 'object with "kind": "circle"' in violation.message


def test_the_only_alternative_speaks_for_itself() -> None:
    assert said({"anyOf": [{"required": ["a"]}]}, {}) == [("$", "required")]


def test_long_lists_are_cut() -> None:
    violation = only({"enum": [f"value number {n}" for n in range(1_000)]}, "other")
    assert violation.expected.endswith('"value number 7" or 992 more')
    properties = {f"p{n}": True for n in range(1_000)}
    unknown = only({"properties": properties, "additionalProperties": False}, {"other": 1})
    assert unknown.message.endswith('"p7" and 992 more')
    many: dict[str, Any] = {"anyOf": [{"const": f"c{n}"} for n in range(100)]}
    assert len(only(many, "x").message) < 1_000


def test_the_limit_counts_violations() -> None:
    compiled = compile_schema({"items": {"type": "integer"}})
    wrong = ["x"] * 100_000
    assert len(compiled.violations(wrong)) == 20
    assert len(compiled.violations(wrong, limit=3)) == 3
    assert len(compiled.violations(wrong, limit=0)) == 1
    assert len(compiled.violations(wrong, limit=10**9)) == 1_000


def test_nothing_huge_is_echoed() -> None:
    compiled = compile_schema(
        {
            "properties": {"a": {"enum": ["x"]}, "b": {"type": "null"}, "c": {"const": 1}},
            "additionalProperties": False,
        }
    )
    secret = "s3cret" * 10_000
    found = compiled.violations({"a": secret, "b": [secret] * 5, "c": 10**4_000, secret: 1})
    assert len(found) == 4
    for violation in found:
        text = violation.path + violation.message + violation.expected
        assert len(text) < 500
        assert text.count("s3cret") <= 14
        assert text.isprintable()


def test_long_paths_are_cut() -> None:
    schema: dict[str, Any] = {"additionalProperties": {"$ref": "#"}, "items": False}
    value: Any = [1]
    for number in range(40):
        value = {f"a_rather_long_name_{number}": value}
    path = only(schema, value).path
    assert len(path) <= 200
    assert path.startswith("$.a_rather_long_name_39")
    assert path.endswith(".a_rather_long_name_0[0]")


# --- what is no JSON ---


def test_half_surrogate_pairs_are_named_by_place() -> None:
    compiled = compile_schema({"type": "object", "additionalProperties": {"pattern": "^x"}})
    value = {"a": {"b": ["fine", "bad\ud800"]}, "c": "\udc00"}
    assert not compiled.is_valid(value)
    found = compiled.violations(value)
    assert {v.path for v in found} == {"$.c", "$.a.b[1]"}
    assert {v.keyword for v in found} == {"json"}
    assert any("character 3" in v.message and '"\\ud800"' in v.message for v in found)


def test_half_surrogate_pairs_in_keys_are_named_too() -> None:
    found = compile_schema({"propertyNames": {"pattern": "x"}}).violations(
        {"x": {"\ud800": 1}, "\ud801": 2}
    )
    assert {(v.path, v.keyword) for v in found} == {("$.x", "json"), ("$", "json")}
    assert all(v.message.isprintable() for v in found)


def test_half_surrogate_pairs_that_only_the_collector_meets() -> None:
    compiled = compile_schema({"required": ["zz"], "properties": {"a": {"pattern": "^x"}}})
    (violation,) = compiled.violations({"a": "\ud800"})
    assert (violation.path, violation.keyword) == ("$.a", "json")


@pytest.mark.parametrize("value", [b"x", {1, 2}, object(), {1: 2}, {"a": {None: 1}}])
def test_other_types_are_no_json(value: Any) -> None:
    compiled = compile_schema(
        {
            "additionalProperties": {"maxProperties": 3},
            "minLength": 1,
            "minItems": 1,
            "minProperties": 1,
            "enum": [1],
        }
    )
    assert not compiled.is_valid(value)
    assert compiled.violations(value)[0].keyword in {"json", "enum", "type"}


def test_deep_values_are_refused_not_crashed_on() -> None:
    compiled = compile_schema({"items": {"$ref": "#"}, "type": "array"})
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert not compiled.is_valid(value)
    assert compiled.violations(value)[0].keyword in {"json", "cost"}
    shallow: list[Any] = []
    for _ in range(200):
        shallow = [shallow]
    assert compiled.is_valid(shallow)
    innermost: list[Any] = [1]
    for _ in range(200):
        innermost = [innermost]
    assert compiled.violations(innermost)


def test_numbers_of_any_size_are_fine() -> None:
    compiled = compile_schema({"type": "integer", "minimum": 0})
    assert compiled.is_valid(10**4_000)
    assert only({"type": "integer", "minimum": 0}, -(10**4_000)).message == (
        "an integer of many digits is not at least 0"
    )
    for number in (float("nan"), float("inf"), float("-inf")):
        assert not compiled.is_valid(number)
        assert compiled.violations(number)


class Unit(enum.StrEnum):
    METRIC = "metric"


def test_string_enumerations_count_as_their_value() -> None:
    assert compile_schema(FORECAST).is_valid({"city": "x", "unit": Unit.METRIC})


# --- a bounded search ---


def test_a_search_that_takes_too_long_ends_with_what_is_known() -> None:
    node = {"$ref": "#/$defs/n"}
    schema = {
        "$defs": {
            "n": {
                "anyOf": [
                    {"properties": {"a": node}, "required": ["b"]},
                    {"properties": {"a": node}, "required": ["c"]},
                ]
            }
        },
        "$ref": "#/$defs/n",
    }
    value: Any = {}
    for _ in range(17):
        value = {"a": value, "d": 1}
    assert only(schema, value).keyword == "schema"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["city", "citty", "unit", "days", "kind", "r"]), inner)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("compiled", [compile_schema(FORECAST), compile_schema(SHAPES)])
@given(value=json_values)
def test_there_are_violations_exactly_where_the_verdict_is_no(
    compiled: CompiledSchema, value: Any
) -> None:
    found = compiled.violations(value)
    assert (not found) is compiled.is_valid(value)
    assert all(v.path.startswith("$") and v.message and v.expected for v in found)
