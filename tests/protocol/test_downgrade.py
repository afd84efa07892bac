"""Results of the newest form made fit for older revisions: valid there, and no more lost."""

import json
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.protocol.json import Preserialized, Raw, encode
from interlock.protocol.payload import Payload
from interlock.protocol.revisions import LEGACY, REVISIONS
from interlock.protocol.revisions.downgrade import (
    WRAP_KEY,
    downgrade_block,
    downgrade_capabilities,
    downgrade_info,
    downgrade_result,
    wrap_schema,
    wraps,
)
from interlock.protocol.types.content import TextContent
from interlock.protocol.types.tools import CallToolResult
from tests.protocol.wire_schemas import definitions, strategies, validator
from tests.support.counts import count
from tests.support.schema_strategies import JSON

EXAMPLES = count(20, 400)
RESULTS = {
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "completion/complete": "CompleteResult",
}
NEWEST = "2026-07-28"


def native(method: str) -> st.SearchStrategy[dict[str, Any]]:
    """Results as the newest schema has them."""
    return strategies(NEWEST).of(definitions(NEWEST, patched=True)[RESULTS[method]])


def downgraded(method: str, result: Any, revision: str) -> dict[str, Any]:
    return json.loads(downgrade_result(method, Payload(result), REVISIONS[revision]))


@pytest.mark.soak
@pytest.mark.parametrize("revision", LEGACY)
@pytest.mark.parametrize("method", RESULTS)
def test_every_result_fits_every_older_schema(method: str, revision: str) -> None:
    judge = validator(revision, RESULTS[method])

    @settings(max_examples=EXAMPLES)
    @given(native(method))
    def check(result: dict[str, Any]) -> None:
        before = deepcopy(result)
        after = downgraded(method, result, revision)
        judge.validate(after)
        assert result == before, "the native result was changed"
        assert not {"resultType", "ttlMs", "cacheScope"} & after.keys()
        assert "io.modelcontextprotocol/serverInfo" not in after.get("_meta", {})
        assert downgraded(method, after, revision) == after, "twice is once"

    check()


@pytest.mark.soak
@pytest.mark.parametrize("method", RESULTS)
def test_the_revision_before_loses_only_what_is_new(method: str) -> None:
    @settings(max_examples=EXAMPLES)
    @given(native(method))
    def check(result: dict[str, Any]) -> None:
        after = downgraded(method, result, "2025-11-25")
        for name in ("resultType", "ttlMs", "cacheScope", "inputRequests", "requestState"):
            result.pop(name, None)
        for one in (after, result):
            one.pop("_meta", None)
        structured = result.get("structuredContent", {})
        if not isinstance(structured, dict):
            result["structuredContent"] = {WRAP_KEY: structured}
        for tool in result.get("tools", ()):
            if "outputSchema" in tool and wraps(tool["outputSchema"]):
                tool["outputSchema"] = wrap_schema(tool["outputSchema"])
        assert after == result

    check()


def test_meta_keeps_what_is_not_the_edges() -> None:
    own = {"com.example/a": 1}
    info = {"io.modelcontextprotocol/serverInfo": {"name": "x", "version": "1"}}
    for meta, kept in ((own | info, own), (own, own), (info, None), ({}, None)):
        after = downgraded("tools/call", {"content": [], "_meta": meta}, "2025-11-25")
        assert after.get("_meta") == kept
    after = downgraded("tools/call", {"content": []}, "2025-11-25")
    assert after == {"content": []}


# Structured values


INTEGERS: dict[str, Any] = {"type": "array", "items": {"type": "integer"}}
SCHEMAS: dict[str, dict[str, Any]] = {
    "anything": {},
    "integers": INTEGERS,
    "scalar": {"type": "string", "maxLength": 2},
    "several types": {"type": ["object", "null"], "required": ["a"]},
    "alternatives": {"anyOf": [{"type": "integer"}, {"type": "object", "required": ["a"]}]},
    "itself": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]},
    "definitions": {
        "type": "array",
        "items": {"$ref": "#/$defs/item"},
        "$defs": {"item": {"type": "array", "items": {"$ref": "#/$defs/leaf"}}, "leaf": INTEGERS},
    },
    "a part of itself": {
        "type": "array",
        "prefixItems": [{"type": "integer"}],
        "items": {"$ref": "#/prefixItems/0"},
    },
    "an identifier": {
        "$id": "https://example.com/schema",
        "type": "array",
        "items": {"$ref": "#/$defs/item"},
        "$defs": {"item": {"anyOf": [{"type": "integer"}, {"$ref": "#"}]}},
    },
    "an anchor": {"$anchor": "me", "type": "array", "items": {"$ref": "#me"}},
    "a moving anchor": {"$dynamicAnchor": "me", "type": "array", "items": {"$dynamicRef": "#me"}},
    "a declared dialect": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "array",
        "prefixItems": [{"type": "string"}],
        "items": False,
    },
    "an older dialect": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array",
        "items": [{"type": "string"}, {"$ref": "#/definitions/number"}],
        "additionalItems": False,
        "definitions": {"number": {"type": "integer"}},
    },
    "an older dialect of itself": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}],
    },
    "names like keywords": {
        "type": ["array", "object"],
        "properties": {"$ref": {"$ref": "#/items"}, "enum": {"const": {"$ref": "#"}}},
        "items": {"enum": [{"$ref": "#"}, 1]},
    },
}
VALUES: tuple[Any, ...] = (
    *(None, 1, "ab", "abc", [], [1], ["a", 1], ["a", "a"], [[1]], [[[1]]], [1, "a"]),
    *({}, {"a": 1}, {"$ref": 1}, {"$ref": 2}, {"enum": {"$ref": "#"}}, {"enum": 1}),
    *([{"$ref": "#"}], {WRAP_KEY: [1]}),
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_wrapped_schema_takes_what_the_schema_took(name: str) -> None:
    schema = SCHEMAS[name]
    before = deepcopy(schema)
    wrapped = wrap_schema(schema)
    assert schema == before
    assert wraps(schema)
    assert not wraps(wrapped)
    assert wrapped.get("$schema") == schema.get("$schema")
    jsonschema_rs.meta.validate(wrapped)
    plain, around = jsonschema_rs.validator_for(schema), jsonschema_rs.validator_for(wrapped)
    taken = [plain.is_valid(value) for value in VALUES]
    assert [around.is_valid({WRAP_KEY: value}) for value in VALUES] == taken
    assert name == "anything" or len(set(taken)) == 2, "the values tell the schemas apart"
    assert not around.is_valid({})


@given(JSON)
def test_structured_values_are_wrapped_as_their_schema_is(value: Any) -> None:
    """A value of a schema that is wrapped is wrapped, an object too; others are as they were."""
    raw = encode(value)
    for revision in ("2025-06-18", "2025-11-25"):
        # What tools give: `Raw` where the schema's root is an object, else `Preserialized`.
        wrapped = CallToolResult(content=[], structured_content=Preserialized(raw))
        assert downgraded("tools/call", wrapped, revision)["structuredContent"] == {WRAP_KEY: value}
        if isinstance(value, dict):
            plain = CallToolResult(content=[], structured_content=Raw(raw))
            assert downgraded("tools/call", plain, revision)["structuredContent"] == value
    for revision in ("2024-11-05", "2025-03-26"):
        result = CallToolResult(content=[], structured_content=Preserialized(raw))
        after = downgraded("tools/call", result, revision)
        assert "structuredContent" not in after
        assert json.loads(after["content"][0]["text"]) == value
        told = CallToolResult(content=[TextContent("told")], structured_content=Preserialized(raw))
        assert downgraded("tools/call", told, revision)["content"] == [
            {"type": "text", "text": "told"}
        ]


# Blocks


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from(LEGACY),
    strategies(NEWEST).named("ContentBlock"),
)
def test_blocks_become_blocks_of_the_revision(name: str, block: dict[str, Any]) -> None:
    before, revision = deepcopy(block), REVISIONS[name]
    after = downgrade_block(block, revision)
    assert block == before
    assert after
    kinds = {"text", "image", "resource"}
    kinds |= {"audio"} if revision.audio else set()
    kinds |= {"resource_link"} if revision.resource_links else set()
    for one in after:
        assert one["type"] in kinds
        assert revision.icons or "icons" not in one
        assert revision.last_modified or "lastModified" not in one.get("annotations", {})
    if block["type"] in kinds:
        assert len(after) == 1
        kept = {k: v for k, v in block.items() if k not in ("icons", "annotations")}
        assert {k: v for k, v in after[0].items() if k not in ("icons", "annotations")} == kept


def test_sound_is_embedded_where_there_is_none() -> None:
    block = {"type": "audio", "data": "AAEC", "mimeType": "audio/x", "annotations": {"priority": 1}}
    text, embedded = downgrade_block(block, REVISIONS["2024-11-05"])
    assert "audio/x" in text["text"]
    assert embedded["type"] == "resource"
    assert embedded["resource"]["blob"] == "AAEC"
    assert embedded["resource"]["mimeType"] == "audio/x"
    assert ":" in embedded["resource"]["uri"]


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ({"uri": "a:b", "name": "n"}, "n\na:b"),
        ({"uri": "a:b", "name": "n", "title": "t"}, "t\na:b"),
        ({"uri": "a:b", "name": "n", "title": "", "description": "d"}, "n\na:b\nd"),
    ],
)
def test_links_are_told_where_there_are_none(link: dict[str, Any], text: str) -> None:
    block = {"type": "resource_link", **link}
    for revision in ("2024-11-05", "2025-03-26"):
        assert downgrade_block(block, REVISIONS[revision]) == [{"type": "text", "text": text}]
    assert downgrade_block(block, REVISIONS["2025-06-18"]) == [block]


def test_an_unknown_block_is_left_alone() -> None:
    block: dict[str, Any] = {"type": "hologram", "data": 1, "icons": []}
    assert downgrade_block(block, REVISIONS["2025-11-25"]) == [block]


# Names, titles, who the server is


def test_a_tools_title_is_among_its_hints_where_there_are_no_titles() -> None:
    def tool(**more: Any) -> dict[str, Any]:
        return {"tools": [{"name": "a", "inputSchema": {"type": "object"}, **more}]}

    def only(result: dict[str, Any], revision: str) -> Any:
        (found,) = downgraded("tools/list", result, revision)["tools"]
        return found

    assert only(tool(title="T"), "2025-03-26")["annotations"] == {"title": "T"}
    hints = {"readOnlyHint": True, "title": "H"}
    assert only(tool(title="T", annotations=hints), "2025-03-26")["annotations"] == hints
    assert "annotations" not in only(tool(title="T", annotations=hints), "2024-11-05")
    assert only(tool(title="T", annotations=hints), "2025-06-18") == (
        {"name": "a", "inputSchema": {"type": "object"}, "title": "T", "annotations": hints}
    )


@pytest.mark.parametrize("revision", LEGACY)
@given(strategies(NEWEST).named("Implementation"), strategies(NEWEST).named("ServerCapabilities"))
def test_the_introduction_fits_the_schema(
    revision: str, info: dict[str, Any], capabilities: dict[str, Any]
) -> None:
    row = REVISIONS[revision]
    result: dict[str, Any] = {
        "protocolVersion": revision,
        "capabilities": downgrade_capabilities(capabilities, row),
        "serverInfo": downgrade_info(info, row),
    }
    validator(revision, "InitializeResult").validate(result)
    assert result["serverInfo"].keys() <= info.keys()
    assert "extensions" not in result["capabilities"]
    if revision == "2024-11-05":
        assert not {"title", "icons", "description", "websiteUrl"} & result["serverInfo"].keys()
        assert "completions" not in result["capabilities"]


def test_a_form_is_made_once_where_it_is_kept() -> None:
    payload = Payload({"tools": [], "ttlMs": 1})
    payload.forms = {}
    first = downgrade_result("tools/list", payload, REVISIONS["2025-06-18"])
    assert downgrade_result("tools/list", payload, REVISIONS["2025-06-18"]) is first
    assert payload.forms == {"2025-06-18": first}
    unkept = Payload({"tools": []})
    downgrade_result("tools/list", unkept, REVISIONS["2025-06-18"])
    assert unkept.forms is None
