"""The node every type becomes, and the walk of a plain JSON value through nodes.

msgspec decodes what it can at full speed and stops at the first fault. The walk is the
other way in: it reads types that msgspec refuses, reports all faults, and forgives what a
model is forgiven (see :mod:`.lenient`). Both give equal values for equal input.
"""

from collections.abc import Iterable
from types import NoneType
from typing import Any, Literal, TypeAlias

from interlock.server.functions.nodes.lenient import MISSING, reinterpreted
from interlock.server.functions.problems import (
    MAX_PROBLEMS,
    Problem,
    Trail,
    describe,
    path_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions

Kind: TypeAlias = Literal["null", "boolean", "integer", "number", "string", "array", "object"]
"""The kinds of a JSON value. An integral number without point or exponent is an *integer*."""

Schema: TypeAlias = dict[str, Any]

KIND_OF: dict[type[Any], Kind] = {
    NoneType: "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
"""The kind of a plain JSON value, by its exact class."""

NO_KINDS: frozenset[Kind] = frozenset()
ALL_KINDS: frozenset[Kind] = frozenset(KIND_OF.values())
NULL: frozenset[Kind] = frozenset({"null"})
BOOLEAN: frozenset[Kind] = frozenset({"boolean"})
STRING: frozenset[Kind] = frozenset({"string"})
INTEGER: frozenset[Kind] = frozenset({"integer"})
NUMBER: frozenset[Kind] = frozenset({"integer", "number"})
ARRAY: frozenset[Kind] = frozenset({"array"})
OBJECT: frozenset[Kind] = frozenset({"object"})

STRICT_BUDGET = 1_000_000
"""How many values one walk reads at most, where msgspec cannot: about a second of work."""

MENDING_BUDGET = 100_000
"""How many values the second look at refused arguments reads at most."""


def budget_of(size: int, most: int) -> int:
    """How many values a walk of ``size`` bytes of JSON may read.

    A plain walk reads each value once, and there are fewer values than bytes. Unions in
    unions read them again and again; this keeps a short text from costing long work.
    """
    return min(most, 10_000 + 16 * size)


class Mismatch(Exception):  # a finding, not a fault
    """A trial of one alternative failed."""


class Enough(Exception):  # a finding, not a fault
    """The walk ends early: enough problems were found, or its budget is spent."""


class Walk:
    """One walk of a value: its rules, and what it has found.

    ``lenient``: forgive what models are forgiven. ``build``: make Python values (otherwise
    only check). ``closed``: an unknown key of any object is a fault. ``trial``: the first
    fault ends it with :class:`Mismatch`.
    """

    __slots__ = ("build", "closed", "coerced", "left", "lenient", "problems", "trial")

    def __init__(self, *, lenient: bool = False, build: bool = True, budget: int = 10_000) -> None:
        self.lenient: bool = lenient
        self.build: bool = build
        self.closed: bool = False
        self.trial: bool = False
        self.left = budget
        self.problems: list[Problem] = []
        self.coerced: list[Trail] = []

    def refuse(
        self, trail: Trail, message: str, expected: str | None = None, nearest: str | None = None
    ) -> None:
        """Report a problem; in a trial, end it."""
        if self.trial:
            raise Mismatch
        self.add(Problem(path_text(trail), message, expected, nearest))

    def add(self, problem: Problem) -> None:
        """Report a problem that was found before."""
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise Enough

    def attempt(
        self, node: "Node", value: Any, trail: Trail, *, closed: bool, lenient: bool
    ) -> Any:
        """Read ``value`` as ``node`` or raise :class:`Mismatch` without a trace."""
        before = self.trial, self.closed, self.lenient
        coerced = len(self.coerced)
        self.trial, self.closed, self.lenient = True, closed, lenient
        try:
            return node.read(value, self, trail)
        except Mismatch:
            del self.coerced[coerced:]
            raise
        finally:
            self.trial, self.closed, self.lenient = before

    def problems_of(self, node: "Node", value: Any, trail: Trail, *, closed: bool) -> list[Problem]:
        """What is wrong with ``value`` as ``node``; nothing is reported."""
        kept, coerced, before = self.problems, len(self.coerced), self.closed
        self.problems, self.closed = [], closed
        try:
            node.read(value, self, trail)
        except Enough:
            if self.left < 0:
                raise
        finally:
            found, self.problems, self.closed = self.problems, kept, before
            del self.coerced[coerced:]
        return found


class Node:
    """A type as JSON sees it."""

    __slots__ = ("faithful",)

    def __init__(self) -> None:
        self.faithful = True
        """Whether msgspec, given the annotation as it was written, decodes what this reads."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of JSON value that can stand here."""
        raise NotImplementedError

    @property
    def expected(self) -> str:
        """What stands here, in words, as in "expected an integer"."""
        raise NotImplementedError

    def children(self) -> Iterable["Node"]:
        """The nodes that this one is made of."""
        return ()

    def schema(self, definitions: "Definitions") -> Schema:
        """A new JSON Schema (2020-12) of this node; children go through ``definitions``."""
        raise NotImplementedError

    @property
    def decodable(self) -> bool:
        """Whether :meth:`native` decodes exactly this, as far as children allow."""
        return True

    def native(self) -> Any:
        """The msgspec type for this node; all nodes under it must be :attr:`decodable`."""
        raise NotImplementedError

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        """Read a value of one of :attr:`kinds`."""
        raise NotImplementedError

    def read(self, value: Any, walk: Walk, trail: Trail) -> Any:
        """Read a plain JSON value: the Python value, or a problem reported to ``walk``."""
        walk.left -= 1
        if walk.left < 0:
            raise Enough
        kind = KIND_OF[type(value)]
        if kind in self.kinds:
            return self.accept(value, walk, trail)
        if walk.lenient:
            meant = reinterpreted(value, self.kinds)
            if meant is not MISSING:
                walk.coerced.append(trail)
                return self.accept(meant, walk, trail)
        walk.refuse(trail, describe(value), self.expected)
        return None

    @property
    def hashable(self) -> bool:
        """Whether every value of this type can be an element of a set."""
        return False

    def refuse_key(self) -> str | None:
        """Why this type cannot be a key of an object, or ``None`` if it can."""
        return "the keys of a JSON object are text; use str, int, an Enum, a date or a UUID"

    def read_key(self, key: str, walk: Walk, trail: Trail) -> Any:
        """Read the key of an object as this type."""
        return self.read(key, walk, trail)

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        """What ``propertyNames`` says about such keys; ``None`` if nothing."""
        return definitions.schema(self)

    def choices(self) -> Iterable[str]:
        """The texts that are allowed here, where they can be listed."""
        return ()
