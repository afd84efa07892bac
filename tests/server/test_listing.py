"""Lists: pages under sealed cursors, the same for everybody, as fresh as the catalogue."""

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Message, Server
from interlock.protocol.json import encode
from interlock.protocol.revisions import REVISIONS
from tests.server.driving import LEGACY, Client, Serve, listed

LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64))


def filled(entries: int, **options: Any) -> Server:
    """A server with so many entries in each list."""
    server = Server("t", **options)
    for n in range(entries):
        add(server, n)
    return server


def add(server: Server, n: int) -> None:
    server.add_tool(nothing, name=f"tool_{n}")
    server.add_prompt(nothing, name=f"prompt_{n}")
    server.add_resource(nothing, f"fixed:{n}", name=f"resource_{n}")
    server.add_resource(named, f"template-{n}:{{x}}", name=f"template_{n}")


def nothing() -> str:
    return ""


def named(x: str) -> str:
    return x


def pages(client: Client, method: str) -> list[dict[str, Any]]:
    found = [client.request(method)]
    while "nextCursor" in found[-1]:
        found.append(client.request(method, cursor=found[-1]["nextCursor"]))
        assert len(found) < 1000
    return found


def names(found: list[dict[str, Any]], method: str) -> list[str]:
    return [entry["name"] for page in found for entry in page[LISTS[method]]]


class TestPages:
    @pytest.mark.spec("PAGE-03", "PAGE-04", "TOOLS-09", "RES-07")
    @pytest.mark.parametrize("method", LISTS)
    @pytest.mark.parametrize(
        ("entries", "size", "sizes"),
        [
            (7, 1, [1] * 7),
            (7, 3, [3, 3, 1]),
            (6, 3, [3, 3]),
            (7, 7, [7]),
            (7, 500, [7]),
            (1, 1, [1]),
        ],
    )
    def test_together_are_the_whole(
        self, serve: Serve, method: str, entries: int, size: int, sizes: list[int]
    ) -> None:
        client = serve(filled(entries, page_size=size))
        found = pages(client, method)
        assert [len(page[LISTS[method]]) for page in found] == sizes
        assert "nextCursor" not in found[-1]
        word = method.split("/")[-2][:-1].replace("template", "template")
        assert names(found, method) == [f"{word}_{n}" for n in range(entries)]

    def test_of_very_many_entries(self, serve: Serve) -> None:
        server = Server("t")
        for n in range(2600):
            server.add_tool(nothing, name=f"t{n}")
        found = pages(serve(server), "tools/list")
        assert [len(page["tools"]) for page in found] == [500, 500, 500, 500, 500, 100]
        assert names(found, "tools/list") == [f"t{n}" for n in range(2600)]

    @given(st.integers(1, 30), st.integers(1, 31))
    def test_of_any_size(self, entries: int, size: int) -> None:
        server = Server("t", page_size=size)
        for n in range(entries):
            server.add_tool(nothing, name=f"tool_{n}")
        with Client(server, "memory") as client:
            found = pages(client, "tools/list")
        assert names(found, "tools/list") == [f"tool_{n}" for n in range(entries)]
        assert len(found) == -(-entries // size)

    @pytest.mark.spec("TOOLS-10", "TOOLS-11", "RES-08", "PROM-06", "L1105-MSG-07")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_in_every_revision(self, serve_raw: Serve, revision: str) -> None:
        """The raw client holds each page against the schema of its revision."""
        client = serve_raw(filled(5, page_size=2, list_ttl_seconds=30), revision=revision)
        for method in LISTS:
            found = pages(client, method)
            assert len(found) == 3
            for page in found:
                if revision in LEGACY:
                    assert page.keys() <= {LISTS[method], "nextCursor"}
                else:
                    assert page["resultType"] == "complete"
                    assert (page["ttlMs"], page["cacheScope"]) == (30_000, "public")

    def test_an_empty_list_is_a_list(self, serve: Serve) -> None:
        """With the capability declared, a list of it answers; see `test_serving` for without."""
        server = Server("t")
        server.add_resource(nothing, "a:b", name="x")
        client = serve(server)
        assert client.request("resources/templates/list")["resourceTemplates"] == []


class TestCursors:
    def server(self, **options: Any) -> Server:
        return filled(5, page_size=2, **options)

    def cursor(self, client: Client, method: str = "tools/list") -> str:
        return client.request(method)["nextCursor"]

    @pytest.mark.spec("PAGE-05")
    def test_are_stable(self, serve: Serve) -> None:
        client = serve(self.server())
        cursor = self.cursor(client)
        assert self.cursor(client) == cursor
        page = client.request("tools/list", cursor=cursor)
        for _ in range(3):
            assert client.request("tools/list", cursor=cursor) == page

    def test_work_on_another_connection(self, serve: Serve) -> None:
        server = self.server()
        one, two = serve(server), serve(server)
        cursor = self.cursor(one)
        assert two.request("tools/list", cursor=cursor) == one.request("tools/list", cursor=cursor)

    @pytest.mark.spec("PAGE-06", "PAGE-11", "L1105-PAGE-02")
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize("method", LISTS)
    def test_that_are_forged(self, serve_raw: Serve, revision: str, method: str) -> None:
        client = serve_raw(self.server(), revision=revision)
        good = self.cursor(client, method)
        forged = [
            "",
            "x",
            "2",
            "../../x",
            "i2",
            good[:-1],
            good + "A",
            good[::-1],
            good.swapcase(),
            good + "=",
            " " + good,
            "é" * 50,
            "A" * 100_000,
            "\x00",
        ]
        for cursor in forged:
            error = client.refused(method, cursor=cursor)
            assert error.code == -32602
            assert "pass the nextCursor of an earlier page" in error.message
            assert len(error.message) < 200
        assert client.request(method, cursor=good)

    @pytest.mark.spec("PAGE-06", "PAGE-11")
    @given(st.text(st.characters(codec="utf-8"), max_size=120))
    def test_that_are_any_text(self, cursor: str) -> None:
        with Client(self.server(), "memory") as client:
            assert client.refused("tools/list", cursor=cursor).code == -32602

    @pytest.mark.spec("PAGE-06", "PAGE-11")
    def test_with_one_bit_changed(self) -> None:
        with Client(self.server(), "memory") as client:
            good = self.cursor(client)
            for at in range(len(good)):
                other = "A" if good[at] != "A" else "B"
                changed = good[:at] + other + good[at + 1 :]
                assert client.refused("tools/list", cursor=changed).code == -32602

    @pytest.mark.parametrize("cursor", [None, 2, ["x"], {"a": 1}])
    def test_that_are_no_text(self, serve: Serve, cursor: Any) -> None:
        assert serve(self.server()).refused("tools/list", cursor=cursor).code == -32602

    @pytest.mark.spec("PAGE-06")
    def test_of_another_list(self, serve: Serve) -> None:
        client = serve(self.server())
        cursors = {method: self.cursor(client, method) for method in LISTS}
        assert len(set(cursors.values())) == len(LISTS)
        for theirs, ours in itertools.permutations(LISTS, 2):
            assert client.refused(ours, cursor=cursors[theirs]).code == -32602

    def test_of_another_instance(self, serve: Serve) -> None:
        one, two = serve(self.server()), serve(self.server())
        assert two.refused("tools/list", cursor=self.cursor(one)).code == -32602

    def test_with_keys_are_good_across_instances(self, serve: Serve) -> None:
        one = serve(self.server(seal_keys=[KEY]))
        two = serve(self.server(seal_keys=[KEY]))
        assert self.cursor(one) == self.cursor(two)
        page = two.request("tools/list", cursor=self.cursor(one))
        assert page["tools"][0]["name"] == "tool_2"

    def test_keys_may_be_changed(self, serve: Serve) -> None:
        old, new = (
            serve(self.server(seal_keys=[KEY])),
            serve(self.server(seal_keys=[OTHER_KEY, KEY])),
        )
        gone = serve(self.server(seal_keys=[OTHER_KEY]))
        assert new.request("tools/list", cursor=self.cursor(old))
        assert gone.request("tools/list", cursor=self.cursor(new))
        assert gone.refused("tools/list", cursor=self.cursor(old)).code == -32602

    def test_after_the_list_has_changed(self, serve: Serve) -> None:
        server = self.server()
        client = serve(server)
        cursor = self.cursor(client)
        add(server, 5)
        page = client.request("tools/list", cursor=cursor)
        assert [tool["name"] for tool in page["tools"]] == ["tool_2", "tool_3"]


class TestSameness:
    @pytest.mark.spec("TOOLS-06", "TOOLS-08", "RES-05", "PROM-04")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_whoever_asks_and_whatever_went_before(self, serve_raw: Serve, revision: str) -> None:
        server = filled(3)
        one, two = (serve_raw(server, revision=revision) for _ in range(2))
        before = {method: encode(one.request(method)) for method in LISTS}
        one.call("tool_1")
        one.request("prompts/get", name="prompt_1")
        one.request("resources/read", uri="fixed:1")
        one.refused("tools/call", name="nope")
        for client in (one, two, one):
            assert {method: encode(client.request(method)) for method in LISTS} == before

    def test_in_process_and_on_the_wire(self) -> None:
        for method in LISTS:
            with Client(filled(3), "memory") as near, Client(filled(3), "wire") as far:
                assert near.request(method) == far.request(method)

    def test_nothing_is_shared_with_whoever_reads_it(self, serve: Serve) -> None:
        client = serve(filled(1))
        first = client.request("tools/list")
        first["tools"][0]["name"] = "changed"
        first["tools"].clear()
        assert names([client.request("tools/list")], "tools/list") == ["tool_0"]


class TestFreshness:
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize("method", LISTS)
    def test_what_is_added_while_serving_is_listed(
        self, serve_raw: Serve, revision: str, method: str
    ) -> None:
        server = filled(2)
        client = serve_raw(server, revision=revision)
        assert len(client.entries(method)) == 2
        add(server, 2)
        assert len(client.entries(method)) == 3

    def test_and_is_served(self, serve: Serve) -> None:
        server = filled(1)
        client = serve(server)
        client.request("tools/list")

        @server.tool
        def late() -> str:
            return "ok"

        @server.prompt
        def late_prompt() -> Message:
            return Message("ok")

        @server.resource("late:{x}")
        def late_resource(x: str) -> str:
            return x

        assert client.text("late") == "ok"
        assert client.request("prompts/get", name="late_prompt")
        assert client.request("resources/read", uri="late:1")

    def test_by_a_tool_itself_in_a_thread_or_on_the_loop(self, serve: Serve) -> None:
        server = Server("t")

        @server.tool
        def in_thread(name: str) -> str:
            server.add_tool(lambda: name, name=name)
            return "added"

        @server.tool
        async def on_loop(name: str) -> str:
            server.add_tool(lambda: name, name=name)
            return "added"

        client = serve(server)
        client.call("in_thread", name="one")
        client.call("on_loop", name="two")
        assert client.text("one") == "one"
        assert client.text("two") == "two"

    def test_nothing_disappears_while_threads_add(self, serve: Serve) -> None:
        """A table is replaced as a whole: no call falls into the gap."""
        server = filled(50)
        done = asyncio.Event()

        @server.tool
        def adding(n: int) -> str:
            for each in range(n):
                server.add_tool(nothing, name=f"added_{each}")
            return "added"

        client = serve(server)

        async def calls() -> int:
            async def adds() -> None:
                arguments = {"n": 200}
                params = {"name": "adding", "arguments": arguments}
                assert "isError" not in await client.caller.request("tools/call", params)
                done.set()

            task = asyncio.ensure_future(adds())
            answered = 0
            while not done.is_set():
                await client.caller.request("tools/call", {"name": "tool_49"})
                answered += 1
            await task
            return answered

        assert client.run(calls()) > 0
        assert len(listed(server)) == 251
