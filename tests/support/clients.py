"""The official clients, Python and TypeScript, playing a scenario with a server of ours.

The scenario is a JSON object, see :class:`Scenario`. Each client's script is in `tests/peers/`; it
runs on the client's own interpreter and prints a report of what the client saw, by connection.
Between client and server stands a witness (`tests/peers/witness.py`), whose record has every
message, and how the server ended.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.support import peers
from tests.support.stdio import LATEST, ROOT

Json = dict[str, Any]

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
_BOTH = (*LEGACY, LATEST, "auto")
CLIENTS = {"mcp1": LEGACY, "mcp2": _BOTH, "fastmcp": _BOTH, "sdk1": LEGACY, "sdk2": _BOTH}
"""Each client, and how its connections are opened: by a pinned revision, or by its own probe."""

_SECONDS = 240.0
"""How long a client may take before a test fails; generous, for a busy machine."""


class Connection(NamedTuple):
    """One client, and how it is told to connect."""

    client: str
    pin: str

    @property
    def revision(self) -> str:
        """The revision that is spoken."""
        return LATEST if self.pin == "auto" else self.pin

    @property
    def modern(self) -> bool:
        return self.revision == LATEST


_NONE: Mapping[str, Any] = MappingProxyType({})


class Scenario(NamedTuple):
    """What a client does on each connection, in this order."""

    lists: Sequence[str]
    """Which lists it pages through: ``tools``, ``resources``, ``templates``, ``prompts``."""
    calls: Mapping[str, tuple[str, Json]] = _NONE
    """Tools it calls, and with what, by label."""
    reads: Sequence[str] = ()
    """URIs it reads."""
    prompts: Mapping[str, tuple[str, dict[str, str]]] = _NONE
    """Prompts it gets, and with what, by label."""
    progress: Mapping[str, tuple[str, Json, int]] = _NONE
    """Tools it calls for their progress, with what, and how many notices it waits for."""
    levels: Sequence[str] = ()
    """The levels that the tool ``log`` is called with, for each level that is asked for."""
    listen: bool = False
    """Whether it opens a stream of changes and closes it, in revisions that have it."""
    cancel: bool = False
    """Whether it cancels a call of the tool ``hold`` and waits until ``holds`` counts it."""
    concurrent: int = 0
    """How many calls of ``echo`` it has in flight at once."""


class Played(NamedTuple):
    """What came of one client's scenario."""

    reports: dict[str, Json]
    """What the client saw, by pin."""
    records: dict[str, list[Json]]
    """What the witnesses saw, by pin: one for each process that the client started."""
    stderr: str

    def wire(self, pin: str) -> "Wire":
        """The messages of a connection."""
        return Wire(self.records[pin])


def play(
    client: str,
    target: str,
    scenario: Scenario,
    folder: Path,
    *,
    pins: Sequence[str],
    logs: dict[str, list[Json]] | None = None,
) -> Played:
    """Play a scenario with a client on new connections to ``target``, one for each pin.

    ``logs`` says for each pin which log levels are asked for and how many entries then come.
    ``folder`` is for the records.
    """
    for pin in pins:
        (folder / pin).mkdir()
    connections = [{"name": pin, "pin": pin, "logs": (logs or {}).get(pin, [])} for pin in pins]
    witness = [sys.executable, "-I", "-S", ROOT / "tests/peers/witness.py", folder / "{name}"]
    server = [sys.executable, "-m", "interlock.cli.main", "run", target]
    steps = json.dumps({**scenario._asdict(), "connections": connections}, default=dict)
    done = subprocess.run(
        [*_script(client), steps, *witness, *server],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    records = {
        pin: [json.loads(file.read_text()) for file in sorted((folder / pin).glob("*.json"))]
        for pin in pins
    }
    return Played(json.loads(done.stdout), records, done.stderr)


def _script(client: str) -> list[str | Path]:
    """The interpreter and the script of a client."""
    if client in peers.PYTHON_PEERS:
        return [peers.python(client), ROOT / f"tests/peers/python/client_{client}.py"]
    peers.node_modules()
    return [peers.node(), ROOT / f"tests/peers/node/client_{client}.mjs"]


class Wire:
    """The messages of one connection, out of its witnesses' records."""

    def __init__(self, records: list[Json]) -> None:
        # one of the clients asks a process of its own which revisions there are
        *self.probes, self.record = sorted(records, key=lambda record: len(record["sent"]))
        self.sent = list(messages(self.record["sent"]))
        self.received = list(messages(self.record["received"]))
        self.requests = {m["id"]: m for m in self.sent if "method" in m and "id" in m}
        self.answers = {m["id"]: m for m in self.received if "method" not in m}
        self.notices = [m for m in self.received if "method" in m]


def messages(stream: str) -> Iterator[Json]:
    """The messages of a stream. Fails unless each is one JSON object on one line."""
    assert stream.endswith("\n")
    for line in stream[:-1].split("\n"):
        message = json.loads(line)
        assert isinstance(message, dict)
        yield message
