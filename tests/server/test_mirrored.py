"""Arguments that HTTP mirrors into headers: in schemas of functions and in those by hand."""

from typing import Annotated, Any

import pytest
from msgspec import Meta

from interlock import DefinitionError, Server
from tests.server.driving import Client, Serve, ok


def mirroring(annotation: Any, default: Any = "") -> Server:
    """A server whose tool `t` takes `value`."""

    def take(value: Any = default) -> str:
        return str(value)

    take.__annotations__ = {"value": annotation, "return": str}
    server = Server("t")
    server.tool(name="t")(take)
    return server


def header(name: str, **more: Any) -> Meta:
    return Meta(extra_json_schema={"x-mcp-header": name, **more})


class TestFunctions:
    def test_are_listed_with_it(self, serve: Serve) -> None:
        client = serve(mirroring(Annotated[str, header("Region")]))
        (tool,) = client.entries()
        assert tool["inputSchema"]["properties"]["value"]["x-mcp-header"] == "Region"
        assert client.text("t", value="eu") == "eu"

    @pytest.mark.spec("TOOLS-29", "TOOLS-30", "TOOLS-31", "TOOLS-33")
    @pytest.mark.parametrize(
        "annotation",
        [
            Annotated[str, header("")],
            Annotated[str, header("My Region")],
            Annotated[str, header("X\r\nEvil: 1")],
            Annotated[float, header("A")],
            Annotated[list[str], header("A")],
        ],
    )
    def test_that_break_a_rule(self, annotation: Any) -> None:
        with pytest.raises(DefinitionError, match="tool 't': x-mcp-header"):
            mirroring(annotation)

    @pytest.mark.spec("TOOLS-32", "TOOLS-35")
    def test_that_break_a_rule_together_or_inside(self) -> None:
        def twice(a: Annotated[str, header("A")], b: Annotated[str, header("a")]) -> str:
            return a + b

        def inside(a: list[Annotated[str, header("A")]]) -> str:
            return a[0]

        for wrong in (twice, inside):
            with pytest.raises(DefinitionError, match="x-mcp-header"):
                Server("t").tool(wrong)

    @pytest.mark.spec("TOOLS-34")
    def test_integers_stay_safe(self, serve: Serve) -> None:
        client = serve(mirroring(Annotated[int, header("Number")], 0))
        for safe in (0, 2**53 - 1, -(2**53) + 1):
            assert client.text("t", value=safe) == str(safe)
        for unsafe in (2**53, -(2**53), 10**30):
            assert "within" in client.failure("t", value=unsafe)
        assert client.text("t", value="5") == "5", "a slip is still mended"
        assert "$.value" in client.failure("t", value="x")
        assert client.text("t") == "0"
        assert client.refused("tools/call", name="t", arguments=[]).code == -32602


class TestByHand:
    def test_nested_ones_are_found(self, serve: Serve) -> None:
        number = {"type": "integer", "x-mcp-header": "N"}
        inner = {"type": "object", "properties": {"n": number}}
        server = Server("t")
        server.add_tool(ok, name="t", input_schema={"type": "object", "properties": {"a": inner}})
        client = serve(server)
        assert client.text("t", a={"n": 1}) == "ok"
        assert client.text("t") == client.text("t", a={}) == "ok"
        assert '"a.n"' in client.failure("t", a={"n": 2**53})

    def test_the_word_elsewhere_is_nothing(self) -> None:
        server = Server("t")
        schema = {"type": "object", "properties": {"x-mcp-header": {"type": "number"}}}
        server.add_tool(ok, name="t", input_schema=schema)
        with Client(server, "memory") as client:
            assert client.text("t", **{"x-mcp-header": 1.5}) == "ok"
