"""Everything that the rich server says, judged by the published schema of each revision."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, cast

import jsonschema_rs
import pytest

from tests.protocol.wire_schemas import FOLDER, REVISIONS, definitions, validator
from tests.servers.rich import server
from tests.support.aio import run
from tests.support.inprocess import connected

LISTS = {
    "tools/list": "ListToolsResult",
    "prompts/list": "ListPromptsResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
}
CALLS: list[tuple[str, dict[str, Any]]] = [
    *[("tools/call", {"name": name}) for name in ("numbers", "maybe", "nothing", "blocks")],
    *[("tools/call", {"name": name}) for name in ("sound", "link", "whole", "fail", "crash")],
    ("tools/call", {"name": "report", "arguments": {"city": "Oslo"}}),
    ("tools/call", {"name": "report", "arguments": {"town": "Oslo", "days": "x"}}),
    ("tools/call", {"name": "echo", "arguments": {"text": "\u0000\u2028\n😀"}}),
    ("tools/call", {"name": "maybe", "arguments": {"value": 7}}),
    ("tools/call", {"name": "whole", "arguments": {"structured": False, "is_error": True}}),
    ("tools/call", {"name": "by_hand", "arguments": {"name": "x", "parts": [1, 2]}}),
    ("tools/call", {"name": "by_hand", "arguments": {"name": "X", "more": 1}}),
    *[("resources/read", {"uri": f"memo://{name}"}) for name in ("one", "raw", "data", "both")],
    ("resources/read", {"uri": "memo://picture"}),
    ("resources/read", {"uri": "memo://me/items/7?lang=no"}),
    ("prompts/get", {"name": "briefing", "arguments": {"city": "Oslo", "days": "3"}}),
    ("prompts/get", {"name": "gallery"}),
]
FAILURES: list[tuple[str, dict[str, Any]]] = [
    ("tools/call", {"name": "missing"}),
    ("tools/call", {"name": "refuse", "arguments": {"code": 7, "data": {"a": [1]}}}),
    ("resources/read", {"uri": "memo://missing"}),
    ("resources/read", {"uri": "memo://me/items/100"}),
    ("resources/read", {"uri": "memo://broken"}),
    ("prompts/get", {"name": "missing"}),
    ("prompts/get", {"name": "briefing"}),
    ("prompts/get", {"name": "refusing"}),
    ("tools/list", {"cursor": "forged"}),
    ("no/such", {}),
]
RESULTS = {
    "tools/call": "CallToolResult",
    "resources/read": "ReadResourceResult",
    "prompts/get": "GetPromptResult",
} | LISTS


class Said(NamedTuple):
    """An answer of the server, and what it answers."""

    method: str
    params: dict[str, Any]
    answer: dict[str, Any]


@cache
def said(revision: str) -> tuple[Said, ...]:
    """Every answer of the server in a revision."""

    async def ask() -> tuple[Said, ...]:
        async with connected(server) as client:
            await client.open(revision)
            questions = [*[(method, dict[str, Any]()) for method in LISTS], *CALLS, *FAILURES]
            return tuple([Said(m, p, await client.speak(m, p)) for m, p in questions])

    return run(ask())


def results(revision: str) -> Iterator[Said]:
    return (one for one in said(revision) if "result" in one.answer)


@cache
def closed(revision: str, label: str) -> jsonschema_rs.Validator:
    """The judge of a definition that also refuses members that the schema does not name.

    Objects whose members are anybody's stay open: `_meta`, schemas, structured values.
    """
    document = json.loads((FOLDER / revision / "schema.json").read_bytes())
    place = "$defs" if "$defs" in document else "definitions"
    everything = {
        name: schema if name.endswith("MetaObject") else _closed(schema)
        for name, schema in definitions(revision).items()
    }
    modern = place == "$defs"
    dialect = jsonschema_rs.Draft202012Validator if modern else jsonschema_rs.Draft7Validator
    return dialect({"$ref": f"#/{place}/{label}", place: everything})


OPEN = {"_meta", "inputSchema", "outputSchema", "structuredContent", "experimental"}


def _closed(schema: Any) -> Any:
    """The schema with no more members than it names; `_meta` is allowed everywhere."""
    if isinstance(schema, list):
        return [_closed(part) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    found = cast("dict[str, Any]", schema)
    if "properties" not in found:
        return {key: _closed(value) for key, value in found.items()}
    properties = {
        name: part if name in OPEN else _closed(part) for name, part in found["properties"].items()
    }
    properties.setdefault("_meta", {"type": "object"})
    return {**found, "properties": properties, "additionalProperties": False}


@pytest.mark.spec(
    *("B-IDX-07", "B-IDX-08", "L0618-OUT-01", "PROM-06", "TOOLS-10", "TOOLS-11", "RES-08")
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_results_fit_the_schema_of_their_revision(revision: str) -> None:
    for one in results(revision):
        validator(revision, RESULTS[one.method]).validate(one.answer["result"])


@pytest.mark.parametrize("revision", REVISIONS)
def test_results_have_no_member_that_their_revision_does_not_name(revision: str) -> None:
    for one in results(revision):
        closed(revision, RESULTS[one.method]).validate(one.answer["result"])
