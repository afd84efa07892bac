"""A client that does not read: the server stops reading, holds its memory, and loses nothing.

Reading pauses once a bounded number of bytes waits to be read; from then on the pipe fills and
the client cannot send more. Once it reads on, everything is there.
"""

from collections.abc import Callable

import pytest

from tests.support.counts import count
from tests.support.stdio import SERVERS, StdioServer, Stream, encode, modern

CALLS = SERVERS / "calls.py"
NOTICES = SERVERS / "notices.py"
ROOM = 64 << 20
"""Bytes by which a server may grow for a client that does not read."""
QUIET_SECONDS = 0.25
KINDS: list[Stream] = ["pipe", "socket", "pty"]
"""Each has its own way: a terminal is written by a thread, the others by the loop."""


def flood(
    server: StdioServer, message: Callable[[int], bytes], most: int = 1_000_000
) -> tuple[int, bytes]:
    """Send the messages 0, 1, 2... without reading, until the server takes no more.

    How many were begun, and what of them is not sent yet.
    """
    for start in range(0, most, 1000):
        data = b"".join(map(message, range(start, start + 1000)))
        taken = server.push(data, QUIET_SECONDS)
        if taken < len(data):
            return start + 1000, data[taken:]
    pytest.fail(f"the server took {most} messages without being read")


def ping(number: int) -> bytes:
    """A message whose answer tells its number."""
    return encode(modern(f"ping-{number}", "server/discover"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tool", ["spell", "unknown"])
def test_requests_are_no_longer_read(kind: Stream, tool: str) -> None:
    size = 20_000

    def call(number: int) -> bytes:
        if tool == "unknown":  # an error, which is short
            return encode(modern(number, "tools/call", {"name": "unknown"}))
        params = {"name": "spell", "arguments": {"count": size}}
        return encode(modern(number, "tools/call", params))

    with StdioServer(CALLS, stdout=kind) as server:
        server.healthy()
        before = server.resident_bytes()
        begun, rest = flood(server, call)
        assert server.resident_bytes() - before < ROOM
        server.send(rest)
        for number in range(begun):
            answer = server.answer(number)
            if tool == "spell":
                assert len(answer["result"]["content"][0]["text"]) == size
            else:
                assert answer["error"]["code"] == -32602
        server.healthy()
        assert server.waiting() == []
        assert server.resident_bytes() - before < ROOM


@pytest.mark.parametrize("kind", KINDS)
def test_lines_that_are_no_messages_are_no_longer_read(kind: Stream) -> None:
    """Each draws an error: whoever sends them without reading must not fill the memory."""
    with StdioServer(CALLS, stdout=kind) as server:
        server.healthy()
        before = server.resident_bytes()
        begun, rest = flood(server, lambda number: b"{\n")
        assert server.resident_bytes() - before < ROOM
        server.send(rest)
        server.healthy()
        assert [error["error"]["code"] for error in server.waiting()] == [-32700] * begun


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tool", ["flood", "sync_flood"])
def test_notices_wait(kind: Stream, tool: str) -> None:
    """A tool that logs and logs is held up; nothing of what it says is lost or out of order."""
    number = count(8_000, 1_000_000)
    if tool == "sync_flood":
        number //= 4  # each of them is a visit from another thread
    with StdioServer(NOTICES, stdout=kind) as server:
        server.healthy()
        before = server.resident_bytes()
        params = {"name": tool, "arguments": {"count": number, "size": 200}}
        call = encode(modern("flood", "tools/call", params, log_level="info"))
        assert server.push(call, QUIET_SECONDS) == len(call)
        begun, rest = flood(server, ping)
        assert server.resident_bytes() - before < ROOM
        server.send(rest)
        for expected in range(number):
            notice = server.notice("notifications/message")
            assert notice["params"]["data"]["number"] == expected
        assert server.answer("flood")["result"]["content"][0]["text"] == "done"
        for sent in range(begun):
            server.answer(f"ping-{sent}")
        server.healthy()
        assert server.waiting() == []
        assert server.resident_bytes() - before < ROOM


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tool", ["flood", "sync_flood"])
def test_a_call_that_waits_to_be_read_can_be_cancelled(kind: Stream, tool: str) -> None:
    with StdioServer(NOTICES, stdout=kind) as server:
        params = {"name": tool, "arguments": {"count": 10**9, "size": 2000}}
        server.push(encode(modern("flood", "tools/call", params, log_level="info")), QUIET_SECONDS)
        for _ in range(1000):  # more than the outbox holds: the call has been held up
            server.notice("notifications/message")
        server.cancel("flood")
        server.healthy()
        server.waiting()  # what was on its way when the cancellation was taken
        server.healthy()
        assert server.waiting() == []


def test_a_client_that_reads_a_little_now_and_then() -> None:
    with StdioServer(CALLS, env={"OUTBOX_BYTES": "10000"}) as server:
        size = 5000
        params = {"name": "spell", "arguments": {"count": size}}
        begun, rest = flood(server, lambda number: encode(modern(number, "tools/call", params)))
        for number in range(begun):
            step = len(rest) // (begun - number)
            server.send(rest[:step])
            rest = rest[step:]
            assert len(server.answer(number)["result"]["content"][0]["text"]) == size
        server.healthy()
        assert server.waiting() == []
