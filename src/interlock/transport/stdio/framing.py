"""Lines out of a byte stream: bounded, linear in time, split at 0x0A and nowhere else.

Source: MCP 2026-07-28, Transports, stdio.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_HEAD = 1024
_TAIL = 2048
_BRACE = ord("{")


class Oversized(NamedTuple):
    """A line longer than the bound, which was not kept.

    ``head`` is how it began; ``tail`` is how it ended, as far as that is not in ``head``.
    """

    head: bytes
    tail: bytes = b""


class LineFramer:
    """Cuts a stream into lines. What belongs to an unfinished line is kept, up to the limit."""

    __slots__ = ("_head", "_kept", "_limit", "_started", "_tail")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._head: bytes | None = None
        self._tail = b""
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes | Oversized]:
        """The lines that ``data`` completes, without their newline, blank ones left out.

        Consume the iterator before feeding more.
        """
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
        if (
            end + 1 != len(data)
            or data[0] != _BRACE
            or end > self._limit
            or self._kept
            or self._head is not None
        ):
            return None
        self._started = True
        return data[:end]

    def end(self) -> bytes | Oversized | None:
        """The last line, where the stream ended without a newline."""
        return self._finish(b"")

    def _keep(self, chunk: bytes) -> None:
        if self._head is not None:
            self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
            return
        self._kept += chunk
        if len(self._kept) > self._limit:
            self._head = bytes(self._kept[:_HEAD])
            self._tail = bytes(self._kept[max(_HEAD, len(self._kept) - _TAIL) :])
            self._kept.clear()

    def _finish(self, rest: bytes) -> bytes | Oversized | None:
        line, head = rest, None
        if self._kept or self._head is not None or len(rest) > self._limit:
            self._keep(rest)
            line, head = bytes(self._kept), self._head
            self._kept.clear()
            self._head = None
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if head is not None:
            return Oversized(head, self._tail)
        return line if line and not line.isspace() else None
