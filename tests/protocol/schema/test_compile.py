"""Compiling as a whole: odd schemas, the cache, threads, and what a server publishes."""

import copy
import threading
from typing import Any

import pytest

from interlock.protocol.schema import SchemaError, SchemaLimits, check_published, compile_schema
from interlock.protocol.schema import engine as engine_module

DRAFT_7 = "http://json-schema.org/draft-07/schema#"

DRAFT_4 = "http://json-schema.org/draft-04/schema#"


# --- invalid schemas ---

INVALID: list[tuple[dict[str, Any], str]] = [
    ({"type": "obj"}, "/type"),
    ({"properties": []}, "/properties"),
    ({"properties": {"a/b": {"minLength": -1}}}, "/properties/a~1b/minLength"),
    ({"required": "a"}, "/required"),
    ({"$ref": 5}, "/$ref"),
    ({"anyOf": []}, "/anyOf"),
    ({"anyOf": [{"type": ["string", "strin"]}]}, "/anyOf/0/type"),
    ({"$schema": DRAFT_4, "const": 1, "required": []}, "/required"),
    ({"multipleOf": 0}, "/multipleOf"),
    ({"pattern": 5}, "/pattern"),
    ({"patternProperties": {"a": 5}}, "/patternProperties/a"),
]


@pytest.mark.spec("B-IDX-43", "L1125-SCH-03")
@pytest.mark.parametrize(("schema", "pointer"), INVALID)
def test_a_schema_not_valid_in_its_dialect_is_refused_with_a_pointer(
    schema: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(SchemaError, match="not valid") as caught:
        compile_schema(schema)
    assert caught.value.pointer == pointer


# --- odd schemas ---


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "array"}, [1, "a"], {}),
        ({"type": ["string", "null"]}, None, 1),
        ({"required": ["unknown"]}, {"unknown": 1}, {}),
        ({"type": "integer", "default": "not a number"}, 1, "x"),
        ({"properties": {"__proto__": {"type": "string"}}}, {"__proto__": "x"}, {"__proto__": 1}),
        ({"properties": {"$ref": {"type": "string"}}}, {"$ref": "x"}, {"$ref": 1}),
        ({"exclusiveMinimum": 3}, 4, 3),
        ({"enum": [{"$ref": "http://127.0.0.1/x"}]}, {"$ref": "http://127.0.0.1/x"}, 1),
        ({"enum": []}, ..., 1),
        ({"x-unknown": {"type": "nonsense"}, "type": "string"}, "x", 1),
        ({"multipleOf": 1e-300}, 1, ...),
        ({"minimum": 10**400}, 10**401, 1),
        ({"maxLength": 10**40}, "x", ...),
        (True, 1, ...),
        (False, ..., 1),
        ({}, None, ...),
    ],
)
def test_odd_schemas_compile_and_mean_what_they_say(schema: Any, good: Any, bad: Any) -> None:
    """Attack J7."""
    compiled = compile_schema(schema)
    if good is not ...:
        assert compiled.is_valid(good)
        assert compiled.violations(good) == []
    if bad is not ...:
        assert not compiled.is_valid(bad)
        assert compiled.violations(bad)


def test_one_bad_schema_says_so_and_leaves_the_others_alone() -> None:
    schemas: list[Any] = [{"type": "object"}, {"type": "nonsense"}, None, True]
    outcomes: list[bool] = []
    for schema in schemas:
        try:
            compile_schema(schema)
        except SchemaError:
            outcomes.append(False)
        else:
            outcomes.append(True)
    assert outcomes == [True, False, False, True]


def test_a_panic_of_the_engine_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    class Broken:
        def is_valid(self, instance: object) -> bool:
            raise PanicException(instance)

    with pytest.raises(engine_module.NotJsonError):
        engine_module.is_valid(Broken(), 1)  # pyright: ignore[reportArgumentType]  # stands in for a validator

    class Interrupted:
        def is_valid(self, instance: object) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine_module.is_valid(Interrupted(), 1)  # pyright: ignore[reportArgumentType]  # likewise


# --- the cache, and threads ---


def test_equal_schemas_are_compiled_once_and_later_changes_do_not_matter() -> None:
    schema: dict[str, Any] = {"properties": {"a": {"type": "integer"}}, "title": "cached once"}
    compiled = compile_schema(schema)
    assert compile_schema(copy.deepcopy(schema)) is compiled
    assert compile_schema(schema, limits=SchemaLimits(work=1)) is not compiled
    schema["properties"]["a"]["type"] = "string"
    assert compiled.is_valid({"a": 1})
    assert compiled.violations({"a": "x"})[0].expected == "integer"
    assert compile_schema(schema) is not compiled
    assert compile_schema({"const": 1}) is not compile_schema({"const": True})


def test_the_cache_is_bounded() -> None:
    first = compile_schema({"title": "first of many"})
    for number in range(300):
        compile_schema({"title": f"number {number}"})
    assert compile_schema({"title": "first of many"}) is not first


def test_a_compiled_schema_serves_many_threads() -> None:
    compiled = compile_schema(
        {"properties": {"a": {"anyOf": [{"type": "integer"}, {"pattern": "^x+$"}]}}}
    )
    wrong: list[object] = []

    def work() -> None:
        for number in range(200):
            if not compiled.is_valid({"a": number}) or compiled.is_valid({"a": "y"}):
                wrong.append(number)
            if len(compiled.violations({"a": "y"})) == 0:
                wrong.append(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- what a server publishes ---


@pytest.mark.spec("B-IDX-43", "L1125-SCH-03")
def test_what_may_be_published_as_an_input_schema() -> None:
    check_published({"type": "object"})
    check_published({"type": "object", "additionalProperties": False})
    check_published({"$schema": DRAFT_7, "type": "object", "definitions": {}})
    roots: list[Any] = [None, True, [], {}, {"type": "array"}, {"type": ["object"]}, "object"]
    for schema in roots:
        with pytest.raises(SchemaError, match="inputSchema"):
            check_published(schema)
    bad: list[dict[str, Any]] = [
        {"type": "object", "properties": {"a": {"type": "strin"}}},
        {"type": "object", "$schema": "https://example.com/"},
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/"}}},
        {"type": "object", "properties": {"a": {"type": "number", "x-mcp-header": "A"}}},
    ]
    for schema in bad:
        with pytest.raises(SchemaError):
            check_published(schema)
