"""Standing between a host and a server process that may be replaced while the host talks to it.

Lines are passed on as they are. What the relay knows of them is little: which requests are
unanswered, so that each gets an answer even where the process ends without one; and how the
session of a legacy client was opened, so that it is opened with the next process, too.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any

import msgspec

from interlock.protocol.envelope import ErrorObject, write_error
from interlock.protocol.inspection import valid_id
from interlock.protocol.json import UNSET, Raw, UnsetType, encode
from interlock.transport.bounds import CLIENT_BOUNDS
from interlock.transport.stdio.descriptors import Descriptors
from interlock.transport.stdio.framing import LineFramer
from interlock.transport.stdio.threads import ThreadReader, ThreadWriter

_LINE_BYTES = CLIENT_BOUNDS.message_bytes
_END_SECONDS = 3.0
_FLUSH_SECONDS = 1.0
_KEPT = ("initialize", "notifications/initialized", "logging/setLevel")
_INTERRUPTED = "The server's process ended before it answered; the request may have been served."
_DOWN = "The server is not running: its standard error says why. It starts at the next change."


class _Head(msgspec.Struct, frozen=True):
    """What the relay reads of a message."""

    id: int | str | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_read_head = msgspec.json.Decoder(_Head).decode
_read_members = msgspec.json.Decoder(dict[str, Any]).decode


def _head(line: bytes) -> _Head:
    try:
        return _read_head(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Head()  # whoever serves it says what is wrong with it


class Relay:
    """Passes lines between the standard streams and the process of the moment."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._child: Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._framer = LineFramer(_LINE_BYTES)
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._unanswered: dict[int | str, None] = {}
        self._kept: dict[str, bytes] = {}
        self._opening: int | str | UnsetType | None = None
        self._repeated: set[int | str] = set()
        self._repeats = 0
        self._lock = asyncio.Lock()
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def serve(self, descriptors: Descriptors) -> None:
        """Start the first process and pass lines on until the input ends or a signal comes."""
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, self._end)
        self._writer = ThreadWriter(
            loop,
            descriptors.output,
            CLIENT_BOUNDS.outbox_bytes,
            self._may_write.clear,
            self._may_write.set,
            self._end,
        )
        await self._start()
        self._reader = ThreadReader(loop, descriptors.input, self._take, self._take_end)
        passing = asyncio.create_task(self._pass_on())
        await asyncio.wait((passing, self._ended), return_when=asyncio.FIRST_COMPLETED)
        passing.cancel()
        self._reader.close()
        async with self._lock:
            await self._stop(_FLUSH_SECONDS)
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._writer.done

    async def restart(self) -> None:
        """Replace the process, and open the session with the new one that the host has opened."""
        async with self._lock:
            await self._stop()
            await self._start()

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    # From the host

    def _take(self, data: bytes) -> None:
        for line in self._framer.feed(data):
            self._lines.put_nowait(line if isinstance(line, bytes) else line.head)
        if not self._lines.empty():
            self._reader.pause_reading()

    def _take_end(self) -> None:
        line = self._framer.end()
        if line is not None:
            self._lines.put_nowait(line if isinstance(line, bytes) else line.head)
        self._lines.put_nowait(None)

    async def _pass_on(self) -> None:
        while (line := await self._lines.get()) is not None:
            async with self._lock:
                await self._request(line)
            if self._lines.empty():
                self._reader.resume_reading()

    async def _request(self, line: bytes) -> None:
        head = _head(line)
        is_request = head.method is not UNSET and valid_id(head.id)
        if is_request:
            self._unanswered[head.id] = None  # pyright: ignore[reportArgumentType]  # valid
        if head.method == "initialize":
            if "initialize" not in self._kept:  # a second handshake is refused
                self._kept["initialize"] = line
                self._opening = head.id
        elif head.method is not UNSET and head.method in _KEPT:
            self._kept[head.method] = line
        if not await self._send(line) and is_request:
            self._answer(head.id, _DOWN)

    async def _send(self, line: bytes) -> bool:
        """Give the process a line; whether there is one that takes it."""
        child = self._child
        if child is None or child.stdin is None or child.returncode is not None:
            return False
        try:
            child.stdin.write(line + b"\n")
            await child.stdin.drain()
        except (ConnectionError, RuntimeError):
            return False
        return True

    # To the host

    async def _carry(self, child: Process) -> None:
        """Pass on what a process writes, until it ends; then answer what it did not."""
        assert child.stdout is not None
        framer = LineFramer(_LINE_BYTES)
        while data := await child.stdout.read(1 << 18):
            for line in framer.feed(data):
                if isinstance(line, bytes):
                    self._give(line)
            await self._may_write.wait()
        await child.wait()
        for id in list(self._unanswered):
            self._answer(id, _INTERRUPTED)

    def _give(self, line: bytes) -> None:
        head = _head(line)
        if head.method is UNSET and valid_id(head.id):
            if head.id in self._repeated:
                self._repeated.discard(head.id)
                return
            self._unanswered.pop(head.id, None)  # pyright: ignore[reportArgumentType, reportCallIssue]  # valid
            if head.id == self._opening and type(head.id) is type(self._opening):
                self._opening = None
                if head.error is not UNSET:
                    del self._kept["initialize"]
        self._writer.write(line + b"\n")

    def _answer(self, id: Any, text: str) -> None:
        self._unanswered.pop(id, None)
        self._writer.write(write_error(id, ErrorObject(1001, text)) + b"\n")

    # The process

    async def _start(self) -> None:
        self._child = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)
        self._pump = asyncio.create_task(self._carry(self._child))
        self._repeated.clear()
        for method in _KEPT:
            line = self._kept.get(method)
            if line is not None:
                await self._send(self._repeat(line))

    def _repeat(self, line: bytes) -> bytes:
        """A line of the handshake under an id of our own, whose answer is not passed on."""
        message = _read_members(line)
        if "id" not in message:
            return line
        self._repeats += 1
        message["id"] = f"interlock-reload-{os.getpid()}-{self._repeats}"
        self._repeated.add(message["id"])
        return encode(message)

    async def _stop(self, seconds: float | None = None) -> None:
        """End the process as a host would: close its input, wait, terminate.

        What it wrote is passed on, within ``seconds``: a host that goes may read no more.
        """
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        if self._pump is not None:  # it waits for the process, which may still fill a pipe
            await asyncio.wait((self._pump,), timeout=seconds)
            self._pump.cancel()
