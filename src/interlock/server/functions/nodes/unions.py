"""The node of a union: the first alternative that fits exactly.

msgspec refuses most unions of two types of one JSON kind; this reads them all. Alternatives
are tried in the order they are written, only those that take the value's kind:

1. strictly, an unknown key in any object being a fault (so that of two dataclasses the one
   that leaves nothing over wins);
2. strictly, unknown keys allowed where the type allows them;
3. leniently, where the walk is lenient.

For a whole number an integer type goes before a float type. Structs with tags are told
apart by their tag.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from interlock.server.functions.nodes.base import (
    ARRAY,
    KIND_OF,
    NO_KINDS,
    NULL,
    Kind,
    Mismatch,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.nodes.choices import nearest_of
from interlock.server.functions.nodes.containers import TupleNode
from interlock.server.functions.nodes.records import AliasNode, tag_of
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.nodes.scalars import NumberNode
from interlock.server.functions.problems import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions


class UnionNode(Node):
    """One of several types."""

    __slots__ = ("_by_kind", "_kinds", "alternatives")

    def __init__(self, alternatives: Sequence[Node]) -> None:
        super().__init__()
        self.alternatives = tuple(alternatives)
        self._kinds: frozenset[Kind] | None = None
        self._by_kind: dict[Kind, tuple[Node, ...]] = {}

    @property
    def kinds(self) -> frozenset[Kind]:
        if self._kinds is None:  # not before all types are read: an alternative may be unfinished
            self._kinds = NO_KINDS.union(*(node.kinds for node in self.alternatives))
        return self._kinds

    @property
    def expected(self) -> str:
        return " or ".join(dict.fromkeys(node.expected for node in self.alternatives))

    def children(self) -> Iterable[Node]:
        return self.alternatives

    def schema(self, definitions: "Definitions") -> Schema:
        schema: Schema = {"anyOf": [definitions.schema(node) for node in self.alternatives]}
        tag = self._tag_field()
        if tag is not None:
            schema["required"] = [tag]
        return schema

    @property
    def decodable(self) -> bool:
        # Where two alternatives take one kind of value, msgspec does not try the second: it
        # refuses 2 for `Literal[1] | float`. And msgspec 0.22 corrupts its memory on decoding a
        # union of a tuple of fixed length and anything bounded (`tuple[int, int] |
        # Annotated[str, Meta(min_length=1)]`), so such a tuple stands only beside null.
        if not self.kinds <= ARRAY | NULL and any(map(_is_tuple, self.alternatives)):
            return False
        return all(self._is_decided(kind) for kind in self.kinds)

    def _is_decided(self, kind: Kind) -> bool:
        """Whether one alternative settles what a value of a kind is."""
        candidates = self.candidates(kind)
        if len(candidates) < 2:
            return True
        if kind == "object":
            return self._tag_field() is not None
        numbers = [node for node in candidates if isinstance(node, NumberNode)]
        if len(numbers) != len(candidates) or numbers[0].bounds:
            return False
        return [node.number for node in numbers] == [int, float]

    def native(self) -> Any:
        natives = [node.native() for node in self.alternatives]
        return reduce(lambda left, right: left | right, natives[1:], _unionable(natives[0]))

    def candidates(self, kind: Kind) -> tuple[Node, ...]:
        """The alternatives for a kind of value, in the order they are tried."""
        found = self._by_kind.get(kind)
        if found is None:
            nodes = [node for node in self.alternatives if kind in node.kinds]
            if kind == "integer":
                nodes.sort(key=lambda node: "number" in node.kinds)
            found = self._by_kind[kind] = tuple(nodes)
        return found

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        kind = KIND_OF[type(value)]
        candidates = self.candidates(kind)
        if kind == "object" and self._tag_field() is not None:
            return self._accept_tagged(value, walk, trail)
        if len(candidates) == 1:
            return candidates[0].read(value, walk, trail)
        nested = kind in ("object", "array") and not walk.closed
        for closed in (True, False) if nested else (walk.closed,):
            for node in candidates:
                try:
                    return walk.attempt(node, value, trail, closed=closed, lenient=False)
                except Mismatch:
                    continue
        if walk.lenient:
            for node in candidates:
                try:
                    return walk.attempt(node, value, trail, closed=walk.closed, lenient=True)
                except Mismatch:
                    continue
        self._refuse(value, candidates, walk, trail)
        return None

    def _refuse(self, value: Any, candidates: Sequence[Node], walk: Walk, trail: Trail) -> None:
        """Report why no alternative fits: as the alternative that fits best, if objects."""
        if walk.trial:
            raise Mismatch
        if isinstance(value, dict):
            best = min(candidates, key=lambda node: _misfit(node, value, walk, trail))
            for problem in walk.problems_of(best, value, trail, closed=walk.closed):
                walk.add(problem)
            return
        texts = [text for node in candidates for text in node.choices()]
        walk.refuse(trail, describe(value), self.expected, nearest_of(value, texts))

    def _tag_field(self) -> str | None:
        """The key that tells the alternatives apart, if all of them that are objects have it."""
        tags = [tag_of(node) for node in self.candidates("object")]
        fields = {tag[0] if tag else None for tag in tags}
        return fields.pop() if len(tags) > 1 and len(fields) == 1 else None

    def _accept_tagged(self, value: dict[str, Any], walk: Walk, trail: Trail) -> Any:
        field = self._tag_field()
        assert field is not None
        tags: dict[Any, Node] = {}
        for node in self.candidates("object"):
            tag = tag_of(node)
            assert tag is not None
            tags[tag[1]] = node
        expected = "one of " + ", ".join(f'"{tag}"' for tag in tags)
        if field not in value:
            walk.refuse((trail, field), "missing", expected)
            return None
        given = value[field]
        if type(given) not in (str, int) or given not in tags:
            texts = [tag for tag in tags if isinstance(tag, str)]
            walk.refuse((trail, field), describe(given), expected, nearest_of(given, texts))
            return None
        return tags[given].read(value, walk, trail)

    @property
    def hashable(self) -> bool:
        return all(node.hashable for node in self.alternatives)

    def choices(self) -> Iterable[str]:
        return [text for node in self.alternatives for text in node.choices()]


def _misfit(node: Node, value: Any, walk: Walk, trail: Trail) -> int:
    """How many faults an object has as one alternative, unknown keys counted."""
    return len(walk.problems_of(node, value, trail, closed=True))


def _is_tuple(node: Node) -> bool:
    if isinstance(node, RefinedNode | AliasNode):
        return any(map(_is_tuple, node.children()))
    return isinstance(node, TupleNode)


def _unionable(native: Any) -> Any:
    """``None`` as a type: ``None | None`` is no union."""
    return type(None) if native is None else native
