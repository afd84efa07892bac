"""The official Python SDK, first generation, as a client of a scenario (see `playing`)."""
# pyright: basic, reportMissingImports=false
# This script runs on the peer's interpreter; the checker's environment has none of its packages.

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mcp.types as types
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from playing import Client, Heard, Json, OnProgress, Pinned, Refused, main, wire
from pydantic import AnyUrl


class Mcp1:
    """A session of the SDK."""

    modern = False

    def __init__(self, session: ClientSession, result: types.InitializeResult) -> None:
        self._session = session
        self._result = result

    def opened(self) -> Json:
        result = self._result
        return {
            "revision": result.protocolVersion,
            "server": wire(result.serverInfo),
            "capabilities": wire(result.capabilities),
            "instructions": result.instructions,
        }

    async def page(self, kind: str, cursor: str | None) -> tuple[list[Json], str | None]:
        session = self._session
        ask, member = {
            "tools": (session.list_tools, "tools"),
            "resources": (session.list_resources, "resources"),
            "templates": (session.list_resource_templates, "resourceTemplates"),
            "prompts": (session.list_prompts, "prompts"),
        }[kind]
        result = await ask(params=types.PaginatedRequestParams(cursor=cursor))
        return wire(result)[member], result.nextCursor

    async def call(
        self,
        tool: str,
        arguments: Json,
        on_progress: OnProgress | None = None,
        level: str | None = None,
    ) -> Json:
        async def progress(done: float, total: float | None, message: str | None) -> None:
            if on_progress is not None:
                on_progress(done, total, message)

        with _errors():
            return wire(
                await self._session.call_tool(
                    tool, arguments, progress_callback=progress if on_progress else None
                )
            )

    async def read(self, uri: str) -> list[Json]:
        with _errors():
            return wire(await self._session.read_resource(AnyUrl(uri)))["contents"]

    async def prompt(self, name: str, arguments: dict[str, str]) -> Json:
        with _errors():
            return wire(await self._session.get_prompt(name, arguments))

    async def set_level(self, level: str) -> None:
        await self._session.set_logging_level(level)

    async def ping(self) -> Json:
        return wire(await self._session.send_ping())

    async def cancelled(self, tool: str, started: asyncio.Event) -> str:
        """This client has no way to cancel but to write the notification."""
        id = self._session._request_id
        call = asyncio.ensure_future(self.call(tool, {}, lambda *_: started.set()))
        await started.wait()
        params = types.CancelledNotificationParams(requestId=id, reason="the scenario says so")
        await self._session.send_notification(
            types.ClientNotification(types.CancelledNotification(params=params))
        )
        call.cancel()
        await asyncio.wait((call,))
        return "cancelled" if call.cancelled() else repr(call.exception() or call.result())

    async def listen(self) -> Json:
        raise NotImplementedError


@contextlib.contextmanager
def _errors():
    try:
        yield
    except McpError as error:
        raise Refused(error.error.code, error.error.message, error.error.data) from error


@asynccontextmanager
async def opened(pinned: Pinned, heard: Heard) -> AsyncIterator[Client]:
    async def log(params: types.LoggingMessageNotificationParams) -> None:
        heard.log(wire(params))

    async def message(message: object) -> None:
        if isinstance(message, Exception):
            heard.complain(f"exception: {message!r}")

    types.LATEST_PROTOCOL_VERSION = pinned.pin  # what `initialize` asks for
    command, *arguments = pinned.command
    server = StdioServerParameters(command=command, args=arguments, cwd=os.getcwd())
    async with (
        stdio_client(server) as (read, write),
        ClientSession(read, write, logging_callback=log, message_handler=message) as session,
    ):
        yield Mcp1(session, await session.initialize())


main(opened)
