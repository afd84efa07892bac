"""Eager tasks: done at once where nothing needs waiting, ordinary tasks otherwise."""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from interlock.transport.eager import Starter, starter
from tests.support.aio import run

uvloop = pytest.importorskip("uvloop")

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [
    asyncio.SelectorEventLoop, uvloop.new_event_loop,
]  # fmt: skip
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loops that serve."""
    return request.param


def from_callback(
    act: Callable[[asyncio.AbstractEventLoop], Any],
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> Any:
    """What ``act`` returns when the loop calls it outside of any task, as transports are called."""

    async def main() -> Any:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        def callback() -> None:
            try:
                done.set_result(act(loop))
            except BaseException as error:
                done.set_exception(error)

        loop.call_soon(callback)
        value = await done
        return await value if isinstance(value, asyncio.Task) else value  # pyright: ignore[reportUnknownVariableType]

    return run(main(), loop_factory=loop_factory)


Factory = Callable[[], asyncio.AbstractEventLoop]


@pytest.mark.parametrize("only_callbacks", [False, True])
def test_what_needs_no_waiting_is_done_at_once(loop_factory: Factory, only_callbacks: bool) -> None:
    seen: list[Any] = []

    async def work() -> None:
        seen.append(asyncio.current_task())

    def act(loop: asyncio.AbstractEventLoop) -> None:
        start = starter(loop, only_callbacks=only_callbacks)
        for number in range(1, 4):
            task = start(work())
            assert len(seen) == number
            assert seen[-1] is task
            assert task.done()
            assert task.get_name() == "interlock.call"
            assert asyncio.current_task(loop) is None

    from_callback(act, loop_factory)


def test_what_waits_goes_on_as_a_task(loop_factory: Factory) -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("first")
        await asyncio.sleep(0)
        steps.append("second")

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        task = starter(loop)(work())
        assert steps == ["first"]
        assert not task.done()
        return task

    from_callback(act, loop_factory)
    assert steps == ["first", "second"]


def test_within_a_task_all_is_well_too(loop_factory: Factory) -> None:
    """The step of one task is not run inside another's, or both would lose their way."""
    seen: list[Any] = []

    async def work() -> None:
        seen.append(asyncio.current_task())

    async def main() -> None:
        own = asyncio.current_task()
        task = starter(asyncio.get_running_loop())(work())
        assert asyncio.current_task() is own
        await task
        assert seen == [task]

    run(main(), loop_factory=loop_factory)


def test_starting_from_a_first_step(loop_factory: Factory) -> None:
    """A call may start another connection's call, of which nobody promised anything."""
    seen: list[str] = []

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        start = starter(loop)

        async def inner() -> None:
            seen.append("inner")

        async def outer() -> None:
            task = start(inner())
            assert asyncio.current_task() is not task
            await task
            seen.append("outer")

        return start(outer())

    from_callback(act, loop_factory)
    assert seen == ["inner", "outer"]


def test_an_error_is_the_tasks(loop_factory: Factory) -> None:
    async def work() -> None:
        raise RuntimeError("no")

    def act(loop: asyncio.AbstractEventLoop) -> BaseException | None:
        task = starter(loop)(work())
        assert task.done()
        return task.exception()

    assert repr(from_callback(act, loop_factory)) == "RuntimeError('no')"


def test_cancelling_reaches_the_second_step(loop_factory: Factory) -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        task = starter(loop)(work())
        task.cancel()
        return task

    with pytest.raises(asyncio.CancelledError):
        from_callback(act, loop_factory)
    assert seen == ["cancelled"]


def test_context_variables_stay_with_the_task(loop_factory: Factory) -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append(variable.get())
        variable.set("inner")
        await asyncio.sleep(0)
        seen.append(variable.get())

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        variable.set("outer")
        task = starter(loop)(work())
        assert variable.get() == "outer"
        return task

    from_callback(act, loop_factory)
    assert seen == ["outer", "inner"]


def test_the_loop_is_left_as_it_was(loop_factory: Factory) -> None:
    async def work() -> None:
        asyncio.get_running_loop().call_soon(lambda: None)

    def act(loop: asyncio.AbstractEventLoop) -> None:
        starter(loop)(work())
        assert "call_soon" not in vars(loop)
        with pytest.raises(TypeError):
            starter(loop)(None)  # pyright: ignore[reportArgumentType]  # no coroutine at all
        assert "call_soon" not in vars(loop)

    from_callback(act, loop_factory)


@pytest.mark.parametrize("arguments", [(), ("argument",)], ids=["plain", "with an argument"])
def test_what_a_finalizer_schedules_meanwhile_is_run(
    loop_factory: Factory, arguments: tuple[str, ...]
) -> None:
    """Making a task may collect garbage, and a finalizer may need the loop."""
    seen: list[str] = []

    def finalized(*given: str) -> None:
        assert given == arguments
        seen.append("finalized")

    class Finalized:
        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self.cycle = self
            weakref.finalize(self, loop.call_soon, finalized, *arguments)

    async def work() -> None:
        seen.append("work")

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        start: Starter = starter(loop)
        threshold = gc.get_threshold()
        gc.set_threshold(1)
        try:
            for number in range(1, 201):
                Finalized(loop)
                start(work())
                assert seen.count("work") == number
        finally:
            gc.set_threshold(*threshold)
        gc.collect()

        async def wait() -> None:
            await asyncio.sleep(0)

        return start(wait())

    from_callback(act, loop_factory)
    assert seen.count("finalized") == 200


def test_a_loop_in_debug_mode_still_serves() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("work")

    def act(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        loop.set_debug(True)
        return starter(loop)(work())

    from_callback(act, asyncio.SelectorEventLoop)
    assert seen == ["work"]
