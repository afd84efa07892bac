"""JSON-RPC 2.0 envelopes: from one message's bytes to its parts, and back.

Reading is one typed decode. What msgspec would let through is checked around it, cheaply
first and exactly only where the cheap check cannot exclude a problem: bytes that are not
UTF-8, nesting deeper than :data:`MAX_DEPTH`, a key of the envelope, ``params`` or ``_meta``
that stands twice. A message that is refused gets a slow second look, which saves its ``id``
so that its sender learns of the refusal.

Sources: JSON-RPC 2.0; MCP Base Protocol, "Messages", of each revision.
"""

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec
from msgspec import Struct

from .errors import InvalidParams, InvalidRequest, ParseError, ProtocolError
from .json import UNSET, Raw, UnsetType, encode

MAX_DEPTH = 200
"""Brackets that may be open at once in a message."""
MAX_ID_CHARS = 1024
"""Characters of a request id that is a string."""
_MAX_ID_NUMBER = 10**400

RequestId = int | str


class Envelope(Struct, frozen=True, gc=False):
    """The parts of one message; ``UNSET`` where a part is missing."""

    jsonrpc: str
    id: int | str | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class Request(Struct, frozen=True, gc=False):
    """The parts of a request in its usual form; see :func:`read_usual`."""

    jsonrpc: str
    id: int | str
    method: str
    params: Raw


class ResultResponse(Struct, frozen=True, gc=False):
    """A result response whose result is a value that is encoded with it."""

    jsonrpc: str
    id: int | str
    result: Any


class ErrorObject(Struct, frozen=True, omit_defaults=True):
    """The ``error`` member of a response."""

    code: int
    message: str
    data: Any | UnsetType = UNSET


class ErrorResponse(Struct, frozen=True, omit_defaults=True):
    """An error response; ``id`` is unset or null where the request's could not be read."""

    jsonrpc: str
    error: ErrorObject
    id: int | str | UnsetType | None = UNSET


class Refused(Exception):  # a signal between two layers, not an error of its own
    """A message that cannot be taken; ``id`` is its id where that could be saved.

    ``answers`` says that it is a malformed response: then the id is that of our own request.
    ``notification`` says that it is one beyond doubt, which nobody may answer.
    """

    def __init__(
        self,
        error: ProtocolError,
        id: RequestId | None = None,
        *,
        answers: bool = False,
        notification: bool = False,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.id = id
        self.answers = answers
        self.notification = notification


_decode: Callable[[bytes], Envelope] = msgspec.json.Decoder(Envelope).decode
_shape: Callable[[bytes | Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_WHOLE = len('{"jsonrpc":"2.0","id":,"method":"","params":}')
_NO_ID = len('"id":,')
_NO_PARAMS = len(',"params":')
_KEYS = tuple(
    b'"%s"' % key.encode()
    for key in (
        *("method", "id", "params", "_meta", "name", "arguments", "jsonrpc", "result", "error"),
        *("uri", "cursor", "ref", "argument", "level", "requestId", "requestState", "task"),
        *("inputResponses", "protocolVersion", "capabilities", "clientInfo", "notifications"),
        *("progressToken", "context", "reason", "progress", "total", "message"),
    )
)


_decode_request: Callable[[bytes], Request] = msgspec.json.Decoder(Request).decode


def read_usual(data: bytes) -> Request | None:
    """A request in its usual form, or ``None`` where :func:`read` must look at the message.

    Usual is short, in ASCII, and no longer than its four members need: then it can be nested
    too deeply or hold a key twice at most within its params, which are left to whoever decodes
    them (:func:`check_members`). The form that most requests have, read at half the cost.
    """
    if len(data) > 2 * MAX_DEPTH or not data.isascii():
        return None
    try:
        request = _decode_request(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    id = request.id
    size = _WHOLE + len(request.method) + len(request.params)
    size += len(str(id)) if type(id) is int else len(id) + 2  # pyright: ignore[reportArgumentType]  # a str
    return request if size == len(data) and request.jsonrpc == "2.0" else None


def read(data: bytes, *, shallow: bool = False) -> Envelope:
    """One message's bytes to its parts: a request, a notification or a response, well formed.

    A response has no method and either a result or an error; an error's id may be missing.
    Raises :class:`Refused`. The raw parts refer to ``data``: copy what is kept. Keys of
    ``_meta``, and of ``params`` where the reading is ``shallow``, are left to whoever decodes
    them: see :func:`check_members`.
    """
    try:
        if not data.isascii():
            data.decode()
        if len(data) > 2 * MAX_DEPTH:
            check_depth(data)
            check_digits(data)
        envelope = _decode(data)
        id = envelope.id
        method = envelope.method
        if (
            method is UNSET
            or envelope.jsonrpc != "2.0"
            or id is None
            or envelope.result is not UNSET
            or envelope.error is not UNSET
            or (type(id) is str and len(id) > MAX_ID_CHARS)
        ):
            if not _is_response(envelope):
                raise _second_look(data, None)
            _check_doubles(data)
            return envelope
        size = _WHOLE + len(method)
        if id is UNSET:
            size -= _NO_ID
        else:
            size += len(id) + 2 if type(id) is str else len(str(id))
        params = envelope.params
        if params is UNSET:
            if len(data) != size - _NO_PARAMS:
                _check_doubles(data)
        elif len(data) != size + len(params) or not (shallow or _is_compact(params)):
            _check_doubles(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, ParseError) as error:
        raise _second_look(data, error) from None
    return envelope


def _is_compact(text: bytes | Raw) -> bool:
    """Whether an object's text is no longer than its members need.

    Then it holds no blank, no escaped key, and above all no key twice: each would add to the
    length. Excludes the problem for every message that a usual encoder wrote. Anything but an
    object is compact too; its type is somebody else's matter.
    """
    try:
        members = _shape(text)
    except msgspec.ValidationError:
        return True
    size = 1
    for key, value in members.items():
        size += len(key) + len(value) + 4
    return size == len(text) or not members


_FEW_KEYS = 32  # each is counted in the whole text: with more, the exact reading is cheaper


def check_members(text: bytes | Raw) -> None:
    """Raise :class:`InvalidRequest` where a JSON object has a key twice."""
    if _is_compact(text):
        return
    text = bytes(text)
    if b"\\" not in text:
        keys, count = _shape(text), text.count
        if len(keys) <= _FEW_KEYS and all(count(b'"%b"' % key.encode()) == 1 for key in keys):
            return
    members = _exact(text)
    if isinstance(members, _Doubled):
        raise _stands_twice(members.doubled)


def _is_response(envelope: Envelope) -> bool:
    if envelope.jsonrpc != "2.0" or envelope.method is not UNSET:
        return False
    if envelope.error is UNSET:
        return envelope.result is not UNSET and valid_id(envelope.id)
    return envelope.result is UNSET


# An unterminated string ends where the text ends: looked for again and again, it would cost
# the square of the message's size.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = re.compile(rb"[^\[\]{}]+")
_MAX_DIGITS = 400
# Tried where a run of digits begins only: tried within runs, it would look at each 400 times.
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{%d}" % (_MAX_DIGITS + 1))


def check_depth(data: bytes, limit: int = MAX_DEPTH) -> None:
    """Raise :class:`ParseError` where more than ``limit`` brackets are open at once.

    Counting all brackets excludes the problem for nearly every message; only otherwise are
    strings taken out and the nesting walked.
    """
    if data.count(b"[") + data.count(b"{") <= limit:
        return
    depth = 0
    for char in _NOT_BRACKETS.sub(b"", _STRING.sub(b"", data)):
        if char in b"[{":
            depth += 1
            if depth > limit:
                raise ParseError(
                    f"The message is nested deeper than {limit} levels; send flatter JSON."
                )
        else:
            depth -= 1


def check_digits(data: bytes) -> None:
    """Raise :class:`ParseError` on a number of more than 400 digits.

    A run that long covers a byte at a multiple of its length: looking at those few excludes it.
    """
    sample = data[_MAX_DIGITS :: _MAX_DIGITS + 1]
    if sample.isalpha() or not _LONG_NUMBER.search(data):
        return
    if _LONG_NUMBER.search(_STRING.sub(b"", data)):
        raise ParseError(f"The message holds a number of more than {_MAX_DIGITS} digits.")


class _Doubled(dict[str, Any]):
    """A JSON object of which a key, ``doubled``, stood more than once."""

    doubled: str = ""


_EMPTY: dict[str, Any] = {}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a :class:`_Doubled` where a key stood more than once.

    All empty ones are the same, or a message of little else would take much time and memory.
    """
    if not pairs:
        return _EMPTY
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    found = _Doubled(members)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            found.doubled = key
            break
        seen.add(key)
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _read_int(text: str) -> int:
    if len(text) > _MAX_DIGITS + 1:
        raise ValueError("a number has too many digits")
    return int(text)


def _exact(data: bytes) -> Any:
    """The standard library's reading, for messages that are refused or suspicious anyway."""
    import json

    return json.loads(
        data.decode(),
        object_pairs_hook=_members,
        parse_constant=_refuse_constant,
        parse_int=_read_int,
    )


def _check_doubles(data: bytes) -> None:
    """Raise :class:`Refused` where the envelope, ``params`` or ``_meta`` has a key twice.

    The exact pass runs only where the text of a key that is read stands twice, or where an
    escape may hide one.
    """
    count = data.count
    if b"\\u" not in data and all(count(key) < 2 for key in _KEYS):
        return
    try:
        message = _exact(data)
    except (ValueError, RecursionError) as error:
        raise _second_look(data, error) from None
    key = _doubled(message)
    if key is not None:
        raise _refused(message, _stands_twice(key))


def _stands_twice(key: str) -> InvalidRequest:
    return InvalidRequest(
        f"The key {_shown(key)} stands twice in the message, and parsers would disagree about"
        " its value. Send each key once."
    )


def _doubled(message: Any) -> str | None:
    for key in (None, "params", "_meta"):
        if key is not None:
            message = message.get(key)
        if isinstance(message, _Doubled):
            return message.doubled
        if not isinstance(message, dict):
            return None
        message = cast("dict[str, Any]", message)
    return None


def valid_id(id: object) -> bool:
    """Whether a value may be a request id: a string or an integer, bounded in size."""
    if type(id) is int:
        return -_MAX_ID_NUMBER < id < _MAX_ID_NUMBER
    if type(id) is not str or len(id) > MAX_ID_CHARS:
        return False
    try:
        id.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "...")


def _second_look(data: bytes, cause: Exception | None) -> Refused:
    """Why a message is refused, and whom to tell: slow, exact, and never raising itself."""
    if isinstance(cause, ParseError):
        return Refused(cause, find_id(data))
    if isinstance(cause, UnicodeDecodeError):
        error = ParseError(f"The message is not UTF-8 (at byte {cause.start}); send UTF-8.")
        return Refused(error, find_id(data))
    try:
        message = _exact(data)
    except RecursionError:
        return Refused(ParseError(f"The message is nested deeper than {MAX_DEPTH} levels."))
    except ValueError as error:
        text = str(error).split(": line", 1)[0][:100]
        return Refused(
            ParseError(f"The message is not JSON ({text}). Send one JSON object per message."),
            find_id(data[:_EYE_BYTES]),  # what stands at its end may be anywhere
        )
    if not isinstance(message, dict):
        return Refused(InvalidRequest("A message is one JSON object; this is another value."))
    members = cast("dict[str, Any]", message)
    doubled = _doubled(members)
    return _refused(members, _judge(members) if doubled is None else _stands_twice(doubled))


def _refused(message: dict[str, Any], error: ProtocolError) -> Refused:
    id = message.get("id")
    has_outcome = "result" in message or "error" in message
    return Refused(
        error,
        id if valid_id(id) else None,
        answers=has_outcome and "method" not in message,
        notification=(
            not has_outcome
            and "id" not in message
            and isinstance(message.get("method"), str)
            and message.get("jsonrpc") == "2.0"
            and not isinstance(message, _Doubled)
        ),
    )


def _judge(message: dict[str, Any]) -> ProtocolError:
    """What is wrong with a message that is a JSON object."""
    if message.get("jsonrpc") != "2.0":
        return InvalidRequest('A message has "jsonrpc": "2.0".')
    if "id" in message and not valid_id(message["id"]):
        return InvalidRequest("An id is a string or an integer, of bounded size and never null.")
    if "method" not in message:
        return InvalidRequest(
            "A message has a method (a request or notification), or an id with either a result or"
            " an error (a response)."
        )
    method = message["method"]
    if not isinstance(method, str):
        return InvalidRequest("A method is a string.")
    if "result" in message or "error" in message:
        return InvalidRequest("A message with a method has neither a result nor an error.")
    # JSON to the standard library and not to msgspec: text with lone surrogates.
    return InvalidParams(
        "The message holds text that is not valid Unicode (an unpaired surrogate escape);"
        " send well-formed text."
    )


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]|-?[0-9]+', re.DOTALL)
_EYE_BYTES = 1 << 16
# One brace at the very end is the message's own, so what stands before it is its last member.
_LAST_ID = re.compile(rb'[,{]\s*"id"\s*:\s*("[^"\\]*+"|-?[0-9]+)\s*\}\s*\Z')
_TAIL_BYTES = 2048


def find_id(data: bytes) -> RequestId | None:
    """The id of a message that cannot be parsed, where one stands plainly at its top level.

    Without it, whoever sent the request would wait for ever. Of a long message the beginning is
    looked at, and the end: some write the id last.
    """
    depth = 0
    expecting = False
    head = data[:_EYE_BYTES]
    for match in _TOKEN.finditer(head):
        token = match[0]
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        elif depth == 1 and expecting:
            try:
                id = _decode_id(token)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return None
            whole = head[match.end() : match.end() + 1] not in b".eE" or token[:1] == b'"'
            return id if whole and valid_id(id) else None
        expecting = depth == 1 and token == b'"id"' and head[match.end() :].lstrip()[:1] == b":"
    return find_last_id(data[-_TAIL_BYTES:]) if len(data) > _EYE_BYTES else None


def find_last_id(tail: bytes) -> RequestId | None:
    """The id of a message that ends with ``tail``, where it is the message's last member."""
    match = _LAST_ID.search(tail)
    if match is None:
        return None
    try:
        id = _decode_id(match[1])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return id if valid_id(id) else None


_decode_id: Callable[[bytes], RequestId] = msgspec.json.Decoder(int | str).decode


def id_bytes(id: RequestId) -> bytes:
    """An id as JSON text."""
    return b"%d" % id if type(id) is int else encode(id)


def write_result(id: RequestId, result: bytes) -> bytes:
    """A result response around JSON text."""
    if type(id) is int:
        return b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (id, result)
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (encode(id), result)


def write_error(id: RequestId | UnsetType | None, error: ErrorObject) -> bytes:
    """An error response; ``None`` writes ``id: null``, ``UNSET`` leaves the id out."""
    return encode(ErrorResponse("2.0", error, id))


def write_notification(method: str, params: bytes | None = None) -> bytes:
    """A notification around its params' JSON text."""
    if params is None:
        return b'{"jsonrpc":"2.0","method":%b}' % encode(method)
    return b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (encode(method), params)


def write_request(id: RequestId, method: str, params: bytes | None = None) -> bytes:
    """A request around its params' JSON text."""
    if params is None:
        return b'{"jsonrpc":"2.0","id":%b,"method":%b}' % (id_bytes(id), encode(method))
    return b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}' % (
        id_bytes(id),
        encode(method),
        params,
    )
