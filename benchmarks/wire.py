"""The bytes of the two eras: the request lines that are sent, and what their answers must hold."""

from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
ERAS = (LEGACY, MODERN)

_PREFIX = "io.modelcontextprotocol/"
_CLIENT = {"name": "benchmark", "version": "1"}
_META: dict[str, Any] = {
    _PREFIX + "protocolVersion": MODERN,
    _PREFIX + "clientInfo": _CLIENT,
    _PREFIX + "clientCapabilities": {},
}
_HELLO: dict[str, Any] = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": _CLIENT}
_SHOWN = 500  # bytes of an answer that an error shows


class WrongAnswer(Exception):
    """A server's answer is not what the request asks for; the message shows it, cut short."""


class Request(Struct, frozen=True, gc=False):
    """A request line, its id, and the text that its answer must hold."""

    line: bytes
    id: int
    text: bytes


# What is sent -------------------------------------------------------------------------------------


def line(method: str, params: dict[str, Any] | None = None, *, id: int | None = None) -> bytes:
    """One JSON-RPC message without needless spaces, with its newline."""
    message: dict[str, Any] = {"jsonrpc": "2.0"}
    if id is not None:
        message["id"] = id
    message["method"] = method
    if params is not None:
        message["params"] = params
    return msgspec.json.encode(message) + b"\n"


def initialize(id: int) -> bytes:
    """The request that opens the legacy era."""
    return line("initialize", _HELLO, id=id)


def initialized() -> bytes:
    """The notification that ends the handshake."""
    return line("notifications/initialized")


def list_tools(era: str, id: int) -> bytes:
    """`tools/list` in an era."""
    return line("tools/list", {"_meta": _META} if era == MODERN else {}, id=id)


def calls(era: str, first: int, count: int) -> list[Request]:
    """Calls of `echo`, each with an id and a text of its own, ids counting up from `first`."""
    requests: list[Request] = []
    for id in range(first, first + count):
        text = f"message {id:010d} to be echoed"
        params: dict[str, Any] = {"name": "echo", "arguments": {"text": text}}
        if era == MODERN:
            params["_meta"] = _META
        requests.append(Request(line("tools/call", params, id=id), id, text.encode()))
    return requests


# What is checked ----------------------------------------------------------------------------------


class _Answer(Struct):
    id: int
    jsonrpc: Literal["2.0"]
    result: Raw


class _Named(Struct):
    name: str


class _ResultMeta(Struct):
    server: _Named | UnsetType = field(default=UNSET, name=_PREFIX + "serverInfo")


class _Text(Struct):
    type: Literal["text"]
    text: str


class _Echo(Struct, forbid_unknown_fields=True):
    text: str


class _Called(Struct, rename="camel"):
    content: list[_Text]
    structured_content: _Echo
    is_error: bool = False
    result_type: str | UnsetType = UNSET
    meta: _ResultMeta | UnsetType = field(default=UNSET, name="_meta")


class _Property(Struct):
    type: Literal["string"]


class _Properties(Struct, forbid_unknown_fields=True):
    text: _Property


class _Schema(Struct):
    type: Literal["object"]
    properties: _Properties
    required: list[str]


class _Tool(Struct, rename="camel"):
    name: str
    input_schema: _Schema
    output_schema: _Schema


class _Listed(Struct):
    tools: list[_Tool]


class _Notice(Struct):
    jsonrpc: Literal["2.0"]
    method: str
    id: Any = UNSET


_Result = TypeVar("_Result", bound=Struct)


def result_of(data: bytes, id: int) -> Raw:
    """The undecoded result in an answer.

    Raises:
        WrongAnswer: it is no answer to that id, or an error.
    """
    answer = _typed(_Answer, data, data)
    if answer.id != id:
        raise WrongAnswer(f"an answer to {answer.id} instead of {id}: {data[:_SHOWN]!r}")
    return answer.result


def check_tools(data: bytes, id: int) -> None:
    """Check the answer to `tools/list`: one tool, `echo`, with both schemas.

    Raises:
        WrongAnswer: it is another.
    """
    tools = _typed(_Listed, result_of(data, id), data).tools
    if [tool.name for tool in tools] != ["echo"]:
        raise WrongAnswer(f"not the list of one tool, `echo`: {data[:_SHOWN]!r}")


def is_echo(data: bytes, text: bytes) -> bool:
    """The cheap check of every answer: one line, the text in its content and structured output."""
    return data.count(text) == 2 and data.count(b"\n") == 1


def check_echo(data: bytes, request: Request, era: str) -> None:
    """The whole check of an answer to a call.

    Raises:
        WrongAnswer: any part of it is not as it must be.
    """
    result = _typed(_Called, result_of(data, request.id), data)
    expected = request.text.decode()
    right = (
        len(result.content) == 1
        and _typed(_Echo, result.content[0].text.encode(), data).text == expected
        and result.structured_content.text == expected
        and not result.is_error
    )
    if era == MODERN:
        right = (
            right
            and result.result_type == "complete"
            and result.meta is not UNSET
            and result.meta.server is not UNSET
            and result.meta.server.name == "bench"
        )
    if not right:
        raise WrongAnswer(f"not the echo of {expected!r} in {era}: {data[:_SHOWN]!r}")


def is_notification(data: bytes) -> bool:
    """Whether a line is a message that answers nothing, such as a log message."""
    try:
        return msgspec.json.decode(data, type=_Notice).id is UNSET
    except msgspec.MsgspecError:
        return False


def _typed(kind: type[_Result], part: bytes | Raw, data: bytes) -> _Result:
    try:
        return msgspec.json.decode(part, type=kind)
    except msgspec.MsgspecError as error:
        raise WrongAnswer(f"{error}, in {data[:_SHOWN]!r}") from None
