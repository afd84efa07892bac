"""The memory transport: a peer called in this process, with no bytes in between.

What goes in and comes out is what a wire would carry: JSON values only, nothing shared with
the other side. ``wire=True`` puts a whole connection in between, encoding and all; both answer
alike.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from math import isfinite
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
from interlock.protocol.envelope import ErrorObject, write_notification, write_request
from interlock.protocol.errors import InvalidParams, MissingClientCapability, ProtocolError
from interlock.protocol.inspection import MAX_DEPTH, check_depth, check_digits
from interlock.protocol.json import UNSET, Raw, check_numbers, decode, encode
from interlock.protocol.methods import SERVER_METHODS, not_offered, unknown_method
from interlock.protocol.outcome import Failure
from interlock.protocol.payload import Payload, describe
from interlock.protocol.revisions import LATEST
from interlock.protocol.types.base import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROTOCOL_VERSION,
    META_SERVER_INFO,
    RequestMeta,
)
from interlock.protocol.types.logging import SEVERITY
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.incidents import ends_call, incident
from interlock.transport.modern.edge import discovered, unknown_level
from interlock.transport.serving import Connection
from interlock.transport.trace import read_trace

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
        """Call a method and return its result as plain JSON, without what says who answered.

        ``on_notice`` takes progress and log entries meanwhile. Raises :class:`ProtocolError`
        with the code, message and data that the peer answered.
        """
        raw = _encoded(params)
        known = SERVER_METHODS.get(method)
        if known is None:
            raise unknown_method(method)
        decoded = known.read_params(raw)
        stated = _NOTHING_STATED if decoded.meta is UNSET else _read_meta(decoded.meta)
        if not known.modern:
            raise unknown_method(method, LATEST.name)
        if method == "server/discover":
            return decode(encode(discovered(self._peer.describe())))
        handler = self._peer.handler(method)
        if handler is None:
            raise not_offered(method)
        level = self._log_level if stated.log_level is UNSET else stated.log_level
        port = _MemoryPort(None, None, None, on_notice, level)
        scope = Scope(
            revision=LATEST,
            client=self._client,
            port=port,
            cancellation=port,
            log_level=level,
            wants_progress=on_notice is not None or stated.progress_token is not UNSET,
            trace=read_trace(stated),
        )
        call = Call(method, Payload(decoded, raw), scope)
        task = asyncio.current_task()
        try:
            outcome = await handler(call)
            if not isinstance(outcome, Failure):
                return _native(_read_object(outcome.payload.raw), known.cacheable)
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
        raise _received(outcome, method)


_read_object: Callable[[bytes], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
_NOTHING_STATED = RequestMeta()


def _read_meta(raw: Raw) -> RequestMeta:
    """What a caller's own ``_meta`` says; as on a wire, it precedes what the connection says."""
    try:
        meta = msgspec.json.decode(raw, type=RequestMeta)
    except msgspec.MsgspecError as error:
        raise InvalidParams(describe(error) + " (in _meta)") from None
    if meta.log_level is not UNSET and meta.log_level not in SEVERITY:
        raise unknown_level()
    return meta


def _received(failure: Failure, method: str) -> ProtocolError:
    """A failure as its caller gets it: a copy, and JSON only."""
    try:
        raw = encode(ErrorObject(failure.code, failure.message, failure.data))
    except Exception as error:
        return _received(incident(error, f"writing the result of {method}"), method)
    error = msgspec.json.decode(raw, type=ErrorObject)
    return ProtocolError(error.message, code=error.code, data=error.data)


def _is_run_by(task: asyncio.Task[Any] | None) -> bool:
    """Whether this code runs in ``task``, and not because a coroutine of it is being closed."""
    try:
        return asyncio.current_task() is task
    except RuntimeError:  # no event loop is running
        return False


def _encoded(params: Mapping[str, Any] | None, meta: Mapping[str, Any] | None = None) -> Raw:
    """Params as a message would carry them, ``meta`` before what they have of it themselves.

    Raises :class:`TypeError` and :class:`ValueError` where they have no JSON form, and
    :class:`ParseError` where they are nested more deeply, or hold a longer number, than a
    message may.
    """
    values = dict(params or {})
    if meta is not None:
        values["_meta"] = {**meta, **values.get("_meta", {})}
    found = check_numbers(values)
    if found is not None:
        raise ValueError(f"{found}: NaN and infinity are not JSON")
    raw = encode(values)
    check_depth(raw, MAX_DEPTH - 1)  # the message around it is one level
    check_digits(raw)
    return Raw(raw)


class _MemoryPort(Cancellation):
    """The call's stream back: notices go to a callback."""

    _on_notice: OnNotice | None = None
    _log_level: str | None = None
    _last: float | None = None

    def notify(self, notice: Notice) -> Awaitable[None] | None:
        if self._on_notice is None:
            return None
        if isinstance(notice, Progress):
            last, done, total = self._last, notice.done, notice.total
            if not isfinite(done) or (last is not None and not done > last):
                return None
            self._last = done
            if total is not None and not isfinite(total):
                notice = Progress(done, None, notice.message)
        elif isinstance(notice, Log):
            wanted = self._log_level
            if wanted is None or SEVERITY[notice.level] < SEVERITY[wanted]:
                return None
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
        meta = self._meta if on_notice is None else {**self._meta, "progressToken": id}
        raw = _encoded(params, meta)
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = (waiting, on_notice)
        self.connection.receive(write_request(id, method, raw))
        try:
            return await waiting
        except asyncio.CancelledError:
            cancelled = encode({"requestId": id})
            self.connection.receive(write_notification("notifications/cancelled", cancelled))
            raise
        finally:
            del self._waiting[id]

    def write(self, data: bytes) -> None:
        """Take a message of the peer's."""
        message: dict[str, Any] = decode(data)
        if "method" in message:
            self._take_notice(message["method"], message["params"])
            return
        waiting, _ = self._waiting.get(message["id"], (None, None))
        if waiting is None or waiting.done():
            return
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


def _native(result: dict[str, Any], cacheable: bool = False) -> dict[str, Any]:
    """A result without its type and its server, which an edge adds; ``cacheable`` as it does."""
    if cacheable:
        result.setdefault("ttlMs", 0)
        result.setdefault("cacheScope", "private")
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
    """Call a peer in this process; ``log_level`` asks for its log entries from that level on.

    Raises :class:`ValueError` for a level that there is not.
    """
    if log_level is not None and log_level not in SEVERITY:
        raise ValueError(f"there is no log level {log_level!r}; use one of {', '.join(SEVERITY)}")
    if not wire:
        yield MemoryConnection(peer, client=client, log_level=log_level)
        return
    connection = WireConnection(peer, client=client, log_level=log_level)
    try:
        yield connection
    finally:
        await connection.connection.close()


__all__ = ["MemoryConnection", "WireConnection", "connect"]
