"""Everything that the rich server says, judged by the published schema of each revision."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, cast

import jsonschema_rs
import pytest

from tests.protocol.wire_schemas import FOLDER, REVISIONS, definitions, validator
from tests.servers.rich import server
from tests.support.aio import run
from tests.support.inprocess import connected
from tests.support.stdio import modern_meta

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
    ("tools/call", {"name": "perhaps"}),
    ("tools/call", {"name": "perhaps", "arguments": {"found": False}}),
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


def tools(revision: str) -> list[dict[str, Any]]:
    """The tools as they are listed."""
    (one,) = (one for one in said(revision) if one.method == "tools/list")
    return one.answer["result"]["tools"]


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


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_the_judge_refuses_what_older_revisions_do_not_know(revision: str) -> None:
    """The test above can fail: the newest results do not pass as those of an older revision."""
    newest = list(results("2026-07-28"))
    refused = {
        one.method
        for one in newest
        if not closed(revision, RESULTS[one.method]).is_valid(one.answer["result"])
    }
    assert refused == RESULTS.keys()


@pytest.mark.spec("B-IDX-14", "B-IDX-15", "B-IDX-17", "B-IDX-20", "B-IDX-22", "L1105-MSG-04")
@pytest.mark.parametrize("revision", REVISIONS)
def test_failures_fit_the_schema_of_their_revision(revision: str) -> None:
    label = "JSONRPCErrorResponse" if revision >= "2025-11-25" else "JSONRPCError"
    failed = [one for one in said(revision) if "error" in one.answer]
    assert [one.method for one in failed] == [method for method, _ in FAILURES]
    codes: list[int] = []
    for one in failed:
        closed(revision, label).validate(one.answer)
        codes.append(one.answer["error"]["code"])
    missing = -32602 if revision == "2026-07-28" else -32002
    assert codes == [-32602, 7, missing, missing, *[-32603], *[-32602] * 4, -32601]


@pytest.mark.parametrize("revision", REVISIONS)
def test_nothing_that_went_wrong_inside_is_told(revision: str) -> None:
    for one in said(revision):
        assert "a secret of the server" not in json.dumps(one.answer)


@pytest.mark.spec("TOOLS-47", "L0618-OUT-01")
@pytest.mark.parametrize("revision", REVISIONS[2:])
def test_structured_values_fit_the_schema_that_was_listed(revision: str) -> None:
    listed = next(
        one.answer["result"]["tools"] for one in said(revision) if one.method == "tools/list"
    )
    schemas = {tool["name"]: tool["outputSchema"] for tool in listed if "outputSchema" in tool}
    judged: set[str] = set()
    for one in results(revision):
        result, name = one.answer["result"], one.params.get("name", "")
        if one.method == "tools/call" and name in schemas and not result.get("isError"):
            jsonschema_rs.Draft202012Validator(schemas[name]).validate(result["structuredContent"])
            if revision != "2026-07-28":
                assert isinstance(result["structuredContent"], dict)
            judged.add(name)
    assert judged == schemas.keys() - {"types"}


@pytest.mark.spec("B-IDX-43", "L1125-SCH-03")
@pytest.mark.parametrize("revision", REVISIONS)
def test_listed_schemas_are_valid_in_their_dialect(revision: str) -> None:
    listed = next(
        one.answer["result"]["tools"] for one in said(revision) if one.method == "tools/list"
    )
    for tool in listed:
        assert tool["inputSchema"]["type"] == "object"
        for schema in (tool["inputSchema"], tool.get("outputSchema", {})):
            jsonschema_rs.meta.validate(schema)


@pytest.mark.spec("RES-31", "PROM-12", "PROM-13", "L1105-RES-07", "L1105-PRM-03")
@pytest.mark.parametrize("revision", REVISIONS)
def test_binary_content_is_base64_and_has_a_media_type(revision: str) -> None:
    found = [block for one in results(revision) for block in binary(one.answer["result"])]
    assert len(found) >= 8
    for data, media_type in found:
        assert b64encode(b64decode(data, validate=True)).decode() == data
        assert media_type is None or re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media_type)
    read = next(one for one in results(revision) if one.params.get("uri") == "memo://raw")
    assert b64decode(read.answer["result"]["contents"][0]["blob"]) == bytes(range(256))


def binary(value: Any) -> Iterator[tuple[str, str | None]]:
    """Data and media type of each binary part of a value."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from binary(item)
    elif isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if members.get("type") in ("image", "audio"):
            assert members["mimeType"], "required of images and sounds"
            yield members["data"], members["mimeType"]
        elif "blob" in members:
            yield members["blob"], members.get("mimeType")
        for item in members.values():
            yield from binary(item)


@pytest.mark.spec(
    *("L1105-LIFE-02", "B-VER-05", "DISC-01", "DISC-04", "TOOLS-04", "RES-02", "PROM-02", "LOG-03"),
    *("L1105-TOOL-01", "L1105-RES-01", "L1105-PRM-01", "L1105-LOG-01"),
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_server_introduces_itself_in_the_schema_of_the_revision(revision: str) -> None:
    async def ask() -> dict[str, Any]:
        async with connected(server) as client:
            if revision == "2026-07-28":
                return (await client.modern("server/discover"))["result"]
            return await client.initialize(revision)

    result = run(ask())
    label = "DiscoverResult" if revision == "2026-07-28" else "InitializeResult"
    validator(revision, label).validate(result)
    closed(revision, label).validate(result)
    assert result["capabilities"] == {"tools": {}, "prompts": {}, "resources": {}, "logging": {}}


NOTICES = {
    "notifications/progress": "ProgressNotification",
    "notifications/message": "LoggingMessageNotification",
}


@pytest.mark.spec(
    *("B-IDX-27", "B-PRG-04", "B-PRG-07", "B-PRG-08", "L1105-PROG-02", "L1105-PROG-03"),
    *("LOG-03", "LOG-06", "L1105-LOG-01", "L1105-MSG-05"),
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_notices_fit_the_schema_and_come_before_the_result(revision: str) -> None:
    steps = [1, 1, 0.5, 2.5, 2, 3]
    entries = [["info", "a"], ["debug", "b"], ["emergency", "c"]]
    wanted: dict[str, Any] = {"progressToken": "t"}
    if revision == "2026-07-28":
        wanted = modern_meta(progress_token="t", log_level="info")

    async def ask() -> list[Any]:
        async with connected(server) as client:
            await client.open(revision)
            for name, arguments in (
                ("report_progress", {"steps": steps}),
                ("log", {"entries": entries}),
            ):
                client.post("tools/call", {"name": name, "arguments": arguments, "_meta": wanted})
                told.extend(await client.settle())
            return told

    told: list[Any] = []
    run(ask())
    kinds = [message.get("method", "result") for message in told]
    assert kinds == [
        *["notifications/progress"] * 3,
        "result",
        *["notifications/message"] * 3,
        "result",
    ]
    for message in told:
        if "method" in message:
            closed(revision, NOTICES[message["method"]]).validate(
                {key: value for key, value in message.items() if key in ("method", "params")}
                if revision < "2025-11-25"
                else message
            )
            assert "id" not in message
    assert [message["params"]["progress"] for message in told[:3]] == [1, 2.5, 3]
    assert {message["params"]["progressToken"] for message in told[:3]} == {"t"}
    assert [message["params"]["level"] for message in told[4:7]] == ["info", "emergency", "info"]
    assert told[6]["params"]["data"] == {
        "message": "with data",
        "number": 1,
        "nested": {"a": [None]},
    }


KEY = re.compile(
    r"([A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?)*/)?"
    r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?"
)


@pytest.mark.spec("B-IDX-50", "B-IDX-51", "B-IDX-54", "L0618-META-01", "B-VER-07")
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_key_of_meta_follows_the_grammar(revision: str) -> None:
    found = {key for one in said(revision) for key in meta_keys(one.answer)}
    assert len(found) >= 5
    assert [key for key in found if not KEY.fullmatch(key)] == []
    own = {"io.modelcontextprotocol/serverInfo"} if revision == "2026-07-28" else set[str]()
    assert {key for key in found if "modelcontextprotocol" in key} == own


def meta_keys(value: Any) -> Iterator[str]:
    """The keys of every `_meta` in a message."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from meta_keys(item)
    elif isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        yield from members.get("_meta", ())
        for item in members.values():
            yield from meta_keys(item)


@pytest.mark.spec("B-IDX-10", "B-IDX-08")
def test_results_are_complete_where_no_extension_was_agreed_on() -> None:
    assert {one.answer["result"]["resultType"] for one in results("2026-07-28")} == {"complete"}
