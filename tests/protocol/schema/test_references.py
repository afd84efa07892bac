"""References: followed inside the document, and never outside it."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interlock.protocol.schema import DIALECTS, SchemaError, compile_schema
from interlock.protocol.schema.dialects import DEFAULT
from interlock.protocol.schema.engine import EngineError, build

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A real listening socket; whoever connects is let go at once, and the test fails."""
    visits: list[object] = []

    def serve() -> None:
        while True:
            connection, peer = server.accept()
            connection.close()
            if done.is_set():
                return
            visits.append(peer)

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server
        done.set()
        socket.create_connection(server.getsockname()).close()  # wakes the thread
        thread.join()
    assert visits == []


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


REMOTE: list[dict[str, Any]] = [
    {"properties": {"c": {"$ref": "URL/latest/meta-data/"}}},
    {"$ref": "URL/schema.json#/definitions/a"},
    {"$id": "URL/base/", "properties": {"a": {"$ref": "other"}}},
    {"$id": "URL/base/", "$defs": {"b": {"$id": "deep/", "items": {"$ref": "x"}}}},
    {"$dynamicRef": "URL/schema#node"},
    {"$defs": {"unused": {"$ref": "URL/unused"}}},
    {"definitions": {"unused": {"$ref": "URL/unused"}}},
    {"$ref": "#/x-own/a", "x-own": {"a": {"$ref": "URL/behind"}}},
    {"$schema": "URL/schema"},
    {"$defs": {"x": {"$id": "urn:x", "$schema": "URL/meta"}}},
    {"properties": {"x": {"$schema": "URL/meta"}}},
    {"default": {"$id": "URL/z", "type": "null"}, "$ref": "URL/z"},
    {"$schema": DRAFT_7, "definitions": {"a": {"$id": "URL/"}}, "$ref": "URL/b"},
    {"$schema": DRAFT_4, "id": "URL/", "properties": {"a": {"$ref": "b#c"}}},
    {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": "URL/",
        "$ref": "other#",
        "$recursiveRef": "#",
    },
]


def with_url(schema: Any, url: str) -> Any:
    if isinstance(schema, dict):
        return {key: with_url(value, url) for key, value in schema.items()}  # pyright: ignore[reportUnknownVariableType]  # plain JSON
    if isinstance(schema, list):
        return [with_url(value, url) for value in schema]  # pyright: ignore[reportUnknownVariableType]  # plain JSON
    return schema.replace("URL", url) if isinstance(schema, str) else schema


@pytest.mark.spec("B-IDX-44", "B-IDX-45", "B-IDX-47")
@pytest.mark.parametrize("schema", REMOTE)
def test_nothing_remote_is_ever_fetched(schema: dict[str, Any], listener: socket.socket) -> None:
    """Attack J1: the schema is refused, and the listener sees nobody."""
    with pytest.raises(SchemaError):
        compile_schema(with_url(schema, url_of(listener)))


@pytest.mark.spec("B-IDX-44", "B-IDX-45")
def test_the_engine_itself_refuses_to_fetch(listener: socket.socket, tmp_path: Path) -> None:
    """The second line of defence: what slips through the graph still meets a refusal."""
    local = tmp_path / "schema.json"
    local.write_text('{"type": "integer"}')
    for uri in (url_of(listener), local.as_uri()):
        for schema in ({"$ref": uri}, {"$id": uri, "$ref": "x"}, {"$dynamicRef": f"{uri}#a"}):
            with pytest.raises(EngineError):
                build(schema, DEFAULT)


@pytest.mark.spec("B-IDX-47")
def test_files_are_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "credentials.json"
    secret.write_text('{"type": "object", "title": "TOP-SECRET"}')
    for schema in (
        {"$ref": secret.as_uri()},
        {"$id": tmp_path.as_uri() + "/", "$ref": "credentials.json"},
        {"$ref": str(secret)},
        {"$schema": secret.as_uri()},
    ):
        with pytest.raises(SchemaError) as caught:
            compile_schema(schema)
        assert "TOP-SECRET" not in repr(caught.value) + repr(caught.value.__cause__)


def test_the_error_says_what_to_do() -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema({"properties": {"a": {"$ref": "https://example.com/s.json#/a"}}})
    assert caught.value.pointer == "/properties/a/$ref"
    assert "never fetched: put the definition under $defs" in str(caught.value)
    with pytest.raises(
        SchemaError, match="leads to #/\\$defs/nobody, where the schema has nothing"
    ):
        compile_schema({"$defs": {}, "$ref": "#/$defs/nobody"})
    with pytest.raises(SchemaError, match="names an anchor that does not exist"):
        compile_schema({"$ref": "#nobody"})
    with pytest.raises(SchemaError, match="leads to something that is no schema"):
        compile_schema({"$ref": "#/required", "required": ["a"]})
    with pytest.raises(SchemaError, match="not percent-encoded correctly"):
        compile_schema({"$ref": "#/%zz"})


LOCAL: list[dict[str, Any]] = [
    {"$defs": {"a": {"type": "null"}}, "$ref": "#/$defs/a"},
    {"$defs": {"a b/~": {"type": "null"}}, "$ref": "#/$defs/a%20b~1~0"},
    {"$defs": {"a": {"$anchor": "here", "type": "null"}}, "$ref": "#here"},
    {"$id": "http://x.example/y", "$defs": {"a": {"$anchor": "q", "type": "null"}}, "$ref": "y#q"},
    {"$id": "urn:x:y", "$defs": {"a": {"type": "null"}}, "$ref": "urn:x:y#/$defs/a"},
    {"$defs": {"a": {"$id": "http://x.example/a", "type": "null"}}, "$ref": "http://x.example/a"},
    {"$defs": {"a": {"$id": "z", "type": "null"}}, "$ref": "z"},
    {"x-own": {"a": [{"type": "null"}]}, "$ref": "#/x-own/a/0"},
    {"allOf": [{"type": "null"}], "anyOf": [{"$ref": "#/allOf/0"}]},
    {"$defs": {"a": {"$dynamicAnchor": "n", "type": "null"}}, "$dynamicRef": "#n"},
    {"$schema": DRAFT_7, "definitions": {"a": {"$id": "#n", "type": "null"}}, "$ref": "#n"},
    {"$schema": DRAFT_4, "definitions": {"a": {"id": "z", "type": "null"}}, "$ref": "z"},
]


@pytest.mark.parametrize("schema", LOCAL)
def test_references_inside_the_document_are_followed(schema: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    assert compiled.is_valid(None)
    assert [v.path for v in compiled.violations(1)] == ["$"] * len(compiled.violations(1))
    assert compiled.violations(1)[0].keyword == "type"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_meta_schema_of_the_own_dialect_needs_no_fetching(dialect: Any) -> None:
    compiled = compile_schema({"$schema": dialect.uri, "properties": {"s": {"$ref": dialect.uri}}})
    assert compiled.is_valid({"s": {"type": "object"}})
    (violation,) = compiled.violations({"s": {"type": "obj"}})
    assert (violation.path, violation.expected) == ("$.s", "a valid JSON Schema")


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"$id": "urn:x"}, "b": {"$id": "urn:x"}}},
        {"$defs": {"a": {"$id": "http://x/b"}, "b": {"$id": "HTTP://X:80/%62"}}},
        {"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}},
        {"$id": DEFAULT.uri},
    ],
)
def test_names_given_twice_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        compile_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}},
        {"if": {"$ref": "#"}},
        {"dependentSchemas": {"x": {"$ref": "#"}}},
    ],
)
def test_a_reference_back_to_itself_at_the_same_value_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="without end"):
        compile_schema(schema)


def test_recursion_into_the_value_is_fine() -> None:
    tree = compile_schema(
        {
            "type": "object",
            "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
            "additionalProperties": False,
        }
    )
    assert tree.is_valid({"left": {"left": {}, "right": {}}})
    assert [v.path for v in tree.violations({"left": {"right": {"rigth": {}}}})] == ["$.left.right"]
