"""The memory transport says what a wire would: the same results, errors and notices, in order."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import Context, ProtocolError, Server, ToolResult
from interlock.protocol.call import Call, Notice, Progress, TraceContext
from interlock.protocol.outcome import Failure, Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.revisions.downgrade import wraps
from interlock.transport.memory import MemoryConnection, WireConnection, connect
from tests.servers import rich
from tests.support.aio import run
from tests.support.counts import count
from tests.support.inprocess import connected
from tests.support.schema_strategies import JSON, SchemaStrategies

EXAMPLES = count(120, 2_000)

server = Server("varied", "1.0.0", page_size=4)
server.mount(rich.server)


@server.tool
async def noisy(ctx: Context[None], notices: list[Any], returned: Any = None) -> Any:
    """Send notices of all kinds, in the order given."""
    for notice in notices:
        if isinstance(notice, int | float):
            await ctx.progress(notice, notice, str(notice) if notice else None)
        else:
            await ctx.log("warning", "told", told=notice)
    return returned


@server.tool
async def infinite(ctx: Context[None], total: bool = False) -> str:
    """Report progress that no number can say."""
    for done in (float("nan"), float("-inf"), 1.0, float("inf"), 2.0):
        await ctx.progress(1.5 if total else done, done if total else None)
    return "done"


@server.tool
async def bare(meta: dict[str, Any] | None = None) -> ToolResult:
    """A result with whatever `_meta`."""
    return ToolResult("x", meta=meta)


@server.tool
async def leave(code: int = 0) -> str:
    """End the process, as a careless library would."""
    raise SystemExit(code)


@server.tool
async def unsendable(kind: str) -> Any:
    """Refuse with data that cannot be sent."""
    data = {"object": object(), "tuple": (1, (2,)), "nan": float("nan"), "surrogate": "\ud800"}
    raise ProtocolError("no", code=5, data=data.get(kind))


@server.middleware(methods={"prompts/get"})
async def plain(call: Call, next: Callable[[Call], Awaitable[Outcome]]) -> Outcome:
    """Answer some calls without a handler, in forms of its own."""
    match call.target:
        case "plain":
            return Result(Payload({"messages": [], "resultType": "complete", "_meta": {}}))
        case "failed":
            return Failure(-32000 - 99, "failed", {"a": [1]})
        case _:
            return await next(call)


def arguments(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Arguments that fit a tool's schema, or nearly."""
    loose = st.dictionaries(st.sampled_from([*schema["properties"], "x"]), JSON, max_size=3)
    try:
        return SchemaStrategies({}).of(schema) | loose
    except NotImplementedError:  # a keyword that only the schemas of tools use
        return loose


TOOLS = {
    entry.key: arguments(entry.listed["inputSchema"])
    for entry in server.catalogue
    if entry.kind == "tools" and entry.key != "hang"
}
URIS = ("one", "raw", "data", "both", "picture", "broken", "no", "me/items/7", "me/items/x", " ")
TOOL_CALLS: st.SearchStrategy[tuple[str, Any]] = st.sampled_from(sorted(TOOLS)).flatmap(
    lambda name: TOOLS[name].map(lambda given: ("tools/call", {"name": name, "arguments": given}))
)
LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
OTHERS = ["server/discover", "ping", "logging/setLevel", "completion/complete", "no/such", ""]
CALLS: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    TOOL_CALLS,
    st.dictionaries(st.sampled_from(["name", "arguments", "uri", "cursor", "x"]), JSON).flatmap(
        lambda params: st.sampled_from(
            ["tools/call", "prompts/get", "resources/read", "tools/list", "resources/list"]
        ).map(lambda method: (method, params))
    ),
    st.sampled_from(URIS).map(lambda name: ("resources/read", {"uri": f"memo://{name}"})),
    st.tuples(
        st.sampled_from(["briefing", "gallery", "refusing", "plain", "failed", "none"]),
        st.dictionaries(st.sampled_from(["city", "days", "x"]), st.text(max_size=3) | JSON),
    ).map(lambda pair: ("prompts/get", {"name": pair[0], "arguments": pair[1]})),
    st.sampled_from([*LISTS, *OTHERS]).map(lambda method: (method, None)),
)
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "progress without a number": ("infinite", {}),
    "a total without a number": ("infinite", {"total": True}),
    "an empty _meta": ("bare", {"meta": {}}),
    "an end of the process": ("leave", {}),
    "an object in an error": ("unsendable", {"kind": "object"}),
    "a tuple in an error": ("unsendable", {"kind": "tuple"}),
    "NaN in an error": ("unsendable", {"kind": "nan"}),
    "half a character in an error": ("unsendable", {"kind": "surrogate"}),
    "half a character": ("echo", {"text": "\ud800"}),
    "infinity": ("echo", {"text": float("inf")}),
    "an object": ("echo", {"text": object()}),
    "a large number": ("maybe", {"value": 10**30}),
    "a larger number": ("maybe", {"value": 10**500}),
    "an object's result": ("report", {"city": "Oslo"}),
    "a list's result": ("numbers", {}),
    "null as result": ("maybe", {}),
    "an object that may be null": ("perhaps", {}),
    "null that may be an object": ("perhaps", {"found": False}),
    "every block": ("blocks", {}),
    "a whole result": ("whole", {}),
}
LEVELS = st.sampled_from([None, "debug", "warning", "error"])


class Said:
    """What a caller was told: how it ended, and the notices before."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.end: Any = None

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        text = f"{self.notices!r} {json.dumps(self.end, sort_keys=True)}"
        return re.sub(r"\b[0-9a-f]{12}\b", "INCIDENT", text)


async def ask(
    connection: MemoryConnection | WireConnection, method: str, params: Any, listens: bool
) -> Said:
    said = Said()
    on_notice = said.notices.append if listens else None
    try:
        said.end = await connection.request(method, params, on_notice=on_notice)
    except ProtocolError as error:
        data = "unset" if error.data is error.__class__("").data else error.data
        said.end = ["error", error.code, error.message, data]
    except (TypeError, ValueError) as error:
        said.end = ["no message", type(error).__name__]
    return said


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(st.lists(CALLS, min_size=1, max_size=3), LEVELS, st.booleans())
def test_memory_says_what_the_wire_says(
    calls: list[tuple[str, Any]], level: str | None, listens: bool
) -> None:
    run(memory_and_wire(calls, level, listens))


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("odd", ODD)
def test_memory_says_what_the_wire_says_of_odd_calls(odd: str, listens: bool) -> None:
    name, given = ODD[odd]
    run(memory_and_wire([("tools/call", {"name": name, "arguments": given})], None, listens))


async def memory_and_wire(calls: list[tuple[str, Any]], level: str | None, listens: bool) -> None:
    async with (
        server.started() as peer,
        connect(peer, log_level=level) as memory,
        connect(peer, log_level=level, wire=True) as wire,
    ):
        for method, params in calls:
            told = await ask(memory, method, params, listens)
            assert told == await ask(wire, method, params, listens), method


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(st.lists(TOOL_CALLS, min_size=1, max_size=3))
def test_memory_says_what_a_session_says(calls: list[tuple[str, Any]]) -> None:
    run(memory_and_session(calls))


@pytest.mark.parametrize("odd", ODD)
def test_memory_says_what_a_session_says_of_odd_calls(odd: str) -> None:
    name, given = ODD[odd]
    if odd not in ("infinity", "an object", "half a character"):  # which no message can hold
        run(memory_and_session([("tools/call", {"name": name, "arguments": given})]))


async def memory_and_session(calls: list[tuple[str, Any]]) -> None:
    async with connected(server) as session, server.started() as peer, connect(peer) as memory:
        await session.initialize("2025-11-25")
        for method, params in calls:
            told, ended = await ask(memory, method, params, listens=False), Said()
            ended.end = as_said(await session.request(method, params))
            told.end = as_legacy(params["name"], told.end)
            assert told == ended


def as_said(answer: dict[str, Any]) -> Any:
    """A response in the form of :class:`Said`."""
    if "result" in answer:
        result = answer["result"]
        return {key: value for key, value in result.items() if key != "_meta" or value}
    error = answer["error"]
    return ["error", error["code"], error["message"], error.get("data", "unset")]


OUTPUTS = {
    entry.key: entry.listed["outputSchema"]
    for entry in server.catalogue
    if entry.kind == "tools" and "outputSchema" in entry.listed
}


def as_legacy(tool: str, end: Any) -> Any:
    """What a memory caller was told, as a session of 2025-11-25 tells it."""
    if isinstance(end, list) or "structuredContent" not in end:
        return cast("Any", end)
    if wraps(OUTPUTS.get(tool, {"type": "object"})):
        return {**end, "structuredContent": {"result": end["structuredContent"]}}
    return end


@pytest.mark.spec("B-PRG-04", "L1105-PROG-03")
@pytest.mark.parametrize("wire", [False, True])
def test_progress_is_told_in_rising_numbers_only(wire: bool) -> None:
    async def main() -> list[Notice]:
        told: list[Notice] = []
        async with server.started() as peer, connect(peer, wire=wire) as connection:
            for total in (False, True):
                call = {"name": "infinite", "arguments": {"total": total}}
                await connection.request("tools/call", call, on_notice=told.append)
        return told

    assert run(main()) == [Progress(1.0), Progress(2.0), Progress(1.5)]


@pytest.mark.parametrize("wire", [False, True])
def test_whoever_stops_waiting_cancels_the_call(wire: bool) -> None:
    began, ended = asyncio.Event(), asyncio.Event()
    held = Server("held")

    @held.tool
    async def hold() -> str:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        return ""

    async def main() -> None:
        async with held.started() as peer, connect(peer, wire=wire) as connection:
            task = asyncio.create_task(connection.request("tools/call", {"name": "hold"}))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await ended.wait()
            assert await connection.request("tools/list")

    run(main())


@pytest.mark.parametrize("wire", [False, True])
def test_nothing_is_shared_with_the_server(wire: bool) -> None:
    kept: dict[str, Any] = {"list": [1]}
    given: dict[str, Any] = {"deep": {"list": [1]}}
    sharing = Server("sharing")

    @sharing.tool
    async def keep(value: dict[str, Any]) -> dict[str, Any]:
        value["deep"]["list"].append("theirs")
        return kept

    @sharing.tool
    async def refuse() -> str:
        raise ProtocolError("no", data=kept)

    async def main() -> None:
        async with sharing.started() as peer, connect(peer, wire=wire) as connection:
            call = {"name": "keep", "arguments": {"value": given}}
            result = await connection.request("tools/call", call)
            result["structuredContent"]["list"].append("mine")
            with pytest.raises(ProtocolError) as caught:
                await connection.request("tools/call", {"name": "refuse"})
            cast("Any", caught.value.data)["list"].append("mine")
            tools = await connection.request("tools/list")
            tools["tools"][0]["name"] = "mine"
            again = await connection.request("tools/list")
            assert again["tools"][0]["name"] == "keep"

    run(main())
    assert given == {"deep": {"list": [1]}}
    assert kept == {"list": [1]}


@pytest.mark.parametrize("wire", [False, True])
def test_a_callers_own_meta_is_read(wire: bool) -> None:
    heard: list[Any] = []
    reading = Server("reading", logging=True)

    @reading.tool
    async def look(ctx: Context[None]) -> str:
        scope = ctx.call.scope
        heard.append((scope.log_level, scope.trace, scope.wants_progress))
        return ""

    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    metas: list[dict[str, Any]] = [
        {},
        {"traceparent": trace, "baggage": "a=b"},
        {"traceparent": 5},
        {"io.modelcontextprotocol/logLevel": "error", "progressToken": "p"},
    ]
    wrong: list[dict[str, Any]] = [
        {"io.modelcontextprotocol/logLevel": "verbose"},
        {"progressToken": 1.5},
    ]

    async def main() -> None:
        async with (
            reading.started() as peer,
            connect(peer, log_level="debug", wire=wire) as connection,
        ):
            for meta in metas:
                await connection.request("tools/call", {"name": "look", "_meta": meta})
            for meta in wrong:
                with pytest.raises(ProtocolError) as caught:
                    await connection.request("tools/call", {"name": "look", "_meta": meta})
                assert caught.value.code == -32602

    run(main())
    assert heard == [
        ("debug", None, False),
        ("debug", TraceContext(trace, None, "a=b"), False),
        ("debug", None, False),
        ("error", None, True),
    ]


@pytest.mark.parametrize("wire", [False, True])
def test_params_that_are_no_message_are_refused(wire: bool) -> None:
    deep: Any = []
    for _ in range(250):
        deep = [deep]

    async def main() -> None:
        async with rich.server.started() as peer, connect(peer, wire=wire) as connection:
            with pytest.raises(ProtocolError, match="nested deeper") as caught:
                await connection.request("tools/call", {"name": "echo", "arguments": {"x": deep}})
            assert caught.value.code == -32700
            for value in (float("nan"), float("inf"), "\ud800"):
                with pytest.raises(ValueError):
                    await connection.request("tools/call", {"name": value})
            with pytest.raises(TypeError):
                await connection.request("tools/call", {"name": object()})

    run(main())
