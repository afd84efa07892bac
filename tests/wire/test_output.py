"""Nothing but the protocol reaches the stream, whatever handlers and their children write."""

import os
import sys
from collections.abc import Generator
from typing import Any

import pytest

from tests.support.stdio import SERVERS, Message, StdioServer, modern

NOISY = SERVERS / "noisy.py"


@pytest.fixture(scope="module")
def noisy() -> Generator[StdioServer]:
    """One noisy server for all tests; what it writes to its output is checked line by line."""
    with StdioServer(NOISY) as server:
        yield server


def text_of(answer: Message) -> Any:
    """The text of a tool's result that is no error."""
    assert "isError" not in answer["result"], answer
    return answer["result"]["content"][0]["text"]


@pytest.mark.spec("B-STDIO-06", "L1105-STD-02")
@pytest.mark.parametrize(
    ("tool", "times"),
    [("say", 2), ("write", 1), ("child", 2)],
    ids=["print", "descriptor", "child"],
)
def test_what_is_written_goes_to_standard_error(noisy: StdioServer, tool: str, times: int) -> None:
    noise = f'{{"jsonrpc":"2.0","id":1,"result":{{"from":"{tool}"}}}}'
    text_of(noisy.call(tool, {"text": noise}))
    noisy.healthy()
    assert noisy.wait_stderr(noise * times if tool == "child" else noise).count(noise) == times
    assert all(noise.encode() != line for line in noisy.lines)


@pytest.mark.spec("B-STDIO-06", "L1105-STD-02")
def test_what_is_printed_while_importing_goes_to_standard_error(noisy: StdioServer) -> None:
    noisy.healthy()
    assert "printed while importing" in noisy.stderr


def test_a_child_sees_the_end_of_its_input(noisy: StdioServer) -> None:
    """It neither waits for input that never comes nor takes what is meant for the server."""
    noisy.send(*(modern(f"ping-{n}", "server/discover") for n in range(50)))
    call = noisy.post_call("cat")
    noisy.send(*(modern(f"pong-{n}", "server/discover") for n in range(50)))
    assert noisy.answer(call)["result"]["structuredContent"] == {"status": 0}
    for number in range(50):
        noisy.answer(f"ping-{number}")
        noisy.answer(f"pong-{number}")


def test_a_handler_that_reads_standard_input_sees_its_end(noisy: StdioServer) -> None:
    assert text_of(noisy.call("read_input")) == "''"


def test_children_inherit_no_descriptor_of_the_protocol(noisy: StdioServer) -> None:
    assert noisy.call("open_descriptors")["result"]["structuredContent"] == []


def test_standard_error_that_nobody_reads_yet(noisy: StdioServer) -> None:
    """A megabyte of it; the driver reads it beside, as hosts must."""
    text_of(noisy.call("complain"))
    noisy.healthy()


@pytest.mark.spec("B-STDIO-06")
def test_a_script_that_runs_its_server_itself() -> None:
    """What it printed before, and Python has not written yet, does not reach the stream either."""
    with StdioServer(command=[sys.executable, NOISY]) as server:
        text_of(server.call("say", {"text": "noise"}))
        server.healthy()
        assert server.finish() == 0
        assert "printed while importing" in server.stderr
        assert "noise" in server.stderr


def test_standard_error_that_is_broken() -> None:
    """The host closed its reading end: what is printed is lost, serving and its status are not."""
    read, write = os.pipe()
    with StdioServer(NOISY, stderr=write) as server:
        os.close(write)
        server.healthy()
        os.close(read)
        for tool in ("say", "write", "child", "complain"):
            server.call(tool, {"text": "noise"} if tool != "complain" else {})
        server.healthy()
        assert server.finish() == 0
