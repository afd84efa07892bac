"""The storage interfaces in this process's memory, every size bounded.

For one process, and for as long as it lives. Entries go when they expire; what has not expired
is not pushed out: a full store refuses with ``StoreFull``. Only the event log drops its oldest
events instead, of the stream that was quiet longest, as its interface allows.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

from interlock.protocol.storage import (
    Claim,
    Event,
    EventGone,
    LedgerRecord,
    LedgerState,
    StoreFull,
    check_key,
    check_seconds,
)

V = TypeVar("V")

_ENTRY_BYTES = 256
"""What an entry costs beside its text and bytes, roughly."""


class _Entry(Generic[V]):
    __slots__ = ("expires", "size", "value")

    def __init__(self, value: V, size: int, expires: float | None) -> None:
        self.value = value
        self.size = size
        self.expires = expires


class _Shelf(Generic[V]):
    """Entries that expire, in the order of their last change, with a count of their bytes."""

    def __init__(self, max_entries: int, max_bytes: int, clock: Callable[[], float]) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ValueError("max_entries and max_bytes must be at least 1")
        self.lock = Lock()
        self.clock = clock
        self.entries: OrderedDict[str, _Entry[V]] = OrderedDict()
        self.bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._expiries: list[tuple[float, str]] = []  # a heap; some entries have changed since

    def get(self, key: str) -> V | None:
        check_key(key)
        self._sweep()
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: str, value: V, size: int, ttl: float | None) -> None:
        """Set an entry. Raises :class:`StoreFull`, and has then changed nothing."""
        check_key(key)
        expires = None if ttl is None else self.clock() + check_seconds("ttl", ttl)
        self._sweep()
        if not self.fits(key, size):
            raise self.full(size)
        self.remove(key)
        size += _cost(key)
        self.entries[key] = _Entry(value, size, expires)
        self.bytes += size
        if expires is not None:
            heappush(self._expiries, (expires, key))
            if len(self._expiries) > 2 * len(self.entries) + 64:
                self._tidy()

    def remove(self, key: str) -> bool:
        entry = self.entries.pop(key, None)
        if entry is None:
            return False
        self.bytes -= entry.size
        return True

    def shrink(self, key: str, freed: int) -> None:
        self.entries[key].size -= freed
        self.bytes -= freed

    def fits(self, key: str, size: int) -> bool:
        old = self.entries.get(key)
        count = len(self.entries) + (old is None)
        total = self.bytes + size + _cost(key) - (0 if old is None else old.size)
        return count <= self._max_entries and total <= self._max_bytes

    def fits_alone(self, key: str, size: int) -> bool:
        return size + _cost(key) <= self._max_bytes

    def full(self, size: int) -> StoreFull:
        return StoreFull(
            f"the store in memory is full: {len(self.entries)} of {self._max_entries} entries,"
            f" {self.bytes} of {self._max_bytes} bytes, and {size} bytes to add. Raise its"
            " bounds, let entries expire sooner, or use an engine on disk"
        )

    def _sweep(self) -> None:
        """Forget what has expired."""
        now = self.clock()
        while self._expiries and self._expiries[0][0] <= now:
            _, key = heappop(self._expiries)
            entry = self.entries.get(key)
            if entry is not None and entry.expires is not None and entry.expires <= now:
                self.remove(key)

    def _tidy(self) -> None:
        """Forget the expiries of entries that have changed since."""
        self._expiries = [
            (entry.expires, key) for key, entry in self.entries.items() if entry.expires is not None
        ]
        heapify(self._expiries)


def _cost(key: str) -> int:
    return _ENTRY_BYTES + 4 * len(key)


class MemoryKeyValue:
    """A :class:`~interlock.protocol.storage.KeyValue` in memory.

    ``clock`` gives seconds and never goes back.
    """

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf: _Shelf[bytes] = _Shelf(max_entries, max_bytes, clock)

    async def get(self, key: str) -> bytes | None:
        """See :meth:`interlock.protocol.storage.KeyValue.get`."""
        with self._shelf.lock:
            return self._shelf.get(key)

    async def put(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See :meth:`interlock.protocol.storage.KeyValue.put`."""
        with self._shelf.lock:
            self._shelf.put(key, bytes(value), len(value), ttl)

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """See :meth:`interlock.protocol.storage.KeyValue.swap`."""
        with self._shelf.lock:
            if self._shelf.get(key) != expected:
                return False
            if value is None:
                self._shelf.remove(key)
            else:
                self._shelf.put(key, bytes(value), len(value), ttl)
            return True

    async def delete(self, key: str) -> bool:
        """See :meth:`interlock.protocol.storage.KeyValue.delete`."""
        with self._shelf.lock:
            return self._shelf.get(key) is not None and self._shelf.remove(key)


class _Stream:
    __slots__ = ("bytes", "events")

    def __init__(self) -> None:
        self.events: OrderedDict[str, bytes] = OrderedDict()
        self.bytes = 0

    def drop(self) -> int:
        """Forget the oldest event; the bytes that frees."""
        _, payload = self.events.popitem(last=False)
        freed = len(payload) + _ENTRY_BYTES
        self.bytes -= freed
        return freed


class MemoryEventLog:
    """An :class:`~interlock.protocol.storage.EventLog` in memory.

    No two events of one log share an id, whatever their streams, nor do those of two processes.
    """

    def __init__(
        self,
        *,
        max_streams: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf: _Shelf[_Stream] = _Shelf(max_streams, max_bytes, clock)
        self._count = 0
        self._prefix = os.urandom(6).hex()

    async def append(
        self, stream: str, payload: bytes, *, keep: int, ttl: float | None = None
    ) -> str:
        """See :meth:`interlock.protocol.storage.EventLog.append`."""
        if keep < 1:
            raise ValueError(f"keep must be at least 1, not {keep}")
        if ttl is not None:
            check_seconds("ttl", ttl)
        size = len(payload) + _ENTRY_BYTES
        shelf = self._shelf
        with shelf.lock:
            known = shelf.get(stream) or _Stream()
            if not shelf.fits_alone(stream, size):
                raise shelf.full(size)
            shelf.remove(stream)  # and comes back as the last: it is not quiet
            while len(known.events) >= keep:
                known.drop()
            while not shelf.fits(stream, known.bytes + size):
                self._make_room(known)
            self._count += 1
            event_id = f"{self._prefix}-{self._count}"
            known.events[event_id] = bytes(payload)
            known.bytes += size
            shelf.put(stream, known, known.bytes, ttl)
            return event_id

    async def read(
        self, stream: str, after: str | None = None, *, limit: int = 100
    ) -> Sequence[Event]:
        """See :meth:`interlock.protocol.storage.EventLog.read`."""
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        with self._shelf.lock:
            known = self._shelf.get(stream)
            events = known.events if known is not None else OrderedDict[str, bytes]()
            if after is not None and after not in events:
                raise EventGone("the event to go on from is not held any more: start over")
            following = iter(events.items())
            if after is not None:
                for event_id, _ in following:
                    if event_id == after:
                        break
            return [Event(event_id, payload) for event_id, payload in islice(following, limit)]

    async def trim(self, stream: str, *, keep: int = 0) -> None:
        """See :meth:`interlock.protocol.storage.EventLog.trim`."""
        if keep < 0:
            raise ValueError(f"keep must be 0 or more, not {keep}")
        shelf = self._shelf
        with shelf.lock:
            known = shelf.get(stream)
            if known is None:
                return
            while len(known.events) > keep:
                shelf.shrink(stream, known.drop())
            if not known.events:
                shelf.remove(stream)

    def _make_room(self, current: _Stream) -> None:
        """Drop the oldest event of the quietest stream; of this one if there is no other."""
        shelf = self._shelf
        quiet = next(iter(shelf.entries), None)
        if quiet is None:
            current.drop()
            return
        known = shelf.entries[quiet].value
        shelf.shrink(quiet, known.drop())
        if not known.events:
            shelf.remove(quiet)


class _Work:
    __slots__ = ("holder", "lease_ends", "result")

    def __init__(self, holder: str, lease_ends: float, result: bytes | None = None) -> None:
        self.holder = holder
        self.lease_ends = lease_ends
        self.result = result


class MemoryLedger:
    """A :class:`~interlock.protocol.storage.Ledger` in memory."""

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf: _Shelf[_Work] = _Shelf(max_entries, max_bytes, clock)

    async def claim(
        self, key: str, holder: str, *, lease: float, ttl: float, take_over: bool = False
    ) -> Claim:
        """See :meth:`interlock.protocol.storage.Ledger.claim`."""
        _check_lease(lease, ttl)
        check_key(holder)
        with self._shelf.lock:
            known = self._shelf.get(key)
            if known is not None:
                record = self._record(known)
                mine = record.state != "done" and known.holder == holder
                if not mine and not (take_over and record.state == "lapsed"):
                    return Claim(granted=False, record=record)
            return Claim(granted=True, record=self._hold(key, holder, lease, ttl))

    async def renew(self, key: str, holder: str, *, lease: float, ttl: float) -> bool:
        """See :meth:`interlock.protocol.storage.Ledger.renew`."""
        _check_lease(lease, ttl)
        with self._shelf.lock:
            if not self._is_held(key, holder):
                return False
            self._hold(key, holder, lease, ttl)
            return True

    async def finish(self, key: str, holder: str, result: bytes, *, ttl: float) -> bool:
        """See :meth:`interlock.protocol.storage.Ledger.finish`."""
        with self._shelf.lock:
            known = self._shelf.get(key)
            if known is None or known.holder != holder:
                return False
            if known.result is not None:
                return known.result == result
            done = _Work(holder, known.lease_ends, bytes(result))
            self._shelf.put(key, done, len(result) + 4 * len(holder), ttl)
            return True

    async def release(self, key: str, holder: str) -> bool:
        """See :meth:`interlock.protocol.storage.Ledger.release`."""
        with self._shelf.lock:
            return self._is_held(key, holder) and self._shelf.remove(key)

    async def get(self, key: str) -> LedgerRecord | None:
        """See :meth:`interlock.protocol.storage.Ledger.get`."""
        with self._shelf.lock:
            known = self._shelf.get(key)
            return None if known is None else self._record(known)

    def _hold(self, key: str, holder: str, lease: float, ttl: float) -> LedgerRecord:
        work = _Work(holder, self._shelf.clock() + lease)
        self._shelf.put(key, work, 4 * len(holder), ttl)
        return LedgerRecord("running", holder)

    def _is_held(self, key: str, holder: str) -> bool:
        known = self._shelf.get(key)
        return known is not None and known.holder == holder and known.result is None

    def _record(self, work: _Work) -> LedgerRecord:
        state: LedgerState = "running"
        if work.result is not None:
            state = "done"
        elif work.lease_ends <= self._shelf.clock():
            state = "lapsed"
        return LedgerRecord(state, work.holder, work.result)


def _check_lease(lease: float, ttl: float) -> None:
    check_seconds("lease", lease)
    if check_seconds("ttl", ttl) < lease:
        raise ValueError(f"ttl ({ttl} s) must not be shorter than the lease ({lease} s)")
