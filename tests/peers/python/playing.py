"""Playing a scenario with one client: the steps, and the report of what the client saw.

The clients differ, the steps do not. A script of this folder gives :func:`main` a function that
opens its client on a server's command line, and this module goes through the scenario with it.
It runs on the peer's interpreter, so it uses nothing but the standard library.

The command line is ``SCRIPT SCENARIO COMMAND...``: the scenario as JSON, then the server. A
``{name}`` in the command stands for the connection's name. One JSON report goes to standard
output: an object by connection. Whatever the client logs or warns of is part of it.
"""

import asyncio
import json
import logging
import sys
import warnings
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, NamedTuple, Protocol, cast

Json = dict[str, Any]
PATIENCE = 20.0
"""Seconds that anything may take before the script fails."""
LEVEL_KEY = "io.modelcontextprotocol/logLevel"

OnProgress = Callable[[float, "float | None", "str | None"], None]


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(code, message, data)


class Pinned(NamedTuple):
    """How a connection is to be opened."""

    pin: str
    """A revision, ``"legacy"`` for the newest of that era, or ``"auto"``."""
    command: list[str]


class Heard(NamedTuple):
    """Where a client puts what comes by itself."""

    log: Callable[[Json], None]
    complain: Callable[[str], None]


class Client(Protocol):
    """What every client can do, in the forms of the wire. Errors of the server are `Refused`."""

    @property
    def modern(self) -> bool: ...

    def opened(self) -> Json:
        """Revision, server, capabilities, instructions."""
        ...

    async def page(self, kind: str, cursor: str | None) -> tuple[list[Json], str | None]:
        """A page of ``tools``, ``resources``, ``templates`` or ``prompts``, and the next cursor."""
        ...

    async def call(
        self,
        tool: str,
        arguments: Json,
        on_progress: OnProgress | None = None,
        level: str | None = None,
    ) -> Json:
        """The result; ``level`` asks for log entries where that is said with each request."""
        ...

    async def read(self, uri: str) -> list[Json]: ...

    async def prompt(self, name: str, arguments: dict[str, str]) -> Json: ...

    async def set_level(self, level: str) -> None:
        """Choose the level of log entries, in revisions that have a request for it."""
        ...

    async def ping(self) -> Json: ...

    async def cancelled(self, tool: str, started: asyncio.Event) -> str:
        """Call a tool, cancel the call once ``started`` is set; how the call ended here."""
        ...

    async def listen(self) -> Json:
        """Open a stream of changes to everything and close it: what the server granted."""
        ...


Open = Callable[[Pinned, Heard], AbstractAsyncContextManager[Client]]


def main(open_client: Open) -> None:
    """Play the scenario of the command line and print the report."""
    scenario: Json = json.loads(sys.argv[1])
    report = asyncio.run(_play_all(open_client, scenario, sys.argv[2:]))
    sys.stdout.write(json.dumps(report))


async def _play_all(open_client: Open, scenario: Json, command: Sequence[str]) -> Json:
    report: Json = {}
    for connection in scenario["connections"]:
        name: str = connection["name"]
        pinned = Pinned(connection["pin"], [word.replace("{name}", name) for word in command])
        async with asyncio.timeout(4 * PATIENCE):
            report[name] = await _Play(scenario, connection).run(open_client, pinned)
    return report


class _Play:
    """One connection."""

    def __init__(self, scenario: Json, connection: Json) -> None:
        self._scenario = scenario
        self._connection = connection
        self._logs: list[Json] = []
        self._complaints: list[str] = []

    async def run(self, open_client: Open, pinned: Pinned) -> Json:
        heard = Heard(self._logs.append, self._complaints.append)
        with _listening(self._complaints):
            async with open_client(pinned, heard) as client:
                report = await self._report(client)
        return {**report, "logs": self._logs, "complaints": self._complaints}

    async def _report(self, client: Client) -> Json:
        scenario = self._scenario
        report: Json = {"opened": client.opened()}
        report["pages"] = {kind: await self._pages(client, kind) for kind in scenario["lists"]}
        report["calls"] = {
            label: await _outcome(client.call(tool, arguments))
            for label, (tool, arguments) in scenario["calls"].items()
        }
        report["reads"] = {uri: await _outcome(client.read(uri)) for uri in scenario["reads"]}
        report["prompts"] = {
            label: await _outcome(client.prompt(name, arguments))
            for label, (name, arguments) in scenario["prompts"].items()
        }
        report["progress"] = {
            label: await self._progress(client, *step)
            for label, step in scenario["progress"].items()
        }
        for step in self._connection["logs"]:
            await self._log(client, step["level"], step["entries"])
        report["ping"] = None if client.modern else await client.ping()
        listens = client.modern and scenario["listen"]
        report["listen"] = await client.listen() if listens else None
        report["cancelled"] = await self._cancel(client) if scenario["cancel"] else None
        report["concurrent"] = await self._concurrently(client)
        return report

    async def _pages(self, client: Client, kind: str) -> list[list[Json]]:
        pages: list[list[Json]] = []
        cursor: str | None = None
        while True:
            items, cursor = await client.page(kind, cursor)
            pages.append(items)
            if cursor is None:
                return pages

    async def _progress(
        self, client: Client, tool: str, arguments: Json, notices: int
    ) -> list[list[Any]]:
        came: list[list[Any]] = []

        def on_progress(done: float, total: float | None, message: str | None) -> None:
            came.append([done, total, message])

        await client.call(tool, arguments, on_progress)
        await _until(lambda: len(came) >= notices, f"{notices} progress notices of {tool}: {came}")
        return came

    async def _log(self, client: Client, level: str | None, entries: int) -> None:
        """Log at each level of the scenario while ``level`` is wanted; wait for the entries."""
        if level is not None and not client.modern:
            await client.set_level(level)
        wanted = len(self._logs) + entries
        for logged in self._scenario["levels"]:
            await client.call("log", {"level": logged}, level=level)
        await _until(lambda: len(self._logs) >= wanted, f"{entries} log entries: {self._logs}")

    async def _cancel(self, client: Client) -> Json:
        ended = await client.cancelled("hold", asyncio.Event())

        async def over() -> bool:
            holds: Json = json.loads((await client.call("holds", {}))["content"][0]["text"])
            return holds == {"running": 0, "cancelled": 1}

        async with asyncio.timeout(PATIENCE):
            while not await over():
                await asyncio.sleep(0.001)
        return {"ended": ended}

    async def _concurrently(self, client: Client) -> list[str]:
        """The texts of so many calls in flight at once, in the order of their start."""
        results = await asyncio.gather(
            *(
                client.call("echo", {"text": f"number {n}"})
                for n in range(self._scenario["concurrent"])
            )
        )
        return [result["content"][0]["text"] for result in results]


async def _outcome(answer: Awaitable[Any]) -> Any:
    """A result, the server's error, or what the client itself raised about either."""
    try:
        return await answer
    except Refused as refused:
        code, message, data = refused.args
        return {"code": code, "message": message} | ({} if data is None else {"data": data})
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}


async def _until(condition: Callable[[], bool], what: str) -> None:
    """Let the client's own tasks run until they have delivered everything."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.001)
    except TimeoutError:
        raise TimeoutError(f"these did not all come: {what}") from None


# Complaints


class _Collector(logging.Handler):
    """Collects what is worth a warning, and debug entries that tell of something dropped."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._complaints = complaints

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.name} {record.levelname}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({record.exc_info[1]})"
        told = any(word in text.lower() for word in ("drop", "ignor", "unknown", "invalid", "fail"))
        if told or record.levelno >= logging.WARNING:
            self._complaints.append(text)


@contextmanager
def _listening(complaints: list[str]) -> Generator[None]:
    """Within it, log entries and warnings of all packages are complaints."""
    collector = _Collector(complaints)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(collector)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        for logger in loggers:
            logger.removeHandler(collector)
    complaints.extend(
        f"{warning.category.__name__}: {warning.message}"
        for warning in caught
        if warning.category.__name__ not in DEPRECATED
    )


LOGGERS = ["", "fastmcp"]
"""The root, and those that do not pass on to it."""
DEPRECATED = ("MCPDeprecationWarning",)
"""Warns of what this script does: using a feature that the newest revision has deprecated."""


def wire(model: Any) -> Json:
    """A pydantic model as it came: wire names, and no member that was not there."""
    return cast("Json", model.model_dump(mode="json", by_alias=True, exclude_unset=True))
