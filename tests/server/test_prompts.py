"""Prompts: messages out of what functions return, arguments out of text."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import (
    Audio,
    Context,
    DefinitionError,
    EmbeddedResource,
    Image,
    Message,
    ProtocolError,
    ResourceContents,
    ResourceLink,
    Server,
    SyncContext,
    TextContent,
    ToolError,
)
from interlock.protocol.revisions import REVISIONS
from interlock.protocol.types.content import UnknownContent
from tests.server.driving import LEGACY, Client, Serve

PNG = b"\x89PNG\r\n\x1a\n"


def text(said: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": {"type": "text", "text": said}}


def giving(value: Any, returns: Any = None) -> Server:
    def give() -> Any:
        return value

    give.__annotations__ = {} if returns is None else {"return": returns}
    server = Server("t")
    server.prompt(name="p")(give)
    return server


def got(client: Client, name: str = "p", **arguments: str) -> list[dict[str, Any]]:
    return client.request("prompts/get", name=name, arguments=arguments)["messages"]


class TestMessages:
    @pytest.mark.spec("PROM-11")
    @pytest.mark.parametrize(
        ("value", "returns", "messages"),
        [
            ("hello", str, [text("hello")]),
            (Message("hello"), Message, [text("hello")]),
            (Message("hello", "assistant"), Message, [text("hello", "assistant")]),
            (
                ["a", Message("b", "assistant"), "c"],
                list[str | Message],
                [
                    text("a"),
                    text("b", "assistant"),
                    text("c"),
                ],
            ),
            (("a", "b"), tuple[str, ...], [text("a"), text("b")]),
            ([], list[Message], []),
            (TextContent("a"), TextContent, [text("a")]),
            ("caf\udce9", str, [text("caf\\udce9")]),
        ],
    )
    def test_by_what_is_returned(
        self, serve: Serve, value: Any, returns: Any, messages: list[Any]
    ) -> None:
        for annotation in (None, returns, Any, str | list[Message]):
            assert got(serve(giving(value, annotation))) == messages

    @pytest.mark.spec("PROM-11", "PROM-12", "PROM-13", "PROM-14", "PROM-15", "L1105-PRM-03")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_every_kind_of_block(self, serve_raw: Serve, revision: str) -> None:
        value = [
            Image(PNG),
            Message(Audio(b"OggS"), "assistant"),
            ResourceLink(uri="a:b", name="b"),
            EmbeddedResource(ResourceContents("a:b", text="x")),
        ]
        messages = got(serve_raw(giving(value), revision=revision))
        kinds = [message["content"]["type"] for message in messages]
        link = "resource_link" if revision >= "2025-06-18" else "text"
        audio = ["audio"] if revision >= "2025-03-26" else ["text", "resource"]
        assert kinds == ["image", *audio, link, "resource"]
        assert messages[0]["content"] == {
            "type": "image",
            "data": "iVBORw0KGgo=",
            "mimeType": "image/png",
        }
        assert messages[-1]["content"]["resource"]["mimeType"] == "text/plain"

    def test_unknown_blocks_pass(self, serve: Serve) -> None:
        (message,) = got(serve(giving(UnknownContent(b'{"type":"hologram"}'))))
        assert message["content"] == {"type": "hologram"}

    @pytest.mark.spec("PROM-18")
    @pytest.mark.parametrize("value", [5, None, {"role": "user"}, ["a", 5], b"bytes", [["a"]]])
    def test_what_is_no_message_is_our_fault(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, value: Any
    ) -> None:
        error = serve(giving(value)).refused("prompts/get", name="p")
        assert error.code == -32603
        assert "return text, a Message, or a list of them" in caplog.text

    def test_the_description_comes_along(self, serve: Serve) -> None:
        server = Server("t")

        @server.prompt
        def ask(topic: str) -> str:
            """Ask about a topic.

            Args:
                topic: what it is about
            """
            return topic

        result = serve(server).request("prompts/get", name="ask", arguments={"topic": "x"})
        assert result == {"description": "Ask about a topic.", "messages": [text("x")]}

    @pytest.mark.spec("PROM-06")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_only_the_list_is_cached(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(giving("x"), revision=revision)
        listed, got_ = client.request("prompts/list"), client.request("prompts/get", name="p")
        assert ("ttlMs" in listed) is ("cacheScope" in listed) is (revision not in LEGACY)
        assert "ttlMs" not in got_


@dataclass
class Place:
    city: str


class TestArguments:
    @pytest.mark.parametrize(
        ("annotation", "given_", "expected"),
        [
            (str, "3", "3"),
            (str, '"quoted"', '"quoted"'),
            (str, "null", "null"),
            (str, "", ""),
            (int, "3", 3),
            (float, "0.5", 0.5),
            (bool, "true", True),
            (list[int], "[1, 2]", [1, 2]),
            (dict[str, int], '{"a": 1}', {"a": 1}),
            (Place, '{"city": "Oslo"}', Place("Oslo")),
            (int | None, "null", None),
            (Literal["a", "b"], "a", "a"),
            (Any, "free", "free"),
        ],
    )
    def test_are_read_from_text_by_their_types(
        self, serve: Serve, annotation: Any, given_: str, expected: Any
    ) -> None:
        seen: list[Any] = []

        def ask(value: Any) -> str:
            seen.append(value)
            return "x"

        ask.__annotations__["value"] = annotation
        server = Server("t")
        server.prompt(ask)
        got(serve(server), "ask", value=given_)
        assert seen == [expected]

    @pytest.mark.spec("PROM-17", "PROM-19", "PROM-22", "L1105-PRM-02")
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ({}, "topic"),
            (None, "topic"),
            ({"depth": "1"}, "topic"),
            ({"topic": "x", "depth": "deep"}, "$.depth"),
            ({"topic": "x", "depth": "1.5"}, "$.depth"),
            ({"topic": "x", "tpic": "y"}, "tpic"),
            ({"topic": "x", "__proto__": "y"}, "__proto__"),
        ],
    )
    def test_that_do_not_fit(
        self, serve_raw: Serve, revision: str, arguments: Any, told: str
    ) -> None:
        called: list[str] = []
        server = Server("t")

        @server.prompt
        def ask(topic: str, depth: int = 1) -> str:
            called.append(topic)
            return topic

        client = serve_raw(server, revision=revision)
        params = {} if arguments is None else {"arguments": arguments}
        error = client.refused("prompts/get", name="ask", **params)
        assert error.code == -32602
        assert told in error.message
        assert called == []

    @pytest.mark.spec("PROM-19")
    @pytest.mark.parametrize(
        "arguments",
        [{"topic": 5}, {"topic": None}, {"topic": ["x"]}, {"topic": {"a": 1}}, [], "x", None],
    )
    def test_that_are_no_text(self, serve: Serve, arguments: Any) -> None:
        server = Server("t")

        @server.prompt
        def ask(topic: str) -> str:
            return topic

        error = serve(server).refused("prompts/get", name="ask", arguments=arguments)
        assert error.code == -32602

    def test_that_middleware_made_are_checked_too(self, serve: Serve) -> None:
        server = Server("t")

        @server.middleware(methods={"prompts/get"})
        async def changed(call: Any, next: Any) -> Any:
            return await next(call.with_arguments({"topic": 5}))

        @server.prompt
        def ask(topic: str) -> str:
            return topic

        error = serve(server).refused("prompts/get", name="ask", arguments={"topic": "x"})
        assert error.code == -32602

    def test_oversized_values_are_not_echoed(self, serve: Serve) -> None:
        server = Server("t")

        @server.prompt
        def ask(depth: int) -> str:
            return str(depth)

        error = serve(server).refused("prompts/get", name="ask", arguments={"depth": "x" * 100_000})
        assert len(error.message) < 400

    @pytest.mark.spec("PROM-22")
    @given(st.text(st.characters(codec="utf-8")))
    def test_any_text_arrives_as_it_is(self, topic: str) -> None:
        server = Server("t")

        @server.prompt
        def ask(topic: str) -> str:
            return f"About {topic}."

        with Client(server, "memory") as client:
            assert got(client, "ask", topic=topic) == [text(f"About {topic}.")]

    @pytest.mark.spec("PROM-22")
    @pytest.mark.parametrize(
        "hostile",
        [
            "{{ ''.__class__ }}",
            "{topic.__init__.__globals__}",
            "%(x)999999999d",
            "${jndi:ldap://x}",
        ],
    )
    def test_template_syntax_means_nothing(self, serve: Serve, hostile: str) -> None:
        server = Server("t")

        @server.prompt
        def ask(topic: str) -> str:
            return topic

        assert got(serve(server), "ask", topic=hostile) == [text(hostile)]


class TestUnknown:
    @pytest.mark.spec("PROM-16", "L1105-PRM-02")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_names(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(giving("x"), revision=revision)
        assert client.refused("prompts/get", name="nope").code == -32602
        assert client.refused("prompts/get").code == -32602
        assert client.refused("prompts/get", name=5).code == -32602

    def test_the_nearest_is_named(self, serve: Serve) -> None:
        server = Server("t")
        server.prompt(name="briefing")(lambda: "x")
        error = serve(server).refused("prompts/get", name="breifing")
        assert "Did you mean 'briefing'?" in error.message


class TestHandlers:
    def test_with_contexts(self, serve: Serve) -> None:
        server = Server("t")

        @server.prompt
        async def later(ctx: Context[None], topic: str) -> str:
            return topic + ctx.client.name

        @server.prompt
        def blocking(topic: str, ctx: SyncContext[None]) -> str:
            return topic + ctx.client.name

        @server.prompt(thread=False)
        def on_loop(topic: Annotated[str, "what"]) -> str:
            return topic

        client = serve(server)
        assert got(client, "later", topic="x") == [text("xmemory")]
        assert got(client, "blocking", topic="x") == [text("xmemory")]
        assert got(client, "on_loop", topic="x") == [text("x")]
        assert {p["name"]: p["arguments"] for p in client.entries("prompts/list")} == {
            "later": [{"name": "topic", "required": True}],
            "blocking": [{"name": "topic", "required": True}],
            "on_loop": [{"name": "topic", "description": "what", "required": True}],
        }

    def test_refusals_are_told(self, serve: Serve) -> None:
        server = Server("t")

        @server.prompt
        def ask() -> str:
            raise ToolError("Pick a city first.")

        @server.prompt
        def deny() -> str:
            raise ProtocolError("Rule 3.", code=1003)

        client = serve(server)
        asked = client.refused("prompts/get", name="ask")
        assert (asked.code, asked.message) == (-32602, "Pick a city first.")
        denied = client.refused("prompts/get", name="deny")
        assert (denied.code, denied.message) == (1003, "Rule 3.")

    def test_what_cannot_be_a_prompt(self) -> None:
        def numbers() -> Any:
            yield "x"

        def odd(number: complex) -> str:
            return "x"

        for mistake, message in ((numbers, "generator"), (odd, "complex"), (dict, "class")):
            with pytest.raises(DefinitionError, match=message):
                Server("t").add_prompt(mistake)

    def test_any_return_annotation_will_do(self, serve: Serve) -> None:
        """A prompt has no output schema: what it returns is judged when it is there."""

        def ask() -> Any:
            return "x"

        ask.__annotations__["return"] = complex
        server = Server("t")
        server.prompt(ask)
        assert got(serve(server), "ask") == [text("x")]
