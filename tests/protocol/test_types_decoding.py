"""Decoding keeps what it does not know, forgives three things, and refuses the rest shortly."""

import json
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from interlock.protocol.json import encode
from interlock.protocol.types.base import UNSET, RequestMeta, RequestParams
from interlock.protocol.types.content import (
    AudioContent,
    Content,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    SamplingMessageContentBlock,
    TextContent,
    ToolResultContent,
    ToolUseContent,
    UnknownContent,
)
from interlock.protocol.types.decoding import (
    decode_as,
    decode_block,
    decode_blocks,
    decode_lenient,
    decode_strict,
)
from interlock.protocol.types.mrtr import InputRequiredResult
from interlock.protocol.types.prompts import GetPromptResult, PromptMessage
from interlock.protocol.types.resources import ReadResourceResult
from interlock.protocol.types.sampling import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
)
from interlock.protocol.types.tools import CallToolRequestParams, CallToolResult, ListToolsResult
from tests.protocol.wire_schemas import strategies, validator
from tests.protocol.wire_types import STRUCTS, is_struct
from tests.support.counts import count
from tests.support.schema_strategies import JSON

NEWEST = "2026-07-28"

NEW_TYPE = b'{ "type": "hologram",\n  "frames": [1, 2.50, "\\u00e9"], "data" :null}'
MISFIT = b'{"type":"image","data":"AA=="}'
TEXT = b'{"type":"text","text":"hello"}'

# Unknown content ----------------------------------------------------------------------------------


def test_an_unknown_block_does_not_cost_the_known_ones() -> None:
    result = decode_as(CallToolResult, b'{"content":[' + TEXT + b"," + NEW_TYPE + b"]}")
    assert result.content == [TextContent("hello"), UnknownContent(NEW_TYPE)]


def test_a_block_that_does_not_fit_its_type_is_unknown_content() -> None:
    result = decode_as(CallToolResult, b'{"content":[' + MISFIT + b"," + TEXT + b"]}")
    assert result.content == [UnknownContent(MISFIT), TextContent("hello")]


@pytest.mark.parametrize("block", [NEW_TYPE, MISFIT])
def test_an_unknown_block_is_written_byte_for_byte(block: bytes) -> None:
    text = b'{"content":[' + block + b"," + TEXT + b'],"isError":false}'
    assert encode(decode_as(CallToolResult, text)) == text


@pytest.mark.parametrize(
    ("into", "text"),
    [
        (CallToolResult, b'{"content":[%s]}'),
        (PromptMessage, b'{"role":"user","content":%s}'),
        (GetPromptResult, b'{"messages":[{"role":"user","content":%s}]}'),
        (CreateMessageResult, b'{"role":"assistant","content":%s,"model":"m"}'),
        (CreateMessageResult, b'{"role":"assistant","content":[%s],"model":"m"}'),
        (CreateMessageRequestParams, b'{"messages":[{"role":"user","content":%s}],"maxTokens":1}'),
        (
            InputRequiredResult,
            b'{"inputRequests":{"a":{"method":"sampling/createMessage","params":'
            b'{"messages":[{"role":"user","content":[%s]}],"maxTokens":1}}}}',
        ),
        (
            CreateMessageResult,
            b'{"role":"user","content":{"type":"tool_result","toolUseId":"1","content":[%s]},'
            b'"model":"m"}',
        ),
    ],
)
def test_every_place_that_holds_content_keeps_an_unknown_block(
    into: type[Any], text: bytes
) -> None:
    text = text.replace(b"%s", NEW_TYPE)
    with pytest.raises(msgspec.ValidationError):
        decode_strict(into, text)
    assert encode(decode_as(into, text)) == text


def test_content_inside_a_tool_result_is_kept_block_by_block() -> None:
    block = b'{"type":"tool_result","toolUseId":"1","content":[' + NEW_TYPE + b"," + TEXT + b"]}"
    text = b'{"role":"user","content":[' + block + b'],"model":"m"}'
    result = decode_as(CreateMessageResult, text)
    assert result.content == [
        ToolResultContent(tool_use_id="1", content=[UnknownContent(NEW_TYPE), TextContent("hello")])
    ]


def test_a_block_for_tools_is_unknown_in_a_prompt() -> None:
    block = b'{"type":"tool_use","id":"1","name":"n","input":{}}'
    text = b'{"role":"user","content":' + block + b"}"
    assert decode_as(PromptMessage, text).content == UnknownContent(block)


@pytest.mark.parametrize("block", [b"5", b'"text"', b"null", b"[]", b"true"])
def test_what_is_no_object_is_no_block(block: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `object`, .*`\$\.content\[1\]`"):
        decode_as(CallToolResult, b'{"content":[' + TEXT + b"," + block + b"]}")
    with pytest.raises(msgspec.ValidationError, match="Expected `object`"):
        decode_block(block)


def blocks() -> st.SearchStrategy[bytes]:
    """The JSON of a block: one of the newest schema, one of no type, one that misfits."""
    known = strategies(NEWEST).named("ContentBlock")
    objects = st.dictionaries(st.sampled_from(["type", "text", "data", "é"]), JSON)
    unknown = objects.filter(lambda block: not validator(NEWEST, "ContentBlock").is_valid(block))
    layout = st.sampled_from([None, 1])
    return st.tuples(known | unknown, layout).map(
        lambda made: json.dumps(made[0], indent=made[1], ensure_ascii=False).encode()
    )


@pytest.mark.soak
@settings(max_examples=count(60, 2_000))
@given(st.lists(blocks(), max_size=4))
def test_of_any_list_of_objects_each_is_read_or_kept(made: list[bytes]) -> None:
    read = decode_blocks(b"[" + b" ,".join(made) + b"]")
    assert len(read) == len(made)
    for text, block in zip(made, read, strict=True):
        assert block == decode_block(text)
        if validator(NEWEST, "ContentBlock").is_valid(json.loads(text)):
            assert isinstance(block, Content)
        if isinstance(block, UnknownContent):
            assert block.raw == text == encode(block)
            assert block.to_object() == json.loads(text)


def test_unknown_content_has_no_blanks_around_it() -> None:
    assert decode_block(b" \n" + NEW_TYPE + b"\t ") == UnknownContent(NEW_TYPE)


def test_unknown_content_tells_its_type() -> None:
    assert UnknownContent(NEW_TYPE).type == "hologram"
    assert UnknownContent(b'{"type":7}').type is None
    assert UnknownContent(b"{}").type is None


def test_unknown_content_is_its_text() -> None:
    assert UnknownContent(NEW_TYPE) == UnknownContent(memoryview(NEW_TYPE))
    assert UnknownContent(NEW_TYPE) != UnknownContent(MISFIT)
    assert len({UnknownContent(NEW_TYPE), UnknownContent(Raw(NEW_TYPE))}) == 1
    assert repr(UnknownContent(MISFIT)) == "UnknownContent(30 bytes)"


def test_unknown_content_does_not_keep_the_message_alive() -> None:
    block = decode_block(NEW_TYPE)
    assert isinstance(block, UnknownContent)
    assert type(block.raw) is bytes


@pytest.mark.spec("TOOLS-41", "L0326-AUD-01")
def test_the_decoded_unions_hold_the_blocks_of_the_specification() -> None:
    assert set(get_args(ContentBlock)) == {
        *(TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource),
    }
    assert set(get_args(SamplingMessageContentBlock)) == {
        *(TextContent, ImageContent, AudioContent, ToolUseContent, ToolResultContent),
    }


# The other two pardons ----------------------------------------------------------------------------


def test_a_call_result_without_content_has_none() -> None:
    assert decode_as(CallToolResult, b'{"structuredContent":{"a":1}}').content == []
    with pytest.raises(msgspec.ValidationError, match="missing required field `content`"):
        decode_strict(CallToolResult, b"{}")


def test_a_null_cursor_is_the_end_of_the_list() -> None:
    assert decode_as(ListToolsResult, b'{"tools":[],"nextCursor":null}').next_cursor is UNSET
    assert decode_as(ListToolsResult, b'{"tools":[],"nextCursor":""}').next_cursor == ""


CHECKED: dict[str, dict[str, Any]] = {
    "ResourceContents": {"blob": ""},
    "ElicitRequestParams": {"requestedSchema": {}},
    "InputRequiredResult": {"requestState": ""},
}
"""What structs with a check of their own want beside their required members."""

OPTIONAL = [
    pytest.param(name, field.encode_name, id=f"{name}.{field.encode_name}")
    for name, struct in sorted(STRUCTS.items())
    for field in msgspec.structs.fields(struct)
    if not field.required and field.encode_name not in CHECKED.get(name, {})
    if not {Any, Raw} & {field.type, *get_args(field.type)}
]
SAMPLES: dict[Any, Any] = {str: "", int: 1, float: 0.5, bool: True, dict: {}, list: [], Any: 1}


def sample(annotation: Any) -> Any:
    """A valid JSON value of a member's type."""
    if is_struct(annotation):
        return minimal(annotation)
    args = get_args(annotation)
    if (plain := get_origin(annotation) or annotation) in SAMPLES:
        return SAMPLES[plain]
    return sample(args[0]) if not isinstance(args[0], str) else args[0]


def minimal(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The smallest valid instance: required members, and what a check of its own wants."""
    found = {f.encode_name: sample(f.type) for f in msgspec.structs.fields(struct) if f.required}
    if struct.__struct_config__.tag_field and struct.__struct_config__.tag:
        found[struct.__struct_config__.tag_field] = struct.__struct_config__.tag
    return found | CHECKED.get(struct.__name__, {})


@pytest.mark.parametrize(("name", "member"), OPTIONAL)
def test_null_for_an_optional_member_is_its_absence(name: str, member: str) -> None:
    bare = minimal(STRUCTS[name])
    absent, null = json.dumps(bare).encode(), json.dumps({**bare, member: None}).encode()
    with pytest.raises(msgspec.ValidationError):
        decode_strict(STRUCTS[name], null)
    assert decode_as(STRUCTS[name], null) == decode_strict(STRUCTS[name], absent)


@pytest.mark.spec("TOOLS-45")
def test_null_that_is_a_value_stays_one() -> None:
    text = b'{"content":[],"structuredContent":null,"isError":null}'
    result = decode_as(CallToolResult, text)
    assert result.structured_content is None
    assert result.is_error is UNSET
    assert encode(result) == b'{"content":[],"structuredContent":null}'
    assert decode_as(CallToolResult, b'{"content":[]}').structured_content is UNSET


def test_null_for_a_required_member_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"`\$\.tools`"):
        decode_as(ListToolsResult, b'{"tools":null}')


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("into", "text", "message"),
    [
        (CallToolResult, b'{"content":5}', "Expected `array`, got `int` - at `$.content`"),
        (CallToolResult, b"[]", "Expected `object`, got `array`"),
        (
            GetPromptResult,
            b'{"messages":[{"role":"user","content":{"type":"new"}},{"role":"x","content":{}}]}',
            "Invalid enum value 'x' - at `$.messages[1].role`",
        ),
        (
            ListToolsResult,
            b'{"nextCursor":null,"tools":[{"name":"a","inputSchema":{},"icons":[{"src":1}]}]}',
            "Expected `str`, got `int` - at `$.tools[0].icons[0].src`",
        ),
        (
            ReadResourceResult,
            b'{"ttlMs":null,"contents":[{"uri":"a"}]}',
            "Expected either `text` or `blob` in the contents of a resource - at `$.contents[0]`",
        ),
        (
            InputRequiredResult,
            b'{"inputRequests":{"k":{"method":"elicitation/create","params":{"message":""}}}}',
            "Expected `requestedSchema` in an elicitation by form"
            " - at `$.inputRequests[...].params`",
        ),
    ],
)
def test_a_refusal_says_what_was_expected_and_where(
    into: type[Any], text: bytes, message: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        decode_as(into, text)
    assert str(refused.value) == message


@pytest.mark.parametrize("decode", [decode_as, decode_strict, decode_lenient])
def test_a_refusal_does_not_repeat_a_huge_value(decode: Any) -> None:
    text = b'{"role":"%s","content":{"type":"text","text":""}}' % (b"u" * 1_000_000)
    with pytest.raises(msgspec.ValidationError) as refused:
        decode(PromptMessage, text)
    assert str(refused.value).startswith("Invalid enum value 'uuu")
    assert str(refused.value).endswith("uuu… - at `$.role`")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", [b"", b"{", b'{"content":[}', b'{"content":[]} x', b"NaN"])
def test_what_is_not_json_is_told_apart_from_what_does_not_fit(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError) as refused:
        decode_as(CallToolResult, text)
    assert not isinstance(refused.value, msgspec.ValidationError)


def test_a_decoder_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'{"content":[' + NEW_TYPE + b"]}"
    first = decode_as(CallToolResult, text)

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a second decoder for one type")

    monkeypatch.setattr(msgspec.json, "Decoder", fail)
    monkeypatch.setattr(msgspec, "defstruct", fail)
    assert decode_as(CallToolResult, text) == first
    assert decode_as(CallToolResult, memoryview(text)) == first
    assert decode_as(CallToolResult, Raw(text)) == first


# What a forwarder keeps ---------------------------------------------------------------------------

ODD = b'{ "n": 1.0,"big":123456789012345678901234567890, "a":1, "a":2,\n "\\u0041": [ ] }'


@pytest.mark.parametrize("part", ["arguments", "inputResponses", "task", "_meta"])
def test_the_raw_parts_of_params_keep_their_bytes(part: str) -> None:
    text = b'{"%s":%s,"name":"t"}' % (part.encode(), ODD)
    params = decode_strict(CallToolRequestParams, text)
    kept = msgspec.json.decode(encode(params), type=dict[str, Raw])
    assert bytes(kept[part]) == ODD


@settings(max_examples=count(50, 1_000))
@given(st.dictionaries(st.sampled_from(["traceparent", "tracestate", "baggage", "own/key"]), JSON))
def test_nothing_is_assumed_of_keys_that_are_not_the_protocols(meta: dict[str, Any]) -> None:
    params = decode_strict(RequestParams, encode({"_meta": {"progressToken": "t", **meta}}))
    assert isinstance(params.meta, Raw)
    read = decode_strict(RequestMeta, params.meta)
    assert read.progress_token == "t"
    for key in meta.keys() - {"own/key"}:
        assert getattr(read, key) == meta[key]


@pytest.mark.parametrize("token", [b"1.5", b"true", b"null", b"{}", b"[]"])
def test_a_progress_token_is_a_string_or_an_integer(token: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="progressToken"):
        decode_strict(RequestMeta, b'{"progressToken":' + token + b"}")


def test_meta_of_the_newest_revision_is_read_by_its_full_keys() -> None:
    prefix = "io.modelcontextprotocol/"
    meta = decode_strict(
        RequestMeta,
        encode(
            {
                f"{prefix}protocolVersion": NEWEST,
                f"{prefix}clientCapabilities": {"roots": {}},
                f"{prefix}clientInfo": {"name": "c", "version": "1"},
                f"{prefix}logLevel": "verbose",
            }
        ),
    )
    assert meta == RequestMeta(
        protocol_version=NEWEST,
        client_capabilities=Raw(b'{"roots":{}}'),
        client_info=Raw(b'{"name":"c","version":"1"}'),
        log_level="verbose",  # judged by its reader, which knows the error for it
    )


def test_a_question_inside_a_result_is_told_by_its_method() -> None:
    text = (
        b'{"inputRequests":{"a":{"method":"sampling/createMessage",'
        b'"params":{"messages":[],"maxTokens":1}}}}'
    )
    result = decode_strict(InputRequiredResult, text)
    assert isinstance(result.input_requests, dict)
    assert isinstance(result.input_requests["a"], CreateMessageRequest)
    with pytest.raises(msgspec.ValidationError, match="'other/method'"):
        decode_as(InputRequiredResult, text.replace(b"sampling/createMessage", b"other/method"))
