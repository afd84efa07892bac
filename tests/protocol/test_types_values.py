"""What the types check by themselves, and how they are written."""

from typing import Any, get_args

import msgspec
import pytest

from interlock.protocol.json import encode
from interlock.protocol.types import form_schema
from interlock.protocol.types.base import UNSET, Icon, Implementation, wire_name
from interlock.protocol.types.capabilities import (
    ClientCapabilities,
    ClientTasksCapability,
    ElicitationCapability,
    ServerCapabilities,
    ToolsCapability,
)
from interlock.protocol.types.content import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    TextContent,
    UnknownContent,
)
from interlock.protocol.types.decoding import decode_as, decode_strict
from interlock.protocol.types.elicitation import ElicitRequestParams, ElicitResult
from interlock.protocol.types.logging import LOGGING_LEVELS, SEVERITY, LoggingLevel
from interlock.protocol.types.mrtr import InputRequiredResult
from interlock.protocol.types.prompts import PromptMessage
from interlock.protocol.types.resources import (
    ListResourcesResult,
    ReadResourceResult,
    ResourceContents,
)
from interlock.protocol.types.roots import Root
from interlock.protocol.types.tools import CallToolResult

# How they are written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "member"),
    [
        ("name", "name"),
        ("mime_type", "mimeType"),
        ("last_updated_at", "lastUpdatedAt"),
        ("meta", "_meta"),
        ("list_", "list"),
    ],
)
def test_attributes_and_members(attribute: str, member: str) -> None:
    assert wire_name(attribute) == member


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (TextContent("a"), b'{"type":"text","text":"a"}'),
        (ImageContent("A", "image/png"), b'{"type":"image","data":"A","mimeType":"image/png"}'),
        (AudioContent("A", "audio/wav"), b'{"type":"audio","data":"A","mimeType":"audio/wav"}'),
        (
            EmbeddedResource(ResourceContents("file:///a", text="")),
            b'{"type":"resource","resource":{"uri":"file:///a","text":""}}',
        ),
        (
            PromptMessage("user", TextContent("a")),
            b'{"role":"user","content":{"type":"text","text":"a"}}',
        ),
        (Implementation("n", "1"), b'{"name":"n","version":"1"}'),
        (Icon("https://a/b", theme="dark"), b'{"src":"https://a/b","theme":"dark"}'),
        (Root("file:///a"), b'{"uri":"file:///a"}'),
        (CallToolResult(content=[]), b'{"content":[]}'),
        (ServerCapabilities(tools=ToolsCapability(), logging={}), b'{"logging":{},"tools":{}}'),
    ],
)
def test_unset_members_are_not_written(value: msgspec.Struct, text: bytes) -> None:
    members = msgspec.json.decode(text)
    assert msgspec.json.decode(encode(value)) == members
    assert decode_strict(type(value), text) == value


def test_an_unknown_block_is_written_among_others() -> None:
    result = CallToolResult(content=[TextContent("a"), UnknownContent(b'{"type": "new"}')])
    assert encode(result) == b'{"content":[{"type":"text","text":"a"},{"type": "new"}]}'


def test_values_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        TextContent("a").text = "b"  # pyright: ignore[reportAttributeAccessIssue]  # the point


# Checks of their own ------------------------------------------------------------------------------


@pytest.mark.spec("PROM-15")
def test_contents_are_either_text_or_blob() -> None:
    with pytest.raises(ValueError, match="either `text` or `blob`"):
        ResourceContents("file:///a")
    with pytest.raises(ValueError, match="either `text` or `blob`"):
        ResourceContents("file:///a", text="a", blob="YQ==")
    with pytest.raises(msgspec.ValidationError, match=r"either .* - at `\$\.contents\[0\]`"):
        decode_strict(ReadResourceResult, b'{"contents":[{"uri":"a","text":"","blob":""}]}')


def test_an_elicitation_has_what_its_mode_needs() -> None:
    assert ElicitRequestParams(message="m", requested_schema={}).mode is UNSET
    assert ElicitRequestParams(message="m", mode="url", url="https://a").url == "https://a"
    with pytest.raises(ValueError, match="`requestedSchema`"):
        ElicitRequestParams(message="m", url="https://a")
    with pytest.raises(ValueError, match="`requestedSchema`"):
        ElicitRequestParams(message="m", mode="form")
    with pytest.raises(ValueError, match="`url`"):
        ElicitRequestParams(message="m", mode="url", requested_schema={})


def test_a_result_that_asks_has_a_question_or_a_state() -> None:
    assert InputRequiredResult(request_state="s").input_requests is UNSET
    assert InputRequiredResult(input_requests={}).request_state is UNSET
    with pytest.raises(ValueError, match="`inputRequests` or `requestState`"):
        InputRequiredResult()


def test_answers_of_a_form_may_be_fractions() -> None:
    text = b'{"action":"accept","content":{"n":72.5,"i":1,"b":true,"s":"x","l":["a"]}}'
    result = decode_strict(ElicitResult, text)
    assert result.content == {"n": 72.5, "i": 1, "b": True, "s": "x", "l": ["a"]}
    assert encode(result) == text


@pytest.mark.parametrize("value", [b"null", b"{}", b"[1]"])
def test_answers_of_a_form_are_flat(value: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"`\$\.content"):
        decode_strict(ElicitResult, b'{"action":"accept","content":{"n":' + value + b"}}")


def test_flags_of_tasks_may_be_booleans() -> None:
    text = b'{"tasks":{"list":true,"cancel":{}}}'
    read = decode_strict(ClientCapabilities, text)
    assert read.tasks == ClientTasksCapability(list_=True, cancel={})
    assert encode(read) == text


def test_an_empty_elicitation_capability_differs_from_absence() -> None:
    assert decode_strict(ClientCapabilities, b'{"elicitation":{}}').elicitation == (
        ElicitationCapability()
    )
    assert decode_strict(ClientCapabilities, b"{}").elicitation is UNSET


@pytest.mark.spec("CACHE-09")
def test_a_negative_time_to_live_does_not_fail_the_result() -> None:
    assert decode_strict(ReadResourceResult, b'{"contents":[],"ttlMs":-1}').ttl_ms == -1


@pytest.mark.parametrize("cursor", [b"5", b"{}", b"[]", b"true"])
def test_a_cursor_is_a_string(cursor: bytes) -> None:
    text = b'{"resources":[],"nextCursor":' + cursor + b"}"
    with pytest.raises(msgspec.ValidationError, match=r"`\$\.nextCursor`"):
        decode_as(ListResourcesResult, text)


def test_levels_are_ranked_from_debug_to_emergency() -> None:
    assert get_args(LoggingLevel) == LOGGING_LEVELS
    assert sorted(LOGGING_LEVELS, key=SEVERITY.__getitem__) == list(LOGGING_LEVELS)
    assert SEVERITY["debug"] < SEVERITY["warning"] < SEVERITY["emergency"]


# Fields of forms ----------------------------------------------------------------------------------

OPTION = {"const": "a", "title": "A"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, form_schema.StringSchema),
        ({"type": "string", "pattern": "^a", "x": 1}, form_schema.StringSchema),
        ({"type": "number"}, form_schema.NumberSchema),
        ({"type": "integer", "maximum": 9.5}, form_schema.NumberSchema),
        ({"type": "boolean", "default": True}, form_schema.BooleanSchema),
        ({"type": "string", "enum": ["a"]}, form_schema.UntitledSingleSelectEnumSchema),
        (
            {"type": "string", "enum": ["a"], "enumNames": ["A"]},
            form_schema.LegacyTitledEnumSchema,
        ),
        ({"type": "string", "oneOf": [OPTION]}, form_schema.TitledSingleSelectEnumSchema),
        (
            {"type": "array", "items": {"type": "string", "enum": ["a"]}},
            form_schema.UntitledMultiSelectEnumSchema,
        ),
        ({"type": "array", "items": {"anyOf": [OPTION]}}, form_schema.TitledMultiSelectEnumSchema),
    ],
)
def test_a_field_is_read_as_what_it_is(schema: dict[str, Any], expected: type) -> None:
    field = form_schema.read_field(schema)
    assert type(field) is expected
    written = msgspec.json.decode(encode(field))
    assert written == {key: value for key, value in schema.items() if key != "x"}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "properties": {}}, r"Expected `type` to be .* at `\$\.type`"),
        ({}, "Expected `type` to be"),
        ({"type": ["string", "null"]}, "Expected `type` to be"),
        ({"type": "array"}, "`items`"),
        ({"type": "array", "items": {"type": "number"}}, r"\$\.items"),
        ({"type": "string", "enum": [1]}, r"\$\.enum\[0\]"),
        ({"type": "string", "format": "ipv4"}, r"\$\.format"),
    ],
)
def test_what_no_field_may_be_is_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        form_schema.read_field(schema)
