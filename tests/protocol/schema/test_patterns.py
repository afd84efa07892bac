"""Regular expressions: linear time, and what cannot have it is left out."""

import copy

import pytest

from interlock.protocol.schema import SchemaError, compile_schema
from interlock.protocol.schema.dialects import DEFAULT

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.spec("B-IDX-48")
def test_a_pattern_takes_linear_time() -> None:
    """Attack J4: a backtracking engine needs 2**28 steps for the shorter text."""
    compiled = compile_schema({"type": "string", "pattern": "^(a+)+$"})
    assert compiled.unenforced == ()
    assert compiled.is_valid("a" * 28)
    assert not compiled.is_valid("a" * 28 + "!")
    assert compiled.is_valid("a" * 100_000)
    assert not compiled.is_valid("a" * 100_000 + "!")
    assert compiled.violations("a" * 100_000 + "!")[0].keyword == "pattern"


def test_property_names_are_held_to_linear_patterns_too() -> None:
    compiled = compile_schema(
        {"patternProperties": {"^(a|a)*$": {"type": "integer"}}, "additionalProperties": False}
    )
    assert compiled.is_valid({"a" * 5_000: 1})
    assert not compiled.is_valid({"a" * 5_000: "x"})
    assert not compiled.is_valid({"a" * 5_000 + "!": 1})


def test_a_pattern_the_linear_engine_cannot_compile_is_left_out_alone() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "pattern": "^(?=x)x+$", "minLength": 2},
            "b~/": {"pattern": "(x)\\1"},
        },
        "required": ["a"],
    }
    before = copy.deepcopy(schema)
    compiled = compile_schema(schema)
    assert schema == before
    assert set(compiled.unenforced) == {
        "/properties/a/pattern",
        "/properties/b~0~1/pattern",
    }
    assert compiled.is_valid({"a": "yy"})
    assert not compiled.is_valid({"a": "y"})
    assert not compiled.is_valid({})


def test_where_a_key_pattern_is_lost_nobody_can_say_what_is_additional() -> None:
    compiled = compile_schema(
        {
            "properties": {"a": {"type": "integer"}},
            "patternProperties": {"^(?!a)": {"type": "string"}, "^y": {"type": "integer"}},
            "additionalProperties": False,
            "allOf": [{"unevaluatedProperties": False}, {"additionalProperties": True}],
        }
    )
    assert set(compiled.unenforced) == {
        "/patternProperties/^(?!a)",
        "/additionalProperties",
        "/allOf/0/unevaluatedProperties",
    }
    assert compiled.is_valid({"a": 1, "other": 5})
    assert not compiled.is_valid({"a": "x"})
    assert not compiled.is_valid({"y": "x"})


def test_a_pattern_that_grows_too_large_is_left_out() -> None:
    compiled = compile_schema({"pattern": "((a{0,500}){0,500}){0,500}"})
    assert compiled.unenforced == ("/pattern",)


def test_all_patterns_together_are_bounded() -> None:
    large = {"allOf": [{"pattern": f"^\\p{{L}}{{1,64}}{n}"} for n in range(10)]}
    with pytest.raises(SchemaError, match="bytes when compiled"):
        compile_schema(large)
    assert compile_schema(large["allOf"][1]).is_valid("\u00e91")


@pytest.mark.parametrize("uri", [DRAFT_7, DEFAULT.uri])
def test_a_text_that_must_be_a_pattern_is_only_parsed(uri: str) -> None:
    compiled = compile_schema({"$schema": uri, "format": "regex"})
    assert compiled.is_valid("^(a+)+$")
    assert compiled.is_valid("(?=a)")
    assert compiled.is_valid("(") is (uri == DEFAULT.uri)  # there formats only annotate
