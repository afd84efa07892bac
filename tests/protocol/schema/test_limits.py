"""How large and how intricate a schema may be."""

from typing import Any

import pytest

from interlock.protocol.schema import SchemaError, SchemaLimits, compile_schema


def nested(keyword: str, levels: int, *, wrap: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {keyword: [schema] if wrap else schema}
    return schema


def chain(levels: int, keyword: str, *, inside: bool = False) -> dict[str, Any]:
    """Definitions of which each refers twice to the one before: two to the power of levels."""
    definitions: dict[str, Any] = {"l0": {"type": "integer"}}
    for level in range(1, levels + 1):
        part: Any = {"$ref": f"#/$defs/l{level - 1}"}
        if inside:
            part = {"properties": {"a": part}}
        definitions[f"l{level}"] = {keyword: [part, dict(part)]}
    return {"$defs": definitions, "$ref": f"#/$defs/l{levels}"}


@pytest.mark.spec("B-IDX-48")
@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
def test_composition_bombs_are_refused(keyword: str) -> None:
    """Attack J3: thirty levels are a thousand million alternatives."""
    with pytest.raises(SchemaError, match="unfold to more than 10000 subschemas"):
        compile_schema(chain(30, keyword))
    shared: dict[str, Any] = {"type": "integer"}
    for _ in range(30):
        shared = {keyword: [shared, shared]}
    with pytest.raises(SchemaError, match=r"larger than|subschemas"):
        compile_schema(shared)


@pytest.mark.spec("B-IDX-48")
@pytest.mark.parametrize("kind", ["Properties", "Items"])
def test_nested_unevaluated_keywords_are_refused(kind: str) -> None:
    schema: dict[str, Any] = {"properties": {"a": {}}}
    for _ in range(30):
        schema = {"anyOf": [schema], f"unevaluated{kind}": False}
    with pytest.raises(SchemaError, match="unfold to more than"):
        compile_schema(schema)


OVER: list[tuple[Any, str]] = [
    (nested("not", 100, wrap=False), "deeper than 96 levels"),
    (nested("anyOf", 60, wrap=True), "deeper than 96 levels"),
    (nested("anyOf", 50_000, wrap=True), "deeper than 96 levels"),
    ({"default": nested("a", 200, wrap=False)}, "deeper than 96 levels"),
    ({"allOf": [{}] * 10_001}, "more than 10000 subschemas"),
    ({"$defs": {f"d{n}": True for n in range(10_001)}}, "more than 10000 subschemas"),
    ({"allOf": [{"type": "object"}] * 100_000}, "larger than 1048576 characters"),
    ({"enum": [str(n) for n in range(100_000)]}, "an enum has 100000 values"),
    ({"description": "x" * 1_048_577}, "larger than 1048576 characters"),
    ({"enum": [[n] for n in range(9_000)]}, "unfold to more than"),
    ({"minimum": 10**5_000}, "more digits"),
    ({"minimum": float("inf")}, "no number that JSON can say"),
    ({"minimum": float("nan")}, "no number that JSON can say"),
    ({"title": "\ud800"}, "half a surrogate pair"),
    ({"\udfff": 1}, "half a surrogate pair"),
    ({"default": b"x"}, "of type bytes is no JSON value"),
    ({"default": {1: 2}}, "a key is of type int"),
    (None, "this is null"),
    ([], "of type list"),
    ("object", "of type str"),
]


@pytest.mark.spec("B-IDX-48")
@pytest.mark.parametrize(("schema", "message"), OVER)
def test_schemas_are_bounded_and_plain(schema: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message) as caught:
        compile_schema(schema)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_an_object_that_holds_itself_is_refused() -> None:
    schema: dict[str, Any] = {}
    schema["properties"] = {"a": schema}
    with pytest.raises(SchemaError, match="deeper than"):
        compile_schema(schema)


def test_limits_can_be_set() -> None:
    schema = {"enum": [1, 2, 3]}
    assert compile_schema(schema).is_valid(1)
    with pytest.raises(SchemaError, match="at most 2 are allowed"):
        compile_schema(schema, limits=SchemaLimits(enum_values=2))
    with pytest.raises(SchemaError, match="deeper than 2 levels"):
        compile_schema({"not": {"not": {}}}, limits=SchemaLimits(depth=2))
    with pytest.raises(SchemaError, match="deeper than 200 levels"):
        compile_schema(nested("not", 300, wrap=False), limits=SchemaLimits(depth=100_000))
