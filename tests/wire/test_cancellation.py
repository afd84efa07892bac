"""Cancelling: the handler ends, its place is free, and nothing more comes for the request."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.support.counts import count, rng
from tests.support.stdio import SERVERS, Message, StdioServer, encode, modern, request

CALLS = SERVERS / "calls.py"


@pytest.fixture(scope="module")
def server() -> Generator[StdioServer]:
    """One server for all tests, with a session, so that both eras can be tried on it."""
    with StdioServer(CALLS) as server:
        server.initialize()
        yield server


def states(server: StdioServer) -> dict[str, str]:
    """How the calls stand, by name."""
    return server.call("states_of")["result"]["structuredContent"]


def wait_state(server: StdioServer, name: str, wanted: str) -> None:
    """Ask until a call stands as it should; a thread may take its time."""
    found = ""
    for _ in range(100_000):
        found = states(server).get(name, "")
        if found == wanted:
            return
    pytest.fail(f"{name} stands at {found!r}, not {wanted!r}")


def call_of(id: Any, tool: str, arguments: dict[str, Any], era: str) -> Message:
    """A tool call of one era."""
    params = {"name": tool, "arguments": arguments}
    return (
        modern(id, "tools/call", params) if era == "modern" else request(id, "tools/call", params)
    )


@pytest.mark.spec("B-STDIO-15", "B-STDIO-16", "B-CAN-15", "B-CAN-16", "B-CAN-17", "L1105-CAN-03")
@pytest.mark.parametrize("era", ["modern", "legacy"])
@pytest.mark.parametrize("id", ["text", 12345, -1, 10**300], ids=["text", "number", "-1", "huge"])
def test_a_cancelled_call_ends_in_silence(server: StdioServer, era: str, id: int | str) -> None:
    name = f"{era} {id}"
    server.send(call_of(id, "hold", {"name": name}, era))
    assert states(server)[name] == "running"
    server.cancel(id, "changed my mind")
    wait_state(server, name, "cancelled: client")
    server.healthy()
    assert server.waiting() == []
    # the id may be used again
    server.send(call_of(id, "echo", {"text": "again"}, era))
    assert server.answer(id)["result"]["content"][0]["text"] == "again"


@pytest.mark.spec("B-CAN-16")
def test_a_cancelled_call_frees_its_place(server: StdioServer) -> None:
    """More of them than may be in flight at once."""
    for number in range(count(600, 5000)):
        id = f"place-{number}"
        server.send(call_of(id, "hold", {"name": "place"}, "modern"))
        server.cancel(id)
        if number % 100 == 99:
            server.healthy()
    server.healthy()
    assert server.waiting() == []


@pytest.mark.spec("B-STDIO-15")
def test_a_thread_sees_that_its_call_was_cancelled(server: StdioServer) -> None:
    id = server.post_call("watchful", {"name": "watchful"})
    wait_state(server, "watchful", "running")
    server.cancel(id)
    wait_state(server, "watchful", "cancelled: client")
    server.healthy()
    assert server.waiting() == []


def test_a_thread_that_does_not_look_keeps_its_place_but_not_its_id() -> None:
    """Its call is over at once for the client; the thread itself cannot be stopped."""
    with StdioServer(CALLS) as server:
        for number in range(40):  # more than there are threads
            id = server.post_call("stuck", {"name": "stuck"}, id=f"stuck-{number}")
            server.cancel(id)
        server.healthy()
        assert server.waiting() == []
        assert "result" in server.call("echo", {"text": "on the loop"})


def test_a_handler_that_swallows_its_cancellation_stays_silent(server: StdioServer) -> None:
    id = server.post_call("stubborn", {"name": "stubborn"})
    assert states(server)["stubborn"] == "running"
    server.cancel(id)
    wait_state(server, "stubborn", "swallowed")
    server.healthy()
    assert server.waiting() == []


@pytest.mark.spec("B-CAN-22", "L1105-CAN-04", "B-IDX-26")
@pytest.mark.parametrize(
    "params",
    [{"requestId": "unknown"}, {"requestId": 10**300}, {"requestId": None}, {"requestId": 1.5},
     {"requestId": True}, {"requestId": []}, {"requestId": {"a": 1}}, {}, [], None, "x", 5,
     {"requestId": 1, "reason": 5}, {"requestId": "x" * 100_000},
     {"requestId": "unknown", "reason": "\n[INFO] all is well\x1b[31m"}],
    ids=lambda params: ascii(params)[:40],
)  # fmt: skip
def test_cancelling_what_is_not_there(server: StdioServer, params: Any) -> None:
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    server.healthy()
    assert server.waiting() == []


@pytest.mark.spec("B-CAN-22")
def test_cancelling_what_is_done(server: StdioServer) -> None:
    id = server.post_call("echo", {"text": "done"})
    assert "result" in server.answer(id)
    server.cancel(id)
    server.cancel(id)
    server.healthy()
    assert server.waiting() == []


@pytest.mark.parametrize(("held", "named"), [("7", 7), (7, "7")])
def test_an_id_of_another_type_is_another_id(
    server: StdioServer, held: int | str, named: int | str
) -> None:
    server.send(call_of(held, "hold", {"name": f"held {held!r}"}, "modern"))
    server.cancel(named)
    assert states(server)[f"held {held!r}"] == "running"
    server.cancel(held)
    wait_state(server, f"held {held!r}", "cancelled: client")


def test_initialize_cannot_be_cancelled() -> None:
    """Some clients try; the session is opened all the same."""
    with StdioServer(CALLS) as server:
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x"}}
        server.send(encode(request(0, "initialize", params)))
        server.cancel(0)
        assert "result" in server.answer(0)
        server.healthy()


@pytest.mark.soak
@pytest.mark.spec("B-CAN-19", "L1105-CAN-06", "B-STDIO-16")
@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_cancelling_races_with_the_answer(server: StdioServer, era: str) -> None:
    """Whichever comes first, there is at most one answer, and none after the cancellation.

    A request behind the cancellation is answered after it was taken: what comes later is late.
    """
    random = rng(f"races-{era}")
    for turn in range(count(300, 20_000)):
        ids = [f"{era}-{turn}-{number}" for number in range(random.randrange(1, 5))]
        messages: list[bytes] = []
        for id in ids:
            tool, arguments = random.choice(
                [("turns", {"count": random.randrange(6)}), ("echo", {"text": "x"}),
                 ("blocking_nap", {"seconds": 0})]
            )  # fmt: skip
            messages.append(encode(call_of(id, tool, arguments, era)))
        for id in ids:
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled",
                      "params": {"requestId": id}}  # fmt: skip
            for _ in range(random.randrange(1, 3)):
                messages.insert(random.randrange(len(messages) + 1), encode(cancel))
        behind = f"behind-{era}-{turn}"
        last = {id: max(n for n, m in enumerate(messages) if id.encode() in m) for id in ids}
        messages.append(encode(request(behind, "ping")))
        if random.random() < 0.5:
            server.send(b"".join(messages))
        else:
            for message in messages:
                server.send(message)
        early: list[str] = []
        while (answer := server.read())["id"] != behind:
            early.append(answer["id"])
        assert len(early) == len(set(early))
        cancelled_last = {id for id in ids if b"cancelled" in messages[last[id]]}
        server.healthy()
        for answer in server.waiting():
            assert answer["id"] not in cancelled_last, "an answer after the cancellation"
            assert answer["id"] not in early, "a second answer"
    assert states(server) is not None
