"""The driver against the floor, and against servers that do wrong."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from benchmarks import wire
from benchmarks.candidates import environment, select
from benchmarks.session import BURST, ServerError, Session
from benchmarks.wire import ERAS, LEGACY, MODERN, Request, WrongAnswer

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

FAKE = """
import json, sys

def send(*messages):
    sys.stdout.write("".join(json.dumps(message) + "\\n" for message in messages))
    sys.stdout.flush()

def answer(id, text, structured=None):
    return {"jsonrpc": "2.0", "id": id, "result": {
        "content": [{"type": "text", "text": json.dumps({"text": text})}],
        "structuredContent": {"text": text if structured is None else structured}}}

NOTICE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": 1}}
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOL = {"name": "echo", "inputSchema": SCHEMA, "outputSchema": SCHEMA}
waiting = []
for line in sys.stdin:
    message = json.loads(line)
    method, id = message["method"], message.get("id")
    if method == "initialize":
        send({"jsonrpc": "2.0", "id": id, "result": {}})
    elif method == "tools/list":
        send({"jsonrpc": "2.0", "id": id, "result": {"tools": [TOOL]}})
    elif method == "tools/call":
        text = message["params"]["arguments"]["text"]
        BEHAVIOUR
"""


def fake(behaviour: str) -> Session:
    """A server whose behaviour at a call is the given line of code; legacy."""
    code = FAKE.replace("BEHAVIOUR", behaviour)
    return Session([sys.executable, "-I", "-S", "-c", code], environment(), LEGACY)


@pytest.fixture(params=ERAS)
def floor(request: pytest.FixtureRequest) -> Generator[Session]:
    (candidate,) = select(["floor"])
    with Session(candidate.prepare().command, environment(), request.param) as session:
        yield session


def test_the_floor_answers_in_both_eras(floor: Session) -> None:
    floor.open()
    one = floor.serial(65)
    assert one.calls == len(one.latencies_us) == 65
    many = floor.bursts(3 * BURST)
    assert many.calls == 3 * BURST
    assert len(many.latencies_us) == 3
    assert min(one.cpu_us, one.wall_us, many.cpu_us, many.wall_us) > 0
    assert floor.resident_bytes() > 1 << 20
    assert floor.notifications == 0
    end = floor.close()
    assert end.status == 0
    assert end.clock_us > 0


def test_the_floor_says_what_it_speaks(floor: Session) -> None:
    meta = wire.list_tools(MODERN, 1).replace(b"tools/list", b"server/discover")
    floor._write(wire.initialize(0) + wire.initialized() + meta)
    hello, discovered = floor._answers(2)
    assert b'"protocolVersion":"2025-11-25"' in hello
    assert b'"supportedVersions":["2026-07-28"]' in discovered


def test_the_floor_refuses_what_it_does_not_know(floor: Session) -> None:
    unknown = wire.line("prompts/list", {}, id=3)
    other = wire.line("tools/call", {"name": "other", "arguments": {"text": "x"}}, id=4)
    floor._write(unknown + other + wire.line("notifications/cancelled"))
    answers = floor._answers(2)
    assert b'"id":3,"error":{"code":-32601' in answers[0]
    assert b'"id":4,"error":{"code":-32602' in answers[1]


def test_a_right_server_passes() -> None:
    with fake("send(answer(id, text))") as session:
        session.open()
        session.serial(3)
        session.bursts(BURST)
        session.close()


@pytest.mark.parametrize(
    "behaviour",
    [
        "send(answer(id, 'something else'))",
        "send(answer(id, text, 'something else'))",
        "send(answer(id + 1, text))",
        "send(answer(str(id), text))",
        "send(answer(id, text) | {'jsonrpc': '1.0'})",
        "send({'jsonrpc': '2.0', 'id': id, 'error': {'code': 1, 'message': text + text}})",
        "send(answer(id, text), answer(id, text))",
        "print(text, text, flush=True)",
    ],
)
def test_a_wrong_answer_is_found(behaviour: str) -> None:
    with fake(behaviour) as session:
        session.open()
        with pytest.raises(WrongAnswer):
            session.serial(2)


@pytest.mark.parametrize(
    "behaviour",
    [
        "send(answer(id, text if id % 7 else 'something else'))",
        "send(answer(id - id % 2, text.replace(str(id), str(id - id % 2))))",
    ],
)
def test_a_wrong_answer_in_a_burst_is_found(behaviour: str) -> None:
    with fake(behaviour) as session:
        session.open()
        with pytest.raises(WrongAnswer):
            session.bursts(BURST)


def test_answers_in_another_order_are_right_in_a_burst() -> None:
    behaviour = f"waiting.append(answer(id, text)); len(waiting) % {BURST} or send(*waiting[::-1])"
    with fake(behaviour) as session:
        session.open()
        session.bursts(BURST)
        session.close()


def test_notifications_are_counted_and_no_answers() -> None:
    with fake("send(NOTICE, answer(id, text))") as session:
        session.open()
        session.serial(3)
        session.bursts(BURST)
        session.close()
    assert session.notifications == 3 + BURST


@pytest.mark.parametrize(
    "behaviour",
    [
        "sys.exit('out of ideas')",
        "raise ValueError('out of ideas')",
        "send(answer(id, text)); sys.exit('out of ideas')",
    ],
)
def test_a_server_that_ends_is_an_error_with_its_last_words(behaviour: str) -> None:
    with fake(behaviour) as session:
        session.open()
        with pytest.raises(ServerError, match="out of ideas"):
            session.serial(2)


def test_a_silent_server_is_an_error_and_is_ended() -> None:
    with fake("pass") as session:
        session.open()
        with pytest.raises(ServerError, match=r"did not answer within 0\.05 seconds"):
            session.serial(1, seconds=0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(session.pid, 0)


def test_a_bad_status_at_the_end_is_an_error() -> None:
    with fake("send(answer(id, text)); sys.exit(3)") as session:
        session.open()
        session.serial(1)
        with pytest.raises(ServerError, match="status 3"):
            session.close()


def test_a_program_that_does_not_exist_leaves_no_descriptor_open() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(FileNotFoundError):
        Session(["/does/not/exist"], environment(), LEGACY)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_each_call_has_an_id_and_a_text_of_its_own() -> None:
    for era in ERAS:
        requests = wire.calls(era, 5, 100)
        assert [request.id for request in requests] == list(range(5, 105))
        assert len({request.text for request in requests}) == 100
        assert all(request.line.count(request.text) == 1 for request in requests)
        assert (b"io.modelcontextprotocol/protocolVersion" in requests[0].line) == (era == MODERN)


def test_a_modern_answer_without_its_marks_is_wrong() -> None:
    (request,) = wire.calls(MODERN, 1, 1)
    legacy = Request(request.line, request.id, request.text)
    text = request.text.decode()
    content = f'[{{"type":"text","text":"{{\\"text\\":\\"{text}\\"}}"}}]'
    body = f'"content":{content},"structuredContent":{{"text":"{text}"}}'
    line = f'{{"jsonrpc":"2.0","id":1,"result":{{{body}}}}}\n'.encode()
    wire.check_echo(line, legacy, LEGACY)
    with pytest.raises(WrongAnswer, match="not the echo"):
        wire.check_echo(line, request, MODERN)
