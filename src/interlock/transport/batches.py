"""Batches of revision 2025-03-26: one array in, one array of answers out."""

from typing import Protocol

import msgspec

from interlock.protocol.errors import InvalidRequest, ParseError
from interlock.protocol.inspection import check_depth

_read = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Sink(Protocol):
    """Where messages go. ``write`` takes one whole message, without framing."""

    def write(self, data: bytes, /) -> None: ...


def read_batch(data: bytes, limit: int) -> list[msgspec.Raw]:
    """The messages of a batch.

    Raises :class:`ParseError` where it is no JSON array, and :class:`InvalidRequest` where it
    holds none or more than ``limit``.
    """
    try:
        data.decode()
        check_depth(data)
        parts = _read(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ParseError("The batch is not JSON.") from None
    if not 0 < len(parts) <= limit:
        raise InvalidRequest(f"A batch holds 1 to {limit} messages, not {len(parts)}.")
    return parts


class Batch:
    """The answers of one batch, written as one array when the last is there."""

    __slots__ = ("answers", "open", "sink")

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.answers: list[bytes] = []
        self.open = 1

    def close_one(self) -> None:
        """One request less to wait for; the first count is the batch's own reading."""
        self.open -= 1
        if self.open == 0 and self.answers:
            self.sink.write(b"[" + b",".join(self.answers) + b"]")
