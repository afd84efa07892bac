"""The official Python SDK, second generation, as a client of a scenario (see `playing`)."""
# pyright: basic, reportMissingImports=false
# This script runs on the peer's interpreter; the checker's environment has none of its packages.

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mcp.client.session
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from playing import LEVEL_KEY, Heard, Json, OnProgress, Pinned, Refused, main, wire
from playing import Client as Playing


class Mcp2:
    """A client of the SDK."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.modern = client.protocol_version == "2026-07-28"

    def opened(self) -> Json:
        client = self._client
        return {
            "revision": client.protocol_version,
            "server": None if client.server_info is None else wire(client.server_info),
            "capabilities": wire(client.server_capabilities),
            "instructions": client.instructions,
        }

    async def page(self, kind: str, cursor: str | None) -> tuple[list[Json], str | None]:
        client = self._client
        ask, member = {
            "tools": (client.list_tools, "tools"),
            "resources": (client.list_resources, "resources"),
            "templates": (client.list_resource_templates, "resourceTemplates"),
            "prompts": (client.list_prompts, "prompts"),
        }[kind]
        result = await ask(cursor=cursor)
        return wire(result)[member], result.next_cursor

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
                await self._client.call_tool(
                    tool,
                    arguments,
                    progress_callback=progress if on_progress else None,
                    meta={LEVEL_KEY: level} if level is not None and self.modern else None,
                )
            )

    async def read(self, uri: str) -> list[Json]:
        with _errors():
            return wire(await self._client.read_resource(uri))["contents"]

    async def prompt(self, name: str, arguments: dict[str, str]) -> Json:
        with _errors():
            return wire(await self._client.get_prompt(name, arguments))

    async def set_level(self, level: str) -> None:
        await self._client.set_logging_level(level)

    async def ping(self) -> Json:
        return wire(await self._client.send_ping())

    async def cancelled(self, tool: str, started: asyncio.Event) -> str:
        call = asyncio.ensure_future(self.call(tool, {}, lambda *_: started.set()))
        await started.wait()
        call.cancel()
        await asyncio.wait((call,))
        return "cancelled" if call.cancelled() else repr(call.exception() or call.result())

    async def listen(self) -> Json:
        async with self._client.listen(
            tools_list_changed=True,
            prompts_list_changed=True,
            resources_list_changed=True,
            resource_subscriptions=["everything://about"],
        ) as subscription:
            return wire(subscription.honored)


@contextlib.contextmanager
def _errors():
    try:
        yield
    except MCPError as error:
        raise Refused(error.error.code, error.error.message, error.error.data) from error


@asynccontextmanager
async def opened(pinned: Pinned, heard: Heard) -> AsyncIterator[Playing]:
    async def log(params: types.LoggingMessageNotificationParams) -> None:
        heard.log(wire(params))

    async def message(message: object) -> None:
        if isinstance(message, Exception):
            heard.complain(f"exception: {message!r}")

    legacy = pinned.pin not in ("auto", "2026-07-28")
    if legacy:
        mcp.client.session.LATEST_HANDSHAKE_VERSION = pinned.pin  # what `initialize` asks for
    command, *arguments = pinned.command
    async with Client(
        StdioServerParameters(command=command, args=arguments, cwd=os.getcwd()),
        mode="legacy" if legacy else pinned.pin,
        logging_callback=log,
        message_handler=message,
    ) as client:
        yield Mcp2(client)


main(opened)
