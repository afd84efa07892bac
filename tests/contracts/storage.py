"""What every storage engine must do, as test classes to inherit.

An engine's test module has a class per interface that says how to open a store and how to let
time pass::

    class TestMemoryKeyValue(KeyValueContract):
        @contextlib.asynccontextmanager
        async def open(self): ...
        async def pass_time(self, seconds): ...

``second`` is the length of a second of these tests: an engine with a clock of its own, for which
``pass_time`` has to sleep, makes it short.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.protocol.storage import (
    MAX_KEY,
    Claim,
    Event,
    EventGone,
    EventLog,
    KeyValue,
    Ledger,
    LedgerRecord,
    LedgerState,
)

S = TypeVar("S")

BAD_KEYS = ["", "x" * (MAX_KEY + 1), "é" * (MAX_KEY // 2 + 1), "a\0b", "\ud800"]
GOOD_KEYS = ["x" * MAX_KEY, "é" * (MAX_KEY // 2), "a b/c:d*[e]\n%_'\"\\", "\U0001f600"]
BYTES = [b"", b"\0", bytes(range(256)), b"x" * 100_000]


class Contract(ABC, Generic[S]):
    """How a contract's tests reach the engine."""

    second: float = 1.0

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[S]:
        """A fresh, empty store."""

    @abstractmethod
    async def pass_time(self, seconds: float) -> None:
        """Let the store's clock move on."""

    def check(self, body: Callable[[S], Awaitable[None]]) -> None:
        """Run one test against a fresh store, on an event loop of its own."""

        async def main() -> None:
            async with self.open() as store:
                await body(store)

        asyncio.run(main())


class KeyValueContract(Contract[KeyValue]):
    """What a :class:`KeyValue` must do."""

    def test_a_key_has_the_value_that_was_put_last(self) -> None:
        async def body(store: KeyValue) -> None:
            assert await store.get("k") is None
            await store.put("k", b"1")
            await store.put("other", b"2")
            await store.put("k", b"3")
            assert await store.get("k") == b"3"
            assert await store.get("other") == b"2"

        self.check(body)

    def test_delete_says_whether_there_was_a_value(self) -> None:
        async def body(store: KeyValue) -> None:
            await store.put("k", b"1")
            assert await store.delete("k")
            assert not await store.delete("k")
            assert await store.get("k") is None

        self.check(body)

    def test_any_bytes_under_any_key(self) -> None:
        async def body(store: KeyValue) -> None:
            for key in GOOD_KEYS:
                for value in BYTES:
                    await store.put(key, value)
                    assert await store.get(key) == value

        self.check(body)

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_a_bad_key_is_refused_everywhere(self, key: str) -> None:
        async def body(store: KeyValue) -> None:
            for call in (
                store.get(key),
                store.put(key, b""),
                store.swap(key, None, b""),
                store.delete(key),
            ):
                with pytest.raises(ValueError, match="key"):
                    await call

        self.check(body)

    @pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf")])
    def test_a_bad_ttl_is_refused(self, ttl: float) -> None:
        async def body(store: KeyValue) -> None:
            with pytest.raises(ValueError, match="ttl"):
                await store.put("k", b"", ttl=ttl)
            with pytest.raises(ValueError, match="ttl"):
                await store.swap("k", None, b"", ttl=ttl)
            assert await store.get("k") is None

        self.check(body)

    def test_a_value_expires(self) -> None:
        async def body(store: KeyValue) -> None:
            await store.put("k", b"1", ttl=10 * self.second)
            await self.pass_time(5 * self.second)
            assert await store.get("k") == b"1"
            await self.pass_time(6 * self.second)
            assert await store.get("k") is None
            assert not await store.delete("k")
            assert await store.swap("k", None, b"2")

        self.check(body)

    def test_the_last_ttl_counts(self) -> None:
        async def body(store: KeyValue) -> None:
            for key in ("longer", "for ever", "shorter"):
                await store.put(key, b"1", ttl=10 * self.second)
            await store.put("longer", b"2", ttl=100 * self.second)
            await store.put("for ever", b"2")
            assert await store.swap("shorter", b"1", b"2", ttl=2 * self.second)
            await self.pass_time(3 * self.second)
            assert await store.get("shorter") is None
            await self.pass_time(10 * self.second)
            assert await store.get("longer") == await store.get("for ever") == b"2"

        self.check(body)

    def test_swap_changes_only_what_was_expected(self) -> None:
        async def body(store: KeyValue) -> None:
            assert not await store.swap("k", b"1", b"2")
            assert await store.get("k") is None
            assert await store.swap("k", None, b"1")
            assert not await store.swap("k", None, b"2")
            assert not await store.swap("k", b"", b"2")
            assert await store.get("k") == b"1"
            assert await store.swap("k", b"1", b"2")
            assert not await store.swap("k", b"1", None)
            assert await store.swap("k", b"2", None)
            assert await store.get("k") is None
            assert await store.swap("k", None, None)

        self.check(body)

    def test_no_swap_of_many_is_lost(self) -> None:
        async def body(store: KeyValue) -> None:
            await store.put("n", b"0")

            async def count_up() -> None:
                while True:
                    old = await store.get("n")
                    assert old is not None
                    if await store.swap("n", old, b"%d" % (int(old) + 1)):
                        return

            await asyncio.gather(*[count_up() for _ in range(20)])
            assert await store.get("n") == b"20"

        self.check(body)

    # Each engine's class runs it: that is what the check would warn of.
    @settings(suppress_health_check=[HealthCheck.differing_executors])
    @given(st.lists(st.tuples(
        st.sampled_from(["put", "swap", "swap right", "delete", "pass"]),
        st.sampled_from("ab"),
        st.one_of(st.none(), st.sampled_from([b"", b"1", b"2"])),
        st.one_of(st.none(), st.sampled_from([2.0, 4.0])),
    ), max_size=20))  # fmt: skip
    def test_any_sequence_does_what_a_dictionary_would(
        self, steps: list[tuple[str, str, bytes | None, float | None]]
    ) -> None:
        async def body(store: KeyValue) -> None:
            now = 0.0
            model: dict[str, tuple[bytes, float]] = {}
            for step, key, value, ttl in steps:
                held = model.get(key)
                expected = held[0] if held is not None else None
                seconds = None if ttl is None else ttl * self.second
                ends = float("inf") if ttl is None else now + ttl
                if step == "pass":
                    now += 1.5
                    await self.pass_time(1.5 * self.second)
                    model = {key: entry for key, entry in model.items() if entry[1] > now}
                elif step == "delete":
                    assert await store.delete(key) == (held is not None)
                    model.pop(key, None)
                elif step == "put":
                    await store.put(key, value or b"", ttl=seconds)
                    model[key] = value or b"", ends
                elif step == "swap" and expected != b"1":
                    assert not await store.swap(key, b"1", value, ttl=seconds)
                else:
                    assert await store.swap(key, expected, value, ttl=seconds)
                    model.pop(key, None)
                    if value is not None:
                        model[key] = value, ends
            for key in "ab":
                held = model.get(key)
                assert await store.get(key) == (held[0] if held is not None else None)

        self.check(body)


class EventLogContract(Contract[EventLog]):
    """What an :class:`EventLog` must do."""

    def test_events_come_back_in_order(self) -> None:
        async def body(log: EventLog) -> None:
            ids = [await log.append("s", b"%d" % n, keep=100) for n in range(5)]
            assert len(set(ids)) == 5
            events = [Event(id, b"%d" % n) for n, id in enumerate(ids)]
            assert list(await log.read("s")) == events
            for place, event_id in enumerate(ids):
                assert list(await log.read("s", event_id)) == events[place + 1 :]

        self.check(body)

    def test_ids_are_short_and_plain(self) -> None:
        async def body(log: EventLog) -> None:
            for _ in range(3):
                event_id = await log.append("s", b"", keep=100)
                assert 0 < len(event_id) <= 64
                assert event_id.replace("-", "").isalnum()
                assert event_id.isascii()

        self.check(body)

    def test_streams_do_not_mix(self) -> None:
        async def body(log: EventLog) -> None:
            first = await log.append("a", b"a1", keep=10)
            await log.append("b", b"b1", keep=10)
            await log.append("a", b"a2", keep=10)
            assert [event.payload for event in await log.read("a", first)] == [b"a2"]
            assert [event.payload for event in await log.read("b")] == [b"b1"]

        self.check(body)

    def test_a_stream_that_never_was_is_empty(self) -> None:
        async def body(log: EventLog) -> None:
            assert list(await log.read("s")) == []
            await log.trim("s")

        self.check(body)

    def test_reading_goes_on_in_steps(self) -> None:
        async def body(log: EventLog) -> None:
            for n in range(7):
                await log.append("s", b"%d" % n, keep=100)
            after, seen = None, list[bytes]()
            while events := await log.read("s", after, limit=3):
                assert len(events) <= 3
                after = events[-1].id
                seen += [event.payload for event in events]
            assert seen == [b"%d" % n for n in range(7)]

        self.check(body)

    def test_an_unknown_id_is_gone(self) -> None:
        async def body(log: EventLog) -> None:
            event_id = await log.append("s", b"1", keep=10)
            for unknown in ("", "0", "-", event_id + "0", "\ud800", "x" * 10_000, "*"):
                with pytest.raises(EventGone):
                    await log.read("s", unknown)
            with pytest.raises(EventGone):
                await log.read("never was", event_id)

        self.check(body)

    def test_only_the_last_are_kept(self) -> None:
        async def body(log: EventLog) -> None:
            ids = [await log.append("s", b"%d" % n, keep=3) for n in range(1000)]
            held = [event.id for event in await log.read("s", limit=1000)]
            assert 3 <= len(held) < 500
            assert held == ids[-len(held) :]
            with pytest.raises(EventGone):
                await log.read("s", ids[0])

        self.check(body)

    def test_trimming_drops_the_oldest(self) -> None:
        async def body(log: EventLog) -> None:
            ids = [await log.append("s", b"%d" % n, keep=100) for n in range(5)]
            await log.trim("s", keep=2)
            assert [event.id for event in await log.read("s")] == ids[3:]
            with pytest.raises(EventGone):
                await log.read("s", ids[2])
            await log.trim("s", keep=7)
            assert len(await log.read("s", ids[3])) == 1

        self.check(body)

    def test_trimming_all_ends_the_stream(self) -> None:
        async def body(log: EventLog) -> None:
            last = await log.append("s", b"1", keep=100)
            await log.append("t", b"2", keep=100)
            await log.trim("s")
            assert list(await log.read("s")) == []
            with pytest.raises(EventGone):
                await log.read("s", last)
            assert len(await log.read("t")) == 1

        self.check(body)

    def test_a_stream_expires_after_its_last_event(self) -> None:
        async def body(log: EventLog) -> None:
            first = await log.append("s", b"1", keep=10, ttl=10 * self.second)
            await self.pass_time(6 * self.second)
            second = await log.append("s", b"2", keep=10, ttl=10 * self.second)
            await self.pass_time(6 * self.second)
            assert [event.id for event in await log.read("s")] == [first, second]
            await self.pass_time(5 * self.second)
            assert list(await log.read("s")) == []
            with pytest.raises(EventGone):
                await log.read("s", second)

        self.check(body)

    def test_any_bytes_in_any_stream(self) -> None:
        async def body(log: EventLog) -> None:
            for name in GOOD_KEYS:
                for payload in BYTES:
                    await log.append(name, payload, keep=len(BYTES))
                assert [event.payload for event in await log.read(name)] == BYTES

        self.check(body)

    @pytest.mark.parametrize("name", BAD_KEYS)
    def test_a_bad_name_is_refused_everywhere(self, name: str) -> None:
        async def body(log: EventLog) -> None:
            for call in (log.append(name, b"", keep=1), log.read(name), log.trim(name)):
                with pytest.raises(ValueError, match="key"):
                    await call

        self.check(body)

    def test_bad_bounds_are_refused(self) -> None:
        async def body(log: EventLog) -> None:
            for call, word in (
                (log.append("s", b"", keep=0), "keep"),
                (log.append("s", b"", keep=1, ttl=0), "ttl"),
                (log.append("s", b"", keep=1, ttl=float("nan")), "ttl"),
                (log.read("s", limit=0), "limit"),
                (log.trim("s", keep=-1), "keep"),
            ):
                with pytest.raises(ValueError, match=word):
                    await call
            assert list(await log.read("s")) == []

        self.check(body)

    def test_appending_at_once_loses_nothing(self) -> None:
        async def body(log: EventLog) -> None:
            ids = await asyncio.gather(*[log.append("s", b"%d" % n, keep=50) for n in range(20)])
            events = await log.read("s")
            assert {event.id for event in events} == set(ids)
            assert {event.payload for event in events} == {b"%d" % n for n in range(20)}

        self.check(body)


class LedgerContract(Contract[Ledger]):
    """What a :class:`Ledger` must do."""

    @property
    def times(self) -> dict[str, Any]:
        """A lease of 10 seconds, a record of 100."""
        return {"lease": 10 * self.second, "ttl": 100 * self.second}

    def test_work_is_granted_once(self) -> None:
        async def body(ledger: Ledger) -> None:
            assert await ledger.get("k") is None
            running = LedgerRecord("running", "a")
            assert await ledger.claim("k", "a", **self.times) == Claim(granted=True, record=running)
            assert await ledger.claim("k", "b", **self.times) == Claim(
                granted=False, record=running
            )
            assert await ledger.get("k") == running
            assert (await ledger.claim("other", "b", **self.times)).granted

        self.check(body)

    def test_of_many_claimants_one_is_granted_it(self) -> None:
        async def body(ledger: Ledger) -> None:
            claims = await asyncio.gather(
                *[ledger.claim("k", f"holder-{n}", **self.times) for n in range(20)]
            )
            assert sum(claim.granted for claim in claims) == 1
            assert len({claim.record.holder for claim in claims}) == 1

        self.check(body)

    def test_a_claim_repeated_by_its_holder_is_granted(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            await self.pass_time(6 * self.second)
            assert (await ledger.claim("k", "a", **self.times)).granted
            await self.pass_time(6 * self.second)
            assert await ledger.get("k") == LedgerRecord("running", "a")

        self.check(body)

    def test_a_result_stays_and_never_changes(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            assert not await ledger.finish("k", "b", b"theirs", ttl=100 * self.second)
            assert await ledger.finish("k", "a", b"42", ttl=100 * self.second)
            done = LedgerRecord("done", "a", b"42")
            await self.pass_time(20 * self.second)
            assert await ledger.get("k") == done
            for holder in ("a", "b"):
                claim = await ledger.claim("k", holder, **self.times, take_over=True)
                assert claim == Claim(granted=False, record=done)
            assert await ledger.finish("k", "a", b"42", ttl=100 * self.second)
            assert not await ledger.finish("k", "a", b"43", ttl=100 * self.second)
            assert not await ledger.renew("k", "a", **self.times)
            assert not await ledger.release("k", "a")
            assert await ledger.get("k") == done

        self.check(body)

    def test_a_lease_lapses_and_may_be_renewed(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            await self.pass_time(6 * self.second)
            assert await ledger.renew("k", "a", **self.times)
            await self.pass_time(6 * self.second)
            assert await self.state(ledger) == "running"
            await self.pass_time(6 * self.second)
            assert await self.state(ledger) == "lapsed"
            assert await ledger.renew("k", "a", **self.times)
            assert await self.state(ledger) == "running"
            assert not await ledger.renew("k", "b", **self.times)
            assert not await ledger.renew("other", "a", **self.times)

        self.check(body)

    def test_lapsed_work_is_in_doubt_unless_it_may_be_repeated(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            claim = await ledger.claim("k", "b", **self.times, take_over=True)
            assert not claim.granted  # the lease lasts
            await self.pass_time(11 * self.second)
            lapsed = LedgerRecord("lapsed", "a")
            assert await ledger.claim("k", "b", **self.times) == Claim(granted=False, record=lapsed)
            claim = await ledger.claim("k", "b", **self.times, take_over=True)
            assert claim == Claim(granted=True, record=LedgerRecord("running", "b"))
            assert not await ledger.renew("k", "a", **self.times)
            assert not await ledger.finish("k", "a", b"late", ttl=100 * self.second)
            assert not await ledger.release("k", "a")
            assert await ledger.finish("k", "b", b"42", ttl=100 * self.second)

        self.check(body)

    def test_a_late_result_counts_if_nobody_took_over(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            await self.pass_time(11 * self.second)
            assert await ledger.finish("k", "a", b"", ttl=100 * self.second)
            assert await ledger.get("k") == LedgerRecord("done", "a", b"")

        self.check(body)

    def test_released_work_was_never_begun(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            assert not await ledger.release("k", "b")
            assert await ledger.release("k", "a")
            assert not await ledger.release("k", "a")
            assert await ledger.get("k") is None
            assert not await ledger.finish("k", "a", b"1", ttl=100 * self.second)
            assert (await ledger.claim("k", "b", **self.times)).granted

        self.check(body)

    def test_records_expire(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("running", "a", **self.times)
            await ledger.claim("done", "a", **self.times)
            await ledger.finish("done", "a", b"1", ttl=200 * self.second)
            await self.pass_time(101 * self.second)
            assert await ledger.get("running") is None
            assert not await ledger.renew("running", "a", **self.times)
            assert await self.state(ledger, "done") == "done"
            await self.pass_time(100 * self.second)
            assert (await ledger.claim("done", "b", **self.times)).granted

        self.check(body)

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_a_bad_key_is_refused_everywhere(self, key: str) -> None:
        async def body(ledger: Ledger) -> None:
            for call in (
                ledger.claim(key, "a", **self.times),
                ledger.claim("k", key, **self.times),
                ledger.renew(key, "a", **self.times),
                ledger.finish(key, "a", b"", ttl=1),
                ledger.release(key, "a"),
                ledger.get(key),
            ):
                with pytest.raises(ValueError, match="key"):
                    await call

        self.check(body)

    def test_bad_durations_are_refused(self) -> None:
        async def body(ledger: Ledger) -> None:
            await ledger.claim("k", "a", **self.times)
            for lease, ttl, word in ((0, 1, "lease"), (1, 0, "ttl"), (2, 1, "lease")):
                with pytest.raises(ValueError, match=word):
                    await ledger.claim("other", "a", lease=lease, ttl=ttl)
                with pytest.raises(ValueError, match=word):
                    await ledger.renew("k", "a", lease=lease, ttl=ttl)
            with pytest.raises(ValueError, match="ttl"):
                await ledger.finish("k", "a", b"", ttl=0)
            assert await ledger.get("other") is None
            assert await self.state(ledger) == "running"

        self.check(body)

    async def state(self, ledger: Ledger, key: str = "k") -> LedgerState:
        """The state of a record that is there."""
        record = await ledger.get(key)
        assert record is not None
        return record.state
