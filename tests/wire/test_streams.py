"""Whatever standard input and output are, the server talks over them, and leaves them as found."""

import json
import os
import pty
import select
import socket
import sys
import time
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.stdio import PATIENCE, SERVERS, StdioServer, Stream, encode, modern

CALLS = SERVERS / "calls.py"
NOISY = SERVERS / "noisy.py"
RUN = f"{sys.executable} -m interlock.cli.main run {CALLS}"
SIZES = (0, 1, 5_000, 300_000)


def conversation() -> bytes:
    """A few requests of both eras as bytes."""
    return b"".join(
        encode(message)
        for message in (
            {"jsonrpc": "2.0", "id": "first", "method": "ping"},
            modern(1, "tools/call", {"name": "echo", "arguments": {"text": "één\n\u2028"}}),
            modern(2, "server/discover"),
        )
    )


def check_conversation(lines: list[bytes]) -> None:
    """The answers to `conversation`, each on a line."""
    answers = {answer["id"]: answer for answer in map(json.loads, lines)}
    assert answers.keys() == {"first", 1, 2}
    assert answers["first"]["result"] == {}
    assert answers[1]["result"]["content"] == [{"type": "text", "text": "één\n\u2028"}]


def talk(server: StdioServer) -> None:
    """A conversation with small and large messages both ways."""
    server.initialize()
    assert server.request("ping")["result"] == {}
    for size in SIZES:
        text = "é" * size
        assert server.call("echo", {"text": text})["result"]["content"][0]["text"] == text
    server.send(*(modern(n, "tools/call", {"name": "echo", "arguments": {"text": str(n)}})
                  for n in range(1000, 1200)))  # fmt: skip
    for number in range(1000, 1200):
        assert server.answer(number)["result"]["content"][0]["text"] == str(number)


@pytest.mark.spec("B-TRN-02", "L1105-STD-01")
@pytest.mark.parametrize("stdout", ["pipe", "socket", "pty"])
@pytest.mark.parametrize("stdin", ["pipe", "socket", "pty"])
def test_every_kind_of_stream_serves(stdin: Stream, stdout: Stream) -> None:
    with StdioServer(CALLS, stdin=stdin, stdout=stdout) as server:
        talk(server)
        assert server.finish() == 0
        assert server.stderr == ""


@pytest.mark.parametrize("kind", ["pipe", "socket", "pty"])
def test_without_uvloop(kind: Stream, tmp_path: Path) -> None:
    """Plain asyncio serves as well."""
    (tmp_path / "uvloop.py").write_text("raise ImportError('hidden')\n")
    search = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    with StdioServer(CALLS, stdin=kind, stdout=kind, env={"PYTHONPATH": search}) as server:
        talk(server)
        assert server.finish() == 0
        assert server.stderr == ""


@pytest.mark.parametrize("kind", ["socket", "pty"])
def test_one_stream_for_both_directions(kind: Stream) -> None:
    """As under sshd, which gives a command one socket pair, or a terminal."""
    with StdioServer(CALLS, stdin=kind, stdout="stdin") as server:
        talk(server)
        assert server.finish() == 0
        assert server.stderr == ""


@pytest.mark.parametrize("last_newline", [True, False])
@pytest.mark.parametrize("sink", ["pipe", "file", "pty", "socket"])
def test_input_from_a_file(sink: str, last_newline: bool, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(conversation() if last_newline else conversation().rstrip(b"\n"))
    target: Any = tmp_path / "out" if sink == "file" else sink
    with StdioServer(CALLS, stdin=source, stdout=target) as server:
        assert server.wait() == 0
        assert server.stderr == ""
        lines = (tmp_path / "out").read_bytes().splitlines() if sink == "file" else server.lines
    check_conversation(lines)


def test_a_long_input_from_a_file(tmp_path: Path) -> None:
    """More than one read takes, and more calls than may be in flight at once if none ended."""
    source, target = tmp_path / "in", tmp_path / "out"
    with source.open("wb") as file:
        for number in range(3000):
            arguments = {"text": "x" * (number % 600)}
            file.write(
                encode(modern(number, "tools/call", {"name": "echo", "arguments": arguments}))
            )
    with StdioServer(CALLS, stdin=source, stdout=target) as server:
        assert server.wait() == 0
    answers = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert sorted(answer["id"] for answer in answers) == list(range(3000))
    assert all(
        len(answer["result"]["content"][0]["text"]) == answer["id"] % 600 for answer in answers
    )


def test_output_to_a_file_while_the_input_is_a_pipe(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with StdioServer(CALLS, stdout=target) as server:
        server.send(conversation())
        assert server.finish() == 0
    check_conversation(target.read_bytes().splitlines())


@pytest.mark.parametrize("sink", ["pipe", "socket", "pty", Path(os.devnull)])
@pytest.mark.parametrize("source", [Path(os.devnull), None])
def test_no_input_ends_at_once(source: Stream, sink: Stream) -> None:
    with StdioServer(CALLS, stdin=source, stdout=sink) as server:
        assert server.wait() == 0
        assert server.lines == []
        assert server.stderr == ""


@pytest.mark.parametrize("sink", [Path(os.devnull), Path("/dev/full"), None])
@pytest.mark.parametrize("source", ["pipe", "socket", "pty"])
def test_output_to_nowhere(source: Stream, sink: Stream) -> None:
    """Nobody learns the answers, but nothing breaks: an output that fails ends the server."""
    with StdioServer(CALLS, stdin=source, stdout=sink) as server:
        server.send(conversation())
        assert server.finish() == 0
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    "redirections", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"]
)
def test_closed_standard_streams(redirections: str) -> None:
    with StdioServer(command=["sh", "-c", f"exec {RUN} {redirections}"]) as server:
        if "<&-" not in redirections and ">&-" not in redirections.replace("2>&-", ""):
            talk(server)
        assert server.finish() == 0
        assert server.stderr == ""


def test_noise_with_standard_error_closed() -> None:
    """What is printed has nowhere to go, and must not go to the descriptor that took its place."""
    run = f"{sys.executable} -m interlock.cli.main run {NOISY}"
    with StdioServer(command=["sh", "-c", f"exec {run} 2>&-"]) as server:
        for tool in ("say", "write", "child"):
            server.call(tool, {"text": "noise"})
        server.healthy()
        assert all(b"noise\n" not in line for line in server.lines)


# One open file for output and errors


@contextmanager
def shared(kind: str) -> Generator[tuple[int, int]]:
    """Our and the server's end of a stream that is its output and its standard error."""
    if kind == "pipe":
        ours, theirs = os.pipe()
    elif kind == "socket":
        one, other = socket.socketpair()
        ours, theirs = one.detach(), other.detach()
    else:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def lines_until(descriptor: int, wanted: set[bytes]) -> list[bytes]:
    """Lines from a descriptor until each of ``wanted`` stood in one."""
    data = b""
    deadline = time.monotonic() + PATIENCE
    while any(text not in data for text in wanted) or not data.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"only this came: {data[-500:]!r}"
        data += os.read(descriptor, 1 << 16)
    return data.splitlines()


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "socket", "pty"])
def test_output_and_errors_in_one_file(kind: str, blocking: bool) -> None:
    """A shell's `2>&1`: O_NONBLOCK is the file's, so setting it would break every log line."""
    with shared(kind) as (ours, theirs):
        os.set_blocking(theirs, blocking)
        with StdioServer(NOISY, stdout=theirs, stderr="stdout") as server:
            server.send(modern(1, "tools/call", {"name": "write", "arguments": {"text": "aside"}}))
            lines = lines_until(ours, {b"aside", b'"id":1'})
            assert b"printed while importing" in lines
            assert os.get_blocking(theirs) is blocking
            # more than any pipe holds, so a non-blocking write would fail half way
            server.send(
                modern(2, "tools/call", {"name": "complain", "arguments": {}}),
                modern(3, "server/discover"),
            )
            found = lines_until(ours, {b'"id":2', b'"id":3'})
            if blocking:
                assert found.count(b"x" * 16383) == 64
                assert b'"isError"' not in b"".join(found)
            assert server.finish() == 0
        assert os.get_blocking(theirs) is blocking


# Left as found


def replace_by_null(descriptor: int) -> None:
    """Close what a descriptor stands for, and keep its number."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, descriptor)
    os.close(null)


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("way_out", ["end of input", "signal", "broken output"])
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_the_blocking_mode_is_restored(kind: str, way_out: str, blocking: bool) -> None:
    """A shell that shares the open file would read an error where it expects to wait."""
    with shared(kind) as (to, given), shared(kind) as (ours, taken):
        if kind == "pipe":
            to, given = given, to
        os.set_blocking(given, blocking)
        os.set_blocking(taken, blocking)
        with StdioServer(CALLS, stdin=given, stdout=taken) as server:
            os.write(to, encode(modern(1, "server/discover")))
            lines_until(ours, {b'"id":1'})
            if way_out == "signal":
                server.signal(15)
            elif way_out == "end of input" and kind == "socket":
                with socket.socket(fileno=os.dup(to)) as end:
                    end.shutdown(socket.SHUT_WR)
            elif way_out == "end of input":
                replace_by_null(to)
            elif kind == "socket":
                with socket.socket(fileno=os.dup(ours)) as end:
                    end.shutdown(socket.SHUT_RDWR)
            else:
                replace_by_null(ours)
            assert server.wait() == 0
        assert os.get_blocking(given) is blocking
        assert os.get_blocking(taken) is blocking


def test_a_terminal_that_does_not_block() -> None:
    """Another process of the terminal, a Node.js program say, may have left it so."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.set_blocking(theirs, False)
    try:
        with StdioServer(CALLS, stdin=theirs, stdout=theirs) as server:
            for number in range(3):
                text = "x" * 100_000
                arguments = {"name": "echo", "arguments": {"text": text}}
                data = memoryview(encode(modern(number, "tools/call", arguments)))
                answer = b""
                while not answer.endswith(b"\n"):
                    readable, writable, _ = select.select(
                        [ours], [ours] if data else [], [], PATIENCE
                    )
                    assert readable or writable
                    if writable:
                        data = data[os.write(ours, data[:4096]) :]
                    if readable:
                        answer += os.read(ours, 1 << 16)
                assert json.loads(answer)["result"]["content"][0]["text"] == text
            server.signal(15)
            assert server.wait() == 0
            assert server.stderr == ""
        assert not os.get_blocking(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def test_typed_at_a_terminal() -> None:
    """Lines and Ctrl-D of a terminal in its usual mode."""
    ours, theirs = pty.openpty()
    try:
        with StdioServer(CALLS, stdin=theirs, stdout="pipe") as server:
            os.write(ours, b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
            assert server.answer(1)["result"] == {}
            os.write(ours, b"\x04")
            assert server.wait() == 0
    finally:
        os.close(ours)
        os.close(theirs)
