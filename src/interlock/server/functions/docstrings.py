"""Docstrings: what a function does, and what its parameters mean.

Google, NumPy and Sphinx styles. The sections on parameters are cut out of the text and read
by docstring_parser, which is imported only where there is such a section; the rest is the
description, as it was written.
"""

import re
from typing import NamedTuple

_GOOGLE = re.compile(
    r"^(Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters"
    r"|Attributes)[ \t]*:[ \t]*$"
)
_NUMPY = re.compile(r"^(Parameters|Other Parameters|Attributes)[ \t]*$")
_UNDERLINE = re.compile(r"^(-{3,}|={3,})[ \t]*$")
_SPHINX = re.compile(r"^:(param|parameter|arg|argument|key|keyword|type|attribute|ivar)\b[^:]*:")


class Docstring(NamedTuple):
    """A docstring taken apart: ``description`` (``None`` if empty), texts by parameter."""

    description: str | None
    parameters: dict[str, str]


def read_docstring(text: str) -> Docstring:
    """Take a docstring apart, which :func:`inspect.cleandoc` has dedented."""
    lines = text.split("\n")
    kept: list[str] = []
    parameters: dict[str, str] = {}
    at = 0
    while at < len(lines):
        style, end = _section(lines, at)
        if style is None:
            kept.append(lines[at])
            at += 1
            continue
        found = _parsed(style, "\n".join(lines[at:end]).rstrip())
        if not found and not lines[at].startswith(":type"):
            kept.extend(lines[at:end])  # not what it looked like
        parameters |= {name: said for name, said in found.items() if said}
        at = end
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return Docstring(description or None, parameters)


def _section(lines: list[str], at: int) -> tuple[str | None, int]:
    """The style of a section on parameters that begins at a line, and the line after it."""
    line = lines[at]
    if _SPHINX.match(line):
        end = at + 1
        while end < len(lines) and lines[end][:1] in (" ", "\t"):
            end += 1
        return "rest", end
    if _GOOGLE.match(line):
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
            end += 1
        return "google", end
    if _NUMPY.match(line) and at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1]):
        end = at + 2
        while end < len(lines) and not _is_numpy_header(lines, end):
            end += 1
        return "numpydoc", end
    return None, at


def _is_numpy_header(lines: list[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(lines[at].strip()) and _UNDERLINE.match(following) is not None


def _parsed(style: str, section: str) -> dict[str, str]:
    """The parameters of one section, by docstring_parser."""
    from docstring_parser import DocstringStyle, ParseError, parse

    styles = {
        "rest": DocstringStyle.REST,
        "google": DocstringStyle.GOOGLE,
        "numpydoc": DocstringStyle.NUMPYDOC,
    }
    if style == "google":
        section = "Args:" + section[section.index("\n") :] if "\n" in section else ""
    try:
        # The parsers dedent all lines after the first, which must not be the section's own.
        parsed = parse("-\n\n" + section, style=styles[style])
    except ParseError:
        return {}
    texts: dict[str, str] = {}
    for parameter in parsed.params:
        text = " ".join((parameter.description or "").split())
        for name in parameter.arg_name.split(","):  # NumPy lists several names at once
            texts[name.strip().lstrip("*")] = text
    return texts
