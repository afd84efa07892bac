"""`interlock run --reload`: the code changes, the connection stays."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.stdio import StdioServer, encode, modern, request

pytest.importorskip("watchfiles")

SOURCE = """
import asyncio, interlock, os
server = interlock.Server('reloaded', bounds=interlock.Bounds(eof_grace_seconds=0.2))

@server.tool
async def version(ctx: interlock.Context[None]) -> int:
    await ctx.debug("asked")
    return VERSION

@server.tool
async def hold() -> str:
    await asyncio.get_running_loop().create_future()

@server.tool
async def nap() -> str:
    await asyncio.sleep(0.05)
    return "rested"

@server.tool
async def crash() -> str:
    os._exit(5)

@server.tool
async def pid() -> int:
    return os.getpid()
"""


class Code:
    """A target's file, whose version a test raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self.change()

    def change(self, text: str = SOURCE) -> int:
        """Write the next version."""
        self.number += 1
        # at once: a half written file would be started, too
        new = self.path.with_suffix(".new")
        new.write_text(text + f"\nVERSION = {self.number}\n", encoding="utf-8")
        new.replace(self.path)
        return self.number


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """A target in a folder of its own."""
    return Code(tmp_path / "target.py")


def reloading(code: Code, *options: str) -> StdioServer:
    """The target, served with `--reload`."""
    return StdioServer(code.path, options=["--reload", *options])


def wait_version(server: StdioServer, number: int, ask: Callable[[], int]) -> None:
    """Until the new code serves: the change is seen some time after it was made."""
    server.wait_stderr("a file changed", count=number - 1)
    assert ask() == number


def legacy(server: StdioServer) -> int:
    """The version, as a client with a session asks for it."""
    return server.request("tools/call", {"name": "version"})["result"]["structuredContent"][
        "result"
    ]


def newer(server: StdioServer) -> int:
    """The version, as a client of the newest revision asks for it."""
    return server.call("version")["result"]["structuredContent"]


def test_new_code_serves_the_same_connection(code: Code) -> None:
    with reloading(code) as server:
        assert newer(server) == 1
        for number in (2, 3):
            code.change()
            wait_version(server, number, lambda: newer(server))
        assert server.finish() == 0


def test_a_session_is_kept(code: Code) -> None:
    """Handshake and log level are repeated to the new process; their answers are not passed on."""
    with reloading(code) as server:
        assert server.initialize("2025-11-25")["result"]["serverInfo"]["name"] == "reloaded"
        server.request("logging/setLevel", {"level": "debug"})
        assert legacy(server) == 1
        assert server.notice("notifications/message")["params"]["data"] == "asked"
        code.change()
        wait_version(server, 2, lambda: legacy(server))
        assert server.notice("notifications/message")["params"]["data"] == "asked"
        # a second handshake is refused as ever, and does not replace the first
        assert server.initialize("2024-11-05")["error"]["code"] == -32600
        code.change()
        wait_version(server, 3, lambda: legacy(server))
        server.waiting()
        assert server.finish() == 0
        assert server.waiting() == []


def test_a_handshake_that_was_refused_is_not_repeated(code: Code) -> None:
    with reloading(code) as server:
        assert server.request("initialize", {"protocolVersion": 5})["error"]["code"] == -32602
        server.initialize()
        code.change()
        wait_version(server, 2, lambda: legacy(server))
        server.waiting()


def test_text_that_speaks_of_a_handshake_is_none(code: Code) -> None:
    """Nothing but the handshake is sent twice: a call may have effects."""
    with reloading(code) as server:
        text = '"method":"initialize" "notifications/initialized"'
        answer = server.modern("tools/call", {"name": "version", "arguments": {"x": text}})
        assert answer["result"]["isError"]
        code.change()
        wait_version(server, 2, lambda: newer(server))
        assert server.finish() == 0
        assert server.waiting() == []


def test_every_call_in_flight_is_answered(code: Code) -> None:
    with reloading(code) as server:
        held = [server.post_call("hold", id=f"held-{n}") for n in range(3)]
        nap = server.post_call("nap")
        assert newer(server) == 1
        code.change()
        for id in held:
            assert server.answer(id)["error"]["code"] == 1001
        assert server.answer(nap)["result"]["content"][0]["text"] == "rested"
        wait_version(server, 2, lambda: newer(server))


def test_a_process_that_ends_by_itself(code: Code) -> None:
    with reloading(code) as server:
        held = server.post_call("hold")
        crashed = server.post_call("crash")
        for id in (held, crashed):
            error = server.answer(id)["error"]
            assert error["code"] == 1001
            assert "ended before it answered" in error["message"]
        error = server.call("version")["error"]
        assert error["code"] == 1001
        assert "not running" in error["message"]
        code.change()
        wait_version(server, 2, lambda: newer(server))


def test_code_that_cannot_start_says_so_and_may_be_mended(code: Code) -> None:
    with reloading(code) as server:
        server.initialize()
        code.change("this is no Python\n")
        server.wait_stderr("SyntaxError")
        error = server.request("tools/call", {"name": "version"})["error"]
        assert error["code"] == 1001
        code.change()
        wait_version(server, 3, lambda: legacy(server))


def test_code_that_cannot_start_at_first(code: Code) -> None:
    code.change("this is no Python\n")
    with reloading(code) as server:
        server.wait_stderr("SyntaxError")
        code.change()
        server.wait_stderr("a file changed")
        assert newer(server) == 3
        assert server.finish() == 0


def test_a_neighbours_change_counts(code: Code) -> None:
    with reloading(code) as server:
        first = server.call("pid")["result"]["structuredContent"]
        (code.path.parent / "notes.txt").write_text("no code")
        (code.path.parent / "neighbour.py").write_text("x = 1\n")
        server.wait_stderr("a file changed")
        assert server.call("pid")["result"]["structuredContent"] != first


@pytest.mark.parametrize("how", ["end of input", "SIGTERM", "SIGINT", "broken output"])
def test_both_processes_end(code: Code, how: str) -> None:
    with reloading(code) as server:
        pid = server.call("pid")["result"]["structuredContent"]
        server.post_call("hold")
        newer(server)
        if how == "end of input":
            server.close_stdin()
        elif how == "broken output":
            server.close_stdout()
            server.send(encode(modern(1000, "server/discover")))
        else:
            server.signal(getattr(signal, how))
        assert server.wait() == 0
        assert "Traceback" not in server.stderr
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_lines_pass_unchanged(code: Code, tmp_path: Path) -> None:
    """Also those that are no messages; input from a file, output to one."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    big = "é\u2028" * 200_000
    lines = [
        encode(request("a", "ping")),
        b"{nonsense\r\n",
        b"\n",
        encode(modern("b", "tools/call", {"name": "version", "arguments": {"x": big}})),
        b'{"jsonrpc":"2.0","id":"c","method":"ping"}',
    ]
    source.write_bytes(b"\xef\xbb\xbf" + b"".join(lines))
    with StdioServer(code.path, options=["--reload"], stdin=source, stdout=target) as server:
        assert server.wait() == 0
    answers = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert sorted(answer.get("id", "") for answer in answers) == ["", "a", "b", "c"]


def test_a_host_that_does_not_read_does_not_hold_the_exit(code: Code) -> None:
    with reloading(code) as server:
        newer(server)
        taken = server.push(b"x\n" * 2_000_000, 0.5)
        assert taken < 4_000_000
        server.signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        server.kill()


def test_options_and_arguments_reach_the_child(code: Code, tmp_path: Path) -> None:
    (tmp_path / "vars").write_text("FROM_FILE=yes\n")
    code.change(
        "import interlock, os, sys\nserver = interlock.Server('s')\n"
        "@server.tool\ndef told() -> list[str]:\n"
        "    return [*sys.argv[1:], os.environ['FROM_FILE']]\n"
    )
    options = ["--reload", "--env-file", str(tmp_path / "vars")]
    with StdioServer(code.path, options=options, args=["--x", "y"]) as server:
        assert server.call("told")["result"]["structuredContent"] == ["--x", "y", "yes"]


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    with StdioServer(tmp_path / "no" / "t.py", options=["--reload"]) as server:
        assert server.wait() == 2
        assert "there is no" in server.stderr


def test_without_the_extra(code: Code) -> None:
    """The message names what to install."""
    hidden = "import sys; sys.modules['watchfiles'] = sys.modules['dotenv'] = None; "
    start = "from interlock.cli.main import main; sys.exit(main(sys.argv[1:]))"
    for option in (["--reload"], ["--env-file", str(code.path)]):
        command = [sys.executable, "-c", hidden + start, "run", *option, code.path]
        with StdioServer(command=command) as server:
            assert server.wait() == 2
            assert "pip install 'interlock[cli]'" in server.stderr
            assert server.stderr.count("\n") == 1
