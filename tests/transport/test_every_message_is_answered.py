"""Whatever is sent, in every state of a connection: a request gets one answer, the rest none."""

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.protocol.methods import CLIENT_METHODS, SERVER_METHODS
from interlock.protocol.revisions import REVISIONS
from tests.protocol.exact_reading import Members, Unreadable, Wrong, read_message
from tests.protocol.message_strategies import messages
from tests.protocol.wire_schemas import validator
from tests.servers.rich import server
from tests.support.aio import run
from tests.support.counts import count
from tests.support.inprocess import connected
from tests.support.schema_strategies import JSON
from tests.support.stdio import modern_meta

EXAMPLES = count(80, 2_000)
STATES = (None, *REVISIONS)
"""What was said before: nothing, or `initialize` with a revision; the newest needs nothing."""
RESULTS = {
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "server/discover": "DiscoverResult",
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "logging/setLevel": "EmptyResult",
}
DEFINED = {-32700, -32600, -32601, -32602, -32603}
MODERN_CODES = DEFINED | {-32021, -32022, 1001, 1002, 1003}
LEGACY_CODES = DEFINED | {-32002, 1001, 1002, 1003}


NONE: dict[str, Any] = {}


def known(method: str) -> st.SearchStrategy[dict[str, Any]]:
    """Params that the method takes, and nearly such."""
    odd: st.SearchStrategy[Any] = st.sampled_from(
        (None, 5, NONE, [], "", "x" * 300, "\u0000", "__proto__", "a b")
    )
    names = [entry.key for entry in server.catalogue if entry.key not in ("hang", "crash")]
    match method:
        case "tools/call" | "prompts/get":
            arguments = st.fixed_dictionaries(
                {},
                optional={
                    "text": JSON,
                    "city": JSON,
                    "count": st.integers(-1, 5) | JSON,
                    "value": JSON,
                    "name": JSON,
                    "steps": st.lists(st.floats(), max_size=3) | JSON,
                    "__proto__": JSON,
                },
            )
            return st.fixed_dictionaries(
                {"name": st.sampled_from(names) | odd},
                optional={"arguments": arguments | JSON, "task": JSON, "inputResponses": JSON},
            )
        case "resources/read" | "resources/subscribe" | "resources/unsubscribe":
            uris = ("memo://one", "memo://a/items/5", "memo://a/items/x", "file:///etc/passwd")
            return st.fixed_dictionaries({"uri": st.sampled_from(uris) | odd})
        case "logging/setLevel":
            return st.fixed_dictionaries({"level": st.sampled_from(("debug", "error", "x")) | odd})
        case "initialize":
            info = st.just({"name": "a", "version": "1"}) | JSON
            return st.fixed_dictionaries(
                {
                    "protocolVersion": st.sampled_from((*REVISIONS, "1999-01-01", "")) | odd,
                    "capabilities": st.just(NONE) | JSON,
                    "clientInfo": info,
                }
            )
        case _:
            return st.fixed_dictionaries({}, optional={"cursor": odd, "x": JSON})


META_KEYS = (
    *modern_meta(),
    "progressToken",
    "io.modelcontextprotocol/logLevel",
    "traceparent",
    "x",
)
METAS = st.just(modern_meta()) | st.dictionaries(
    st.sampled_from(META_KEYS), JSON | st.sampled_from((*REVISIONS, "error")), max_size=3
).flatmap(lambda odd: st.sampled_from((modern_meta() | odd, odd)))
METHODS = st.sampled_from(
    [m.name for m in (*SERVER_METHODS, *CLIENT_METHODS) if m.shape == "unary"]
    + ["tools/call", "tools/call", "resources/read", "no/such", "", "tools/calL", "__proto__"]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request whose envelope is right, and whose params may be."""
    method = draw(METHODS)
    params = draw(known(method) | JSON)
    if isinstance(params, dict) and draw(st.booleans()):
        params: Any = cast("dict[str, Any]", params) | {"_meta": draw(METAS | JSON)}
    message: dict[str, Any] = {
        "jsonrpc": "2.0",
        "id": draw(st.integers(-5, 5) | st.text(max_size=2)),
        "method": method,
        "params": params,
    }
    if draw(st.integers(0, 9)) == 0:
        del message["params"]
    return json.dumps(message, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


NOTIFICATIONS = st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "method": st.sampled_from(("cancelled", "progress", "initialized", "x")).map(
            lambda name: f"notifications/{name}"
        )
        | METHODS,
    },
    optional={"params": JSON | st.fixed_dictionaries({"requestId": JSON | st.integers(-5, 5)})},
).map(lambda message: json.dumps(message).encode())
ANYTHING = requests() | messages() | NOTIFICATIONS


@pytest.mark.soak
@pytest.mark.spec(
    *("B-IDX-02", "B-IDX-06", "B-IDX-13", "B-IDX-14", "B-IDX-15", "B-IDX-17", "B-IDX-20"),
    *("B-IDX-22", "B-IDX-26", "B-IDX-49", "B-PAT-01", "L1105-MSG-03", "L1105-MSG-04"),
    *("L1105-MSG-05", "L0618-META-02"),
)
@pytest.mark.parametrize("state", STATES)
def test_each_request_has_one_answer_and_nothing_else_has_any(state: str | None) -> None:
    @settings(max_examples=EXAMPLES)
    @given(st.lists(ANYTHING, min_size=1, max_size=4))
    def check(stream: list[bytes]) -> None:
        run(converse(state, stream))

    check()


async def converse(state: str | None, stream: list[bytes]) -> None:
    async with connected(server) as client:
        session = state if state is not None and not REVISIONS[state].modern else None
        if session is not None:
            await client.initialize(session)
        for data in stream:
            before = client.connection.session
            client.send(data)
            came = await client.settle()
            if data.lstrip()[:1] == b"[":
                assert came == [] or "error" in came[0] or isinstance(came[0], list)
                continue
            answers = [message for message in came if "method" not in message]
            for notice in came:
                assert "method" not in notice or "id" not in notice
            judge(data, answers)
            if before is not None and client.connection.session is not None:
                session = client.connection.session.revision.name
            for answer in answers:
                judge_answer(data, answer, session)
        # Nothing that came before has hurt the connection.
        assert (await client.modern("server/discover", id="last"))["result"]


def judge(data: bytes, answers: list[dict[str, Any]]) -> None:
    try:
        message = read_message(data)
    except (Unreadable, Wrong) as wrong:
        if isinstance(wrong, Wrong) and wrong.notification:
            assert answers == []
            return
        assert [set(answer) - {"id"} for answer in answers] == [{"jsonrpc", "error"}]
        return
    if not (message.has("id") and message.has("method")):
        assert answers == []
        return
    assert len(answers) == 1
    assert type(answers[0]["id"]) is type(message.get("id"))
    assert answers[0]["id"] == message.get("id")


def judge_answer(data: bytes, answer: dict[str, Any], session: str | None) -> None:
    try:
        message = read_message(data)
    except (Unreadable, Wrong):
        assert answer["error"]["code"] in DEFINED
        return
    params, method = message.get("params"), message.get("method")
    meta = params.get("_meta") if isinstance(params, Members) else None
    modern = isinstance(meta, Members) and meta.has("io.modelcontextprotocol/protocolVersion")
    if "error" in answer:
        own = b'"refuse"' in data  # the tool that raises what it is asked to
        assert answer["error"]["code"] in (MODERN_CODES if modern else LEGACY_CODES) or own
        assert len(answer["error"]["message"]) < 1000
        return
    if modern:
        revision = "2026-07-28"
        assert answer["result"]["resultType"] == "complete"
    else:
        revision = session or "2025-11-25"
        assert "resultType" not in answer["result"]
    validator(revision, RESULTS[method]).validate(answer["result"])
