"""The pool of daemon threads: slots, queue, cancelled calls, stuck threads, exits."""

import asyncio
import contextvars
import gc
import logging
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NoReturn, Protocol

import msgspec
import pytest
import uvloop

from interlock.transport import threads
from interlock.transport.threads import (
    CallCancelled,
    HandlerExit,
    PoolClosed,
    PoolFull,
    PoolStatistics,
    ThreadPool,
)

PATIENCE = 20.0
"""Seconds that a thread may take on a busy machine before a test gives up."""


class Run(Protocol):
    def __call__(self, main: Callable[[], Coroutine[Any, Any, None]], /) -> None: ...


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine function on each kind of event loop."""

    def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(3 * PATIENCE):
                await main()

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(bounded())

    return run


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a thread is about to do."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.0005)


class Gate:
    """A function that blocks until it is opened, and says how many are inside."""

    def __init__(self) -> None:
        self.entered = 0
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()
        self._open = threading.Event()

    def __call__(self, value: Any = None) -> Any:
        with self._lock:
            self.entered += 1
            self._inside += 1
            self.most = max(self.most, self._inside)
        assert self._open.wait(PATIENCE)
        with self._lock:
            self._inside -= 1
        return value

    def open(self) -> None:
        self._open.set()


# Calling ------------------------------------------------------------------------------------------


def test_a_function_runs_in_a_daemon_thread_with_its_arguments(run: Run) -> None:
    def where(
        *args: int, **kwargs: int
    ) -> tuple[threading.Thread, tuple[int, ...], dict[str, int]]:
        return threading.current_thread(), args, kwargs

    async def main() -> None:
        pool = ThreadPool(name="worker")
        thread, args, kwargs = await pool.run(where, 1, 2, fn=3, self=4)
        assert thread is not threading.current_thread()
        assert thread.daemon
        assert thread.name == "worker-1"
        assert (args, kwargs) == ((1, 2), {"fn": 3, "self": 4})

    run(main)


def test_context_variables_are_copied_in_and_stay_there(run: Run) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    def swap() -> str:
        old = variable.get()
        variable.set("changed")
        return old

    async def main() -> None:
        pool = ThreadPool()
        assert await pool.run(swap) == "unset"
        variable.set("mine")
        assert await pool.run(swap) == "mine"
        assert variable.get() == "mine"

    run(main)


def test_threads_start_when_needed_and_are_used_again(run: Run) -> None:
    async def main() -> None:
        pool = ThreadPool()
        assert pool.statistics() == PoolStatistics(32, 0, 0, 0, 0, 0)
        names = {await pool.run(lambda: threading.current_thread().name) for _ in range(100)}
        assert len(names) == 1
        assert pool.statistics() == PoolStatistics(32, 0, 1, 0, 0, 100)
        with pytest.raises(AttributeError):
            pool.statistics().busy = 1  # pyright: ignore[reportAttributeAccessIssue]  # it is frozen
        pool.close()

    run(main)


def test_every_slot_is_used_at_once(run: Run) -> None:
    """Each call of a burst has a thread of its own: none waits behind another."""

    async def main() -> None:
        pool = ThreadPool(8, 0)
        for _ in range(50):
            barrier = threading.Barrier(8)
            places = await asyncio.gather(*[pool.run(barrier.wait, PATIENCE) for _ in range(8)])
            assert sorted(places) == list(range(8))
        pool.close()

    run(main)


def test_a_free_thread_takes_what_another_was_woken_for(run: Run) -> None:
    """More short calls than slots, in bursts, all done, in the order they came."""

    async def main() -> None:
        pool = ThreadPool(2, 100)
        order: list[int] = []
        for burst in range(20):
            await asyncio.gather(*[pool.run(order.append, burst * 50 + n) for n in range(50)])
        assert sorted(order) == list(range(1000))
        assert pool.statistics().completed == 1000
        single = ThreadPool(1, 100)
        order.clear()
        await asyncio.gather(*[single.run(order.append, n) for n in range(100)])
        assert order == list(range(100))

    run(main)


def test_slots_bound_what_runs_and_the_queue_what_waits(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(3, 2), Gate()
        calls = [asyncio.create_task(pool.run(gate, n)) for n in range(5)]
        await until(lambda: gate.entered == 3)
        assert pool.statistics() == PoolStatistics(3, 3, 0, 2, 0, 0)
        with pytest.raises(PoolFull, match=r"all 3 threads .* 2 calls wait.*Try again.*slots"):
            await pool.run(gate)
        gate.open()
        assert await asyncio.gather(*calls) == list(range(5))
        assert gate.most == 3
        assert await pool.run(gate, "again") == "again"

    run(main)


def test_a_queue_of_none(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(1, 0), Gate()
        for n in range(200):
            assert await pool.run(abs, -n) == n
        call = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 1)
        with pytest.raises(PoolFull):
            await pool.run(abs, 1)
        gate.open()
        await call

    run(main)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"slots": 0}, "slots must be at least 1, not 0"),
        ({"queue": -1}, "queue must be 0 or more"),
        ({"max_stuck": -1}, "max_stuck must be 0 or more"),
        ({"idle_seconds": 0}, "idle_seconds must be"),
        ({"idle_seconds": float("nan")}, "idle_seconds must be"),
        ({"idle_seconds": float("inf")}, "idle_seconds must be"),
    ],
)
def test_bad_bounds_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ThreadPool(**arguments)


# What functions raise -----------------------------------------------------------------------------


class Reason(BaseException):
    """Somebody's own way to end a handler, such as a suspension."""


class OwnCancelled(asyncio.CancelledError):
    """The same, made of a cancellation."""


def raises(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    "error",
    [LookupError("x"), Reason("x"), OwnCancelled("x"), ExceptionGroup("x", [ValueError()])],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_arrives_as_it_is(run: Run, error: BaseException) -> None:
    async def main() -> None:
        pool = ThreadPool(1)
        with pytest.raises(type(error)) as caught:
            await pool.run(raises, error)
        assert caught.value is error
        assert "raises" in [entry.name for entry in caught.traceback]
        assert await pool.run(abs, -1) == 1
        assert pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 2)

    run(main)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(3), "raises raised SystemExit; a handler cannot end the process"),
        (KeyboardInterrupt(), "raises raised KeyboardInterrupt"),
        (GeneratorExit(), "raises raised GeneratorExit"),
        (StopIteration(1), r"raises raised StopIteration; a bare next\(\)"),
        (StopAsyncIteration(), "raises raised StopAsyncIteration"),
        (asyncio.CancelledError(), "raises raised CancelledError"),
        (CallCancelled(), "raises raised CallCancelled"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_end_a_thread_or_a_task_is_wrapped(
    run: Run, error: BaseException, words: str
) -> None:
    async def main() -> None:
        pool = ThreadPool(1)
        with pytest.raises(HandlerExit, match=words) as caught:
            await pool.run(raises, error)
        assert caught.value.__cause__ is error
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()
        assert await pool.run(abs, -1) == 1
        assert pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 2)

    run(main)


def test_an_unnamed_callable_is_named_by_its_type(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(HandlerExit, match="partial raised SystemExit"):
            await ThreadPool().run(partial(raises, SystemExit()))

    run(main)


def test_wrong_arguments_are_the_callers_error(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="argument"):
            await ThreadPool().run(abs, 1, 2)  # pyright: ignore[reportCallIssue]  # on purpose

    run(main)


@pytest.mark.parametrize("outcome", ["returns", "raises", "exits"])
def test_a_pool_keeps_nothing_alive(run: Run, outcome: str) -> None:
    """No argument, result or traceback is held by an idle thread or by a cycle."""

    class Value:
        pass

    def function(value: Value) -> Value:
        if outcome == "raises":
            raise LookupError(value)
        if outcome == "exits":
            raise SystemExit(value)
        return value

    async def call(pool: ThreadPool, value: Value) -> None:
        try:
            await pool.run(function, value)
        except (LookupError, HandlerExit):
            pass

    async def main() -> None:
        pool, value = ThreadPool(), Value()
        known = weakref.ref(value)
        gc.collect()
        gc.disable()
        try:
            await call(pool, value)
            del value
            await until(lambda: known() is None)
        finally:
            gc.enable()

    run(main)


# Cancelled calls ----------------------------------------------------------------------------------


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_queued_call_that_is_cancelled_never_begins(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(1, 2), Gate()
        begun: list[int] = []
        first = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 1)
        waiting = [asyncio.create_task(pool.run(begun.append, n)) for n in range(2)]
        await asyncio.sleep(0)
        await cancel(waiting[0])
        assert pool.statistics().queued == 1
        third = asyncio.create_task(pool.run(begun.append, 2))  # its place is free again
        await asyncio.sleep(0)
        assert not third.done()
        gate.open()
        await asyncio.gather(first, waiting[1], third)
        assert begun == [1, 2]
        assert pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 3)

    run(main)


def test_a_call_that_is_cancelled_at_once_never_begins_or_is_stuck(run: Run) -> None:
    """Between the two there is nothing: what has begun is counted until it has ended."""

    async def main() -> None:
        pool = ThreadPool(2, 4)
        begun: list[int] = []
        for n in range(300):
            task = asyncio.create_task(pool.run(begun.append, n))
            for _ in range(n % 4):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await until(lambda: pool.statistics().completed == len(begun))
        assert pool.statistics().stuck == 0
        assert await pool.run(abs, -1) == 1

    run(main)


def test_a_running_call_that_is_cancelled_is_abandoned(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "interlock.threads")

    async def main() -> None:
        pool, gate = ThreadPool(1, 4), Gate()
        task = asyncio.create_task(pool.run(gate, "late"))
        await until(lambda: gate.entered == 1)
        waiting = asyncio.create_task(pool.run(abs, -1))
        await asyncio.sleep(0)
        await cancel(task)
        assert await waiting == 1  # in a fresh thread, which has the slot now
        assert pool.statistics() == PoolStatistics(1, 0, 1, 0, 1, 1)
        gate.open()
        await until(lambda: pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 2))
        assert await pool.run(abs, -2) == 2

    caplog.clear()
    run(main)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "a cancelled call left its thread in Gate",
        "Gate returned after its call was cancelled; dropped",
    ]


def test_a_late_exception_is_dropped_too(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "interlock.threads")

    def function(gate: Gate) -> None:
        gate()
        raise SystemExit

    async def main() -> None:
        pool, gate = ThreadPool(1), Gate()
        task = asyncio.create_task(pool.run(function, gate))
        await until(lambda: gate.entered == 1)
        await cancel(task)
        gate.open()
        await until(lambda: pool.statistics().stuck == 0)
        assert await pool.run(abs, -1) == 1

    caplog.clear()
    run(main)
    assert "function raised SystemExit after its call was cancelled" in caplog.text


def test_a_result_that_comes_with_the_cancellation_is_dropped(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(1), Gate()
        task = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 1)
        gate.open()
        deadline = time.monotonic() + PATIENCE
        while pool.statistics().completed == 0:  # the loop must not see the result before
            assert time.monotonic() < deadline
        await cancel(task)
        assert pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 1)

    run(main)


def test_a_coroutine_that_is_closed_gives_its_place_back(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(1, 1), Gate()
        call = pool.run(gate)
        call.send(None)
        await until(lambda: gate.entered == 1)
        queued = pool.run(gate)
        queued.send(None)
        assert pool.statistics().queued == 1
        queued.close()
        call.close()
        assert pool.statistics() == PoolStatistics(1, 0, 0, 0, 1, 0)
        gate.open()
        await until(lambda: pool.statistics().stuck == 0)

    run(main)


def test_stuck_threads_are_replaced_up_to_a_bound(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(2, 4, max_stuck=1), Gate()

        async def stick() -> None:
            before = gate.entered
            task = asyncio.create_task(pool.run(gate))
            await until(lambda: gate.entered == before + 1)
            await cancel(task)

        await stick()  # replaced
        barrier = threading.Barrier(2)
        await asyncio.gather(*[pool.run(barrier.wait, PATIENCE) for _ in range(2)])
        await stick()  # not replaced: one slot is left
        assert await pool.run(abs, -1) == 1
        assert pool.statistics().stuck == 2

        last = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 3)
        waiting = [asyncio.create_task(pool.run(abs, -n)) for n in range(2)]
        await asyncio.sleep(0)
        assert pool.statistics() == PoolStatistics(2, 1, 0, 2, 2, 3)
        await cancel(last)  # the last slot is lost: nobody would come for those who wait
        for task in waiting:
            with pytest.raises(PoolFull, match="3 run functions that do not return"):
                await task
        with pytest.raises(PoolFull, match=r"no thread is left .* pass timeouts"):
            await pool.run(abs, -1)
        assert pool.statistics() == PoolStatistics(2, 0, 0, 0, 3, 3)

        gate.open()
        await until(lambda: pool.statistics().stuck == 0)
        assert pool.statistics().idle <= 2
        barrier = threading.Barrier(2)
        await asyncio.gather(*[pool.run(barrier.wait, PATIENCE) for _ in range(2)])

    run(main)
    assert "2 queued calls refused" in caplog.text


def test_there_are_never_more_threads_than_slots_and_stuck_ones(run: Run) -> None:
    async def main() -> None:
        gate = Gate()
        name = f"counted-{id(gate)}"
        pool = ThreadPool(2, 0, max_stuck=3, name=name)
        for expected in range(1, 6):
            task = asyncio.create_task(pool.run(gate))
            await until(lambda expected=expected: gate.entered == expected)
            await cancel(task)
        for _ in range(3):
            with pytest.raises(PoolFull):
                await pool.run(gate)
        assert sum(thread.name.startswith(name) for thread in threading.enumerate()) == 5
        gate.open()
        await until(lambda: pool.statistics().stuck == 0)

    run(main)


def test_a_storm_of_calls_and_cancellations_adds_up(run: Run) -> None:
    async def main() -> None:
        rng = random.Random(7)
        pool = ThreadPool(3, 10, max_stuck=2)
        begun: list[int] = []
        outcomes: dict[str, int] = {"done": 0, "cancelled": 0, "full": 0}

        def work(n: int, seconds: float) -> int:
            begun.append(n)
            if seconds:
                time.sleep(seconds)
            return n

        async def call(n: int) -> None:
            seconds = rng.choice([0, 0, 0.0005])
            try:
                async with asyncio.timeout(rng.choice([None, None, 0, 0.0002, 0.001])):
                    assert await pool.run(work, n, seconds) == n
                outcomes["done"] += 1
            except TimeoutError:
                outcomes["cancelled"] += 1
            except PoolFull:
                outcomes["full"] += 1

        for burst in range(40):
            await asyncio.gather(*[call(burst * 20 + n) for n in range(20)])
        assert sum(outcomes.values()) == 800
        assert all(outcomes.values())
        await until(lambda: pool.statistics().busy + pool.statistics().stuck == 0)
        settled = pool.statistics()
        assert settled.queued == 0
        assert 1 <= settled.idle <= 3
        assert settled.completed == len(begun) == len(set(begun))
        assert len(begun) >= outcomes["done"]

    run(main)


# Loops, ends --------------------------------------------------------------------------------------


def test_one_pool_serves_several_loops_at_once() -> None:
    pool = ThreadPool(2, 1000)
    results: dict[int, list[int]] = {}

    def serve(place: int) -> None:
        async def main() -> None:
            calls = [pool.run(abs, -n) for n in range(100)]
            results[place] = list(await asyncio.gather(*calls))

        asyncio.run(main())

    loops = [threading.Thread(target=serve, args=(place,)) for place in range(4)]
    for thread in loops:
        thread.start()
    for thread in loops:
        thread.join(PATIENCE)
    assert results == {place: list(range(100)) for place in range(4)}


def test_loops_that_are_gone_are_forgotten() -> None:
    pool = ThreadPool()
    for _ in range(20):
        asyncio.run(pool.run(abs, -1))
    assert len(pool._mailboxes) == 1  # a bound on memory shows nowhere else


def test_a_function_may_outlive_its_loop(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "interlock.threads")
    pool, gate = ThreadPool(1), Gate()
    loop = asyncio.new_event_loop()
    call = pool.run(gate)

    async def begin() -> None:
        call.send(None)
        await until(lambda: gate.entered == 1)

    loop.run_until_complete(begin())
    loop.close()
    gate.open()
    deadline = time.monotonic() + PATIENCE
    while "event loop was closed" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.001)

    async def main() -> None:
        assert await pool.run(abs, -1) == 1

    run(main)
    call.close()


def test_idle_threads_end(run: Run) -> None:
    async def main() -> None:
        pool = ThreadPool(4, idle_seconds=0.01, name="shortlived")
        for _ in range(3):
            barrier = threading.Barrier(4)
            await asyncio.gather(*[pool.run(barrier.wait, PATIENCE) for _ in range(4)])
            await until(lambda: pool.statistics().idle == 0)
        await until(lambda: not [t for t in threading.enumerate() if t.name.startswith("shortl")])
        for n in range(200):  # some of them just as the thread is about to end
            assert await pool.run(abs, -n) == n
            if n % 20 == 0:
                await asyncio.sleep(0.01)

    run(main)


def test_close_waits_for_nothing(run: Run) -> None:
    async def main() -> None:
        pool, gate = ThreadPool(2, 4, name="closing"), Gate()
        stuck = asyncio.create_task(pool.run(gate))
        running = asyncio.create_task(pool.run(gate, "result"))
        await until(lambda: gate.entered == 2)
        waiting = [asyncio.create_task(pool.run(abs, -1)) for _ in range(2)]
        await asyncio.sleep(0)
        pool.close()
        pool.close()
        for task in waiting:
            with pytest.raises(PoolClosed, match="was closed"):
                await task
        with pytest.raises(PoolClosed, match="no more calls"):
            await pool.run(abs, -1)
        await cancel(stuck)
        assert pool.statistics() == PoolStatistics(2, 1, 0, 0, 1, 0)
        gate.open()
        assert await running == "result"
        await until(lambda: not [t for t in threading.enumerate() if t.name.startswith("closing")])
        assert pool.statistics() == PoolStatistics(2, 0, 0, 0, 0, 2)

    run(main)


def test_close_ends_idle_threads(run: Run) -> None:
    async def main() -> None:
        pool = ThreadPool(4, name="ending")
        barrier = threading.Barrier(4)
        await asyncio.gather(*[pool.run(barrier.wait, PATIENCE) for _ in range(4)])
        pool.close()
        await until(lambda: not [t for t in threading.enumerate() if t.name.startswith("ending")])
        assert pool.statistics() == PoolStatistics(4, 0, 0, 0, 0, 4)

    run(main)


def test_where_the_system_refuses_a_thread_calls_wait_for_another(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    async def main() -> None:
        pool, gate = ThreadPool(3, 4), Gate()
        monkeypatch.setattr(threads, "Thread", NoThread)
        with pytest.raises(PoolFull, match="refused to start a thread"):
            await pool.run(abs, -1)
        assert pool.statistics() == PoolStatistics(3, 0, 0, 0, 0, 0)

        monkeypatch.setattr(threads, "Thread", threading.Thread)
        first = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 1)
        monkeypatch.setattr(threads, "Thread", NoThread)
        second = asyncio.create_task(pool.run(abs, -2))
        await asyncio.sleep(0)
        assert pool.statistics() == PoolStatistics(3, 1, 0, 1, 0, 0)
        gate.open()
        await first
        assert await second == 2

        again = Gate()
        stuck = asyncio.create_task(pool.run(again))
        await until(lambda: again.entered == 1)
        waiting = asyncio.create_task(pool.run(abs, -3))
        await asyncio.sleep(0)
        await cancel(stuck)  # its slot cannot be given to a fresh thread
        with pytest.raises(PoolFull, match="refused to start a thread"):
            await waiting
        again.open()
        await until(lambda: pool.statistics().stuck == 0)

    run(main)
    assert "cannot start a thread for a blocking handler: can't start new thread" in caplog.text


def test_a_thread_on_its_way_serves_whoever_comes_next(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Callable[[], None]] = []

    class HeldThread(threading.Thread):
        def start(self) -> None:
            held.append(super().start)

    async def main() -> None:
        pool = ThreadPool(2, 0)
        monkeypatch.setattr(threads, "Thread", HeldThread)
        first = asyncio.create_task(pool.run(abs, -1))
        await asyncio.sleep(0)
        await cancel(first)
        second = asyncio.create_task(pool.run(abs, -2))
        await asyncio.sleep(0)
        assert len(held) == 1  # the thread that was started for the first will do
        held.pop()()
        assert await second == 2
        assert pool.statistics() == PoolStatistics(2, 0, 1, 0, 0, 1)

    run(main)


def test_a_thread_that_falls_idle_meanwhile_serves_where_none_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One loop's call relies on a thread that another loop is about to start, in vain."""
    pool, gate = ThreadPool(2), Gate()
    results: list[int] = []

    def wait_until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline

    def serve() -> None:
        results.append(asyncio.run(asyncio.wait_for(pool.run(abs, -3), PATIENCE)))

    other = threading.Thread(target=serve)

    class NoThread(threading.Thread):
        def start(self) -> None:
            gate.open()
            wait_until(lambda: pool.statistics().idle == 1)
            other.start()
            wait_until(lambda: len(pool._queue) == 1)
            raise RuntimeError("can't start new thread")

    async def main() -> None:
        first = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.entered == 1)
        monkeypatch.setattr(threads, "Thread", NoThread)
        assert await pool.run(abs, -2) == 2
        await first

    asyncio.run(main())
    other.join(PATIENCE)
    assert results == [3]


# Processes ----------------------------------------------------------------------------------------


def script(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(text)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_a_stuck_handler_does_not_hold_the_exit(kind: str) -> None:
    started = time.monotonic()
    done = script(f"""
        import asyncio, {kind}, threading, time
        from interlock.transport.threads import ThreadPool

        async def main():
            pool = ThreadPool(2)
            inside = threading.Event()

            def handler():
                inside.set()
                time.sleep(600)

            call = asyncio.create_task(pool.run(handler))
            while not inside.is_set():
                await asyncio.sleep(0.001)
            call.cancel()
            await asyncio.wait([call])
            waits = asyncio.create_task(pool.run(time.sleep, 600))
            await asyncio.sleep(0.01)
            print(pool.statistics().stuck)
            pool.close()

        with asyncio.Runner(loop_factory={kind}.new_event_loop) as runner:
            runner.run(main())
        print("end", flush=True)
        """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\nend\n", "")
    assert time.monotonic() - started < PATIENCE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_starts_with_no_threads() -> None:
    done = script("""
        import asyncio, os, time, warnings
        from interlock.transport.threads import ThreadPool

        warnings.simplefilter("ignore", DeprecationWarning)  # of forking a process with threads
        pool = ThreadPool(1, 0)
        assert asyncio.run(pool.run(abs, -1)) == 1
        child = os.fork()
        if child == 0:
            code = 3
            try:
                assert pool.statistics().idle == 0
                if asyncio.run(asyncio.wait_for(pool.run(abs, -2), 10)) == 2:
                    code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert asyncio.run(pool.run(abs, -3)) == 3
        print(os.waitstatus_to_exitcode(status))
        """)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_statistics_can_be_written_as_json() -> None:
    written = msgspec.json.decode(msgspec.json.encode(ThreadPool(2).statistics()))
    assert written == {"slots": 2, "busy": 0, "idle": 0, "queued": 0, "stuck": 0, "completed": 0}
