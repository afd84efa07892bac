"""Running a server over this process's standard streams, from the first byte to the exit.

At the end of input calls in flight get a moment to finish, then they are cancelled; SIGINT and
SIGTERM end the server the same way. A handler that holds on does not hold the exit.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import Any

from interlock.protocol.call import Peer
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.stdio.descriptors import Descriptors, claim, has_peer
from interlock.transport.stdio.ending import HangUp, Watchdog
from interlock.transport.stdio.stream import StdioStream

Started = Callable[[], AbstractAsyncContextManager[Peer]]
"""Starts what is served and stops it again."""


def run(started: Started, *, bounds: Bounds = SERVER_BOUNDS, owns_process: bool = False) -> None:
    """Serve over standard input and output until the input ends. Blocks.

    ``owns_process`` says that nothing comes after: then threads and exit handlers of the target
    do not hold the exit beyond the time that shutting down may take. Raises whatever starting
    the server raises.
    """
    descriptors = claim()
    watchdog = Watchdog()
    seconds = bounds.eof_grace_seconds + 0.9 * bounds.close_seconds
    with (
        _signals(watchdog, seconds, keep=owns_process) as signalled,
        asyncio.Runner(loop_factory=_new_loop()) as runner,
    ):
        signalled.loop = runner.get_loop()
        runner.run(_serve(started, descriptors, bounds, watchdog, signalled))
    _flush()
    if not owns_process:
        watchdog.stop()


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(
    started: Started,
    descriptors: Descriptors,
    bounds: Bounds,
    watchdog: Watchdog,
    signalled: "_Signalled",
) -> None:
    grace, closing = bounds.eof_grace_seconds, 0.9 * bounds.close_seconds
    async with started() as peer:
        loop = asyncio.get_running_loop()
        stream = StdioStream(peer, descriptors, bounds)
        # a first call may block the loop while it imports, and a shell's pipe has ended by then
        hang_up = None
        if has_peer(descriptors.input):
            hang_up = HangUp(loop, descriptors.input, stream.hang_up, 5 * (grace + closing))
        await stream.open()
        try:
            ends = (stream.ended, signalled.future())
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if stream.broken:
                watchdog.start(closing)
            else:
                watchdog.start(grace + closing)
                await stream.connection.drain(grace)
        finally:
            await stream.connection.close()
            await stream.close(bounds.close_seconds / 2)
            if hang_up is not None:
                hang_up.stop()


class _Signalled:
    """Whether SIGINT or SIGTERM came, as a future of the loop that serves."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._came = False
        self._future: asyncio.Future[None] | None = None

    def future(self) -> "asyncio.Future[None]":
        """Resolved at the first signal. Call it on the loop, once."""
        self._future = asyncio.get_running_loop().create_future()
        if self._came:
            self._resolve()
        return self._future

    def come(self) -> None:
        """Called by the signal's handler."""
        self._came = True
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop was closed: the end is near anyway
                self.loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


@contextmanager
def _signals(watchdog: Watchdog, seconds: float, *, keep: bool) -> Generator[_Signalled]:
    """Let SIGINT and SIGTERM end the server, and the watchdog end the process if it does not.

    The handlers are Python's and not the loop's: these run even while the loop is blocked.
    ``keep`` leaves them in place: a signal that comes late is no reason for another exit status.
    """
    signalled = _Signalled()

    def stop(number: int, frame: object) -> None:
        watchdog.start(seconds)
        signalled.come()

    previous: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            previous[number] = signal.signal(number, stop)
        except ValueError:  # not the main thread: signals are somebody else's
            break
    try:
        yield signalled
    finally:
        if not keep:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _flush() -> None:
    """Write what was printed. Where that fails, Python would fail again and spoil the status."""
    for number, file in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if file is not None:
                file.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)
