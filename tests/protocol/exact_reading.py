"""An exact reading of one message, written apart from the code that it judges.

Slow and plain: the text is decoded whole, brackets and digits are counted char by char, and
the standard library parses with a hook that sees every member. What is read is a list of
members in their order, so nothing is lost that stands twice.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 200
MAX_DIGITS = 400
MAX_ID_CHARS = 1024
PARTS = ("jsonrpc", "id", "method", "params", "result", "error")


class Members(NamedTuple):
    """A JSON object: its members as they stand."""

    pairs: list[tuple[str, Any]]

    def doubled(self) -> set[str]:
        """The keys that stand more than once."""
        keys = [key for key, _ in self.pairs]
        return {key for key in keys if keys.count(key) > 1}

    def get(self, key: str) -> Any:
        """The last value under a key; `None` where there is none."""
        return next((value for name, value in reversed(self.pairs) if name == key), None)

    def has(self, key: str) -> bool:
        """Whether a key stands here."""
        return any(name == key for name, _ in self.pairs)


class Unreadable(Exception):
    """The bytes are no JSON that this protocol reads; `str()` says why."""


class Wrong(Exception):
    """JSON, but no message; `code` is what its sender is told.

    A notification is not answered even where its text is bad.
    """

    def __init__(self, why: str, code: int = -32600, *, notification: bool = False) -> None:
        super().__init__(why)
        self.code = code
        self.notification = notification


def read_json(data: bytes) -> Any:
    """The bytes as JSON. Raises :class:`Unreadable`."""
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    _count(text)
    try:
        return json.loads(
            text, object_pairs_hook=Members, parse_constant=_refuse, parse_int=str_to_int
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None


def _refuse(text: str) -> Any:
    raise ValueError(text)


def str_to_int(text: str) -> int:
    """An integer of any length: the interpreter's own limit is no rule of ours."""
    value = 0
    for digit in text.lstrip("-"):
        value = value * 10 + int(digit)
    return -value if text.startswith("-") else value


def _count(text: str) -> None:
    """Raise :class:`Unreadable` on too many open brackets or too many digits in a row."""
    depth = digits = 0
    inside = escaped = False
    for char in text:
        if inside:
            inside = escaped or char != '"'
            escaped = char == "\\" and not escaped
            continue
        digits = digits + 1 if char in "0123456789" else 0
        if digits > MAX_DIGITS:
            raise Unreadable("too many digits")
        if char == '"':
            inside = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable("too deep")
        elif char in "]}":
            depth -= 1


def texts(value: Any) -> Iterator[str]:
    """Every string of a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Members):
        for key, item in value.pairs:
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]  # any JSON
            yield from texts(item)


def well_formed(value: Any) -> bool:
    """Whether no string of a value holds half a surrogate pair."""
    return not any("\ud800" <= char <= "\udfff" for text in texts(value) for char in text)


def is_id(value: Any) -> bool:
    """Whether a value may be a request id."""
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARS and well_formed(value)
    return type(value) is int and abs(value) < 10**MAX_DIGITS


def read_message(data: bytes) -> Members:
    """A request, notification or response. Raises :class:`Unreadable` and :class:`Wrong`."""
    message = read_json(data)
    if not isinstance(message, Members):
        raise Wrong("no object")
    if message.doubled() & set(PARTS):
        raise Wrong("a part stands twice")
    if message.get("jsonrpc") != "2.0":
        raise Wrong("not JSON-RPC 2.0")
    has_id, has_method = message.has("id"), message.has("method")
    answers = [part for part in ("result", "error") if message.has(part)]
    if has_method:
        if not isinstance(message.get("method"), str):
            raise Wrong("the method is no string")
        if answers:
            raise Wrong("a request and a response in one")
        if has_id and not is_id(message.get("id")):
            raise Wrong("no id of a request")
    elif len(answers) != 1:
        raise Wrong("neither a request nor a response")
    elif answers == ["result"] and not is_id(message.get("id")):
        raise Wrong("a result for nobody")
    elif has_id and type(message.get("id")) not in (type(None), str, int):
        raise Wrong("no id of an error")
    if not well_formed(message):
        raise Wrong("half a surrogate pair", -32602, notification=has_method and not has_id)
    return message
