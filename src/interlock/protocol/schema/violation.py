"""One error of an instance, and the vessel that stops a search when enough were found."""

import msgspec

from .describe import Path, render


class Violation(msgspec.Struct, frozen=True):
    """One thing that is wrong with an instance."""

    path: str
    """Where: ``$.a[0].b``."""
    keyword: str
    """The keyword of the schema that is broken. Not of the schema: ``json`` (the instance is no
    JSON value), ``cost`` (it would take too long to check), ``schema`` (no part can be named)."""
    message: str
    """What is wrong; shows at most 80 characters of the instance."""
    expected: str
    """What would be right."""


class FullError(Exception):
    """A sink has all it wants. Caught by whoever made that sink."""

    def __init__(self, sink: "Sink") -> None:
        self.sink = sink


class Sink:
    """Takes up to ``limit`` violations; the last raises :class:`FullError`."""

    __slots__ = ("found", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.found: list[Violation] = []

    def add(self, path: Path | None, keyword: str, message: str, expected: str) -> None:
        """Take a violation in its parts."""
        self.put(Violation(render(path), keyword, message, expected))

    def put(self, violation: Violation) -> None:
        """Take a violation."""
        self.found.append(violation)
        if len(self.found) >= self.limit:
            raise FullError(self)
