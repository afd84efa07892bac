"""Deadlines of calls on a coarse wheel: thousands of them share one timer of the event loop.

Time is cut into ticks. A deadline lies in the bucket of the first tick that begins after it, so
it never fires early, and a little over one tick late at most while the loop is not busy. Adding
and cancelling touch one bucket and nothing else.

The timer sleeps until the first bucket is due, but never more than ``_LONGEST_SLEEP`` ticks; at
each wake-up it forgets buckets that have become empty. So it need not be stopped when the last
deadline of the moment is cancelled, which on a connection that serves one call after another
would cost more than all the rest: it wakes once more, finds nothing, and is gone.

Everything here happens on the event loop's own thread.
"""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from math import isfinite

logger = logging.getLogger("interlock.deadlines")

_LONGEST_SLEEP = 20
"""Ticks between two looks at the buckets, at most."""
_MARGIN = 0.02
"""The part of a tick by which the timer is set late: loops round times, and may wake too soon."""
_SHORTEST_DELAY = 0.001
"""Seconds: uvloop's timers count milliseconds."""

_Bucket = dict["Deadline", None]  # a set that keeps its order


class DeadlineWheel:
    """The deadlines of one connection.

    ``tick`` is in seconds, from 0.005 to 60. ``clock`` gives the time in seconds and never goes
    back; by default it is the event loop's. A wheel belongs to ``loop``, by default the one that
    runs when it is made.
    """

    __slots__ = (
        "_buckets",
        "_closed",
        "_context",
        "_loop",
        "_rate",
        "_timer",
        "_wakes_at",
        "clock",
        "tick",
    )

    def __init__(
        self,
        tick: float = 0.05,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if not 0.005 <= tick <= 60:
            raise ValueError(f"tick must be from 0.005 to 60 seconds, not {tick}")
        self.tick = tick
        self._loop = loop or asyncio.get_running_loop()
        self.clock = clock or self._loop.time
        self._rate = 1 / tick
        self._buckets: dict[int, _Bucket] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at: float = float("inf")  # a tick at or before every bucket's
        self._context = Context()
        self._closed = False

    def __len__(self) -> int:
        """How many deadlines are running; paused ones are not counted."""
        return sum(map(len, self._buckets.values()))

    def add(self, seconds: float, callback: Callable[[], object]) -> "Deadline":
        """Call ``callback()`` ``seconds`` from now, unless the deadline is cancelled before.

        Zero or less means at the next tick, never at once. The callback runs in an empty
        context, as the timer belongs to no task; if it raises, that is logged and the others
        still run. Raises :class:`ValueError` for NaN and infinity: no deadline is no call.
        """
        return Deadline(self, seconds, callback)

    def close(self) -> None:
        """Stop. No deadline fires any more, not even one that is added later."""
        self._closed = True
        self._buckets = {}
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def bucket(self, when: float) -> _Bucket:
        """The bucket in which a deadline at the time ``when`` belongs."""
        try:
            tick = int(when * self._rate) + 1
        except (OverflowError, ValueError):
            raise _not_finite(when) from None
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = {}
            if tick < self._wakes_at:
                self._arm(tick)
        return bucket

    def _arm(self, tick: int) -> None:
        """Set the timer for a tick, or for an earlier look."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._closed:
            return
        now = self.clock()
        tick = min(tick, int(now * self._rate) + _LONGEST_SLEEP)
        delay = max((tick + _MARGIN) * self.tick - now, _SHORTEST_DELAY)
        self._timer = self._loop.call_later(delay, self._wake, context=self._context)
        self._wakes_at = tick

    def _wake(self) -> None:
        self._timer = None
        self._wakes_at = -1  # what callbacks add is looked at below
        now = int(self.clock() * self._rate)
        try:
            for tick in sorted(tick for tick in self._buckets if tick <= now):
                bucket = self._buckets.get(tick, {})
                for deadline in list(bucket):
                    if deadline in bucket:  # not cancelled by one before it
                        deadline.fire()
        finally:  # also where a callback ended the program: who catches that still has deadlines
            self._buckets = {tick: bucket for tick, bucket in self._buckets.items() if bucket}
            self._wakes_at = float("inf")
            if self._buckets:
                self._arm(min(self._buckets))


class Deadline:
    """One deadline. After it has fired or was cancelled, every method does nothing."""

    __slots__ = ("_bucket", "_callback", "_holds", "_left", "_wheel", "when")

    when: float
    """When it is due, by the wheel's clock. While it is paused: when it was due before."""

    def __init__(
        self, wheel: DeadlineWheel, seconds: float, callback: Callable[[], object]
    ) -> None:
        self._wheel = wheel
        self._callback: Callable[[], object] | None = callback
        self._holds = 0
        self._left = 0.0
        self.when = wheel.clock() + seconds
        bucket = wheel.bucket(self.when)
        bucket[self] = None
        self._bucket: _Bucket | None = bucket

    def __repr__(self) -> str:
        state = "over" if not self.active else "paused" if self._holds else "running"
        return f"<Deadline {state}, {self.remaining:.3f} s left>"

    @property
    def active(self) -> bool:
        """Whether it may still fire: neither fired nor cancelled. Paused ones are active."""
        return self._callback is not None

    @property
    def remaining(self) -> float:
        """Seconds left; 0 once it is due, has fired or was cancelled."""
        if self._callback is None:
            return 0.0
        left = self._left if self._holds else self.when - self._wheel.clock()
        return max(0.0, left)

    def cancel(self) -> None:
        """Let it never fire."""
        bucket = self._bucket
        if bucket is not None:
            del bucket[self]
            self._bucket = None
        self._callback = None  # it may hold the call that holds this

    def extend(self, seconds: float) -> None:
        """Start anew: due ``seconds`` from now, or that long after a pause."""
        if self._callback is None:
            return
        if not self._holds:
            self._place(seconds)
        elif isfinite(seconds):
            self._left = seconds
        else:
            raise _not_finite(seconds)

    def pause(self) -> None:
        """Stand still until :meth:`resume`. Pauses nest: each needs its own resume."""
        self._holds += 1
        if self._bucket is not None:
            self._left = self.when - self._wheel.clock()
            del self._bucket[self]
            self._bucket = None

    def resume(self) -> None:
        """End a pause; with the last one, what was left runs on."""
        if self._holds == 0:
            raise RuntimeError("Deadline.resume() without a pause() before it")
        self._holds -= 1
        if self._holds == 0 and self._callback is not None:
            self._place(self._left)

    def fire(self) -> None:
        """Called by the wheel when the deadline is due."""
        callback = self._callback
        self.cancel()
        if callback is None:
            return
        try:
            callback()
        except Exception:
            logger.exception("the callback of a deadline failed")

    def _place(self, seconds: float) -> None:
        when = self._wheel.clock() + seconds
        bucket = self._wheel.bucket(when)
        if self._bucket is not None:
            del self._bucket[self]
        bucket[self] = None
        self._bucket = bucket
        self.when = when


def _not_finite(seconds: float) -> ValueError:
    return ValueError(f"a deadline must be a finite number of seconds, not {seconds}")
