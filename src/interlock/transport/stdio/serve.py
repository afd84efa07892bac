"""Running a server over this process's standard streams, from the first byte to the exit.

At the end of input calls in flight get a moment to finish, then they are cancelled; SIGINT and
SIGTERM end the server the same way. A handler that holds on does not hold the exit.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from interlock.protocol.call import Peer
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.stdio.descriptors import Descriptors, claim
from interlock.transport.stdio.stream import StdioStream

logger = logging.getLogger("interlock.transport")

Started = Callable[[], AbstractAsyncContextManager[Peer]]
"""Starts what is served and stops it again."""


def run(started: Started, *, bounds: Bounds = SERVER_BOUNDS, owns_process: bool = False) -> None:
    """Serve over standard input and output until the input ends. Blocks.

    ``owns_process`` says that nothing comes after: then threads and exit handlers of the target
    do not hold the exit beyond the time that shutting down may take. Raises whatever starting
    the server raises.
    """
    descriptors = claim()
    watchdog = _Watchdog()
    with asyncio.Runner(loop_factory=_new_loop()) as runner:
        runner.run(_serve(started, descriptors, bounds, watchdog))
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
    started: Started, descriptors: Descriptors, bounds: Bounds, watchdog: "_Watchdog"
) -> None:
    async with _signals() as signalled, started() as peer:
        stream = StdioStream(peer, descriptors, bounds)
        await stream.open()
        try:
            await asyncio.wait((stream.ended, signalled), return_when=asyncio.FIRST_COMPLETED)
            watchdog.start(bounds.eof_grace_seconds + 0.9 * bounds.close_seconds)
            if not stream.broken:
                await stream.connection.drain(bounds.eof_grace_seconds)
        finally:
            await stream.connection.close()
            await stream.close(bounds.close_seconds / 2)


@asynccontextmanager
async def _signals() -> AsyncGenerator[asyncio.Future[None]]:
    """A future that SIGINT and SIGTERM resolve."""
    loop = asyncio.get_running_loop()
    signalled: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not signalled.done():
            signalled.set_result(None)

    installed: list[signal.Signals] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except (NotImplementedError, ValueError, RuntimeError):  # Windows, or no main thread
            continue
        installed.append(number)
    try:
        yield signalled
    finally:
        for number in installed:
            loop.remove_signal_handler(number)


class _Watchdog:
    """Ends the process where shutting down takes too long: whoever started us has gone."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def start(self, seconds: float) -> None:
        threading.Thread(
            target=self._watch, args=(seconds,), name="interlock-exit", daemon=True
        ).start()

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self, seconds: float) -> None:
        if not self._stopped.wait(seconds):
            logger.warning("did not end in time after the end of input; ending at once")
            sys.stderr.flush()
            os._exit(0)
