"""Lifespans: opened before the first call, closed after the last, once for all who serve."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from interlock import Context, DefinitionError, Server, SyncContext
from interlock.transport.memory import connect
from tests.server.driving import Client, Serve
from tests.support.aio import run


@dataclass
class App:
    """What lifespans open, and the log of what they did."""

    log: list[str] = field(default_factory=list[str])


class Forms:
    """Lifespans of every form; each logs what it does."""

    def __init__(self) -> None:
        self.app = App()

    async def generator(self) -> AsyncGenerator[App]:
        self.app.log.append("open")
        yield self.app
        self.app.log.append("close")

    async def generator_of_server(self, server: Server) -> AsyncGenerator[App]:
        self.app.log.append(f"open {server.name}")
        yield self.app
        self.app.log.append(f"close {server.name}")

    @asynccontextmanager
    async def manager(self) -> AsyncGenerator[App]:
        self.app.log.append("open")
        try:
            yield self.app
        finally:
            self.app.log.append("close")

    @asynccontextmanager
    async def manager_of_server(self, server: Server) -> AsyncGenerator[App]:
        self.app.log.append(f"open {server.name}")
        yield self.app
        self.app.log.append(f"close {server.name}")

    def plain(self, *servers: Server) -> AbstractAsyncContextManager[App]:
        return self.manager()

    @property
    def class_(self) -> Callable[[], Any]:
        forms = self

        class Manager:
            async def __aenter__(self) -> App:
                forms.app.log.append("open")
                return forms.app

            async def __aexit__(self, *error: object) -> None:
                forms.app.log.append("close")

        return Manager


FORMS = (
    "generator",
    "generator_of_server",
    "manager",
    "manager_of_server",
    "plain",
    "class_",
)


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_give_their_value_to_handlers(self, form: str) -> None:
        forms = Forms()
        server = Server("t", lifespan=getattr(forms, form))
        who = " t" if form.endswith("of_server") else ""

        @server.tool
        async def tool(ctx: Context[App]) -> str:
            ctx.app.log.append("call")
            return "ok"

        @server.tool
        def in_thread(ctx: SyncContext[App]) -> str:
            assert ctx.app is server.app
            return "ok"

        assert server.app is None
        with Client(server, "wire") as client:
            assert forms.app.log == ["open" + who], "before the first call"
            assert server.app is forms.app
            assert client.text("tool") == client.text("in_thread") == "ok"
        assert forms.app.log == ["open" + who, "call", "close" + who]
        assert server.app is None

    @pytest.mark.parametrize("form", FORMS)
    def test_may_be_entered_again(self, form: str) -> None:
        forms = Forms()
        server = Server("t", lifespan=getattr(forms, form))
        for _ in range(3):
            with Client(server, "memory"):
                pass
        assert len(forms.app.log) == 6

    def test_without_one_there_is_nothing(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> bool:
            return ctx.app is None

        assert serve(server).value("tool") is True

    def test_that_cannot_be(self) -> None:
        async def coroutine() -> App:
            return App()

        def generator() -> Iterator[App]:
            yield App()

        for wrong, message in (
            (42, "lifespan= is a function, not int"),
            (coroutine, "lifespan 'coroutine' must be an async generator function"),
            (generator, "lifespan 'generator' must be an async generator function"),
        ):
            with pytest.raises(DefinitionError, match=message):
                Server("t", lifespan=wrong)  # pyright: ignore[reportArgumentType]  # the mistakes under test

    def test_that_turns_out_to_be_none(self) -> None:
        @contextmanager
        def sync() -> Generator[App]:
            yield App()

        async def coroutine() -> App:
            return App()

        for wrong in (sync, lambda: coroutine(), lambda: 5):
            server = Server("t", lifespan=wrong)
            with pytest.raises(DefinitionError, match="async generator function that yields once"):
                Client(server, "memory")

    def test_that_yields_never_or_twice(self) -> None:
        async def never() -> AsyncGenerator[App]:
            if not asyncio.get_running_loop():
                yield App()

        with pytest.raises(RuntimeError, match="didn't yield"):
            Client(Server("t", lifespan=never), "memory")

        async def twice() -> AsyncGenerator[App]:
            yield App()
            yield App()

        client = Client(Server("t", lifespan=twice), "memory")
        with pytest.raises(RuntimeError, match="didn't stop"):
            client.close()


class TestFailures:
    def test_at_the_start_nothing_is_served(self) -> None:
        calls: list[str] = []

        async def failing() -> AsyncGenerator[App]:
            calls.append("open")
            raise ConnectionError("no database")
            yield App()

        server = Server("t", lifespan=failing)
        for _ in range(2):
            with pytest.raises(ConnectionError, match="no database"):
                Client(server, "memory")
            assert server.app is None
        assert calls == ["open", "open"], "the next start tries again"

    @pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), ValueError("x")])
    def test_of_any_kind_reach_whoever_started(self, error: BaseException) -> None:
        async def failing() -> AsyncGenerator[App]:
            raise error
            yield App()

        async def main() -> None:
            async with Server("t", lifespan=failing).started():
                raise AssertionError

        with pytest.raises(type(error)):
            run(main())

    def test_at_the_end_reach_whoever_left_last(self) -> None:
        async def failing() -> AsyncGenerator[App]:
            yield App()
            raise ConnectionError("cannot close")

        server = Server("t", lifespan=failing)

        async def main() -> None:
            first, second = server.started(), server.started()
            await first.__aenter__()
            await second.__aenter__()
            await first.__aexit__(None, None, None)
            with pytest.raises(ConnectionError, match="cannot close"):
                await second.__aexit__(None, None, None)
            assert server.app is None

        run(main())

    def test_of_the_body_are_not_the_lifespans(self) -> None:
        """Other users may still be there: what goes wrong at one of them is not thrown in."""
        seen: list[BaseException] = []

        async def watching() -> AsyncGenerator[App]:
            try:
                yield App()
            except BaseException as error:
                seen.append(error)
                raise

        async def main() -> None:
            with pytest.raises(ZeroDivisionError):
                async with Server("t", lifespan=watching).started():
                    raise ZeroDivisionError

        run(main())
        assert seen == []

    def test_a_start_that_hangs_can_be_cancelled(self) -> None:
        log: list[str] = []
        begun = asyncio.Event()

        async def hanging() -> AsyncGenerator[App]:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                log.append("cleaned up")
            yield App()

        server = Server("t", lifespan=hanging)

        async def enter() -> None:
            async with server.started():
                raise AssertionError

        async def main() -> None:
            starting = asyncio.ensure_future(enter())
            await begun.wait()
            starting.cancel()
            await asyncio.wait([starting])
            assert starting.cancelled()
            assert server.app is None

        run(main())
        assert log == ["cleaned up"]


class TestSharing:
    def test_several_transports_share_one(self) -> None:
        forms = Forms()
        server = Server("t", lifespan=forms.generator)

        @server.tool
        async def tool(ctx: Context[App]) -> bool:
            return ctx.app is forms.app

        async def main() -> None:
            async with (
                server.started() as one,
                server.started() as two,
                connect(one) as client,
                connect(two, wire=True) as other,
            ):
                for each in (client, other):
                    result = await each.request("tools/call", {"name": "tool"})
                    assert result["structuredContent"] is True
            assert forms.app.log == ["open", "close"]

        run(main())

    def test_is_entered_once_however_many_start_at_once(self) -> None:
        log: list[str] = []
        go = asyncio.Event()

        async def slow() -> AsyncGenerator[int]:
            log.append("open")
            await go.wait()
            yield 1
            log.append("close")

        server = Server("t", lifespan=slow)

        async def use() -> Any:
            async with server.started():
                return server.app

        async def main() -> None:
            users = [asyncio.ensure_future(use()) for _ in range(5)]
            await asyncio.sleep(0)
            go.set()
            assert await asyncio.gather(*users) == [1] * 5

        run(main())
        assert log == ["open", "close"]

    def test_all_who_wait_learn_of_a_failure(self) -> None:
        go = asyncio.Event()

        async def failing() -> AsyncGenerator[int]:
            await go.wait()
            raise ConnectionError("no database")
            yield 1

        server = Server("t", lifespan=failing)

        async def use() -> Any:
            async with server.started():
                return server.app

        async def main() -> None:
            users = [asyncio.ensure_future(use()) for _ in range(3)]
            await asyncio.sleep(0)
            go.set()
            found = await asyncio.gather(*users, return_exceptions=True)
            assert [type(error) for error in found] == [ConnectionError] * 3

        run(main())

    def test_one_who_gives_up_does_not_end_it_for_others(self) -> None:
        go = asyncio.Event()
        log: list[str] = []

        async def slow() -> AsyncGenerator[int]:
            await go.wait()
            yield 1
            log.append("close")

        server = Server("t", lifespan=slow)

        async def use() -> Any:
            async with server.started():
                return server.app

        async def main() -> None:
            impatient, patient = asyncio.ensure_future(use()), asyncio.ensure_future(use())
            await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.wait([impatient])
            go.set()
            assert await patient == 1

        run(main())
        assert log == ["close"]

    def test_any_task_may_leave_first_or_last(self) -> None:
        """Entered and left by different tasks: what a cancel scope inside would not forgive."""
        tasks: list[Any] = []

        async def scoped() -> AsyncGenerator[int]:
            tasks.append(asyncio.current_task())
            async with asyncio.TaskGroup() as group, asyncio.timeout(60):
                group.create_task(asyncio.sleep(0))
                yield 1
            tasks.append(asyncio.current_task())

        server = Server("t", lifespan=scoped)

        async def main() -> None:
            one, two = server.started(), server.started()
            await asyncio.ensure_future(one.__aenter__())
            await asyncio.ensure_future(two.__aenter__())
            await asyncio.ensure_future(one.__aexit__(None, None, None))
            await asyncio.ensure_future(two.__aexit__(None, None, None))

        run(main())
        assert tasks[0] is tasks[1]

    def test_the_next_waits_until_the_one_before_has_closed(self) -> None:
        log: list[str] = []
        closing, go = asyncio.Event(), asyncio.Event()

        async def exclusive() -> AsyncGenerator[int]:
            log.append("open")
            yield 1
            closing.set()
            await go.wait()
            log.append("close")

        server = Server("t", lifespan=exclusive)

        async def use() -> None:
            async with server.started():
                pass

        async def main() -> None:
            first = asyncio.ensure_future(use())
            await closing.wait()
            second = asyncio.ensure_future(use())
            await asyncio.sleep(0)
            go.set()
            await asyncio.gather(first, second)

        run(main())
        assert log == ["open", "close", "open", "close"]


class TestMounted:
    def test_run_with_the_server_they_are_mounted_in(self) -> None:
        log: list[str] = []

        def logging(name: str) -> Callable[[], AsyncGenerator[str]]:
            async def lifespan() -> AsyncGenerator[str]:
                log.append(f"open {name}")
                yield name
                log.append(f"close {name}")

            return lifespan

        inner, middle, outer = (
            Server(n, lifespan=logging(n)) for n in ("inner", "middle", "outer")
        )
        for server in (inner, middle, outer):

            @server.tool(name=server.name)
            async def tool(ctx: Context[str]) -> str:
                return ctx.app

        middle.mount(inner)
        outer.mount(middle, "m")
        with Client(outer, "memory") as client:
            assert [client.text(name) for name in ("outer", "m_middle", "m_inner")] == [
                "outer",
                "middle",
                "inner",
            ]
        assert log == [
            "open inner",
            "open middle",
            "open outer",
            "close outer",
            "close middle",
            "close inner",
        ]

    def test_once_however_often_it_is_mounted(self) -> None:
        forms = Forms()
        shared = Server("shared", lifespan=forms.generator)
        shared.tool(name="tool")(lambda: "ok")
        outer = Server("outer")
        outer.mount(shared, "a")
        outer.mount(shared, "b")
        with Client(outer, "memory") as client:
            assert client.text("a_tool") == client.text("b_tool") == "ok"
        assert forms.app.log == ["open", "close"]

    def test_a_failure_of_one_closes_the_others(self) -> None:
        forms = Forms()

        async def failing() -> AsyncGenerator[int]:
            raise ConnectionError("no database")
            yield 1

        outer = Server("outer")
        outer.mount(Server("good", lifespan=forms.generator))
        outer.mount(Server("bad", lifespan=failing))
        with pytest.raises(ConnectionError):
            Client(outer, "memory")
        assert forms.app.log == ["open", "close"]

    def test_a_collision_is_found_before_anything_is_opened(self) -> None:
        forms = Forms()
        inner, outer = Server("inner", lifespan=forms.generator), Server("outer")
        outer.mount(inner)
        inner.tool(name="same")(lambda: 1)
        outer.tool(name="same")(lambda: 1)
        with pytest.raises(DefinitionError, match="'same' exists already"):
            Client(outer, "memory")
        assert forms.app.log == []
