"""URIs by RFC 3986: a strict check of their syntax, and the resolution of references.

Everything here runs in time linear in the text: characters are looked up in sets, no
regular expression is involved.
"""

from typing import NamedTuple

MAX_URI = 65_536
"""The longest URI that is looked at, in characters, unless the caller says otherwise."""

_ALPHA = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGIT = frozenset("0123456789")
_HEX = _DIGIT | frozenset("ABCDEFabcdef")
UNRESERVED = _ALPHA | _DIGIT | frozenset("-._~")
"""RFC 3986 section 2.3: the characters that mean themselves everywhere."""
SUB_DELIMS = frozenset("!$&'()*+,;=")
GEN_DELIMS = frozenset(":/?#[]@")

_SCHEME = _ALPHA | _DIGIT | frozenset("+-.")
_USERINFO = UNRESERVED | SUB_DELIMS | {":"}
_REG_NAME = UNRESERVED | SUB_DELIMS
_PATH = UNRESERVED | SUB_DELIMS | frozenset(":@/")
_QUERY = _PATH | {"?"}


class UriError(ValueError):
    """A text is no URI. The message says where and why; ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class SplitUri(NamedTuple):
    """The five parts of a URI or of a relative reference; ``None`` where a part is absent."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:
        scheme = "" if self.scheme is None else f"{self.scheme}:"
        authority = "" if self.authority is None else f"//{self.authority}"
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{scheme}{authority}{self.path}{query}{fragment}"


def split(text: str) -> SplitUri:
    """Take a URI or relative reference apart (RFC 3986 appendix B). Accepts any text."""
    rest, hash_mark, after = text.partition("#")
    fragment = after if hash_mark else None
    rest, question_mark, after = rest.partition("?")
    query = after if question_mark else None
    scheme: str | None = None
    head, colon, after = rest.partition(":")
    if colon and head and head[0] in _ALPHA and _SCHEME.issuperset(head):
        scheme, rest = head, after
    authority: str | None = None
    if rest.startswith("//"):
        authority, slash, after = rest[2:].partition("/")
        rest = slash + after
    return SplitUri(scheme, authority, rest, query, fragment)


def resolve(base: str, reference: str) -> str:
    """The target of a reference, read relative to a base URI (RFC 3986 section 5.2.2)."""
    ref = split(reference)
    if ref.scheme is not None:
        return str(ref._replace(path=_without_dots(ref.path)))
    root = split(base)
    if ref.authority is not None:
        return str(ref._replace(scheme=root.scheme, path=_without_dots(ref.path)))
    if not ref.path:
        query = root.query if ref.query is None else ref.query
        return str(root._replace(query=query, fragment=ref.fragment))
    if ref.path.startswith("/"):
        path = ref.path
    elif root.authority is not None and not root.path:
        path = f"/{ref.path}"
    else:
        path = root.path[: root.path.rfind("/") + 1] + ref.path
    return str(root._replace(path=_without_dots(path), query=ref.query, fragment=ref.fragment))


def _without_dots(path: str) -> str:
    """Section 5.2.4, over the segments instead of the characters."""
    if "/" not in path and path not in {".", ".."}:
        return path
    absolute = path.startswith("/")
    segments = path[1:].split("/") if absolute else path.split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return ("/" if absolute else "") + "/".join(kept)


def validate_uri(text: str, *, max_length: int = MAX_URI) -> str:
    """Check that a text is a URI with a scheme, to the letter of RFC 3986, and return it.

    Raises :class:`UriError`, which names the first position that breaks the syntax. Characters
    outside ASCII are refused: a URI carries them percent-encoded as UTF-8. The check is of
    syntax only: ``file:///a/../../etc/passwd`` and ``%2e%2e`` are good URIs.
    """
    if len(text) > max_length:
        raise UriError(
            f"the URI has {len(text)} characters; at most {max_length} are read", max_length
        )
    if not text:
        raise UriError("the URI is empty; expected a scheme such as 'file:'", 0)
    colon = _check_scheme(text)
    end = _find(text, "#", colon + 1, len(text))
    query = _find(text, "?", colon + 1, end)
    path = colon + 1
    if text.startswith("//", path):
        path = _find(text, "/", path + 2, query)
        _check_authority(text, colon + 3, path)
    _check_run(text, path, query, _PATH, "the path")
    _check_run(text, query + 1, end, _QUERY, "the query")
    _check_run(text, end + 1, len(text), _QUERY, "the fragment")
    return text


def _find(text: str, mark: str, start: int, end: int) -> int:
    found = text.find(mark, start, end)
    return end if found < 0 else found


def _check_scheme(text: str) -> int:
    if text[0] not in _ALPHA:
        raise UriError(f"a URI begins with a scheme such as 'file:', not with {_show(text[0])}", 0)
    for position, character in enumerate(text):
        if character == ":":
            return position
        if character not in _SCHEME:
            raise UriError(
                f"{_show(character)} at position {position} cannot stand in a scheme; expected "
                "letters, digits, '+', '-', '.' and then ':'",
                position,
            )
    raise UriError("the URI has no scheme; expected a ':' after it, as in 'file:'", len(text))


def _check_authority(text: str, start: int, end: int) -> None:
    at = text.rfind("@", start, end)
    if at >= 0:
        _check_run(text, start, at, _USERINFO, "the user information")
        start = at + 1
    if start < end and text[start] == "[":
        close = text.find("]", start, end)
        if close < 0:
            raise UriError(f"the '[' at position {start} has no closing ']'", start)
        _check_literal(text[start + 1 : close], start + 1)
        host_end = close + 1
        if host_end < end and text[host_end] != ":":
            raise UriError(
                f"{_show(text[host_end])} at position {host_end}: expected ':' and a port, "
                "or '/', after the address",
                host_end,
            )
    else:
        host_end = _find(text, ":", start, end)
        _check_run(text, start, host_end, _REG_NAME, "the host")
    for position in range(host_end + 1, end):
        if text[position] not in _DIGIT:
            raise UriError(
                f"{_show(text[position])} at position {position} cannot stand in a port; "
                "expected digits",
                position,
            )


def _check_literal(literal: str, position: int) -> None:
    if literal[:1] in {"v", "V"}:
        version, dot, rest = literal[1:].partition(".")
        good = bool(version and dot and rest) and _HEX.issuperset(version)
        if good and _USERINFO.issuperset(rest):
            return
    elif _is_ipv6(literal):
        return
    raise UriError(f"the text in brackets at position {position} is no IPv6 address", position)


def _is_ipv6(literal: str) -> bool:
    if len(literal) > 45:
        return False
    left, double, right = literal.partition("::")
    if not double:
        return _groups(left, last=True) == 8
    if "::" in right:
        return False
    first = _groups(left, last=False) if left else 0
    second = _groups(right, last=True) if right else 0
    return first is not None and second is not None and first + second <= 7


def _groups(text: str, *, last: bool) -> int | None:
    """How many 16-bit groups a part of an IPv6 address says; ``None`` when it is none."""
    groups = text.split(":")
    count = len(groups)
    if last and "." in groups[-1]:
        if not _is_ipv4(groups.pop()):
            return None
        count += 1
    good = all(0 < len(group) <= 4 and _HEX.issuperset(group) for group in groups)
    return count if good else None


def _is_ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(
        0 < len(part) <= 3
        and _DIGIT.issuperset(part)
        and int(part) <= 255
        and (part == "0" or part[0] != "0")
        for part in parts
    )


def _check_run(text: str, start: int, end: int, allowed: frozenset[str], place: str) -> None:
    if allowed.issuperset(text[start:end]):
        return
    position = start
    while position < end:
        character = text[position]
        if character == "%":
            pair = text[position + 1 : min(position + 3, end)]
            if len(pair) != 2 or not _HEX.issuperset(pair):
                raise UriError(
                    f"the '%' at position {position} is not followed by two hexadecimal digits",
                    position,
                )
            position += 3
            continue
        if character not in allowed:
            hint = "" if character.isascii() and character > " " else "; percent-encode it"
            raise UriError(
                f"{_show(character)} at position {position} cannot stand in {place}{hint}",
                position,
            )
        position += 1


def _show(character: str) -> str:
    if character.isprintable():
        return f"'{character}'"
    return f"U+{ord(character):04X}"
