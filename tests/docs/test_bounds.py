"""The bounds as the security page tells them: their values, and what a peer reads of each."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from interlock import Server
from tests.docs.documents import DOCS, rows
from tests.support.aio import run
from tests.support.inprocess import InProcess, connected
from tests.support.stdio import StdioServer

_PAGE = DOCS / "security.md"


def test_the_limits_have_the_values_that_the_page_says() -> None:
    table = rows(_PAGE, "limit")
    assert len(table) > 5
    for _, value, where in table:
        module, _, name = where.strip("`").rpartition(".")
        try:
            found = getattr(import_module(module), name)
        except ModuleNotFoundError:
            owner, _, attribute = module.rpartition(".")
            found = getattr(getattr(import_module(owner), attribute), name)
        assert found == int(value.replace(",", "")), where


def _server() -> Server:
    server = Server("bounded", page_size=1)

    @server.tool
    async def wait() -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    @server.tool
    async def other() -> None:
        """Make the list longer than a page."""

    @server.resource("a://b")
    async def resource() -> str:
        """Something to read."""
        return "b"

    del wait, other, resource
    return server


async def _send(client: InProcess, data: bytes) -> Any:
    client.send(data)
    return await client.read()


async def _too_many_calls(client: InProcess) -> Any:
    for _ in range(257):
        client.post_modern("tools/call", {"name": "wait"})
    return await client.read()


async def _id_in_use(client: InProcess) -> Any:
    for _ in range(2):
        client.post_modern("tools/call", {"name": "wait"}, "same")
    return await client.read()


async def _batch(client: InProcess) -> Any:
    await client.initialize("2025-03-26")
    return await _send(client, b"[" + b",".join([b"1"] * 101) + b"]")


_LONG_URI = "a://b/" + "c" * 65_537
_CAUSES: dict[str, Callable[[InProcess], Awaitable[Any]]] = {
    "a message nested too deeply": lambda c: _send(c, b'{"a":' + b"[" * 250 + b"]" * 250 + b"}"),
    "a number of too many digits": lambda c: _send(
        c, b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":' + b"9" * 401 + b"}}"
    ),
    "bytes that are not UTF-8": lambda c: _send(c, b'{"jsonrpc":"2.0","method":"ping\xff","id":1}'),
    "text that is not JSON": lambda c: _send(c, b'{"jsonrpc":"2.0" "id":1}'),
    "NaN or infinity": lambda c: _send(
        c, b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":NaN}}'
    ),
    "a key that stands twice": lambda c: _send(
        c, b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}'
    ),
    "an id that is too long": lambda c: _send(
        c, b'{"jsonrpc":"2.0","id":"%b","method":"ping"}' % (b"i" * 1025)
    ),
    "an id that is in use": _id_in_use,
    "a call over `calls_in_flight`": _too_many_calls,
    "a batch over `batch_messages`": _batch,
    "a cursor made elsewhere": lambda c: c.modern("tools/list", {"cursor": "elsewhere"}),
    "a URI that is too long": lambda c: c.modern("resources/read", {"uri": _LONG_URI}),
}


def test_the_peer_reads_what_the_page_says() -> None:
    told = {cause: (int(code), message) for cause, code, message in rows(_PAGE, "cause")}
    big = told.pop("a message over `message_bytes`")
    assert set(told) == set(_CAUSES)
    for cause, provoke in _CAUSES.items():
        error = run(_provoked(provoke))
        assert error["code"] == told[cause][0], cause
        assert told[cause][1] in error["message"], cause
    with StdioServer("examples/weather.py") as server:
        server.send(b'{"jsonrpc":"2.0","id":1,"method":"%b"}\n' % (b"m" * 4_194_304))
        error = server.read()["error"]
        assert (error["code"], error["message"]) == big
        server.initialize()


async def _provoked(provoke: Callable[[InProcess], Awaitable[Any]]) -> dict[str, Any]:
    async with connected(_server()) as client:
        answer = await provoke(client)
        return answer["error"]
