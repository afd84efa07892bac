"""A connection in this process: bytes in, bytes out, with no descriptors in between.

For tests of what is said, not of how it is framed::

    async with connected(server) as c:
        await c.initialize("2025-03-26")
        answer = await c.request("tools/list")
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from interlock import Bounds, Server
from interlock.protocol.call import Peer
from interlock.transport.serving import Connection
from tests.support.stdio import Message, check_message, encode, modern_meta, request

PATIENCE = 30.0
"""Seconds that an answer may take before a test fails; generous, for a busy machine."""


class InProcess:
    """The client's end of a connection; every message of the server is checked as it comes."""

    def __init__(self, peer: Peer, bounds: Bounds) -> None:
        self.connection = Connection(peer, self, bounds=bounds)
        self.lines: list[bytes] = []
        """Every message that the server has sent, as it was written."""
        self._inbox: list[Any] = []
        self._came = asyncio.Event()
        self._next_id = 0

    def write(self, data: bytes) -> None:
        """Take a message of the server's."""
        self.lines.append(data)
        self._inbox.append(check_message(data))
        self._came.set()

    def send(self, *messages: Any) -> None:
        """Send messages, or bytes as they are, each as one message."""
        for message in messages:
            self.connection.receive(encode(message).removesuffix(b"\n"))

    async def read(self) -> Any:
        """The next message."""
        return await self.read_where(lambda _: True)

    async def read_where(self, wanted: Callable[[Any], bool]) -> Any:
        """The next message that is wanted; those before it stay to be read."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for index, message in enumerate(self._inbox):
                    if wanted(message):
                        return self._inbox.pop(index)
                self._came.clear()
                await self._came.wait()

    async def answer(self, id: int | str | None) -> Message:
        """The response with ``id``; ``None`` for one without."""

        def is_it(message: Any) -> bool:
            if not isinstance(message, dict) or "method" in message:
                return False
            found = cast("Message", message).get("id")
            return type(found) is type(id) and found == id

        return await self.read_where(is_it)

    async def asked(self, method: str) -> Message:
        """The next request or notification of the server's by that method."""
        return await self.read_where(
            lambda message: (
                isinstance(message, dict) and cast("Message", message).get("method") == method
            )
        )

    def waiting(self) -> list[Any]:
        """What has come and was not read yet."""
        messages, self._inbox = self._inbox, []
        return messages

    async def settle(self) -> list[Any]:
        """What has come, once no call is running any more."""
        async with asyncio.timeout(PATIENCE):
            while self.connection.running:
                tasks = [running.task for running in self.connection.running.values()]
                await asyncio.wait([task for task in tasks if task is not None])
        return self.waiting()

    def new_id(self) -> int:
        """An id that was not used yet."""
        self._next_id += 1
        return self._next_id

    def post(
        self, method: str, params: Mapping[str, Any] | None = None, id: int | str | None = None
    ) -> int | str:
        """Send a request and return its id."""
        id = self.new_id() if id is None else id
        self.send(request(id, method, params))
        return id

    async def request(
        self, method: str, params: Mapping[str, Any] | None = None, id: int | str | None = None
    ) -> Message:
        """The response to a request; what else comes stays to be read."""
        return await self.answer(self.post(method, params, id))

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Send a notification."""
        message: Message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)

    async def initialize(
        self, revision: str = "2025-11-25", capabilities: Mapping[str, Any] | None = None
    ) -> Message:
        """Open a legacy session; the result of ``initialize``."""
        answer = await self.request(
            "initialize",
            {
                "protocolVersion": revision,
                "capabilities": dict(capabilities or {}),
                "clientInfo": {"name": "raw", "version": "1"},
            },
        )
        self.notify("notifications/initialized")
        return answer["result"]

    async def open(self, revision: str) -> None:
        """Make :meth:`speak` speak a revision: open a session where it needs one."""
        self._modern = revision == "2026-07-28"
        if not self._modern:
            assert (await self.initialize(revision))["protocolVersion"] == revision

    async def speak(self, method: str, params: Mapping[str, Any] | None = None) -> Message:
        """The response to a request in the revision that was opened."""
        if self._modern:
            return await self.modern(method, params)
        return await self.request(method, params)

    async def modern(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        id: int | str | None = None,
        **meta: Any,
    ) -> Message:
        """The response to a request of the newest revision; ``meta`` as :func:`modern_meta`."""
        return await self.answer(self.post_modern(method, params, id, **meta))

    def post_modern(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        id: int | str | None = None,
        **meta: Any,
    ) -> int | str:
        """Send a request of the newest revision and return its id."""
        return self.post(method, {**(params or {}), "_meta": modern_meta(**meta)}, id)


@asynccontextmanager
async def connected(server: Server, *, bounds: Bounds | None = None) -> AsyncGenerator[InProcess]:
    """A connection to a server that runs meanwhile."""
    async with server.started() as peer, linked(peer, bounds=bounds or server.bounds) as client:
        yield client


@asynccontextmanager
async def linked(peer: Peer, *, bounds: Bounds) -> AsyncGenerator[InProcess]:
    """A connection to a peer."""
    client = InProcess(peer, bounds)
    try:
        yield client
    finally:
        await client.connection.close()
