"""What `interlock run` serves, and what it says where it cannot: one message, nothing else."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.cli.target import split
from tests.support.stdio import StdioServer

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of a target's folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


ONE = "import interlock\nserver = interlock.Server('one')\n"
TWO = "import interlock\nleft = interlock.Server('left')\nright = interlock.Server('right')\n"
CALLABLE = "class Make:\n    def __call__(self):\n        return left\nmake = Make()\n"
DERIVED = "import interlock\nclass Mine(interlock.Server):\n    pass\nx = Mine('mine')\n"


def name_of(server: StdioServer) -> str:
    """What the server calls itself."""
    return server.initialize()["result"]["serverInfo"]["name"]


@pytest.mark.parametrize(
    ("target", "place", "name"),
    [("file.py", "file.py", None), ("file.py:name", "file.py", "name"),
     ("a/b.py:app.server", "a/b.py", "app.server"), ("package.module", "package.module", None),
     ("package.module:server", "package.module", "server"), ("C:\\x\\y.py", "C:\\x\\y.py", None),
     ("C:\\x\\y.py:server", "C:\\x\\y.py", "server"), ("x.py:", "x.py:", None),
     (":server", ":server", None), ("x.py:1", "x.py:1", None), ("x.py:a-b", "x.py:a-b", None)],
)  # fmt: skip
def test_parts_of_a_target(target: str, place: str, name: str | None) -> None:
    assert split(target) == (place, name)


@pytest.mark.parametrize(
    ("text", "name", "served"),
    [
        (ONE, "", "one"),
        (ONE, ":server", "one"),
        (ONE + "alias = server\n", "", "one"),
        (TWO, ":left", "left"),
        (TWO, ":right", "right"),
        (TWO + "server = left\n", "", "left"),
        (TWO + "class app:\n    inner = right\n", ":app.inner", "right"),
        (TWO + "def make():\n    return right\n", ":make", "right"),
        (TWO + "make = lambda: left\n", ":make", "left"),
        (TWO + CALLABLE, ":make", "left"),
        (DERIVED, "", "mine"),
        ("from __future__ import annotations\n" + ONE, "", "one"),
    ],
)  # fmt: skip
def test_what_a_file_holds(write: Write, text: str, name: str, served: str) -> None:
    path = write("target.py", text)
    with StdioServer(f"{path}{name}") as server:
        assert name_of(server) == served
        assert server.finish() == 0
        assert server.stderr == ""


@pytest.mark.parametrize("target", ["target.py", "./target.py", "{folder}/target.py"])
def test_where_a_file_is(write: Write, target: str) -> None:
    path = write("target.py", ONE)
    with StdioServer(target.format(folder=path.parent), cwd=path.parent) as server:
        assert name_of(server) == "one"


def test_a_file_imports_its_neighbours(write: Write) -> None:
    path = write("deep/target.py", "from neighbour import server\n")
    write("deep/neighbour.py", ONE)
    with StdioServer(path) as server:
        assert name_of(server) == "one"


@pytest.mark.parametrize(
    "target", ["package.module", "package.module:server", "package:server", "package"]
)
def test_a_module(write: Write, target: str, tmp_path: Path) -> None:
    write("package/__init__.py", "from package.module import server\n")
    write("package/module.py", ONE)
    with StdioServer(target, cwd=tmp_path) as server:
        assert name_of(server) == "one"


@pytest.mark.parametrize("name", ["json", "typing", "asyncio", "interlock", "signal"])
def test_a_file_that_is_called_like_a_library(write: Write, name: str) -> None:
    """It does not stand in for the library in those modules that import it later."""
    path = write(f"odd/{name}.py", "import sys\nsys.path.pop(0)\n" + ONE)
    with StdioServer(path) as server:
        assert name_of(server) == "one"
        assert server.finish() == 0


def test_a_script_with_its_own_start(write: Write) -> None:
    path = write("target.py", ONE + "if __name__ == '__main__':\n    server.run()\n")
    for command in ([sys.executable, path], None):
        with StdioServer(path, command=command) as server:
            assert name_of(server) == "one"
            assert server.finish() == 0
            assert server.stderr == ""


def test_a_script_that_starts_without_asking(write: Write) -> None:
    """It serves while it is imported; when that has ended there is nobody left to serve."""
    path = write("target.py", ONE + "server.run()\n")
    with StdioServer(path) as server:
        assert name_of(server) == "one"
        assert server.finish() == 0
        assert "Traceback" not in server.stderr


SYNTAX = "def x(:\n"
TARGETS: list[tuple[str, str, list[str]]] = [
    (SYNTAX, "", ["does not import", "SyntaxError", "line 1"]),
    ("import no_such_module_at_all\n", "", ["ModuleNotFoundError", "no_such_module_at_all", ":1)"]),
    ("from interlock import no_such_name\n", "", ["ImportError", "no_such_name"]),
    ("\n\nraise RuntimeError('no database')\n", "", ["RuntimeError: no database", "(target.py:3)"]),
    ("raise RuntimeError\n", "", ["RuntimeError", "no message"]),
    ("raise RuntimeError('x' * 1000000)\n", "", ["RuntimeError"]),
    ("import sys\nsys.exit(0)\n", "", ["does not import", "SystemExit"]),
    ("import sys\nsys.exit('wrong arguments')\n", "", ["wrong arguments"]),
    ("x = 1\n", "", ["holds no server", "interlock.Server("]),
    ("", "", ["holds no server"]),
    (TWO, "", ["several servers", "left, right"]),
    (ONE, ":other", ["has no 'other'"]),
    (ONE, ":server.other.deeper", ["has no"]),
    (ONE + "x = 5\n", ":x", ["is int, not an interlock.Server"]),
    (ONE + "def make():\n    return 5\n", ":make", ["returned int"]),
    (ONE + "def make():\n    raise OSError('no disk')\n", ":make", ["OSError: no disk", ":4)"]),
    (ONE + "def make(x):\n    return server\n", ":make", ["TypeError", "cannot be called"]),
    (ONE + "async def make():\n    return server\n", ":make", ["async function"]),
    (ONE + "import sys\ndef make():\n    sys.exit(4)\n", ":make", ["SystemExit"]),
    ("import interlock\nserver = interlock.Server('')\n", "", ["DefinitionError", "needs a name"]),
    (ONE + "@server.tool\ndef f(x: 'NoSuchType'): ...\n", "", ["NoSuchType"]),
]


def refused(server: StdioServer) -> str:
    """The one message of a target that cannot be served."""
    assert server.wait() == 2
    assert server.lines == []
    message = server.stderr
    assert message.startswith("interlock run: ")
    assert message.endswith("\n")
    assert "Traceback" not in message
    assert "Warning" not in message
    assert message.count("interlock run: ") == 1
    assert len(message) < 2000
    return message


@pytest.mark.parametrize(
    ("text", "name", "said"), TARGETS, ids=[text[-40:] for text, _, _ in TARGETS]
)
def test_a_target_that_cannot_be_served(
    write: Write, text: str, name: str, said: list[str]
) -> None:
    with StdioServer(f"{write('target.py', text)}{name}") as server:
        message = refused(server)
        for part in said:
            assert part in message
        assert "target.py" in message


@pytest.mark.parametrize(
    ("target", "said"),
    [("missing.py", "no such file"), ("missing/", "no such file"), ("./missing", "no such file"),
     ("no_such_package", "no such module"), ("no_such.package:x", "no such module"),
     ("notes.txt", "no such module"), ("./notes.txt", "must end in .py"), (".", "neither"),
     (".x", "neither"), ("a..b", "neither"), ("x y", "neither"), ("\u2028", "neither")],
    ids=lambda part: ascii(part)[:20],
)  # fmt: skip
def test_a_target_that_is_not_there(write: Write, target: str, said: str, tmp_path: Path) -> None:
    write("notes.txt", "hello")
    with StdioServer(target, cwd=tmp_path) as server:
        assert said in refused(server)


def test_what_a_failing_target_printed_before_is_kept_off_the_stream(write: Write) -> None:
    path = write(
        "target.py", "print('hello')\nimport os\nos.write(1, b'there\\n')\nraise OSError\n"
    )
    with StdioServer(path) as server:
        assert server.wait() == 2
        assert server.lines == []
        assert "hello" in server.stderr
        assert "there" in server.stderr


def test_two_entries_of_one_name_are_found_at_the_start(write: Write) -> None:
    path = write(
        "target.py",
        "import interlock\n"
        "server, other = interlock.Server('a'), interlock.Server('b')\n"
        "for s in (server, other):\n"
        "    s.add_tool(lambda: 1, name='same')\n"
        "server.mount(other)\n",
    )
    with StdioServer(path) as server:
        assert "same" in refused(server)
