"""A server being served: which methods it offers, what it declares, and what it says of names."""

from typing import Any

import pytest

from interlock import Context, Server
from interlock.protocol.revisions import REVISIONS
from tests.server.driving import LEGACY, Client, Serve

LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")


def with_tool(server: Server) -> None:
    server.tool(name="t")(lambda: "ok")


def with_prompt(server: Server) -> None:
    server.prompt(name="p")(lambda: "ok")


def with_resource(server: Server) -> None:
    server.add_resource(lambda: "ok", "a:b", name="r")


def with_template(server: Server) -> None:
    def read(x: str) -> str:
        return x

    server.add_resource(read, "a:{x}")


def with_context(server: Server) -> None:
    async def tool(ctx: Context) -> str:
        return "ok"

    server.tool(tool)


def with_nothing(server: Server) -> None:
    assert not list(server.catalogue)


PARTS: dict[str, tuple[Any, set[str]]] = {
    "nothing": (with_nothing, set()),
    "a tool": (with_tool, {"tools"}),
    "a prompt": (with_prompt, {"prompts"}),
    "a resource": (with_resource, {"resources"}),
    "a template": (with_template, {"resources"}),
    "a context": (with_context, {"tools", "logging"}),
}


def declared(client: Client) -> dict[str, Any]:
    """The capabilities that a client of a revision is told of."""
    if client.over in LEGACY:
        return client.opened["capabilities"]
    return client.request("server/discover")["capabilities"]


class TestCapabilities:
    @pytest.mark.spec(
        "TOOLS-04", "RES-02", "PROM-02", "LOG-03", "L1105-TOOL-01", "L1105-RES-01", "L1105-PRM-01"
    )
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize("part", PARTS)
    def test_follow_what_is_offered(self, serve_raw: Serve, part: str, revision: str) -> None:
        build, expected = PARTS[part]
        server = Server("t")
        build(server)
        client = serve_raw(server, revision=revision)
        found = declared(client)
        assert found.keys() == expected
        assert all(value == {} for value in found.values()), "no promise that is not kept"

    @pytest.mark.spec("TOOLS-05", "RES-04", "PROM-03", "PROM-21", "L1105-RES-01", "L0618-LIFE-01")
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize("part", PARTS)
    def test_and_methods_follow_them(self, serve_raw: Serve, part: str, revision: str) -> None:
        build, expected = PARTS[part]
        server = Server("t")
        build(server)
        client = serve_raw(server, revision=revision)
        for method in LISTS:
            if method.split("/")[0] in expected:
                assert client.request(method)
            else:
                error = client.refused(method)
                assert error.code == -32601
                assert "not offered by this server" in error.message

    @pytest.mark.spec("L1105-RES-01")
    @pytest.mark.parametrize("revision", LEGACY)
    def test_what_is_not_declared_is_not_offered(self, serve_raw: Serve, revision: str) -> None:
        server = Server("t")
        with_resource(server)
        client = serve_raw(server, revision=revision)
        requests: list[tuple[str, dict[str, Any]]] = [
            ("resources/subscribe", {"uri": "a:b"}),
            ("resources/unsubscribe", {"uri": "a:b"}),
            ("logging/setLevel", {"level": "error"}),
            (
                "completion/complete",
                {
                    "ref": {"type": "ref/prompt", "name": "p"},
                    "argument": {"name": "a", "value": ""},
                },
            ),
        ]
        for method, params in requests:
            assert client.refused(method, **params).code == -32601

    def test_follow_what_is_added_while_serving(self, serve: Serve) -> None:
        server = Server("t")
        client = serve(server)
        for method in LISTS:
            assert client.refused(method).code == -32601
        for build in (with_tool, with_prompt, with_resource, with_template):
            build(server)
        for method in LISTS:
            assert len(client.entries(method)) == 1


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("method", "noun"), [("tools/call", "tool"), ("prompts/get", "prompt")]
    )
    def test_are_told_with_the_nearest(self, serve: Serve, method: str, noun: str) -> None:
        server = Server("t")
        server.tool(name="get_forecast")(lambda: "ok")
        server.prompt(name="get_forecast")(lambda: "ok")
        client = serve(server)
        near = client.refused(method, name="get_forcast")
        assert near.message == (
            f"Unknown {noun}: get_forcast. Did you mean 'get_forecast'? List the {noun}s to see all"
            " names."
        )
        far = client.refused(method, name="zzzzz")
        assert far.message == f"Unknown {noun}: zzzzz. List the {noun}s to see all names."


@pytest.mark.spec("L1105-MSG-03", "L1105-MSG-04")
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_answer_is_one_message(serve_raw: Serve, revision: str) -> None:
    server = Server("t")
    for build, _ in PARTS.values():
        build(server)
    client = serve_raw(server, revision=revision)
    for method in LISTS:
        client.request(method)
    client.text("t")
    for message in client.raw.messages:
        assert message["jsonrpc"] == "2.0"
        assert ("result" in message) is not ("error" in message)
