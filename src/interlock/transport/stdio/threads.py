"""A reader and a writer thread, for descriptors that no event loop can serve.

Files, devices, terminals, and everything on Windows. Each keeps at most one chunk, or a
bounded queue, between itself and the loop.
"""

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable

_CHUNK = 256 * 1024


def _wait(descriptor: int, *, reading: bool) -> None:
    """Wait as a blocking descriptor would: somebody who shares its open file made it another."""
    import select

    if reading:
        select.select([descriptor], [], [])
    else:
        select.select([], [descriptor], [])


class ThreadReader:
    """Reads a descriptor in a daemon thread; the next chunk is read when the last was taken."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        on_data: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._on_data = on_data
        self._on_end = on_end
        self._may_read = threading.Event()
        self._may_read.set()
        self._taken = threading.Event()
        self._closed = False
        threading.Thread(target=self._work, name="interlock-stdin", daemon=True).start()

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def close(self) -> None:
        self._closed = True
        self._may_read.set()
        self._taken.set()

    def _work(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            while not self._closed:
                self._may_read.wait()
                try:
                    data = os.read(self._descriptor, _CHUNK)
                except BlockingIOError:
                    _wait(self._descriptor, reading=True)
                    continue
                except OSError:
                    data = b""
                if self._closed:
                    return
                if not data:
                    self._loop.call_soon_threadsafe(self._on_end)
                    return
                self._taken.clear()
                self._loop.call_soon_threadsafe(self._give, data)
                self._taken.wait()

    def _give(self, data: bytes) -> None:
        try:
            self._on_data(data)
        finally:
            self._taken.set()


class ThreadWriter:
    """Writes a descriptor in a daemon thread, and says when too much waits to be written."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        limit: int,
        on_pause: Callable[[], None],
        on_resume: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._limit = limit
        self._on_pause = on_pause
        self._on_resume = on_resume
        self._on_lost = on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        self._paused = False
        self._closed = False
        self.done: asyncio.Future[None] = loop.create_future()
        threading.Thread(target=self._work, name="interlock-stdout", daemon=True).start()

    def write(self, data: bytes) -> None:
        if self._closed:
            return
        self._waiting += len(data)
        self._queue.put(data)
        if self._waiting > self._limit and not self._paused:
            self._paused = True
            self._on_pause()

    def close(self) -> None:
        """Write what waits, then end; ``done`` resolves."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)

    def _work(self) -> None:
        lost = False
        with contextlib.suppress(RuntimeError):  # the loop has ended
            while (data := self._queue.get()) is not None:
                view = memoryview(data)
                while view and not lost:
                    try:
                        view = view[os.write(self._descriptor, view) :]
                    except BlockingIOError:
                        _wait(self._descriptor, reading=False)
                    except OSError:
                        lost = True
                self._loop.call_soon_threadsafe(self._wrote, len(data), lost)
            self._loop.call_soon_threadsafe(self._ended)

    def _wrote(self, count: int, lost: bool) -> None:
        self._waiting -= count
        if lost:
            self._on_lost()
        elif self._paused and self._waiting <= self._limit // 4:
            self._paused = False
            self._on_resume()

    def _ended(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
