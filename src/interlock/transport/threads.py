"""A pool of daemon threads for handlers that block: slots, a bounded queue, no hostages.

Threads start when they are needed, are used again (the one used last first, since it is warm)
and end after a while without work. A call that is cancelled before its function has begun never
begins it. One that is cancelled later leaves its thread *stuck* until the function returns: what
it returns is dropped, its slot goes to a fresh thread while at most ``max_stuck`` are stuck, and
neither :meth:`ThreadPool.close` nor the exit of the interpreter waits for it.

There is one queue, first in, first out. A thread is *coming* from the moment it is woken or
started until it looks at the queue; a thread that has just finished looks there too, so a burst
of short calls needs few switches. As many calls as threads are coming do not count as waiting.
Results go back in batches: one wake-up of the event loop for all that finished since its last
turn. All counts change under the pool's lock.

The errors::

    InterlockError
    ├── PoolFull        no thread and no place in the queue
    ├── PoolClosed      the pool was closed before the function began
    └── HandlerExit     the function tried to end its thread or its caller's task
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock, Thread
from typing import ParamSpec, TypeVar
from weakref import WeakSet

from msgspec import Struct

from interlock.protocol.errors import InterlockError

from .bridge import (
    ABANDONED,
    CANCELLED,
    DONE,
    QUEUED,
    RUNNING,
    CallCancelled,
    HandlerExit,
    Job,
    Mailbox,
    call_soon_blocking,
)

__all__ = [
    "CallCancelled",
    "HandlerExit",
    "PoolClosed",
    "PoolFull",
    "PoolStatistics",
    "ThreadPool",
    "call_soon_blocking",
]

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("interlock.threads")

_LOOK, _SLEEP, _LEAVE = range(3)
"""What a thread does next."""


class PoolFull(InterlockError):
    """Every slot is taken and the queue is full, or too many threads are stuck."""


class PoolClosed(InterlockError):
    """The pool was closed; the function was not called."""


class PoolStatistics(Struct, frozen=True):
    """A pool at one moment."""

    slots: int
    """Functions that may run at once."""
    busy: int
    """Threads that run a function somebody waits for."""
    idle: int
    """Threads that wait for work."""
    queued: int
    """Calls that wait for a thread."""
    stuck: int
    """Threads that still run a function whose call was cancelled."""
    completed: int
    """Functions that have returned or raised, late ones included."""


class ThreadPool:
    """Runs blocking functions in daemon threads, for the event loop that asks.

    ``slots`` functions run at once, ``queue`` more calls may wait. ``max_stuck`` (default: as
    many as there are slots) bounds the threads that are replaced while they are stuck, so at
    most ``slots + max_stuck`` threads exist; each one stuck beyond takes a slot with it. A
    thread without work ends after ``idle_seconds``.

    One pool may serve several event loops, each from its own thread.
    """

    def __init__(
        self,
        slots: int = 32,
        queue: int = 256,
        *,
        max_stuck: int | None = None,
        idle_seconds: float = 30.0,
        name: str = "interlock-handler",
    ) -> None:
        if slots < 1:
            raise ValueError(f"slots must be at least 1, not {slots}")
        if queue < 0:
            raise ValueError(f"queue must be 0 or more, not {queue}")
        if max_stuck is not None and max_stuck < 0:
            raise ValueError(f"max_stuck must be 0 or more, not {max_stuck}")
        if not 0 < idle_seconds <= 86400:
            raise ValueError(f"idle_seconds must be above 0 and at most 86400, not {idle_seconds}")
        self.slots = slots
        self.queue = queue
        self.max_stuck = slots if max_stuck is None else max_stuck
        self.idle_seconds = idle_seconds
        self.name = name
        self._completed = 0
        self._started = 0
        self._closed = False
        self.forget_threads()
        _pools.add(self)

    def forget_threads(self) -> None:
        """Start again without threads: what a forked child must do, which inherits none."""
        self._lock = Lock()
        self._queue: OrderedDict[Job, None] = OrderedDict()
        self._idle: list[Lock] = []  # what each idle thread sleeps on
        self._threads = 0
        self._coming = 0
        self._stuck = 0
        self._mailboxes: dict[asyncio.AbstractEventLoop, Mailbox] = {}

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` in a thread, in a copy of this task's context, and await what it returns.

        Raises what ``fn`` raises, but :class:`HandlerExit` for what would end a thread or a
        task; :class:`PoolFull` at once when there is no thread and no place to wait, and
        :class:`PoolClosed`. When the awaiting task is cancelled, a function that has not begun
        never begins, and one that has is abandoned.
        """
        loop = asyncio.get_running_loop()
        mailbox = self._mailboxes.get(loop)
        if mailbox is None:
            mailbox = self._add_mailbox(loop)
        job = Job(mailbox, fn, args, kwargs)
        self._submit(job)
        try:
            await job.future
        except BaseException:  # cancelled, or the coroutine was closed
            self._abandon(job)
            raise
        return job.outcome()

    def statistics(self) -> PoolStatistics:
        """The pool as it is now."""
        with self._lock:
            idle = len(self._idle)
            return PoolStatistics(
                slots=self.slots,
                busy=self._threads - idle - self._stuck,
                idle=idle,
                queued=max(0, len(self._queue) - self._coming),
                stuck=self._stuck,
                completed=self._completed,
            )

    def close(self) -> None:
        """Take no more work, end idle threads, refuse what is queued. Waits for nothing.

        Functions that run go on, and who awaits them still gets their results.
        """
        with self._lock:
            self._closed = True
            while self._idle:
                self._locked_wake()
            refused = self._locked_refuse(PoolClosed("the thread pool was closed"))
        _deliver(refused)

    # How jobs find threads. What starts with "_locked" is called with the lock held.

    def _add_mailbox(self, loop: asyncio.AbstractEventLoop) -> Mailbox:
        with self._lock:
            for known in [known for known in self._mailboxes if known.is_closed()]:
                del self._mailboxes[known]
            return self._mailboxes.setdefault(loop, Mailbox(loop))

    def _locked_room(self) -> int:
        """How many more threads may run; negative where too many do."""
        lost = max(0, self._stuck - self.max_stuck)
        return self.slots - lost - (self._threads - self._stuck)

    def _locked_wake(self) -> None:
        self._coming += 1
        self._idle.pop().release()

    def _locked_refuse(self, error: InterlockError) -> list[Job]:
        """Settle all that is queued; to be delivered once the lock is released."""
        refused = list(self._queue)
        self._queue.clear()
        for job in refused:
            job.state = DONE
            job.refuse(type(error)(*error.args))
        return refused

    def _submit(self, job: Job) -> None:
        starts = False
        with self._lock:
            if self._closed:
                raise PoolClosed("the thread pool was closed: it takes no more calls")
            waiting = len(self._queue) - self._coming
            if waiting < 0:
                pass  # a thread is coming that found its work done by another
            elif self._idle:
                self._locked_wake()
            elif self._locked_room() > 0:
                starts = True
                self._threads += 1
                self._coming += 1
            elif self._threads == self._stuck:
                raise _all_stuck(self._stuck)
            elif waiting >= self.queue:
                raise _queue_full(self.slots, waiting)
            self._queue[job] = None
        if starts:
            self._start()

    def _start(self) -> None:
        """Start a thread that is already counted."""
        self._started += 1
        name = f"{self.name}-{self._started}"
        try:
            Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError as error:
            logger.warning("cannot start a thread for a blocking handler: %s", error)
        else:
            return
        refused: list[Job] = []
        with self._lock:
            self._threads -= 1
            self._coming -= 1
            if self._threads == self._stuck:
                refused = self._locked_refuse(_no_thread())
            elif self._idle and len(self._queue) > self._coming:
                self._locked_wake()
        _deliver(refused)

    def _work(self) -> None:
        """What a thread does until it ends."""
        wake = Lock()
        wake.acquire()
        job: Job | None = None
        coming = True
        step = _LOOK
        while True:
            with self._lock:
                if coming:
                    self._coming -= 1
                if self._queue:
                    job, _ = self._queue.popitem(last=False)
                    job.state = RUNNING
                else:
                    step = self._locked_step(wake)
            if job is not None:
                job.execute()
                with self._lock:
                    late = job.state == ABANDONED
                    if late:
                        self._stuck -= 1
                    self._completed += 1
                    job.state = DONE
                    step = self._locked_step(wake)
                if late:
                    job.drop()
                else:
                    job.deliver()
                job = None  # a sleeping thread keeps nothing alive
            coming = step == _SLEEP
            if step == _LEAVE or (coming and not self._sleep(wake)):
                return

    def _locked_step(self, wake: Lock) -> int:
        """What a thread without a job does next."""
        if self._closed or self._locked_room() < 0:
            self._threads -= 1
            return _LEAVE
        if self._queue:
            return _LOOK
        self._idle.append(wake)
        return _SLEEP

    def _sleep(self, wake: Lock) -> bool:
        """Wait until woken; ``False`` after ``idle_seconds`` without work."""
        if wake.acquire(timeout=self.idle_seconds):
            return True
        with self._lock:
            if wake in self._idle:
                self._idle.remove(wake)
                self._threads -= 1
                return False
        return wake.acquire()  # taken from the idle ones at the last moment: the wake-up comes

    def _abandon(self, job: Job) -> None:
        """Nobody awaits this job any more."""
        refused: list[Job] = []
        starts = False
        with self._lock:
            before = job.state
            if before == QUEUED:
                del self._queue[job]
                job.state = CANCELLED
            elif before == RUNNING:
                job.state = ABANDONED
                self._stuck += 1
                if len(self._queue) > self._coming and self._locked_room() > 0:
                    starts = True
                    self._threads += 1
                    self._coming += 1
                elif self._threads == self._stuck and self._locked_room() <= 0:
                    refused = self._locked_refuse(_all_stuck(self._stuck))
        if before == RUNNING:
            job.abandon()
        elif before == DONE:
            job.drop()
        if refused:
            logger.warning("%d queued calls refused: %s", len(refused), _all_stuck(self._stuck))
            _deliver(refused)
        if starts:
            self._start()


_pools: WeakSet[ThreadPool] = WeakSet()


def _after_fork() -> None:
    for pool in _pools:
        pool.forget_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _queue_full(slots: int, waiting: int) -> PoolFull:
    return PoolFull(
        f"all {slots} threads for blocking handlers are busy and {waiting} calls wait already."
        " Try again later; if this goes on, raise the pool's slots or queue, give the handlers a"
        " deadline, or write them with async def"
    )


def _all_stuck(stuck: int) -> PoolFull:
    return PoolFull(
        f"no thread is left for blocking handlers: {stuck} run functions that do not return"
        " although their calls were cancelled. Make them end: pass timeouts to what they wait"
        " for, and look at ctx.cancelled in long loops"
    )


def _no_thread() -> PoolFull:
    return PoolFull(
        "the system refused to start a thread for a blocking handler. Try again later, or"
        " raise the limits on this process's threads and memory"
    )


def _deliver(jobs: list[Job]) -> None:
    for job in jobs:
        job.deliver()
