"""Which dialect a schema is read in, and what that changes."""

from typing import Any

import pytest

from interlock.protocol.schema import DIALECTS, SchemaError, compile_schema
from interlock.protocol.schema.dialects import DEFAULT

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"


def name_of(schema: dict[str, Any]) -> str:
    return compile_schema(schema).dialect.name


@pytest.mark.spec("B-IDX-37", "B-IDX-38", "L1125-SCH-01")
def test_a_schema_that_names_no_dialect_is_2020_12() -> None:
    compiled = compile_schema({"type": "array", "prefixItems": [{"type": "string"}]})
    assert compiled.dialect.name == "2020-12"
    assert compiled.is_valid(["a", 1])
    assert not compiled.is_valid([1])


@pytest.mark.spec("B-IDX-41", "L1125-SCH-02")
def test_a_declared_dialect_decides_what_keywords_mean() -> None:
    tuple_form = {"items": [{"type": "string"}], "additionalItems": False}
    draft_7 = compile_schema({"$schema": DRAFT_7, **tuple_form})
    assert draft_7.is_valid(["a"])
    assert not draft_7.is_valid(["a", "b"])
    prefix = {"prefixItems": [{"type": "string"}]}
    assert compile_schema({"$schema": DRAFT_7, **prefix}).is_valid([1])
    assert not compile_schema(prefix).is_valid([1])
    beside: dict[str, Any] = {
        "definitions": {"any": {}},
        "properties": {"a": {"$ref": "#/definitions/any", "type": "string"}},
    }
    assert compile_schema({"$schema": DRAFT_7, **beside}).is_valid({"a": 1})
    assert not compile_schema(beside).is_valid({"a": 1})


@pytest.mark.spec("B-IDX-41")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_are_known_in_every_common_spelling(dialect: Any) -> None:
    bare = dialect.uri.removesuffix("#").removeprefix("https").removeprefix("http")
    for uri in (f"http{bare}", f"https{bare}", f"http{bare}#", f"https{bare}#"):
        compiled = compile_schema({"$schema": uri, "type": "integer"})
        assert compiled.dialect is dialect
        assert compiled.is_valid(1)
        assert compiled.is_valid(1.0) is (dialect.year > 4)


@pytest.mark.spec("B-IDX-42", "L1125-SCH-02")
@pytest.mark.parametrize(
    "uri",
    [
        "http://json-schema.org/draft-03/schema#",
        "https://json-schema.org/draft/next/schema",
        "https://example.com/my-dialect",
        "draft-07",
        "",
    ],
)
def test_an_unsupported_dialect_is_named_with_those_supported(uri: str) -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema({"$schema": uri, "type": "object"})
    assert f"'{uri}' is not supported" in str(caught.value)
    assert "https://json-schema.org/draft/2020-12/schema" in str(caught.value)
    assert caught.value.pointer == "/$schema"


@pytest.mark.parametrize("uri", [5, None, "x\r\ny", "\u202e"])
def test_a_dialect_that_is_no_uri_is_refused_without_echo(uri: object) -> None:
    with pytest.raises(SchemaError, match="is not supported") as caught:
        compile_schema({"$schema": uri})
    assert str(caught.value).isprintable()


LEGACY: list[tuple[dict[str, Any], str]] = [
    ({"items": [{"type": "string"}]}, "draft-07"),
    ({"definitions": {}, "properties": {"a": {"items": [{}]}}}, "draft-07"),
    ({"properties": {"a": {"minimum": 1, "exclusiveMinimum": True}}}, "draft-04"),
    ({"maximum": 1, "exclusiveMaximum": False, "items": [{}]}, "draft-04"),
    ({"definitions": {"a": {}}, "$ref": "#/definitions/a"}, "2020-12"),
    ({"properties": {"exclusiveMinimum": True, "items": {"type": "array"}}}, "2020-12"),
    ({"const": {"items": [1], "exclusiveMinimum": True}}, "2020-12"),
    ({"default": {"items": []}}, "2020-12"),
]


@pytest.mark.parametrize(("schema", "name"), LEGACY)
def test_legacy_content_without_a_declaration_gives_its_dialect_away(
    schema: dict[str, Any], name: str
) -> None:
    assert name_of(schema) == name


def test_legacy_content_is_enforced() -> None:
    assert not compile_schema({"items": [{"type": "string"}]}).is_valid([1])
    exclusive = compile_schema({"minimum": 1, "exclusiveMinimum": True})
    assert not exclusive.is_valid(1)
    assert exclusive.is_valid(2)


def test_a_declared_dialect_is_not_overruled_by_content() -> None:
    with pytest.raises(SchemaError, match="not valid 2020-12") as caught:
        compile_schema({"$schema": DEFAULT.uri, "properties": {"a": {"items": [{}]}}})
    assert caught.value.pointer == "/properties/a/items"


def test_declarations_inside_mean_nothing_without_an_id_and_must_agree_with_one() -> None:
    inner = {"$schema": DRAFT_7, "type": "integer"}
    assert compile_schema({"properties": {"a": inner}}).is_valid({"a": 1})
    with pytest.raises(SchemaError, match="one schema must keep to one dialect"):
        compile_schema({"properties": {"a": {"$id": "urn:a", **inner}}})
    with pytest.raises(SchemaError, match="is not supported") as caught:
        compile_schema({"properties": {"a": {"$schema": "http://127.0.0.1/meta"}}})
    assert caught.value.pointer == "/properties/a/$schema"
