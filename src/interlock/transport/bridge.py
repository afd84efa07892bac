"""Between an event loop and a thread, both ways: a function's result to the loop that awaits it,
and a coroutine's to the thread that blocks for it.

A thread that blocks must not wait for what nobody will send. It is woken when the coroutine
ends, when the call it works for is cancelled, and when the loop is closed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from threading import Lock, local
from typing import Any, Generic, TypeVar, TypeVarTuple

from interlock.protocol.errors import InterlockError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

logger = logging.getLogger("interlock.threads")

QUEUED, RUNNING, DONE, ABANDONED, CANCELLED = range(5)
"""The states of a job; cancelled is abandoned before it ran."""

_LOOP_CHECK_SECONDS = 0.5
"""How often a thread that blocks on an event loop looks whether the loop was closed."""

_EXITS = (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, StopAsyncIteration)


class HandlerExit(InterlockError):
    """A function in a thread raised what would end a thread, a process or a task.

    ``SystemExit``, ``KeyboardInterrupt``, ``GeneratorExit``, ``StopIteration``,
    ``StopAsyncIteration``, ``asyncio.CancelledError`` or :class:`CallCancelled`. None of them
    says anything about the task that awaits the result, so this is raised there instead; the
    original is its ``__cause__``.
    """


class CallCancelled(BaseException):
    """Raised in a thread that blocks on the event loop when nobody waits for it any more.

    Its call was cancelled, the operation was cancelled on the loop, or the loop was closed. Let
    it pass: clean up in ``finally`` and return. No :class:`Exception`, so that a handler's
    ``except Exception`` does not swallow it.
    """


class Job:
    """One function to call in a thread, and what became of it.

    Its state belongs to the pool and changes under the pool's lock.
    """

    __slots__ = (
        "_abandoned",
        "_args",
        "_bridge",
        "_context",
        "_error",
        "_fn",
        "_kwargs",
        "_mailbox",
        "_result",
        "future",
        "state",
    )

    def __init__(
        self,
        mailbox: "Mailbox",
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.future: asyncio.Future[None] = mailbox.loop.create_future()
        self.state = QUEUED
        self._mailbox = mailbox
        self._context = copy_context()
        self._fn = fn
        self._args = args
        self._kwargs = kwargs
        self._result: Any = None
        self._error: BaseException | None = None
        self._bridge: _Bridge[Any] | None = None
        self._abandoned = False

    @property
    def name(self) -> str:
        """The function's name, for log and error."""
        name = getattr(self._fn, "__qualname__", None)
        return name if isinstance(name, str) else type(self._fn).__qualname__

    def execute(self) -> None:
        """Call the function. Called in the thread."""
        _here.job = self
        try:
            self._result = self._context.run(self._fn, *self._args, **self._kwargs)
        except BaseException as error:  # whatever it is, it goes to whoever awaits the call
            self._error = error
        _here.job = None

    def refuse(self, error: InterlockError) -> None:
        """Settle it without calling the function."""
        self._error = error

    def deliver(self) -> None:
        """Tell the loop that it is settled. Called in any thread."""
        self._mailbox.put(self)

    def outcome(self) -> Any:
        """Return or raise what the function did. Called once, on the loop."""
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            if isinstance(error, _EXITS) or type(error) in (asyncio.CancelledError, CallCancelled):
                raise HandlerExit(self._exit_message(error)) from error
            raise error
        finally:
            del error  # its traceback holds this frame: no cycle

    def abandon(self) -> None:
        """Wake the thread if it blocks on the loop, now or later. Called in any thread."""
        logger.debug("a cancelled call left its thread in %s", self.name)
        self._abandoned = True  # first: a bridge that is entered from now on sees it
        bridge = self._bridge
        if bridge is not None:
            bridge.cancel("the call was cancelled")

    def drop(self) -> None:
        """Note that an outcome came too late."""
        if logger.isEnabledFor(logging.DEBUG):
            error = self._error
            outcome = "returned" if error is None else f"raised {type(error).__name__}"
            logger.debug("%s %s after its call was cancelled; dropped", self.name, outcome)

    def enter(self, bridge: "_Bridge[Any]") -> None:
        """The thread is about to block on the loop. Called in the thread."""
        self._bridge = bridge
        if self._abandoned:  # looked at last, as abandon() sets it first
            self._bridge = None
            raise CallCancelled("the call was cancelled")

    def leave(self) -> None:
        """The thread blocks no more. Called in the thread."""
        self._bridge = None

    def _exit_message(self, error: BaseException) -> str:
        hint = ""
        if isinstance(error, SystemExit):
            hint = "; a handler cannot end the process: raise an ordinary error instead"
        elif isinstance(error, StopIteration):
            hint = "; a bare next() ran out: give it a default"
        return f"{self.name} raised {type(error).__name__}{hint}"


class _Here(local):
    """The job that the current thread works on."""

    job: Job | None = None


_here = _Here()


class Mailbox:
    """Where settled jobs wait for their event loop: one wake-up for all of them."""

    __slots__ = ("_armed", "_settled", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._settled: deque[Job] = deque()
        self._armed = False

    def put(self, job: Job) -> None:
        """Hand a settled job over. Called in any thread."""
        self._settled.append(job)
        if self._armed:
            return  # _open() lowers the flag before it looks: it will find this job
        self._armed = True
        try:
            self.loop.call_soon_threadsafe(self._open)
        except RuntimeError:
            self._settled.clear()
            logger.debug("the event loop was closed before %s returned", job.name)

    def _open(self) -> None:
        """Wake those who wait. Called on the loop."""
        self._armed = False
        settled = self._settled
        while settled:
            future = settled.popleft().future
            if not future.done():
                future.set_result(None)


class _Bridge(Generic[T]):
    """A coroutine on a loop for which a thread waits. Whatever settles it first counts."""

    __slots__ = ("error", "loop", "once", "result", "task", "wake")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.once = Lock()
        self.wake = Lock()
        self.wake.acquire()
        self.task: asyncio.Task[T] | None = None
        self.result: T | None = None
        self.error: BaseException | None = None

    def settle(self, result: T | None, error: BaseException | None) -> None:
        if self.once.acquire(blocking=False):
            self.result = result
            self.error = error
            self.wake.release()

    def cancel(self, reason: str) -> None:
        """Wake the thread and end the coroutine. Called in any thread."""
        self.settle(None, CallCancelled(reason))
        try:
            self.loop.call_soon_threadsafe(self._cancel_task)
        except RuntimeError:
            return  # a closed loop runs no coroutine any more

    def start(self, async_fn: Callable[..., Coroutine[Any, Any, T]], args: tuple[Any, ...]) -> None:
        """Called on the loop, in a copy of the thread's context."""
        if self.once.locked():
            return  # cancelled on the way here
        try:
            self.task = self.loop.create_task(async_fn(*args))
        except Exception as error:  # carried to the thread that waits
            self.settle(None, error)
            return
        self.task.add_done_callback(self._finish)

    def _finish(self, task: "asyncio.Task[T]") -> None:
        if task.cancelled():
            self.settle(None, CallCancelled("the operation was cancelled on the event loop"))
        elif (error := task.exception()) is not None:
            self.settle(None, error)
        else:
            self.settle(task.result(), None)

    def _cancel_task(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def wait(self) -> None:
        """Block until settled. Called in the thread that waits."""
        while not self.wake.acquire(timeout=_LOOP_CHECK_SECONDS):
            if self.loop.is_closed():
                self.settle(None, CallCancelled("the event loop was closed"))


def call_soon_blocking(
    loop: asyncio.AbstractEventLoop,
    async_fn: Callable[[*Ts], Coroutine[Any, Any, T]],
    /,
    *args: *Ts,
) -> T:
    """Run a coroutine on ``loop`` from another thread and block until it has ended.

    It runs as a task of its own, in a copy of this thread's context. Returns its result or
    raises its exception. In a thread of a :class:`~interlock.transport.threads.ThreadPool` the
    thread is woken with :class:`CallCancelled`, and the coroutine cancelled, as soon as the call
    it works for is cancelled; in every thread, when the coroutine is cancelled or the loop
    closed.

    Raises :class:`RuntimeError` on the loop's own thread, where it could never end.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:
        raise RuntimeError(
            "a blocking method was called on the event loop itself, which it would stop for ever."
            " Await the asynchronous form there; blocking forms are for functions in threads"
        )
    job = _here.job
    bridge = _Bridge[T](loop)
    if job is not None:
        job.enter(bridge)
    try:
        try:
            loop.call_soon_threadsafe(bridge.start, async_fn, args)  # copies the context
        except RuntimeError:
            if not loop.is_closed():
                raise
            bridge.settle(None, CallCancelled("the event loop was closed"))
        bridge.wait()
    except BaseException:
        bridge.cancel("the waiting thread was interrupted")
        raise
    finally:
        if job is not None:
            job.leave()
    error, bridge.error = bridge.error, None
    if error is not None:
        try:
            raise error
        finally:
            del error, bridge  # the traceback holds this frame: no cycle
    return bridge.result  # pyright: ignore[reportReturnType]  # settled without an error: it is T
