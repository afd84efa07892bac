"""What the documentation shows, does what it says."""

import asyncio
import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from interlock import Server
from interlock.cli.run import parse
from interlock.transport.memory import connect
from tests.docs.documents import DOCS, PAGES, README, ROOT, Fence, every, fences
from tests.support.aio import run
from tests.support.inprocess import connected

_COMMAND = ".venv/bin/interlock"
_PLACEHOLDER = "/path/to/"


def _fence_id(fence: Fence) -> str:
    return fence.place


def _after(fence: Fence) -> Fence | None:
    """The next fence of the page."""
    all_of_them = fences(fence.page)
    following = all_of_them[all_of_them.index(fence) + 1 :]
    return following[0] if following else None


@pytest.mark.timeout(60)  # a snippet that waits for ever must not hold the run
@pytest.mark.parametrize("fence", every("python"), ids=_fence_id)
def test_every_python_snippet_runs_and_prints_what_the_page_says(
    fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("snippet" if "server.run()" in fence.text else "__main__")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(ROOT if fence.page.name == "CONTRIBUTING.md" else tmp_path)
    printed = io.StringIO()
    code = compile("\n" * fence.line + fence.text, str(fence.page), "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, module.__dict__)
    for server in {id(v): v for v in vars(module).values() if isinstance(v, Server)}.values():
        asyncio.run(_list_everything(server))
    shown = _after(fence)
    if printed.getvalue():
        assert shown is not None, "it prints; show what in a text block after it"
        assert shown.language == "text", "it prints; show what in a text block after it"
        assert printed.getvalue() == shown.text


async def _list_everything(server: Server) -> None:
    """Every list answers, alike with bytes in between, and everything listed says what it is."""
    lists = {
        "tools/list": "tools",
        "prompts/list": "prompts",
        "resources/list": "resources",
        "resources/templates/list": "resourceTemplates",
    }
    async with server.started() as peer:
        offered = peer.describe().capabilities
        for method, member in lists.items():
            if method.partition("/")[0] not in offered:
                continue
            async with connect(peer) as near, connect(peer, wire=True) as far:
                entries: list[dict[str, Any]] = (await near.request(method))[member]
                assert entries == (await far.request(method))[member]
            for entry in entries:
                assert entry.get("description"), f"{entry['name']} lacks a docstring"


def test_the_documentation_has_snippets_of_each_kind() -> None:
    assert len(every("python")) > 20
    assert len(every("sh")) > 5
    assert len(every("json")) > 3


def test_every_fence_names_a_language_that_is_checked() -> None:
    known = {"python", "sh", "json", "text", "toml"}
    for page in PAGES:
        for fence in fences(page):
            if page.parent.name != "benchmarks" or fence.language:
                assert fence.language in known, fence.place


@pytest.mark.parametrize("fence", every("sh"), ids=_fence_id)
def test_every_shell_snippet_calls_what_exists(fence: Fence) -> None:
    targets = _make_targets()
    for line in fence.text.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if not words:
            continue
        if words[0] == "make":
            for word in words[1:]:
                assert "=" in word or word in targets, line
        elif words[0] == "claude":
            _check_command(words[words.index("--") + 1 :], line)
        elif words[0].endswith("/interlock"):
            _check_command(words, line)
        elif words[0] == "python3" or words[0].endswith("bin/python"):
            _check_python(words[1:], line)
        else:
            raise AssertionError(f"no test knows what this does: {line}")


def _check_python(words: list[str], line: str) -> None:
    """A module that is run: one of Python's, of the environment's, or of this checkout."""
    assert words[0] == "-m", line
    assert words[1] == "pip" or find_spec(words[1]) is not None, line
    for extra in re.findall(r"interlock\[([\w,]+)\]", line):
        assert set(extra.split(",")) <= set(_extras()), line


def _extras() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"])


def _check_command(words: list[str], line: str) -> None:
    """An `interlock` command line that the command itself would take."""
    assert words[0] == _COMMAND or words[0] == _PLACEHOLDER + "interlock/" + _COMMAND, line
    if words[1:] in (["--version"], ["--help"], ["run", "--help"]):
        return
    assert words[1] == "run", line
    target = parse(words[2:]).target.partition(":")[0]
    if target.startswith("examples/"):
        assert (ROOT / target).is_file(), line
    assert not Path(target).is_absolute() or target.startswith(_PLACEHOLDER), line


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("fence", every("json"), ids=_fence_id)
def test_every_json_snippet_is_json_and_its_commands_exist(fence: Fence) -> None:
    value = json.loads(fence.text)
    for key in ("mcpServers", "servers"):
        for name, entry in value.get(key, {}).items():
            assert re.fullmatch(r"[a-z-]+", name)
            assert set(entry) <= {"type", "command", "args", "env"}
            assert entry.get("type", "stdio") == "stdio"
            _check_command([entry["command"], *entry["args"]], fence.place)
    if "servers" in value:  # this host alone wants the type
        assert all(entry["type"] == "stdio" for entry in value["servers"].values())


def test_the_first_two_commands_of_the_readme_serve_and_test() -> None:
    shown = [line for fence in fences(README) if fence.language == "sh" for line in _lines(fence)]
    assert shown[:2] == ["make up", "make test"]


def _lines(fence: Fence) -> list[str]:
    return [
        line.partition("#")[0].strip() for line in fence.text.splitlines() if line.partition("#")[0]
    ]


def test_the_ten_line_server_of_the_readme_is_the_one_in_examples() -> None:
    text = (ROOT / "examples" / "ten_lines.py").read_text(encoding="utf-8")
    assert text in [fence.text for fence in fences(README) if fence.language == "python"]


def test_the_messages_of_the_protocol_page_are_those_of_its_server() -> None:
    page = DOCS / "protocol.md"
    namespace: dict[str, Any] = {"__name__": "snippet"}
    exec(next(fence.text for fence in fences(page) if fence.language == "python"), namespace)
    messages = [json.loads(fence.text) for fence in fences(page) if fence.language == "json"]
    assert len(messages) > 5
    run(_exchange(namespace["server"], messages))


async def _exchange(server: Server, messages: list[dict[str, Any]]) -> None:
    async with connected(server) as client:
        waiting: dict[str, Any] | None = None
        for message in messages:
            if "method" in message:
                assert waiting is None, "the request before has no answer on the page"
                client.send(message)
                waiting = message if "id" in message else None
            else:
                assert waiting is not None
                assert await client.answer(waiting["id"]) == message
                waiting = None
        assert waiting is None


def test_every_python_snippet_passes_the_strict_type_checker(tmp_path: Path) -> None:
    for fence in every("python"):
        name = f"{fence.page.stem.lower()}_line_{fence.line}.py"
        (tmp_path / name).write_text(fence.text, encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT), str(ROOT / "src")]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    checker = Path(sys.executable).with_name("basedpyright")
    command = [str(checker), "--pythonpath", sys.executable, "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
