"""The public face: what can be offered, how it is listed, and what is said of the rest."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from interlock import (
    Annotations,
    Context,
    DefinitionError,
    Icon,
    Server,
    SyncContext,
    ToolAnnotations,
)
from interlock.protocol.revisions import REVISIONS
from tests.server import string_annotations
from tests.server.driving import LEGACY, Serve, listed, ok


def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


async def add_later(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


class Adder:
    """Adds up."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, a: int) -> int:
        """Add to the total."""
        self.total += a
        return self.total

    def method(self, a: int) -> int:
        """Add to the total."""
        return self(a)

    @classmethod
    def of_class(cls, a: int) -> str:
        """Name the class."""
        return f"{cls.__name__} {a}"

    @staticmethod
    def static(a: int) -> int:
        """Double it."""
        return 2 * a


MISUSE: list[tuple[Callable[[Any], Any], str]] = [
    (lambda s: s.tool("add"), r"@server\.tool\(name='add'\)"),
    (lambda s: s.prompt("ask"), r"@server\.prompt\(name='ask'\)"),
    (lambda s: s.resource(add), r"@server\.resource\(\"scheme:path\"\)"),
    (lambda s: s.middleware("tools/call"), r"@server\.middleware\(methods=\{'tools/call'"),
    (lambda s: s.resource(5), "a URI is text"),
]


class TestDecorators:
    def test_return_the_function_unchanged(self) -> None:
        server = Server("t")
        assert server.tool(add) is add
        assert server.tool(name="other")(add) is add
        assert server.prompt(string_annotations.ask) is string_annotations.ask
        assert server.prompt(name="other")(string_annotations.ask) is string_annotations.ask
        assert server.resource("a:b")(string_annotations.read) is string_annotations.read

        async def audit(call: Any, next: Any) -> Any:
            return await next(call)

        assert server.middleware(audit) is audit
        assert server.middleware(methods={"tools/call"})(audit) is audit
        assert add(1) == 3, "the function is still an ordinary one"

    def test_work_with_and_without_arguments(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        def plain(a: int) -> int:
            return a

        @server.tool()
        def empty(a: int) -> int:
            return a

        @server.tool(name="named", description="Gives it back.")
        async def other(a: int) -> int:
            return a

        @server.prompt
        def ask(topic: str) -> str:
            return topic

        @server.prompt()
        def ask_more(topic: str) -> str:
            return topic

        client = serve(server)
        assert [tool["name"] for tool in client.entries()] == ["plain", "empty", "named"]
        assert [client.value(name, a=5) for name in ("plain", "empty", "named")] == [5, 5, 5]
        assert [p["name"] for p in client.entries("prompts/list")] == ["ask", "ask_more"]

    def test_options_that_do_not_exist_are_named(self) -> None:
        with pytest.raises(TypeError, match=r"tool\(\) got an unexpected keyword argument 'nme'"):
            Server("t").tool(nme="x")  # pyright: ignore[reportCallIssue]  # the mistake under test

    @pytest.mark.parametrize(("mistake", "remedy"), MISUSE)
    def test_misuse_is_told_with_its_remedy(
        self, mistake: Callable[[Any], Any], remedy: str
    ) -> None:
        with pytest.raises(DefinitionError, match=remedy):
            mistake(Server("t"))


class TestForms:
    """Everything that can be called can be a tool."""

    @pytest.mark.parametrize(
        ("function", "name", "description", "answer"),
        [
            (lambda: add, "add", "Add two numbers.", 3),
            (lambda: add_later, "add_later", "Add two numbers.", 3),
            (lambda: functools.partial(add, b=10), "add", "Add two numbers.", 11),
            (lambda: functools.partial(add_later, b=10), "add_later", "Add two numbers.", 11),
            (lambda: Adder().method, "method", "Add to the total.", 1),
            (lambda: Adder.static, "static", "Double it.", 2),
            (lambda: Adder(), "Adder", "Adds up.", 1),
        ],
    )
    def test_serves(
        self, serve: Serve, function: Any, name: str, description: str, answer: int
    ) -> None:
        server = Server("t")
        server.tool(function())
        client = serve(server)
        (tool,) = client.entries()
        assert (tool["name"], tool["description"]) == (name, description)
        assert tool["inputSchema"]["properties"]["a"] == {"type": "integer"}
        assert client.value(name, a=1) == answer

    def test_class_methods_serve(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(Adder.of_class)
        assert serve(server).text("of_class", a=1) == "Adder 1"

    def test_methods_keep_their_object(self, serve: Serve) -> None:
        adder = Adder()
        server = Server("t")
        server.tool(adder.method)
        client = serve(server)
        client.call("method", a=3)
        client.call("method", a=4)
        assert adder.total == 7

    def test_lambdas_serve_under_a_given_name(self, serve: Serve) -> None:
        server = Server("t")
        server.add_tool(lambda: "hello", name="greet")
        assert serve(server).text("greet") == "hello"

    def test_a_wrapped_async_function_is_awaited(self, serve: Serve) -> None:
        """Most decorators wrap an async function in a plain one that returns its coroutine."""

        def logged(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return function(*args, **kwargs)

            return wrapper

        server = Server("t")
        server.tool(logged(add_later))
        server.tool(thread=False, name="on_loop")(logged(add_later))
        client = serve(server)
        assert client.value("add_later", a=1) == 3
        assert client.value("on_loop", a=1) == 3

    def test_programmatic_forms_equal_the_decorators(self) -> None:
        decorated, added = Server("t"), Server("t")
        options: dict[str, Any] = {
            "title": "Title",
            "description": "Says.",
            "icons": [Icon("https://example.com/i.png")],
            "meta": {"com.example/a": 1},
        }
        decorated.tool(name="n", annotations={"readOnlyHint": True}, **options)(add)
        added.add_tool(add, name="n", annotations={"readOnlyHint": True}, **options)
        decorated.resource("a:b", name="n", mime_type="text/csv", size=3, **options)(
            string_annotations.read
        )
        added.add_resource(
            string_annotations.read, "a:b", name="n", mime_type="text/csv", size=3, **options
        )
        decorated.prompt(name="n", **options)(string_annotations.ask)
        added.add_prompt(string_annotations.ask, name="n", **options)
        for method in ("tools/list", "resources/list", "prompts/list"):
            assert listed(decorated, method) == listed(added, method)


class TestAnnotations:
    def test_text_annotations_are_read(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(string_annotations.place)
        client = serve(server)
        (tool,) = client.entries()
        assert tool["inputSchema"]["properties"]["city"]["type"] == "object"
        assert client.value("place", city={"name": "Oslo"}) == {"name": "Oslo"}

    def test_types_local_to_a_function_are_found(self, serve: Serve) -> None:
        server = Server("t")

        @dataclass
        class Point:
            x: int

        @server.tool
        def direct(point: "Point") -> "Point":
            return point

        @server.tool(title="With arguments")
        def with_arguments(point: "list[Point]") -> "Point":
            return point[0]

        def programmatic(point: "Point") -> "Point":
            return point

        server.add_tool(programmatic)

        @server.prompt
        def ask(point: "Point") -> str:
            return str(point.x)

        def ask_more(point: "Point") -> str:
            return str(point.x)

        server.add_prompt(ask_more)

        @server.resource("a:{x}")
        def read(x: "int") -> "Point":
            return Point(x)

        def read_more(x: "int") -> "Point":
            return Point(x)

        server.add_resource(read_more, "b:{x}")
        client = serve(server)
        assert client.value("direct", point={"x": 1}) == {"x": 1}
        assert client.value("with_arguments", point=[{"x": 1}]) == {"x": 1}
        assert client.value("programmatic", point={"x": 1}) == {"x": 1}
        for name in ("ask", "ask_more"):
            got = client.request("prompts/get", name=name, arguments={"point": '{"x": 7}'})
            assert got["messages"][0]["content"]["text"] == "7"
        for uri in ("a:4", "b:4"):
            assert client.request("resources/read", uri=uri)["contents"][0]["text"] == '{"x":4}'

    def test_a_name_that_does_not_exist_is_told(self) -> None:
        def wrong(a: Any) -> int:
            return 1

        wrong.__annotations__["a"] = "Missing"
        server = Server("t")
        with pytest.raises(DefinitionError, match=r"parameter 'a'.*'Missing'.*import it at run"):
            server.tool(wrong)

    def test_a_context_is_no_argument(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        async def first(ctx: Context, a: int) -> int:
            return a if ctx.client.name == "memory" else -1

        @server.tool
        async def last(a: int, ctx: "Context[None] | None" = None) -> int:
            return a if ctx is not None else -1

        client = serve(server)
        assert all(set(t["inputSchema"]["properties"]) == {"a"} for t in client.entries())
        assert client.value("first", a=1) == client.value("last", a=1) == 1
        assert "ctx" in client.failure("last", a=1, ctx=None)


class TestListing:
    """What the entries of lists hold."""

    def test_a_bare_tool(self) -> None:
        server = Server("t")

        @server.tool
        def bare() -> str:
            return ""

        assert listed(server) == [
            {
                "name": "bare",
                "inputSchema": {
                    "type": "object",
                    "properties": {},
                    "additionalProperties": False,
                },
            }
        ]

    @pytest.mark.spec("TOOLS-18", "L1125-SCH-03")
    def test_all_options(self) -> None:
        server = Server("t")
        icon = Icon("https://example.com/i.png", mime_type="image/png", sizes=["48x48"])
        server.tool(
            name="full",
            title="Full",
            description="Has it all.",
            annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
            icons=[icon],
            meta={"com.example/team": "core", "io.modelcontextprotocol/ui": {"x": 1}},
        )(add)
        assert listed(server) == [
            {
                "name": "full",
                "title": "Full",
                "description": "Has it all.",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "a": {"type": "integer"},
                        "b": {"type": "integer", "default": 2},
                    },
                    "required": ["a"],
                    "additionalProperties": False,
                },
                "outputSchema": {"type": "integer"},
                "annotations": {"readOnlyHint": True, "openWorldHint": False},
                "icons": [
                    {
                        "src": "https://example.com/i.png",
                        "mimeType": "image/png",
                        "sizes": ["48x48"],
                    }
                ],
                "_meta": {"com.example/team": "core", "io.modelcontextprotocol/ui": {"x": 1}},
            }
        ]

    @pytest.mark.parametrize("revision", REVISIONS)
    def test_free_annotations_are_listed_as_they_are(self, serve_raw: Serve, revision: str) -> None:
        server = Server("t")
        given: dict[str, Any] = {
            "readOnlyHint": False,
            "x-mcp-requires-confirmation": True,
            "x-deep": {"a": [1, None, "\u00e9"]},
        }
        server.tool(annotations=given)(add)
        given["x-deep"] = "changed afterwards"
        (tool,) = serve_raw(server, revision=revision).entries()
        assert tool.get("annotations") == (
            None
            if revision == "2024-11-05"
            else {
                "readOnlyHint": False,
                "x-mcp-requires-confirmation": True,
                "x-deep": {"a": [1, None, "\u00e9"]},
            }
        )

    def test_a_resource_with_all_options(self) -> None:
        server = Server("t")
        server.resource(
            "file:///a%20b.csv",
            name="table",
            title="Table",
            description="Numbers.",
            mime_type="text/csv",
            size=12,
            annotations=Annotations(audience=["user"], priority=0.5, last_modified="2026-01-01"),
            icons=[Icon("https://example.com/i.png")],
            meta={"com.example/a": 1},
        )(string_annotations.read)
        assert listed(server, "resources/list") == [
            {
                "uri": "file:///a%20b.csv",
                "name": "table",
                "title": "Table",
                "description": "Numbers.",
                "mimeType": "text/csv",
                "size": 12,
                "annotations": {
                    "audience": ["user"],
                    "priority": 0.5,
                    "lastModified": "2026-01-01",
                },
                "icons": [{"src": "https://example.com/i.png"}],
                "_meta": {"com.example/a": 1},
            }
        ]

    @pytest.mark.spec("RES-09")
    def test_a_template_with_all_options(self) -> None:
        server = Server("t")

        @server.resource("weather://{city}/now", title="Now", mime_type="text/plain", size=12)
        def now(city: str) -> str:
            """The weather now."""
            return city

        assert listed(server, "resources/templates/list") == [
            {
                "uriTemplate": "weather://{city}/now",
                "name": "now",
                "title": "Now",
                "description": "The weather now.",
                "mimeType": "text/plain",
            }
        ]
        assert listed(server, "resources/list") == []

    def test_a_prompt_with_all_options(self) -> None:
        server = Server("t")

        @server.prompt(title="Ask", icons=[Icon("data:image/png;base64,AA==")], meta={"a": 1})
        def ask(topic: str, depth: int = 1) -> str:
            """Ask about a topic.

            Args:
                topic: what it is about
                depth: how deep to go
            """
            return topic * depth

        assert listed(server, "prompts/list") == [
            {
                "name": "ask",
                "title": "Ask",
                "description": "Ask about a topic.",
                "icons": [{"src": "data:image/png;base64,AA=="}],
                "_meta": {"a": 1},
                "arguments": [
                    {"name": "topic", "description": "what it is about", "required": True},
                    {"name": "depth", "description": "how deep to go"},
                ],
            }
        ]

    def test_icons_may_be_plain_objects(self) -> None:
        server = Server("t", icons=[{"src": "https://example.com/i.png"}])  # pyright: ignore[reportArgumentType]  # JSON as a configuration file holds it
        assert server.info["icons"] == [{"src": "https://example.com/i.png"}]

    @pytest.mark.spec("TOOLS-08", "TOOLS-26")
    def test_the_order_is_that_of_definition(self) -> None:
        server = Server("t")
        names = [f"tool_{(7 * n) % 40}" for n in range(40)]
        for name in names:
            server.tool(name=name)(add)
        assert [tool["name"] for tool in listed(server)] == names


class TestRefusals:
    """Definitions that cannot work are refused where they are made, with the remedy."""

    @pytest.mark.spec("TOOLS-22", "TOOLS-24", "TOOLS-25", "L1125-TOOL-01")
    @pytest.mark.parametrize(
        "name", ["two words", "a,b", "a" * 129, "é", "a/b", "name\n", "read_file\u200d", "$x"]
    )
    def test_names_that_clients_refuse(self, name: str) -> None:
        server = Server("t")
        for define in (
            lambda: server.tool(name=name)(add),
            lambda: server.add_tool(ok, name=name, input_schema={"type": "object"}),
            lambda: server.prompt(name=name)(string_annotations.ask),
        ):
            with pytest.raises(DefinitionError, match=r"use 1 to 128 of A-Z, a-z, 0-9"):
                define()
        assert names_of(server) == []

    @pytest.mark.spec("TOOLS-22")
    def test_the_longest_name(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(name="a.b-C_9" + "x" * 121)(add)
        assert serve(server).value("a.b-C_9" + "x" * 121, a=1) == 3

    @pytest.mark.spec("TOOLS-26")
    def test_names_taken_twice(self) -> None:
        server = Server("t")
        server.tool(add)
        with pytest.raises(DefinitionError, match=r"a tool 'add' exists already.*another name"):
            server.tool(add)
        with pytest.raises(DefinitionError, match="a tool 'add' exists already"):
            server.add_tool(ok, name="add", input_schema={"type": "object"})
        server.prompt(name="add")(string_annotations.ask)
        with pytest.raises(DefinitionError, match="a prompt 'add' exists already"):
            server.prompt(name="add")(string_annotations.ask)
        server.resource("a:b")(string_annotations.read)
        with pytest.raises(DefinitionError, match="a resource 'a:b' exists already"):
            server.resource("a:b", name="other")(string_annotations.read)
        server.resource("a:{x}")(echo)
        with pytest.raises(DefinitionError, match=r"a template 'a:\{x\}' exists already"):
            server.resource("a:{x}")(echo)
        assert names_of(server) == ["add"]

    @pytest.mark.spec("TOOLS-23")
    def test_names_differ_by_case(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(name="Add")(add)
        client = serve(server)
        assert client.refused("tools/call", name="add", arguments={"a": 1}).code == -32602
        server.tool(name="add")(add)
        assert client.value("add", a=1) == 3

    @pytest.mark.parametrize(
        ("meta", "message"),
        [
            ({"mcp.dev/x": 1}, "'mcp.dev/x' is reserved for MCP"),
            ({"com.mcp/x": 1}, "'com.mcp/x' is reserved for MCP"),
            ({"com.mcp.tools/x": 1}, "reserved for MCP"),
            ({"modelcontextprotocol.io/x": 1}, "reserved for MCP"),
            ({"a b/x": 1}, "as in 'com.example/name'"),
            ({"/x": 1}, "malformed"),
            ({"x-": 1}, "malformed"),
            ({(1,): 1}, "keys of a JSON object are text"),
            ({"a": object()}, r"_meta: \$\.a: .*object.* no JSON form"),
            ({"a": [float("nan")]}, r"_meta: \$\.a\[0\]: nan"),
            ({"a": "\ud800"}, r"_meta: \$\.a: .*half a character"),
        ],
    )
    @pytest.mark.spec("L0618-META-01", "L0618-META-02", "L1125-META-01")
    def test_meta_that_may_not_be(self, meta: Any, message: str) -> None:
        server = Server("t")
        for define in (
            lambda: server.tool(meta=meta)(add),
            lambda: server.prompt(meta=meta)(string_annotations.ask),
            lambda: server.resource("a:b", meta=meta)(string_annotations.read),
        ):
            with pytest.raises(DefinitionError, match=message):
                define()

    @pytest.mark.spec("L0618-META-01", "L1125-META-01")
    @pytest.mark.parametrize("key", ["a", "", "com.example/", "com.example.mcp/x", "x.y/a.b_c-1"])
    def test_meta_that_may_be(self, key: str) -> None:
        server = Server("t")
        server.tool(meta={key: 1})(add)
        assert listed(server)[0]["_meta"] == {key: 1}

    @pytest.mark.parametrize(
        ("annotations", "message"),
        [
            ({"x": object()}, r"annotations: \$\.x"),
            ({"x": float("inf")}, r"annotations: \$\.x: inf"),
            (["readOnlyHint"], "annotations= is a mapping"),
            ({"readOnlyHint": "yes"}, "readOnlyHint"),
            ({"title": 5}, "title"),
        ],
    )
    def test_annotations_that_no_client_reads(self, annotations: Any, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            Server("t").tool(annotations=annotations)(add)

    @pytest.mark.parametrize(
        ("annotations", "message"),
        [
            ({"audience": ["model"]}, "audience"),
            ({"priority": 2}, "priority"),
            ({"priority": "high"}, "priority"),
            ({"lastModified": "yesterday"}, "lastModified"),
        ],
    )
    @pytest.mark.spec("RES-19", "L0618-ANN-01")
    def test_annotations_of_resources(self, annotations: Any, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            Server("t").resource("a:b", annotations=annotations)(string_annotations.read)

    @pytest.mark.parametrize(
        ("icons", "message"),
        [
            ([Icon("javascript:alert(1)")], "https: or data:"),
            ([Icon("http://169.254.169.254/")], "https: or data:"),
            ([Icon("file:///etc/passwd")], "https: or data:"),
            (["https://example.com/i.png"], "Icon"),
        ],
    )
    def test_icons_that_no_client_loads(self, icons: Any, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            Server("t").tool(icons=icons)(add)
        with pytest.raises(DefinitionError, match=message):
            Server("t", icons=icons)

    def test_what_is_no_tool(self) -> None:
        server = Server("t")

        def numbers() -> Any:
            yield 1

        mistakes: list[tuple[Any, str]] = [
            (numbers, "is a generator.*return a list"),
            (dict, "is a class"),
            (lambda: 1, "a lambda has no name; give one with name="),
            (Adder.method, "register the bound method"),
            (5, "cannot be called"),
        ]
        for mistake, message in mistakes:
            with pytest.raises(DefinitionError, match=message):
                server.tool(mistake)

    def test_contexts_that_do_not_fit_their_function(self) -> None:
        server = Server("t")

        async def blocking(ctx: SyncContext) -> None: ...

        with pytest.raises(DefinitionError, match=r"'ctx'.*async.*annotate it with Context"):
            server.tool(blocking)

        def on_loop(ctx: SyncContext) -> None: ...

        with pytest.raises(DefinitionError, match=r"thread=False.*annotate it with Context"):
            server.tool(thread=False)(on_loop)

    def test_a_context_that_nothing_could_await(self, serve: Serve) -> None:
        """Its methods would make coroutines that nobody runs, and say nothing of it."""
        server = Server("t")

        def sync(ctx: Context) -> None: ...

        for define in (
            lambda: server.tool(sync),
            lambda: server.prompt(sync),
            lambda: server.resource("a:b")(sync),
            lambda: server.add_tool(sync, input_schema={"type": "object"}),
        ):
            with pytest.raises(DefinitionError, match=r"'ctx' is a Context.*with SyncContext"):
                define()

        @server.tool(thread=False)
        def attributes(ctx: Context) -> str:
            return ctx.client.name

        async def later(ctx: Context) -> str:
            await ctx.info("said")
            return ctx.client.name

        @server.tool
        @functools.wraps(later)
        def wrapping(*args: Any, **kwargs: Any) -> Any:
            return later(*args, **kwargs)

        client = serve(server)
        assert client.text("attributes") == client.text("later") == "memory"

    def test_threads_are_for_sync_functions(self) -> None:
        with pytest.raises(DefinitionError, match=r"thread=True.*async"):
            Server("t").tool(thread=True)(add_later)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"name": ""}, "a server needs a name"),
            ({"name": 5}, "a server needs a name"),
            ({"page_size": 0}, "page_size"),
            ({"text_limit": 0}, "text_limit"),
            ({"threads": 0}, "threads"),
            ({"list_ttl_seconds": float("nan")}, "list_ttl_seconds"),
            ({"list_ttl_seconds": -1}, "list_ttl_seconds"),
            ({"seal_keys": [b"short"]}, "32"),
            ({"seal_keys": b"x" * 32}, "sequence of keys"),
            ({"lifespan": 42}, "lifespan"),
        ],
    )
    def test_servers_that_cannot_be(self, options: dict[str, Any], message: str) -> None:
        given: dict[str, Any] = {"name": "t", **options}
        with pytest.raises(DefinitionError, match=message):
            Server(**given)

    def test_transports_that_are_not_there(self) -> None:
        with pytest.raises(DefinitionError, match="unknown transport 'carrier-pigeon'"):
            Server("t").run("carrier-pigeon")  # pyright: ignore[reportArgumentType]  # the mistake under test


class TestWhoItIs:
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.spec("L1105-LIFE-02", "L1125-IMP-01", "DISC-01", "DISC-03", "DISC-09", "DISC-12")
    def test_the_same_in_every_revision(self, serve_raw: Serve, revision: str) -> None:
        server = Server(
            "weather",
            "2.1.0",
            title="Weather",
            description="Says.",
            instructions="Ask by city.",
            website_url="https://example.com",
            icons=[Icon("https://example.com/i.png")],
        )
        server.tool(add)
        client = serve_raw(server, revision=revision)
        if revision in LEGACY:
            told = client.opened
            info = told["serverInfo"]
        else:
            told = client.request("server/discover")
            info = told["_meta"]["io.modelcontextprotocol/serverInfo"]
        assert told["instructions"] == "Ask by city."
        assert told["capabilities"] == {"tools": {}}
        assert (info["name"], info["version"]) == ("weather", "2.1.0")
        assert ("title" in info) is (revision >= "2025-06-18")
        assert ("icons" in info) is ("websiteUrl" in info) is (revision >= "2025-11-25")

    def test_repr_is_short(self) -> None:
        assert repr(Server("weather", "1.0")) == "Server('weather', '1.0')"


def names_of(server: Server) -> list[str]:
    return [entry.key for entry in server.catalogue if entry.kind == "tools"]


def echo(x: str) -> str:
    return x
