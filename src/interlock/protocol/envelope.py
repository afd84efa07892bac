"""JSON-RPC 2.0 envelopes: from one message's bytes to its parts, and back.

Reading is one typed decode. What msgspec would let through is checked around it, cheaply
first and exactly only where the cheap check cannot exclude a problem: bytes that are not
UTF-8, nesting deeper than :data:`MAX_DEPTH`, a key of the envelope, ``params`` or ``_meta``
that stands twice. A message that is refused gets a slow second look, which saves its ``id``
so that its sender learns of the refusal.

Sources: JSON-RPC 2.0; MCP Base Protocol, "Messages", of each revision.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from .errors import ParseError
from .inspection import (
    MAX_DEPTH,
    MAX_ID_CHARS,
    Doubled,
    RequestId,
    check_depth,
    check_digits,
    check_doubles,
    exact,
    second_look,
    stands_twice,
    valid_id,
)
from .json import UNSET, Raw, UnsetType, encode


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


_decode: Callable[[bytes], Envelope] = msgspec.json.Decoder(Envelope).decode
_shape: Callable[[bytes | Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_USUAL_BYTES = 2 * MAX_DEPTH
_WHOLE = len('{"jsonrpc":"2.0","id":,"method":"","params":}')
_NO_ID = len('"id":,')
_NO_PARAMS = len(',"params":')


_decode_request: Callable[[bytes], Request] = msgspec.json.Decoder(Request).decode


def read_usual(data: bytes) -> Request | None:
    """A request in its usual form, or ``None`` where :func:`read` must look at the message.

    Usual is short, in ASCII, and no longer than its four members need: then it can be nested
    too deeply or hold a key twice at most within its params, which are left to whoever decodes
    them (:func:`check_members`). The form that most requests have, read at half the cost.
    """
    if len(data) > _USUAL_BYTES or not data.isascii():
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
                raise second_look(data, None)
            check_doubles(data)
            return envelope
        size = _WHOLE + len(method)
        if id is UNSET:
            size -= _NO_ID
        else:
            size += len(id) + 2 if type(id) is str else len(str(id))
        params = envelope.params
        if params is UNSET:
            if len(data) != size - _NO_PARAMS:
                check_doubles(data)
        elif len(data) != size + len(params) or not (shallow or _is_compact(params)):
            check_doubles(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, ParseError) as error:
        raise second_look(data, error) from None
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
    members = exact(text)
    if isinstance(members, Doubled):
        raise stands_twice(members.doubled)


def _is_response(envelope: Envelope) -> bool:
    if envelope.jsonrpc != "2.0" or envelope.method is not UNSET:
        return False
    if envelope.error is UNSET:
        return envelope.result is not UNSET and valid_id(envelope.id)
    return envelope.result is UNSET


# An unterminated string ends where the text ends: looked for again and again, it would cost
# the square of the message's size.
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
