"""The stores in memory: the contract of every engine, and their bounds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from interlock.protocol.storage import EventGone, EventLog, KeyValue, Ledger, StoreFull
from interlock.transport.store_memory import MemoryEventLog, MemoryKeyValue, MemoryLedger
from tests.contracts.storage import EventLogContract, KeyValueContract, LedgerContract


class Clock:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds


class TestMemoryKeyValue(KeyValueContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[KeyValue, None]:
        self.clock = Clock()
        yield MemoryKeyValue(clock=self.clock)

    async def pass_time(self, seconds: float) -> None:
        await self.clock.pass_time(seconds)


class TestMemoryEventLog(EventLogContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[EventLog, None]:
        self.clock = Clock()
        yield MemoryEventLog(clock=self.clock)

    async def pass_time(self, seconds: float) -> None:
        await self.clock.pass_time(seconds)


class TestMemoryLedger(LedgerContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Ledger, None]:
        self.clock = Clock()
        yield MemoryLedger(clock=self.clock)

    async def pass_time(self, seconds: float) -> None:
        await self.clock.pass_time(seconds)


def test_a_full_store_refuses_and_changes_nothing() -> None:
    async def main() -> None:
        clock = Clock()
        store = MemoryKeyValue(max_entries=2, clock=clock)
        await store.put("a", b"1", ttl=10)
        await store.put("b", b"1")
        with pytest.raises(StoreFull, match=r"2 of 2 entries.*Raise"):
            await store.put("c", b"1")
        with pytest.raises(StoreFull):
            await store.swap("c", None, b"1")
        assert await store.get("c") is None
        await store.put("b", b"2")  # there is room for another value of a key that is there
        await clock.pass_time(11)
        await store.put("c", b"1")  # and for a new one once one has expired
        assert [await store.get(key) for key in "abc"] == [None, b"2", b"1"]

    asyncio.run(main())


def test_a_store_is_bounded_in_bytes() -> None:
    async def main() -> None:
        store = MemoryKeyValue(max_bytes=100_000)
        await store.put("a", b"x" * 60_000)
        with pytest.raises(StoreFull, match="bytes"):
            await store.put("b", b"x" * 60_000)
        with pytest.raises(StoreFull):
            await store.put("a", b"x" * 200_000)
        assert await store.get("a") == b"x" * 60_000
        await store.delete("a")
        await store.put("b", b"x" * 60_000)
        for round in range(1000):  # what is replaced is not counted
            await store.put("b", b"x" * (60_000 + round % 7))

    asyncio.run(main())


def test_a_full_ledger_refuses_new_work() -> None:
    async def main() -> None:
        clock = Clock()
        ledger = MemoryLedger(max_entries=1, clock=clock)
        await ledger.claim("a", "h", lease=10, ttl=20)
        with pytest.raises(StoreFull):
            await ledger.claim("b", "h", lease=10, ttl=20)
        assert await ledger.finish("a", "h", b"1", ttl=20)
        await clock.pass_time(21)
        assert (await ledger.claim("b", "h", lease=10, ttl=20)).granted

    asyncio.run(main())


def test_a_full_log_drops_the_oldest_of_the_quietest_stream() -> None:
    async def main() -> None:
        log = MemoryEventLog(max_bytes=20_000)
        quiet = [await log.append("quiet", b"x" * 4000, keep=10) for _ in range(2)]
        busy = [await log.append("busy", b"x" * 4000, keep=10) for _ in range(3)]
        assert [event.id for event in await log.read("quiet")] == quiet[1:]
        with pytest.raises(EventGone):
            await log.read("quiet", quiet[0])
        busy += [await log.append("busy", b"x" * 4000, keep=10) for _ in range(2)]
        assert list(await log.read("quiet")) == []
        held = [event.id for event in await log.read("busy")]
        assert held == busy[-len(held) :]  # alone, it loses its own oldest
        assert 3 <= len(held) < 5
        with pytest.raises(StoreFull):
            await log.append("busy", b"x" * 30_000, keep=10)
        assert [event.id for event in await log.read("busy")] == held

    asyncio.run(main())


def test_the_stream_that_is_written_to_is_not_the_quietest() -> None:
    async def main() -> None:
        log = MemoryEventLog(max_bytes=20_000)
        for name in ("a", "b", "a", "b"):
            await log.append(name, b"x" * 4000, keep=10)
        await log.append("a", b"x" * 4000, keep=10)
        assert [len(await log.read(name)) for name in "ab"] == [3, 1]

    asyncio.run(main())


def test_a_value_is_gone_at_the_very_moment_it_expires() -> None:
    async def main() -> None:
        clock = Clock()
        store, ledger = MemoryKeyValue(clock=clock), MemoryLedger(clock=clock)
        await store.put("k", b"1", ttl=10)
        await ledger.claim("k", "h", lease=10, ttl=20)
        await clock.pass_time(10)
        assert await store.get("k") is None
        record = await ledger.get("k")
        assert record is not None
        assert record.state == "lapsed"

    asyncio.run(main())


def test_a_log_is_bounded_in_streams() -> None:
    async def main() -> None:
        log = MemoryEventLog(max_streams=2)
        for name in ("a", "b", "a", "c"):
            await log.append(name, b"1", keep=10)
        assert [len(await log.read(name)) for name in "abc"] == [2, 0, 1]

    asyncio.run(main())


def test_an_id_is_never_used_again() -> None:
    """Not after its stream has ended, and not by another log, as after a restart."""

    async def main() -> None:
        log = MemoryEventLog()
        old = await log.append("s", b"old", keep=10)
        await log.trim("s")
        await log.append("s", b"new", keep=10)
        with pytest.raises(EventGone):
            await log.read("s", old)
        restarted = MemoryEventLog()
        await restarted.append("s", b"new", keep=10)
        with pytest.raises(EventGone):
            await restarted.read("s", old)

    asyncio.run(main())


def test_what_is_stored_is_copied_out_of_the_message() -> None:
    async def main() -> None:
        buffer = bytearray(b"value")
        value = cast("bytes", buffer)  # as a careless caller would pass it
        store, log = MemoryKeyValue(), MemoryEventLog()
        await store.put("k", value)
        await log.append("s", value, keep=1)
        buffer[:] = b"other"
        assert await store.get("k") == b"value"
        assert [event.payload for event in await log.read("s")] == [b"value"]

    asyncio.run(main())


def test_expiries_of_changed_entries_do_not_pile_up() -> None:
    async def main() -> None:
        store = MemoryKeyValue(clock=Clock())
        for _ in range(10_000):
            await store.put("k", b"1", ttl=1000)
        assert len(store._shelf._expiries) < 100  # a bound on memory shows nowhere else

    asyncio.run(main())


@pytest.mark.parametrize("kind", [MemoryKeyValue, MemoryLedger])
def test_a_store_without_room_is_refused(kind: type[MemoryKeyValue | MemoryLedger]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        kind(max_entries=0)
    with pytest.raises(ValueError, match="at least 1"):
        MemoryEventLog(max_bytes=0)
