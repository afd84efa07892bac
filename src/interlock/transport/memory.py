"""The memory transport: a peer called in this process, with no bytes in between.

What goes in and comes out is what a wire would carry: JSON values only, nothing shared with
the other side. ``wire=True`` puts a whole connection in between, encoding and all; both answer
alike.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from interlock.protocol.call import (
    Call,
    Cancellation,
    ClientProfile,
    Log,
    Notice,
    Peer,
    Progress,
    Scope,
)
from interlock.protocol.envelope import ErrorObject, write_request
from interlock.protocol.errors import MethodNotFound, MissingClientCapability, ProtocolError
from interlock.protocol.json import Raw, check_numbers, decode, encode
from interlock.protocol.methods import SERVER_METHODS
from interlock.protocol.outcome import Failure
from interlock.protocol.payload import Payload
from interlock.protocol.revisions import LATEST
from interlock.protocol.types.base import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROTOCOL_VERSION,
    META_SERVER_INFO,
)
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.incidents import ends_call, incident
from interlock.transport.serving import Connection

OnNotice = Callable[[Notice], None]
_DEFAULT_CLIENT = ClientProfile("memory", "0", {"name": "memory", "version": "0"}, {})


class MemoryConnection:
    """A caller of one peer, in the newest revision."""

    def __init__(
        self,
        peer: Peer,
        *,
        client: ClientProfile = _DEFAULT_CLIENT,
        log_level: str | None = None,
    ) -> None:
        self._peer = peer
        self._client = client
        self._log_level = log_level

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        on_notice: OnNotice | None = None,
    ) -> dict[str, Any]:
        """Call a method and return its result as plain JSON, without what an edge would add.

        ``on_notice`` takes progress and log entries meanwhile. Raises :class:`ProtocolError`
        with the code, message and data that the peer answered.
        """
        known = SERVER_METHODS.get(method)
        handler = self._peer.handler(method) if known is not None and known.modern else None
        if known is None or handler is None:
            raise MethodNotFound(f"Method not offered by this server: {method}")
        raw = Raw(_encoded(params))
        port = _MemoryPort(None, None, None, on_notice)
        scope = Scope(
            revision=LATEST,
            client=self._client,
            port=port,
            cancellation=port,
            log_level=self._log_level,
            wants_progress=on_notice is not None,
        )
        call = Call(method, Payload(known.read_params(raw), raw), scope)
        task = asyncio.current_task()
        try:
            outcome = await handler(call)
            if not isinstance(outcome, Failure):
                return decode(outcome.payload.raw)
        except ProtocolError as error:
            outcome = Failure.of(error)
        except BaseException as error:
            if ends_call(error, call) and not (
                isinstance(error, GeneratorExit) and _is_run_by(task)
            ):
                raise
            outcome = incident(error, f"serving {method}")
        finally:
            port.close()
        raise ProtocolError(outcome.message, code=outcome.code, data=outcome.data)


def _is_run_by(task: asyncio.Task[Any] | None) -> bool:
    """Whether this code runs in ``task``, and not because a coroutine of it is being closed."""
    try:
        return asyncio.current_task() is task
    except RuntimeError:  # no event loop is running
        return False


def _encoded(params: Mapping[str, Any] | None) -> bytes:
    values = dict(params or {})
    found = check_numbers(values)
    if found is not None:
        raise ValueError(f"{found}: NaN and infinity are not JSON")
    return encode(values)


class _MemoryPort(Cancellation):
    """The call's stream back: notices go to a callback."""

    _on_notice: OnNotice | None = None
    _last: float | None = None

    def notify(self, notice: Notice) -> Awaitable[None] | None:
        if self._on_notice is None:
            return None
        if isinstance(notice, Progress):
            if self._last is not None and not notice.done > self._last:
                return None
            self._last = notice.done
        elif isinstance(notice, Log):
            notice = Log(notice.level, decode(encode(notice.data)), notice.logger)
        self._on_notice(notice)
        return None

    async def ask(self, method: str, params: Payload, /) -> Payload:
        raise MissingClientCapability(f"{method}: this caller answers no questions.", {})

    def close(self) -> None:
        self._on_notice = None


class WireConnection:
    """A caller of one peer through a whole connection: every message is bytes on the way."""

    def __init__(
        self,
        peer: Peer,
        *,
        client: ClientProfile = _DEFAULT_CLIENT,
        log_level: str | None = None,
        bounds: Bounds = SERVER_BOUNDS,
    ) -> None:
        self._meta: dict[str, Any] = {
            META_PROTOCOL_VERSION: LATEST.name,
            META_CLIENT_CAPABILITIES: dict(client.capabilities),
            META_CLIENT_INFO: dict(client.info),
        }
        if log_level is not None:
            self._meta[META_LOG_LEVEL] = log_level
        self.connection = Connection(peer, self, bounds=bounds)
        self._next = 0
        self._waiting: dict[int, tuple[asyncio.Future[dict[str, Any]], OnNotice | None]] = {}

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        on_notice: OnNotice | None = None,
    ) -> dict[str, Any]:
        """See :meth:`MemoryConnection.request`."""
        self._next += 1
        id = self._next
        values = dict(params or {})
        meta = {**self._meta, **values.get("_meta", {})}
        if on_notice is not None:
            meta["progressToken"] = id
        raw = _encoded({**values, "_meta": meta})
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = (waiting, on_notice)
        self.connection.receive(write_request(id, method, raw))
        try:
            return await waiting
        finally:
            del self._waiting[id]

    def write(self, data: bytes) -> None:
        """Take a message of the peer's."""
        message: dict[str, Any] = decode(data)
        if "method" in message:
            self._take_notice(message["method"], message["params"])
            return
        waiting, _ = self._waiting[message["id"]]
        if "error" in message:
            error = msgspec.convert(message["error"], ErrorObject)
            waiting.set_exception(ProtocolError(error.message, code=error.code, data=error.data))
            return
        waiting.set_result(_native(message["result"]))

    def _take_notice(self, method: str, params: dict[str, Any]) -> None:
        if method == "notifications/progress":
            _, on_notice = self._waiting.get(params["progressToken"], (None, None))
            notice: Notice = Progress(
                params["progress"], params.get("total"), params.get("message")
            )
            if on_notice is not None:
                on_notice(notice)
        elif method == "notifications/message":
            for _, on_notice in list(self._waiting.values()):
                if on_notice is not None:
                    on_notice(Log(params["level"], params["data"], params.get("logger")))


def _native(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what the edge added to it."""
    result.pop("resultType", None)
    meta = result.get("_meta")
    if meta is not None:
        meta.pop(META_SERVER_INFO, None)
        if not meta:
            del result["_meta"]
    return result


@asynccontextmanager
async def connect(
    peer: Peer,
    *,
    client: ClientProfile = _DEFAULT_CLIENT,
    log_level: str | None = None,
    wire: bool = False,
) -> AsyncGenerator[MemoryConnection | WireConnection]:
    """Call a peer in this process; ``log_level`` asks for its log entries from that level on."""
    if not wire:
        yield MemoryConnection(peer, client=client, log_level=log_level)
        return
    connection = WireConnection(peer, client=client, log_level=log_level)
    try:
        yield connection
    finally:
        await connection.connection.close()


__all__ = ["MemoryConnection", "WireConnection", "connect"]
