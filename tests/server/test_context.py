"""The context: what a handler knows of its call, and what it says to the caller meanwhile."""

import asyncio
import contextvars
import threading
from dataclasses import dataclass
from typing import Any, cast

import pytest

from interlock import Call, Context, Image, Server, SyncContext
from interlock.protocol.call import ClientProfile, Log, Notice, Principal, Progress
from interlock.protocol.revisions import REVISIONS
from interlock.protocol.types.logging import SEVERITY
from interlock.server.context import Level
from interlock.transport.bounds import Bounds
from tests.server.driving import LEGACY, Client, Serve, ok

LEVELS: tuple[Level, ...] = cast("Any", tuple(SEVERITY))
LOG_LEVEL = "io.modelcontextprotocol/logLevel"


def noted(client: Client, tool: str, **arguments: Any) -> list[Notice]:
    """The notices of one call of a tool that succeeds."""
    found: list[Notice] = []
    result = client.request("tools/call", found.append, name=tool, arguments=arguments)
    assert "isError" not in result, result
    return found


def reporting() -> Server:
    """A server with the same tool in every form: `progress` and `logs`."""
    server = Server("t")

    @server.tool
    async def progress(steps: list[list[Any]], ctx: Context) -> None:
        for step in steps:
            await ctx.progress(*step)

    @server.tool
    def progress_in_thread(steps: list[list[Any]], ctx: SyncContext) -> None:
        for step in steps:
            ctx.progress(*step)

    @server.tool
    async def logs(ctx: Context) -> None:
        for level in LEVELS:
            await ctx.log(level, f"at {level}")

    @server.tool
    def logs_in_thread(ctx: SyncContext) -> None:
        for level in LEVELS:
            ctx.log(level, f"at {level}")

    return server


class TestProgress:
    @pytest.mark.parametrize("tool", ["progress", "progress_in_thread"])
    def test_reaches_the_caller(self, serve: Serve, tool: str) -> None:
        steps: list[list[Any]] = [[1], [2.5, 10], [3, 10, "three of ten \U0001f600"]]
        assert noted(serve(reporting()), tool, steps=steps) == [
            Progress(1, None, None),
            Progress(2.5, 10, None),
            Progress(3, 10, "three of ten \U0001f600"),
        ]

    @pytest.mark.spec("L1105-PROG-03")
    @pytest.mark.parametrize("tool", ["progress", "progress_in_thread"])
    def test_must_rise(self, serve: Serve, tool: str) -> None:
        steps = [[1], [1], [0], [-5], [2], [2], [3]]
        found = noted(serve(reporting()), tool, steps=steps)
        assert [notice.done for notice in found if isinstance(notice, Progress)] == [1, 2, 3]

    def test_is_not_sent_where_nobody_asked(self, serve: Serve) -> None:
        client = serve(reporting())
        assert client.call("progress", steps=[[1]]) == {"content": []}

    def test_of_numbers_that_json_does_not_have(self, serve_raw: Serve, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> None:
            await ctx.progress(float("nan"))
            await ctx.progress(1, float("nan"))
            await ctx.progress(2, float("inf"), "half \ud83d a character")
            await ctx.progress(float("inf"))

        expected = [Progress(1, None, None), Progress(2, None, "half \\ud83d a character")]
        assert noted(serve(server), "tool") == expected
        assert noted(serve_raw(server), "tool") == expected

    @pytest.mark.spec("L0326-PROG-01", "L1105-PROG-02")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_in_every_revision(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(reporting(), revision=revision)
        found = noted(client, "progress", steps=[[1, 2, "one"]])
        assert found == [Progress(1, 2, None if revision == "2024-11-05" else "one")]
        last, before = client.raw.messages[-1], client.raw.messages[-2]
        assert "result" in last
        assert before["method"] == "notifications/progress"
        assert before["params"]["progressToken"] == "token"

    def test_in_a_flood_keeps_the_last(self, serve_raw: Serve) -> None:
        client = serve_raw(reporting(), bounds=Bounds(progress_burst=3, progress_per_second=0.001))
        found = noted(client, "progress", steps=[[n] for n in range(1, 1000)])
        done = [notice.done for notice in found if isinstance(notice, Progress)]
        assert done == [1, 2, 3, 999]

    def test_after_the_call_is_silent(self, serve: Serve) -> None:
        """A handler that leaves a task behind sends nothing into a stream that has ended."""
        server, kept = Server("t"), list[Context]()

        @server.tool
        async def tool(ctx: Context) -> None:
            kept.append(ctx)
            await ctx.progress(1)

        client = serve(server)
        found: list[Notice] = []
        client.request("tools/call", found.append, name="tool", arguments={})
        client.run(kept[0].progress(2))
        client.run(kept[0].error("late"))
        assert found == [Progress(1)]


class TestLogs:
    @pytest.mark.spec("LOG-04", "LOG-07")
    @pytest.mark.parametrize("tool", ["logs", "logs_in_thread"])
    @pytest.mark.parametrize("level", LEVELS)
    def test_at_and_above_the_level(self, serve: Serve, tool: str, level: str) -> None:
        found = noted(serve(reporting(), log_level=level), tool)
        wanted = LEVELS[LEVELS.index(level) :]
        assert found == [Log(each, f"at {each}", "t") for each in wanted]

    @pytest.mark.spec("LOG-06")
    @pytest.mark.parametrize("tool", ["logs", "logs_in_thread"])
    def test_not_where_nobody_asked(self, serve: Serve, tool: str) -> None:
        assert noted(serve(reporting()), tool) == []

    @pytest.mark.spec("LOG-03", "LOG-08", "L1105-LOG-01", "L1105-LOG-03")
    @pytest.mark.parametrize("revision", LEGACY)
    def test_of_a_session_from_its_level_on(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(reporting(), revision=revision)
        assert client.opened["capabilities"]["logging"] == {}
        assert [n.level for n in noted(client, "logs") if isinstance(n, Log)] == [*LEVELS[1:]]
        client.request("logging/setLevel", level="error")
        assert [n.level for n in noted(client, "logs") if isinstance(n, Log)] == [*LEVELS[4:]]
        assert "result" in client.raw.messages[-1], "entries come before the response"

    @pytest.mark.spec("LOG-11", "L1105-LOG-04")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_of_no_such_level(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(reporting(), revision=revision)
        if revision in LEGACY:
            error = client.refused("logging/setLevel", level="verbose")
        else:
            meta = {LOG_LEVEL: "verbose"}
            error = client.refused("tools/call", name="logs", arguments={}, _meta=meta)
        assert error.code == -32602

    def test_of_no_such_level_in_process(self, serve: Serve) -> None:
        with pytest.raises(ValueError, match="no log level 'verbose'; use one of debug, info"):
            serve(reporting(), log_level="verbose")

    @pytest.mark.spec("LOG-06", "LOG-10", "LOG-03", "LOG-08")
    def test_go_to_the_request_that_asked_and_no_other(self, serve_raw: Serve) -> None:
        server = Server("t")
        both = asyncio.Barrier(2)

        @server.tool
        async def tool(ctx: Context) -> None:
            await both.wait()
            await ctx.error("heard?")
            await both.wait()

        client = serve_raw(server)
        assert client.request("server/discover")["capabilities"]["logging"] == {}

        async def two() -> None:
            params: dict[str, Any] = {"name": "tool", "arguments": {}}
            asking = {**params, "_meta": {LOG_LEVEL: "debug"}}
            await asyncio.gather(
                client.raw.request("tools/call", asking), client.raw.request("tools/call", params)
            )

        client.run(two())
        heard = [m for m in client.raw.messages if m.get("method") == "notifications/message"]
        assert len(heard) == 1, "one of two calls had asked"

    def test_with_data(self, serve: Serve) -> None:
        server = Server("t")

        @dataclass
        class Row:
            n: int

        @server.tool
        async def tool(ctx: Context) -> None:
            await ctx.info("saved", rows=[Row(1)], logger="data", text="data", level=3)
            await ctx.log("notice", "said", logger="own", n=1)
            await ctx.warning("caf\udce9")

        @server.tool
        def in_thread(ctx: SyncContext) -> None:
            ctx.info("saved", rows=[Row(1)], text="data", level=3)

        client = serve(server, log_level="debug")
        first, second, third = noted(client, "tool")
        assert first == Log(
            "info", {"message": "saved", "rows": [{"n": 1}], "text": "data", "level": 3}, "data"
        )
        assert second == Log("notice", {"message": "said", "n": 1}, "own")
        assert third == Log("warning", "caf\\udce9", "t")
        (fourth,) = noted(client, "in_thread")
        assert fourth == Log(
            "info", {"message": "saved", "rows": [{"n": 1}], "text": "data", "level": 3}, "t"
        )

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (object(), "$.data"),
            (float("nan"), "$.data: nan"),
            ("\ud800", "$.data"),
            ([{1: {object()}}], "$.data[0]"),
        ],
    )
    def test_with_data_that_has_no_json_form(self, serve: Serve, data: Any, told: str) -> None:
        """A log line that cannot be written is no reason to fail a call."""
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> str:
            await ctx.info("saved", data=data)
            return "done"

        client = serve(server, log_level="debug")
        (entry,) = noted(client, "tool")
        assert isinstance(entry, Log)
        assert entry.data["message"] == "saved"
        assert told in entry.data["note"]

    def test_at_a_level_that_there_is_not(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> str:
            with pytest.raises(ValueError, match="no log level 'verbose'; use one of debug, info"):
                await ctx.log("verbose", "x")  # pyright: ignore[reportArgumentType]  # the mistake under test
            return "told"

        @server.tool
        def in_thread(ctx: SyncContext) -> str:
            with pytest.raises(ValueError, match="no log level 'verbose'"):
                ctx.log("verbose", "x")  # pyright: ignore[reportArgumentType]  # likewise
            return "told"

        client = serve(server, log_level="error")
        assert client.text("tool") == client.text("in_thread") == "told"
        assert serve(server).text("tool") == "told", "and where nobody listens"

    @pytest.mark.spec("LOG-03", "L1105-LOG-01")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_are_declared_where_a_handler_takes_a_context(
        self, serve_raw: Serve, revision: str
    ) -> None:
        def declared(server: Server) -> bool:
            client = serve_raw(server, revision=revision)
            found = client.opened if revision in LEGACY else client.request("server/discover")
            return "logging" in found["capabilities"]

        silent, forced, prompt, mounted = (
            Server("a"),
            Server("b", logging=True),
            Server("c"),
            Server("d"),
        )
        silent.tool(name="x")(lambda: "x")

        @prompt.prompt
        def ask(ctx: SyncContext) -> str:
            return "x"

        mounted.mount(prompt)
        assert not declared(silent)
        assert declared(forced)
        assert declared(prompt)
        assert declared(mounted)


class TestTheCall:
    def test_who_calls(self, serve: Serve) -> None:
        profile = ClientProfile(
            "host", "2.0", {"name": "host", "version": "2.0"}, {"elicitation": {}, "roots": {}}
        )
        server = Server("t")

        @server.middleware
        async def authenticate(call: Call, next: Any) -> Any:
            who = Principal("ada", "https://id.example", frozenset({"read"}))
            return await next(call.with_scope(principal=who))

        async def tool(ctx: Context) -> list[Any]:
            assert ctx.principal is not None
            return [
                ctx.client.name,
                ctx.client.version,
                ctx.client.can("elicitation.form"),
                ctx.client.can("elicitation.url"),
                ctx.client.can("roots"),
                ctx.client.can("sampling"),
                ctx.principal.subject,
                sorted(ctx.principal.scopes),
                ctx.revision,
                ctx.deadline,
                ctx.cancelled,
                ctx.call.target,
                ctx.call.arguments,
            ]

        def in_thread(ctx: SyncContext) -> list[Any]:
            assert ctx.principal is not None
            return [
                ctx.client.name,
                ctx.client.version,
                ctx.client.can("elicitation.form"),
                ctx.client.can("elicitation.url"),
                ctx.client.can("roots"),
                ctx.client.can("sampling"),
                ctx.principal.subject,
                sorted(ctx.principal.scopes),
                ctx.revision,
                ctx.deadline,
                ctx.cancelled,
                ctx.call.target,
                ctx.call.arguments,
            ]

        server.tool(tool)
        server.tool(in_thread)
        client = serve(server, client=profile)
        for name in ("tool", "in_thread"):
            assert client.value(name) == [
                "host",
                "2.0",
                True,
                False,
                True,
                False,
                "ada",
                ["read"],
                "2026-07-28",
                None,
                False,
                name,
                {},
            ]

    def test_nobody_is_nobody(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> bool:
            return ctx.principal is None

        assert serve(server).value("tool") is True

    @pytest.mark.parametrize("revision", REVISIONS)
    def test_the_revision(self, serve_raw: Serve, revision: str) -> None:
        server = Server("t")

        @server.tool
        async def tool(ctx: Context) -> str:
            return ctx.revision

        assert serve_raw(server, revision=revision).text("tool") == revision

    def test_state_is_the_calls_own(self, serve: Serve) -> None:
        server = Server("t")
        seen: list[dict[str, Any]] = []

        @server.middleware
        async def leave(call: Call, next: Any) -> Any:
            assert call.scope.state == {}
            call.scope.state["user"] = call.arguments.get("user")
            return await next(call)

        @server.tool
        async def tool(user: str, ctx: Context) -> None:
            seen.append(ctx.state)

        @server.tool
        def in_thread(user: str, ctx: SyncContext) -> None:
            seen.append(ctx.state)

        client = serve(server)
        for name in ("tool", "in_thread"):
            for user in ("ada", "bob"):
                client.call(name, user=user)
        assert [state["user"] for state in seen] == ["ada", "bob", "ada", "bob"]
        assert len({id(state) for state in seen}) == 4

    @pytest.mark.parametrize("in_thread", [False, True])
    def test_its_cancellation(self, serve_raw: Serve, in_thread: bool) -> None:
        server = Server("t")
        begun, seen = asyncio.Event(), asyncio.Event()
        loop: asyncio.AbstractEventLoop | None = None
        cancelled: list[bool] = []

        @server.tool
        async def later(ctx: Context) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(ctx.cancelled)
                seen.set()

        @server.tool
        def thread(ctx: SyncContext) -> None:
            assert loop is not None
            loop.call_soon_threadsafe(begun.set)
            while not ctx.cancelled:
                threading.Event().wait(0.001)
            cancelled.append(ctx.cancelled)
            loop.call_soon_threadsafe(seen.set)

        client = serve_raw(server)

        async def cancel() -> None:
            nonlocal loop
            loop = asyncio.get_running_loop()
            params: dict[str, Any] = {"name": "thread" if in_thread else "later", "arguments": {}}
            call = asyncio.ensure_future(client.raw.request("tools/call", params))
            await begun.wait()
            (id,) = client.raw.waiting
            client.raw.notify("notifications/cancelled", {"requestId": id, "reason": "enough"})
            await seen.wait()
            call.cancel()

        client.run(cancel())
        assert cancelled == [True]


class TestThreads:
    """Sync functions run in threads, with the context variables of their call."""

    def test_is_where_sync_functions_run(self, serve: Serve) -> None:
        server = Server("t")

        def on_main() -> bool:
            return threading.current_thread() is threading.main_thread()

        async def async_on_main() -> bool:
            return on_main()

        server.tool(name="default")(on_main)
        server.tool(name="thread", thread=True)(on_main)
        server.tool(name="loop", thread=False)(on_main)
        server.tool(name="later")(async_on_main)
        client = serve(server)
        where = {tool["name"]: client.value(tool["name"]) for tool in client.entries()}
        assert where == {"default": False, "thread": False, "loop": True, "later": True}

    @pytest.mark.parametrize("thread", [None, False])
    def test_context_variables_reach_them(self, serve: Serve, thread: bool | None) -> None:
        request = contextvars.ContextVar("request", default="nothing")
        server = Server("t")

        @server.middleware
        async def name(call: Call, next: Any) -> Any:
            token = request.set(str(call.arguments.get("n")))
            try:
                return await next(call)
            finally:
                request.reset(token)

        def plain(n: int) -> str:
            return request.get()

        def hand(n: int) -> str:
            return request.get()

        def with_context(n: int, ctx: SyncContext) -> str:
            ctx.progress(1)
            return request.get()

        server.tool(name="plain", thread=thread)(plain)
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {"n": {}},
            "required": ["n"],
        }
        server.add_tool(hand, thread=thread, input_schema=schema)
        if thread is None:
            server.tool(with_context)
        client = serve(server)
        for tool in client.entries():
            found: list[Notice] = []
            for n in (1, 2):
                arguments = {"n": n}
                result = client.request(
                    "tools/call", found.append, name=tool["name"], arguments=arguments
                )
                assert result["content"][0]["text"] == str(n)

    def test_a_variable_set_there_stays_there(self, serve: Serve) -> None:
        variable = contextvars.ContextVar("variable", default=0)
        server = Server("t")

        @server.tool
        def tool() -> int:
            variable.set(variable.get() + 1)
            return variable.get()

        client = serve(server)
        assert [client.value("tool") for _ in range(3)] == [1, 1, 1]

    def test_blocking_methods_on_the_loop_are_told(self, serve: Serve) -> None:
        """A `SyncContext` that found its way onto the loop would block it for ever."""
        server = Server("t")
        caught: list[BaseException] = []

        @server.tool
        def outer(ctx: SyncContext) -> Any:
            async def misuse() -> str:
                try:
                    ctx.progress(1)
                except RuntimeError as error:
                    caught.append(error)
                return "told"

            return misuse()

        client = serve(server)
        found: list[Notice] = []
        result = client.request("tools/call", found.append, name="outer", arguments={})
        assert result["content"][0]["text"] == "told"
        assert "a blocking method was called on the event loop" in str(caught[0])

    def test_many_run_at_once(self, serve: Serve) -> None:
        server = Server("t", threads=4)
        together = threading.Barrier(4, timeout=30)

        @server.tool
        def tool() -> str:
            together.wait()
            return "ok"

        client = serve(server)

        async def four() -> list[Any]:
            return await asyncio.gather(
                *(client.caller.request("tools/call", {"name": "tool"}) for _ in range(4))
            )

        assert len(client.run(four())) == 4


def test_a_context_in_a_union_or_as_text(serve: Serve) -> None:
    server = Server("t")

    @server.tool
    async def tool(a: int = 1, ctx: "Context[Any] | None" = None) -> list[Any]:
        assert ctx is not None
        return [a, ctx.app]

    @server.resource("a:{x}")
    async def read(x: str, *, ctx: "Context") -> Image:
        return Image(b"\x89PNG\r\n\x1a\n")

    server.add_tool(ok, name="hand", input_schema={"type": "object"})
    client = serve(server)
    assert client.value("tool", a=2) == [2, None]
    assert client.request("resources/read", uri="a:1")["contents"][0]["mimeType"] == "image/png"
