"""Values of users as JSON text: exactly, or an error that names the place which JSON cannot say."""

from typing import Any

from interlock.protocol.json import encode
from interlock.server.functions.plain import PlainError, is_plain, to_plain
from interlock.server.functions.problems import OutputError, Problem, Trail


def json_text(value: Any, trail: Trail = None) -> bytes:
    """UTF-8 JSON text of ``value``; ``trail`` is where it stands.

    Dataclasses, Structs, pydantic models, dates, sets and the like are written as structured
    output writes them. Raises :class:`OutputError`, with the path of the fault, for what has no
    JSON form: NaN, half a character, an integer of thousands of digits, a loop, a foreign object.
    """
    if is_plain(value):
        try:
            return encode(value)
        except (ValueError, RecursionError):
            pass  # what it was is found below, with its place
    try:
        return encode(to_plain(value, trail))
    except PlainError as error:
        raise OutputError([Problem(error.path, error.message)]) from error
    except RecursionError:
        raise OutputError([Problem("$", "nested too deeply")]) from None


def whole_characters(text: str) -> str:
    """``text`` that UTF-8 can say: halves of characters are escaped, as in ``\\udcff``.

    Such halves come from names of files that are not UTF-8. A text is for reading, so it is shown
    as well as it can be; in structured values they are an error.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
