"""A legacy session: what ``initialize`` agreed, and what a connection remembers because of it.

Negotiated revision and capabilities, the log level, and requests of our own that wait for the
client's answers. One adapter serves stdio, Streamable HTTP before 2026 and HTTP+SSE.
Sources: the pages Lifecycle, Ping, Logging and Cancellation of the legacy revisions.
"""

import asyncio
import logging
from typing import Any, cast

import msgspec

from interlock.protocol.call import Change, ClientProfile, Log, Notice, Progress, Scope
from interlock.protocol.envelope import (
    Envelope,
    ErrorObject,
    ResultResponse,
    check_members,
    write_error,
    write_notification,
    write_request,
    write_result,
)
from interlock.protocol.errors import (
    InvalidParams,
    MissingClientCapability,
    ProtocolError,
    RateLimited,
    UpstreamUnavailable,
)
from interlock.protocol.inspection import RequestId
from interlock.protocol.json import UNSET, Raw, UnsetType, encode
from interlock.protocol.outcome import Failure, Outcome, Result
from interlock.protocol.payload import Payload, describe
from interlock.protocol.revisions import LATEST_LEGACY, REVISIONS, Revision
from interlock.protocol.revisions.downgrade import (
    downgrade_capabilities,
    downgrade_info,
    downgrade_result,
)
from interlock.protocol.types.base import RequestMeta
from interlock.protocol.types.logging import SEVERITY
from interlock.protocol.types.tools import CallToolResult
from interlock.transport.notices import progress_params, read_token
from interlock.transport.trace import read_trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.transport.running import Running
    from interlock.transport.serving import Connection

logger = logging.getLogger("interlock.transport")

_read_meta = msgspec.json.Decoder(RequestMeta).decode
_read_error = msgspec.json.Decoder(ErrorObject).decode
_DEFAULT_LEVEL = "info"
_MODERN_CODES = frozenset((-32020, -32021, -32022))


class _Initialize(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of ``initialize``; clients are free in what their capabilities hold."""

    protocol_version: str
    capabilities: dict[str, Any]
    client_info: dict[str, Any]


class LegacySession:
    """One client's session on one connection."""

    def __init__(self, connection: "Connection", revision: Revision, client: ClientProfile) -> None:
        self._connection = connection
        self.revision = revision
        self.client = client
        self.initialized = False
        """Whether ``notifications/initialized`` came: until then questions to the client wait."""
        self._unsent: dict[RequestId, bytes] = {}
        self.level = _DEFAULT_LEVEL
        """The least severe level that is sent as ``notifications/message``."""
        self._asks: dict[RequestId, asyncio.Future[Payload]] = {}
        self._next_ask = 0

    @classmethod
    def open(
        cls, connection: "Connection", id: RequestId, raw: Raw | UnsetType
    ) -> tuple["LegacySession", bytes]:
        """Negotiate: the session and the answer to ``initialize``.

        A revision that is not served here is answered by the newest legacy one, as the
        Lifecycle page wants; the client decides whether to go on.
        """
        try:
            asked = msgspec.json.decode(b"{}" if raw is UNSET else raw, type=_Initialize)
        except msgspec.MsgspecError as error:
            raise InvalidParams(describe(error)) from None
        revision = REVISIONS.get(asked.protocol_version, LATEST_LEGACY)
        if revision.modern:
            revision = LATEST_LEGACY
        info = asked.client_info
        client = ClientProfile(
            _text(info.get("name")), _text(info.get("version")), info, asked.capabilities
        )
        session = cls(connection, revision, client)
        description = connection.peer.describe()
        result: dict[str, Any] = {
            "protocolVersion": revision.name,
            "capabilities": downgrade_capabilities(description.capabilities, revision),
            "serverInfo": downgrade_info(description.info, revision),
        }
        if description.instructions is not None:
            result["instructions"] = description.instructions
        return session, write_result(id, encode(result))

    # In

    def serve_itself(self, running: "Running", params: Any) -> bytes | None:
        """The answer to a request about the session itself; ``None`` for every other method."""
        name = running.method.name
        if name == "ping":
            return write_result(running.id, b"{}")
        if (
            name == "logging/setLevel"
            and "logging" in self._connection.peer.describe().capabilities
        ):
            self.level = params.level
            return write_result(running.id, b"{}")
        return None

    def scope(self, running: "Running", raw: Raw | UnsetType) -> Scope:
        """The scope of a call. Raises :class:`InvalidParams` on a malformed ``_meta``."""
        trace = None
        if raw is not UNSET:
            block = bytes(raw)
            check_members(block)
            try:
                meta = _read_meta(block)
            except msgspec.MsgspecError as error:
                raise InvalidParams(describe(error) + " (in _meta)") from None
            running.token = read_token(meta.progress_token)
            trace = read_trace(meta)
        return Scope(
            self.revision,
            self.client,
            running,
            running,
            True,  # noqa: FBT003  # by position: on the path of every call
            self.level,
            running.token is not UNSET,
            None,
            trace,
        )

    def receive_notification(self, envelope: Envelope) -> None:
        """Take a notification that names no call of ours."""
        if envelope.method == "notifications/initialized":
            self.initialized = True
            unsent, self._unsent = self._unsent, {}
            for request in unsent.values():
                self._connection.sink.write(request)
        else:
            logger.debug("ignored a notification of a kind that needs nothing done")

    def receive_answer(self, envelope: Envelope) -> bool:
        """Give a response to whoever asked; whether anybody did."""
        waiting = self._asks.pop(cast("RequestId", envelope.id), None)
        if waiting is None or waiting.done():
            return waiting is not None
        if envelope.result is not UNSET:
            waiting.set_result(Payload.of(envelope.result))
            return True
        try:
            error = _read_error(b"{}" if envelope.error is UNSET else envelope.error)
        except msgspec.MsgspecError:
            waiting.set_exception(ProtocolError("The client sent an error that cannot be read."))
            return True
        waiting.set_exception(ProtocolError(error.message, code=error.code, data=error.data))
        return True

    def receive_bad_answer(self, id: RequestId) -> None:
        """Fail the question whose answer cannot be read: another will not come."""
        waiting = self._asks.pop(id, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(ProtocolError("The client sent an answer that cannot be read."))

    # Out

    async def ask(self, running: "Running", method: str, params: Payload) -> Payload:
        """Send the client a request of ours and wait for its answer.

        Raises :class:`MissingClientCapability` where the client did not declare what the
        method needs, :class:`RateLimited` when too many questions are open, and
        :class:`ProtocolError` as the client answers. Cancelling the wait cancels the question.
        """
        connection = self._connection
        bounds = connection.bounds
        needed = method.split("/", 1)[0]
        if method != "ping" and needed not in self.client.capabilities:
            raise MissingClientCapability(
                f"The client does not offer {needed}, which {method} needs.", {needed: {}}
            )
        if len(self._asks) >= bounds.asks_in_flight:
            raise RateLimited(f"{bounds.asks_in_flight} questions to the client are open already.")
        self._next_ask += 1
        id = self._next_ask
        waiting = self._asks[id] = connection.loop.create_future()
        request = write_request(id, method, params.raw)
        if self.initialized or method == "ping":
            connection.sink.write(request)
        else:
            self._unsent[id] = request
        try:
            async with asyncio.timeout(bounds.ask_seconds):
                return await waiting
        except TimeoutError:
            self._withdraw(id, "no answer in time")
            raise UpstreamUnavailable(
                f"The client did not answer {method} within {bounds.ask_seconds:g} s."
            ) from None
        except asyncio.CancelledError:
            self._withdraw(id, "the call that asked has ended")
            raise

    def _withdraw(self, id: RequestId, reason: str) -> None:
        if self._asks.pop(id, None) is not None and self._unsent.pop(id, None) is None:
            params = encode({"requestId": id, "reason": reason})
            self._connection.sink.write(write_notification("notifications/cancelled", params))

    def close(self) -> None:
        """Fail every question that is still open."""
        asks, self._asks = self._asks, {}
        for waiting in asks.values():
            if not waiting.done():
                waiting.set_exception(
                    UpstreamUnavailable("The connection to the client has ended.")
                )

    def write_outcome(self, running: "Running", outcome: Outcome) -> bytes:
        """The response."""
        if type(outcome) is Result:
            value = outcome.payload.known
            if (
                type(value) is CallToolResult
                and self.revision is LATEST_LEGACY
                and (value.structured_content is UNSET or type(value.structured_content) is Raw)
                and value.result_type is UNSET
            ):  # as it is: a Raw structured value is an object
                return encode(ResultResponse("2.0", running.id, value))
            raw = downgrade_result(running.method.name, outcome.payload, self.revision)
            return write_result(running.id, raw)
        if isinstance(outcome, Failure):
            return self._write_failure(running, outcome)
        return write_error(
            running.id,
            ErrorObject(-32603, "The result needs a feature that this revision does not have."),
        )

    def _write_failure(self, running: "Running", failure: Failure) -> bytes:
        code = failure.code
        if failure.resource_not_found:
            code = self.revision.resource_not_found
        elif code in _MODERN_CODES:
            if running.method.name == "tools/call":
                content = [{"type": "text", "text": failure.message}]
                return write_result(running.id, encode({"content": content, "isError": True}))
            code = -32602
        return write_error(running.id, ErrorObject(code, failure.message, failure.data))

    def write_notice(self, running: "Running", notice: Notice) -> bytes | None:
        """The notification; log entries below the session's level are not sent."""
        if isinstance(notice, Progress):
            params = progress_params(running.token, notice, message=self.revision.progress_message)
            return write_notification("notifications/progress", params)
        if isinstance(notice, Log):
            if SEVERITY[notice.level] < SEVERITY[self.level]:
                return None
            entry: dict[str, Any] = {"level": notice.level, "data": notice.data}
            if notice.logger is not None:
                entry["logger"] = notice.logger
            return write_notification("notifications/message", encode(entry))
        if isinstance(notice, Change):
            logger.debug("a change was announced on a call of a session without subscriptions")
        return None


def _text(value: Any) -> str:
    return value[:256] if isinstance(value, str) else ""
