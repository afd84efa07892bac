"""The exact look at a message that is refused or suspicious: what is wrong, and whom to tell.

Slow and thorough where :mod:`.envelope` is quick: the standard library's parser, which sees
doubled keys, and a scan by eye for the id of a message that no parser takes. Its cost is
bounded by the message's size.
"""

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from .errors import InvalidParams, InvalidRequest, ParseError, ProtocolError

MAX_DEPTH = 200
"""Brackets that may be open at once in a message."""
MAX_ID_CHARS = 1024
"""Characters of a request id that is a string."""
_MAX_ID_NUMBER = 10**400

RequestId = int | str


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


_KEYS = tuple(
    b'"%s"' % key.encode()
    for key in (
        *("method", "id", "params", "_meta", "name", "arguments", "jsonrpc", "result", "error"),
        *("uri", "cursor", "ref", "argument", "level", "requestId", "requestState", "task"),
        *("inputResponses", "protocolVersion", "capabilities", "clientInfo", "notifications"),
        *("progressToken", "context", "reason", "progress", "total", "message"),
    )
)


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


class Doubled(dict[str, Any]):
    """A JSON object of which a key, ``doubled``, stood more than once."""

    doubled: str = ""


_EMPTY: dict[str, Any] = {}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a :class:`Doubled` where a key stood more than once.

    All empty ones are the same, or a message of little else would take much time and memory.
    """
    if not pairs:
        return _EMPTY
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    found = Doubled(members)
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


def exact(data: bytes) -> Any:
    """The standard library's reading, for messages that are refused or suspicious anyway."""
    import json

    return json.loads(
        data.decode(),
        object_pairs_hook=_members,
        parse_constant=_refuse_constant,
        parse_int=_read_int,
    )


def check_doubles(data: bytes) -> None:
    """Raise :class:`Refused` where the envelope, ``params`` or ``_meta`` has a key twice.

    The exact pass runs only where the text of a key that is read stands twice, or where an
    escape may hide one.
    """
    count = data.count
    if b"\\u" not in data and all(count(key) < 2 for key in _KEYS):
        return
    try:
        message = exact(data)
    except (ValueError, RecursionError) as error:
        raise second_look(data, error) from None
    key = doubled_key(message)
    if key is not None:
        raise _refused(message, stands_twice(key))


def stands_twice(key: str) -> InvalidRequest:
    return InvalidRequest(
        f"The key {_shown(key)} stands twice in the message, and parsers would disagree about"
        " its value. Send each key once."
    )


def doubled_key(message: Any) -> str | None:
    for key in (None, "params", "_meta"):
        if key is not None:
            message = message.get(key)
        if isinstance(message, Doubled):
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


def second_look(data: bytes, cause: Exception | None) -> Refused:
    """Why a message is refused, and whom to tell: slow, exact, and never raising itself."""
    if isinstance(cause, ParseError):
        return Refused(cause, find_id(data))
    if isinstance(cause, UnicodeDecodeError):
        error = ParseError(f"The message is not UTF-8 (at byte {cause.start}); send UTF-8.")
        return Refused(error, find_id(data))
    try:
        message = exact(data)
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
    doubled = doubled_key(members)
    return _refused(members, _judge(members) if doubled is None else stands_twice(doubled))


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
            and not isinstance(message, Doubled)
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
