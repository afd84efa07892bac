"""The servers that are compared: how each is started, its eras and its versions."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.wire import ERAS, LEGACY
from scripts import peers
from scripts.envs import BuildError

_SERVERS = Path(__file__).parent / "servers"
_VERSIONS = (
    "import importlib.metadata as m, json, platform, sys;"
    "found = {name: m.version(name) for name in sys.argv[1:]};"
    "print(json.dumps({'python': platform.python_version(), **found}))"
)
_TIERED = 20_000  # calls until a just-in-time compiler has settled


class Unavailable(Exception):
    """A server cannot be started on this machine; the message says why."""


class Launch(Struct, frozen=True):
    """How a server is started, and the versions of what it runs on."""

    command: list[str]
    versions: dict[str, str]


class Candidate(Struct, frozen=True):
    """One server of the comparison."""

    name: str
    title: str
    prepare: Callable[[], Launch]
    eras: tuple[str, ...] = ERAS
    warm: int = 500
    """Calls before the first that is measured."""


def environment() -> dict[str, str]:
    """The environment of every server: nothing that would change how an interpreter works."""
    return {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ
    }


def _python(interpreter: Path, script: str, packages: Sequence[str]) -> Launch:
    try:
        printed = subprocess.run(
            [str(interpreter), "-I", "-c", _VERSIONS, *packages],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"its versions cannot be read: {error.stderr.strip()[-500:]}") from error
    return Launch([str(interpreter), str(_SERVERS / script)], json.loads(printed))


def _own(script: str, *packages: str) -> Callable[[], Launch]:
    return lambda: _python(Path(sys.executable), script, packages)


def _peer(environment: str, script: str, *packages: str) -> Callable[[], Launch]:
    def prepare() -> Launch:
        try:
            interpreter = peers.python(environment)
        except BuildError as error:
            raise Unavailable(str(error)) from error
        return _python(interpreter, script, packages)

    return prepare


def _node(script: str, *packages: str) -> Callable[[], Launch]:
    def prepare() -> Launch:
        try:
            node, modules = peers.node(), peers.node_modules()
        except BuildError as error:
            raise Unavailable(str(error)) from error
        printed = subprocess.run(
            [str(node), "--version"], check=True, capture_output=True, text=True, timeout=60
        )
        versions = {"node": printed.stdout.strip().removeprefix("v")}
        for package in packages:
            manifest: dict[str, Any] = json.loads((modules / package / "package.json").read_text())
            versions[package] = manifest["version"]
        flag = "--experimental-import-meta-resolve"
        return Launch([str(node), flag, str(_SERVERS / script), str(modules.parent)], versions)

    return prepare


CANDIDATES = (
    Candidate("floor", "floor", _own("floor.py", "msgspec", "uvloop"), warm=5000),
    Candidate(
        "interlock",
        "Interlock",
        _own("interlock_echo.py", "interlock", "msgspec", "uvloop"),
        warm=5000,
    ),
    Candidate("mcp2", "Python SDK 2", _peer("mcp2", "mcp2_echo.py", "mcp", "pydantic", "anyio")),
    Candidate(
        "mcp1",
        "Python SDK 1",
        _peer("mcp1", "mcp1_echo.py", "mcp", "pydantic", "anyio"),
        eras=(LEGACY,),
    ),
    Candidate(
        "fastmcp",
        "FastMCP",
        _peer("fastmcp", "fastmcp_echo.py", "fastmcp", "mcp", "pydantic", "anyio"),
    ),
    Candidate(
        "ts2",
        "TypeScript SDK 2",
        _node("ts2_echo.mjs", "@modelcontextprotocol/server", "zod"),
        warm=_TIERED,
    ),
    Candidate(
        "ts1",
        "TypeScript SDK 1",
        _node("ts1_echo.mjs", "@modelcontextprotocol/sdk", "zod"),
        eras=(LEGACY,),
        warm=_TIERED,
    ),
    Candidate("control", "floor again", _own("floor.py", "msgspec", "uvloop"), warm=5000),
)


def select(names: Sequence[str]) -> list[Candidate]:
    """The named candidates in the order of the table; all of them where no name is given.

    Raises:
        ValueError: there is no candidate of a name.
    """
    known = {candidate.name: candidate for candidate in CANDIDATES}
    for name in names:
        if name not in known:
            raise ValueError(f"no candidate is named {name!r}; there are {', '.join(known)}")
    return [candidate for candidate in CANDIDATES if not names or candidate.name in names]


def python_version() -> str:
    """The version of the interpreter that drives the run."""
    return platform.python_version()
