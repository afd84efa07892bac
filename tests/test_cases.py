"""The golden wire cases of `tests/cases/`, each in this process and over a real process's stdio."""

import asyncio
from collections.abc import Generator
from importlib import import_module
from typing import Any, cast

import pytest

from interlock import Server
from tests.support.aio import run
from tests.support.cases import Case, Mismatch, compare, read_cases, to_send
from tests.support.inprocess import connected
from tests.support.stdio import SERVERS, Message, StdioServer

CASES = read_cases()
PARAMETERS = [
    pytest.param(case, id=case.id, marks=[pytest.mark.spec(*case.spec)] if case.spec else [])
    for case in CASES
]


@pytest.mark.parametrize("case", PARAMETERS)
def test_in_process(case: Case) -> None:
    run(play_in_process(case))


async def play_in_process(case: Case) -> None:
    server: Server = import_module(f"tests.servers.{case.server}").server
    captured: dict[str, object] = {}
    async with connected(server) as client:
        if case.revision not in ("none", "2026-07-28"):
            await client.initialize(case.revision, case.capabilities)
        for step in case.steps:
            if step.kind == "<<<":
                compare(case, step, await client.read(), captured)
            else:
                client.send(to_send(case, step, captured))
        for request in case.last_requests:
            client.send(request)
            no_more(case, request, await client.read())
            for _ in range(5):  # turns of the loop, for what is being cancelled
                await asyncio.sleep(0)


def no_more(case: Case, request: dict[str, Any], message: Any) -> None:
    if not isinstance(message, dict) or cast("Message", message).get("id") != request["id"]:
        raise Mismatch(f"{case.name}: one more message came: {message}")


class Processes:
    """Servers that run, by what was said to them; cases that change nothing share one."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], StdioServer] = {}

    def take(self, case: Case) -> StdioServer:
        """A server with nothing to say, that is in the state where the case begins."""
        process = self._running.pop((case.server, case.revision), None)
        if process is not None and not case.fresh:
            return process
        if process is not None:
            self._running[case.server, case.revision] = process
        process = StdioServer(SERVERS / f"{case.server}.py")
        if case.revision not in ("none", "2026-07-28"):
            process.initialize(case.revision, case.capabilities)
        return process

    def give_back(self, case: Case, process: StdioServer) -> None:
        """Take back a server that played a case to its end."""
        if case.fresh:
            with process:
                pass
        else:
            self._running[case.server, case.revision] = process

    def close(self) -> None:
        """End all servers, by themselves."""
        for process in self._running.values():
            with process:
                pass


@pytest.fixture(scope="module")
def processes() -> Generator[Processes]:
    running = Processes()
    yield running
    running.close()


@pytest.mark.parametrize("case", PARAMETERS)
def test_over_stdio(case: Case, processes: Processes) -> None:
    process = processes.take(case)
    try:
        captured: dict[str, object] = {}
        for step in case.steps:
            if step.kind == "<<<":
                compare(case, step, process.read(), captured)
            else:
                process.send(to_send(case, step, captured) + b"\n")
        for request in case.last_requests:
            process.send(request)
            no_more(case, request, process.read())
    except BaseException:
        process.kill()
        raise
    processes.give_back(case, process)


def test_a_wrong_case_fails() -> None:
    """The judge itself: what is not so is told, with its place."""
    wrong = (
        ('{"jsonrpc":"2.0","id":"1","result":{}}', "the message.id|.id is 1"),
        ('{"jsonrpc":"2.0","id":1,"result":{"a":1}}', r"\.result lacks"),
        ('{"jsonrpc":"2.0","id":1}', "does not name"),
        ('{"jsonrpc":"2.0","id":1,"result":[]}', r"\.result is"),
        ('{"jsonrpc":"~3","id":1,"result":{}}', r"\.jsonrpc is"),
        ("[]", "the message is"),
    )
    case = next(case for case in CASES if case.name == "ping")
    came: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "result": {}}
    for text, told in wrong:
        step = type(case.steps[0])(1, "<<<", text)
        with pytest.raises(Mismatch, match=told):
            compare(case, step, came, {})
    compare(case, type(case.steps[0])(1, "<<<", '{"$more":true,"id":"$=id"}'), came, {})
