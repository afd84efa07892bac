"""The official clients, Python and TypeScript, use everything that the example server offers.

Each client plays one scenario in each revision that it can be pinned to, and in its own way of
finding one. The tests hold each part of its report against what is expected, and the messages
themselves against the schemas.
"""

import functools
import re
from collections.abc import Callable

import pytest

from tests.protocol.wire_schemas import validator
from tests.support.clients import CLIENTS, Connection, Json, Played, messages, play
from tests.support.stdio import LATEST, StdioServer
from tests.wire.everything import (
    EXAMPLE,
    LEVELS,
    PROMPTS,
    RESOURCES,
    SCENARIO,
    TEMPLATES,
    TOOLS,
    expected_calls,
    expected_prompts,
    expected_reads,
    failed,
    paged,
)

Plays = Callable[[str], Played]

SERVER_INFO = "io.modelcontextprotocol/serverInfo"
CONNECTIONS = [Connection(client, pin) for client, pins in CLIENTS.items() for pin in pins]

every_connection = pytest.mark.parametrize("connection", CONNECTIONS, ids="-".join)
each_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """Plays the scenario with a client, once."""

    @functools.cache
    def played(client: str) -> Played:
        logs = {pin: asked_logs(Connection(client, pin)) for pin in CLIENTS[client]}
        folder = tmp_path_factory.mktemp(client)
        return play(client, EXAMPLE, SCENARIO, folder, pins=CLIENTS[client], logs=logs)

    return played


def asked_logs(connection: Connection) -> list[Json]:
    """The levels that are asked for, and how many entries then come.

    Before any is asked for, legacy servers choose (ours: from ``info`` on) and modern ones send
    nothing; FastMCP asks for all with every modern request.
    """
    unasked = 3
    if connection.modern:
        unasked = 4 if connection.client == "fastmcp" else 0
    asked = ((None, unasked), ("error", 1), ("debug", 4), ("warning", 2))
    return [{"level": level, "entries": entries} for level, entries in asked]


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
@pytest.mark.spec("B-VER-05", "DISC-01", "TOOLS-04", "RES-02", "PROM-02", "LOG-03")
@pytest.mark.spec("L1105-LIFE-02", "L1105-LIFE-07", "L1105-TOOL-01", "L1105-RES-01")
@pytest.mark.spec("L1105-PRM-01", "L1105-LOG-01", "L0618-LIFE-01")
def test_it_connects(connection: Connection, plays: Plays) -> None:
    opened = dict(plays(connection.client).reports[connection.pin]["opened"])
    if connection.client in ("mcp2", "fastmcp") and connection.pin == LATEST:
        # told the revision these two ask for nothing, so they know nothing yet
        assert opened == {
            "revision": LATEST,
            "server": None,
            "capabilities": {},
            "instructions": None,
        }
        return
    server = dict(opened.pop("server"))
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
@pytest.mark.spec("TOOLS-05", "TOOLS-18", "RES-04", "PROM-03", "L1125-SCH-03")
def test_it_lists_every_page(connection: Connection, plays: Plays) -> None:
    pages = plays(connection.client).reports[connection.pin]["pages"]
    names = {kind: [[item["name"] for item in page] for page in pages[kind]] for kind in pages}
    assert names == {
        "tools": paged(TOOLS),
        "resources": paged(RESOURCES),
        "templates": paged(TEMPLATES),
        "prompts": paged(PROMPTS),
    }
    assert pages == raw_pages(connection.revision)


@every_connection
@pytest.mark.spec("TOOLS-47", "TOOLS-54", "L0618-OUT-01", "L1105-TOOL-07", "B-TRN-01")
def test_it_calls_every_tool(connection: Connection, plays: Plays) -> None:
    """The clients themselves check structured content against the tool's output schema."""
    calls = plays(connection.client).reports[connection.pin]["calls"]
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
def test_it_reads_every_resource(connection: Connection, plays: Plays) -> None:
    reads = plays(connection.client).reports[connection.pin]["reads"]
    expected = expected_reads(connection.revision)
    for outcome in expected.values():
        # that client shows the newest code whatever the server sent
        if connection.client == "sdk2" and "code" in outcome and outcome["code"] == -32002:
            outcome["code"] = -32602
    assert reads == expected
    wire = plays(connection.client).wire(connection.pin)
    missing = [m["error"] for m in wire.received if "Resource not found" in str(m.get("error"))]
    codes = [-32602 if connection.modern else -32002] * 2
    assert [error["code"] for error in missing] == codes


@every_connection
@pytest.mark.spec("PROM-12", "PROM-13", "PROM-15", "PROM-22", "L1105-PRM-03")
def test_it_gets_every_prompt(connection: Connection, plays: Plays) -> None:
    prompts = plays(connection.client).reports[connection.pin]["prompts"]
    seen = {label: plain(outcome, connection) for label, outcome in prompts.items()}
    assert seen == expected_prompts(connection.revision)


@every_connection
@pytest.mark.spec("B-PRG-04", "B-PRG-07", "B-PRG-08", "L1105-PROG-02", "L1105-PROG-03")
def test_it_hears_of_progress(connection: Connection, plays: Plays) -> None:
    progress = plays(connection.client).reports[connection.pin]["progress"]
    told = connection.revision != "2024-11-05"  # which has no messages
    assert progress == {
        "steps": [[n, 5, f"{n} of 5" if told else None] for n in range(1, 6)],
        "thread": [[n, 3, None] for n in range(1, 4)],
        "none": [],
    }
    wire = plays(connection.client).wire(connection.pin)
    answered: set[int | str] = set()
    calls = {
        request["params"]["_meta"]["progressToken"]: id
        for id, request in wire.requests.items()
        if "progressToken" in request.get("params", {}).get("_meta", {})
    }
    for message in wire.received:
        if message.get("method") == "notifications/progress":
            assert calls[message["params"]["progressToken"]] not in answered
        elif "id" in message:
            answered.add(message["id"])


@every_connection
@pytest.mark.spec("LOG-03", "LOG-06", "L1105-LOG-01")
def test_it_hears_log_entries(connection: Connection, plays: Plays) -> None:
    logs = plays(connection.client).reports[connection.pin]["logs"]
    data = {"message": "an example entry", "of": "everything"}
    assert logs == [
        {"level": level, "logger": "everything", "data": data}
        for step in asked_logs(connection)
        for level in LEVELS[len(LEVELS) - step["entries"] :]
    ]


@every_connection
@pytest.mark.spec("L1105-PING-01")
def test_it_pings(connection: Connection, plays: Plays) -> None:
    report = plays(connection.client).reports[connection.pin]
    assert report["ping"] == (None if connection.modern else {})


@every_connection
def test_it_listens_for_changes(connection: Connection, plays: Plays) -> None:
    """Nothing of the example changes, so nothing is granted; closing the stream is no error."""
    report = plays(connection.client).reports[connection.pin]
    assert report["listen"] == ({} if connection.modern else None)


@every_connection
@pytest.mark.spec("B-STDIO-16", "B-CAN-19", "L1105-CAN-06")
def test_it_cancels(connection: Connection, plays: Plays) -> None:
    """The scenario goes on when the server says that the call was interrupted."""
    played = plays(connection.client)
    assert played.reports[connection.pin]["cancelled"] == {"ended": "cancelled"}
    wire = played.wire(connection.pin)
    cancelled = {
        message["params"]["requestId"]: wire.requests[message["params"]["requestId"]]["method"]
        for message in wire.sent
        if message.get("method") == "notifications/cancelled"
    }
    listens = ["subscriptions/listen"] if connection.modern else []
    assert sorted(cancelled.values()) == [*listens, "tools/call"]
    assert not cancelled.keys() & wire.answers.keys()  # neither ends by itself


@every_connection
def test_it_calls_many_at_once(connection: Connection, plays: Plays) -> None:
    report = plays(connection.client).reports[connection.pin]
    assert report["concurrent"] == [f"number {n}" for n in range(100)]


@every_connection
def test_it_complains_of_nothing(connection: Connection, plays: Plays) -> None:
    """Neither warnings nor log entries, nor the client's own reports of odd messages."""
    report = plays(connection.client).reports[connection.pin]
    assert report["complaints"] == []


@each_client
def test_its_report_has_nothing_more(client: str, plays: Plays) -> None:
    played = plays(client)
    assert played.stderr == ""
    assert set(played.reports) == set(CLIENTS[client])
    parts = {
        *("opened", "pages", "calls", "reads", "prompts", "progress", "logs", "ping", "listen"),
        *("cancelled", "concurrent", "complaints"),
    }
    assert [set(report) for report in played.reports.values()] == [parts] * len(played.reports)


# The witnesses' records


@every_connection
@pytest.mark.spec("B-STDIO-12", "L1105-MSG-03", "L1105-MSG-04", "L1105-MSG-05")
def test_each_request_has_one_answer(connection: Connection, plays: Plays) -> None:
    wire = plays(connection.client).wire(connection.pin)
    unanswered = [wire.requests[id]["method"] for id in wire.requests.keys() - wire.answers.keys()]
    assert sorted(unanswered) == sorted(
        ["tools/call"] + (["subscriptions/listen"] if connection.modern else [])
    )
    assert {(type(id), id) for id in wire.answers} <= {(type(id), id) for id in wire.requests}
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
@pytest.mark.spec("B-STDIO-03", "B-STDIO-06", "B-TRN-07", "B-CAN-03", "DISC-04", "TOOLS-10")
@pytest.mark.spec("TOOLS-11", "RES-08", "PROM-06", "L1105-STD-01", "L1105-STD-02")
def test_all_the_server_says_fits_the_schema(connection: Connection, plays: Plays) -> None:
    revision = connection.revision
    error = "JSONRPCError" if revision < "2025-11-25" else "JSONRPCErrorResponse"
    seen: set[str] = set()
    wire = plays(connection.client).wire(connection.pin)
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
def test_the_server_ends_by_itself(connection: Connection, plays: Plays) -> None:
    """At the end of its input, in time, with status 0; only the failing tool was logged."""
    wire = plays(connection.client).wire(connection.pin)
    record = wire.record
    assert record["input_ended"]
    assert (record["status"], record["signals"]) == (0, [])
    assert re.fullmatch(_COMPLAINT, record["stderr"]), record["stderr"]


@pytest.mark.parametrize("pin", [LATEST, "auto"])
def test_a_probed_server_ends_without_a_word(pin: str, plays: Plays) -> None:
    """The TypeScript client asks a process of its own first, and ends it by input and signal."""
    [probe] = plays("sdk2").wire(pin).probes
    [question] = messages(probe["sent"])
    assert question["method"] == "server/discover"
    [answer] = messages(probe["received"])
    assert answer["result"]["supportedVersions"] == [LATEST]
    assert (probe["status"], probe["stderr"]) == (0, "")


@every_connection
def test_only_that_client_starts_another_process(connection: Connection, plays: Plays) -> None:
    probes = plays(connection.client).wire(connection.pin).probes
    assert len(probes) == (connection.client == "sdk2" and connection.modern)
