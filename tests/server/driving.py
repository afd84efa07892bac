"""Servers under test, called in process: natively, through a connection's bytes, or as an old peer.

A test is plain code: the client below runs its own event loop for as long as the test needs it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Protocol

import pytest

from interlock import ProtocolError, Server
from interlock.protocol.call import ClientProfile, Log, Notice, Progress
from interlock.protocol.json import decode, encode
from interlock.protocol.revisions import LATEST, REVISIONS
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.memory import connect
from interlock.transport.serving import Connection
from tests.protocol import wire_schemas

PATIENCE = 30.0
"""Seconds that one request may take before its test fails; generous, for a busy machine."""

LEGACY = tuple(name for name, revision in REVISIONS.items() if not revision.modern)
"""The revisions that open with `initialize`, oldest first."""

_RESULTS = {
    "server/discover": "DiscoverResult",
    "initialize": "InitializeResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
}
_MEMBERS = ("tools", "prompts", "resources", "resourceTemplates")
_NAMESPACE = "io.modelcontextprotocol/"

OnNotice = Callable[[Notice], None]


class Caller(Protocol):
    """What carries requests: a connection of `interlock.transport.memory`, or a raw one."""

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        on_notice: OnNotice | None = None,
    ) -> dict[str, Any]: ...


class RawConnection:
    """A client of one revision that sees every message as it is on the wire.

    Each result is held against the revision's own schema.
    """

    def __init__(self, peer: Any, revision: str, *, bounds: Bounds = SERVER_BOUNDS) -> None:
        self.revision = REVISIONS[revision]
        self.messages: list[dict[str, Any]] = []
        self.capabilities: dict[str, Any] = {}
        self._connection = Connection(peer, self, bounds=bounds)
        self.waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0

    def write(self, data: bytes) -> None:
        assert b"\n" not in data
        message: dict[str, Any] = decode(data)
        self.messages.append(message)
        waiting = self.waiting.pop(message.get("id", 0), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._connection.receive(encode({"jsonrpc": "2.0", "method": method, "params": params}))

    def send(self, method: str, params: Mapping[str, Any]) -> "asyncio.Future[dict[str, Any]]":
        """Send a request and give what its response will be put into."""
        self._last += 1
        self.waiting[self._last] = waiting = asyncio.get_running_loop().create_future()
        message = {"jsonrpc": "2.0", "id": self._last, "method": method, "params": params}
        self._connection.receive(encode(message))
        return waiting

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        on_notice: OnNotice | None = None,
    ) -> dict[str, Any]:
        """The result as it came. Raises `ProtocolError`, as a client of the package would."""
        members = dict(params or {})
        meta: dict[str, Any] = {}
        if self.revision.modern:
            meta[_NAMESPACE + "protocolVersion"] = self.revision.name
            meta[_NAMESPACE + "clientCapabilities"] = self.capabilities
        if on_notice is not None:
            meta["progressToken"] = "token"
        meta |= members.pop("_meta", {})
        seen = len(self.messages)
        message = await self.send(method, {**members, "_meta": meta} if meta else members)
        for earlier in self.messages[seen:]:
            if on_notice is not None and "method" in earlier:
                on_notice(_notice(earlier["method"], earlier["params"]))
        if "error" in message:
            error = message["error"]
            raise ProtocolError(error["message"], code=error["code"], data=error.get("data"))
        result: dict[str, Any] = message["result"]
        if method in _RESULTS:
            wire_schemas.validator(self.revision.name, _RESULTS[method]).validate(result)
        return result

    async def open(self) -> dict[str, Any]:
        """The handshake of a legacy revision; its result."""
        info = {"name": "raw", "version": "1"}
        params = {"protocolVersion": self.revision.name, "capabilities": {}, "clientInfo": info}
        result = await self.request("initialize", params)
        self.notify("notifications/initialized", {})
        return result

    async def close(self) -> None:
        await self._connection.close()


def _notice(method: str, params: dict[str, Any]) -> Notice:
    if method == "notifications/progress":
        return Progress(params["progress"], params.get("total"), params.get("message"))
    assert method == "notifications/message"
    return Log(params["level"], params["data"], params.get("logger"))


class Client:
    """A server that is being served, and a connection to it."""

    def __init__(self, server: Server, over: str, **options: Any) -> None:
        self.over = over
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runner.__enter__()
        try:
            self.caller = self.run(self._open(server, **options))
        except BaseException:
            self._runner.close()
            raise

    async def _open(
        self,
        server: Server,
        *,
        bounds: Bounds = SERVER_BOUNDS,
        client: ClientProfile | None = None,
        log_level: str | None = None,
    ) -> Caller:
        peer = await self._stack.enter_async_context(server.started())
        if self.over in REVISIONS:
            raw = RawConnection(peer, self.over, bounds=bounds)
            self._stack.push_async_callback(raw.close)
            if not raw.revision.modern:
                self.opened = await raw.open()
            return raw
        named: dict[str, Any] = {} if client is None else {"client": client}
        context = connect(peer, log_level=log_level, wire=self.over == "wire", **named)
        return await self._stack.enter_async_context(context)

    def run(self, main: Any) -> Any:
        """What a coroutine returns, run on this client's event loop."""

        async def bounded() -> Any:
            async with asyncio.timeout(PATIENCE):
                return await main

        return self._runner.run(bounded())

    @property
    def raw(self) -> RawConnection:
        """The connection of a client that speaks a revision by name."""
        assert isinstance(self.caller, RawConnection)
        return self.caller

    def request(
        self, method: str, on_notice: OnNotice | None = None, /, **params: Any
    ) -> dict[str, Any]:
        """The result of a request."""
        return self.run(self.caller.request(method, params, on_notice=on_notice))

    def refused(self, method: str, /, **params: Any) -> ProtocolError:
        """The error of a request that must be refused."""
        with pytest.raises(ProtocolError) as caught:
            self.request(method, **params)
        return caught.value

    def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The whole result of a tool."""
        return self.request("tools/call", name=tool, arguments=arguments)

    def value(self, tool: str, /, **arguments: Any) -> Any:
        """The structured value of a tool that succeeds."""
        result = self.call(tool, **arguments)
        assert "isError" not in result, result
        return result["structuredContent"]

    def text(self, tool: str, /, **arguments: Any) -> str:
        """The one text of a tool that succeeds."""
        result = self.call(tool, **arguments)
        assert "isError" not in result, result
        return only_text(result)

    def failure(self, tool: str, /, **arguments: Any) -> str:
        """What the model reads of a tool that fails."""
        result = self.call(tool, **arguments)
        assert result["isError"] is True
        assert "structuredContent" not in result
        return only_text(result)

    def entries(self, method: str = "tools/list") -> list[dict[str, Any]]:
        """All entries of a list, through all its pages."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.request(method, **cursor)
            (items,) = [value for key, value in page.items() if key in _MEMBERS]
            found += items
            if "nextCursor" not in page:
                return found
            cursor = {"cursor": page["nextCursor"]}

    def close(self) -> None:
        try:
            self.run(self._stack.aclose())
        finally:
            self._runner.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Serve(Protocol):
    """Serves a server until the test ends; options are those of `connect`."""

    def __call__(self, server: Server, **options: Any) -> Client: ...


def only_text(result: Mapping[str, Any]) -> str:
    """The text of a result that has one block."""
    (block,) = result["content"]
    assert block["type"] == "text"
    return block["text"]


def texts(result: Mapping[str, Any]) -> list[str]:
    """The texts of a result's text blocks."""
    blocks: Sequence[dict[str, Any]] = result["content"]
    return [block["text"] for block in blocks if block["type"] == "text"]


def listed(server: Server, method: str = "tools/list") -> list[dict[str, Any]]:
    """The entries of a list, as any client sees them."""
    with Client(server, LATEST.name) as client:
        return client.entries(method)


def ok(**arguments: Any) -> str:
    """A handler of whatever a schema allows."""
    return "ok"
