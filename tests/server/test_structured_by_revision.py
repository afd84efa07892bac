"""Structured values fit the output schema that a client of the same revision was shown."""

from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest

from interlock import Server, ToolResult
from interlock.protocol.json import encode
from interlock.protocol.revisions import REVISIONS
from interlock.protocol.revisions.downgrade import wrap_schema
from tests.support.aio import run
from tests.support.inprocess import connected


@dataclass
class Place:
    name: str


@dataclass
class Fault:
    reason: str


def offering() -> Server:
    server = Server("structured")

    @server.tool
    async def one_of_two(other: bool = False) -> Place | Fault:
        return Fault("x") if other else Place("a")

    @server.tool
    async def perhaps(other: bool = False) -> Place | None:
        return None if other else Place("a")

    @server.tool
    async def some(other: bool = False) -> Place | list[Place]:
        return [Place("a")] if other else Place("a")

    @server.tool
    async def always(other: bool = False) -> Place:
        return Place("b" if other else "a")

    @server.tool
    async def mapping(other: bool = False) -> dict[str, int]:
        return {} if other else {"a": 1}

    def by_hand(other: bool = False) -> Any:
        return [{"name": "a"}] if other else {"name": "a"}

    def whole(other: bool = False) -> ToolResult:
        return ToolResult("text", structured=by_hand(other))

    place = {"type": "object", "required": ["name"]}
    given = {"type": "object", "properties": {"other": {"type": "boolean"}}}
    schemas: list[dict[str, Any]] = [
        {"anyOf": [place, {"type": "array", "items": {"$ref": "#"}}]},
        {"anyOf": [{"$ref": "#/$defs/P"}, {"type": "array"}], "$defs": {"P": place}},
        {},
    ]
    for index, schema in enumerate(schemas):
        server.add_tool(by_hand, name=f"h{index}", input_schema=given, output_schema=schema)
        server.add_tool(whole, name=f"w{index}", input_schema=given, output_schema=schema)
    assert one_of_two and perhaps and some and always and mapping
    return server


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_sent_fits_what_was_listed(revision: str) -> None:
    async def main() -> None:
        async with connected(offering()) as client:
            await client.open(revision)
            tools = (await client.speak("tools/list"))["result"]["tools"]
            shown = REVISIONS[revision].structured_output
            for tool in tools:
                assert ("outputSchema" in tool) is shown
                for other in (False, True):
                    call = {"name": tool["name"], "arguments": {"other": other}}
                    result = (await client.speak("tools/call", call))["result"]
                    assert "isError" not in result, result
                    assert ("structuredContent" in result) is shown
                    if shown:
                        jsonschema_rs.validate(tool["outputSchema"], result["structuredContent"])

    run(main())


CASES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "array", "items": {"$ref": "#"}}, [[], [[]]], [1]),
    ({"anyOf": [{"type": "array"}, {"$ref": "#/$defs/N"}], "$defs": {"N": {"type": "null"}}},
     None, 1),
    ({"$id": "https://x.example/s", "$defs": {"N": {"type": "null"}}, "$ref": "#/$defs/N"},
     None, 1),
    ({"type": "array", "prefixItems": [{"type": "null"}, {"$ref": "#/prefixItems/0"}]},
     [None, None], [None, 1]),
    ({"enum": [{"$ref": "#"}, 2]}, {"$ref": "#"}, {"$ref": "#/properties/result"}),
    ({"anyOf": [{"type": "null"}, {"properties": {"$ref": {"type": "string"}, "const": {
        "$ref": "#"}}, "type": "object"}]}, {"$ref": "#", "const": {"const": None}},
     {"const": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "fits", "fails"), CASES)
def test_a_wrapped_schema_means_what_it_meant(
    schema: dict[str, Any], fits: Any, fails: Any
) -> None:
    before = encode(schema)
    wrapped = wrap_schema(schema)
    assert encode(schema) == before
    assert wrapped["type"] == "object"
    for value, expected in ((fits, True), (fails, False)):
        assert jsonschema_rs.is_valid(schema, value) is expected
        assert jsonschema_rs.is_valid(wrapped, {"result": value}) is expected
