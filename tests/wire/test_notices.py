"""Progress and log entries on the wire, in both eras."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.support.stdio import SERVERS, Message, StdioServer, modern, request

NOTICES = SERVERS / "notices.py"
LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
ERAS = ["modern", "legacy"]


@pytest.fixture(scope="module")
def server() -> Generator[StdioServer]:
    """One server for all tests, with a session, so that both eras can be tried on it."""
    with StdioServer(NOTICES) as server:
        server.initialize()
        yield server


def reported(
    server: StdioServer, era: str, tool: str, arguments: dict[str, Any], token: Any = None
) -> tuple[list[Message], Message]:
    """The progress that a call sends before its answer, and the answer."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    id = server.new_id()
    meta = {} if token is None else {"progressToken": token}
    if era == "modern":
        server.send(modern(id, "tools/call", params, **meta))
    else:
        server.send(request(id, "tools/call", {**params, "_meta": meta}))
    notices: list[Message] = []
    while "id" not in (message := server.read()):
        assert message["method"] == "notifications/progress"
        assert "id" not in message
        notices.append(message["params"])
    assert message["id"] == id
    return notices, message


# Progress


@pytest.mark.spec("B-PRG-03", "B-PRG-04", "L1105-PROG-03", "B-PAT-04")
@pytest.mark.parametrize("tool", ["steps", "sync_steps"])
@pytest.mark.parametrize("token", ["1", 1, 0, -5, "", "é\u2028\n", 2**53, "x" * 1000], ids=ascii)
@pytest.mark.parametrize("era", ERAS)
def test_progress_before_the_answer(server: StdioServer, era: str, token: Any, tool: str) -> None:
    notices, answer = reported(server, era, tool, {"count": 5}, token)
    assert [notice["progress"] for notice in notices] == [1, 2, 3, 4, 5]
    assert all(notice["total"] == 5 for notice in notices)
    for notice in notices:
        assert notice["progressToken"] == token
        assert type(notice["progressToken"]) is type(token)
    if tool == "steps":
        assert [notice["message"] for notice in notices] == [f"step {n}" for n in range(1, 6)]
    assert answer["result"]["content"][0]["text"] == "done"


@pytest.mark.spec("B-PRG-07", "L1105-PROG-02")
@pytest.mark.parametrize("era", ERAS)
def test_no_progress_without_a_token(server: StdioServer, era: str) -> None:
    notices, _ = reported(server, era, "steps", {"count": 100})
    assert notices == []


@pytest.mark.spec("B-PRG-04", "L1105-PROG-03")
@pytest.mark.parametrize("era", ERAS)
def test_progress_only_rises(server: StdioServer, era: str) -> None:
    values = [0, 0, -1, 0.1, 0.1, 1e-9, 1, 1.0, 0.5, 2, 1e308, 1e308, 5]
    notices, _ = reported(server, era, "report", {"values": values}, "token")
    assert [notice["progress"] for notice in notices] == [0, 0.1, 1, 2, 1e308]
    assert all("total" not in notice for notice in notices)


@pytest.mark.spec("B-PRG-08", "L1105-PROG-02", "LOG-08")
@pytest.mark.parametrize("era", ERAS)
def test_nothing_after_the_answer(server: StdioServer, era: str) -> None:
    """The handler goes on in a task of its own; the caller has its answer already."""
    notices, _ = reported(server, era, "afterwards", {}, "token")
    assert [notice["progress"] for notice in notices] == [1]
    for _ in range(3):
        server.healthy()
    assert server.waiting() == []


@pytest.mark.spec("B-PRG-10", "L1105-PROG-03")
@pytest.mark.parametrize("yielding", [False, True])
@pytest.mark.parametrize("era", ERAS)
def test_too_much_progress_is_thinned_out(server: StdioServer, era: str, yielding: bool) -> None:
    """10,000 steps: the first few as they come, then few, and the last one always."""
    arguments = {"count": 10_000, "yielding": yielding}
    notices, _ = reported(server, era, "steps", arguments, "token")
    values = [notice["progress"] for notice in notices]
    assert len(values) < 1000
    assert values[:64] == list(range(1, 65))
    assert values[-1] == 10_000
    assert values == sorted(set(values))


@pytest.mark.parametrize("token", [1.5, None, True, [], {}, [1]], ids=str)
@pytest.mark.parametrize("era", ERAS)
def test_a_token_of_another_type_is_refused(server: StdioServer, era: str, token: Any) -> None:
    id = server.new_id()
    params = {"name": "steps", "arguments": {"count": 1}}
    if era == "modern":
        server.send(modern(id, "tools/call", params, progressToken=token))
    else:
        server.send(request(id, "tools/call", {**params, "_meta": {"progressToken": token}}))
    assert server.answer(id)["error"]["code"] == -32602


def test_two_calls_report_under_their_own_tokens(server: StdioServer) -> None:
    arguments = {"count": 20, "yielding": True}
    for token in ("left", "right"):
        server.send(modern(token, "tools/call", {"name": "steps", "arguments": arguments},
                           progressToken=token))  # fmt: skip
    seen: dict[str, list[int]] = {"left": [], "right": []}
    ended: set[str] = set()
    while len(ended) < 2:
        message = server.read()
        if "id" in message:
            ended.add(message["id"])
        else:
            token = message["params"]["progressToken"]
            assert token not in ended
            seen[token].append(message["params"]["progress"])
    assert seen == {"left": list(range(1, 21)), "right": list(range(1, 21))}


# Logging


def logged(server: StdioServer, id: Any) -> list[Message]:
    """The log entries before the answer ``id``."""
    entries: list[Message] = []
    while "id" not in (message := server.read()):
        assert message["method"] == "notifications/message"
        entries.append(message["params"])
    assert message["id"] == id
    assert message["result"]["content"][0]["text"] == "done"
    return entries


@pytest.mark.spec("LOG-03", "L1105-LOG-01")
def test_logging_is_declared(server: StdioServer) -> None:
    assert server.modern("server/discover")["result"]["capabilities"]["logging"] == {}
    with StdioServer(NOTICES) as other:
        assert other.initialize()["result"]["capabilities"]["logging"] == {}


@pytest.mark.spec("LOG-04", "LOG-07", "LOG-08")
@pytest.mark.parametrize("tool", ["all_levels", "sync_levels"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_request_says_what_it_wants_to_hear(server: StdioServer, level: str, tool: str) -> None:
    entries = logged(server, server.post_call(tool, log_level=level))
    assert [entry["level"] for entry in entries] == LEVELS[LEVELS.index(level) :]
    assert {entry["logger"] for entry in entries} == {"notices"}
    if tool == "all_levels":
        assert [entry["data"] for entry in entries] == [
            {"message": f"at {entry['level']}", "number": 1} for entry in entries
        ]


@pytest.mark.spec("LOG-06")
def test_a_request_that_names_no_level_hears_nothing(server: StdioServer) -> None:
    """Not even after the session of the older era set one: the request stands for itself."""
    server.request("logging/setLevel", {"level": "debug"})
    assert logged(server, server.post_call("all_levels")) == []


@pytest.mark.spec("LOG-10")
def test_entries_go_to_the_request_that_wants_them(server: StdioServer) -> None:
    """Two calls at once, of which one asks: there are as many entries as it makes."""
    wanting = server.post_call("flood", {"count": 50, "size": 1}, log_level="info")
    server.post_call("flood", {"count": 50, "size": 1})
    server.post_call("flood", {"count": 50, "size": 1}, log_level="warning")
    entries: list[int] = []
    ended: list[Any] = []
    while len(ended) < 3:
        message = server.read()
        if "id" in message:
            ended.append(message["id"])
        else:
            assert wanting not in ended
            entries.append(message["params"]["data"]["number"])
    assert entries == list(range(50))


@pytest.mark.spec("LOG-11", "L1105-LOG-04")
@pytest.mark.parametrize("level", ["verbose", "", "INFO", "warn", None, 3, [], {"level": "info"}])
def test_an_unknown_level_is_refused(server: StdioServer, level: Any) -> None:
    error = server.call("all_levels", log_level=level)["error"]
    assert error["code"] == -32602
    answer = server.request("logging/setLevel", {"level": level})
    assert answer["error"]["code"] == -32602
    if isinstance(level, str):
        assert "warning" in error["message"]  # those that there are


@pytest.mark.spec("L1105-LOG-03", "L0618-LIFE-01")
@pytest.mark.parametrize("level", LEVELS)
def test_a_session_says_what_it_wants_to_hear(server: StdioServer, level: str) -> None:
    assert server.request("logging/setLevel", {"level": level})["result"] == {}
    id = server.post("tools/call", {"name": "all_levels", "arguments": {}})
    assert [entry["level"] for entry in logged(server, id)] == LEVELS[LEVELS.index(level) :]


def test_a_session_that_said_nothing_hears_no_debugging() -> None:
    with StdioServer(NOTICES) as server:
        server.initialize()
        id = server.post("tools/call", {"name": "all_levels", "arguments": {}})
        assert [entry["level"] for entry in logged(server, id)] == LEVELS[1:]


def test_the_modern_era_has_no_set_level(server: StdioServer) -> None:
    error = server.modern("logging/setLevel", {"level": "debug"})["error"]
    assert error["code"] == -32601


def test_a_level_before_any_session_is_refused() -> None:
    with StdioServer(NOTICES) as server:
        assert server.request("logging/setLevel", {"level": "debug"})["error"]["code"] == -32602


@pytest.mark.parametrize("text", ["\n[INFO] all is well\x1b[31m", "\0", "é\u2028", "x" * 200_000])
def test_what_is_logged_arrives_as_it_is(server: StdioServer, text: str) -> None:
    id = server.post_call("say", {"level": "error", "text": text}, log_level="debug")
    assert [entry["data"] for entry in logged(server, id)] == [text]
