"""Threads that block on the event loop: they get their answer, or are woken with the reason."""

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import pytest

from interlock.transport import bridge
from interlock.transport.threads import (
    CallCancelled,
    HandlerExit,
    PoolStatistics,
    ThreadPool,
    call_soon_blocking,
)
from tests.transport.test_threads import PATIENCE, Reason, Run, cancel, run, until

__all__ = ["run"]  # the fixture


async def add(left: int, right: int) -> int:
    await asyncio.sleep(0)
    return left + right


async def fail(error: BaseException) -> NoReturn:
    await asyncio.sleep(0)
    raise error


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


def in_thread(function: Callable[[], Any]) -> list[Any]:
    """Run a function in a thread that is not the pool's; what it returned or raised."""
    outcome: list[Any] = []

    def target() -> None:
        try:
            outcome.append(function())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    return outcome


def test_a_coroutine_runs_on_the_loop_for_a_thread(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        here = threading.current_thread()

        async def where() -> threading.Thread:
            return threading.current_thread()

        pool = ThreadPool()
        assert await pool.run(call_soon_blocking, loop, add, 1, 2) == 3
        assert await pool.run(call_soon_blocking, loop, where) is here
        for n in range(50):
            assert await pool.run(call_soon_blocking, loop, add, n, n) == 2 * n
        assert pool.statistics().idle == 1

    run(main)


def test_several_threads_block_at_once(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(4)
        together = asyncio.Barrier(4)

        async def meet() -> int:
            return await together.wait()

        places = await asyncio.gather(*[pool.run(call_soon_blocking, loop, meet) for _ in range(4)])
        assert sorted(places) == [0, 1, 2, 3]

    run(main)


@pytest.mark.parametrize("error", [LookupError("x"), Reason("x")])
def test_its_exception_is_raised_in_the_thread(run: Run, error: BaseException) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool()

        def handler() -> BaseException | None:
            try:
                call_soon_blocking(loop, fail, error)
            except type(error) as caught:
                return caught

        assert await pool.run(handler) is error
        with pytest.raises(type(error)) as caught:  # and through the thread to the caller
            await pool.run(call_soon_blocking, loop, fail, error)
        assert caught.value is error

    run(main)


def test_what_is_no_coroutine_function_is_the_threads_error(run: Run) -> None:
    def not_async() -> Any:
        return 3

    def refuses() -> Coroutine[Any, Any, None]:
        raise LookupError

    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool()
        with pytest.raises(TypeError):
            await pool.run(call_soon_blocking, loop, not_async)
        with pytest.raises(LookupError):
            await pool.run(call_soon_blocking, loop, refuses)

    run(main)


def test_context_variables_go_along(run: Run) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    async def look() -> str:
        await asyncio.sleep(0)
        return variable.get()

    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool()

        def handler() -> str:
            variable.set(variable.get() + " and the thread's")
            return call_soon_blocking(loop, look)

        variable.set("the call's")
        assert await pool.run(handler) == "the call's and the thread's"

    run(main)


def test_on_the_loop_itself_it_is_refused(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"on the event loop itself.*Await"):
            call_soon_blocking(asyncio.get_running_loop(), add, 1, 2)

    run(main)


def test_a_thread_with_a_loop_of_its_own_may_block_on_another(run: Run) -> None:
    async def main() -> None:
        outer, pool = asyncio.get_running_loop(), ThreadPool()

        async def inner() -> int:
            return call_soon_blocking(outer, add, 1, 2)

        assert await pool.run(lambda: asyncio.run(inner())) == 3

    run(main)


def test_a_cancelled_call_wakes_its_thread_and_ends_its_coroutine(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)
        log: list[str] = []

        async def question() -> None:
            log.append("asked")
            try:
                await wait_for_ever()
            finally:
                log.append("withdrawn")

        def handler() -> None:
            try:
                call_soon_blocking(loop, question)
            except Exception:
                log.append("swallowed")
            finally:
                log.append("cleaned up")

        task = asyncio.create_task(pool.run(handler))
        await until(lambda: log == ["asked"])
        await cancel(task)
        await until(lambda: len(log) == 3)
        assert set(log) == {"asked", "withdrawn", "cleaned up"}
        await until(lambda: pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 1))

    run(main)


def test_a_thread_whose_call_is_cancelled_already_does_not_block(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)
        inside, go_on = threading.Event(), threading.Event()
        log: list[Any] = []

        async def question() -> None:
            log.append("asked")

        def handler() -> None:
            inside.set()
            assert go_on.wait(PATIENCE)
            for _ in range(2):
                try:
                    call_soon_blocking(loop, question)
                except CallCancelled as error:
                    log.append(str(error))

        task = asyncio.create_task(pool.run(handler))
        await until(inside.is_set)
        await cancel(task)
        go_on.set()
        await until(lambda: pool.statistics().stuck == 0)
        assert log == ["the call was cancelled"] * 2

    run(main)


def test_a_call_cancelled_before_its_coroutine_began_never_begins_it(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)
        entered = threading.Event()
        log: list[str] = []

        def question() -> Coroutine[Any, Any, int]:
            log.append("asked")
            return add(1, 2)

        def handler() -> None:
            entered.set()
            call_soon_blocking(loop, question)

        call = pool.run(handler)
        call.send(None)
        assert entered.wait(PATIENCE)  # holds the loop, which cannot begin the coroutine
        call.close()
        await until(lambda: pool.statistics().stuck == 0)
        assert log == []

    run(main)


def test_a_coroutine_that_is_slow_to_end_does_not_hold_the_thread(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def question() -> None:
            begun.set()
            try:
                await wait_for_ever()
            finally:
                await may_end.wait()
                ended.set()

        task = asyncio.create_task(pool.run(call_soon_blocking, loop, question))
        await begun.wait()
        await cancel(task)
        await until(lambda: pool.statistics() == PoolStatistics(1, 0, 1, 0, 0, 1))
        may_end.set()
        await ended.wait()

    run(main)


def test_cancelling_one_call_wakes_no_other(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(2)
        asked, answer = asyncio.Semaphore(0), asyncio.Event()

        async def question() -> str:
            asked.release()
            await answer.wait()
            return "answer"

        one, other = (
            asyncio.create_task(pool.run(call_soon_blocking, loop, question)) for _ in range(2)
        )
        await asked.acquire()
        await asked.acquire()
        await cancel(one)
        await until(lambda: pool.statistics().stuck == 0)
        answer.set()
        assert await other == "answer"

    run(main)


def test_a_call_after_a_cancelled_one_may_block_again(run: Run) -> None:
    """The next call of the same thread is another call."""

    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)
        for _ in range(20):
            task = asyncio.create_task(pool.run(call_soon_blocking, loop, wait_for_ever))
            await until(lambda: pool.statistics().busy == 1)
            await cancel(task)
            await until(lambda: pool.statistics().stuck == 0)
            assert await pool.run(call_soon_blocking, loop, add, 1, 2) == 3

    run(main)


def test_a_coroutine_cancelled_on_the_loop_is_no_cancellation_of_the_caller(run: Run) -> None:
    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool(1)

        async def ends_itself() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await wait_for_ever()

        with pytest.raises(HandlerExit, match="CallCancelled") as caught:
            await pool.run(call_soon_blocking, loop, ends_itself)
        assert isinstance(caught.value.__cause__, CallCancelled)
        assert "cancelled on the event loop" in str(caught.value.__cause__)

    run(main)


def test_a_closed_loop_is_an_end() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    [error] = in_thread(lambda: call_soon_blocking(loop, add, 1, 2))
    assert isinstance(error, CallCancelled)
    assert "closed" in str(error)


def test_the_end_of_the_loop_wakes_every_thread(run: Run) -> None:
    outcome: list[BaseException] = []

    def blocks(loop: asyncio.AbstractEventLoop) -> None:
        try:
            call_soon_blocking(loop, wait_for_ever)
        except CallCancelled as error:
            outcome.append(error)

    waiting: list[threading.Thread] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = len(asyncio.all_tasks())
        for _ in range(3):
            waiting.append(threading.Thread(target=blocks, args=(loop,)))
            waiting[-1].start()
        await until(lambda: len(asyncio.all_tasks()) == before + 3)

    run(main)
    for thread in waiting:
        thread.join(PATIENCE)
    assert len(outcome) == 3


def test_a_loop_closed_without_a_word_wakes_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed between the request and the coroutine's first step: no callback would ever run."""
    monkeypatch.setattr(bridge, "_LOOP_CHECK_SECONDS", 0.005)
    loop = asyncio.new_event_loop()
    closer = threading.Timer(0.02, loop.close)
    closer.start()
    [error] = in_thread(lambda: call_soon_blocking(loop, add, 1, 2))
    closer.join()
    assert isinstance(error, CallCancelled)
    assert "closed" in str(error)


def test_a_thread_that_is_interrupted_ends_its_coroutine(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by Ctrl-C, where the thread is the main one."""

    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(bridge._Bridge, "wait", interrupted)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = len(asyncio.all_tasks())
        with pytest.raises(HandlerExit) as caught:
            await ThreadPool().run(call_soon_blocking, loop, wait_for_ever)
        assert isinstance(caught.value.__cause__, KeyboardInterrupt)
        await until(lambda: len(asyncio.all_tasks()) == before)

    run(main)


def test_a_bridge_keeps_nothing_alive(run: Run) -> None:
    class Value:
        pass

    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), ThreadPool()

        async def fails(value: Value) -> NoReturn:
            raise LookupError(value)

        def handler(value: Value) -> None:
            try:
                call_soon_blocking(loop, fails, value)
            except LookupError:
                pass

        value = Value()
        known = weakref.ref(value)
        gc.collect()
        gc.disable()
        try:
            await pool.run(handler, value)
            del value
            await until(lambda: known() is None)
        finally:
            gc.enable()

    run(main)
