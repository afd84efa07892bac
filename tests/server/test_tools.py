"""Calls of tools: what becomes of arguments and return values, and what fits into a result."""

import asyncio
import datetime as dt
import functools
import os
import threading
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import EmbeddedResource, ResourceContents, Server, TextContent, ToolError, ToolResult
from interlock.protocol.revisions import REVISIONS
from interlock.server.tools import capped, cut
from interlock.transport.bounds import Bounds
from tests.server.driving import LEGACY, Client, Serve, only_text, texts

CAP = 256 * 1024


def serving(function: Any, **options: Any) -> Server:
    """A server with one tool, ``t``."""
    server = Server("t", **options)
    server.tool(name="t")(function)
    return server


def giving(value: Any, returns: Any = None, **options: Any) -> Server:
    """A server whose one tool ``t`` returns ``value``, annotated ``returns`` if not ``None``."""

    def give() -> Any:
        return value

    give.__annotations__ = {} if returns is None else {"return": returns}
    return serving(give, **options)


class TestArguments:
    @pytest.mark.spec("TOOLS-51", "TOOLS-54", "L1125-TOOL-02", "L1105-TOOL-07")
    def test_what_does_not_fit_is_told_at_once_and_not_called(self, serve: Serve) -> None:
        called: list[Any] = []

        def tool(city: str, days: int = 3) -> str:
            called.append(city)
            return city

        client = serve(serving(tool))
        failure = client.failure("t", cty="Oslo", days="many")
        assert "city" in failure
        assert "days" in failure
        assert called == []
        assert client.text("t", city="Oslo") == "Oslo"

    @pytest.mark.spec("TOOLS-20", "TOOLS-54")
    def test_unknown_arguments(self, serve: Serve) -> None:
        server = serving(lambda: "ok")
        server.tool(name="open", extra="ignore")(lambda: "ok")
        client = serve(server)
        assert "extra" in client.failure("t", extra=1)
        assert client.text("open", extra=1) == "ok"

    @pytest.mark.spec("TOOLS-50", "L1105-TOOL-04")
    @pytest.mark.parametrize("arguments", [[], "x", None, 5, True])
    def test_arguments_that_are_no_object(self, serve: Serve, arguments: Any) -> None:
        client = serve(serving(lambda: "ok"))
        error = client.refused("tools/call", name="t", arguments=arguments)
        assert error.code == -32602
        assert "JSON object" in error.message
        assert only_text(client.request("tools/call", name="t")) == "ok", "none are as good as {}"

    @pytest.mark.spec("TOOLS-50", "TOOLS-49")
    def test_malformed_requests(self, serve: Serve) -> None:
        client = serve(serving(lambda: "ok"))
        for params in ({}, {"name": 5}, {"name": None}, {"name": ["t"]}):
            assert client.refused("tools/call", **params).code == -32602

    def test_strictness_and_slips(self, serve: Serve) -> None:
        def double(n: int) -> int:
            return 2 * n

        server = serving(double)
        server.tool(name="strict", strict=True)(double)
        client = serve(server)
        result = client.call("t", n="4")
        assert result["structuredContent"] == 8
        assert result["_meta"] == {"io.interlock/coerced": ["$.n"]}
        assert "_meta" not in client.call("t", n=4)
        assert "$.n" in client.failure("strict", n="4")

    @pytest.mark.parametrize("key", ["__proto__", "constructor", "toString", "__class__"])
    def test_prototype_keys_are_names_like_others(self, serve: Serve, key: str) -> None:
        client = serve(serving(lambda: "ok"))
        assert key in client.failure("t", **{key: {"isAdmin": True}})
        assert client.refused("tools/call", name=key, arguments={}).code == -32602


class TestUnknownTools:
    @pytest.mark.spec("TOOLS-49", "L1105-TOOL-04")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_is_a_protocol_error(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(serving(lambda: "ok"), revision=revision)
        assert client.refused("tools/call", name="nope", arguments={}).code == -32602

    def test_names_the_nearest(self, serve: Serve) -> None:
        server = Server("t")
        server.tool(name="read_file")(lambda: "ok")
        error = serve(server).refused("tools/call", name="readfile", arguments={})
        assert "Did you mean 'read_file'?" in error.message

    def test_echoes_little_and_nothing_that_a_terminal_obeys(self, serve: Serve) -> None:
        client = serve(serving(lambda: "ok"))
        error = client.refused("tools/call", name="\x1b[2J\n" + "x" * 100_000, arguments={})
        assert "\x1b" not in error.message
        assert "\n" not in error.message
        assert len(error.message) < 300


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: float = 0.5


class Struct(msgspec.Struct, rename="camel"):
    some_name: str


class Model(pydantic.BaseModel):
    when: dt.date


class TestValues:
    """Return values that are data: the same JSON as structured value and as text."""

    @pytest.mark.spec("TOOLS-45", "TOOLS-46", "L0618-OUT-02")
    @pytest.mark.parametrize(
        ("value", "returns", "wire"),
        [
            (3, int, 3),
            (0.5, float, 0.5),
            (True, bool, True),
            (None, int | None, None),
            ([1, 2], list[int], [1, 2]),
            ((1, "a"), tuple[int, str], [1, "a"]),
            ({"a": 1}, dict[str, int], {"a": 1}),
            ({"b"}, set[str], ["b"]),
            (Point(1), Point, {"x": 1, "y": 0.5}),
            ([Point(1)], list[Point], [{"x": 1, "y": 0.5}]),
            (Struct("a"), Struct, {"someName": "a"}),
            (Model(when=dt.date(2026, 7, 28)), Model, {"when": "2026-07-28"}),
            (Colour.RED, Colour, "red"),
            (dt.date(2026, 7, 28), dt.date, "2026-07-28"),
            (Decimal("1.50"), Decimal, "1.50"),
            (uuid.UUID(int=1), uuid.UUID, str(uuid.UUID(int=1))),
            (b"\x00\xff", bytes, "AP8="),
            (Path("a/b"), Path, "a/b"),
            (10**30, int, 10**30),
        ],
    )
    def test_with_an_annotation(self, serve: Serve, value: Any, returns: Any, wire: Any) -> None:
        client = serve(giving(value, returns))
        result = client.call("t")
        assert result["structuredContent"] == wire
        assert msgspec.json.decode(only_text(result)) == wire
        assert "outputSchema" in client.entries()[0]

    @pytest.mark.parametrize(
        ("value", "wire"),
        [
            ({"a": [1, None]}, {"a": [1, None]}),
            ([1, {"a": 2}], [1, {"a": 2}]),
            (3, 3),
            (False, False),
            (Point(1), {"x": 1, "y": 0.5}),
            (Struct("a"), {"someName": "a"}),
            (Model(when=dt.date(2026, 7, 28)), {"when": "2026-07-28"}),
            ({"when": dt.date(2026, 7, 28), "ids": {uuid.UUID(int=1)}}, None),
            ([], []),
            ({}, {}),
        ],
    )
    def test_without_an_annotation(self, serve: Serve, value: Any, wire: Any) -> None:
        client = serve(giving(value))
        result = client.call("t")
        if wire is None:
            wire = {"when": "2026-07-28", "ids": [str(uuid.UUID(int=1))]}
        assert msgspec.json.decode(only_text(result)) == wire
        assert ("structuredContent" in result) is isinstance(wire, dict)
        if isinstance(wire, dict):
            assert result["structuredContent"] == wire
        assert "outputSchema" not in client.entries()[0]

    @pytest.mark.spec("TOOLS-41", "L1105-TOOL-03")
    def test_nothing_is_an_empty_list_of_content(self, serve: Serve) -> None:
        for returns in (None, type(None)):
            assert serve(giving(None, returns)).call("t") == {"content": []}

    @pytest.mark.spec("TOOLS-47", "L0618-OUT-01", "L0618-OUT-02", "L0618-OUT-04", "L1105-TOOL-05")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_in_every_revision(self, serve_raw: Serve, revision: str) -> None:
        server = giving([1], list[int])
        server.tool(name="record")(point)
        client = serve_raw(server, revision=revision)
        listed = {tool["name"]: tool.get("outputSchema") for tool in client.entries()}
        array, record = client.call("t"), client.call("record")
        assert only_text(array) == "[1]"
        if revision < "2025-06-18":
            assert "structuredContent" not in array
            assert "structuredContent" not in record
            assert set(listed.values()) == {None}
            return
        assert record["structuredContent"] == {"x": 1, "y": 0.5}
        wrapped = revision in LEGACY
        assert array["structuredContent"] == ({"result": [1]} if wrapped else [1])
        assert listed["t"] is not None
        assert listed["t"]["type"] == ("object" if wrapped else "array")

    def test_text_is_text(self, serve: Serve) -> None:
        for returns in (None, str):
            result = serve(giving('{"a": 1}\n"', returns)).call("t")
            assert result == {"content": [{"type": "text", "text": '{"a": 1}\n"'}]}

    def test_a_tool_result_says_it_all(self, serve: Serve) -> None:
        whole = ToolResult("said", structured=[1, None], meta={"com.example/a": {"b": 1}})
        assert serve(giving(whole)).call("t") == {
            "content": [{"type": "text", "text": "said"}],
            "structuredContent": [1, None],
            "_meta": {"com.example/a": {"b": 1}},
        }
        assert serve(giving(ToolResult(structured={"a": 1}))).call("t") == {
            "content": [{"type": "text", "text": '{"a":1}'}],
            "structuredContent": {"a": 1},
        }
        assert serve(giving(ToolResult("no", is_error=True))).call("t") == {
            "content": [{"type": "text", "text": "no"}],
            "isError": True,
        }
        assert serve(giving(ToolResult(structured=None))).call("t")["structuredContent"] is None
        assert serve(giving(ToolResult())).call("t") == {"content": []}

    @pytest.mark.spec("TOOLS-47", "L0618-OUT-01")
    @pytest.mark.parametrize(
        ("value", "returns", "path"),
        [
            ("x", int, "$"),
            ({"a": "x"}, dict[str, int], "$.a"),
            ([1, None], list[int], "$[1]"),
            ({"x": 1}, list[Point], "$"),
            (Point("x"), Point, "$.x"),  # pyright: ignore[reportArgumentType]  # the mistake under test
            (None, Point, "$"),
        ],
    )
    def test_a_value_that_breaks_the_declared_type(
        self, serve: Serve, value: Any, returns: Any, path: str
    ) -> None:
        failure = serve(giving(value, returns)).failure("t")
        assert failure.startswith(f"Tool t gave a result that cannot be sent ({path}: expected ")
        assert "incident" in failure


def point() -> Point:
    return Point(1)


def loop() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def nested(depth: int) -> Any:
    return functools.reduce(lambda inner, _: [inner], range(depth), 0)


class TestValuesWithoutJson:
    """What JSON cannot say is an error of the tool with its place, never a broken line."""

    @pytest.mark.spec("TOOLS-57", "L1105-TOOL-07")
    @pytest.mark.parametrize("annotated", [False, True])
    @pytest.mark.parametrize(
        ("value", "path"),
        [
            ({"k": [{object()}]}, "$.k[0][0]"),
            ({"k": object()}, "$.k"),
            ({"k": [1.0, float("nan")]}, "$.k[1]"),
            ({"k": float("-inf")}, "$.k"),
            (loop(), "$"),
            (nested(100_000), "$"),
            ({"k": "\ud800"}, "$.k"),
            ({"k\udcff": 1}, "$"),
            ({"k": os.fsdecode(b"caf\xe9.txt")}, "$.k"),
            ({"k": 10**5000}, "$.k"),
            ({"k": [Decimal("NaN")]}, "$.k[0]"),
            ({"k": (n for n in "ab")}, "$.k"),
            ({("a", "b"): 1}, "$"),
            ({"k": [Point(1, float("nan"))]}, "$.k[0].y"),
            ({"k": threading.Lock()}, "$.k"),
            ({1: "a", "1": "b"}, '$["1"]'),
        ],
    )
    def test_names_the_path(self, serve: Serve, value: Any, path: str, annotated: bool) -> None:
        server = giving(value, Any if annotated else None)
        server.tool(name="whole")(lambda: ToolResult(structured=value))
        server.tool(name="meta")(lambda: ToolResult(meta={"m": value}))
        server.tool(name="ok")(lambda: "ok")
        client = serve(server)
        prefix = "gave a result that cannot be sent"
        assert f"{prefix} ({path}: " in client.failure("t")
        assert f"{prefix} ({path}: " in client.failure("whole")
        deep = path == "$" and not isinstance(value, dict)
        below = "$" if deep else "$._meta.m" + path[1:]
        assert f"{prefix} ({below}: " in client.failure("meta")
        assert client.text("ok") == "ok", "the connection lives on"

    @pytest.mark.parametrize(
        ("value", "returns", "path"),
        [
            ({"k": float("nan")}, dict[str, float], "$.k"),
            ([10**5000], list[int], "$[0]"),
            (["\udcff"], list[str], "$[0]"),
            ({"k": 1}, dict[str, Any], None),
            ({"k": {object()}}, dict[str, Any], "$.k[0]"),
            ({"k": loop()}, dict[str, Any], "$"),
            (Point(1, float("inf")), Point, "$.y"),
        ],
    )
    def test_with_a_type(self, serve: Serve, value: Any, returns: Any, path: str | None) -> None:
        client = serve(giving(value, returns))
        if path is None:
            assert client.value("t") == value
        else:
            assert f"({path}: " in client.failure("t")

    @pytest.mark.spec("TOOLS-57")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_text_shows_half_characters(self, serve_raw: Serve, revision: str) -> None:
        name = os.fsdecode(b"caf\xe9.txt")
        server = giving(f"{name}\n\ud83d \U0001f600 é", str)
        server.tool(name="list")(lambda: [name, TextContent(name)])
        server.tool(name="whole")(lambda: ToolResult(name))
        server.tool(name="refuse")(functools.partial(_refuse, name))
        client = serve_raw(server, revision=revision)
        assert client.text("t") == "caf\\udce9.txt\n\\ud83d \U0001f600 é"
        assert texts(client.call("list")) == ["caf\\udce9.txt"] * 2
        assert client.text("whole") == "caf\\udce9.txt"
        assert client.failure("refuse") == "no caf\\udce9.txt"

    @pytest.mark.parametrize(
        ("block", "path"),
        [
            (TextContent("x", meta={"a": float("nan")}), "$.content[1]._meta.a"),
            (
                EmbeddedResource(ResourceContents("a:b", text="x", meta={"a": "\udcff"})),
                "$.content[1].resource._meta.a",
            ),
            (
                EmbeddedResource(ResourceContents("a:b", blob="\udcff")),
                "$.content[1].resource.blob",
            ),
        ],
    )
    def test_blocks(self, serve: Serve, block: Any, path: str) -> None:
        assert f"({path}: " in serve(giving(["first", block])).failure("t")

    @given(
        st.recursive(
            st.none()
            | st.integers()
            | st.floats()
            | st.text(st.characters())
            | st.binary()
            | st.builds(lambda: 10**5000)
            | st.sampled_from([object(), {1}]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(st.characters()) | st.integers(), inner, max_size=3)
            ),
            max_leaves=8,
        )
    )
    def test_whatever_is_returned_is_answered_with_valid_json(self, value: Any) -> None:
        for returns in (None, Any):
            with Client(giving(value, returns), "2026-07-28") as client:
                assert isinstance(client.call("t")["content"], list)


def _refuse(name: str) -> None:
    raise ToolError(f"no {name}")


class TestTheCap:
    def test_is_256_kib(self, serve: Serve) -> None:
        fits, over = "x" * CAP, "x" * (CAP + 1)
        server = giving(fits, str)
        server.tool(name="over")(lambda: over)
        client = serve(server)
        assert client.text("t") == fits
        head, note = client.text("over").split("\n")
        assert head == fits
        assert note == (
            f"[cut here: {CAP} of {CAP + 1} bytes are shown; narrow the request to see the rest]"
        )

    def test_cuts_at_the_last_line_end_within(self, serve: Serve) -> None:
        lines = "\n".join(f"line {n}" for n in range(50_000))
        text = serve(giving(lines, str)).text("t")
        *head, last, note = text.split("\n")
        assert [*head, last] == lines.split("\n")[: len(head) + 1]
        assert CAP - 20 < len("\n".join([*head, last])) <= CAP
        assert note.startswith("[cut here: ")

    def test_never_within_a_character(self, serve: Serve) -> None:
        for character in ("é", "€", "\U0001f600"):
            for shift in range(4):
                head, _ = serve(giving("x" * shift + character * CAP, str)).text("t").split("\n")
                assert CAP - 4 < len(head.encode()) <= CAP

    def test_may_be_set(self, serve: Serve) -> None:
        assert (
            serve(giving("a\nb\nc", str, text_limit=4)).text("t").startswith("a\nb\n[cut here: 3")
        )

    def test_is_shared_by_blocks(self, serve: Serve) -> None:
        half = "x" * (CAP // 2)
        result = serve(giving([half, "y\n" * CAP, "z", "z"])).call("t")
        first, second, note = texts(result)
        assert first == half
        assert second.startswith("y\ny\n")
        assert "[cut here: " in second
        assert note.startswith("[2 more texts are left out")
        assert sum(map(len, texts(result))) < CAP + 500

    def test_of_very_many_blocks(self, serve: Serve) -> None:
        result = serve(giving(["x" * 1000] * 10_000)).call("t")
        assert sum(len(text) for text in texts(result)) < CAP + 500
        assert "more texts are left out" in texts(result)[-1]

    def test_counts_embedded_text_and_leaves_the_rest(self, serve: Serve) -> None:
        embedded = EmbeddedResource(ResourceContents("a:b", text="x\n" * CAP))
        blob = EmbeddedResource(ResourceContents("a:c", blob="AAAA"))
        first, second = serve(giving([embedded, blob])).call("t")["content"]
        assert len(first["resource"]["text"]) < CAP + 200
        assert "[cut here: " in first["resource"]["text"]
        assert second["resource"]["blob"] == "AAAA"

    def test_structured_values_are_refused_with_a_way_out(self, serve: Serve) -> None:
        big = {"rows": ["x" * 1000] * 300}
        server = giving(big, dict[str, list[str]])
        server.tool(name="any")(lambda: big)
        server.tool(name="whole")(lambda: ToolResult(structured=big))
        server.add_tool(
            lambda: big,
            name="hand",
            input_schema={"type": "object"},
            output_schema={"type": "object"},
        )
        client = serve(server)
        for name in ("t", "any", "whole", "hand"):
            failure = client.failure(name)
            assert f"more than the {CAP} that are sent" in failure
            assert "Narrow the request" in failure

    def test_the_text_of_an_error_has_one_too(self, serve: Serve) -> None:
        def refuse() -> None:
            raise ToolError("x" * 10_000_000)

        failure = serve(serving(refuse)).failure("t")
        assert len(failure) < 70_000
        assert "[cut here: " in failure

    @given(st.text(st.characters(codec="utf-8")), st.integers(1, 40))
    def test_cut_keeps_to_the_limit(self, text: str, limit: int) -> None:
        found = cut(text, limit)
        if len(text.encode()) <= limit:
            assert found == text
            return
        head, _, note = found.rpartition("\n")
        assert note.startswith("[cut here: ")
        assert text.startswith(head)
        assert len(head.encode()) <= limit

    @given(st.lists(st.text(st.characters()), max_size=8), st.integers(1, 40))
    def test_capped_blocks_keep_to_the_limit(self, found: list[str], limit: int) -> None:
        blocks = capped([TextContent(text) for text in found], limit)
        kept = [block.text for block in blocks if isinstance(block, TextContent)]
        shown = [text for text in kept if not text.startswith("[") or "left out" not in text]
        bodies = [t.rpartition("\n")[0] if "[cut here: " in t else t for t in shown]
        assert sum(len(body.encode()) for body in bodies) <= limit


class TestManyAtOnce:
    @pytest.mark.spec("TOOLS-56", "L1105-TOOL-07")
    def test_calls_beyond_the_bound_are_refused(self, serve_raw: Serve) -> None:
        open_ = asyncio.Event()

        async def wait() -> str:
            await open_.wait()
            return "ok"

        client = serve_raw(serving(wait), bounds=Bounds(calls_in_flight=3))

        async def burst() -> list[Any]:
            params: dict[str, Any] = {"name": "t", "arguments": {}}
            calls = [
                asyncio.ensure_future(client.raw.request("tools/call", params)) for _ in range(8)
            ]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            open_.set()
            return await asyncio.gather(*calls, return_exceptions=True)

        answers = client.run(burst())
        assert [isinstance(answer, dict) for answer in answers].count(True) == 3
        assert {a.code for a in answers if not isinstance(a, dict)} == {1002}
        assert client.text("t") == "ok"

    @pytest.mark.spec("TOOLS-56")
    def test_threads_have_a_bound(self, serve: Serve) -> None:
        open_ = threading.Event()
        server = serving(lambda: str(open_.wait(30)), threads=1)
        server.threads.queue = 2
        client = serve(server)

        async def burst() -> list[Any]:
            params: dict[str, Any] = {"name": "t", "arguments": {}}
            calls = [
                asyncio.ensure_future(client.caller.request("tools/call", params)) for _ in range(5)
            ]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            open_.set()
            return await asyncio.gather(*calls, return_exceptions=True)

        answers = client.run(burst())
        refused = [answer for answer in answers if not isinstance(answer, dict)]
        assert len(refused) == 2
        assert {error.code for error in refused} == {1002}
