"""Seeing to it that the process ends: whoever started it has gone, or has asked it to go.

A handler may hold a thread, swallow its cancellation or block the event loop itself. Then what
the loop would do at the end never happens, and hosts that died leave servers behind. So two
daemon threads that need no loop watch over the end.
"""

import asyncio
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import NoReturn

logger = logging.getLogger("interlock.transport")

_LAST_WORDS_SECONDS = 0.2


class Watchdog:
    """Ends the process with status 0 where shutting down takes longer than it may."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        threading.Thread(target=self._watch, name="interlock-exit", daemon=True).start()

    def start(self, seconds: float) -> None:
        """The process has so many seconds left; a later call may shorten them.

        May be called anywhere, even in a signal handler.
        """
        self._orders.put(seconds)

    def stop(self) -> None:
        """Serving has ended in time."""
        self._orders.put(None)

    def _watch(self) -> None:
        order = self._orders.get()
        deadline = float("inf")
        while order is not None:
            deadline = min(deadline, monotonic() + order)
            try:
                order = self._orders.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                leave()


def leave() -> NoReturn:
    """End the process at once, after a word in the log if that takes no time.

    Nobody may read standard error any more, so the word gets a thread of its own.
    """

    def say() -> None:
        logger.warning("did not end in time by itself; ending at once")
        sys.stderr.flush()

    words = threading.Thread(target=say, name="interlock-last-words", daemon=True)
    with suppress(RuntimeError):  # no threads any more: the interpreter is being torn down
        words.start()
        words.join(_LAST_WORDS_SECONDS)
    os._exit(0)


class HangUp:
    """Notices that the peer has closed its side of a pipe or socket while nothing reads there.

    That is so while the loop is blocked, and while reading pauses because the peer does not read
    either. ``on_hang_up`` is called on the loop. A loop that then takes longer than ``seconds``
    for one turn is blocked for good as far as anybody can wait for it: the process ends.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        on_hang_up: Callable[[], None],
        seconds: float,
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._on_hang_up = on_hang_up
        self._seconds = seconds
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, name="interlock-hang-up", daemon=True).start()

    def stop(self) -> None:
        """The end was noticed otherwise."""
        self._stopped.set()

    def _watch(self) -> None:
        import select

        poll = select.poll()
        poll.register(self._descriptor, getattr(select, "POLLRDHUP", 0))
        try:
            poll.poll()
            self._loop.call_soon_threadsafe(self._on_hang_up)
            while not self._stopped.is_set():
                turned = threading.Event()
                self._loop.call_soon_threadsafe(turned.set)
                if not turned.wait(self._seconds) and not self._stopped.is_set():
                    leave()
                self._stopped.wait(self._seconds / 4)
        except (OSError, RuntimeError):  # the descriptor or the loop was closed meanwhile
            return
