"""The modern edge: every kind of outcome and notice as the newest revision writes it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from interlock import Server
from interlock.protocol.call import (
    Acknowledged,
    Call,
    Change,
    Description,
    Handler,
    Log,
    Notice,
    Progress,
    Scope,
    TraceContext,
)
from interlock.protocol.outcome import Extended, Failure, Hints, InputRequired, Outcome, Result
from interlock.protocol.payload import Payload
from interlock.transport.bounds import SERVER_BOUNDS
from tests.protocol.wire_schemas import validator
from tests.servers import rich, small
from tests.support.aio import run
from tests.support.inprocess import InProcess, connected, linked
from tests.support.stdio import modern_meta

FORM: dict[str, Any] = {"type": "object", "properties": {}}
ELICIT: dict[str, Any] = {
    "method": "elicitation/create",
    "params": {"message": "?", "requestedSchema": FORM},
}
QUESTION: dict[str, Any] = {"inputRequests": {"name": ELICIT}, "requestState": "sealed"}


class Peer:
    """A peer that answers every method as the test says."""

    def __init__(self, serve: Handler) -> None:
        self._serve = serve

    def handler(self, method: str) -> Handler | None:
        return self._serve

    def describe(self) -> Description:
        return Description({"name": "p", "version": "1"}, {"tools": {}, "resources": {}})

    def post(self, method: str, payload: Payload, scope: Scope) -> None:
        raise AssertionError


def answering(outcome: Outcome) -> Peer:
    async def serve(call: Call) -> Outcome:
        return outcome

    return Peer(serve)


SERVER = {"io.modelcontextprotocol/serverInfo": {"name": "p", "version": "1"}}


def ask(peer: Peer, method: str, params: dict[str, Any], **meta: Any) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        async with linked(peer, bounds=SERVER_BOUNDS) as client:
            return await client.modern(method, params, **meta)

    return run(main())


# Outcomes


@pytest.mark.spec("B-IDX-01", "B-IDX-08", "B-IDX-10")
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": "t"}),
        ("prompts/get", {"name": "p"}),
        ("resources/read", {"uri": "a:b"}),
    ],
)
def test_a_call_that_needs_input_ends_and_says_so(method: str, params: dict[str, Any]) -> None:
    answer = ask(answering(InputRequired(Payload(QUESTION))), method, params)
    assert answer["result"] == {"resultType": "input_required", "_meta": SERVER, **QUESTION}
    validator("2026-07-28", "InputRequiredResult").validate(answer["result"])


def test_the_same_in_a_session_is_an_error() -> None:
    async def main() -> dict[str, Any]:
        peer = answering(InputRequired(Payload(QUESTION)))
        async with linked(peer, bounds=SERVER_BOUNDS) as client:
            await client.initialize("2025-11-25")
            return await client.request("tools/call", {"name": "t"})

    answer = run(main())
    assert answer["error"]["code"] == -32603
    assert "sealed" not in str(answer)


@pytest.mark.spec("B-IDX-10")
def test_an_extension_may_have_its_own_type_of_result() -> None:
    outcome = Extended("com.example/handle", Payload({"handle": "h", "_meta": {"a": 1}}))
    assert ask(answering(outcome), "tools/call", {"name": "t"})["result"] == {
        "resultType": "com.example/handle",
        "_meta": {"a": 1, **SERVER},
        "handle": "h",
    }


def test_hints_for_http_are_not_told_elsewhere() -> None:
    hints = Hints(503, (("X-Secret", "s"),))
    answer = ask(answering(Failure(1001, "later", hints=hints)), "tools/list", {})
    assert answer["error"] == {"code": 1001, "message": "later"}
    answer = ask(answering(Result(Payload({"tools": []}), hints)), "tools/list", {})
    assert "s" not in answer["result"].get("X-Secret", "")


@pytest.mark.spec("TOOLS-10", "RES-08", "PROM-06")
def test_what_a_result_lacks_is_added_and_what_it_has_stays() -> None:
    def result(method: str, given: dict[str, Any]) -> dict[str, Any]:
        params: dict[str, dict[str, Any]] = {
            "tools/call": {"name": "t"},
            "resources/read": {"uri": "a:b"},
        }
        return ask(answering(Result(Payload(given))), method, params.get(method, {}))["result"]

    kept = {"ttlMs": 7, "cacheScope": "public"}
    assert result("tools/list", {"tools": []}) == (
        {
            "resultType": "complete",
            "_meta": SERVER,
            "tools": [],
            "ttlMs": 0,
            "cacheScope": "private",
        }
    )
    assert result("resources/read", {"contents": [], **kept}) == (
        {"resultType": "complete", "_meta": SERVER, "contents": [], **kept}
    )
    assert result("tools/call", {"content": []}) == (
        {"resultType": "complete", "_meta": SERVER, "content": []}
    )
    own = {"io.modelcontextprotocol/serverInfo": {"name": "behind", "version": "2"}}
    assert result("tools/call", {"content": [], "_meta": own})["_meta"] == own
    assert result("tools/call", {"content": [], "resultType": "x"})["resultType"] == "complete"


@pytest.mark.parametrize("value", [[], 5, {"a": object()}, {"a": "\ud800"}])
def test_a_result_that_cannot_be_written_is_an_incident(value: Any) -> None:
    answer = ask(answering(Result(Payload(value))), "tools/call", {"name": "t"})
    assert answer["error"]["code"] == -32603
    assert "incident" in answer["error"]["message"]


# What a request states


def scope_of(**meta: Any) -> Scope:
    seen: list[Scope] = []

    async def look(call: Call) -> Outcome:
        seen.append(call.scope)
        return Result(Payload({}))

    ask(Peer(look), "tools/call", {"name": "t"}, **meta)
    return seen[0]


def test_the_scope_is_what_the_request_states() -> None:
    info = {"name": "c", "version": "2", "title": "C"}
    scope = scope_of(
        client_info=info,
        capabilities={"elicitation": {"url": {}}},
        log_level="error",
        progress_token=0,
    )
    assert scope.revision.name == "2026-07-28"
    assert (scope.client.name, scope.client.version) == ("c", "2")
    assert scope.client.info == info
    assert scope.client.can("elicitation.url")
    assert not scope.client.can("sampling")
    assert (scope.log_level, scope.wants_progress, scope.can_ask) == ("error", True, False)
    assert (scope.principal, scope.trace, scope.deadline) == (None, None, None)
    bare = scope_of(client_info={})
    assert (bare.client.name, bare.client.version, bare.log_level) == ("", "", None)
    assert not bare.wants_progress


@pytest.mark.spec("B-IDX-28", "B-IDX-32")
def test_a_request_knows_nothing_of_the_one_before() -> None:
    seen: list[Scope] = []

    async def look(call: Call) -> Outcome:
        seen.append(call.scope)
        call.scope.state["left"] = True
        return Result(Payload({}))

    async def main() -> None:
        async with linked(Peer(look), bounds=SERVER_BOUNDS) as client:
            call = {"name": "t"}
            stated: dict[str, Any] = {"capabilities": {"roots": {}}, "log_level": "debug"}
            stated |= {"progress_token": 1, "traceparent": TRACE}
            await client.modern("tools/call", call, None, **stated)
            await client.modern("tools/call", call, client_info={"name": "other"})
            await client.modern("tools/call", call)
            await client.modern("tools/call", call)

    run(main())
    for scope in seen[1:]:
        assert not scope.client.can("roots")
        assert (scope.log_level, scope.wants_progress, scope.trace) == (None, False, None)
    assert [scope.client.name for scope in seen] == ["raw", "other", "raw", "raw"]
    assert all(scope.state == {"left": True} for scope in seen)
    assert len({id(scope.state) for scope in seen}) == 4


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.spec("B-IDX-67")
@pytest.mark.parametrize(
    ("meta", "trace"),
    [
        ({"traceparent": TRACE}, TraceContext(TRACE)),
        (
            {"traceparent": TRACE, "tracestate": "a=1,b=2", "baggage": "k=v;p"},
            TraceContext(TRACE, "a=1,b=2", "k=v;p"),
        ),
        ({"traceparent": TRACE, "tracestate": ["a=1"], "baggage": "é"}, TraceContext(TRACE)),
        ({"traceparent": TRACE, "tracestate": "a\n=1", "baggage": ""}, TraceContext(TRACE)),
        ({"traceparent": TRACE, "tracestate": "x" * 9000}, TraceContext(TRACE)),
        ({"traceparent": "cc" + TRACE[2:]}, TraceContext("cc" + TRACE[2:])),
        ({"tracestate": "a=1"}, None),
        ({"traceparent": TRACE.upper()}, None),
        ({"traceparent": "ff" + TRACE[2:]}, None),
        ({"traceparent": TRACE + "-00"}, None),
        ({"traceparent": TRACE + "\n"}, None),
        ({"traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01"}, None),
        ({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01"}, None),
        ({"traceparent": 7}, None),
        ({"traceparent": None}, None),
    ],
)
def test_a_trace_is_taken_where_it_is_well_formed(
    meta: dict[str, Any], trace: TraceContext | None
) -> None:
    assert scope_of(**meta).trace == trace


# Listening


FILTER = {"toolsListChanged": True, "resourceSubscriptions": ["a:b"]}
NOTICES: list[Notice] = [
    Acknowledged(FILTER),
    Change("tools"),
    Change("prompts"),
    Change("resources"),
    Change("resource", "a:b/c"),
    Log("error", "never here"),
    Progress(1.0),
]
WRITTEN = {
    "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
    "notifications/tools/list_changed": "ToolListChangedNotification",
    "notifications/prompts/list_changed": "PromptListChangedNotification",
    "notifications/resources/list_changed": "ResourceListChangedNotification",
    "notifications/resources/updated": "ResourceUpdatedNotification",
}


async def tell(call: Call) -> Outcome:
    """Send every notice, then hold a stream open, or end a call."""
    for notice in NOTICES:
        later = call.scope.port.notify(notice)
        assert later is None
    if call.method == "subscriptions/listen":
        await asyncio.get_running_loop().create_future()
    return Result(Payload({"content": []}))


@pytest.mark.spec("B-IDX-66", "RES-18", "LOG-09", "B-IDX-01", "TOOLS-17")
@pytest.mark.parametrize("id", [7, "7", "", 2**70])
def test_a_listen_stream_carries_changes_under_its_id(id: int | str) -> None:
    async def main() -> list[Any]:
        async with linked(Peer(tell), bounds=SERVER_BOUNDS) as client:
            client.post_modern("subscriptions/listen", {"notifications": {}}, id, log_level="debug")
            came = [await client.read() for _ in WRITTEN]
            assert client.waiting() == []
            client.notify("notifications/cancelled", {"requestId": id})
            assert await client.settle() == []
            return came

    came = run(main())
    assert [message["method"] for message in came] == list(WRITTEN)
    for message in came:
        validator("2026-07-28", WRITTEN[message["method"]]).validate(message)
        stamped = message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
        assert type(stamped) is type(id)
        assert stamped == id
    assert came[0]["params"]["notifications"] == FILTER
    assert came[-1]["params"]["uri"] == "a:b/c"


@pytest.mark.spec("TOOLS-17", "LOG-06", "B-PRG-07")
def test_changes_are_told_on_no_other_stream() -> None:
    async def main() -> list[Any]:
        async with linked(Peer(tell), bounds=SERVER_BOUNDS) as client:
            await client.modern("tools/call", {"name": "t"})
            await client.initialize("2025-11-25")
            await client.request("tools/call", {"name": "t"})
            return client.waiting()

    told = run(main())
    assert [message["method"] for message in told] == ["notifications/message"]  # of the session


@pytest.mark.spec("B-CAN-02", "B-CAN-03", "B-CAN-14")
def test_a_stream_that_the_server_ends_is_told_so_and_gets_its_result() -> None:
    async def main() -> list[Any]:
        async with linked(Peer(tell), bounds=SERVER_BOUNDS) as client:
            for id in ("s", 5):
                client.post_modern("subscriptions/listen", {"notifications": {}}, id)
            client.post_modern("tools/call", {"name": "t"}, 6)
            await client.answer(6)
            client.waiting()
            assert await client.connection.drain(10.0)
            return client.waiting()

    told = run(main())
    for id, ending in (("s", told[:2]), (5, told[2:])):
        cancelled, result = ending
        assert cancelled["method"] == "notifications/cancelled"
        assert cancelled["params"]["requestId"] == id
        assert result["id"] == id
        validator("2026-07-28", "SubscriptionsListenResult").validate(result["result"])
        assert result["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == id


# Lists


@pytest.mark.spec("TOOLS-06", "RES-05", "PROM-04")
def test_lists_are_the_same_on_every_connection_whatever_was_said_on_it() -> None:
    lists = ("tools/list", "resources/list", "resources/templates/list", "prompts/list")

    async def read(client: InProcess) -> list[Any]:
        return [(await client.modern(method))["result"] for method in lists]

    async def main() -> None:
        async with connected(rich.server) as one, connected(rich.server) as other:
            first = await read(one)
            assert await read(other) == first
            await one.initialize("2025-03-26", {"roots": {}})
            await one.request("logging/setLevel", {"level": "debug"})
            for name in ("report", "fail", "crash", "missing"):
                await one.modern("tools/call", {"name": name, "arguments": {"city": "x"}})
            for uri in ("memo://one", "memo://broken", "memo://x/items/1"):
                await one.modern("resources/read", {"uri": uri})
            await one.modern("prompts/get", {"name": "gallery"})
            one.send(b"{nonsense")
            one.waiting()
            assert await read(one) == first
            assert await read(other) == first
            capable = modern_meta(capabilities={"elicitation": {}, "sampling": {}})
            answer = await other.request("tools/list", {"_meta": capable})
            assert answer["result"] == first[0]

    run(main())


@pytest.mark.spec("TOOLS-17", "L1105-TOOL-01", "L1105-PRM-01", "L1105-RES-01")
def test_what_is_added_while_serving_is_listed_and_announced_to_nobody_who_was_not_promised() -> (
    None
):
    growing = Server("growing")

    @growing.tool
    async def grow() -> str:
        """Add a tool while serving."""

        @growing.tool
        async def grown() -> str:
            return "grown"

        return "done"

    async def names(client: InProcess, ask: Callable[..., Any]) -> list[str]:
        return [tool["name"] for tool in (await ask("tools/list"))["result"]["tools"]]

    async def main() -> None:
        async with connected(growing) as client:
            client.post_modern("subscriptions/listen", {"notifications": {}}, "s")
            await client.asked("notifications/subscriptions/acknowledged")
            agreed = await client.initialize("2025-11-25")
            assert agreed["capabilities"] == {"tools": {}}, "no changes are promised"
            assert await names(client, client.request) == ["grow"]
            await client.modern("tools/call", {"name": "grow"})
            assert await names(client, client.modern) == ["grow", "grown"]
            assert await names(client, client.request) == ["grow", "grown"]
            answer = await client.modern("tools/call", {"name": "grown"})
            assert answer["result"]["content"] == [{"type": "text", "text": "grown"}]
            assert client.waiting() == []

    run(main())


def test_equal_blocks_of_meta_are_read_once() -> None:
    async def main() -> None:
        async with connected(small.server) as client:
            for number in range(300):
                await client.modern("tools/list", client_info={"name": f"c{number}"})
            edge = client.connection.modern
            assert 0 < len(edge._stated) <= 128
            assert 0 < len(edge._profiles) <= 128
            await client.modern("tools/list", client_info={"name": "x" * 10_000})
            assert all(len(key) <= 4096 for key in edge._stated)
            await client.modern("tools/list", progress_token="once")
            assert not any(b"once" in key for key in edge._stated)

    run(main())
