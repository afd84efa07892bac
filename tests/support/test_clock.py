"""The virtual clock itself: exact, instant, and still a working event loop."""

import asyncio
import os
import threading
import time

import pytest

from tests.support import clock
from tests.support.clock import Deadlock, Elapsed, VirtualClockLoop, run_virtual


def test_an_hour_takes_no_time_and_is_exact() -> None:
    async def main() -> None:
        with Elapsed() as hour:
            await asyncio.sleep(3600)
        assert hour.virtual == pytest.approx(3600, abs=1e-6)
        assert hour.real < 1

    run_virtual(main)


def test_timers_fire_in_order_and_at_their_times() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[str, float]] = []

        async def after(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, round(loop.time() - 1000, 6)))

        await asyncio.gather(after(86400 * 3, "c"), after(0.001, "a"), after(60, "b"))
        return seen

    assert run_virtual(main) == [("a", 0.001), ("b", 60), ("c", 86400 * 3)]


def test_a_timeout_takes_virtual_time() -> None:
    async def main() -> None:
        with Elapsed() as passed, pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        assert passed.virtual == pytest.approx(30, abs=1e-6)

    run_virtual(main)


def test_work_that_is_ready_takes_no_time() -> None:
    async def main() -> None:
        with Elapsed() as passed:
            for _ in range(1000):
                await asyncio.sleep(0)
        assert passed.virtual == 0

    run_virtual(main)


def test_time_can_be_moved_by_hand() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualClockLoop)
        waits = asyncio.create_task(asyncio.sleep(10))
        await asyncio.sleep(0)
        loop.advance(10)
        await waits
        with pytest.raises(ValueError, match="does not go back"):
            loop.advance(-1)

    run_virtual(main)


def test_pipes_are_served_before_time_moves() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        read, write = os.pipe()
        try:
            got = loop.create_future()
            loop.add_reader(read, lambda: got.done() or got.set_result(os.read(read, 9)))
            os.write(write, b"x")
            with Elapsed() as passed:
                async with asyncio.timeout(10):
                    assert await got == b"x"
            assert passed.virtual == 0
            loop.remove_reader(read)
        finally:
            os.close(read)
            os.close(write)

    run_virtual(main)


def test_with_patience_a_thread_answers_before_time_moves() -> None:
    async def main() -> None:
        with Elapsed() as passed:
            async with asyncio.timeout(3600):
                await asyncio.to_thread(time.sleep, 0.01)
        assert passed.virtual < 3600

    run_virtual(main, patience=5)


def test_without_timers_a_thread_is_waited_for() -> None:
    async def main() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert run_virtual(main)


def test_a_deadlock_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "DEADLOCK_SECONDS", 0.01)
    loop = VirtualClockLoop()

    async def waits_for_ever() -> None:
        await asyncio.Event().wait()

    task = loop.create_task(waits_for_ever())
    with pytest.raises(Deadlock, match="waits_for_ever"):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
