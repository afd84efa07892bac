"""``x-mcp-header``: which annotations are good, and what the headers say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.schema import HeaderParameter, SchemaError, SchemaLimits, header_parameters


def tool(name: Any = "Region", **schema: Any) -> dict[str, Any]:
    """An input schema with one annotated property."""
    annotated = {"type": "string", **schema, "x-mcp-header": name}
    return {"type": "object", "properties": {"region": annotated}}


def refusal(schema: Any) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        header_parameters(schema)
    return caught.value


def test_the_example_of_the_specification() -> None:
    schema = {
        "type": "object",
        "properties": {
            "region": {"type": "string", "description": "Where", "x-mcp-header": "Region"},
            "query": {"type": "string"},
        },
        "required": ["region", "query"],
    }
    (parameter,) = header_parameters(schema).values()
    assert parameter == HeaderParameter("Region", ("region",), "string")
    assert parameter.field == "mcp-param-region"
    assert parameter.text({"region": "us-west1", "query": "SELECT 1"}) == "us-west1"


@pytest.mark.spec("TOOLS-35", "B-HTTP-47")
def test_nested_properties_are_reached() -> None:
    schema = {
        "type": "object",
        "properties": {
            "b": {
                "type": "object",
                "properties": {"properties": {"type": "integer", "x-mcp-header": "Deep"}},
            },
            "a": {"type": "boolean", "x-mcp-header": "Flag"},
        },
    }
    assert header_parameters(schema) == {
        "Deep": HeaderParameter("Deep", ("b", "properties"), "integer"),
        "Flag": HeaderParameter("Flag", ("a",), "boolean"),
    }
    assert list(header_parameters(schema)) == ["Deep", "Flag"]


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, True, None, {"properties": 5}])
def test_no_annotations_no_headers(schema: Any) -> None:
    assert header_parameters(schema) == {}


@pytest.mark.spec("TOOLS-29", "B-HTTP-41")
def test_an_empty_name_is_refused() -> None:
    error = refusal(tool(""))
    assert "must not be empty" in str(error)
    assert error.pointer == "/properties/region/x-mcp-header"


@pytest.mark.spec("TOOLS-30", "B-HTTP-42")
@pytest.mark.parametrize("name", ["My Region", "a:b", "a/b", "(a)", "\u00e9", "a,b", '"a"', " a"])
def test_a_name_is_an_http_token(name: str) -> None:
    assert "is no HTTP token" in str(refusal(tool(name)))


@pytest.mark.spec("TOOLS-31", "B-HTTP-43")
@pytest.mark.parametrize("name", ["X\r\nEvil: 1", "X\n", "\rX", "a\x00", "a\x7f", "a\tb"])
def test_control_characters_are_refused_and_not_echoed(name: str) -> None:
    error = refusal(tool(name))
    assert "is no HTTP token" in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("name", [5, None, True, ["Region"], {"a": 1}])
def test_a_name_is_a_string(name: Any) -> None:
    assert "must be a string" in str(refusal(tool(name)))


@pytest.mark.parametrize("name", ["a", "X-1_.~", "!#$%&'*+-.^_`|~", "0"])
def test_every_token_is_a_name(name: str) -> None:
    assert list(header_parameters(tool(name))) == [name]


@pytest.mark.spec("TOOLS-32", "B-HTTP-44")
def test_names_differ_in_more_than_case() -> None:
    schema = {
        "properties": {
            "a": {"type": "string", "x-mcp-header": "Region"},
            "b": {"properties": {"c": {"type": "string", "x-mcp-header": "region"}}},
        }
    }
    assert "used twice" in str(refusal(schema))


@pytest.mark.spec("TOOLS-33", "B-HTTP-45")
@pytest.mark.parametrize(
    "kind", ["number", "object", "array", "null", ["string", "null"], ["string"], None, "strin", 5]
)
def test_only_one_primitive_type_is_good(kind: Any) -> None:
    assert "exactly string, integer or boolean" in str(refusal(tool(type=kind)))


UNTYPED: list[dict[str, Any]] = [
    {"enum": ["a"]},
    {"const": "a"},
    {"$ref": "#/$defs/a"},
    {"anyOf": [{}]},
]


@pytest.mark.spec("TOOLS-33", "B-HTTP-45")
@pytest.mark.parametrize("schema", UNTYPED)
def test_the_type_is_said_by_the_property_itself(schema: dict[str, Any]) -> None:
    annotated = {**schema, "x-mcp-header": "A"}
    whole = {"properties": {"a": annotated}, "$defs": {"a": {"type": "string"}}}
    assert "exactly string, integer or boolean" in str(refusal(whole))


MARKED = {"type": "string", "x-mcp-header": "A"}
STRAY: list[dict[str, Any]] = [
    MARKED,
    {"items": MARKED},
    {"items": [MARKED]},
    {"prefixItems": [MARKED]},
    {"contains": MARKED},
    {"additionalProperties": MARKED},
    {"patternProperties": {"^a": MARKED}},
    {"propertyNames": MARKED},
    {"unevaluatedProperties": MARKED},
    {"allOf": [{"properties": {"a": MARKED}}]},
    {"anyOf": [{"properties": {"a": MARKED}}]},
    {"oneOf": [MARKED]},
    {"not": {"properties": {"a": MARKED}}},
    {"if": {"properties": {"a": MARKED}}},
    {"then": {"properties": {"a": MARKED}}},
    {"else": {"properties": {"a": MARKED}}},
    {"dependentSchemas": {"a": {"properties": {"a": MARKED}}}},
    {"dependencies": {"a": {"properties": {"a": MARKED}}}},
    {"$defs": {"a": MARKED}},
    {"definitions": {"a": {"properties": {"b": MARKED}}}},
    {"properties": {"a": {"items": MARKED}}},
    {"properties": {"a": {"type": "array", "items": {"properties": {"b": MARKED}}}}},
    {"properties": {"a": {"$ref": "#/x-own/a"}}, "x-own": {"a": MARKED}},
    {"properties": {"a": {"$ref": "#/x-own/a%20b/0"}}, "x-own": {"a b": [MARKED]}},
    {"properties": {"properties": {"anyOf": [MARKED]}}},
]


@pytest.mark.spec("TOOLS-35", "B-HTTP-48")
@pytest.mark.parametrize("schema", STRAY)
def test_a_stray_annotation_makes_the_tool_invalid(schema: dict[str, Any]) -> None:
    assert "only 'properties' leads to" in str(refusal(schema))


DATA: list[dict[str, Any]] = [
    {"properties": {"x-mcp-header": {"type": "string"}}},
    {"const": {"x-mcp-header": ""}},
    {"enum": [{"x-mcp-header": "a b"}]},
    {"default": {"x-mcp-header": "a b"}},
    {"examples": [{"properties": {"a": MARKED}}]},
    {"properties": {"a": {"default": MARKED, "const": {"items": MARKED}}}},
    {"x-unknown": MARKED},
    {"required": ["x-mcp-header"]},
]


@pytest.mark.spec("TOOLS-35", "B-HTTP-48")
@pytest.mark.parametrize("schema", DATA)
def test_names_and_data_are_no_annotations(schema: dict[str, Any]) -> None:
    assert header_parameters(schema) == {}


def test_an_annotated_property_that_is_referred_to_as_well_is_mirrored_once() -> None:
    schema = {"properties": {"a": MARKED, "b": {"$ref": "#/properties/a"}}}
    assert header_parameters(schema) == {"A": HeaderParameter("A", ("a",), "string")}


def test_a_property_named_like_the_annotation_can_be_annotated() -> None:
    schema = {"properties": {"x-mcp-header": MARKED}}
    assert header_parameters(schema)["A"].path == ("x-mcp-header",)


# --- values ---

STRING = HeaderParameter("S", ("s",), "string")
INTEGER = HeaderParameter("I", ("a", "i"), "integer")
BOOLEAN = HeaderParameter("B", ("b",), "boolean")


@pytest.mark.spec("B-HTTP-49", "B-HTTP-53", "B-HTTP-65")
@pytest.mark.parametrize(
    ("parameter", "arguments", "text"),
    [
        (STRING, {"s": " as it is\n"}, " as it is\n"),
        (STRING, {"s": ""}, ""),
        (STRING, {"s": None}, None),
        (STRING, {}, None),
        (STRING, None, None),
        (STRING, [], None),
        (INTEGER, {"a": {"i": -7}}, "-7"),
        (INTEGER, {"a": {"i": 42.0}}, "42"),
        (INTEGER, {"a": {}}, None),
        (INTEGER, {"a": None}, None),
        (INTEGER, {"a": "x"}, None),
        (BOOLEAN, {"b": True}, "true"),
        (BOOLEAN, {"b": False}, "false"),
    ],
)
def test_what_the_header_says(parameter: HeaderParameter, arguments: Any, text: str | None) -> None:
    assert parameter.text(arguments) == text


@pytest.mark.spec("TOOLS-34", "B-HTTP-46")
@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1, 0, 2.0**53 - 1])
def test_safe_integers_are_sent(number: float) -> None:
    assert INTEGER.text({"a": {"i": number}}) == str(int(number))


@pytest.mark.spec("TOOLS-34", "B-HTTP-46")
@pytest.mark.parametrize(
    "number", [2**53, -(2**53), 10**4_000, 2.0**53, float("inf"), float("nan")]
)
def test_unsafe_integers_are_never_sent(number: float) -> None:
    with pytest.raises(ValueError, match="must be within"):
        INTEGER.text({"a": {"i": number}})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [(STRING, 1), (STRING, True), (INTEGER, "1"), (INTEGER, True), (INTEGER, 1.5), (BOOLEAN, 1)],
)
def test_values_of_other_types_are_never_sent(parameter: HeaderParameter, value: Any) -> None:
    arguments: Any = value
    for name in reversed(parameter.path):
        arguments = {name: arguments}
    with pytest.raises(ValueError, match=f"expected {parameter.type}"):
        parameter.text(arguments)


# --- hostile schemas ---


def test_the_search_is_bounded() -> None:
    with pytest.raises(SchemaError, match="subschemas"):
        header_parameters({"allOf": [{}] * 20_000})
    with pytest.raises(SchemaError, match="subschemas"):
        header_parameters(tool(), limits=SchemaLimits(subschemas=1))
    circular: dict[str, Any] = {}
    circular["properties"] = {"a": circular}
    with pytest.raises(SchemaError, match="deeper"):
        header_parameters(circular)
    with pytest.raises(SchemaError, match="half a surrogate pair"):
        header_parameters(tool("\ud800"))


keys = st.sampled_from(
    ["properties", "items", "allOf", "x-mcp-header", "type", "$ref", "$defs", "const", "a", "A"]
)
shapes = st.recursive(
    st.sampled_from(
        ["string", "integer", "number", "A", "a", "#", "#/$defs/a", "#/items", 1, None]
    ),
    lambda inner: st.dictionaries(keys, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(shapes)
def test_any_schema_gives_headers_or_a_rule(schema: Any) -> None:
    try:
        found = header_parameters(schema)
    except SchemaError as error:
        assert str(error)
        return
    assert len({parameter.field for parameter in found.values()}) == len(found)
    for name, parameter in found.items():
        place = schema
        for step in parameter.path:
            place = place["properties"][step]
        assert place["x-mcp-header"] == name
        assert place["type"] == parameter.type
