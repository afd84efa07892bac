"""Lines out of a byte stream: bounded, linear in time, split at 0x0A and nowhere else.

Source: MCP 2026-07-28, Transports, stdio.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_HEAD = 1024
_BRACE = ord("{")


class Oversized(NamedTuple):
    """A line longer than the bound, which was not kept; ``head`` is how it began."""

    head: bytes


class LineFramer:
    """Cuts a stream into lines. What belongs to an unfinished line is kept as it came in chunks."""

    __slots__ = ("_chunks", "_head", "_limit", "_size", "_started")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0
        self._head: bytes | None = None
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes | Oversized]:
        """The lines that ``data`` completes, without their newline, blank ones left out.

        Consume the iterator before feeding more.
        """
        if not self._started and data:
            self._started = True
            data = data.removeprefix(_BOM)
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = self._finish(data[start:end])
            if line is not None:
                yield line
            start = end + 1
        if start < len(data):
            self._keep(data[start:] if start else data)

    def single(self, data: bytes) -> bytes | None:
        """The line, where ``data`` is exactly one whole line and nothing is kept; else ``None``.

        The usual case, without the cost of the general one. Takes ``data`` only if it returns it.
        """
        end = data.find(b"\n")
        if end + 1 != len(data) or self._size or data[0] != _BRACE or end > self._limit:
            return None
        self._started = True
        return data[:end]

    def end(self) -> bytes | Oversized | None:
        """The last line, where the stream ended without a newline."""
        return self._finish(b"")

    def _keep(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._head is not None:
            return
        self._chunks.append(chunk)
        if self._size > self._limit:
            self._head = b"".join(self._chunks)[:_HEAD]
            self._chunks.clear()

    def _finish(self, rest: bytes) -> bytes | Oversized | None:
        if not self._size:
            if len(rest) > self._limit:
                return Oversized(rest[:_HEAD])
            return rest if rest and not rest.isspace() else None
        self._keep(rest)
        head, self._head = self._head, None
        chunks, self._chunks = self._chunks, []
        self._size = 0
        if head is not None:
            return Oversized(head)
        line = b"".join(chunks)
        return None if line.isspace() else line
