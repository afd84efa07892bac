"""Mounting: one server's entries in another, under a prefix or as they are."""

from typing import Any

import pytest

from interlock import Call, Context, DefinitionError, ProtocolError, Server, SyncContext, ToolError
from interlock.protocol.call import Handler
from interlock.protocol.errors import PermissionDenied
from interlock.protocol.outcome import Outcome
from tests.server.driving import Client, Serve, listed, ok

LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")


def notes(name: str = "notes") -> Server:
    """A server with one of everything."""
    server = Server(name)

    @server.tool(title="Add", annotations={"readOnlyHint": True})
    def add(a: int) -> int:
        """Add one."""
        return a + 1

    server.add_tool(ok, name="hand", input_schema={"type": "object"})

    @server.prompt
    def ask(topic: str) -> str:
        """Ask."""
        return topic

    server.add_resource(lambda: name, f"{name}://fixed", name="fixed")

    @server.resource(f"{name}://by/{{x}}")
    def by(x: str) -> str:
        return f"{name} {x}"

    return server


def everything(client: Client) -> dict[str, list[str]]:
    """The keys of all entries, by list."""
    return {
        method: [
            entry.get("uri") or entry.get("uriTemplate") or entry["name"]
            for entry in client.entries(method)
        ]
        for method in LISTS
    }


class TestPrefix:
    def test_is_before_tools_and_prompts_and_not_uris(self, serve: Serve) -> None:
        outer = Server("outer")
        outer.mount(notes(), "n")
        client = serve(outer)
        assert everything(client) == {
            "tools/list": ["n_add", "n_hand"],
            "prompts/list": ["n_ask"],
            "resources/list": ["notes://fixed"],
            "resources/templates/list": ["notes://by/{x}"],
        }
        assert client.value("n_add", a=1) == 2
        assert client.text("n_hand") == "ok"
        got = client.request("prompts/get", name="n_ask", arguments={"topic": "x"})
        assert got["messages"][0]["content"]["text"] == "x"
        for uri, text in (("notes://fixed", "notes"), ("notes://by/1", "notes 1")):
            assert client.request("resources/read", uri=uri)["contents"][0]["text"] == text
        assert client.refused("tools/call", name="add", arguments={"a": 1}).code == -32602

    def test_changes_nothing_else(self) -> None:
        outer = Server("outer")
        outer.mount(notes(), "n")
        for method in LISTS:
            own = [{**entry, "name": ""} for entry in listed(notes(), method)]
            assert [{**entry, "name": ""} for entry in listed(outer, method)] == own

    def test_may_be_left_out(self, serve: Serve) -> None:
        outer = Server("outer")
        outer.tool(name="own")(lambda: "own")
        outer.mount(notes())
        client = serve(outer)
        assert everything(client)["tools/list"] == ["own", "add", "hand"]
        assert client.value("add", a=1) == 2

    @pytest.mark.parametrize("prefix", ["", "a b", "é", "a/b", "a\n"])
    def test_that_makes_no_name(self, prefix: str) -> None:
        with pytest.raises(DefinitionError, match=r"use A-Z, a-z, 0-9.*or leave it out"):
            Server("outer").mount(notes(), prefix)

    def test_that_makes_a_name_too_long(self) -> None:
        inner = Server("inner")
        inner.tool(name="a" * 100)(lambda: 1)
        with pytest.raises(DefinitionError, match="too many: use 1 to 128"):
            Server("outer").mount(inner, "p" * 28)
        Server("outer").mount(inner, "p" * 27)


class TestNesting:
    def test_prefixes_add_up(self, serve: Serve) -> None:
        middle, outer = Server("middle"), Server("outer")
        middle.mount(notes(), "n")
        outer.mount(middle, "m")
        outer.mount(notes("other"), "o")
        client = serve(outer)
        assert everything(client) == {
            "tools/list": ["m_n_add", "m_n_hand", "o_add", "o_hand"],
            "prompts/list": ["m_n_ask", "o_ask"],
            "resources/list": ["notes://fixed", "other://fixed"],
            "resources/templates/list": ["notes://by/{x}", "other://by/{x}"],
        }
        assert client.value("m_n_add", a=1) == 2
        assert client.request("resources/read", uri="other://by/1")["contents"][0]["text"] == (
            "other 1"
        )

    def test_a_server_may_be_mounted_twice(self, serve: Serve) -> None:
        inner = Server("inner")
        inner.tool(name="tool")(lambda: "ok")
        outer = Server("outer")
        outer.mount(inner, "a")
        outer.mount(inner, "b")
        client = serve(outer)
        assert client.text("a_tool") == client.text("b_tool") == "ok"

    def test_a_server_in_itself_is_refused(self) -> None:
        a, b, c = Server("a"), Server("b"), Server("c")
        a.mount(b)
        b.mount(c)
        for server, mounted in ((a, a), (c, a), (b, a), (c, b)):
            with pytest.raises(DefinitionError, match="cannot be mounted in itself"):
                server.mount(mounted)
        c.tool(name="tool")(lambda: 1)
        assert [tool["name"] for tool in listed(a)] == ["tool"]

    def test_what_is_no_server(self) -> None:
        with pytest.raises(DefinitionError, match=r"a Server is mounted, not int.*add_provider"):
            Server("t").mount(5)  # pyright: ignore[reportArgumentType]  # the mistake under test


class TestCollisions:
    def test_are_found_where_they_are_made(self) -> None:
        outer = Server("outer")
        outer.tool(name="add")(lambda: 1)
        with pytest.raises(DefinitionError, match=r"a tool 'add' exists already"):
            outer.mount(notes())
        assert [tool["name"] for tool in listed(outer)] == ["add"], "nothing of it stays"
        outer.mount(notes(), "n")
        with pytest.raises(DefinitionError, match=r"a resource 'notes://fixed' exists already"):
            outer.mount(notes(), "other_prefix_same_uris")

    def test_are_found_at_the_start_at_the_latest(self) -> None:
        outer, inner = Server("outer"), Server("inner")
        outer.mount(inner)
        outer.tool(name="same")(lambda: 1)
        inner.tool(name="same")(lambda: 2)
        with pytest.raises(DefinitionError, match="a tool 'same' exists already"):
            Client(outer, "memory")

    @pytest.mark.parametrize("late", ["inner", "outer"])
    def test_while_it_is_served_are_refused_and_change_nothing(
        self, serve: Serve, late: str
    ) -> None:
        outer, inner = Server("outer"), Server("inner")
        outer.mount(inner)
        (outer if late == "inner" else inner).tool(name="same")(lambda: "first")
        client = serve(outer)
        with pytest.raises(DefinitionError, match="a tool 'same' exists already"):
            (inner if late == "inner" else outer).tool(name="same")(lambda: "second")
        assert client.text("same") == "first"
        (inner if late == "inner" else outer).tool(name="more")(lambda: "more")
        assert client.text("more") == "more"
        assert [tool["name"] for tool in client.entries()] in (["same", "more"], ["more", "same"])


class TestItsOwn:
    """The mounted server keeps what is its own."""

    def test_middleware(self, serve: Serve) -> None:
        inner, outer = notes(), Server("outer")
        seen: list[tuple[str, str, str | None]] = []

        def seeing(name: str) -> Any:
            async def see(call: Call, next: Handler) -> Outcome:
                seen.append((name, call.method, call.target))
                return await next(call)

            return see

        inner.middleware(seeing("inner"))
        inner.middleware(methods={"resources/read"})(seeing("inner reads"))
        outer.middleware(seeing("outer"))
        outer.tool(name="own")(lambda: "own")
        outer.mount(inner, "n")
        client = serve(outer)
        client.call("n_add", a=1)
        client.call("own")
        client.request("prompts/get", name="n_ask", arguments={"topic": "x"})
        client.request("resources/read", uri="notes://by/1")
        client.request("tools/list")
        assert seen == [
            ("outer", "tools/call", "n_add"),
            ("inner", "tools/call", "add"),
            ("outer", "tools/call", "own"),
            ("outer", "prompts/get", "n_ask"),
            ("inner", "prompts/get", "ask"),
            ("outer", "resources/read", "notes://by/1"),
            ("inner", "resources/read", "notes://by/1"),
            ("inner reads", "resources/read", "notes://by/1"),
            ("outer", "tools/list", None),
        ]

    def test_middleware_changes_and_refuses(self, serve: Serve) -> None:
        inner, outer = notes(), Server("outer")

        @inner.middleware
        async def judge(call: Call, next: Handler) -> Outcome:
            if call.arguments.get("a") == 0:
                raise ToolError("Not zero.")
            if call.arguments.get("a") == -1:
                raise PermissionDenied("Rule 7.")
            if call.arguments.get("a") == 5:
                payload = call.payload.replace({"name": "add", "arguments": {"a": 50}})
                return await next(Call(call.method, payload, call.scope))
            return await next(call.with_arguments({"a": 10}))

        outer.mount(inner, "n")
        client = serve(outer)
        assert client.value("n_add", a=1) == 11
        assert client.value("n_add", a=5) == 51
        assert client.failure("n_add", a=0) == "Not zero."
        assert client.refused("tools/call", name="n_add", arguments={"a": -1}).code == 1003

    def test_app_name_threads_and_limits(self, serve: Serve) -> None:
        async def lifespan() -> Any:
            yield "the inner app"

        inner = Server("inner", lifespan=lifespan, text_limit=10, threads=3)
        outer = Server("outer")

        @inner.tool
        async def app(ctx: Context[str]) -> str:
            await ctx.error("logged")
            return ctx.app

        @inner.tool
        def in_thread(ctx: SyncContext[str]) -> str:
            return str(inner.threads.statistics().busy)

        outer.mount(inner, "i")
        client = serve(outer, log_level="debug")
        notices: list[Any] = []
        result = client.request("tools/call", notices.append, name="i_app", arguments={})
        assert result["content"][0]["text"].startswith("the inner \n[cut here")
        assert notices[0].logger == "inner"
        assert client.text("i_in_thread") == "1"
        assert outer.threads.statistics().completed == 0

    def test_errors_name_the_tool_as_the_mounted_server_knows_it(self, serve: Serve) -> None:
        inner, outer = Server("inner"), Server("outer")

        @inner.tool
        def fails() -> str:
            raise ValueError

        outer.mount(inner, "i")
        assert serve(outer).failure("i_fails").startswith("Tool fails failed.")


class TestChanges:
    def test_later_entries_are_served_by_both(self, serve: Serve) -> None:
        inner, middle, outer = Server("inner"), Server("middle"), Server("outer")
        middle.mount(inner, "i")
        outer.mount(middle, "m")
        client = serve(outer)
        with pytest.raises(ProtocolError):
            client.request("tools/list")
        inner.tool(name="tool")(lambda: "ok")
        assert [tool["name"] for tool in client.entries()] == ["m_i_tool"]
        assert client.text("m_i_tool") == "ok"
        inner.add_prompt(lambda: "x", name="ask")
        assert [p["name"] for p in client.entries("prompts/list")] == ["m_i_ask"]

    def test_a_server_mounted_while_serving(self, serve: Serve) -> None:
        """Its entries are served; its lifespan is not run, so only one without may come late."""
        outer = Server("outer")
        outer.tool(name="own")(lambda: "own")
        client = serve(outer)
        outer.mount(notes(), "n")
        assert client.value("n_add", a=1) == 2
