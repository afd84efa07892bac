"""FastMCP's client as a client of a scenario (see `playing`).

It calls with the method that most people use, which makes Python values of structured content:
a value that does not survive this is a complaint.
"""
# pyright: basic, reportMissingImports=false
# This script runs on the peer's interpreter; the checker's environment has none of its packages.

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mcp.client.session
import mcp_types as types
from fastmcp.client import Client
from fastmcp.client.transports import StdioTransport
from mcp import MCPError
from mcp.client.subscriptions import listen
from playing import LEVEL_KEY, Heard, Json, OnProgress, Pinned, Refused, main, wire
from playing import Client as Playing
from pydantic import TypeAdapter

_ANYTHING = TypeAdapter(object)


class FastMcp:
    """FastMCP's client."""

    def __init__(self, client: Client, heard: Heard) -> None:
        self._client = client
        self._heard = heard
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
            "tools": (client.list_tools_mcp, "tools"),
            "resources": (client.list_resources_mcp, "resources"),
            "templates": (client.list_resource_templates_mcp, "resourceTemplates"),
            "prompts": (client.list_prompts_mcp, "prompts"),
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
            result = await self._client.call_tool(
                tool,
                arguments,
                progress_handler=progress if on_progress else None,
                raise_on_error=False,
                meta={LEVEL_KEY: level} if level is not None and self.modern else None,
            )
        seen: Json = {"content": [wire(block) for block in result.content]}
        if result.structured_content is not None:
            seen["structuredContent"] = result.structured_content
            value = _ANYTHING.dump_python(result.data, mode="json")
            if value != result.structured_content and not result.is_error:
                self._heard.complain(f"{tool}: {result.structured_content} was read as {value}")
        if result.is_error:
            seen["isError"] = True
        if result.meta:
            seen["_meta"] = result.meta
        return seen

    async def read(self, uri: str) -> list[Json]:
        with _errors():
            return wire(await self._client.read_resource_mcp(uri))["contents"]

    async def prompt(self, name: str, arguments: dict[str, str]) -> Json:
        with _errors():
            return wire(await self._client.get_prompt_mcp(name, arguments))

    async def set_level(self, level: str) -> None:
        await self._client.set_logging_level(level)

    async def ping(self) -> Json:
        return {} if await self._client.ping() else {"ping": "failed"}

    async def cancelled(self, tool: str, started: asyncio.Event) -> str:
        call = asyncio.ensure_future(self.call(tool, {}, lambda *_: started.set()))
        await started.wait()
        call.cancel()
        await asyncio.wait((call,))
        return "cancelled" if call.cancelled() else repr(call.exception() or call.result())

    async def listen(self) -> Json:
        """This client has no method for it; its session has."""
        async with listen(
            self._client.session,
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
    async def log(message: types.LoggingMessageNotificationParams) -> None:
        heard.log(wire(message))

    async def message(message: object) -> None:
        if isinstance(message, Exception):
            heard.complain(f"exception: {message!r}")

    legacy = pinned.pin not in ("auto", "2026-07-28")
    if legacy:
        mcp.client.session.LATEST_HANDSHAKE_VERSION = pinned.pin  # what `initialize` asks for
    command, *arguments = pinned.command
    transport = StdioTransport(command, arguments, cwd=os.getcwd(), keep_alive=False)
    async with Client(
        transport,
        mode="legacy" if legacy else pinned.pin,
        log_handler=log,
        message_handler=message,
    ) as client:
        yield FastMcp(client, heard)


main(opened)
