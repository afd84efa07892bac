"""The command line of `interlock run`, and of `interlock` itself."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from interlock import __version__
from interlock.cli.run import Options, UsageError, parse
from tests.support.stdio import PATIENCE, ROOT, StdioServer

COMMAND = [sys.executable, "-m", "interlock.cli.main"]

SHOWS = """
import os, sys, interlock
server = interlock.Server('shows')

@server.tool
def argv() -> list[str]:
    return sys.argv

@server.tool
def variable(name: str) -> str:
    return os.environ.get(name, 'unset')
"""


def run(*words: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """What a command says whose input is at its end."""
    return subprocess.run(
        [*COMMAND, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        cwd=cwd, timeout=PATIENCE,
    )  # fmt: skip


def parsed(*words: str) -> Options:
    return parse(words)


@pytest.mark.parametrize(
    ("words", "target", "env_file", "reload", "arguments"),
    [
        (["x.py"], "x.py", None, False, []),
        (["--reload", "x.py"], "x.py", None, True, []),
        (["x.py", "--reload", "--env-file", ".env"], "x.py", ".env", True, []),
        (["--env-file=.env=x", "x.py"], "x.py", ".env=x", False, []),
        (["x.py", "--"], "x.py", None, False, []),
        (["x.py", "--", "--reload", "--", "y.py", "-h"], "x.py", None, False,
         ["--reload", "--", "y.py", "-h"]),
    ],
)  # fmt: skip
def test_options(
    words: list[str], target: str, env_file: str | None, reload: bool, arguments: list[str]
) -> None:
    options = parse(words)
    assert options.target == target
    assert options.env_file == env_file
    assert options.reload is reload
    assert options.arguments == arguments


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "TARGET is missing"),
        (["--", "x.py"], "TARGET is missing"),
        ([""], "TARGET is missing"),
        (["--frobnicate", "x.py"], "unknown option '--frobnicate'"),
        (["x.py", "-x"], "unknown option '-x'"),
        (["x.py", "y.py"], "one TARGET"),
        (["x.py", "--env-file"], "--env-file takes"),
        (["x.py", "--env-file="], "--env-file takes"),
        (["x.py", "--reload=yes"], "unknown option"),
        (["--" + "x" * 10_000], "unknown option"),
        (["--\x1b[31m\n"], "unknown option"),
    ],
    ids=lambda part: ascii(part)[:30],
)
def test_wrong_options(words: Sequence[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_a_wrong_command_line_is_told_on_standard_error() -> None:
    done = run("run", "x.py", "--frobnicate")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("interlock run: unknown option '--frobnicate'\n")
    assert "usage: interlock run TARGET" in done.stderr


@pytest.mark.parametrize("words", [["run", "--help"], ["run", "-h"], ["run", "x.py", "--help"]])
def test_help(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: interlock run TARGET")
    for option in ("--reload", "--env-file", "-- ARGS"):
        assert option in done.stdout
    assert done.stderr == ""


def test_help_behind_the_dashes_is_the_targets(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text(SHOWS)
    with StdioServer(tmp_path / "t.py", args=["--help", "-h"]) as server:
        assert server.call("argv")["result"]["structuredContent"][1:] == ["--help", "-h"]


def test_arguments_reach_the_target(tmp_path: Path) -> None:
    path = tmp_path / "t.py"
    path.write_text(SHOWS)
    words = ["--root", "/srv", "é\u2028", "", "--"]
    with StdioServer(path, args=words) as server:
        assert server.call("argv")["result"]["structuredContent"] == [str(path), *words]
    with StdioServer(path) as server:
        assert server.call("argv")["result"]["structuredContent"] == [str(path)]


@pytest.mark.parametrize("form", ["--env-file {path}", "--env-file={path}"])
def test_an_environment_file(tmp_path: Path, form: str) -> None:
    """What is set already wins; the target sees it while it is imported."""
    (tmp_path / "t.py").write_text(
        "import os\nassert os.environ['FIRST'] == 'one'\n" + SHOWS, encoding="utf-8"
    )
    (tmp_path / "vars").write_text(
        "# a comment\nFIRST=one\nexport SECOND='two words'\nTHIRD=\"line\\nbreak\"\n"
        "SET=file\n\nEMPTY=\n",
        encoding="utf-8",
    )
    options = form.format(path=tmp_path / "vars").split()
    with StdioServer(tmp_path / "t.py", options=options, env={"SET": "outside"}) as server:
        found = {
            name: server.call("variable", {"name": name})["result"]["content"][0]["text"]
            for name in ("FIRST", "SECOND", "THIRD", "SET", "EMPTY")
        }
    assert found == {
        "FIRST": "one", "SECOND": "two words", "THIRD": "line\nbreak", "SET": "outside",
        "EMPTY": "",
    }  # fmt: skip


def test_an_environment_file_that_is_missing() -> None:
    done = run("run", "examples/weather.py", "--env-file", "no/such/file")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "interlock run: --env-file no/such/file: no such file\n"


def test_the_command_itself() -> None:
    assert run("--help").stdout.startswith("usage: interlock COMMAND")
    assert run("-h").returncode == 0
    assert run("--version").stdout == f"interlock {__version__}\n"
    assert importlib.metadata.version("interlock") == __version__
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: interlock COMMAND")
    done = run("frobnicate\n\x1b[31m" + "x" * 1000)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("interlock: no command 'frobnicate\\n\\x1b[31m")
    assert len(done.stderr) < 200


def test_the_installed_command() -> None:
    command = Path(sys.executable).with_name("interlock")
    with StdioServer(command=[command, "run", "examples/weather.py"]) as server:
        assert server.initialize()["result"]["serverInfo"]["name"] == "weather"


def test_make_up_serves_the_example() -> None:
    """With its input at the end it ends, with nothing on its output that is not the protocol."""
    recipe = (
        (ROOT / "Makefile").read_text(encoding="utf-8").split("\nup: ", 1)[1].split("\n\n", 1)[0]
    )
    lines = [line.strip().lstrip("@") for line in recipe.splitlines()[1:]]
    script = "\n".join(lines).replace("$(BIN)", str(Path(sys.executable).parent))
    assert "examples/weather.py" in script
    done = subprocess.run(
        ["sh", "-ec", script], stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=ROOT,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    with StdioServer(command=["sh", "-ec", script]) as server:
        assert server.initialize()["result"]["serverInfo"]["name"] == "weather"
        assert server.finish() == 0
