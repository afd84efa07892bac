"""A thousand calls at once, over one pipe."""

import pytest

from tests.support.counts import count
from tests.support.stdio import SERVERS, StdioServer, encode, modern

CALLS = SERVERS / "calls.py"
THOUSAND = 1000


def waiting_calls(number: int) -> bytes:
    """So many calls that wait until the gate opens."""
    return b"".join(
        encode(modern(f"{n}", "tools/call", {"name": "until_open", "arguments": {"name": f"{n}"}}))
        for n in range(number)
    )


@pytest.mark.spec("B-IDX-06", "B-STDIO-10")
@pytest.mark.soak
def test_a_thousand_calls_at_once_under_a_higher_bound() -> None:
    with StdioServer(CALLS, env={"CALLS_IN_FLIGHT": "1001"}) as server:
        for _ in range(count(2, 50)):
            server.send(waiting_calls(THOUSAND))
            server.call("open_gate")  # the last of what may be in flight
            for number in range(THOUSAND):
                answer = server.answer(str(number))
                assert answer["result"]["content"][0]["text"] == str(number)
        server.healthy()
        assert server.waiting() == []


def test_a_thousand_calls_in_threads() -> None:
    """More than there are threads: they queue, and are refused only where the queue is full."""
    with StdioServer(CALLS, env={"CALLS_IN_FLIGHT": "1001"}) as server:
        call = {"name": "blocking_nap", "arguments": {"seconds": 0}}
        server.send(b"".join(encode(modern(str(n), "tools/call", call)) for n in range(THOUSAND)))
        answers = [server.answer(str(number)) for number in range(THOUSAND)]
        refused = [answer for answer in answers if "error" in answer]
        assert {answer["error"]["code"] for answer in refused} <= {1002}
        assert len(refused) < THOUSAND
        server.healthy()
        assert server.waiting() == []


def test_exactly_the_excess_is_refused() -> None:
    with StdioServer(CALLS) as server:
        server.send(waiting_calls(THOUSAND))
        refused = [server.read() for _ in range(THOUSAND - 256)]
        assert {answer["error"]["code"] for answer in refused} == {1002}
        assert {answer["id"] for answer in refused} == {str(n) for n in range(256, THOUSAND)}
        # the bound counts calls: what the connection itself answers is served
        server.healthy()
        # one place is free again as soon as a call has ended
        assert server.call("echo", {"text": "full"})["error"]["code"] == 1002
        server.cancel("0")
        while "error" in (answer := server.call("open_gate")):
            assert answer["error"]["code"] == 1002  # the handler is still being ended
        assert answer["result"]["content"][0]["text"] == "open"
        for number in range(1, 256):
            assert server.answer(str(number))["result"]["content"][0]["text"] == str(number)
        assert server.call("echo", {"text": "free"})["result"]["content"][0]["text"] == "free"
        assert server.waiting() == []


def test_the_refusal_says_what_to_do() -> None:
    with StdioServer(CALLS, env={"CALLS_IN_FLIGHT": "1"}) as server:
        held = server.post_call("hold", {"name": "first"})
        error = server.call("echo", {"text": "second"})["error"]
        assert error["code"] == 1002
        assert "1 calls are in flight" in error["message"]
        server.cancel(held)
        while "error" in (answer := server.call("echo", {"text": "third"})):
            assert answer["error"]["code"] == 1002  # the handler is still being ended
        assert answer["result"]["content"][0]["text"] == "third"


@pytest.mark.spec("B-STDIO-10")
def test_answers_come_as_calls_end_and_not_as_they_began() -> None:
    with StdioServer(CALLS) as server:
        slow = server.post_call("until_open", {"name": "slow"})
        quick = server.post_call("echo", {"text": "quick"})
        assert server.read()["id"] == quick
        server.call("open_gate")
        assert server.answer(slow)["result"]["content"][0]["text"] == "slow"
