"""What can be wrong with a function, its arguments or its return value, and how that is said.

The errors of this package::

    DefinitionError
    └── SignatureError   the function cannot be offered; raised where it is declared
    ValueError
    ├── ArgumentError    the arguments of one call do not fit; the text is for a model
    └── OutputError      the return value of one call does not fit, or has no JSON form

Texts are bounded and safe to show: at most :data:`MAX_PROBLEMS` lines, at most
:data:`MAX_ECHO` characters of any piece of input, everything unprintable escaped.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from interlock.protocol.errors import DefinitionError

MAX_PROBLEMS = 20
"""How many problems one error lists."""

MAX_ECHO = 60
"""How many characters of a value are repeated in a message."""

MAX_PATH = 80
"""How many characters a path has at most."""

_MAX_KEY = 40
_MAX_TEXT = 240

Trail: TypeAlias = "tuple[Trail, str | int] | None"
"""Where a value stands: its parent's trail and its key or index; ``None`` is the root.

A pair costs far less than a path's text, which only the failing value needs.
"""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a value.

    ``path`` is a JSON path (``$.order.items[3]``), ``message`` says what was found there,
    ``expected`` what should have been, ``nearest`` the allowed value or name that the author
    most likely meant.
    """

    path: str
    message: str
    expected: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        line = f"{self.path}: {self.message}"
        if self.expected is not None:
            line += f", expected {self.expected}"
        if self.nearest is not None:
            line += f"; did you mean {quoted(self.nearest)}?"
        return line


class SignatureError(DefinitionError):
    """A function cannot be offered: the text names the parameter, the fault and the remedy."""


class _ProblemError(ValueError):
    """Problems, one line each."""

    def __init__(self, problems: Sequence[Problem], *, more: bool = False) -> None:
        super().__init__(problems)
        self.problems: list[Problem] = list(problems[:MAX_PROBLEMS])
        self.more = more or len(problems) > MAX_PROBLEMS
        """Whether more was wrong, or was left unchecked, than the problems say."""

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if self.more:
            lines.append("(the rest was not checked)")
        return "\n".join(lines)


class ArgumentError(_ProblemError):
    """The arguments of a call do not fit the function; ``problems`` says why, all at once."""


class OutputError(_ProblemError):
    """A return value does not fit its annotation or has no JSON form."""

    @property
    def path(self) -> str:
        """Where the first problem stands, such as ``$.items[3].price``."""
        return self.problems[0].path


def escaped(text: str, limit: int = _MAX_TEXT) -> str:
    """``text`` on one line: cut to ``limit`` characters, what cannot be printed escaped."""
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else _escape(char) for char in cut)
    if len(text) > limit or len(cut) > limit:
        cut = cut[: limit - 1] + "…"
    return cut


def _escape(char: str) -> str:
    code = ord(char)
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char) or (
        f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def quoted(text: str, limit: int = MAX_ECHO) -> str:
    """``text`` in double quotes, escaped and cut."""
    return '"' + escaped(text, limit).replace('"', '\\"') + '"'


def describe(value: Any) -> str:
    """What a plain JSON value is, in a few words, without repeating much of it."""
    if value is None:
        return "got null"
    if isinstance(value, bool):
        return f"got {str(value).lower()}"
    if isinstance(value, str):
        return f"got the string {quoted(value)}"
    if isinstance(value, int):
        if value.bit_length() > 128:
            return "got a very large integer"
        return f"got {value}"
    if isinstance(value, float):
        return f"got {value!r}"
    if isinstance(value, dict):
        return "got an object"
    if isinstance(value, list | tuple):
        return "got an array"
    return f"got a value of type {escaped(type(value).__name__, _MAX_KEY)}"


def path_text(trail: Trail) -> str:
    """A trail as a JSON path: ``$.name``, ``$[3]``, ``$["odd key"]``; cut in its middle."""
    parts: list[str] = []
    size = 1
    while trail is not None:
        trail, key = trail
        if isinstance(key, int):
            part = f"[{key}]"
        elif key.isascii() and key.replace("-", "_").isidentifier() and len(key) <= _MAX_KEY:
            part = f".{key}"
        else:
            part = f"[{quoted(key, _MAX_KEY)}]"
        parts.append(part)
        size += len(part)
    if size <= MAX_PATH:
        return "$" + "".join(reversed(parts))
    tail = ""
    for part in parts:
        if len(tail) + len(part) > MAX_PATH // 2:
            break
        tail = part + tail
    head = "$"
    for part in reversed(parts):
        if len(head) + len(part) + len(tail) + 1 > MAX_PATH:
            break
        head += part
    return f"{head}…{tail}"
