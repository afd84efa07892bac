"""However serving ends, calls get a moment to finish, and the process is gone soon, with status 0.

Deadlines here are generous for a busy machine: what they tell apart is soon and never.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.stdio import PATIENCE, ROOT, SERVERS, StdioServer, encode, modern

CALLS = SERVERS / "calls.py"
NOTICES = SERVERS / "notices.py"
SOON = 15.0

HURRIED = {"END_SECONDS": "0.2"}
"""For tests whose servers use up all the time that they have to end."""
ENDINGS = ["end of input", "SIGINT", "SIGTERM", "broken output"]


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """Where the server of a test notes what became of it."""
    return tmp_path / "diary"


def end(server: StdioServer, how: str) -> int:
    """End a server and return its status."""
    if how == "end of input":
        server.close_stdin()
    elif how == "broken output":
        server.close_stdout()
    else:
        server.signal(getattr(signal, how))
    return server.wait(SOON)


@pytest.mark.spec("B-STDIO-18")
@pytest.mark.parametrize("how", ENDINGS)
def test_an_idle_server_ends(how: str, diary: Path) -> None:
    with StdioServer(CALLS, env={"DIARY": str(diary)}) as server:
        server.healthy()
        assert end(server, how) == 0
        assert server.stderr == ""
    assert diary.read_text().splitlines() == ["opened", "closed"]


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_a_call_in_flight_may_finish(how: str, diary: Path) -> None:
    with StdioServer(CALLS, env={"DIARY": str(diary)}) as server:
        call = server.post_call("nap", {"seconds": 0.3})
        thread = server.post_call("blocking_nap", {"seconds": 0.3})
        server.healthy()
        assert end(server, how) == 0
        for id in (call, thread):
            assert server.answer(id)["result"]["content"][0]["text"] == "rested"
    assert diary.read_text().splitlines() == ["opened", "napped", "closed"]


@pytest.mark.parametrize("how", ["end of input", "SIGTERM", "SIGINT"])
def test_a_call_that_takes_longer_is_cancelled_and_answered(how: str, diary: Path) -> None:
    with StdioServer(CALLS, env={"DIARY": str(diary), **HURRIED}) as server:
        call = server.post_call("hold", {"name": "held"})
        server.healthy()
        assert end(server, how) == 0
        assert server.answer(call)["error"]["code"] == 1001
        assert server.waiting() == []
        assert server.stderr == ""
    assert diary.read_text().splitlines() == ["opened", "held cancelled: shutdown", "closed"]


def test_nobody_is_left_to_finish_for_when_the_output_breaks(diary: Path) -> None:
    with StdioServer(CALLS, env={"DIARY": str(diary)}) as server:
        server.post_call("hold", {"name": "held"})
        server.healthy()
        assert end(server, "broken output") == 0
        assert server.stderr == ""
    assert diary.read_text().splitlines() == ["opened", "held cancelled: shutdown", "closed"]


STUCK: list[tuple[str, Sequence[str]]] = [
    *(("end of input", (tool,)) for tool in ("stuck", "stubborn", "start_thread", "block_loop")),
    *((how, ("stuck", "stubborn", "start_thread", "hold")) for how in ENDINGS),
    ("SIGINT", ("block_loop",)),
    ("SIGTERM", ("block_loop",)),
]


@pytest.mark.parametrize(("how", "tools"), STUCK, ids=lambda part: str(part))
def test_nothing_holds_the_exit(how: str, tools: Sequence[str]) -> None:
    """Whoever started the process has gone: a handler that stays must not keep it alive.

    A blocked loop learns of a broken output only when it writes. But whoever breaks that and is
    still there closes the input or signals next.
    """
    with StdioServer(CALLS, env=HURRIED) as server:
        for tool in tools:
            server.post_call(tool, {} if tool in ("start_thread", "block_loop") else {"name": tool})
        if "block_loop" in tools:
            server.wait_stderr("blocking")
        else:
            running = {tool for tool in tools if tool != "start_thread"}
            while running - server.call("states_of")["result"]["structuredContent"].keys():
                pass
        assert end(server, how) == 0
        assert "Traceback" not in server.stderr


def test_a_blocked_loop_ends_with_its_connection() -> None:
    """One socket for both directions, as under sshd: the thread that reads waits for the loop."""
    with StdioServer(CALLS, stdin="socket", stdout="stdin", env=HURRIED) as server:
        server.post_call("block_loop")
        server.wait_stderr("blocking")
        server.close_stdout()
        assert server.wait(SOON) == 0


def test_the_usual_bounds_end_soon() -> None:
    with StdioServer(CALLS) as server:
        server.post_call("stubborn", {"name": "s"})
        server.healthy()
        assert end(server, "end of input") == 0


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_a_script_that_runs_its_server_itself_ends_too(how: str) -> None:
    with StdioServer(command=[sys.executable, CALLS], env=HURRIED) as server:
        server.post_call("stuck", {"name": "stuck"})
        server.post_call("stubborn", {"name": "stubborn"})
        server.healthy()
        assert end(server, how) == 0


def test_a_script_goes_on_after_its_server(tmp_path: Path) -> None:
    """`server.run()` returns; what the script does then is its own affair and may take time."""
    script = tmp_path / "script.py"
    script.write_text(
        "import interlock, time\n"
        "server = interlock.Server('s')\n"
        "server.run()\n"
        "time.sleep(2.5)\n"  # longer than shutting down may take
        f"open({str(tmp_path / 'done')!r}, 'w').close()\n"
        "raise SystemExit(7)\n"
    )
    with StdioServer(command=[sys.executable, script]) as server:
        server.healthy()
        server.close_stdin()
        assert server.wait() == 7
    assert (tmp_path / "done").exists()


def test_a_second_signal_changes_nothing() -> None:
    with StdioServer(CALLS, env=HURRIED) as server:
        server.post_call("stubborn", {"name": "s"})
        server.healthy()
        server.signal(signal.SIGINT)
        server.signal(signal.SIGINT)
        server.signal(signal.SIGTERM)
        assert server.wait(SOON) == 0
        assert "Traceback" not in server.stderr


def test_output_that_breaks_while_answers_are_written() -> None:
    """No SIGPIPE, no traceback: the answers have nobody to go to."""
    with StdioServer(CALLS) as server:
        server.healthy()
        for number in range(50):
            arguments = {"name": "spell", "arguments": {"count": 100_000}}
            server.push(encode(modern(number, "tools/call", arguments)), 0.05)
        server.close_stdout()
        assert server.wait(SOON) == 0
        assert server.stderr == ""


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_a_client_that_does_not_read_does_not_hold_the_exit(how: str) -> None:
    """Its pipe stays open and full; the answers in front of it are lost with the process."""
    with StdioServer(CALLS, env=HURRIED, exits=False) as server:
        server.healthy()
        arguments = {"name": "spell", "arguments": {"count": 100_000}}
        server.push(b"".join(encode(modern(n, "tools/call", arguments)) for n in range(2000)), 1.0)
        if how == "end of input":
            server.close_stdin()
        else:
            server.signal(signal.SIGTERM)
        assert server.process.wait(SOON) == 0
        server.kill()


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_logging_to_a_client_that_does_not_read_does_not_hold_the_exit(how: str) -> None:
    with StdioServer(NOTICES, exits=False) as server:
        server.healthy()
        call = {"count": 10**9, "size": 10_000}
        for number, tool in enumerate(("flood", "sync_flood")):
            params = {"name": tool, "arguments": call}
            server.push(encode(modern(number, "tools/call", params, log_level="debug")), 0.2)
        if how == "end of input":
            server.close_stdin()
        else:
            server.signal(signal.SIGTERM)
        assert server.process.wait(SOON) == 0
        server.kill()


HOST = """
import subprocess, sys, time
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n' + sys.argv[1].encode())
server.stdin.flush()
server.stdout.readline()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a grandchild by pidfd")
@pytest.mark.parametrize("tool", ["hold", "block_loop"])
def test_a_host_that_is_killed_leaves_no_server_behind(tool: str) -> None:
    arguments = {} if tool == "block_loop" else {"name": "x"}
    line = encode(modern(2, "tools/call", {"name": tool, "arguments": arguments})).decode()
    run = [sys.executable, "-m", "interlock.cli.main", "run", str(CALLS)]
    command = [sys.executable, "-c", HOST, line, *run]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **HURRIED}, stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        descriptor = os.pidfd_open(pid)
        try:
            host.send_signal(signal.SIGKILL)
            ended, _, _ = select.select([descriptor], [], [], PATIENCE)
            assert ended, "the server outlived its host"
        finally:
            if not select.select([descriptor], [], [], 0)[0]:
                os.kill(pid, signal.SIGKILL)
            os.close(descriptor)


def test_handlers_that_exit_or_interrupt_do_not_end_the_server() -> None:
    with StdioServer(CALLS) as server:
        for kind in (
            "RuntimeError",
            "KeyboardInterrupt",
            "SystemExit",
            "CancelledError",
            "sys.exit",
        ):
            answer = server.call("fail", {"kind": kind})
            assert answer.get("error", {}).get("code") == -32603 or answer["result"]["isError"]
            assert "hunter2" not in str(answer)
        server.healthy()


def test_a_lifespan_that_cannot_open_is_the_reason(tmp_path: Path) -> None:
    """A traceback is right here: the server's own code failed before anybody was served."""
    target = tmp_path / "target.py"
    target.write_text(
        "import interlock\n"
        "async def broken():\n"
        "    raise RuntimeError('no database')\n"
        "    yield\n"
        "server = interlock.Server('s', lifespan=broken)\n"
    )
    with StdioServer(target) as server:
        assert server.wait() == 1
        assert "RuntimeError: no database" in server.stderr
        assert server.lines == []
