"""The official clients check results against output schemas, each with a validator of its own.

The Python clients use jsonschema, the TypeScript ones ajv, which also checks formats and tells of
any that it does not know; FastMCP makes Python values. What a tool of ours may return passes all.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clients import CLIENTS, Connection, Json, Played, Scenario, play
from tests.support.stdio import LATEST, StdioServer

Plays = Callable[[str], Played]

SERVER = "tests/servers/kinds.py"
PINS = ("2025-06-18", "2025-11-25", LATEST)
"""The revisions that have structured output."""
CONNECTIONS = [
    Connection(client, pin) for client, pins in CLIENTS.items() for pin in PINS if pin in pins
]
every_connection = pytest.mark.parametrize("connection", CONNECTIONS, ids="-".join)


@functools.cache
def raw_results(revision: str) -> dict[str, Json]:
    """What each tool gives on the wire."""
    with StdioServer(SERVER) as server:
        ask = server.modern
        if revision != LATEST:
            server.initialize(revision)
            ask = server.request
        results: dict[str, Json] = {}
        page: Json = {}
        while True:
            found = ask("tools/list", page)["result"]
            for tool in found["tools"]:
                if tool["name"] != "echo":
                    results[tool["name"]] = ask("tools/call", {"name": tool["name"]})["result"]
            if "nextCursor" not in found:
                return results
            page = {"cursor": found["nextCursor"]}


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """Calls all tools with a client, once."""

    @functools.cache
    def played(client: str) -> Played:
        calls: dict[str, tuple[str, Json]] = {name: (name, {}) for name in raw_results(LATEST)}
        scenario = Scenario(lists=("tools",), calls=calls)
        pins = [pin for pin in PINS if pin in CLIENTS[client]]
        return play(client, SERVER, scenario, tmp_path_factory.mktemp(client), pins=pins)

    return played


@every_connection
@pytest.mark.spec("TOOLS-47", "L0618-OUT-01", "TOOLS-18", "L1125-SCH-03")
def test_every_kind_of_result_passes(connection: Connection, plays: Plays) -> None:
    report = plays(connection.client).reports[connection.pin]
    expected = raw_results(connection.revision)
    wrong = {
        name: outcome
        for name, outcome in report["calls"].items()
        if structured(outcome) != structured(expected[name])
    }
    assert not wrong
    assert len(report["calls"]) == len(expected) > 40
    assert all("structuredContent" in result for result in expected.values())
    assert report["complaints"] == []


def structured(outcome: Json) -> Any:
    """The structured value of a result, or an error as it is.

    Null is as good as none: FastMCP does not tell them apart.
    """
    return outcome.get("structuredContent") if "content" in outcome else outcome
