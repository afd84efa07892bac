"""Serving one connection: messages in, calls started, outcomes and notices out.

Independent of how bytes are framed (stdio lines, an HTTP body, memory) and of the era: an
:class:`~interlock.transport.running.Edge` reads and writes each era's form. This is the hot
path of every server; it holds the ids in flight, cancellation, the cap on calls, batches, and
backpressure.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

import msgspec

from interlock.protocol.call import Call, CancelReason, Handler, Peer
from interlock.protocol.envelope import (
    Envelope,
    ErrorObject,
    check_members,
    read,
    read_usual,
    write_error,
    write_notification,
    write_result,
)
from interlock.protocol.errors import (
    InternalError,
    InvalidRequest,
    ProtocolError,
    RateLimited,
    UpstreamUnavailable,
)
from interlock.protocol.inspection import Refused, RequestId
from interlock.protocol.json import UNSET, Raw, UnsetType, encode
from interlock.protocol.methods import (
    SERVER_METHODS,
    MethodRegistry,
    not_offered,
    unknown_method,
)
from interlock.protocol.outcome import Failure, Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.revisions import LATEST
from interlock.protocol.text import escape_controls
from interlock.protocol.types.base import META_SUBSCRIPTION_ID

from .batches import Batch, Sink, read_batch
from .bounds import SERVER_BOUNDS, Bounds
from .eager import starter
from .incidents import ends_call, incident
from .legacy.session import LegacySession
from .modern.edge import ModernEdge
from .running import Running

logger = logging.getLogger("interlock.transport")


class _Cancelled(msgspec.Struct, frozen=True):
    request_id: int | str | UnsetType = msgspec.field(name="requestId", default=UNSET)
    reason: str | UnsetType | None = UNSET


_read_cancelled = msgspec.json.Decoder(_Cancelled).decode


class Connection:
    """One peer that calls us. ``receive`` takes its messages one by one, in order.

    All of it runs on one event loop. :meth:`close` ends every call; nothing outlives it.
    ``only_callbacks`` promises that ``receive`` is called by the loop and never within a task.
    """

    def __init__(
        self,
        peer: Peer,
        sink: Sink,
        *,
        bounds: Bounds = SERVER_BOUNDS,
        methods: MethodRegistry = SERVER_METHODS,
        loop: asyncio.AbstractEventLoop | None = None,
        only_callbacks: bool = False,
    ) -> None:
        self.peer = peer
        self.sink = sink
        self.bounds = bounds
        self.loop = loop or asyncio.get_running_loop()
        self.running: dict[RequestId, Running] = {}
        self.session: LegacySession | None = None
        self.modern = ModernEdge(self)
        self._methods = methods
        self._most_calls = bounds.calls_in_flight
        self._start = starter(self.loop, only_callbacks=only_callbacks)
        self._handlers: dict[str, Handler] = {}
        self.congested = False
        """Whether the peer reads more slowly than we write."""
        self._relief: asyncio.Future[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._closed = False

    # Messages in

    def receive(self, data: bytes) -> None:
        """Take one message. Never raises; what is refused is answered."""
        request = read_usual(data)
        if request is not None:
            try:
                self._receive_request(request.id, request.method, request.params, None)
            except Exception as error:
                self._fail(error, request.id, request.method, None)
            return
        if data.lstrip()[:1] == b"[":
            self._receive_batch(data)
            return
        try:
            envelope = read(data, shallow=True)
        except Refused as refused:
            self._refuse_unread(refused, None)
            return
        self._receive_envelope(envelope, None)

    def _receive_envelope(self, envelope: Envelope, batch: Batch | None) -> None:
        id, name = envelope.id, envelope.method
        if id is UNSET or id is None or name is UNSET:
            self._receive_other(envelope)
        else:
            try:
                self._receive_request(id, name, envelope.params, batch)
            except Exception as error:
                self._fail(error, id, name, batch)

    def _fail(self, error: Exception, id: RequestId, name: str, batch: Batch | None) -> None:
        """Answer a request that the peer failed at before it was called: telling what it is."""
        failure = incident(error, f"receiving {escape_controls(name, 80)}")
        self.refuse(InternalError(failure.message, data=failure.data), id, batch)

    def refuse(
        self,
        error: ProtocolError,
        id: RequestId | UnsetType | None = None,
        batch: Batch | None = None,
    ) -> None:
        """Answer a message that cannot be taken. Without an id the revision decides its form."""
        session = self.session
        if id is None and (session is None or not session.revision.error_id_null):
            id = UNSET
        try:
            answer = write_error(id, ErrorObject(error.code, error.message, error.data))
        except Exception as unwritable:  # raised by a peer, with what is not JSON
            failure = incident(unwritable, "writing an error")
            answer = write_error(id, ErrorObject(failure.code, failure.message, failure.data))
        self._answer(batch, answer)

    def _refuse_unread(self, refused: Refused, batch: Batch | None) -> None:
        """Answer a message that cannot be read, unless it is a notification all the same."""
        if refused.answers:
            if self.session is not None and refused.id is not None:
                self.session.receive_bad_answer(refused.id)
            self.refuse(refused.error, None, batch)  # the id is not one of the client's requests
        elif refused.notification:
            logger.debug("ignored a notification: %s", refused.error.message)
        else:
            self.refuse(refused.error, refused.id, batch)

    def _answer(self, batch: Batch | None, answer: bytes) -> None:
        if batch is None:
            self.sink.write(answer)
        else:
            batch.answers.append(answer)

    def _receive_request(
        self, id: RequestId, name: str, raw: Raw | UnsetType, batch: Batch | None
    ) -> None:
        try:
            if id in self.running:
                raise InvalidRequest(
                    "The id belongs to a request that is still unanswered; give each request an"
                    " id of its own."
                )
            method = self._methods.get(name)
            if method is None:
                raise unknown_method(name)
            params = method.read_params(raw)
            meta: Raw | UnsetType = params.meta
            stated = None if meta is UNSET else self.modern.read_meta(meta)
            if stated is not None:
                if not method.modern:
                    raise unknown_method(name, LATEST.name)
                if batch is not None:
                    raise InvalidRequest("A request of this revision stands alone: no batches.")
                running = Running(None, None, None, self, self.modern, id, method)
                answer = self.modern.serve_itself(running, params) if method.at_edge else None
                scope = self.modern.scope(running, stated)
            else:
                session = self.session
                if session is None or name == "initialize":
                    self._answer(batch, self._before_session(id, name, params, raw, batch))
                    return
                if not method.legacy:
                    raise unknown_method(name, session.revision.name)
                running = Running(None, None, None, self, session, id, method)
                answer = session.serve_itself(running, params) if method.at_edge else None
                scope = session.scope(running, meta)
            if answer is not None:
                self._answer(batch, answer)
                return
            handler = self._handlers.get(name) or self._find_handler(name)
            if len(self.running) >= self._most_calls:
                raise self._no_place()
        except ProtocolError as error:
            self.refuse(error, id, batch)
            return
        if batch is not None:
            running.batch = batch
            batch.open += 1
        self.running[id] = running
        call = Call(name, Payload(params, raw), scope)
        task = self._start(self._run(running, handler, call))
        if not running.ended:
            running.task = task

    def _before_session(
        self,
        id: RequestId,
        name: str,
        params: Any,
        raw: Raw | UnsetType,
        batch: Batch | None,
    ) -> bytes:
        """Answer a request without a stated revision that is ``initialize`` or precedes it."""
        if name == "ping":
            return write_result(id, b"{}")
        if name != "initialize":
            raise self.modern.missing_meta(params.meta)
        if batch is not None:
            raise InvalidRequest("initialize stands alone: it may not be part of a batch.")
        if self.session is not None:
            raise InvalidRequest(
                "This connection is initialized already; open another for another session."
            )
        self.session, answer = LegacySession.open(self, id, raw)
        return answer

    def _no_place(self) -> ProtocolError:
        """Why no call is taken: there are too many, or the connection is being closed."""
        if self._closed:
            return UpstreamUnavailable("The server is shutting down; the call was not begun.")
        return RateLimited(
            f"{len(self.running)} calls are in flight on this connection, which is its"
            " limit; wait for answers before sending more."
        )

    def _find_handler(self, name: str) -> Handler:
        handler = self.peer.handler(name)
        if handler is None:
            raise not_offered(name)
        self._handlers[name] = handler
        return handler

    def _receive_other(self, envelope: Envelope) -> None:
        """Take a response or a notification; neither is ever answered."""
        if envelope.method is UNSET:
            if self.session is None or not self.session.receive_answer(envelope):
                logger.debug("ignored a response to no request of ours")
            return
        if envelope.method == "notifications/cancelled":
            self._receive_cancelled(envelope)
        elif self.session is not None:
            self.session.receive_notification(envelope)

    def _receive_cancelled(self, envelope: Envelope) -> None:
        raw = b"{}" if envelope.params is UNSET else envelope.params
        try:
            cancelled = _read_cancelled(raw)
            check_members(raw)
        except (msgspec.MsgspecError, InvalidRequest):
            logger.debug("ignored a malformed cancellation")
            return
        id = cancelled.request_id
        running = None if id is UNSET else self.running.get(id)
        if running is None:
            logger.debug("ignored the cancellation of a request that is not in flight")
            return
        detail = cancelled.reason if isinstance(cancelled.reason, str) else None
        logger.debug("call cancelled by the client: %s", escape_controls(detail or "no reason"))
        running.cancel("client", detail)

    def _receive_batch(self, data: bytes) -> None:
        """Take a JSON array of messages: requests start together, answers leave together."""
        if self.session is None or not self.session.revision.batches:
            self.refuse(
                InvalidRequest("A message is one JSON object; batches are not spoken here.")
            )
            return
        try:
            parts = read_batch(data, self.bounds.batch_messages)
        except ProtocolError as error:
            self.refuse(error)
            return
        batch = Batch(self.sink)
        later: list[Envelope] = []
        for part in parts:
            try:
                envelope = read(bytes(part), shallow=True)
            except Refused as refused:
                self._refuse_unread(refused, batch)
                continue
            if envelope.id is UNSET or envelope.method is UNSET:
                later.append(envelope)
            else:
                self._receive_envelope(envelope, batch)
        for envelope in later:
            self._receive_other(envelope)
        batch.close_one()

    # Calls

    async def _run(self, running: Running, handler: Handler, call: Call) -> None:
        try:
            outcome = await handler(call)
        except ProtocolError as error:
            outcome = Failure.of(error)
        except BaseException as error:  # SystemExit from a handler must not end the server
            if isinstance(error, GeneratorExit) and self._is_closed(running):
                self.running.pop(running.id, None)
                running.ended = True
                raise
            if isinstance(error, asyncio.CancelledError) and ends_call(error, call):
                outcome = self._interrupted(running)
            else:
                outcome = incident(error, f"serving {call.method}")
        del self.running[running.id]
        if running.reason is None and running.batch is None and running.held_back is None:
            running.ended = True
            try:
                answer = running.edge.write_outcome(running, outcome)
            except Exception as error:
                answer = self._unwritable(running, error)
            self.sink.write(answer)
        else:
            self._finish(running, outcome)
        if self._idle is not None and not self.running and not self._idle.done():
            self._idle.set_result(None)

    def _finish(self, running: Running, outcome: Outcome) -> None:
        """End a call that was cancelled, is part of a batch, or has held progress back."""
        if running.reason != "client":
            last = running.last_words()
            if last is not None:
                self.sink.write(last)
            running.ended = True
            try:
                answer = running.edge.write_outcome(running, outcome)
            except Exception as error:
                answer = self._unwritable(running, error)
            self._answer(running.batch, answer)
        running.ended = True
        if running.batch is not None:
            running.batch.close_one()

    def _unwritable(self, running: Running, error: Exception) -> bytes:
        failure = incident(error, f"writing the result of {running.method.name}")
        return running.edge.write_outcome(running, failure)

    def _is_closed(self, running: Running) -> bool:
        """Whether a call's coroutine is being closed from outside, its task gone."""
        return running.task is not None and running.task is not asyncio.current_task(self.loop)

    def _interrupted(self, running: Running) -> Outcome:
        """The answer to a call that was cancelled, but not by its caller.

        A stream that the server ends is told so and gets its final result (MCP 2026-07-28,
        Cancellation and Subscriptions).
        """
        if running.reason == "deadline":
            return Failure(1002, "The call took longer than its deadline allows.", origin="limit")
        if running.method.shape == "stream" and running.reason != "client":
            params = {
                "_meta": {META_SUBSCRIPTION_ID: running.id},
                "requestId": running.id,
                "reason": running.reason or "shutdown",
            }
            self.sink.write(write_notification("notifications/cancelled", encode(params)))
            return Result(Payload({}))
        return Failure(
            1001, "The server is shutting down; the call was interrupted and may have run."
        )

    # Flow

    def pause(self) -> None:
        """Called by the transport when unsent bytes exceed their bound: notices wait."""
        if not self.congested:
            self.congested = True
            self._relief = self.loop.create_future()

    def resume(self) -> None:
        """Called by the transport when it can take more."""
        self.congested = False
        if self._relief is not None:
            self._relief.set_result(None)
            self._relief = None

    def send_notice(self, running: Running, data: bytes) -> Awaitable[None] | None:
        """Send a notice of a call, now or, while the peer does not read, when it is awaited."""
        if not self.congested:
            self.sink.write(data)
            return None
        return self._send_later(running, data)

    async def _send_later(self, running: Running, data: bytes) -> None:
        while self._relief is not None:
            await asyncio.shield(self._relief)
        if not running.silent:
            self.sink.write(data)

    # The end

    async def drain(self, seconds: float) -> bool:
        """Take no more calls, and wait up to ``seconds`` for those in flight; whether none is left.

        Streams, which would never end by themselves, are ended at once.
        """
        self._closed = True
        self._most_calls = 0
        for running in list(self.running.values()):
            if running.method.shape == "stream":
                running.cancel("shutdown")
        if not self.running:
            return True
        idle = self._idle = self.loop.create_future()
        try:
            async with asyncio.timeout(seconds):
                await idle
        except TimeoutError:
            return False
        return True

    async def close(self, reason: CancelReason = "shutdown") -> None:
        """Take no more calls, cancel every other and wait, within bounds, until they have ended."""
        self._closed = True
        self._most_calls = 0
        if self.session is not None:
            self.session.close()
        for running in list(self.running.values()):
            running.cancel(reason)
        self.resume()
        tasks = [running.task for running in self.running.values() if running.task is not None]
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=self.bounds.close_seconds)
            if stuck:
                logger.warning("%d calls did not end when cancelled", len(stuck))
