"""What it costs to start: imports and the command's help, against bare Python; what is installed.

Each program is a fresh interpreter; the programs take turns; the shortest of each counts, as
whatever else the machine does can only make one longer.
"""

import importlib.metadata
import os
import sys
import time
from pathlib import Path

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.candidates import environment

_BARE = "bare"
_LOOP = "loop"
_PACKAGE = "package"
_SERVER = "server"
_HELP = "help"
_CODE = {
    _BARE: "pass",
    _LOOP: "import asyncio, msgspec, inspect, typing",
    _PACKAGE: "import interlock",
    _SERVER: "from interlock import Server",
}


class StartupError(Exception):
    """A program that is timed does not run; the message says which."""


class Startup(Struct, frozen=True):
    """Shortest times in milliseconds, and the base installation's packages without our own."""

    bare_ms: float
    """`python -c pass`."""
    package_ms: float
    """`import interlock`."""
    loop_ms: float
    """`import asyncio, msgspec, inspect, typing`."""
    server_ms: float
    """`from interlock import Server`."""
    help_ms: float
    """`interlock --help`."""
    packages: list[str]


def measure(times: int) -> Startup:
    """Start every program that often, in turns.

    Raises:
        StartupError: one of them fails.
    """
    programs = {name: [sys.executable, "-c", code] for name, code in _CODE.items()}
    programs[_HELP] = [str(Path(sys.executable).with_name("interlock")), "--help"]
    shortest = dict.fromkeys(programs, float("inf"))
    for _ in range(times + 1):  # the first leaves the bytecode compiled
        for name, command in programs.items():
            shortest[name] = min(shortest[name], _time(command))
    return Startup(
        bare_ms=shortest[_BARE],
        package_ms=shortest[_PACKAGE],
        loop_ms=shortest[_LOOP],
        server_ms=shortest[_SERVER],
        help_ms=shortest[_HELP],
        packages=base_packages("interlock"),
    )


def base_packages(name: str) -> list[str]:
    """The packages that a package without extras brings along on this system, sorted.

    Raises:
        importlib.metadata.PackageNotFoundError: one of them is not installed.
    """
    own = canonicalize_name(name)
    found = {own}
    left = [own]
    while left:
        for text in importlib.metadata.requires(left.pop()) or ():
            requirement = Requirement(text)
            needed = canonicalize_name(requirement.name)
            marker = requirement.marker
            if needed not in found and (marker is None or marker.evaluate({"extra": ""})):
                found.add(needed)
                left.append(needed)
    return sorted(found - {own})


def _time(command: list[str]) -> float:
    """Run a program to its end, its output thrown away; return the milliseconds that took."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere, descriptor) for descriptor in (0, 1, 2)]
        begin = time.perf_counter()
        try:
            pid = os.posix_spawn(command[0], command, environment(), file_actions=actions)
        except FileNotFoundError:
            raise StartupError(f"`{Path(command[0]).name}` is not installed") from None
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - begin
    finally:
        os.close(nowhere)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise StartupError(f"`{shown}` ended with status {code}")
    return took * 1e3
