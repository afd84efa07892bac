"""The deadline wheel: never early, hardly late, one timer, and none when it is empty."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from interlock.transport.deadlines import Deadline, DeadlineWheel
from tests.support.clock import VirtualClockLoop, run_virtual

TICK = 0.05


def now() -> float:
    return asyncio.get_running_loop().time()


class Fired:
    """Collects which deadlines fired, and when."""

    def __init__(self) -> None:
        self.started = now()
        self.seen: list[tuple[str, float]] = []

    def __call__(self, name: str) -> Callable[[], None]:
        return lambda: self.seen.append((name, now() - self.started))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.seen]


def virtual(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """A test on virtual time."""

    async def main() -> None:
        await test()

    def run() -> None:
        run_virtual(main)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


@virtual
async def test_deadlines_fire_in_order_after_their_time() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    due = {"a": 0.01, "b": 0.2, "c": 60.0, "d": 3600.0}
    for name in "dbca":
        wheel.add(due[name], fired(name))
    assert len(wheel) == 4
    await asyncio.sleep(4000)
    assert fired.names == ["a", "b", "c", "d"]
    assert len(wheel) == 0
    for name, at in fired.seen:
        assert due[name] <= at <= due[name] + 2 * TICK


@virtual
async def test_a_cancelled_deadline_never_fires() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(1, fired("a"))
    wheel.add(1, fired("b"))
    assert deadline.active
    deadline.cancel()
    deadline.cancel()
    assert not deadline.active
    assert deadline.remaining == 0
    await asyncio.sleep(5)
    assert fired.names == ["b"]


@virtual
async def test_one_deadline_may_cancel_another_of_the_same_tick() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    second: Deadline | None = None

    def first() -> None:
        fired("first")()
        assert second is not None
        second.cancel()

    wheel.add(1, first)
    second = wheel.add(1, fired("second"))
    wheel.add(1, fired("third"))
    await asyncio.sleep(5)
    assert fired.names == ["first", "third"]


@virtual
async def test_one_deadline_may_put_off_another_of_the_same_tick() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    others: list[Deadline] = []

    def first() -> None:
        others[0].extend(2)
        others[1].pause()

    wheel.add(1, first)
    others += [wheel.add(1, fired("extended")), wheel.add(1, fired("paused"))]
    await asyncio.sleep(2)
    assert fired.seen == []
    await asyncio.sleep(2)
    others[1].resume()
    await asyncio.sleep(2)
    assert fired.names == ["extended", "paused"]


@virtual
async def test_a_callback_may_add_and_extend() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    other = wheel.add(2, fired("other"))

    def again() -> None:
        fired("again")()
        other.extend(10)
        if len(fired.seen) < 3:
            wheel.add(0, again)

    wheel.add(1, again)
    await asyncio.sleep(5)
    assert fired.names == ["again"] * 3
    assert all(later - earlier > 0 for (_, earlier), (_, later) in zip(fired.seen, fired.seen[1:]))  # noqa: B905  # pairs
    await asyncio.sleep(10)
    assert fired.names[3:] == ["other"]


@virtual
async def test_extending_starts_anew_from_now() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(1, fired("a"))
    for _ in range(10):
        await asyncio.sleep(0.9)
        deadline.extend(1)
        assert deadline.remaining == pytest.approx(1)
    assert fired.seen == []
    deadline.extend(0.1)  # shorter, too
    await asyncio.sleep(0.3)
    assert fired.names == ["a"]
    assert fired.seen[0][1] == pytest.approx(9.1, abs=2 * TICK)
    deadline.extend(1)
    await asyncio.sleep(5)
    assert fired.names == ["a"]


@virtual
async def test_a_paused_deadline_stands_still() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(10, fired("a"))
    await asyncio.sleep(4)
    deadline.pause()
    await asyncio.sleep(3600)
    assert fired.seen == []
    assert deadline.active
    assert deadline.remaining == pytest.approx(6)
    assert len(wheel) == 0
    deadline.resume()
    await asyncio.sleep(5.9)
    assert fired.seen == []
    await asyncio.sleep(0.3)
    assert fired.seen[0][1] == pytest.approx(3610, abs=2 * TICK)


@virtual
async def test_many_pauses_do_not_make_it_late() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(10, fired("a"))
    for _ in range(100):
        await asyncio.sleep(0.07)
        deadline.pause()
        await asyncio.sleep(0.01)
        deadline.resume()
    await asyncio.sleep(10)
    assert 11 <= fired.seen[0][1] <= 11 + 2 * TICK


@virtual
async def test_pauses_nest() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(1, fired("a"))
    deadline.pause()
    deadline.pause()
    deadline.resume()
    await asyncio.sleep(10)
    assert fired.seen == []
    deadline.extend(2)
    deadline.resume()
    await asyncio.sleep(1.9)
    assert fired.seen == []
    await asyncio.sleep(0.3)
    assert fired.names == ["a"]
    with pytest.raises(RuntimeError, match="without a pause"):
        deadline.resume()


@virtual
async def test_pausing_what_is_over_does_nothing() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(1, fired("a"))
    cancelled = wheel.add(1, fired("b"))
    paused = wheel.add(1, fired("c"))
    paused.pause()
    cancelled.cancel()
    paused.cancel()
    await asyncio.sleep(2)
    for over in (deadline, cancelled, paused):
        over.pause()
        over.extend(1)
        over.resume()
    paused.resume()
    await asyncio.sleep(5)
    assert fired.names == ["a"]
    assert len(wheel) == 0


@virtual
async def test_zero_and_less_fire_at_the_next_tick_but_not_at_once() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    for seconds in (0, -5, -1e9):
        wheel.add(seconds, fired(str(seconds)))
    assert fired.seen == []
    await asyncio.sleep(2 * TICK)
    assert sorted(fired.names) == ["-1000000000.0", "-5", "0"]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_duration_is_refused(seconds: float) -> None:
    async def main() -> None:
        wheel, fired = DeadlineWheel(TICK), Fired()
        with pytest.raises(ValueError, match="finite number of seconds"):
            wheel.add(seconds, fired("a"))
        deadline = wheel.add(1, fired("b"))
        with pytest.raises(ValueError, match="finite number of seconds"):
            deadline.extend(seconds)
        deadline.pause()
        with pytest.raises(ValueError, match="finite number of seconds"):
            deadline.extend(seconds)
        deadline.resume()
        await asyncio.sleep(2)
        assert fired.names == ["b"]

    run_virtual(main)


@pytest.mark.parametrize("tick", [0, -1, 0.001, 61, float("nan")])
def test_a_bad_tick_is_refused(tick: float) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="tick must be"):
            DeadlineWheel(tick)

    run_virtual(main)


steps = st.lists(
    st.tuples(
        st.floats(0, 3),
        st.sampled_from(["add", "add", "cancel", "extend", "pause", "resume"]),
        st.integers(0, 7),
        st.floats(0, 5) | st.floats(0, 4000),
    ),
    max_size=30,
)


@given(steps, st.sampled_from([0.005, 0.05, 0.3, 7]))
def test_never_early_and_at_most_two_ticks_late(
    steps: list[tuple[float, str, int, float]], tick: float
) -> None:
    async def main() -> None:
        wheel = DeadlineWheel(tick)
        deadlines: list[Deadline] = []
        due: dict[int, float] = {}
        left: dict[int, float] = {}

        latest: dict[int, float] = {}
        wrong: list[str] = []

        def fires(index: int) -> Callable[[], None]:
            def callback() -> None:
                if index not in due:
                    wrong.append(f"{index} fired, but was over or paused")
                elif not due.pop(index) - 1e-9 <= now() <= latest[index]:
                    wrong.append(f"{index} fired at {now()}, not by {latest[index]}")

            return callback

        def runs(index: int, seconds: float) -> None:
            due[index] = now() + seconds
            latest[index] = max(due[index], now()) + 2 * tick + 1e-9

        for delay, step, place, seconds in steps:
            await asyncio.sleep(delay)
            index = place % len(deadlines) if deadlines else 0
            if step == "add":
                runs(len(deadlines), seconds)
                deadlines.append(wheel.add(seconds, fires(len(deadlines))))
            elif not deadlines:
                continue
            elif step == "cancel":
                deadlines[index].cancel()
                due.pop(index, None)
                left.pop(index, None)
            elif step == "extend":
                deadlines[index].extend(seconds)
                if index in due:
                    runs(index, seconds)
                elif index in left:
                    left[index] = seconds
            elif step == "pause" and index in due:
                deadlines[index].pause()
                left[index] = due.pop(index) - now()
            elif step == "resume" and index in left:
                deadlines[index].resume()
                runs(index, left.pop(index))
            assert len(wheel) == len(due)
        await asyncio.sleep(5000)
        assert due == {}
        assert wrong == []

    run_virtual(main)


def test_a_failing_callback_breaks_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        wheel, fired = DeadlineWheel(TICK), Fired()

        def fails() -> None:
            raise LookupError("oh dear")

        for seconds in (1, 2):
            wheel.add(seconds, fired("before"))
            wheel.add(seconds, fails)
            wheel.add(seconds, fired("after"))
        await asyncio.sleep(5)
        assert fired.names == ["before", "after"] * 2

    with caplog.at_level(logging.ERROR, "interlock.deadlines"):
        run_virtual(main)
    assert [record.name for record in caplog.records] == ["interlock.deadlines"] * 2
    assert "oh dear" in caplog.text


def test_an_exit_goes_through_and_loses_no_deadline() -> None:
    loop = VirtualClockLoop()

    async def start() -> Fired:
        wheel, fired = DeadlineWheel(TICK), Fired()

        def leaves() -> None:
            raise SystemExit(3)

        wheel.add(1, leaves)
        wheel.add(1, fired("same tick"))
        wheel.add(2, fired("later"))
        return fired

    fired = loop.run_until_complete(start())
    with pytest.raises(SystemExit):
        loop.run_until_complete(asyncio.sleep(5))
    loop.run_until_complete(asyncio.sleep(5))
    assert fired.names == ["same tick", "later"]
    loop.close()


def test_callbacks_run_in_no_tasks_context() -> None:
    """Or the timer would keep one call's context alive and show it to the others."""
    secret: ContextVar[str] = ContextVar("secret", default="none")

    async def main() -> None:
        wheel = DeadlineWheel(TICK)
        seen: list[str] = []
        secret.set("mine")
        for seconds in (1, 2, 3):
            wheel.add(seconds, lambda: seen.append(secret.get()))
        await asyncio.sleep(5)
        assert seen == ["none"] * 3

    run_virtual(main)


def test_call_after_call_sets_hardly_any_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        timers: list[float] = []
        call_later = loop.call_later

        def counted(delay: float, *args: object, **rest: object) -> asyncio.TimerHandle:
            timers.append(delay)
            return call_later(delay, *args, **rest)  # pyright: ignore[reportArgumentType]  # passed on as it came

        monkeypatch.setattr(loop, "call_later", counted)
        wheel = DeadlineWheel(TICK)
        for _ in range(1000):
            wheel.add(60, list).cancel()
        assert len(timers) == 1
        kept = [wheel.add(60, list) for _ in range(1000)]
        assert len(timers) == 1
        for deadline in kept:
            deadline.cancel()

    run_virtual(main)


def test_no_timer_runs_when_empty() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualClockLoop)
        wheel = DeadlineWheel(TICK)
        deadlines = [wheel.add(60, list) for _ in range(100)]
        await asyncio.sleep(0.5)
        for deadline in deadlines:
            deadline.cancel()
        await asyncio.sleep(20 * TICK)  # it looks once more
        jumps = loop.jumps
        await asyncio.sleep(3600)
        assert loop.jumps == jumps + 1

    run_virtual(main)


def test_waiting_long_wakes_rarely() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualClockLoop)
        wheel, fired = DeadlineWheel(TICK), Fired()
        for _ in range(1000):
            wheel.add(3600, fired("a"))
        await asyncio.sleep(3700)
        assert len(fired.seen) == 1000
        assert loop.jumps <= 3600 + 10  # once a second: 20 ticks

    run_virtual(main)


def test_after_a_long_stall_all_fire_in_order() -> None:
    """As when a laptop wakes up, or a callback blocked the loop."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualClockLoop)
        wheel, fired = DeadlineWheel(TICK), Fired()
        for seconds in (3, 1, 2):
            wheel.add(seconds, fired(str(seconds)))
        loop.advance(1e7)
        await asyncio.sleep(TICK)
        assert fired.names == ["1", "2", "3"]

    run_virtual(main)


@virtual
async def test_a_closed_wheel_fires_nothing() -> None:
    wheel, fired = DeadlineWheel(TICK), Fired()
    deadline = wheel.add(1, fired("a"))
    paused = wheel.add(1, fired("b"))
    paused.pause()
    wheel.add(0.5, wheel.close)
    await asyncio.sleep(0.8)
    paused.resume()
    deadline.extend(1)
    wheel.add(1, fired("c"))
    await asyncio.sleep(10)
    assert fired.seen == []
    wheel.close()
    deadline.cancel()


@virtual
async def test_a_deadline_keeps_nothing_alive_once_it_is_over() -> None:
    import gc
    import weakref

    class Call:
        def expire(self) -> None:
            pass

    wheel = DeadlineWheel(TICK)
    gc.disable()
    try:
        for end in ("cancel", "fire"):
            call = Call()
            known = weakref.ref(call)
            deadline = wheel.add(1, call.expire)
            if end == "cancel":
                deadline.cancel()
            else:
                await asyncio.sleep(2)
            del call
            assert known() is None
    finally:
        gc.enable()


@virtual
async def test_repr_says_how_it_stands() -> None:
    wheel = DeadlineWheel(TICK)
    deadline = wheel.add(2, list)
    assert repr(deadline) == "<Deadline running, 2.000 s left>"
    deadline.pause()
    assert repr(deadline) == "<Deadline paused, 2.000 s left>"
    deadline.cancel()
    assert repr(deadline) == "<Deadline over, 0.000 s left>"


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_on_real_loops(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def main() -> None:
        wheel, fired = DeadlineWheel(0.005), Fired()
        done = asyncio.Event()
        due = [0.001, 0.0049, 0.005, 0.011, 0.0234]
        for seconds in due:
            wheel.add(seconds, fired(str(seconds)))
        wheel.add(0.03, done.set)
        wheel.add(0.02, fired("cancelled")).cancel()
        await done.wait()
        assert fired.names == [str(seconds) for seconds in due]
        assert all(at >= float(name) - 1e-9 for name, at in fired.seen)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
