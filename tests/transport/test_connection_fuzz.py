"""Mutated messages of every kind: nothing escapes a connection, and each gets what it is due."""

import asyncio
import gc
import json
import random
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from interlock import Server
from interlock.protocol.call import Description, Handler, Peer, Scope
from interlock.protocol.errors import ProtocolError
from interlock.protocol.payload import Payload
from interlock.transport.eager import starter
from tests.protocol.exact_reading import Unreadable, Wrong, read_message
from tests.support.aio import run
from tests.support.counts import count, rng
from tests.support.inprocess import connected, linked
from tests.support.stdio import modern_meta

MESSAGES = count(6_000, 200_000)
META = json.dumps(modern_meta(), separators=(",", ":"))
SEEDS = [
    text.replace("META", META).encode()
    for text in (
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":'
        '{"text":"hi"},"_meta":META}}',
        '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"echo","arguments":'
        '{"text":"h\\u00e9 \\n"}}}',
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo",'
        ' "arguments": {"text": "é"}, "_meta": {"progressToken": 3}}}',
        '{"method":"tools/list","params":{"cursor":"x","_meta":META},"jsonrpc":"2.0","id":-0}',
        '{"jsonrpc":"2.0","id":1e2,"method":"ping"}',
        '{"jsonrpc":"2.0","id":9007199254740993123,"method":"server/discover","params":{"_meta":META}}',
        '{"jsonrpc":"2.0","id":"","method":"prompts/get","params":{"name":"","":1}}',
        '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26",'
        '"capabilities":{},"clientInfo":{"name":"a","version":"1"}}}',
        '{"jsonrpc":"2.0","id":3,"method":"logging/setLevel","params":{"level":"debug"}}',
        '{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"memo://one"}}',
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":""}}',
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        '{"jsonrpc":"2.0","id":1,"result":{"x":[]}}',
        '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
        '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},1]',
    )
]
PIECES = [
    *(b'"id"', b'"id":1,', b'"method":"ping",', b'"params":{},', b'"_meta":{},', b'"result":1,'),
    *(b'"error":{},', b'"jsonrpc":"2.0",', b'"\\u0069d":2,', b'"":0,', b'"\xc3\xa9":1,', b"null"),
    *(b"-0", b"1E2", b"1.0", b"true", b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b" ", b"\n"),
    *(b"\t", b"\x00", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\ud800"),
    *(b"9" * 401, b"1e999", b"NaN", b"Infinity", b"-", b"[" * 201, b"]" * 201, b"x" * 1100),
    *(b'"progressToken":', b'"requestId":1,', b'"io.modelcontextprotocol/protocolVersion":"x",'),
]


def mutated(draw: random.Random) -> bytes:
    """A message of the seeds, changed in a few places."""
    data = bytearray(draw.choice(SEEDS))
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 6))):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(7):
            case 0:
                data[at : at + draw.randrange(4)] = b""
            case 1:
                data[at:at] = draw.choice(PIECES)
            case 2:
                data[at : at + 1] = bytes((draw.randrange(256),))
            case 3:
                end = at + draw.randrange(1, 40)
                data[end:end] = data[at:end]
            case 4:
                other = draw.choice(SEEDS)
                data[at:] = other[draw.randrange(len(other)) :]
            case 5:  # between members, where it most likely stays JSON
                places = [i + 1 for i, byte in enumerate(data) if byte in b"{,"]
                if places:
                    place = draw.choice(places)
                    data[place:place] = draw.choice(PIECES)
            case _:
                numbers = (b"1", b"-0", b"1E2", b"2.5", b'"1"', b"null", b"18446744073709551616")
                data = bytearray(data.replace(b'"id":1', b'"id":' + draw.choice(numbers), 1))
    return bytes(data)


@pytest.mark.soak
@pytest.mark.spec("B-IDX-02", "B-IDX-14", "B-IDX-15", "B-IDX-20", "L1105-MSG-04")
@pytest.mark.parametrize("session", [None, "2024-11-05", "2025-03-26", "2025-11-25"])
def test_no_mutation_escapes_or_is_answered_wrongly(session: str | None) -> None:
    async def main() -> None:
        draw = rng(f"mutations-{session}")
        for _ in range(20):
            async with connected(small()) as client:
                if session is not None:
                    await client.initialize(session)
                for _ in range(MESSAGES // 80):
                    data = mutated(draw)
                    client.connection.receive(data)
                    due(data, await client.settle())

    run(main())


def due(data: bytes, came: list[Any]) -> None:
    """Check what came for one message."""
    if data.lstrip()[:1] == b"[":
        assert len(came) <= 1
        return
    assert all("method" not in message for message in came)
    try:
        message = read_message(data)
    except (Unreadable, Wrong) as wrong:
        silent = isinstance(wrong, Wrong) and wrong.notification
        assert ["error" in answer for answer in came] == ([] if silent else [True])
        return
    if message.has("id") and message.has("method"):
        (answer,) = came
        assert type(answer["id"]) is type(message.get("id"))
        assert answer["id"] == message.get("id")
    else:
        assert came == []


def small() -> Server:
    server = Server("small", logging=True)

    @server.tool
    async def echo(text: str) -> str:
        return text

    @server.prompt
    async def greet(name: str) -> str:
        return name

    @server.resource("memo://one")
    async def one() -> str:
        return "1"

    assert echo and greet and one
    return server


# What fails before a call is begun


class Failing:
    """A peer whose own account of itself cannot be had."""

    def handler(self, method: str) -> Handler | None:
        if method == "tools/list":
            raise ProtocolError("unwritable", data=object())
        raise RuntimeError("secret of the server")

    def describe(self) -> Description:
        raise RuntimeError("secret of the server")

    def post(self, method: str, payload: Payload, scope: Scope) -> None:
        raise AssertionError


@asynccontextmanager
async def failing() -> AsyncGenerator[Any]:
    peer: Peer = Failing()
    async with linked(peer, bounds=Server("x").bounds) as client:
        yield client


@pytest.mark.parametrize("method", ["tools/call", "tools/list", "server/discover", "prompts/list"])
def test_a_peer_that_fails_before_the_call_is_answered_for(method: str) -> None:
    async def main() -> None:
        async with failing() as client:
            params = {"name": "x"} if method == "tools/call" else {}
            answer = await client.modern(method, params)
            assert answer["error"]["code"] == -32603
            assert "incident" in answer["error"]["data"]
            assert "secret" not in json.dumps(answer)
            assert client.connection.running == {}

    run(main())


def test_a_peer_that_cannot_describe_itself_fails_initialize() -> None:
    async def main() -> None:
        async with failing() as client:
            answer = await client.request(
                "initialize",
                {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "a", "version": "1"},
                },
            )
            assert answer["error"]["code"] == -32603
            assert client.connection.session is None

    run(main())


def test_no_call_is_begun_once_the_connection_is_closed() -> None:
    async def main() -> None:
        async with connected(small()) as client:
            await client.connection.close()
            answer = await client.modern("tools/list")
            assert answer["error"]["code"] == 1001
            assert "shutting down" in answer["error"]["message"]

    run(main())


# Malformed responses and notifications


@pytest.mark.spec("B-IDX-20")
def test_a_notification_is_not_answered_though_its_text_is_no_unicode() -> None:
    async def main() -> None:
        async with connected(small()) as client:
            client.connection.receive(b'{"jsonrpc":"2.0","method":"x","params":{"a":"\\ud800"}}')
            assert await client.settle() == []

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{"x":"\\ud800"}}',
        b'{"id":1,"result":{}}',
    ],
)
def test_a_malformed_answer_fails_the_question_and_names_no_request(answer: bytes) -> None:
    """Ids of our questions are not ids of the client's requests."""

    async def main() -> None:
        server = Server("asks")
        answers: list[str] = []

        @server.middleware
        async def ask(call: Any, next: Any) -> Any:
            try:
                await call.scope.port.ask("roots/list", Payload({}))
            except ProtocolError as error:
                answers.append(error.message)
            return await next(call)

        @server.tool
        async def nothing() -> None: ...

        assert ask and nothing
        async with connected(server) as client:
            await client.initialize("2025-11-25", {"roots": {}})
            id = client.post("tools/call", {"name": "nothing"}, id="mine")
            await client.asked("roots/list")
            client.connection.receive(answer)
            refusal = await client.answer(None)
            assert refusal["error"]["code"] == -32600
            assert "result" in await client.answer(id)
            assert answers == ["The client sent an answer that cannot be read."]

    run(main())


def test_a_cancellation_that_names_two_requests_cancels_none() -> None:
    async def main() -> None:
        server = Server("slow")
        release = asyncio.Event()

        @server.tool
        async def slow() -> str:
            await release.wait()
            return "done"

        assert slow
        async with connected(server) as client:
            ids = [client.post_modern("tools/call", {"name": "slow"}, id=id) for id in (1, 2)]
            client.connection.receive(
                b'{"jsonrpc":"2.0","method":"notifications/cancelled",'
                b'"params":{"requestId":1,"requestId":2}}'
            )
            release.set()
            for id in ids:
                assert "result" in await client.answer(id)

    run(main())


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_progress_token_has_the_bound_of_an_id(era: str) -> None:
    """It is repeated with every notice: a long one would multiply what is sent."""

    async def main() -> None:
        async with connected(small()) as client:
            for size, fits in ((1024, True), (1025, False)):
                call = {"name": "echo", "arguments": {"text": ""}}
                if era == "modern":
                    answer = await client.modern("tools/call", call, progressToken="x" * size)
                else:
                    if client.connection.session is None:
                        await client.initialize()
                    call["_meta"] = {"progressToken": "x" * size}
                    answer = await client.request("tools/call", call)
                assert ("result" in answer) is fits
                if not fits:
                    assert answer["error"]["code"] == -32602
                    assert len(answer["error"]["message"]) < 200

    run(main())


# Eager starts


def starts(check: Callable[[asyncio.AbstractEventLoop], None]) -> None:
    """Run ``check`` as a callback of a loop, which no task runs."""
    loop = asyncio.new_event_loop()
    try:
        failed: list[BaseException] = []

        def callback() -> None:
            try:
                check(loop)
            except BaseException as error:
                failed.append(error)
            loop.call_soon(loop.stop)

        loop.call_soon(callback)
        loop.run_forever()
        loop.run_until_complete(asyncio.sleep(0))
        if failed:
            raise failed[0]
    finally:
        loop.close()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later ones have eager tasks of their own")
def test_what_finalizers_schedule_while_a_task_is_made_is_not_lost() -> None:
    ran: list[str] = []

    async def other() -> None:
        ran.append("other")

    async def call() -> None:
        ran.append("call")

    tasks: list[Any] = []

    def check(loop: asyncio.AbstractEventLoop) -> None:
        class Trash:
            def __init__(self) -> None:
                self.cycle = self

            def __del__(self) -> None:
                loop.call_soon(ran.append, "finalizer")
                tasks.append(asyncio.Task(other(), loop=loop))

        start = starter(loop, only_callbacks=True)
        collecting = gc.isenabled()
        gc.disable()
        before = gc.get_threshold()
        gc.collect()
        Trash()
        gc.set_threshold(1, 1, 1)
        gc.enable()
        try:
            tasks.append(start(call()))
        finally:
            gc.set_threshold(*before)
            if not collecting:
                gc.disable()
        assert "call" in ran

    starts(check)
    assert sorted(ran) == ["call", "finalizer", "other"]
