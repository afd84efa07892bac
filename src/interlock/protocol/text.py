"""Text from outside, made safe to show: in a log line, on a terminal, in an error."""

_MARKER = "...(+{} more)"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0E),  # variation selectors; the last, U+FE0F, is part of many emoji
        (0xFFA0, 0xFFA0),  # half-width Hangul filler
        (0xE0100, 0xE01EF),  # variation selectors that carry hidden text
    )
    for code in range(first, last + 1)
)


def escape_controls(text: str, limit: int = 200) -> str:
    """``text`` on one line of at most ``limit`` characters, with nothing a terminal would obey.

    Escaped as Python writes them (``\\n``, ``\\x1b``, ``\\u202e``, ``\\ud800``): control
    characters of both ranges (so every ANSI sequence and every forged log line), line and
    paragraph separators, bidirectional overrides, zero-width and other invisible characters, lone
    surrogates, and what Unicode has not assigned or leaves to private use. A longer text ends with
    a marker that says how many of its characters are left out; the work done is bounded by
    ``limit``, too. The result always encodes as UTF-8. Backslashes stay as they are: escaping
    twice changes nothing.

    Raises :class:`ValueError` for a limit below 32, which has no room for the marker.
    """
    if limit < 32:
        raise ValueError(f"limit must be at least 32, not {limit}")
    head = text[:limit]
    if head.isprintable() and _INVISIBLE.isdisjoint(head):
        pieces = [*head] if len(text) > limit else None
    else:
        pieces = [_escape(character) for character in head]
    if pieces is None:
        return text
    size = sum(map(len, pieces))
    if size <= limit and len(pieces) == len(text):
        return "".join(pieces)
    marker = _MARKER.format(len(text) - len(pieces))
    while pieces and size + len(marker) > limit:
        size -= len(pieces.pop())
        marker = _MARKER.format(len(text) - len(pieces))
    return "".join(pieces) + marker


def _escape(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
