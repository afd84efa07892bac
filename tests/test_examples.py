"""Every example runs over real stdio as its docstring says, lists what it has, and answers."""

import ast
import re
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.stdio import LATEST, ROOT, StdioServer

Json = dict[str, Any]
Ask = Callable[[str, Json], Json]

EXAMPLES = {path.stem: path for path in sorted((ROOT / "examples").glob("*.py"))}
REVISIONS = ("2024-11-05", "2025-11-25", LATEST)


class Expected(NamedTuple):
    """What an example lists, and its answers to some requests."""

    tools: Sequence[str] = ()
    resources: Sequence[str] = ()
    templates: Sequence[str] = ()
    prompts: Sequence[str] = ()
    calls: Sequence[tuple[str, Json, str]] = ()
    """Tool, arguments, and the text of the result."""
    reads: Sequence[tuple[str, str]] = ()
    """URI and text."""
    gets: Sequence[tuple[str, dict[str, str], str]] = ()
    """Prompt, arguments, and the text of its first message."""


EXPECTED = {
    "everything": Expected(  # which the official clients go through as well
        tools=[
            *("echo", "describe", "primes", "picture", "sound", "document", "link", "collage"),
            *("plan", "query", "divide", "fail", "count", "log", "digest", "hold", "holds"),
        ],
        resources=[
            *("everything://about", "everything://pixel.png", "everything://numbers"),
            *(f"everything://chapters/{number}" for number in range(1, 10)),
        ],
        templates=[
            "everything://greetings/{name}",
            "everything://squares/{number}",
            "everything://shelves/{shelf}{?author,limit}",
        ],
        prompts=["hello", "summarise", "review", "look", "listen", "study"],
        calls=[("describe", {"numbers": [1, 2]}, '{"count":2,"mean":1.5,"largest":2.0}')],
        reads=[("everything://squares/3", '{"number":3,"square":9}')],
        gets=[("hello", {}, "Say hello to me.")],
    ),
    "mounted": Expected(
        tools=["add", "search", "units_convert"],
        resources=["notes://calls", "units://lengths"],
        templates=["notes://{number}"],
        calls=[
            ("add", {"text": "buy bread"}, "1"),
            ("add", {"text": "bake bread"}, "2"),
            ("add", {"text": " "}, "The note is empty. Write something."),
            ("search", {"words": "bread"}, '["buy bread","bake bread"]'),
            ("units_convert", {"value": 5, "source": "km", "target": "mi"}, "3.106856"),
        ],
        reads=[
            ("notes://2", "bake bread"),
            ("notes://calls", '{"add":3,"search":1,"units_convert":1}'),
            ("units://lengths", '{"m":1.0,"km":1000.0,"ft":0.3048,"mi":1609.344}'),
        ],
    ),
    "ten_lines": Expected(
        tools=["days_between"],
        calls=[("days_between", {"start": "2026-01-01", "end": "2026-07-28"}, "208")],
    ),
    "weather": Expected(
        tools=["forecast"],
        resources=["weather://stations"],
        templates=["weather://{city}/now"],
        prompts=["briefing"],
        calls=[
            (
                "forecast",
                {"city": "Oslo", "days": 2, "unit": "F"},
                '{"city":"Oslo","days":2,"degrees":[25.7,26.6],"unit":"F"}',
            ),
            (
                "forecast",
                {"city": "Paris"},
                "No station in Paris. There are: Oslo, Lisbon, Nairobi.",
            ),
            (
                "forecast",
                {"city": "Oslo", "days": 15},
                "$.days: got 15, expected an integer of at least 1 and at most 14",
            ),
        ],
        reads=[
            ("weather://stations", '["Oslo","Lisbon","Nairobi"]'),
            ("weather://Lisbon/now", "17.0 °C"),
        ],
        gets=[("briefing", {"city": "Nairobi"}, "Brief me about the weather in Nairobi.")],
    ),
}
"""An example without its row here fails."""


@contextmanager
def serving(name: str, revision: str) -> Generator[Ask]:
    """Ask an example that is served for its results; at the end it must go, and quietly."""
    with StdioServer(f"examples/{name}.py") as server:
        if revision != LATEST:
            assert server.initialize(revision)["result"]["protocolVersion"] == revision

        def ask(method: str, params: Json) -> Json:
            send = server.modern if revision == LATEST else server.request
            return send(method, params)["result"]

        yield ask
        assert server.finish() == 0
        assert server.stderr == ""


def pages(ask: Ask, method: str, member: str, key: str) -> list[str]:
    """The keys of all pages of a list."""
    found: list[str] = []
    params: Json = {}
    while True:
        result = ask(method, params)
        found += [item[key] for item in result[member]]
        if "nextCursor" not in result:
            return found
        params = {"cursor": result["nextCursor"]}


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_lists_and_answers(name: str, revision: str) -> None:
    expected = EXPECTED[name]
    with serving(name, revision) as ask:
        assert pages(ask, "tools/list", "tools", "name") == list(expected.tools)
        if expected.resources:
            resources = pages(ask, "resources/list", "resources", "uri")
            assert resources == list(expected.resources)
        if expected.templates:
            method, member = "resources/templates/list", "resourceTemplates"
            assert pages(ask, method, member, "uriTemplate") == list(expected.templates)
        if expected.prompts:
            assert pages(ask, "prompts/list", "prompts", "name") == list(expected.prompts)
        for tool, arguments, text in expected.calls:
            result = ask("tools/call", {"name": tool, "arguments": arguments})
            assert result["content"] == [{"type": "text", "text": text}]
        for uri, text in expected.reads:
            [contents] = ask("resources/read", {"uri": uri})["contents"]
            assert contents["text"] == text
        for prompt, given, text in expected.gets:
            messages = ask("prompts/get", {"name": prompt, "arguments": given})["messages"]
            assert messages[0] == {"role": "user", "content": {"type": "text", "text": text}}


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_by_itself_too(name: str) -> None:
    """`python examples/NAME.py` serves as `interlock run` does."""
    with StdioServer(command=[sys.executable, f"examples/{name}.py"]) as server:
        tools = server.modern("tools/list")["result"]["tools"]
        assert [tool["name"] for tool in tools] == list(EXPECTED[name].tools)[: len(tools)]
        assert server.finish() == 0
        assert server.stderr == ""


def test_every_example_is_expected() -> None:
    assert set(EXPECTED) == set(EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES.values(), ids=EXAMPLES)
def test_it_explains_itself(path: Path) -> None:
    """The module, its classes and its functions say what they are for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = [tree, *(node for node in tree.body if isinstance(node, _EXPLAINED))]
    assert not [getattr(part, "name", path.stem) for part in parts if not ast.get_docstring(part)]


_EXPLAINED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def test_ten_lines_are_ten_lines() -> None:
    lines = EXAMPLES["ten_lines"].read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if re.search(r"\S", line)]) == 10
