"""The official clients, Python and TypeScript, use everything that the example server offers.

Each client plays one scenario (`SCENARIO`) in each revision that it can be pinned to, and in its
own way of finding one. Its script (`tests/peers/`) runs on the client's own interpreter and prints
a report of what the client saw; the tests here hold each part of it against what is expected. A
witness stands between client and server: it has every message, and how the server ended.
"""

import functools
import itertools
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.protocol.wire_schemas import validator
from tests.support import peers
from tests.support.stdio import LATEST, ROOT, StdioServer

Json = dict[str, Any]

EXAMPLE = "examples/everything.py"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
BOTH = (*LEGACY, LATEST, "auto")
CLIENTS = {"mcp1": LEGACY, "mcp2": BOTH, "fastmcp": BOTH, "sdk1": LEGACY, "sdk2": BOTH}
"""Each client, and how its connections are opened: by a pinned revision, or by its own probe."""
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
LEVELS = ["debug", "info", "warning", "error"]

SCENARIO: Json = {
    "calls": {
        "text": ("echo", {"text": "grüße, 世界 \U0001f30d\n"}),
        "data": ("describe", {"numbers": [1, 2.5, 4]}),
        "list": ("primes", {"limit": 12}),
        "image": ("picture", {}),
        "audio": ("sound", {}),
        "embedded": ("document", {}),
        "link": ("link", {}),
        "several": ("collage", {}),
        "nested": (
            "plan",
            {
                "trip": {
                    "stops": [{"name": "Oslo", "latitude": 59.9}, {"name": "Bergen"}],
                    "start": "2026-07-28",
                    "by": "bicycle",
                    "notes": {"rain": "likely"},
                },
                "seats": "second",
            },
        ),
        "defaults": ("plan", {"trip": {"stops": [], "start": "2026-01-01"}}),
        "by hand": ("query", {"field": "colour", "value": 1.5}),
        "number": ("divide", {"dividend": 1, "divisor": 4}),
        "thread": ("digest", {"text": "a", "rounds": 1}),
        "tool error": ("divide", {"dividend": 1, "divisor": 0}),
        "exception": ("fail", {}),
        "wrong type": ("echo", {"text": 3}),
        "misspelt": ("echo", {"txt": "a"}),
        "out of range": ("count", {"to": 0}),
        "not a date": ("plan", {"trip": {"stops": [], "start": "today"}}),
        "against the schema": ("query", {"field": "Colour", "value": "red"}),
        "unknown tool": ("ecco", {}),
    },
    "reads": [
        "everything://about",
        "everything://pixel.png",
        "everything://numbers",
        *(f"everything://chapters/{number}" for number in range(1, 10)),
        "everything://greetings/J%C3%BCrg",
        "everything://squares/12",
        "everything://squares/twelve",
        "everything://shelves/poetry?author=Szymborska&limit=1",
        "everything://shelves/cellar",
        "everything://nothing",
    ],
    "prompts": {
        "plain": ("hello", {}),
        "arguments": ("summarise", {"text": "a text", "style": "long"}),
        "default": ("summarise", {"text": "a text"}),
        "conversation": ("review", {"code": "1 + 1", "lines": "3"}),
        "image": ("look", {}),
        "audio": ("listen", {}),
        "embedded": ("study", {}),
        "missing": ("summarise", {}),
        "wrong": ("review", {"code": "1 + 1", "lines": "few"}),
        "unknown": ("nothing", {}),
    },
    "progress": {  # tool, arguments, how many notices are waited for
        "steps": ("count", {"to": 5}, 5),
        "thread": ("digest", {"text": "a", "rounds": 3}, 3),
        "none": ("echo", {"text": "no progress"}, 0),
    },
    "levels": LEVELS,
    "concurrent": 100,
}


class Connection(NamedTuple):
    """One client and how it was told to connect."""

    client: str
    pin: str

    @property
    def revision(self) -> str:
        return LATEST if self.pin == "auto" else self.pin

    @property
    def modern(self) -> bool:
        return self.revision == LATEST

    @property
    def logs(self) -> list[Json]:
        """The levels that are asked for, and how many entries then come.

        Before any is asked for, legacy servers choose (ours: from ``info`` on) and modern ones
        send nothing; FastMCP asks for all with every modern request.
        """
        unasked = 3
        if self.modern:
            unasked = 4 if self.client == "fastmcp" else 0
        asked = ((None, unasked), ("error", 1), ("debug", 4), ("warning", 2))
        return [{"level": level, "entries": entries} for level, entries in asked]


CONNECTIONS = [Connection(client, pin) for client, pins in CLIENTS.items() for pin in pins]

every_connection = pytest.mark.parametrize("connection", CONNECTIONS, ids="-".join)
each_client = pytest.mark.parametrize("client", CLIENTS)


class Played(NamedTuple):
    """What came of one client's scenario."""

    reports: dict[str, Json]
    """What the client saw, by pin."""
    records: dict[str, list[Json]]
    """What the witnesses saw, by pin: one for each process that the client started."""
    stderr: str


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Played]:
    """Plays the scenario with a client, once."""

    @functools.cache
    def played(client: str) -> Played:
        folder = tmp_path_factory.mktemp(client)
        for pin in CLIENTS[client]:
            (folder / pin).mkdir()
        witness = [sys.executable, "-I", "-S", ROOT / "tests/peers/witness.py", folder / "{name}"]
        server = [sys.executable, "-m", "interlock.cli.main", "run", EXAMPLE]
        scenario = json.dumps(SCENARIO | {"connections": _connections(client)})
        done = subprocess.run(
            [*_script(client), scenario, *witness, *server],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        records = {
            pin: [json.loads(file.read_text()) for file in sorted((folder / pin).glob("*.json"))]
            for pin in CLIENTS[client]
        }
        return Played(json.loads(done.stdout), records, done.stderr)

    return played


def _script(client: str) -> list[str | Path]:
    """The interpreter and the script of a client."""
    if client in peers.PYTHON_PEERS:
        return [peers.python(client), ROOT / f"tests/peers/python/client_{client}.py"]
    peers.node_modules()
    return [peers.node(), ROOT / f"tests/peers/node/client_{client}.mjs"]


def _connections(client: str) -> list[Json]:
    return [
        {"name": pin, "pin": pin, "logs": Connection(client, pin).logs} for pin in CLIENTS[client]
    ]


# What the server offers


@functools.cache
def example() -> Json:
    """The names that the example defines."""
    return runpy.run_path(str(ROOT / EXAMPLE), run_name="example")


@functools.cache
def raw_pages(revision: str) -> dict[str, list[list[Json]]]:
    """The lists, page by page, as they are on the wire."""
    methods = {
        "tools": ("tools/list", "tools"),
        "resources": ("resources/list", "resources"),
        "templates": ("resources/templates/list", "resourceTemplates"),
        "prompts": ("prompts/list", "prompts"),
    }
    with StdioServer(EXAMPLE) as server:
        ask = server.modern
        if revision != LATEST:
            server.initialize(revision)
            ask = server.request
        found: dict[str, list[list[Json]]] = {}
        for kind, (method, member) in methods.items():
            pages = found[kind] = list[list[Json]]()
            params: Json = {}
            while True:
                result = ask(method, params)["result"]
                pages.append(result[member])
                if "nextCursor" not in result:
                    break
                params = {"cursor": result["nextCursor"]}
    return found


TOOLS = [
    *("echo", "describe", "primes", "picture", "sound"),
    *("document", "link", "collage", "plan", "query"),
    *("divide", "fail", "count", "log", "digest"),
    *("hold", "holds"),
]
PROMPTS = ["hello", "summarise", "review", "look", "listen", "study"]
RESOURCES = ["about", "pixel", "numbers", *(f"chapter_{number}" for number in range(1, 10))]
TEMPLATES = ["greeting", "square", "shelf"]


def paged(names: list[str]) -> list[list[str]]:
    """Names in pages of the example's size."""
    return [names[start : start + 5] for start in range(0, len(names), 5)]


# What each part of the scenario gives


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def data(value: Any, revision: str, content: list[Json] | None = None) -> Json:
    """A structured result, which old revisions have wrapped or not at all."""
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    result: Json = {"content": content or [text(compact)]}
    if revision == LATEST or (isinstance(value, dict) and revision >= "2025-06-18"):
        result["structuredContent"] = value
    elif revision >= "2025-06-18":
        result["structuredContent"] = {"result": value}
    return result


def failed(words: str) -> Json:
    return {"content": [text(words)], "isError": True}


def base64(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode()


def image(pixel: bytes) -> Json:
    return {"type": "image", "data": base64(example()["png"](pixel)), "mimeType": "image/png"}


def audio(revision: str) -> list[Json]:
    """The tone; a text and a resource in the revision that has no sound."""
    tone = base64(example()["tone"](440.0))
    if revision == "2024-11-05":
        resource = {"uri": "audio:content", "mimeType": "audio/wav", "blob": tone}
        note = text("Audio (audio/wav), embedded as a resource.")
        return [note, {"type": "resource", "resource": resource}]
    return [{"type": "audio", "data": tone, "mimeType": "audio/wav"}]


def about() -> Json:
    return {"uri": "everything://about", "mimeType": "text/markdown", "text": example()["ABOUT"]}


def link(revision: str) -> Json:
    """The link; a text in the revisions that have no links."""
    title, description = "About this server", "What this server is for."
    if revision < "2025-06-18":
        return text(f"{title}\neverything://about\n{description}")
    return {
        "type": "resource_link",
        "uri": "everything://about",
        "name": "about",
        "title": title,
        "description": description,
        "mimeType": "text/markdown",
        "size": len(example()["ABOUT"].encode()),
    }


def expected_calls(revision: str) -> Json:
    """The results of the scenario's calls; that of the failing tool holds an id of its own."""
    trip = {
        "stops": [
            {"name": "Oslo", "latitude": 59.9, "longitude": None},
            {"name": "Bergen", "latitude": None, "longitude": None},
        ],
        "start": "2026-07-28",
        "by": "bicycle",
        "notes": {"rain": "likely"},
    }
    nested = {"trip": trip, "legs": ["Oslo to Bergen"], "end": "2026-07-29", "seats": "second"}
    empty: Json = {"stops": [], "start": "2026-01-01", "by": "train", "notes": {}}
    defaults: Json = {"trip": empty, "legs": [], "end": "2026-01-01", "seats": None}
    several = [
        {**text("A red pixel:"), "annotations": {"audience": ["assistant"], "priority": 0.5}},
        image(b"\xff\0\0"),
    ]
    return {
        "text": {"content": [text("grüße, 世界 \U0001f30d\n")]},
        "data": data({"count": 3, "mean": 2.5, "largest": 4.0}, revision),
        "list": data([2, 3, 5, 7, 11], revision),
        "image": {"content": [image(b"\xff\0\0")]},
        "audio": {"content": audio(revision)},
        "embedded": {"content": [{"type": "resource", "resource": about()}]},
        "link": {"content": [link(revision)]},
        "several": {
            **data({"colour": "red"}, revision, several),
            "_meta": {"com.example/palette": "basic"},
        },
        "nested": data(nested, revision),
        "defaults": data(defaults, revision),
        "by hand": data({"found": ["colour is 1.5"]}, revision),
        "number": data(0.25, revision),
        "thread": {
            "content": [text("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")]
        },
        "tool error": failed("Nothing can be divided by 0. Give another divisor."),
        "exception": None,
        "wrong type": failed("$.text: got 3, expected a string"),
        "misspelt": failed(
            '$.text: missing, expected a string\n$.txt: unknown argument; did you mean "text"?'
        ),
        "out of range": failed("$.to: got 0, expected an integer of at least 1 and at most 100"),
        "not a date": failed(
            '$.trip.start: got the string "today", expected an ISO 8601 date (2030-01-31)'
        ),
        "against the schema": failed(
            'Invalid arguments:\n- $.field: "Colour" does not match the pattern "^[a-z]+$"'
        ),
        "unknown tool": {
            "code": -32602,
            "message": "Unknown tool: ecco. Did you mean 'echo'? List the tools to see all names.",
        },
    }


def expected_reads(revision: str) -> Json:
    """What reading the scenario's URIs gives."""

    def contents(uri: str, mime_type: str, **content: str) -> list[Json]:
        return [{"uri": f"everything://{uri}", "mimeType": mime_type, **content}]

    def as_json(uri: str, value: Any) -> list[Json]:
        compact = json.dumps(value, separators=(",", ":"))
        return contents(uri, "application/json", text=compact)

    def missing(uri: str) -> Json:
        hint = "List resources and templates to see what can be read."
        return {
            "code": -32602 if revision == LATEST else -32002,
            "message": f"Resource not found: everything://{uri}. {hint}",
            "data": {"uri": f"everything://{uri}"},
        }

    shelf = "shelves/poetry?author=Szymborska&limit=1"
    found = {
        "about": [about()],
        "pixel.png": contents("pixel.png", "image/png", blob=image(b"\xff\0\0")["data"]),
        "numbers": as_json("numbers", {"pi": 3.141592653589793, "e": 2.718281828459045}),
        **{
            (uri := f"chapters/{number}"): contents(
                uri, "text/plain", text=f"This is chapter {number}."
            )
            for number in range(1, 10)
        },
        "greetings/J%C3%BCrg": contents("greetings/J%C3%BCrg", "text/plain", text="Hello, Jürg!"),
        "squares/12": as_json("squares/12", {"number": 12, "square": 144}),
        "squares/twelve": {
            "code": -32602,
            "message": 'Invalid resource URI: $.number: got the string "twelve", expected an'
            " integer",
        },
        shelf: as_json(shelf, ["poetry 1 by Szymborska"]),
        "shelves/cellar": missing("shelves/cellar"),
        "nothing": missing("nothing"),
    }
    return {f"everything://{uri}": result for uri, result in found.items()}


def expected_prompts(revision: str) -> Json:
    """The scenario's prompts."""

    def prompt(description: str, *messages: tuple[str, Json]) -> Json:
        said = [{"role": role, "content": content} for role, content in messages]
        return {"description": description, "messages": said}

    def refused(message: str) -> Json:
        return {"code": -32602, "message": message}

    summary = "Summarise a text. Parameters are the prompt's arguments."
    return {
        "plain": prompt(
            "Say hello. A string is one message of the user.", ("user", text("Say hello to me."))
        ),
        "arguments": prompt(
            summary, ("user", text("Write a long summary of this text:\n\na text"))
        ),
        "default": prompt(summary, ("user", text("Write a short summary of this text:\n\na text"))),
        "conversation": prompt(
            "Review code. Several messages are a conversation that has begun.",
            ("user", text("Review this code in at most 3 lines:\n\n1 + 1")),
            ("assistant", text("Which rules shall I check it against?")),
            ("user", text("The usual ones.")),
        ),
        "image": prompt(
            "Look at a picture. Messages hold any content.",
            ("user", text("What colour is this?")),
            ("user", image(b"\0\0\xff")),
        ),
        "audio": prompt(
            "Listen to a sound.",
            *(("user", block) for block in audio(revision)),
            ("user", text("What do you hear?")),
        ),
        "embedded": prompt(
            "Study a document that is part of the prompt.",
            ("user", {"type": "resource", "resource": about()}),
            ("user", text("What is this server for?")),
        ),
        "missing": refused(
            "Invalid arguments for prompt summarise: $.text: missing, expected a string"
        ),
        "wrong": refused(
            'Invalid arguments for prompt review: $.lines: got the string "few", expected an'
            " integer"
        ),
        "unknown": refused("Unknown prompt: nothing. List the prompts to see all names."),
    }


def plain(outcome: Json, connection: Connection) -> Json:
    """A result without what every modern one has and not every client shows; it must be right."""
    members: Json = dict(outcome)
    if "code" in members:
        return members
    assert members.pop("resultType", "complete") == "complete"
    meta: Json = dict(members.pop("_meta", {}))
    if connection.modern:
        assert meta.pop(SERVER_INFO)["name"] == "everything"
    return members | ({"_meta": meta} if meta else {})


# The clients' reports


@every_connection
@pytest.mark.spec("B-VER-05", "DISC-01", "DISC-04", "TOOLS-04", "RES-02", "PROM-02", "LOG-03")
@pytest.mark.spec("L1105-LIFE-02", "L1105-LIFE-07", "L1105-TOOL-01", "L1105-RES-01")
@pytest.mark.spec("L1105-PRM-01", "L1105-LOG-01", "L0618-LIFE-01")
def test_it_connects(connection: Connection, play: Callable[[str], Played]) -> None:
    opened = play(connection.client).reports[connection.pin]["opened"]
    if connection.client in ("mcp2", "fastmcp") and connection.pin == LATEST:
        # told the revision these two ask for nothing, so they know nothing yet
        assert opened == {
            "revision": LATEST,
            "server": None,
            "capabilities": {},
            "instructions": None,
        }
        return
    server = opened.pop("server")
    assert opened == {
        "revision": connection.revision,
        "capabilities": {"tools": {}, "resources": {}, "prompts": {}, "logging": {}},
        "instructions": "Every tool, resource and prompt here is an example; none changes"
        " anything.",
    }
    known = {"name": "everything", "version": "1.0.0"}
    if connection.revision >= "2025-06-18":
        known["title"] = "Everything"
    if connection.revision >= "2025-11-25":
        known["description"] = "An example of each thing that a server can offer."
        known["websiteUrl"] = "https://modelcontextprotocol.io"
        [icon] = server.pop("icons")
        assert icon["mimeType"] == "image/svg+xml"
        assert icon["src"].startswith("data:image/svg+xml,")
        assert icon["sizes"] == ["any"]
    assert server == known


@every_connection
@pytest.mark.spec("TOOLS-05", "TOOLS-10", "TOOLS-11", "TOOLS-18", "RES-04", "RES-08", "PROM-03")
@pytest.mark.spec("PROM-06", "L1125-SCH-03")
def test_it_lists_every_page(connection: Connection, play: Callable[[str], Played]) -> None:
    pages = play(connection.client).reports[connection.pin]["pages"]
    names = {kind: [[item["name"] for item in page] for page in pages[kind]] for kind in pages}
    assert names == {
        "tools": paged(TOOLS),
        "resources": paged(RESOURCES),
        "templates": paged(TEMPLATES),
        "prompts": paged(PROMPTS),
    }
    assert pages == raw_pages(connection.revision)


@every_connection
@pytest.mark.spec(
    "TOOLS-47", "TOOLS-54", "L0618-OUT-01", "L1105-TOOL-07", "B-TRN-01", "L1125-SCH-01"
)
def test_it_calls_every_tool(connection: Connection, play: Callable[[str], Played]) -> None:
    """The clients themselves check structured content against the tool's output schema."""
    calls = play(connection.client).reports[connection.pin]["calls"]
    seen = {label: plain(outcome, connection) for label, outcome in calls.items()}
    exception = seen["exception"]
    [told] = exception["content"]
    assert exception == failed(told["text"])
    assert re.fullmatch(
        r"Tool fail failed\. The server's log has the cause under incident [0-9a-f]{12}\.",
        told["text"],
    )
    assert seen == expected_calls(connection.revision) | {"exception": exception}


@every_connection
@pytest.mark.spec("RES-24", "RES-25", "RES-29", "RES-31", "L1105-RES-07")
def test_it_reads_every_resource(connection: Connection, play: Callable[[str], Played]) -> None:
    reads = play(connection.client).reports[connection.pin]["reads"]
    expected = expected_reads(connection.revision)
    for outcome in expected.values():
        # that client shows the newest code whatever the server sent
        if connection.client == "sdk2" and "code" in outcome and outcome["code"] == -32002:
            outcome["code"] = -32602
    assert reads == expected
    wire = Wire(play(connection.client), connection)
    missing = [m["error"] for m in wire.received if "Resource not found" in str(m.get("error"))]
    codes = [-32602 if connection.modern else -32002] * 2
    assert [error["code"] for error in missing] == codes


@every_connection
@pytest.mark.spec("PROM-12", "PROM-13", "PROM-15", "PROM-22", "L1105-PRM-03")
def test_it_gets_every_prompt(connection: Connection, play: Callable[[str], Played]) -> None:
    prompts = play(connection.client).reports[connection.pin]["prompts"]
    seen = {label: plain(outcome, connection) for label, outcome in prompts.items()}
    assert seen == expected_prompts(connection.revision)


@every_connection
@pytest.mark.spec("B-PRG-04", "B-PRG-07", "B-PRG-08", "L1105-PROG-02", "L1105-PROG-03")
def test_it_hears_of_progress(connection: Connection, play: Callable[[str], Played]) -> None:
    progress = play(connection.client).reports[connection.pin]["progress"]
    told = connection.revision != "2024-11-05"  # which has no messages
    assert progress == {
        "steps": [[n, 5, f"{n} of 5" if told else None] for n in range(1, 6)],
        "thread": [[n, 3, None] for n in range(1, 4)],
        "none": [],
    }


@every_connection
@pytest.mark.spec("LOG-03", "LOG-06", "LOG-10", "L1105-LOG-01")
def test_it_hears_log_entries(connection: Connection, play: Callable[[str], Played]) -> None:
    logs = play(connection.client).reports[connection.pin]["logs"]
    data = {"message": "an example entry", "of": "everything"}
    assert logs == [
        {"level": level, "logger": "everything", "data": data}
        for step in connection.logs
        for level in LEVELS[len(LEVELS) - step["entries"] :]
    ]


@every_connection
@pytest.mark.spec("L1105-PING-01")
def test_it_pings(connection: Connection, play: Callable[[str], Played]) -> None:
    report = play(connection.client).reports[connection.pin]
    assert report["ping"] == (None if connection.modern else {})


@every_connection
def test_it_listens_for_changes(connection: Connection, play: Callable[[str], Played]) -> None:
    """Nothing of the example changes, so nothing is granted; closing the stream is no error."""
    report = play(connection.client).reports[connection.pin]
    assert report["listen"] == ({} if connection.modern else None)


@every_connection
@pytest.mark.spec("B-STDIO-16", "B-CAN-03", "B-CAN-14", "B-CAN-19", "L1105-CAN-06")
def test_it_cancels(connection: Connection, play: Callable[[str], Played]) -> None:
    """The scenario goes on when the server says that the call was interrupted."""
    played = play(connection.client)
    assert played.reports[connection.pin]["cancelled"] == {"ended": "cancelled"}
    wire = Wire(played, connection)
    cancelled = {
        message["params"]["requestId"]: wire.requests[message["params"]["requestId"]]["method"]
        for message in wire.sent
        if message.get("method") == "notifications/cancelled"
    }
    listens = ["subscriptions/listen"] if connection.modern else []
    assert sorted(cancelled.values()) == [*listens, "tools/call"]
    assert not cancelled.keys() & wire.answers.keys()  # neither ends by itself


@every_connection
def test_it_calls_many_at_once(connection: Connection, play: Callable[[str], Played]) -> None:
    report = play(connection.client).reports[connection.pin]
    assert report["concurrent"] == [f"number {n}" for n in range(100)]


@every_connection
def test_it_complains_of_nothing(connection: Connection, play: Callable[[str], Played]) -> None:
    """Neither warnings nor log entries, nor the client's own reports of odd messages."""
    report = play(connection.client).reports[connection.pin]
    assert report["complaints"] == []


@each_client
def test_its_report_has_nothing_more(client: str, play: Callable[[str], Played]) -> None:
    played = play(client)
    assert played.stderr == ""
    assert set(played.reports) == set(CLIENTS[client])
    parts = {
        *("opened", "pages", "calls", "reads", "prompts", "progress", "logs", "ping", "listen"),
        *("cancelled", "concurrent", "complaints"),
    }
    assert [set(report) for report in played.reports.values()] == [parts] * len(played.reports)


# The witnesses' records


class Wire:
    """The messages of one connection."""

    def __init__(self, played: Played, connection: Connection) -> None:
        # the TypeScript client asks a process of its own which revisions there are
        *probes, self.record = sorted(
            played.records[connection.pin], key=lambda record: len(record["sent"])
        )
        self.probes = probes
        self.sent = list(_messages(self.record["sent"]))
        self.received = list(_messages(self.record["received"]))
        self.requests = {m["id"]: m for m in self.sent if "method" in m and "id" in m}
        self.answers = {m["id"]: m for m in self.received if "method" not in m}
        self.notices = [m for m in self.received if "method" in m]


def _messages(stream: str) -> Iterator[Json]:
    assert stream.endswith("\n")
    for line in stream[:-1].split("\n"):
        message = json.loads(line)
        assert isinstance(message, dict)
        yield message


@every_connection
@pytest.mark.spec("B-STDIO-12", "L1105-MSG-03", "L1105-MSG-04", "L1105-MSG-05")
def test_each_request_has_one_answer(connection: Connection, play: Callable[[str], Played]) -> None:
    wire = Wire(play(connection.client), connection)
    unanswered = [wire.requests[id]["method"] for id in wire.requests.keys() - wire.answers.keys()]
    assert sorted(unanswered) == sorted(
        ["tools/call"] + (["subscriptions/listen"] if connection.modern else [])
    )
    assert wire.answers.keys() <= wire.requests.keys()
    assert len(wire.answers) + len(wire.notices) == len(wire.received)
    assert not [notice for notice in wire.notices if "id" in notice]


RESULTS = {
    "initialize": "InitializeResult",
    "server/discover": "DiscoverResult",
    "ping": "EmptyResult",
    "logging/setLevel": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
}
NOTICES = {
    "notifications/progress": "ProgressNotification",
    "notifications/message": "LoggingMessageNotification",
    "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
}


@every_connection
@pytest.mark.spec("B-STDIO-03", "B-STDIO-06", "L1105-STD-01", "L1105-STD-02", "B-TRN-07")
def test_all_the_server_says_fits_the_schema(
    connection: Connection, play: Callable[[str], Played]
) -> None:
    revision = connection.revision
    error = "JSONRPCError" if revision < "2025-11-25" else "JSONRPCErrorResponse"
    seen: set[str] = set()
    wire = Wire(play(connection.client), connection)
    for message in wire.received:
        validator(revision, "JSONRPCMessage").validate(message)
        if "method" in message:
            definition = NOTICES[message["method"]]
        elif "error" in message:
            definition = error
        else:
            definition = RESULTS[wire.requests[message["id"]]["method"]]
            validator(revision, definition).validate(message["result"])
            seen.add(definition)
            continue
        validator(revision, definition).validate(message)
        seen.add(definition)
    methods = {request["method"] for request in wire.requests.values()} - {"subscriptions/listen"}
    wanted = {RESULTS[method] for method in methods} | {error, *list(NOTICES.values())[:2]}
    assert seen == wanted | ({NOTICES[_ACKNOWLEDGED]} if connection.modern else set())


_ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
_COMPLAINT = (
    r"incident [0-9a-f]{12} while running tool fail\n"
    r"Traceback \(most recent call last\):\n"
    r"(?: .*\n)+"
    r"RuntimeError: the example has failed, as it should\n"
)


@every_connection
def test_the_server_ends_by_itself(connection: Connection, play: Callable[[str], Played]) -> None:
    """At the end of its input, in time, with status 0; only the failing tool was logged."""
    wire = Wire(play(connection.client), connection)
    record = wire.record
    assert record["input_ended"]
    assert (record["status"], record["signals"]) == (0, [])
    assert re.fullmatch(_COMPLAINT, record["stderr"]), record["stderr"]


@pytest.mark.parametrize("pin", [LATEST, "auto"])
def test_a_probed_server_ends_without_a_word(pin: str, play: Callable[[str], Played]) -> None:
    """The TypeScript client asks a process of its own first, and ends it by input and signal."""
    [probe] = Wire(play("sdk2"), Connection("sdk2", pin)).probes
    [question] = _messages(probe["sent"])
    assert question["method"] == "server/discover"
    [answer] = _messages(probe["received"])
    assert answer["result"]["supportedVersions"] == [LATEST]
    assert (probe["status"], probe["stderr"]) == (0, "")


def test_only_that_client_starts_more_than_one_process(play: Callable[[str], Played]) -> None:
    for client, pin in itertools.product(CLIENTS, (*LEGACY, LATEST, "auto")):
        if pin in CLIENTS[client]:
            probes = Wire(play(client), Connection(client, pin)).probes
            assert len(probes) == (client == "sdk2" and pin in (LATEST, "auto")), (client, pin)
