"""A call in flight, as its edge sees it: request id, task, progress token, cancellation.

It is the :class:`~interlock.protocol.call.Port` of the call: its notices and questions go
through it, and it goes silent the moment the call ends.
"""

from asyncio import Task
from collections.abc import Awaitable
from math import isfinite
from time import monotonic
from typing import Any, Protocol, cast

from interlock.protocol.call import Cancellation, CancelReason, Notice, Progress
from interlock.protocol.inspection import RequestId
from interlock.protocol.json import UNSET, UnsetType
from interlock.protocol.methods import Method
from interlock.protocol.outcome import Outcome
from interlock.protocol.payload import Payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.transport.batches import Batch
    from interlock.transport.serving import Connection


class Edge(Protocol):
    """One era's way of writing: outcomes and notices to message text."""

    def write_outcome(self, running: "Running", outcome: Outcome) -> bytes:
        """The message that answers the call. Raises where a value has no JSON form."""
        ...

    def write_notice(self, running: "Running", notice: Notice) -> bytes | None:
        """The message of a notice, or ``None`` where this caller does not want it."""
        ...

    async def ask(self, running: "Running", method: str, params: Payload) -> Payload:
        """Ask the caller; see :class:`~interlock.protocol.call.Port`."""
        ...


class Running(Cancellation, eq=False, weakref=True):
    """One request that is being served."""

    connection: "Connection" = cast("Any", None)
    edge: Edge = cast("Any", None)
    id: RequestId = 0
    method: Method = cast("Any", None)
    token: int | str | UnsetType = UNSET
    task: Task[Any] | None = None
    batch: "Batch | None" = None
    ended: bool = False
    _last: float | None = None
    _allowance: float = 0.0
    _refilled: float = 0.0
    held_back: Progress | None = None
    """Progress that came too fast; sent when the call ends."""
    log_level: str | None = None
    """The least severe level that a modern caller wants to hear of; ``None`` wants none."""

    def cancel(self, reason: CancelReason, detail: str | None = None) -> None:
        """Cancel the call once; later reasons do not replace the first."""
        if self.reason is None and not self.ended:
            self.reason = reason
            self.detail = detail
            if self.task is not None:
                # Not at once: a task that is cancelled before its first step never runs, and
                # nobody would end the call.
                self.connection.loop.call_soon(self.task.cancel)

    @property
    def silent(self) -> bool:
        """Whether nothing more is sent: the call has ended, or its caller has cancelled it."""
        return self.ended or self.reason == "client"

    def notify(self, notice: Notice) -> Awaitable[None] | None:
        """Send a notice of this call, unless it is silent."""
        if self.silent:
            return None
        if type(notice) is Progress and (self.token is UNSET or not self._admit(notice)):
            return None
        data = self.edge.write_notice(self, notice)
        return None if data is None else self.connection.send_notice(self, data)

    async def ask(self, method: str, params: Payload, /) -> Payload:
        """Ask the caller something; see :class:`~interlock.protocol.call.Port`."""
        return await self.edge.ask(self, method, params)

    def _admit(self, progress: Progress) -> bool:
        """Whether progress may be sent: a number that rises, no faster than the bounds say.

        The last notice that came too fast is kept and sent when the call ends.
        """
        last = self._last
        if not isfinite(progress.done) or (last is not None and not progress.done > last):
            return False
        bounds = self.connection.bounds
        now = monotonic()
        if last is None:
            self._allowance = float(bounds.progress_burst)
        else:
            refill = (now - self._refilled) * bounds.progress_per_second
            self._allowance = min(bounds.progress_burst, self._allowance + refill)
        self._refilled = now
        self._last = progress.done
        if self._allowance < 1.0:
            self.held_back = progress
            return False
        self._allowance -= 1.0
        self.held_back = None
        return True

    def last_words(self) -> bytes | None:
        """The progress that was held back for coming too fast, if any."""
        if self.held_back is None:
            return None
        return self.edge.write_notice(self, self.held_back)
