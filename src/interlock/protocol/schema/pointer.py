"""JSON pointers (RFC 6901): written for errors, and followed for references."""

from typing import Any

from .plain import is_array, is_object

MISSING: Any = object()
"""What :func:`step` gives where there is nothing."""
_HEX = frozenset("0123456789ABCDEFabcdef")


def escape(token: str | int) -> str:
    """A key or index as a token of a pointer."""
    return str(token).replace("~", "~0").replace("/", "~1")


def shown_pointer(pointer: str) -> str:
    """A pointer as part of a message: printable, and not longer than a line."""
    text = pointer if len(pointer) <= 120 else f"{pointer[:50]}…{pointer[-60:]}"
    return "#" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def tokens(fragment: str) -> list[str] | None:
    """The tokens of a pointer that is the fragment of a URI; ``None`` where it is broken."""
    head, *pieces = fragment.split("%")
    raw = bytearray(head.encode())
    for piece in pieces:
        if len(piece) < 2 or not _HEX.issuperset(piece[:2]):
            return None
        raw.append(int(piece[:2], 16))
        raw += piece[2:].encode()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def step(value: Any, token: str) -> Any:
    """What a token leads to inside a value."""
    if is_object(value):
        return value.get(token, MISSING)
    if is_array(value) and token.isascii() and token.isdigit() and len(token) <= 9:
        index = int(token)
        if str(index) == token and index < len(value):
            return value[index]
    return MISSING
