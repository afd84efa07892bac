"""Middleware: around every call or some, in order, free to change, answer and refuse."""

import functools
from typing import Any

import msgspec
import pytest

from interlock import Call, DefinitionError, ProtocolError, Server, TextContent, ToolError
from interlock.protocol.call import Handler, Middleware
from interlock.protocol.errors import PermissionDenied
from interlock.protocol.outcome import Failure, Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.types.tools import CallToolResult
from interlock.server.serving import ServerPeer
from interlock.transport.memory import MemoryConnection
from tests.server.driving import Client, Serve


def add(a: int, b: int = 2) -> int:
    return a + b


def read(x: str) -> str:
    return x


def ask(topic: str) -> str:
    return topic


def served() -> Server:
    server = Server("t")
    server.tool(add)
    server.resource("a:{x}")(read)
    server.prompt(ask)
    return server


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("tools/list", {}),
    ("tools/call", {"name": "add", "arguments": {"a": 1}}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "ask", "arguments": {"topic": "x"}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "a:b"}),
]
METHODS = [method for method, _ in REQUESTS]


class TestAround:
    def test_every_method(self, serve: Serve) -> None:
        server, seen = served(), list[str]()

        @server.middleware
        async def see(call: Call, next: Handler) -> Outcome:
            seen.append(call.method)
            return await next(call)

        client = serve(server)
        for method, params in REQUESTS:
            client.request(method, **params)
        assert seen == METHODS

    def test_some_methods(self, serve: Serve) -> None:
        server, seen = served(), list[str]()

        @server.middleware(methods=["tools/call", "resources/read"])
        async def see(call: Call, next: Handler) -> Outcome:
            seen.append(call.method)
            return await next(call)

        client = serve(server)
        for method, params in REQUESTS:
            client.request(method, **params)
        assert seen == ["tools/call", "resources/read"]

    def test_the_first_added_is_outermost(self, serve: Serve) -> None:
        server, seen = served(), list[str]()

        def logging(name: str) -> Any:
            async def log(call: Call, next: Handler) -> Outcome:
                seen.append(f"{name} in")
                try:
                    return await next(call)
                finally:
                    seen.append(f"{name} out")

            return log

        server.middleware(logging("a"))
        server.middleware(methods={"tools/call"})(logging("b"))
        server.middleware(methods={"tools/list"})(logging("x"))
        server.middleware()(logging("c"))
        serve(server).call("add", a=1)
        assert seen == ["a in", "b in", "c in", "c out", "b out", "a out"]

    def test_objects_and_partials_and_lambdas(self, serve: Serve) -> None:
        server, seen = served(), list[str]()

        class Counter:
            calls = 0

            async def __call__(self, call: Call, next: Handler) -> Outcome:
                self.calls += 1
                return await next(call)

        async def named(name: str, call: Call, next: Handler) -> Outcome:
            seen.append(name)
            return await next(call)

        counter = server.middleware(Counter())
        server.middleware(functools.partial(named, "partial"))
        passing: Middleware = lambda call, next: next(call)  # noqa: E731  # a lambda under test
        server.middleware(passing)
        assert serve(server).value("add", a=1) == 3
        assert (counter.calls, seen) == (1, ["partial"])

    def test_sees_unknown_names_and_failures(self, serve: Serve) -> None:
        server, seen = served(), list[Any]()

        @server.middleware(methods={"tools/call"})
        async def see(call: Call, next: Handler) -> Outcome:
            try:
                outcome = await next(call)
            except ProtocolError as error:
                seen.append((call.target, error.code))
                raise
            assert isinstance(outcome, Result)
            seen.append((call.target, outcome.payload.value.is_error))
            return outcome

        client = serve(server)
        client.refused("tools/call", name="nope", arguments={})
        client.failure("add", a="x")
        assert seen == [("nope", -32602), ("add", True)]


class TestTheCall:
    def test_what_it_shows(self, serve: Serve) -> None:
        server = served()
        seen: dict[str, tuple[Any, ...]] = {}

        @server.middleware
        async def see(call: Call, next: Handler) -> Outcome:
            seen[call.method] = (call.target, call.arguments, call.scope.revision.name)
            return await next(call)

        client = serve(server)
        for method, params in REQUESTS:
            client.request(method, **params)
        assert seen == {
            "tools/list": (None, {}, "2026-07-28"),
            "tools/call": ("add", {"a": 1}, "2026-07-28"),
            "prompts/list": (None, {}, "2026-07-28"),
            "prompts/get": ("ask", {"topic": "x"}, "2026-07-28"),
            "resources/list": (None, {}, "2026-07-28"),
            "resources/templates/list": (None, {}, "2026-07-28"),
            "resources/read": ("a:b", {}, "2026-07-28"),
        }

    def test_arguments_are_a_copy(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def meddle(call: Call, next: Handler) -> Outcome:
            call.arguments["a"] = 100
            call.arguments.clear()
            return await next(call)

        assert serve(server).value("add", a=1) == 3

    def test_with_other_arguments(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call", "prompts/get"})
        async def change(call: Call, next: Handler) -> Outcome:
            if call.method == "prompts/get":
                return await next(call.with_arguments({"topic": "changed"}))
            return await next(call.with_arguments({**call.arguments, "b": 40}))

        client = serve(server)
        assert client.value("add", a=2) == 42
        assert (
            client.request("tools/call", name="add", arguments={"a": 2, "b": 1})[
                "structuredContent"
            ]
            == 42
        )
        got = client.request("prompts/get", name="ask", arguments={"topic": "x"})
        assert got["messages"][0]["content"]["text"] == "changed"

    def test_changed_arguments_are_judged_like_any(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def change(call: Call, next: Handler) -> Outcome:
            return await next(call.with_arguments({"a": "x"}))

        assert "$.a" in serve(server).failure("add", a=1)

    def test_of_another_target(self, serve: Serve) -> None:
        """Params may be replaced as a plain object, for what `with_arguments` does not cover."""
        server = served()
        params: dict[str, dict[str, Any]] = {
            "tools/call": {"name": "add", "arguments": {"a": 10}},
            "prompts/get": {"name": "ask", "arguments": {"topic": "changed"}},
            "resources/read": {"uri": "a:changed"},
        }

        @server.middleware(methods=params)
        async def change(call: Call, next: Handler) -> Outcome:
            payload = call.payload.replace(params[call.method])
            return await next(Call(call.method, payload, call.scope))

        client = serve(server)
        assert client.value("nope", a=1) == 12
        got = client.request("prompts/get", name="nope")
        assert got["messages"][0]["content"]["text"] == "changed"
        assert client.request("resources/read", uri="x:y")["contents"][0]["text"] == "changed"

    def test_of_a_malformed_target_is_refused(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def change(call: Call, next: Handler) -> Outcome:
            return await next(Call(call.method, call.payload.replace({"name": 5}), call.scope))

        assert serve(server).refused("tools/call", name="add", arguments={}).code == -32602


class TestOutcomes:
    def test_may_be_answered_without_the_handler(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def cached(call: Call, next: Handler) -> Outcome:
            return Result(Payload(CallToolResult(content=[TextContent("from the cache")])))

        @server.middleware(methods={"resources/read"})
        async def closed(call: Call, next: Handler) -> Outcome:
            return Failure(1001, "Closed.", {"until": "noon"})

        client = serve(server)
        assert client.text("add", a="anything") == "from the cache"
        error = client.refused("resources/read", uri="a:b")
        assert (error.code, error.message, error.data) == (1001, "Closed.", {"until": "noon"})

    def test_may_be_a_plain_object(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def cached(call: Call, next: Handler) -> Outcome:
            return Result(Payload({"content": [{"type": "text", "text": "plain"}], "x-own": 1}))

        assert serve(server).call("add", a=1) == {
            "content": [{"type": "text", "text": "plain"}],
            "x-own": 1,
        }

    def test_may_be_changed(self, serve: Serve) -> None:
        server = served()

        @server.middleware(methods={"tools/call"})
        async def sign(call: Call, next: Handler) -> Outcome:
            outcome = await next(call)
            assert isinstance(outcome, Result)
            changed = msgspec.structs.replace(outcome.payload.value, meta={"com.example/signed": 1})
            return Result(outcome.payload.replace(changed))

        @server.middleware(methods={"tools/list"})
        async def hide(call: Call, next: Handler) -> Outcome:
            outcome = await next(call)
            assert isinstance(outcome, Result)
            members = dict(outcome.payload.value)
            members["tools"] = [tool for tool in members["tools"] if tool["name"] != "add"]
            return Result(outcome.payload.replace(members))

        client = serve(server)
        assert client.call("add", a=1)["_meta"] == {"com.example/signed": 1}
        assert client.entries() == []
        assert server.catalogue.table("tools"), "what is listed to others is not touched"

    @pytest.mark.spec("TOOLS-55", "RES-30", "L1105-TOOL-07")
    def test_may_be_a_refusal(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        server = served()

        @server.middleware
        async def deny(call: Call, next: Handler) -> Outcome:
            raise PermissionDenied("Rule 7.", data={"rule": 7})

        client = serve(server)
        for method, params in REQUESTS:
            error = client.refused(method, **params)
            assert (error.code, error.message, error.data) == (1003, "Rule 7.", {"rule": 7})
        assert caplog.records == []

    def test_a_tool_error_is_told_to_the_model(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = served()

        @server.middleware
        async def outer(call: Call, next: Handler) -> Outcome:
            return await next(call)

        @server.middleware
        async def refuse(call: Call, next: Handler) -> Outcome:
            raise ToolError("Not on Sundays.")

        client = serve(server)
        assert client.failure("add", a=1) == "Not on Sundays."
        for method, params in REQUESTS:
            if method != "tools/call":
                error = client.refused(method, **params)
                assert (error.code, error.message) == (-32603, "Not on Sundays.")
        assert caplog.records == []

    @pytest.mark.parametrize("wrong", [None, {"content": []}, "text", CallToolResult(content=[])])
    def test_that_are_none_are_named_in_the_log(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, wrong: Any
    ) -> None:
        server = served()

        @server.middleware
        async def forgetful(call: Call, next: Handler) -> Outcome:
            await next(call)
            return wrong

        assert serve(server).refused("tools/call", name="add", arguments={"a": 1}).code == -32603
        assert "forgetful returned " in caplog.text
        assert "return what `await next(call)` gives" in caplog.text

    def test_a_handler_may_be_called_twice_or_never(self, serve: Serve) -> None:
        server, calls = Server("t"), list[int]()

        @server.tool
        async def flaky(a: int) -> int:
            calls.append(a)
            if len(calls) < 3:
                raise ProtocolError("Try again.", code=1001)
            return a

        @server.middleware(methods={"tools/call"})
        async def retry(call: Call, next: Handler) -> Outcome:
            for _ in range(5):
                try:
                    return await next(call)
                except ProtocolError:
                    continue
            return Failure(1001, "Given up.")

        assert serve(server).value("flaky", a=7) == 7
        assert calls == [7, 7, 7]


class TestDefinitions:
    @pytest.mark.parametrize(
        ("methods", "message"),
        [
            (
                {"tools/cal"},
                r"middleware for 'tools/cal': no such method; did you mean 'tools/call'",
            ),
            ({"nothing/like/it"}, "no such method"),
            ("tools/call", r"write methods=\{'tools/call'\}"),
            ({"initialize"}, "the connection answers it itself, so middleware never sees it"),
            ({"server/discover", "tools/call"}, "the connection answers it itself"),
            ({"ping"}, "the connection answers it itself"),
        ],
    )
    def test_methods_that_are_never_seen(self, methods: Any, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            Server("t").middleware(methods=methods)

    def test_what_is_no_middleware(self) -> None:
        async def one(call: Call) -> Any: ...
        async def three(call: Call, next: Handler, more: int) -> Any: ...

        mistakes: list[tuple[Any, str]] = [
            (one, r"middleware .*one must take a call and the next handler: write `async def"),
            (three, "must take a call and the next handler"),
            (5, "must take a call and the next handler"),
            ("tools/call", r"@server\.middleware\(methods=\{'tools/call'\}\)"),
        ]
        for mistake, message in mistakes:
            server = Server("t")
            with pytest.raises(DefinitionError, match=message):
                server.middleware(mistake)
            assert server.layers == []

    def test_without_any_nothing_is_wrapped(self) -> None:
        server = served()
        with Client(server, "memory") as client:
            assert isinstance(client.caller, MemoryConnection)
            peer = client.caller._peer
            assert isinstance(peer, ServerPeer)
            assert peer.handler("tools/call") == peer._call_tool
