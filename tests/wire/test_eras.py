"""Both eras on one pipe: the handshake of the older, the statements of the newer, side by side."""

from collections.abc import Generator
from typing import Any, cast

import pytest

from tests.support.stdio import (
    LATEST,
    SERVERS,
    Message,
    StdioServer,
    conversations,
    encode,
    modern,
    modern_meta,
    request,
)

CALLS = SERVERS / "calls.py"
WEATHER = "examples/weather.py"
LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


@pytest.fixture
def server() -> Generator[StdioServer]:
    """A server to which nothing was said yet."""
    with StdioServer(WEATHER) as server:
        yield server


@pytest.fixture(scope="module")
def shared() -> Generator[StdioServer]:
    """One server for tests that leave nothing behind."""
    with StdioServer(WEATHER) as server:
        yield server


# Before and at the handshake


@pytest.mark.spec("L1105-PING-01")
def test_a_ping_is_answered_at_any_time(server: StdioServer) -> None:
    assert server.request("ping", id="before")["result"] == {}
    server.send(encode(request("i", "initialize", INITIALIZE)), encode(request("p", "ping")))
    assert "result" in server.answer("i")
    assert server.answer("p")["result"] == {}
    server.notify("notifications/initialized")
    assert server.request("ping", {"_meta": {"progressToken": 1}})["result"] == {}


INITIALIZE: Message = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}


@pytest.mark.parametrize(
    "method", ["tools/list", "prompts/list", "resources/list", "logging/setLevel", "tools/call"]
)
def test_a_request_before_the_handshake_says_what_is_missing(
    server: StdioServer, method: str
) -> None:
    params = {"tools/call": {"name": "forecast"}, "logging/setLevel": {"level": "info"}}
    error = server.request(method, params.get(method, {}))["error"]
    assert error["code"] == -32602
    assert "initialize" in error["message"]
    assert VERSION in error["message"]
    assert LATEST in error["message"]
    assert "result" in server.initialize()


@pytest.mark.spec("L1105-LIFE-02", "L1105-LIFE-07")
@pytest.mark.parametrize("revision", LEGACY)
def test_each_older_revision_is_spoken(server: StdioServer, revision: str) -> None:
    result = server.initialize(revision)["result"]
    assert result["protocolVersion"] == revision
    assert result["serverInfo"]["name"] == "weather"
    assert result["capabilities"].keys() == {"tools", "prompts", "resources", "logging"}
    assert "Ask for a forecast" in result["instructions"]
    assert "resultType" not in server.request("tools/list")["result"]


@pytest.mark.spec("L1105-LIFE-08")
@pytest.mark.parametrize(
    "revision", ["1999-01-01", "", "2026-07-28", "9999-12-31", "é\u2028", "latest"]
)
def test_another_revision_is_answered_by_the_newest_with_a_handshake(
    server: StdioServer, revision: str
) -> None:
    assert server.initialize(revision)["result"]["protocolVersion"] == "2025-11-25"
    assert "result" in server.request("tools/list")


@pytest.mark.parametrize(
    "change",
    [{"protocolVersion": None}, {"protocolVersion": 5}, {"capabilities": []}, {"clientInfo": "x"},
     {"capabilities": None}],
    ids=str,
)  # fmt: skip
def test_a_handshake_of_another_form_is_refused_and_may_be_repeated(
    server: StdioServer, change: Message
) -> None:
    answer = server.request("initialize", {**INITIALIZE, **change})
    assert answer["error"]["code"] == -32602
    assert "result" in server.initialize()


@pytest.mark.parametrize("missing", list(INITIALIZE))
def test_a_handshake_that_lacks_a_part_is_refused(server: StdioServer, missing: str) -> None:
    params = {key: value for key, value in INITIALIZE.items() if key != missing}
    answer = server.request("initialize", params)
    assert answer["error"]["code"] == -32602
    assert missing in answer["error"]["message"]


def test_a_second_handshake_is_refused_and_changes_nothing(server: StdioServer) -> None:
    server.initialize("2024-11-05")
    for revision in ("2025-11-25", "2024-11-05", "1999-01-01"):
        error = server.initialize(revision)["error"]
        assert error["code"] == -32600
        assert "already" in error["message"]
    # titles came later than the revision that was agreed
    (tool,) = server.request("tools/list")["result"]["tools"]
    assert "outputSchema" not in tool


def test_the_handshake_need_not_be_confirmed(server: StdioServer) -> None:
    """Some clients never send `notifications/initialized`, or send it twice."""
    assert "result" in server.request("initialize", INITIALIZE)
    assert "result" in server.request("tools/list")
    for _ in range(2):
        server.notify("notifications/initialized")
    assert "result" in server.request("tools/list")
    assert server.waiting() == []


# The newer era


@pytest.mark.spec("B-VER-01", "B-IDX-08", "DISC-01", "B-VER-05")
def test_the_first_message_may_be_any_request() -> None:
    for method in ("tools/list", "server/discover", "prompts/list", "resources/templates/list"):
        with StdioServer(WEATHER) as server:
            assert server.modern(method)["result"]["resultType"] == "complete"


@pytest.mark.spec("B-VER-03", "DISC-06")
@pytest.mark.parametrize("method", ["server/discover", "tools/list", "tools/call"])
@pytest.mark.parametrize("revision", ["1900-01-01", "2025-11-25", "", "2026-07-29"])
def test_a_revision_that_is_not_served(shared: StdioServer, method: str, revision: str) -> None:
    params = {"name": "forecast"} if method == "tools/call" else {}
    error = shared.modern(method, params, revision=revision)["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": [LATEST], "requested": revision}


@pytest.mark.spec("B-IDX-56")
@pytest.mark.parametrize("key", [VERSION, CAPABILITIES, None])
def test_what_every_request_must_state(shared: StdioServer, key: str | None) -> None:
    meta = modern_meta()
    meta.pop(key, None)  # pyright: ignore[reportArgumentType, reportCallIssue]  # None: leave it all out
    params: Message = {"_meta": meta} if key is not None else {}
    error = shared.request("tools/list", params)["error"]
    assert error["code"] == -32602
    assert (key or VERSION) in error["message"]


@pytest.mark.parametrize("params", [None, [], {"_meta": None}, {"_meta": []}, {"_meta": "x"}])
def test_params_of_another_form(shared: StdioServer, params: Any) -> None:
    message: Message = {"jsonrpc": "2.0", "id": "odd", "method": "tools/list", "params": params}
    shared.send(message)
    assert shared.answer("odd")["error"]["code"] in (-32600, -32602)


@pytest.mark.spec("B-IDX-59")
def test_the_client_need_not_name_itself(shared: StdioServer) -> None:
    meta = modern_meta()
    del meta["io.modelcontextprotocol/clientInfo"]
    assert "result" in shared.request("tools/list", {"_meta": meta})


@pytest.mark.spec("B-IDX-06", "L1105-MSG-03")
@pytest.mark.parametrize(
    "id", ["7", 7, "", 0, -1, "é\u2028\n", 2**53 + 1, 10**399, "x" * 1024], ids=ascii
)
def test_an_id_comes_back_as_it_was(shared: StdioServer, id: int | str) -> None:
    assert "result" in shared.modern("server/discover", id=id)
    assert "result" in shared.request("ping", id=id)
    assert "error" in shared.modern("no/such/method", id=id)


@pytest.mark.parametrize(
    "id", [None, 1.5, 1e300, True, [], {}, "x" * 1025, 10**401], ids=lambda id: ascii(id)[:20]
)
def test_an_id_that_none_may_have(shared: StdioServer, id: Any) -> None:
    shared.send({"jsonrpc": "2.0", "id": id, "method": "ping"})
    error = shared.read()
    assert error["error"]["code"] in (-32600, -32700)
    assert error.get("id") is None


def test_an_id_that_is_in_use_is_refused() -> None:
    with StdioServer(CALLS) as server:
        held = server.post_call(
            "hold",
            {"name": "held"},
        )
        server.send(modern(held, "tools/call", {"name": "echo", "arguments": {"text": "x"}}))
        assert server.answer(held)["error"]["code"] == -32600
        server.cancel(held)
        server.healthy()
        assert server.waiting() == []


# Side by side


@pytest.mark.spec("B-VER-20", "B-VER-21", "B-IDX-32")
@pytest.mark.parametrize("revision", LEGACY)
def test_both_eras_interleaved(server: StdioServer, revision: str) -> None:
    def check(era: str, answer: Message) -> None:
        result = answer["result"]
        assert ("resultType" in result) is (era == "modern")
        assert ("ttlMs" in result) is (era == "modern")

    check("modern", server.modern("tools/list"))
    server.initialize(revision)
    ids: list[tuple[str, Any]] = []
    lines: list[bytes] = []
    for number in range(20):
        for era in ("modern", "legacy"):
            id = f"{era}-{number}"
            ids.append((era, id))
            lines.append(encode(modern(id, "tools/list") if era == "modern" else
                                request(id, "tools/list", {})))  # fmt: skip
    server.send(b"".join(lines))
    for era, id in ids:
        check(era, server.answer(id))
    check("modern", server.modern("tools/list"))


def test_methods_of_the_other_era(server: StdioServer) -> None:
    server.initialize()
    for method in ("ping", "initialize", "logging/setLevel", "resources/subscribe"):
        params = {**INITIALIZE, "level": "info", "uri": "weather://stations"}
        assert server.modern(method, params)["error"]["code"] == -32601
    for method in ("server/discover", "subscriptions/listen"):
        error = server.request(method, {"notifications": {}})["error"]
        assert error["code"] == -32601
        assert "2025-11-25" in error["message"]


@pytest.mark.spec("B-IDX-28", "B-IDX-60")
def test_a_request_states_its_own_capabilities(shared: StdioServer) -> None:
    """None of an earlier request is remembered, and a malformed statement is not skipped."""
    assert "result" in shared.modern("tools/list", capabilities={"sampling": {}})
    error = shared.request("tools/list", {"_meta": {VERSION: LATEST}})["error"]
    assert error["code"] == -32602


@pytest.mark.spec("B-IDX-26", "L1105-MSG-05")
@pytest.mark.parametrize(
    "method",
    ["notifications/initialized", "notifications/cancelled", "notifications/progress", "x",
     "tools/list", "initialize", ""],
)  # fmt: skip
@pytest.mark.parametrize("params", [None, {}, {"requestId": 5}, [], 5, "x", {"_meta": []}], ids=str)
def test_a_notification_is_never_answered(shared: StdioServer, method: str, params: Any) -> None:
    message: Message = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    shared.send(message)
    shared.healthy()
    assert shared.waiting() == []


@pytest.mark.parametrize("part", [{"result": {}}, {"error": {"code": -1, "message": "no"}}])
@pytest.mark.parametrize("id", [77, "77", 0])
def test_a_response_that_nobody_waits_for(shared: StdioServer, id: Any, part: Message) -> None:
    shared.send({"jsonrpc": "2.0", "id": id, **part})
    shared.healthy()
    assert shared.waiting() == []


# Batches


def test_a_batch_where_they_are_spoken() -> None:
    with StdioServer(CALLS) as server:
        server.initialize("2025-03-26")
        call = {"name": "turns", "arguments": {"count": 3}}
        server.send([
            request(1, "ping"), {"jsonrpc": "2.0", "method": "notifications/x"},
            request("two", "tools/call", call), {"jsonrpc": "2.0", "id": 3}, 5,
            request(4, "initialize", INITIALIZE), modern(5, "tools/list"), request(1, "ping"),
        ])  # fmt: skip
        answers = server.read()
        assert isinstance(answers, list)
        by_id: dict[Any, Any] = {}
        for answer in cast("list[Message]", answers):
            by_id.setdefault(answer.get("id"), []).append(answer)
        assert len(by_id[1]) == 2
        assert "result" in by_id["two"][0]
        assert by_id[3][0]["error"]["code"] == -32600
        assert by_id[4][0]["error"]["code"] == -32600
        assert by_id[5][0]["error"]["code"] == -32600
        assert len(by_id[None]) == 1
        server.healthy()
        assert server.waiting() == []


def test_a_batch_of_notifications_draws_nothing(server: StdioServer) -> None:
    server.initialize("2025-03-26")
    server.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}] * 3)
    server.healthy()
    assert server.waiting() == []


@pytest.mark.parametrize("batch", [[], [request(1, "ping")] * 101, [[request(1, "ping")]]], ids=len)
def test_a_batch_that_is_refused(server: StdioServer, batch: list[Any]) -> None:
    server.initialize("2025-03-26")
    server.send(batch)
    answer = server.read()
    (answer,) = conversations([answer])
    assert answer["error"]["code"] == -32600
    server.healthy()
    assert server.waiting() == []


@pytest.mark.spec("B-STDIO-02", "L0618-MSG-02")
@pytest.mark.parametrize("revision", [None, "2024-11-05", "2025-06-18", "2025-11-25"])
def test_a_batch_where_they_are_not_spoken(server: StdioServer, revision: str | None) -> None:
    """Nothing of it is executed."""
    if revision is not None:
        server.initialize(revision)
    server.send([request(1, "ping"), modern(2, "tools/list")])
    answer = server.read()
    assert answer["error"]["code"] == -32600
    server.healthy()
    assert server.waiting() == []


# Listening


@pytest.fixture
def listening() -> Generator[StdioServer]:
    """A server of its own, which ends without anything left to say."""
    with StdioServer(CALLS) as server:
        yield server


@pytest.mark.spec("B-SUB-05", "B-SUB-10", "B-IDX-66")
@pytest.mark.parametrize("id", ["text", 12, "12"])
def test_listening_is_acknowledged_first(listening: StdioServer, id: int | str) -> None:
    listening.post_modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, id)
    first = listening.read()
    assert first["method"] == "notifications/subscriptions/acknowledged"
    subscription = first["params"]["_meta"][SUBSCRIPTION]
    assert subscription == id
    assert type(subscription) is type(id)
    assert isinstance(first["params"]["notifications"], dict)
    listening.cancel(id)
    listening.healthy()
    assert listening.waiting() == []


@pytest.mark.spec("B-SUB-14", "B-SUB-15", "B-CAN-02", "B-CAN-03", "B-CAN-14")
@pytest.mark.parametrize("how", ["end of input", "signal"])
def test_the_end_of_the_server_ends_listening_properly(listening: StdioServer, how: str) -> None:
    """Told that it is cancelled, then its final result; calls beside it are not told."""
    for id in ("one", 2):
        listening.post_modern("subscriptions/listen", {"notifications": {}}, id)
        listening.notice("notifications/subscriptions/acknowledged")
    listening.post_call("nap", {"seconds": 0.1})
    listening.healthy()
    if how == "signal":
        listening.signal(15)
    else:
        listening.close_stdin()
    assert listening.wait() == 0
    messages = listening.waiting()
    for id in ("one", 2):
        mine = [
            m for m in messages
            if m.get("id") == id or m.get("params", {}).get("requestId") == id
        ]  # fmt: skip
        assert [m.get("method") for m in mine] == ["notifications/cancelled", None]
        result = mine[1]["result"]
        assert result["resultType"] == "complete"
        assert result["_meta"][SUBSCRIPTION] == id
        assert type(result["_meta"][SUBSCRIPTION]) is type(id)
    told = [m for m in messages if m.get("method") == "notifications/cancelled"]
    assert len(told) == 2


def test_listening_does_not_hold_the_end(listening: StdioServer) -> None:
    """No call is in flight but the streams, which never end by themselves: no need to wait."""
    for number in range(20):
        listening.post_modern("subscriptions/listen", {"notifications": {}}, f"s-{number}")
    for _ in range(20):
        listening.notice("notifications/subscriptions/acknowledged")
    assert listening.finish() == 0
    assert len([m for m in listening.waiting() if "result" in m]) == 20


@pytest.mark.parametrize(
    "params",
    [{}, {"notifications": None}, {"notifications": []},
     {"notifications": {"resourceSubscriptions": "x"}}],
    ids=str,
)  # fmt: skip
def test_listening_to_nonsense_is_refused(listening: StdioServer, params: Message) -> None:
    error = listening.modern("subscriptions/listen", params)["error"]
    assert error["code"] == -32602
    assert listening.waiting() == []
