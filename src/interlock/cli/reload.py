"""``interlock run --reload``: a child serves, and is replaced when a file changes.

The parent owns the standard streams and passes lines on, so the host keeps its connection. It
remembers the handshake of a legacy session and repeats it to each new child, whose answer to
it is dropped. Calls in flight at a change get a moment to finish, then an answer that says so.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from interlock.cli.run import UsageError
from interlock.cli.target import split
from interlock.protocol.envelope import Refused, read
from interlock.transport.stdio.descriptors import Descriptors, claim

_LINE_LIMIT = 64 * 1024 * 1024
_END_SECONDS = 3.0


def run_reloading(target: str, arguments: Sequence[str]) -> int:
    """Serve ``target`` and start it anew at each change. Returns the exit status."""
    try:
        from watchfiles import PythonFilter, awatch  # pyright: ignore[reportUnknownVariableType]  # a parameter of its is untyped
    except ImportError:
        raise UsageError(
            "--reload needs watchfiles; install it with: pip install 'interlock[cli]'"
        ) from None
    place, _ = split(target)
    folder = os.path.dirname(os.path.abspath(place)) if place.endswith(".py") else os.getcwd()
    command = [sys.executable, "-m", "interlock.cli.main", "run", target, "--", *arguments]
    descriptors = claim()

    async def changes() -> None:
        async for _ in awatch(folder, watch_filter=PythonFilter()):
            sys.stderr.write("interlock run: a file changed; starting again\n")
            await reloader.restart()

    async def serve() -> int:
        watcher = asyncio.create_task(changes())
        try:
            return await reloader.serve(descriptors)
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher

    reloader = Reloader(command)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(serve())
    return 0


class Reloader:
    """Stands between a host and the child that serves it at the moment."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._child: Process | None = None
        self._output: int = -1
        self._pump: asyncio.Task[None] | None = None
        self._initialize: bytes | None = None
        self._initialized: bytes | None = None
        self._lock = asyncio.Lock()

    async def serve(self, descriptors: Descriptors) -> int:
        """Pass lines between the standard streams and children until the input ends."""
        self._output = descriptors.output
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, lambda: ended.done() or ended.set_result(None))
        await self._start()
        reading = asyncio.create_task(self._read(descriptors.input))
        await asyncio.wait((reading, ended), return_when=asyncio.FIRST_COMPLETED)
        reading.cancel()
        async with self._lock:
            await self._stop()
        return 0

    async def restart(self) -> None:
        """Replace the child, and open the session with the new one that the host has opened."""
        async with self._lock:
            await self._stop()
            await self._start()

    async def _read(self, descriptor: int) -> None:
        from threading import Thread

        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[bytes] = asyncio.Queue(64)

        def work() -> None:
            with open(descriptor, "rb", closefd=False) as source, contextlib.suppress(RuntimeError):
                for line in source:
                    asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()
                asyncio.run_coroutine_threadsafe(lines.put(b""), loop).result()

        Thread(target=work, name="interlock-stdin", daemon=True).start()
        while line := await lines.get():
            if b"initialize" in line:
                self._remember(line)
            async with self._lock:
                await self._send(line)

    def _remember(self, line: bytes) -> None:
        """Keep the handshake; other messages may well hold its words."""
        try:
            method = read(line).method
        except Refused:
            return
        if method == "initialize":
            self._initialize = self._initialize or line
        elif method == "notifications/initialized":
            self._initialized = self._initialized or line

    async def _send(self, line: bytes) -> None:
        child = self._child
        if child is None or child.stdin is None:
            return
        with contextlib.suppress(ConnectionError):
            child.stdin.write(line if line.endswith(b"\n") else line + b"\n")
            await child.stdin.drain()

    async def _start(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=_LINE_LIMIT
        )
        repeated = self._initialize is not None
        self._pump = asyncio.create_task(self._write(self._child, drop_first=repeated))
        for line in (self._initialize, self._initialized):
            if line is not None:
                await self._send(line)

    async def _write(self, child: Process, *, drop_first: bool) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            if drop_first:
                drop_first = False
                continue
            await asyncio.to_thread(_write_all, self._output, line)

    async def _stop(self) -> None:
        """End the child as a host would: close its input, wait, terminate."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
        if self._pump is not None:
            await self._pump


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
