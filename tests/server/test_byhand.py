"""Schemas written by hand: listed byte for byte, enforced, for every form of handler."""

import functools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Context, DefinitionError, Server, SyncContext, ToolError, ToolResult
from interlock.protocol.json import encode
from interlock.protocol.revisions import REVISIONS
from tests.server.driving import Client, Serve, listed, ok

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "b": {"type": "integer", "minimum": 1, "default": 2.0},
        "a": {"type": "string", "description": "first\u2028é", "x-own": [None, 1e300]},
    },
    "additionalProperties": False,
    "$comment": "kept as it is",
}


def handler(a: str, b: int = 2) -> str:
    """What it does."""
    return a * b


class TestListing:
    @pytest.mark.spec("TOOLS-18", "L1125-SCH-03")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_byte_for_byte(self, serve_raw: Serve, revision: str) -> None:
        server = Server("t")
        server.add_tool(handler, input_schema=SCHEMA, output_schema={"type": "object"})
        (tool,) = serve_raw(server, revision=revision).entries()
        assert encode(tool["inputSchema"]) == encode(SCHEMA)
        if revision >= "2025-06-18":
            assert encode(tool["outputSchema"]) == encode({"type": "object"})

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=10,
        )
    )
    def test_whatever_it_holds(self, value: Any) -> None:
        schema = {"type": "object", "x-held": value}
        server = Server("t")
        server.add_tool(ok, name="t", input_schema=schema)
        (entry,) = server.catalogue.table("tools").values()
        assert encode(entry.listed["inputSchema"]) == encode(schema)

    def test_a_later_change_of_the_schema_changes_nothing(self, serve: Serve) -> None:
        schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
        server = Server("t")
        server.add_tool(ok, name="t", input_schema=schema)
        schema["properties"]["a"]["type"] = "integer"
        client = serve(server)
        assert client.entries()[0]["inputSchema"]["properties"]["a"] == {"type": "string"}
        assert client.text("t", a="text") == "ok"

    def test_name_and_description_are_those_of_the_function(self) -> None:
        server = Server("t")
        server.add_tool(handler, input_schema=SCHEMA)
        server.add_tool(functools.partial(handler, b=3), name="p", input_schema=SCHEMA_A)
        server.add_tool(functools.partial(other, b="x"), input_schema=SCHEMA_A)
        server.add_tool(handler, name="said", description="Own words.", input_schema=SCHEMA)
        found = [(tool["name"], tool["description"]) for tool in listed(server)]
        assert found == [
            ("handler", "What it does."),
            ("p", "What it does."),
            ("other", "Another."),
            ("said", "Own words."),
        ]


SCHEMA_A: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
}


def other(a: str, b: str) -> str:
    """Another."""
    return a + b


class Handlers:
    """Handlers of every form; each gives back what it got."""

    def by_name(self, a: str, b: int = 2) -> list[Any]:
        return ["by name", a, b]

    async def by_name_later(self, a: str, b: int = 2) -> list[Any]:
        return ["by name", a, b]

    def any_name(self, **arguments: Any) -> list[Any]:
        return ["any", arguments]

    def some_and_any(self, a: str, **more: Any) -> list[Any]:
        return ["some", a, more]

    def whole(self, arguments: Mapping[str, Any]) -> list[Any]:
        return ["whole", arguments]

    async def whole_later(self, arguments: Mapping[str, Any], ctx: Context) -> list[Any]:
        return ["whole", arguments, ctx.client.name]

    def with_context(self, a: str, ctx: SyncContext[None], b: int = 2) -> list[Any]:
        return ["by name", a, b, ctx.client.name]

    async def with_optional_context(
        self, a: str, b: int = 2, *, ctx: "Context[None] | None" = None
    ) -> list[Any]:
        return ["by name", a, b, ctx is not None]

    async def any_with_context(self, ctx: Context, **arguments: Any) -> list[Any]:
        return ["any", arguments, ctx.client.name]


class Callable:
    async def __call__(self, a: str, b: int = 2) -> list[Any]:
        return ["by name", a, b]


HANDLERS = Handlers()


def _plain(a: str, b: int = 2) -> list[Any]:
    return ["by name", a, b]


def _wrapping(**found: Any) -> Any:
    return HANDLERS.by_name_later(**found)


FORMS: list[tuple[Any, list[Any]]] = [
    (HANDLERS.by_name, ["by name", "x", 2]),
    (HANDLERS.by_name_later, ["by name", "x", 2]),
    (HANDLERS.any_name, ["any", {"a": "x"}]),
    (HANDLERS.some_and_any, ["some", "x", {}]),
    (HANDLERS.whole, ["whole", {"a": "x"}]),
    (HANDLERS.whole_later, ["whole", {"a": "x"}, "memory"]),
    (HANDLERS.with_context, ["by name", "x", 2, "memory"]),
    (HANDLERS.with_optional_context, ["by name", "x", 2, True]),
    (HANDLERS.any_with_context, ["any", {"a": "x"}, "memory"]),
    (Callable(), ["by name", "x", 2]),
    (functools.partial(HANDLERS.by_name, b=9), ["by name", "x", 9]),
    (functools.partial(HANDLERS.by_name_later, b=9), ["by name", "x", 9]),
    (_plain, ["by name", "x", 2]),
    (_wrapping, ["by name", "x", 2]),
]


class TestForms:
    @pytest.mark.parametrize(("form", "expected"), FORMS)
    def test_gets_its_arguments(self, serve: Serve, form: Any, expected: list[Any]) -> None:
        server = Server("t")
        server.add_tool(form, name="t", input_schema=SCHEMA, output_schema={"type": "array"})
        client = serve(server)
        assert client.value("t", a="x") == expected
        assert client.value("t", a="x", b=5) not in (expected, None), "b arrives as well"

    def test_runs_on_the_loop_where_asked(self, serve: Serve) -> None:
        import threading

        server = Server("t")

        def on_main() -> bool:
            return threading.current_thread() is threading.main_thread()

        for name, thread in (("loop", False), ("thread", None)):
            server.add_tool(
                on_main,
                name=name,
                input_schema={"type": "object"},
                output_schema={"type": "boolean"},
                thread=thread,
            )
        client = serve(server)
        assert client.value("loop") is True
        assert client.value("thread") is False

    def test_what_the_schema_allows_but_nobody_takes_is_dropped(self, serve: Serve) -> None:
        server = Server("t")
        server.add_tool(other_default, input_schema=SCHEMA_A)
        assert serve(server).text("other_default", a="x", unknown=1, b="forged") == "xb"

    def test_the_context_cannot_be_forged(self, serve: Serve) -> None:
        server = Server("t")
        server.add_tool(HANDLERS.any_with_context, name="t", input_schema={"type": "object"})
        text = serve(server).text("t", ctx="forged", x=1)
        assert text == '["any",{"x":1},"memory"]'

    def test_a_context_makes_the_server_log(self) -> None:
        server = Server("t")
        server.add_tool(HANDLERS.any_with_context, name="t", input_schema={"type": "object"})
        with Client(server, "2025-11-25") as client:
            assert "logging" in client.opened["capabilities"]


def other_default(a: str, ctx: SyncContext[None], b: str = "b") -> str:
    return a + b


class TestEnforcement:
    @pytest.mark.spec("TOOLS-51", "TOOLS-54", "L1125-TOOL-02")
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ({}, 'the property "a" is missing'),
            ({"a": 1}, "$.a"),
            ({"a": "x", "b": 0}, "$.b"),
            ({"a": "x", "b": "2"}, "$.b"),
            ({"a": "x", "c": 1}, '"c" is unknown'),
        ],
    )
    def test_wrong_arguments_are_the_models_to_mend(
        self, serve: Serve, arguments: dict[str, Any], told: str
    ) -> None:
        called: list[Any] = []

        def handler(**found: Any) -> None:
            called.append(found)

        server = Server("t")
        server.add_tool(handler, name="t", input_schema=SCHEMA)
        failure = serve(server).failure("t", **arguments)
        assert failure.startswith("Invalid arguments:\n- $")
        assert told in failure
        assert not called

    @pytest.mark.spec("TOOLS-50")
    @pytest.mark.parametrize("arguments", [[], "x", None, 5])
    def test_what_is_no_object_is_a_malformed_request(self, serve: Serve, arguments: Any) -> None:
        server = Server("t")
        server.add_tool(ok, name="t", input_schema={"type": "object"})
        error = serve(server).refused("tools/call", name="t", arguments=arguments)
        assert error.code == -32602

    @pytest.mark.spec("TOOLS-19", "L1125-SCH-01")
    def test_a_schema_without_dialect_is_2020_12(self, serve: Serve) -> None:
        schema = {
            "type": "object",
            "properties": {"a": {"type": "array", "prefixItems": [{"type": "integer"}]}},
            "dependentRequired": {"b": ["a"]},
        }
        server = Server("t")
        server.add_tool(ok, name="t", input_schema=schema)
        client = serve(server)
        assert client.text("t", a=[1, "x"]) == "ok"
        assert "$.a[0]" in client.failure("t", a=["x"])
        assert "a" in client.failure("t", b=1)

    @pytest.mark.spec("L1125-SCH-02")
    def test_the_declared_dialect_counts(self, serve: Serve) -> None:
        schema = {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"a": {"items": [{"type": "integer"}]}},
        }
        server = Server("t")
        server.add_tool(ok, name="t", input_schema=schema)
        client = serve(server)
        assert client.text("t", a=[1, "x"]) == "ok"
        assert "$.a[0]" in client.failure("t", a=["x"])

    def test_properties_elsewhere_in_the_schema(self, serve: Serve) -> None:
        schema = {"type": "object", "allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": SCHEMA_A}}
        server = Server("t")
        server.add_tool(other_required, input_schema=schema)
        client = serve(server)
        assert client.text("other_required", a="x", b="y") == "xy"
        assert "'b' is missing" in client.failure("other_required", a="x")

    @pytest.mark.spec("TOOLS-47", "L0618-OUT-01")
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ({"n": "x"}, "$.n"),
            ({}, '$: expected "n"'),
            ([1], "$: expected object"),
            (None, "$"),
            ({"n": float("nan")}, "$.n"),
            ({"n": 1, "o": object()}, "$.o"),
            ("text", "$"),
        ],
    )
    def test_results_that_break_the_output_schema(
        self, serve: Serve, value: Any, told: str
    ) -> None:
        server = Server("t")
        output = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
        server.add_tool(
            lambda: value, name="t", input_schema={"type": "object"}, output_schema=output
        )
        failure = serve(server).failure("t")
        assert told in failure
        assert "incident" in failure

    @pytest.mark.spec("TOOLS-47", "L0618-OUT-05")
    def test_a_tool_result_with_an_output_schema(self, serve: Serve) -> None:
        server = Server("t")

        def give(kind: str) -> ToolResult:
            if kind == "error":
                return ToolResult("not today", is_error=True)
            if kind == "bare":
                return ToolResult("forgotten")
            return ToolResult("said", structured={"n": 1} if kind == "good" else {"n": "x"})

        schema: dict[str, Any] = {
            "type": "object",
            "properties": {"kind": {}},
            "required": ["kind"],
        }
        output = {"type": "object", "properties": {"n": {"type": "integer"}}}
        server.add_tool(give, input_schema=schema, output_schema=output)
        client = serve(server)
        assert client.call("give", kind="good") == {
            "content": [{"type": "text", "text": "said"}],
            "structuredContent": {"n": 1},
        }
        assert client.failure("give", kind="error") == "not today"
        assert "needs structured=" in client.failure("give", kind="bare")
        assert "$.n" in client.failure("give", kind="bad")

    def test_a_tool_error_reaches_the_model(self, serve: Serve) -> None:
        def refuse(a: str) -> str:
            raise ToolError(f"no {a} today")

        server = Server("t")
        server.add_tool(refuse, input_schema=SCHEMA_A)
        assert serve(server).failure("refuse", a="tea") == "no tea today"

    @pytest.mark.spec("TOOLS-34")
    def test_integers_that_are_mirrored_in_headers_stay_safe(self, serve: Serve) -> None:
        schema = {
            "type": "object",
            "properties": {"n": {"type": "integer", "x-mcp-header": "Number"}},
        }
        server = Server("t")
        server.add_tool(ok, name="t", input_schema=schema)
        client = serve(server)
        assert client.text("t", n=2**53 - 1) == client.text("t", n=-(2**53) + 1) == "ok"
        assert str(2**53 - 1) in client.failure("t", n=2**53)
        assert "-" in client.failure("t", n=-(2**53))


def other_required(a: str, b: str) -> str:
    return a + b


def _only_a(a: str) -> None: ...
def _both(a: str, b: int) -> None: ...
def _one_more(a: str, b: int = 1, *, c: int) -> None: ...
def _positional(a: str, /, b: int = 1) -> None: ...
def _any_number(*a: str) -> None: ...


UNFIT: list[tuple[Any, str]] = [
    (_only_a, r"has 'b', which the handler does not take.*\*\*arguments"),
    (_both, r"needs 'b', which the schema lets be left out.*'required'"),
    (_one_more, "needs 'c', which the schema does not have"),
    (_positional, "'a' cannot be passed by name"),
    (_any_number, "'a' cannot be passed by name"),
    (dict, "no function"),
    (5, "no function"),
]


class TestRefusals:
    @pytest.mark.spec("TOOLS-18", "L1125-SCH-02")
    @pytest.mark.parametrize(
        ("schema", "message"),
        [
            ({}, r'root of an inputSchema must have "type": "object"'),
            ({"type": "string"}, '"type": "object"'),
            ({"type": ["object", "null"]}, '"type": "object"'),
            ([], "JSON object"),
            (None, "JSON object"),
            ({"type": "object", "properties": 5}, "#/properties"),
            ({"type": "object", "$schema": "http://x/y"}, "dialect 'http://x/y' is not supported"),
            (
                {"type": "object", "properties": {"c": {"$ref": "http://169.254.169.254/"}}},
                r"never fetched.*#/properties/c/\$ref",
            ),
            (
                {"type": "object", "properties": {"c": {"$ref": "file:///etc/passwd"}}},
                "never fetched",
            ),
            ({"type": "object", "x": object()}, r"\$\.x"),
            ({"type": "object", "x": float("nan")}, r"\$\.x: nan"),
            ({"type": "object", "required": ["a", "a"]}, "#/required"),
        ],
    )
    def test_schemas_that_are_none(self, schema: Any, message: str) -> None:
        server = Server("t")
        with pytest.raises(DefinitionError, match=message):
            server.add_tool(
                ok,
                name="raw",
                input_schema=schema if schema is not None else [None],  # pyright: ignore[reportArgumentType]  # the mistake under test
            )

    @pytest.mark.spec("TOOLS-29", "TOOLS-30", "TOOLS-31", "TOOLS-32", "TOOLS-33", "TOOLS-35")
    @pytest.mark.parametrize(
        "properties",
        [
            {"a": {"type": "string", "x-mcp-header": ""}},
            {"a": {"type": "string", "x-mcp-header": "My Region"}},
            {"a": {"type": "string", "x-mcp-header": "a:b"}},
            {"a": {"type": "string", "x-mcp-header": "X\r\nEvil: 1"}},
            {
                "a": {"type": "string", "x-mcp-header": "Region"},
                "b": {"type": "string", "x-mcp-header": "region"},
            },
            {"a": {"type": "number", "x-mcp-header": "A"}},
            {"a": {"type": "object", "x-mcp-header": "A"}},
            {"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}},
            {"a": {"oneOf": [{"type": "string", "x-mcp-header": "A"}]}},
        ],
    )
    def test_headers_that_cannot_be(self, properties: Any) -> None:
        with pytest.raises(DefinitionError, match="x-mcp-header"):
            Server("t").add_tool(
                ok,
                name="raw",
                input_schema={"type": "object", "properties": properties},
            )

    @pytest.mark.parametrize(("handler", "message"), UNFIT)
    def test_handlers_that_cannot_take_the_arguments(self, handler: Any, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            Server("t").add_tool(handler, name="raw", input_schema=SCHEMA)

    def test_handlers_without_a_name(self) -> None:
        nameless: Any
        for nameless in (lambda: 1, functools.partial(lambda: 1)):
            with pytest.raises(DefinitionError, match="name="):
                Server("t").add_tool(nameless, input_schema={"type": "object"})

    def test_a_context_that_cannot_be_read(self) -> None:
        def handler(ctx: Any) -> None: ...

        handler.__annotations__["ctx"] = "Missing.Context"

        with pytest.raises(DefinitionError, match="import Context at run time"):
            Server("t").add_tool(handler, input_schema={"type": "object"})

    def test_other_annotations_are_not_read(self, serve: Serve) -> None:
        def handler(a: Any) -> Any:
            return a

        handler.__annotations__ = {"a": "Missing", "return": "Missing"}

        server = Server("t")
        server.add_tool(handler, input_schema=SCHEMA_A)
        assert serve(server).text("handler", a="x") == "x"

    def test_contexts_that_do_not_fit(self) -> None:
        async def handler(ctx: SyncContext) -> None: ...

        with pytest.raises(DefinitionError, match="annotate it with Context"):
            Server("t").add_tool(handler, input_schema={"type": "object"})

    def test_an_output_schema_alone(self) -> None:
        with pytest.raises(DefinitionError, match="output_schema goes with input_schema"):
            Server("t").add_tool(handler, output_schema={"type": "object"})

    def test_an_output_schema_that_is_none(self) -> None:
        with pytest.raises(DefinitionError, match="the output schema of tool 'raw'"):
            Server("t").add_tool(
                ok,
                name="raw",
                input_schema={"type": "object"},
                output_schema={"type": "nope"},
            )
