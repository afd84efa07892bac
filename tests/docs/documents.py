"""The pages of the documentation taken apart: fences, headings, links, tables."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scripts.docs_reference import REFERENCE
from scripts.docs_reference import ROOT as ROOT

README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    ROOT / "benchmarks" / "README.md",
    *sorted(DOCS.rglob("*.md")),
)
"""Every page that users read."""
GUIDES = tuple(page for page in PAGES if page != REFERENCE)
"""The pages that people write."""


class Fence(NamedTuple):
    """A fenced block: where it stands, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """`docs/tools.md:42`, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


_OPEN = re.compile(r"^( *)(`{3,}|~{3,})([\w+-]*)[ \t]*$")


@cache
def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


@cache
def fences(page: Path) -> tuple[Fence, ...]:
    """The fenced blocks of a page in order; an unclosed one is an error."""
    found: list[Fence] = []
    opened: tuple[int, str, str, str] | None = None
    kept: list[str] = []
    for number, line in enumerate(read(page).split("\n"), 1):
        if opened is None:
            match = _OPEN.match(line)
            if match:
                opened = (number, match[1], match[2], match[3])
                kept = []
        elif line.strip() == opened[2]:
            found.append(Fence(page, opened[0], opened[3], "\n".join(kept) + "\n"))
            opened = None
        else:
            kept.append(line.removeprefix(opened[1]))
    assert opened is None, f"{page.name}:{opened[0]}: the fence is not closed"
    return tuple(found)


def every(language: str) -> list[Fence]:
    """The fences of one language in all pages."""
    return [fence for page in PAGES for fence in fences(page) if fence.language == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks; the number of lines stays."""
    lines = read(page).split("\n")
    for fence in fences(page):
        end = fence.line + fence.text.count("\n") + 1
        lines[fence.line - 1 : end] = [""] * (end - fence.line + 1)
    return "\n".join(lines)


_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?: +\"[^\"]*\")?\)")


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be linked by."""
    found: set[str] = set()
    for match in _HEADING.finditer(prose(page)):
        slug = re.sub(r"[^\w\- ]", "", match[1].lower()).replace(" ", "-")
        count = 0
        while (unique := slug if not count else f"{slug}-{count}") in found:
            count += 1
        found.add(unique)
    return found


def links(page: Path) -> Iterator[str]:
    """The targets of the links and images of a page."""
    for match in _LINK.finditer(prose(page)):
        yield match[1]


def rows(page: Path, first: str) -> list[list[str]]:
    """The rows of the table whose head begins with `first`, cell by cell."""
    lines = read(page).split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first} |"))
    found: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found
