"""The catalogue: providers of entries, collisions, and changes while it is served."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from interlock import Call, DefinitionError, Server, TextContent
from interlock.protocol.outcome import Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.types.tools import CallToolResult
from interlock.server.catalogue import Catalogue, Entry, OwnEntries
from tests.server.driving import Client, Serve


async def serve_name(call: Call) -> Outcome:
    return Result(Payload(CallToolResult(content=[TextContent(str(call.target))])))


def tool(name: str) -> Entry:
    listed = {"name": name, "inputSchema": {"type": "object"}}
    return Entry("tools", name, listed, serve_name)


class Source:
    """A provider whose entries may change."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.callbacks: list[Callable[[], None]] = []

    def entries(self) -> Iterable[Entry]:
        return [tool(name) for name in self.names]

    def on_change(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def change(self, *names: str) -> None:
        self.names = list(names)
        for callback in self.callbacks:
            callback()


class TestProviders:
    def test_entries_are_served_beside_others(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(name="own")(lambda: "own")
        server.add_provider(Source("a", "b"))
        client = serve(server)
        assert [entry["name"] for entry in client.entries()] == ["own", "a", "b"]
        assert client.text("b") == "b"

    def test_changes_are_served(self, serve: Serve) -> None:
        server, source = Server("t"), Source("a")
        server.add_provider(source)
        client = serve(server)
        assert client.text("a") == "a"
        source.change("b", "c")
        assert [entry["name"] for entry in client.entries()] == ["b", "c"]
        assert client.text("c") == "c"
        assert client.refused("tools/call", name="a").code == -32602

    def test_collisions_are_refused(self) -> None:
        server = Server("t")
        server.add_provider(Source("a"))
        with pytest.raises(DefinitionError, match="a tool 'a' exists already"):
            server.add_provider(Source("b", "a"))
        with Client(server, "memory") as client:
            assert [entry["name"] for entry in client.entries()] == ["a"]

    def test_a_collision_while_serving_is_the_error_of_whoever_changed(self, serve: Serve) -> None:
        server, source = Server("t"), Source("a")
        server.tool(name="own")(lambda: "own")
        server.add_provider(source)
        client = serve(server)
        with pytest.raises(DefinitionError, match="a tool 'own' exists already"):
            source.change("a", "own")
        assert client.text("own") == "own"
        assert client.text("a") == "a"
        assert len(client.entries()) == 2
        source.change("z")
        assert client.text("z") == "z"


class TestCatalogue:
    def test_version_rises_with_every_change(self) -> None:
        catalogue, own = Catalogue(), OwnEntries()
        versions = [catalogue.version]
        catalogue.add(own)
        versions.append(catalogue.version)
        for name in ("a", "b"):
            own.add(tool(name))
            versions.append(catalogue.version)
        assert versions == sorted(set(versions))

    def test_a_table_that_was_given_out_stays_as_it_is(self) -> None:
        catalogue, own = Catalogue(), OwnEntries()
        catalogue.add(own)
        own.add(tool("a"))
        before = catalogue.table("tools")
        own.add(tool("b"))
        assert list(before) == ["a"]
        assert list(catalogue.table("tools")) == ["a", "b"]

    def test_iterates_by_kind_in_the_order_of_definition(self) -> None:
        server = Server("t")
        server.add_prompt(lambda: "x", name="p")
        server.add_tool(lambda: "x", name="b")
        server.add_resource(lambda: "x", "a:b", name="r")
        server.add_tool(lambda: "x", name="a")
        found = [(entry.kind, entry.key) for entry in server.catalogue]
        assert found == [("tools", "b"), ("tools", "a"), ("prompts", "p"), ("resources", "a:b")]

    def test_callbacks_hear_of_changes_behind_mounts(self) -> None:
        inner, outer = Server("inner"), Server("outer")
        outer.mount(inner, "i")
        heard: list[int] = []
        outer.catalogue.on_change(lambda: heard.append(outer.catalogue.version))
        inner.add_tool(lambda: "x", name="a")
        assert heard == [outer.catalogue.version]

    def test_a_refused_entry_leaves_nothing_behind(self) -> None:
        own = OwnEntries()
        own.add(tool("a"))

        def refuse() -> None:
            raise DefinitionError("no")

        refusing: list[Any] = []

        def sometimes() -> None:
            if not refusing:
                refusing.append(1)
                refuse()

        own.on_change(sometimes)
        with pytest.raises(DefinitionError, match="no"):
            own.add(tool("b"))
        assert [entry.key for entry in own.entries()] == ["a"]
        own.add(tool("b"))
        assert [entry.key for entry in own.entries()] == ["a", "b"]
