"""The floor: the least that a Python server which reads and writes real MCP messages can cost.

A uvloop protocol class on the pipes, one typed decode per line, one typed encode and one write per
answer. Nothing else that a server must do: no bounds, no cancelling, no tasks, no validation beyond
the types, no user function. It has one tool, `echo`, and answers in the era in which it is asked.
Every answer is encoded from values when it is asked for; none is kept as bytes.

Only the benchmark uses it, so it serves pipes only.
"""

import asyncio
import os
import stat
import sys
from typing import Any, Literal

import msgspec
import uvloop
from msgspec import UNSET, Struct, UnsetType, field

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
METHODS = ("initialize", "server/discover", "tools/list", "tools/call")
PREFIX = "io.modelcontextprotocol/"


# What is read -------------------------------------------------------------------------------------


class Echo(Struct, gc=False):
    """The arguments of `echo`, and its structured output."""

    text: str


class Implementation(Struct, gc=False):
    name: str
    version: str


class RequestMeta(Struct):
    protocol_version: str = field(name=PREFIX + "protocolVersion")
    client_info: Implementation = field(name=PREFIX + "clientInfo")
    client_capabilities: dict[str, Any] = field(name=PREFIX + "clientCapabilities")


class Params(Struct, rename="camel"):
    meta: RequestMeta | UnsetType = field(default=UNSET, name="_meta")


class InitializeParams(Struct, rename="camel"):
    protocol_version: str
    client_info: Implementation
    capabilities: dict[str, Any]


class CallParams(Struct, rename="camel"):
    name: Literal["echo"]
    arguments: Echo
    meta: RequestMeta | UnsetType = field(default=UNSET, name="_meta")


class Initialize(Struct, tag_field="method", tag="initialize"):
    jsonrpc: Literal["2.0"]
    id: int | str
    params: InitializeParams


class Initialized(Struct, tag_field="method", tag="notifications/initialized"):
    jsonrpc: Literal["2.0"]


class Discover(Struct, tag_field="method", tag="server/discover"):
    jsonrpc: Literal["2.0"]
    id: int | str
    params: Params


class ListTools(Struct, tag_field="method", tag="tools/list"):
    jsonrpc: Literal["2.0"]
    id: int | str
    params: Params = field(default_factory=Params)


class CallTool(Struct, tag_field="method", tag="tools/call"):
    jsonrpc: Literal["2.0"]
    id: int | str
    params: CallParams


class Unreadable(Struct):
    """What a line is read as that is none of the above, to answer it with an error."""

    method: str = ""
    id: int | str | UnsetType = UNSET


# What is written ----------------------------------------------------------------------------------


class Text(Struct, tag_field="type", tag="text", gc=False):
    text: str


class ResultMeta(Struct):
    server_info: Implementation = field(name=PREFIX + "serverInfo")


class Called(Struct, rename="camel"):
    content: list[Text]
    structured_content: Echo


class ModernCalled(Struct, rename="camel"):
    content: list[Text]
    structured_content: Echo
    meta: ResultMeta = field(name="_meta")
    result_type: Literal["complete"] = "complete"


class Answer(Struct):
    id: int | str
    result: Called | ModernCalled | dict[str, Any]
    jsonrpc: Literal["2.0"] = "2.0"


SERVER = Implementation("bench", "1")
META = ResultMeta(SERVER)
TEXT_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
}
TOOL = {
    "name": "echo",
    "description": "Return the text.",
    "inputSchema": TEXT_SCHEMA,
    "outputSchema": TEXT_SCHEMA,
}

decode = msgspec.json.Decoder(Initialize | Initialized | Discover | ListTools | CallTool).decode
encode = msgspec.json.Encoder().encode


def answer(line: bytes) -> bytes | None:
    """The answer to one line, without its newline; `None` where it asks for none."""
    try:
        message = decode(line)
    except msgspec.ValidationError as error:
        return refuse(line, str(error))
    if type(message) is CallTool:
        params = message.params
        echo = Echo(params.arguments.text)
        content = [Text(encode(echo).decode())]
        if params.meta is UNSET:
            return encode(Answer(message.id, Called(content, echo)))
        return encode(Answer(message.id, ModernCalled(content, echo, META)))
    if isinstance(message, Initialized):
        return None
    result: dict[str, Any]
    modern: dict[str, Any] = {
        "resultType": "complete",
        "_meta": META,
        "ttlMs": 0,
        "cacheScope": "public",
    }
    if isinstance(message, ListTools):
        listed: dict[str, Any] = {"tools": [TOOL]}
        result = listed if message.params.meta is UNSET else listed | modern
    elif isinstance(message, Discover):
        result = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}, **modern}
    else:
        result = {"protocolVersion": LEGACY, "capabilities": {"tools": {}}, "serverInfo": SERVER}
    return encode(Answer(message.id, result))


def refuse(line: bytes, reason: str) -> bytes | None:
    """An error for a line that is not one of the messages above; nothing for a notification."""
    message = msgspec.json.decode(line, type=Unreadable)
    if message.id is UNSET:
        return None
    error = {"code": -32602 if message.method in METHODS else -32601, "message": reason}
    return encode({"jsonrpc": "2.0", "id": message.id, "error": error})


class Input(asyncio.Protocol):
    """Cuts what arrives into lines and writes each answer."""

    def __init__(self, output: asyncio.WriteTransport, ended: asyncio.Future[None]) -> None:
        self.output = output
        self.ended = ended
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        lines = (self.rest + data if self.rest else data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            written = answer(line)
            if written is not None:
                self.output.write(written + b"\n")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def serve() -> None:
    """Serve until the end of input."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    output, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(1, "wb"))
    await loop.connect_read_pipe(lambda: Input(output, ended), os.fdopen(0, "rb"))
    await ended
    output.close()


if __name__ == "__main__":
    if not (stat.S_ISFIFO(os.fstat(0).st_mode) and stat.S_ISFIFO(os.fstat(1).st_mode)):
        sys.exit("floor: standard input and output must be pipes")  # uvloop aborts on files
    uvloop.run(serve())
