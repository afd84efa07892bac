"""Odd lines over a real pipe: each is answered as what it is, and the next request is served."""

import json
from collections.abc import Generator
from typing import Any

import pytest

from tests.support.counts import count, rng
from tests.support.stdio import SERVERS, Message, StdioServer, encode, modern

CALLS = SERVERS / "calls.py"
LIMIT = 4 * 1024 * 1024
PING = b'{"jsonrpc":"2.0","id":%d,"method":"ping"}'


@pytest.fixture(scope="module")
def server() -> Generator[StdioServer]:
    """One server for all tests that leave it as it was."""
    with StdioServer(CALLS) as server:
        yield server


def refusals(server: StdioServer, data: bytes, number: int) -> list[Message]:
    """The errors without a readable id that ``data`` draws, and that nothing else came of it."""
    server.send(data)
    server.healthy()
    errors = server.waiting()
    assert len(errors) == number, errors
    for error in errors:
        assert error.keys() <= {"jsonrpc", "id", "error"}
        assert error.get("id") is None
    return errors


def echo(id: Any, text: str) -> bytes:
    """A call of `echo` with its characters as they are."""
    return encode(modern(id, "tools/call", {"name": "echo", "arguments": {"text": text}}))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n\r\n \n\t\n", b" \n"])
def test_ends_of_lines(server: StdioServer, end: bytes) -> None:
    numbers = [server.new_id() for _ in range(3)]
    server.send(b"".join(PING % number + end for number in numbers))
    for number in numbers:
        assert server.answer(number)["result"] == {}
    server.healthy()
    assert server.waiting() == []


def test_the_start_and_the_end_of_a_stream() -> None:
    """A byte order mark in front, as PowerShell writes, and no newline at the end."""
    with StdioServer(CALLS) as server:
        server.send(b"\xef", b"\xbb\xbf" + PING % 1 + b"\r\n\r\n", PING % 2)
        assert server.finish() == 0
        assert [answer["id"] for answer in server.waiting()] == [1, 2]


def test_a_stream_that_is_nothing_but_blank() -> None:
    with StdioServer(CALLS) as server:
        server.send(b"\xef\xbb\xbf\n\r\n  \n")
        assert server.finish() == 0
        assert server.waiting() == []


@pytest.mark.spec("B-IDX-13", "L1125-MSG-01")
def test_an_unfinished_last_line_is_refused() -> None:
    with StdioServer(CALLS) as server:
        server.send(PING % 1 + b"\n" + b'{"jsonrpc":"2.0","id":2,"method":"pi')
        assert server.finish() == 0
        assert server.answer(1)["result"] == {}
        assert server.answer(2)["error"]["code"] == -32700


@pytest.mark.parametrize(
    "text",
    [
        "a\u2028b\u2029c",
        "a\x85b",
        "a\x0bb\x0cc\x1cd\x1ee",
        "a\u0000b",
        "\r",
        "\x7f\ufeff\U0001f600",
    ],
    ids=ascii,
)
def test_what_ends_lines_elsewhere_does_not_end_them_here(server: StdioServer, text: str) -> None:
    id = server.new_id()
    server.send(echo(id, text))
    assert server.answer(id)["result"]["content"][0]["text"] == text


@pytest.mark.spec("B-STDIO-03", "L1105-STD-01")
def test_newlines_inside_text_stay_inside(server: StdioServer) -> None:
    text = "one\ntwo\r\nthree\r"
    assert server.call("echo", {"text": text})["result"]["content"][0]["text"] == text


def test_json_printed_over_many_lines(server: StdioServer) -> None:
    """Each line by itself is no message; each is refused, and none of them does anything."""
    lines = json.dumps(modern(1, "tools/call", {"name": "echo"}), indent=2).encode().splitlines()
    errors = refusals(server, b"\n".join(lines) + b"\n", len(lines))
    assert {error["error"]["code"] for error in errors} == {-32700}


@pytest.mark.spec("B-TRN-01", "B-IDX-13")
@pytest.mark.parametrize(
    "line",
    [b'{"jsonrpc":"2.0","id":"%b","method":"ping"}' % b"\xff\xfe", b"\xff\xfe{}", b"\xed\xa0\x80",
     b'{"jsonrpc":"2.0","method":"\xc0\xaf"}', b"\0", b"\x85", b"{{{", b"{", b'"', b"nul", b"+1"],
    ids=ascii,
)  # fmt: skip
def test_no_json(server: StdioServer, line: bytes) -> None:
    (error,) = refusals(server, line + b"\n", 1)
    assert error["error"]["code"] == -32700


@pytest.mark.parametrize(
    "line", [b"null", b"[]", b"[1]", b"1", b'"text"', b"{}", b"[[[]]]", b"true"]
)
def test_json_that_is_no_message(server: StdioServer, line: bytes) -> None:
    (error,) = refusals(server, line + b"\n", 1)
    assert error["error"]["code"] == -32600


# Length


def padded(id: int, size: int, *, id_first: bool = True) -> bytes:
    """A ping whose line is ``size`` bytes long."""
    start = b'{"jsonrpc":"2.0","id":%d,"method":"ping","params":{"_meta":{"pad":"' % id
    end = b'"}}}'
    if not id_first:
        start = b'{"jsonrpc":"2.0","method":"ping","params":{"id":7,"_meta":{"pad":"'
        end = b'"}},"id":%d}' % id
    return start + b"x" * (size - len(start) - len(end)) + end + b"\n"


def test_the_longest_line_that_is_taken(server: StdioServer) -> None:
    id = server.new_id()
    server.send(padded(id, LIMIT))
    assert server.answer(id)["result"] == {}


@pytest.mark.parametrize("excess", [1, 1000, LIMIT])
def test_a_line_that_is_too_long(server: StdioServer, excess: int) -> None:
    id = server.new_id()
    server.send(padded(id, LIMIT + excess), PING % (id + 10_000) + b"\n")
    error = server.answer(id)["error"]
    assert error["code"] == -32600
    assert str(LIMIT) in error["message"]
    assert server.answer(id + 10_000)["result"] == {}
    server.healthy()
    assert server.waiting() == []


def test_a_line_that_is_too_long_and_ends_with_its_id(server: StdioServer) -> None:
    """As the official TypeScript client writes its requests."""
    number = server.new_id()
    server.send(padded(number, LIMIT + 1, id_first=False))
    assert server.answer(number)["error"]["code"] == -32600
    server.healthy()
    assert server.waiting() == []


def test_a_line_that_is_too_long_and_hides_its_id(server: StdioServer) -> None:
    """An id inside params is not the request's."""
    data = b'{"method":"ping","params":{"x":"%b","id":1}}\n' % (b"x" * LIMIT)
    (error,) = refusals(server, data, 1)
    assert error["error"]["code"] == -32600


def test_garbage_without_an_end_costs_no_memory(server: StdioServer) -> None:
    server.healthy()
    before = server.resident_bytes()
    for _ in range(count(64, 1024)):
        server.send(b"x" * (1 << 20))
    grown = server.resident_bytes() - before
    (error,) = refusals(server, b"\n", 1)
    assert error["error"]["code"] == -32600
    assert grown < 32 << 20


def test_a_longer_line_under_a_higher_bound() -> None:
    with StdioServer(CALLS, env={"MESSAGE_BYTES": str(8 << 20)}) as server:
        text = "5 MB of é".ljust(5 << 20, "x")
        assert server.call("echo", {"text": text})["result"]["content"][0]["text"] == text


def test_a_short_bound() -> None:
    with StdioServer(CALLS, env={"MESSAGE_BYTES": "200"}) as server:
        server.send(PING % 1 + b"\n", padded(2, 201), padded(3, 200))
        assert server.answer(1)["result"] == {}
        assert server.answer(2)["error"]["code"] == -32600
        assert server.answer(3)["result"] == {}


# Chunks


def test_many_messages_in_one_write(server: StdioServer) -> None:
    ids = [f"burst-{number}" for number in range(2000)]
    server.send(b"".join(echo(id, id) for id in ids))
    for id in ids:
        assert server.answer(id)["result"]["content"][0]["text"] == id


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["pipe", "socket", "pty"])
def test_messages_in_arbitrary_pieces(kind: Any) -> None:
    """The same answers however the bytes are cut: inside a character, an escape, a line end."""
    random = rng(f"pieces-{kind}")
    with StdioServer(CALLS, stdin=kind, stdout=kind) as server:
        for turn in range(count(10, 300)):
            texts = {
                f"{turn}-{n}": random.choice(["", "é\u2028\n", "x" * random.randrange(5000)])
                for n in range(random.randrange(1, 20))
            }
            ends = [b"\n", b"\r\n", b"\n\n"]
            stream = b"".join(
                echo(id, text)[:-1] + random.choice(ends) for id, text in texts.items()
            )
            while stream:
                size = random.choice([1, 2, 3, 7, 64, 4095, 4096, 70_000])
                server.send(stream[:size])
                stream = stream[size:]
            for id, text in texts.items():
                assert server.answer(id)["result"]["content"][0]["text"] == text
        assert server.waiting() == []
