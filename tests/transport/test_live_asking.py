"""Questions to the client while a call runs: the legacy sessions' requests of the server's own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import Bounds, Context, ProtocolError, Server
from interlock.protocol.call import Call
from interlock.protocol.outcome import Outcome
from interlock.protocol.payload import Payload
from interlock.protocol.revisions import LEGACY
from tests.support.aio import run
from tests.support.clock import VirtualClockLoop
from tests.support.counts import count
from tests.support.inprocess import InProcess, connected
from tests.support.schema_strategies import JSON

ALL: dict[str, Any] = {"sampling": {}, "elicitation": {}, "roots": {}}
ASK = {"name": "ask", "arguments": {"method": "elicitation/create", "params": {"message": "?"}}}

server = Server("asking", "1.0.0")


@server.tool
async def ask(ctx: Context[None], method: str, params: dict[str, Any] | None = None) -> Any:
    """Ask the client anything."""
    try:
        answer = await ctx.call.scope.port.ask(method, Payload(params or {}))
    except ProtocolError as error:
        return ["error", error.code, error.message, error.data if error.data else None]
    return ["answer", answer.value]


@server.tool
async def demand(ctx: Context[None], method: str) -> str:
    """Ask the client, and pass on how it refuses."""
    await ctx.call.scope.port.ask(method, Payload({}))
    return "answered"


@server.tool
async def ask_many(ctx: Context[None], count: int) -> list[Any]:
    """Ask the client several things at once."""
    port = ctx.call.scope.port
    asked = [port.ask("elicitation/create", Payload({"n": n})) for n in range(count)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [a.value if isinstance(a, Payload) else str(a) for a in answers]


@server.tool
async def can_ask(ctx: Context[None]) -> bool:
    """Whether this caller can be asked."""
    return ctx.call.scope.can_ask


def text_of(answer: dict[str, Any]) -> str:
    return answer["result"]["content"][0]["text"]


def reply(client: InProcess, question: dict[str, Any], **answer: Any) -> None:
    client.send({"jsonrpc": "2.0", "id": question["id"], **answer})


@pytest.mark.spec("B-IDX-02", "L1105-MSG-01")
@pytest.mark.parametrize("revision", LEGACY)
def test_a_question_goes_out_and_its_answer_comes_back(revision: str) -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize(revision, ALL)
            id = client.post("tools/call", ASK)
            question = await client.read()
            assert question == {
                "jsonrpc": "2.0",
                "id": question["id"],
                "method": "elicitation/create",
                "params": {"message": "?"},
            }
            assert type(question["id"]) in (int, str)
            assert client.waiting() == []
            reply(client, question, result={"action": "accept", "content": {"a": [1, None]}})
            answer = await client.answer(id)
            assert text_of(answer) == ('["answer",{"action":"accept","content":{"a":[1,null]}}]')

    run(main())


def test_a_refusal_reaches_the_handler_as_it_was_said() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            for error, heard in (
                ({"code": -1, "message": "rejected", "data": {"a": 1}}, '-1,"rejected",{"a":1}'),
                ({"code": -32601, "message": ""}, '-32601,"",null'),
                ("nonsense", '-32603,"The client sent an error that cannot be read.",null'),
                ({"code": "1", "message": "x"}, '-32603,"The client sent'),
            ):
                id = client.post("tools/call", ASK)
                reply(client, await client.read(), error=error)
                assert text_of(await client.answer(id)).startswith(f'["error",{heard}')

    run(main())


def test_a_refusal_that_is_not_caught_answers_the_call() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            call = {"name": "demand", "arguments": {"method": "roots/list"}}
            id = client.post("tools/call", call)
            reply(client, await client.read(), error={"code": -32601, "message": "no roots"})
            answer = await client.answer(id)
            assert answer["error"] == {"code": -32601, "message": "no roots"}

    run(main())


@pytest.mark.spec("L1105-MSG-02")
def test_no_id_is_used_twice() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-06-18", ALL)
            seen: set[Any] = set()
            for number in range(20):
                id = client.post("tools/call", ASK)
                question = await client.read()
                assert question["id"] not in seen
                seen.add(question["id"])
                if number % 2:
                    reply(client, question, result={})
                else:
                    client.notify("notifications/cancelled", {"requestId": id})
                await client.read()

    run(main())


def test_an_answer_under_a_pending_id_of_the_client_is_the_answer() -> None:
    """Our question's id may equal the id of the client's own pending call: both resolve."""

    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            client.post("tools/call", ASK, id=100)
            first = (await client.read())["id"]
            client.post("tools/call", ASK, id=first + 1)
            second = await client.read()
            assert second["id"] == first + 1
            reply(client, second, result={"which": "second"})
            assert text_of(await client.answer(first + 1)) == '["answer",{"which":"second"}]'
            reply(client, {"id": first}, result={"which": "first"})
            assert text_of(await client.answer(100)) == '["answer",{"which":"first"}]'

    run(main())


def test_only_the_first_answer_under_the_very_id_counts() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", ASK)
            question = await client.read()
            for wrong in (str(question["id"]), -1, "", question["id"] + 1):
                client.send({"jsonrpc": "2.0", "id": wrong, "result": {"forged": True}})
            client.send({"jsonrpc": "2.0", "error": {"code": 1, "message": "for nobody"}})
            client.send({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "x"}})
            assert await settled(client) == []
            reply(client, question, result={"n": 1})
            reply(client, question, result={"n": 2})
            reply(client, question, error={"code": 1, "message": "too late"})
            assert text_of(await client.answer(id)) == '["answer",{"n":1}]'
            assert client.waiting() == []

    run(main())


async def settled(client: InProcess) -> list[Any]:
    """What has come after some turns of the loop."""
    for _ in range(5):
        await asyncio.sleep(0)
    return client.waiting()


@pytest.mark.soak
@settings(max_examples=count(40, 2_000))
@given(st.permutations(range(6)), st.data())
def test_answers_find_their_questions_in_any_order(order: list[int], data: st.DataObject) -> None:
    results = [data.draw(st.dictionaries(st.text(max_size=3), JSON, max_size=2)) for _ in order]

    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", {"name": "ask_many", "arguments": {"count": 6}})
            questions = [await client.read() for _ in order]
            assert [question["params"] for question in questions] == [{"n": n} for n in range(6)]
            for n in order:
                reply(client, questions[n], result=results[n])
            answer = await client.answer(id)
            assert answer["result"]["structuredContent"] == {"result": results}

    run(main())


@pytest.mark.spec("B-IDX-60", "L0618-LIFE-01")
@pytest.mark.parametrize(
    ("declared", "method", "allowed"),
    [
        ({}, "elicitation/create", False),
        ({}, "sampling/createMessage", False),
        ({}, "roots/list", False),
        ({"roots": {}}, "sampling/createMessage", False),
        ({"roots": {}}, "roots/list", True),
        ({"sampling": {}}, "sampling/createMessage", True),
        ({"elicitation": {}}, "elicitation/create", True),
        ({}, "ping", True),
    ],
)
def test_nothing_is_asked_that_was_not_offered(
    declared: dict[str, Any], method: str, allowed: bool
) -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", declared)
            id = client.post("tools/call", {"name": "ask", "arguments": {"method": method}})
            if allowed:
                reply(client, await client.read(), result={})
                assert text_of(await client.answer(id)) == '["answer",{}]'
                return
            needed = method.partition("/")[0]
            text = text_of(await client.answer(id))
            assert text.startswith('["error",-32021,')
            assert f'{{"requiredCapabilities":{{"{needed}":{{}}}}}}' in text
            assert client.waiting() == []

    run(main())


def test_what_a_client_cannot_do_is_told_in_the_codes_that_it_knows() -> None:
    async def main() -> None:
        async with connected(guarded) as client:
            await client.initialize("2025-11-25")
            call = {"name": "demand", "arguments": {"method": "roots/list"}}
            answer = await client.request("tools/call", call)
            assert answer["result"]["isError"]
            assert "roots" in text_of(answer)
            answer = await client.request("tools/list")
            assert answer["error"]["code"] == -32602
            assert answer["error"]["data"] == {"requiredCapabilities": {"roots": {}}}

    run(main())


guarded = Server("guarded")
guarded.mount(server)


@guarded.middleware(methods={"tools/list"})
async def asks_first(call: Call, next: Callable[[Call], Awaitable[Outcome]]) -> Outcome:
    """Ask for the client's roots before anything is listed."""
    roots = await call.scope.port.ask("roots/list", Payload({}))
    call.scope.state["roots"] = roots.value
    return await next(call)


def test_middleware_may_ask_as_well() -> None:
    async def main() -> None:
        async with connected(guarded) as client:
            await client.initialize("2025-03-26", {"roots": {"listChanged": True}})
            id = client.post("tools/list")
            question = await client.read()
            assert question["method"] == "roots/list"
            reply(client, question, result={"roots": []})
            assert (await client.answer(id))["result"]["tools"]

    run(main())


@pytest.mark.spec("L1105-CAN-01", "L1105-CAN-06")
def test_a_cancelled_call_withdraws_its_questions() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", {"name": "ask_many", "arguments": {"count": 3}})
            asked = [(await client.read())["id"] for _ in range(3)]
            client.notify("notifications/cancelled", {"requestId": id})
            withdrawn = [await client.asked("notifications/cancelled") for _ in asked]
            assert sorted(notice["params"]["requestId"] for notice in withdrawn) == asked
            assert all(isinstance(notice["params"]["reason"], str) for notice in withdrawn)
            for question in asked:  # they crossed the cancellation
                reply(client, {"id": question}, result={})
            assert await settled(client) == []
            assert (await client.request("ping"))["result"] == {}

    run(main())


@pytest.mark.spec("L1105-CAN-01")
def test_a_question_is_not_waited_for_longer_than_the_bound() -> None:
    async def main() -> None:
        async with connected(server, bounds=Bounds(ask_seconds=5.0)) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", ASK)
            question = await client.read()
            withdrawn = await client.asked("notifications/cancelled")
            assert withdrawn["params"]["requestId"] == question["id"]
            text = text_of(await client.answer(id))
            assert "did not answer elicitation/create within 5 s" in text
            reply(client, question, result={})
            assert await settled(client) == []

    run(main(), loop_factory=VirtualClockLoop)


def test_open_questions_are_bounded() -> None:
    async def main() -> None:
        async with connected(server, bounds=Bounds(asks_in_flight=3)) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", {"name": "ask_many", "arguments": {"count": 5}})
            questions = [await client.read() for _ in range(3)]
            assert await settled(client) == []
            for question in questions:
                reply(client, question, result={})
            answers = (await client.answer(id))["result"]["structuredContent"]["result"]
            assert answers[:3] == [{}, {}, {}]
            assert all("3 questions to the client are open" in text for text in answers[3:])
            id = client.post("tools/call", ASK)
            reply(client, await client.read(), result={})
            assert text_of(await client.answer(id)) == '["answer",{}]'

    run(main())


def test_a_question_waits_until_the_session_is_initialized() -> None:
    handshake = {
        "protocolVersion": "2025-11-25",
        "capabilities": ALL,
        "clientInfo": {"name": "test", "version": "1"},
    }

    async def main() -> None:
        async with connected(server) as client:
            client.post("initialize", handshake)
            await client.read()
            id = client.post("tools/call", ASK)
            ping = client.post("ping", {})
            assert (await client.read())["id"] == ping  # and no question before it
            client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
            question = await client.read()
            assert question["method"] == "elicitation/create"
            reply(client, question, result={"action": "cancel"})
            assert (await client.read())["id"] == id

    run(main())


def test_the_end_of_the_connection_fails_every_question() -> None:
    heard: list[str] = []
    ending = Server("ending")

    @ending.tool
    async def persist(ctx: Context[None]) -> str:
        try:
            await ctx.call.scope.port.ask("roots/list", Payload({}))
        except ProtocolError as error:
            heard.append(error.message)
            raise
        return ""

    async def main() -> None:
        async with connected(ending) as client:
            await client.initialize("2025-11-25", ALL)
            client.post("tools/call", {"name": "persist"})
            await client.read()
        assert heard == ["The connection to the client has ended."]
        assert client.connection.running == {}

    run(main())


def test_a_handler_may_limit_its_patience_itself() -> None:
    patient = Server("patient")

    @patient.tool
    async def hurry(ctx: Context[None]) -> str:
        try:
            async with asyncio.timeout(2):
                await ctx.call.scope.port.ask("roots/list", Payload({}))
        except TimeoutError:
            return "gave up"
        return "answered"

    async def main() -> None:
        async with connected(patient) as client:
            await client.initialize("2025-11-25", ALL)
            id = client.post("tools/call", {"name": "hurry"})
            question = await client.read()
            withdrawn = await client.asked("notifications/cancelled")
            assert withdrawn["params"]["requestId"] == question["id"]
            assert text_of(await client.answer(id)) == "gave up"

    run(main(), loop_factory=VirtualClockLoop)


@pytest.mark.spec("B-STDIO-12", "B-PAT-01", "B-IDX-60", "B-IDX-61", "B-IDX-28")
def test_a_modern_client_is_never_asked_on_its_stream() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            # The session's capabilities are not those of a request that states its own.
            call = {"name": "demand", "arguments": {"method": "elicitation/create"}}
            answer = await client.modern("tools/call", call, capabilities={})
            assert answer["error"]["code"] == -32021
            assert answer["error"]["data"] == {"requiredCapabilities": {"elicitation": {}}}
            answer = await client.modern("tools/call", {"name": "can_ask"})
            assert answer["result"]["structuredContent"] is False
            assert client.waiting() == []

    run(main())


def test_questions_of_concurrent_calls_do_not_mix() -> None:
    async def main() -> None:
        async with connected(server) as client:
            await client.initialize("2025-11-25", ALL)
            questions: dict[int, Any] = {}
            for number in range(20):
                params = {"method": "elicitation/create", "params": {"call": number}}
                client.post("tools/call", {"name": "ask", "arguments": params}, id=f"c{number}")
            for _ in range(20):
                question = await client.read()
                questions[question["params"]["call"]] = question
            for number in sorted(questions, key=lambda n: (n * 7) % 20):
                reply(client, questions[number], result={"call": number})
            for number in range(20):
                answer = await client.answer(f"c{number}")
                assert text_of(answer) == f'["answer",{{"call":{number}}}]'

    run(main())
