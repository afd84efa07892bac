"""What the rest of Interlock asks of a store: three small interfaces, and no engine.

- :class:`KeyValue`: values that expire, changed only by whoever knows what they were.
- :class:`EventLog`: streams of events to be read again from a place one remembers.
- :class:`Ledger`: work that must not be done twice, held under a lease while it is done.

Every engine honours all that is written here, in one process or many: each method is atomic, and
what it returned is true for everybody from then on. ``tests/contracts/storage.py`` holds engines
to it.

Keys and names are text of 1 to :data:`MAX_KEY` bytes of UTF-8, without NUL; values are bytes.
Durations are in seconds and are measured by the store's clock, so that the clocks of several
machines need not agree. An engine raises :class:`ValueError` for an argument outside of these
bounds, :class:`StoreFull` rather than forget what it was trusted with, and
:class:`StoreUnavailable` when it cannot tell.

The errors::

    InterlockError
    └── StoreError
        ├── StoreFull           a bound of the engine is reached
        ├── StoreUnavailable    the engine cannot be reached; the change may have happened
        └── EventGone           the event to go on from is not held any more
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from .errors import InterlockError

MAX_KEY = 512
"""Longest key or name, in bytes of UTF-8."""


class StoreError(InterlockError):
    """The base of what a store raises."""


class StoreFull(StoreError):
    """There is no room, and making some would lose something. Nothing was changed."""


class StoreUnavailable(StoreError):
    """The engine could not be asked, or did not answer in time. Whether the change happened is
    not known: ask again before repeating what must not happen twice."""


class EventGone(StoreError):
    """The event after which to read is not held: trimmed, expired, or never part of this stream.

    What followed it may be lost, so its reader must start over.
    """


def check_key(key: str) -> str:
    """``key`` itself, if an engine must accept it.

    Raises :class:`ValueError`, for an empty or too long one, NUL and lone surrogates.
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise ValueError("a key must be text that encodes as UTF-8: no lone surrogates") from None
    if not 0 < size <= MAX_KEY:
        raise ValueError(f"a key must have 1 to {MAX_KEY} bytes of UTF-8, not {size}")
    if "\0" in key:
        raise ValueError("a key must not contain NUL")
    return key


def check_seconds(name: str, seconds: float) -> float:
    """``seconds`` itself, if it is a duration that an engine must accept: above 0, finite.

    Raises :class:`ValueError` that says which argument it was.
    """
    if not 0 < seconds <= 1e9:
        raise ValueError(f"{name} must be above 0 and at most 1e9 seconds, not {seconds}")
    return seconds


class KeyValue(Protocol):
    """Values under keys, each of which may expire. An expired value is as one never set."""

    async def get(self, key: str) -> bytes | None:
        """The value, or ``None``."""
        ...

    async def put(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Set a value, whatever was there. Without ``ttl`` it does not expire, even if the one
        before would have."""
        ...

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """Set ``value`` if the value is ``expected`` byte for byte; whether it was.

        ``None`` stands for "no value": expect it to create, set it to delete. Where equal values
        may come back and that matters, put a number that rises into them.
        """
        ...

    async def delete(self, key: str) -> bool:
        """Remove a value; whether there was one."""
        ...


class Event(Struct, frozen=True):
    """One event of a stream."""

    id: str
    """Up to 64 ASCII letters, digits and hyphens; no other event of the same stream has it."""
    payload: bytes


class EventLog(Protocol):
    """Streams of events, each in the order of appending.

    A stream begins with its first event and ends by :meth:`trim` or expiry; its name should not
    be used again after that, since ids may begin anew. An engine may drop the oldest events of
    any stream when it is short of room: whoever misses them is told by :class:`EventGone`.
    """

    async def append(
        self, stream: str, payload: bytes, *, keep: int, ttl: float | None = None
    ) -> str:
        """Add an event and return its id.

        Of the stream, the last ``keep`` events (1 or more) are to be held, or a few more, and it
        expires as a whole ``ttl`` seconds after its last append.
        """
        ...

    async def read(
        self, stream: str, after: str | None = None, *, limit: int = 100
    ) -> Sequence[Event]:
        """Up to ``limit`` events that follow the event ``after``, oldest first.

        ``None`` reads from the oldest one held. Empty where nothing follows, or the stream does
        not exist. Raises :class:`EventGone` where ``after`` is not held.
        """
        ...

    async def trim(self, stream: str, *, keep: int = 0) -> None:
        """Drop all but the last ``keep`` events; with 0, the stream."""
        ...


LedgerState = Literal["running", "lapsed", "done"]


class LedgerRecord(Struct, frozen=True):
    """What is known of a piece of work."""

    state: LedgerState
    """*running*: its holder's lease lasts. *lapsed*: the lease is over and no result came, so the
    work may have happened or not. *done*: it has a result."""
    holder: str
    result: bytes | None = None


class Claim(Struct, frozen=True):
    """The answer to :meth:`Ledger.claim`."""

    granted: bool
    """Whether the work is the claimant's to do. Otherwise the record says what became of it."""
    record: LedgerRecord


class Ledger(Protocol):
    """Work under keys: who does it, until when that is believed, and what came of it.

    A ``holder`` is a random name made for one claim, so that no two claims share one. A record
    outlives its lease, by ``ttl`` seconds from the last change on; afterwards the work is as
    never begun. So let ``ttl`` be longer than anybody may come back to ask.
    """

    async def claim(
        self, key: str, holder: str, *, lease: float, ttl: float, take_over: bool = False
    ) -> Claim:
        """Begin the work, if nobody has: of several claimants one is granted it.

        With ``take_over`` a lapsed record is claimed, too: for work that may be repeated. A claim
        that its own holder repeats is granted again. ``ttl`` is not shorter than ``lease``.
        """
        ...

    async def renew(self, key: str, holder: str, *, lease: float, ttl: float) -> bool:
        """Lengthen the lease to ``lease`` seconds from now; whether the work is still the holder's.

        A lapsed lease is renewed, too, if nobody has taken over.
        """
        ...

    async def finish(self, key: str, holder: str, result: bytes, *, ttl: float) -> bool:
        """Record the result; whether the work was still the holder's.

        A result never changes: finishing again is true for the same one, and false for another.
        """
        ...

    async def release(self, key: str, holder: str) -> bool:
        """Forget the record of work that did not happen; whether it was still the holder's.

        False for work that is done: its result stays.
        """
        ...

    async def get(self, key: str) -> LedgerRecord | None:
        """What is known, or ``None``."""
        ...
