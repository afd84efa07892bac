"""What goes wrong inside: a neutral sentence for the caller, an incident in the log, no leak."""

import asyncio
import logging
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from interlock import Call, Context, ProtocolError, Server, SyncContext, ToolError
from interlock.protocol.errors import PermissionDenied
from interlock.protocol.json import encode
from interlock.protocol.revisions import REVISIONS
from tests.server.driving import LEGACY, Client, Serve
from tests.support.counts import count, rng

INCIDENT = re.compile(r"incident ([0-9a-f]{12})")


class Broken(Exception):
    """Its text cannot be had."""

    def __str__(self) -> NoReturn:
        raise RuntimeError("the text is broken, too")

    __repr__ = __str__


class BrokenToolError(ToolError):
    def __str__(self) -> NoReturn:
        raise SystemExit("not even this")


def _group() -> BaseException:
    return ExceptionGroup("several", [ValueError("a"), ToolError("b")])


def _base_group() -> BaseException:
    return BaseExceptionGroup("several", [SystemExit(3), ValueError("a")])


def _chained() -> BaseException:
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    return error


FAULTS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("said"),
    "AssertionError": AssertionError,
    "KeyError": lambda: KeyError("key"),
    "FileNotFoundError": lambda: FileNotFoundError(2, "No such file", "/etc/secret"),
    "RecursionError": RecursionError,
    "MemoryError": MemoryError,
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "CancelledError": lambda: asyncio.CancelledError("of its own"),
    "TimeoutError": TimeoutError,
    "ExceptionGroup": _group,
    "BaseExceptionGroup": _base_group,
    "BaseException": lambda: BaseException("bare"),
    "UnicodeEncodeError": lambda: UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    "broken": Broken,
    "broken ToolError": BrokenToolError,
    "chained": _chained,
}


def raising(fault: Callable[[], BaseException]) -> Server:
    """A server whose tools, prompt and resource raise, each in another way of being called."""
    server = Server("t")

    def fail() -> str:
        raise fault()

    async def fail_later() -> str:
        await asyncio.sleep(0)
        raise fault()

    async def fail_at_once(ctx: Context) -> str:
        raise fault()

    server.tool(name="thread")(fail)
    server.tool(name="loop", thread=False)(fail)
    server.tool(name="later")(fail_later)
    server.tool(name="at_once")(fail_at_once)
    server.add_tool(fail_later, name="hand", input_schema={"type": "object"})
    server.tool(name="ok")(lambda: "ok")
    server.prompt(name="prompt")(fail_later)
    server.prompt(name="prompt_in_thread")(fail)
    server.resource("a:resource")(fail_later)
    return server


TOOLS = ("thread", "loop", "later", "at_once", "hand")


def logged(caplog: pytest.LogCaptureFixture, id: str) -> logging.LogRecord:
    """The one log record of an incident."""
    (record,) = [record for record in caplog.records if id in record.getMessage()]
    assert record.name == "interlock"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    return record


class TestTools:
    @pytest.mark.spec("TOOLS-51", "L1105-TOOL-04", "L1105-LOG-05")
    @pytest.mark.parametrize("tool", TOOLS)
    @pytest.mark.parametrize("fault", FAULTS)
    def test_any_exception_is_an_incident(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, fault: str, tool: str
    ) -> None:
        client = serve(raising(FAULTS[fault]))
        failure = client.failure(tool)
        match = INCIDENT.search(failure)
        assert match is not None
        assert failure == (
            f"Tool {tool} failed. The server's log has the cause under incident {match[1]}."
        )
        record = logged(caplog, match[1])
        assert f"running tool {tool}" in record.getMessage()
        assert client.text("ok") == "ok", "the server lives on"

    def test_the_log_has_the_traceback(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = serve(raising(lambda: ValueError("what happened")))
        for tool in TOOLS:
            match = INCIDENT.search(client.failure(tool))
            assert match is not None
            record = logged(caplog, match[1])
            assert record.exc_info is not None
            assert isinstance(record.exc_info[1], ValueError)
            assert "what happened" in caplog.text
            assert Path(__file__).name in caplog.text

    def test_ids_do_not_repeat(self, serve: Serve) -> None:
        client = serve(raising(lambda: ValueError("x")))
        assert len({client.failure("later") for _ in range(50)}) == 50

    @pytest.mark.spec("TOOLS-51")
    def test_a_tool_error_is_told_as_it_is(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = serve(raising(lambda: ToolError("No such city; try Oslo.")))
        for tool in TOOLS:
            assert client.failure(tool) == "No such city; try Oslo."
        assert caplog.records == []

    def test_a_tool_error_without_text_says_something(self, serve: Serve) -> None:
        client = serve(raising(ToolError))
        for tool in TOOLS:
            assert client.failure(tool) == "The tool failed and did not say why."

    def test_a_tool_error_in_a_group_is_no_refusal(self, serve: Serve) -> None:
        """Nobody chose that text for the model: its siblings may say something else."""
        client = serve(raising(lambda: ExceptionGroup("g", [ToolError("part of it")])))
        assert "part of it" not in client.failure("later")

    @pytest.mark.spec("TOOLS-55", "L1105-TOOL-07")
    def test_a_protocol_error_passes(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        error = PermissionDenied("Rule 7 forbids it.", data={"rule": 7})
        client = serve(raising(lambda: error))
        for tool in TOOLS:
            refused = client.refused("tools/call", name=tool, arguments={})
            assert (refused.code, refused.message) == (1003, "Rule 7 forbids it.")
            assert refused.data == {"rule": 7}
        assert caplog.records == []

    def test_a_closing_generator_is_no_answer_lost(self, serve: Serve) -> None:
        """The interpreter closes coroutines with `GeneratorExit`, but a handler may raise it."""
        client = serve(raising(GeneratorExit))
        for tool in ("later", "at_once", "hand", "loop"):
            error = client.refused("tools/call", name=tool, arguments={})
            assert (error.code, "incident" in error.message) == (-32603, True)
        assert INCIDENT.search(client.failure("thread"))
        assert client.text("ok") == "ok"


class TestOtherMethods:
    @pytest.mark.spec("RES-27", "PROM-18", "LOG-12")
    @pytest.mark.parametrize("fault", [name for name in FAULTS if name != "FileNotFoundError"])
    def test_any_exception_is_an_internal_error(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, fault: str
    ) -> None:
        client = serve(raising(FAULTS[fault]))
        refused = [
            client.refused("prompts/get", name="prompt"),
            client.refused("prompts/get", name="prompt_in_thread"),
            client.refused("resources/read", uri="a:resource"),
        ]
        if fault == "broken ToolError":
            return  # a ToolError whose text cannot be had: which error it becomes is no matter
        for error in refused:
            assert error.code == -32603
            match = INCIDENT.search(error.message)
            assert match is not None
            assert error.data == {"incident": match[1]}
            logged(caplog, match[1])
        assert client.text("ok") == "ok"

    @pytest.mark.parametrize("fault", FAULTS)
    def test_in_middleware_too(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, fault: str
    ) -> None:
        server = raising(FAULTS[fault])

        @server.middleware
        async def faulty(call: Call, next: Any) -> Any:
            raise FAULTS[fault]()

        client = serve(server)
        if fault == "broken ToolError":
            assert INCIDENT.search(client.failure("ok"))
            return
        requests: list[tuple[str, dict[str, Any]]] = [
            ("tools/call", {"name": "ok", "arguments": {}}),
            ("tools/list", {}),
            ("resources/read", {"uri": "a:resource"}),
        ]
        for method, params in requests:
            error = client.refused(method, **params)
            match = INCIDENT.search(error.message)
            assert match is not None
            assert error.code == -32603
            logged(caplog, match[1])


class TestCancellation:
    def test_of_a_task_inside_is_a_failure(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = Server("t")

        @server.tool
        async def tool() -> str:
            inner = asyncio.ensure_future(asyncio.Event().wait())
            inner.cancel()
            await inner
            return "never"

        assert INCIDENT.search(serve(server).failure("tool"))

    def test_of_the_call_is_none(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        server = Server("t")
        begun, ended = asyncio.Event(), asyncio.Event()

        @server.tool
        async def tool() -> str:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return "never"

        client = serve(server)
        if client.over == "wire":
            return  # the in-process wire has no way to cancel; the raw client below has

        async def cancelled() -> bool:
            call = asyncio.ensure_future(client.caller.request("tools/call", {"name": "tool"}))
            await begun.wait()
            call.cancel()
            await asyncio.wait([call])
            await ended.wait()
            return call.cancelled()

        assert client.run(cancelled())
        assert caplog.records == []

    @pytest.mark.parametrize("revision", [LEGACY[-1], "2026-07-28"])
    @pytest.mark.spec("L1105-CAN-03")
    def test_by_the_client_is_never_answered(
        self, serve_raw: Serve, caplog: pytest.LogCaptureFixture, revision: str
    ) -> None:
        server = Server("t")
        begun, ended = asyncio.Event(), asyncio.Event()

        @server.tool
        async def tool() -> str:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return "never"

        server.tool(name="ok")(lambda: "ok")
        client = serve_raw(server, revision=revision)

        async def cancelled() -> None:
            call = asyncio.ensure_future(client.raw.request("tools/call", {"name": "tool"}))
            await begun.wait()
            (id,) = client.raw.waiting
            client.raw.notify("notifications/cancelled", {"requestId": id})
            await ended.wait()
            call.cancel()

        client.run(cancelled())
        seen = len(client.raw.messages)
        assert client.text("ok") == "ok"
        assert len(client.raw.messages) == seen + 1
        assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


TOOLS_OF_CANARY = (
    "later",
    "thread",
    "opens",
    "middleware",
    "hand",
    "unsendable",
    "misfit",
    "misfit_by_hand",
)


class Canary:
    """Random secrets, and everything that must not hold one of them."""

    def __init__(self, random: random.Random) -> None:
        self._random = random
        self.secrets: list[str] = []

    def new(self) -> str:
        secret = "".join(self._random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=20))
        self.secrets.append(secret)
        return secret

    def found_in(self, text: str) -> list[str]:
        return [secret for secret in self.secrets if secret in text]


@pytest.mark.soak
@pytest.mark.spec("LOG-14", "L1105-LOG-05", "LOG-13", "PROM-22")
@pytest.mark.parametrize("revision", REVISIONS)
def test_nothing_internal_leaks(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, revision: str
) -> None:
    """Secrets in exceptions, locals, paths and arguments reach no message to the client, and what
    the client sent as arguments reaches no log line."""
    caplog.set_level(logging.DEBUG)
    inside = Canary(rng(f"inside {revision}"))
    outside = Canary(rng(f"outside {revision}"))
    folder = tmp_path / inside.new()

    class Leaky(Exception):
        def __init__(self) -> None:
            super().__init__(inside.new())
            self.token = inside.new()
            self.add_note(inside.new())

    def blow_up(given: object) -> NoReturn:
        password = inside.new()
        faults: list[Callable[[], BaseException]] = [
            Leaky,
            lambda: FileNotFoundError(2, "No such file", str(folder / password)),
            lambda: SystemExit(password),
            lambda: asyncio.CancelledError(password),
            lambda: ExceptionGroup(password, [Leaky(), ValueError(password)]),
            lambda: BaseExceptionGroup(password, [Leaky(), KeyboardInterrupt(password)]),
            lambda: KeyError(password),
        ]
        try:
            int(password)
        except ValueError as error:
            raise faults[len(inside.secrets) % len(faults)]() from error
        raise AssertionError

    server = Server("t")

    @server.middleware(methods={"tools/call"})
    async def around(call: Call, next: Any) -> Any:
        hidden = inside.new()
        if call.target == "middleware":
            raise Leaky from ValueError(hidden)
        return await next(call)

    @server.tool
    async def later(given: str, ctx: Context) -> str:
        await ctx.progress(1, message="working")
        await ctx.info("working")
        blow_up(given)

    @server.tool
    def thread(given: str, ctx: SyncContext) -> str:
        ctx.warning("working")
        blow_up(given)

    @server.tool
    def opens(given: str) -> str:
        return (folder / given).read_text()

    @server.tool
    def middleware(given: str) -> str:
        return given

    server.add_tool(blow_up, name="hand", input_schema={"type": "object"})

    class Odd:
        def __init__(self) -> None:
            self.token = inside.new()

        def __repr__(self) -> str:
            return self.token

    @server.tool
    def unsendable(given: str) -> Any:
        return {"k": Odd(), "l": {Odd()}}

    @server.tool
    def misfit(given: str) -> dict[str, int]:
        return {"k": inside.new()}  # pyright: ignore[reportReturnType]  # the mistake under test

    server.add_tool(
        lambda: {"k": inside.new()},
        name="misfit_by_hand",
        input_schema={"type": "object"},
        output_schema={"type": "object", "properties": {"k": {"enum": ["a"]}}},
    )

    @server.prompt
    def ask(given: str) -> str:
        blow_up(given)

    @server.resource("a:{given}")
    def read(given: str) -> str:
        if int(given, 36) % 2:
            return (folder / given).read_text()
        blow_up(given)

    with Client(server, revision) as client:
        for _ in range(count(8, 500)):
            for tool in TOOLS_OF_CANARY:
                for arguments in (
                    {"given": outside.new()},
                    {"given": {outside.new(): outside.new()}},
                    {"gven": outside.new()},
                ):
                    try:
                        client.run(
                            client.raw.request(
                                "tools/call",
                                {"name": tool, "arguments": arguments},
                                on_notice=lambda notice: None,
                            )
                        )
                    except ProtocolError:
                        pass
            client.refused("prompts/get", name="ask", arguments={"given": outside.new()})
            client.refused("prompts/get", name="ask", arguments={outside.new(): "x"})
            client.refused("resources/read", uri=f"a:{outside.new()}")
        sent = encode(client.raw.messages).decode()
    records = "\n".join(record.getMessage() for record in caplog.records)
    assert len(inside.secrets) > 100
    assert inside.found_in(sent) == []
    assert str(tmp_path) not in sent
    assert os.fspath(Path(__file__).parent) not in sent
    assert "Traceback" not in sent
    assert outside.found_in(records) == []
    assert inside.found_in(records) == [], "the messages of records; tracebacks have the cause"
