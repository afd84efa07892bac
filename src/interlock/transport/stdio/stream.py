"""One stdio connection: two descriptors, a framer, and the connection they carry.

Pipes and sockets are served by the event loop, everything else by threads; each direction
for itself. Reading stops while lines wait to be served or while the peer does not read.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast

from interlock.protocol.call import Peer
from interlock.protocol.errors import InvalidRequest
from interlock.protocol.inspection import find_id, find_last_id
from interlock.transport.bounds import Bounds
from interlock.transport.serving import Connection
from interlock.transport.stdio.descriptors import Descriptors, way
from interlock.transport.stdio.framing import LineFramer, Oversized
from interlock.transport.stdio.threads import ThreadReader, ThreadWriter


class _Reading(Protocol):
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...


class _Writing(Protocol):
    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...


class StdioStream(asyncio.Protocol):
    """Serves a peer over two descriptors until the input ends or the output breaks."""

    def __init__(self, peer: Peer, descriptors: Descriptors, bounds: Bounds) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptors = descriptors
        self._bounds = bounds
        self._framer = LineFramer(bounds.message_bytes)
        self._lines: deque[bytes | Oversized] = deque()
        self._pumping = False
        self._at_eof = False
        self._over = False
        self._giving_up: asyncio.TimerHandle | None = None
        self._reading: _Reading | None = None
        self._writing: _Writing | None = None
        self._write: Callable[[bytes], object] = _drop
        self._flushed: asyncio.Future[None] | None = None
        self._modes: dict[int, bool] = {}
        self.connection = Connection(
            peer, self, bounds=bounds, loop=self._loop, only_callbacks=True
        )
        self._receive = self.connection.receive
        self.ended: asyncio.Future[None] = self._loop.create_future()
        """Resolved at the end of input, after the last line was taken."""
        self.broken = False
        """Whether the output is gone: nothing that is written reaches anybody."""

    async def open(self) -> None:
        """Start serving."""
        source, output = self._descriptors
        if way(output, source) == "loop":
            self._modes[output] = os.get_blocking(output)
            writer = _PipeWriter(self)
            transport, _ = await self._loop.connect_write_pipe(
                lambda: writer, os.fdopen(os.dup(output), "wb", 0)
            )
            transport.set_write_buffer_limits(high=self._bounds.outbox_bytes)
            self._writing = transport
            self._flushed = writer.done
        else:
            thread = ThreadWriter(
                self._loop,
                output,
                self._bounds.outbox_bytes,
                self.pause_writing,
                self.resume_writing,
                self.lose,
            )
            self._writing = thread
            self._flushed = thread.done
        self._write = self._writing.write
        if way(source, output) == "loop":
            self._modes[source] = os.get_blocking(source)
            await self._loop.connect_read_pipe(lambda: self, os.fdopen(os.dup(source), "rb", 0))
        else:
            self._reading = ThreadReader(
                self._loop, source, self.data_received, cast("Any", self.eof_received)
            )

    # In

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Reading begins; data may come before :meth:`open` returns."""
        self._reading = cast("_Reading", transport)

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        if self._pumping:
            self._lines.extend(self._framer.feed(data))
            return
        line = self._framer.single(data)
        if line is not None:
            self._receive(line)
            if self.connection.congested:
                self._wait()
            return
        self._lines.extend(self._framer.feed(data))
        self._take(self._bounds.calls_per_read)
        if self._lines or self.connection.congested:
            self._wait()

    def _take(self, allowed: int) -> None:
        """Serve up to ``allowed`` of the waiting lines, while the peer reads."""
        lines = self._lines
        while lines and allowed and not self.connection.congested:
            line = lines.popleft()
            if isinstance(line, Oversized):
                self._refuse(line)
            else:
                self.connection.receive(line)
            allowed -= 1

    def _refuse(self, line: Oversized) -> None:
        limit = self._bounds.message_bytes
        error = InvalidRequest(f"The message is longer than {limit} bytes, the limit here.")
        id = find_id(line.head)
        self.connection.refuse(error, find_last_id(line.tail) if id is None else id)

    def _wait(self) -> None:
        """Stop reading; go on with the waiting lines in the next turn of the loop."""
        self._pumping = True
        if self._reading is not None:
            self._reading.pause_reading()
        if not self.connection.congested:
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._take(self._bounds.calls_per_read)
        if self.connection.congested:
            return  # resume_writing goes on
        if self._lines:
            self._loop.call_soon(self._pump)
            return
        self._pumping = False
        if self._at_eof:
            self._end()
        elif self._reading is not None and not self.ended.done():
            self._reading.resume_reading()

    def eof_received(self) -> bool:
        """The peer sends no more; what it began without a newline is its last line."""
        line = self._framer.end()
        if line is not None:
            self._lines.append(line)
        self._at_eof = True
        if not self._lines:
            self._end()
        elif not self._pumping:
            self._wait()
        self.hang_up()
        return True

    def hang_up(self) -> None:
        """The peer has closed its side of the input, whether or not all of it was read."""
        self._over = True
        if self.connection.congested:
            self._give_up_soon()

    def _give_up_soon(self) -> None:
        """A peer that has gone and does not read what is left for it is waited for no longer."""
        if self._giving_up is None:
            self._giving_up = self._loop.call_later(self._bounds.eof_grace_seconds, self.lose)

    def connection_lost(self, exc: Exception | None) -> None:
        """The input broke."""
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    # Out

    def write(self, data: bytes) -> None:
        """Send one message as one line; the loop joins what one of its turns produces."""
        if b"\n" in data:  # between tokens: inside a string it would be escaped
            data = data.replace(b"\n", b" ")
        self._write(data + b"\n")

    def pause_writing(self) -> None:
        """More waits to be read by the peer than may."""
        self.connection.pause()
        if self._over:
            self._give_up_soon()

    def resume_writing(self) -> None:
        """The peer has read enough for more to be sent."""
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        self.connection.resume()
        if self._pumping:
            self._loop.call_soon(self._pump)

    def lose(self) -> None:
        """The output broke: there is nobody left to serve."""
        self.broken = True
        self._write = _drop
        self._end()

    async def close(self, seconds: float) -> None:
        """Send what waits, within ``seconds``, and give the descriptors back as they were."""
        if self._reading is not None:
            self._reading.close()
        if self._writing is not None and self._flushed is not None:
            self._writing.close()
            if not self.broken:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._flushed
        for descriptor, blocking in self._modes.items():
            with contextlib.suppress(OSError):
                os.set_blocking(descriptor, blocking)


def _drop(data: bytes) -> None:
    """Where messages go when there is nobody to read them."""


class _PipeWriter(asyncio.BaseProtocol):
    """What the loop tells about the output."""

    def __init__(self, stream: StdioStream) -> None:
        self._stream = stream
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def pause_writing(self) -> None:
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        self._stream.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)
        self._stream.lose()
