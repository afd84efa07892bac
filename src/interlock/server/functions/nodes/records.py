"""The node of an object with known fields, and the nodes that stand before another.

Dataclasses, TypedDicts, NamedTuples, msgspec Structs and the arguments of a function are
all records: fields with a name on the wire, a type, and perhaps a default.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from interlock.server.functions.nodes.base import (
    OBJECT,
    Kind,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.nodes.choices import nearest_of
from interlock.server.functions.problems import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions

_SHOWN = 10


class Field:
    """A field of a record: its name in Python and on the wire, its type, what is said of it."""

    __slots__ = ("name", "node", "notes", "required", "wire")

    def __init__(
        self,
        name: str,
        wire: str,
        node: Node,
        *,
        required: bool,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.wire = wire
        self.node = node
        self.required = required
        self.notes = dict(notes or {})


class RecordNode(Node):
    """An object with known fields.

    ``build`` makes the Python value from keyword arguments by Python name. ``closed``: an
    unknown key is a fault. ``tag`` is the key and value by which a Struct of a union is
    known. ``fields`` is filled after the node is made, since types may refer to themselves.
    """

    __slots__ = (
        "_wires",
        "build",
        "can_hash",
        "closed",
        "description",
        "fields",
        "name",
        "noun",
        "runs_code",
        "tag",
        "type",
    )

    def __init__(
        self,
        name: str,
        build: Callable[..., Any],
        *,
        type_: Any = None,
        closed: bool = False,
        tag: tuple[str, str | int] | None = None,
        noun: str = "field",
    ) -> None:
        super().__init__()
        self.name = name
        self.build = build
        self.type = type_
        """The class as msgspec may decode it; ``None`` where it may not."""
        self.closed = closed
        self.tag = tag
        self.noun = noun
        self.description: str | None = None
        self.can_hash = False
        self.runs_code = False
        """Whether making a value runs code of the user's (``__post_init__``)."""
        self.fields: Sequence[Field] = ()
        self._wires: frozenset[str] | None = None

    @property
    def kinds(self) -> frozenset[Kind]:
        return OBJECT

    @property
    def expected(self) -> str:
        names = [field.wire for field in self.fields if field.required][:_SHOWN]
        return "an object" + (" with " + ", ".join(names) if names else "")

    def children(self) -> Iterable[Node]:
        return [field.node for field in self.fields]

    def schema(self, definitions: "Definitions") -> Schema:
        schema: Schema = {"type": "object"}
        if self.description:
            schema["description"] = self.description
        properties: Schema = {}
        if self.tag is not None:
            properties[self.tag[0]] = {"const": self.tag[1]}
        for field in self.fields:
            properties[field.wire] = definitions.schema(field.node) | field.notes
        if properties:
            schema["properties"] = properties
        required = [field.wire for field in self.fields if field.required]
        if required:
            schema["required"] = required
        if self.closed:
            schema["additionalProperties"] = False
        return schema

    @property
    def decodable(self) -> bool:
        return self.type is not None and all(node.faithful for node in descendants(self))

    def native(self) -> Any:
        return self.type

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        before = len(walk.problems)
        found: dict[str, Any] = {}
        known = 0
        for field in self.fields:
            if field.wire in value:
                known += 1
                found[field.name] = field.node.read(value[field.wire], walk, (trail, field.wire))
            elif field.required:
                walk.refuse((trail, field.wire), "missing", field.node.expected)
        if self.tag is not None and self.tag[0] in value:
            known += 1
            self._check_tag(value[self.tag[0]], walk, trail)
        if known != len(value) and (self.closed or walk.closed):
            self._refuse_unknown(value, walk, trail)
        if not walk.build or len(walk.problems) != before:
            return None
        try:
            return self.build(**found)
        except (ValueError, TypeError) as error:
            walk.refuse(trail, escaped(str(error)) or type(error).__name__)
            return None

    def _check_tag(self, given: Any, walk: Walk, trail: Trail) -> None:
        assert self.tag is not None
        field, tag = self.tag
        if type(given) is not type(tag) or given != tag:
            walk.refuse((trail, field), "the tag is of another type", f'"{tag}"')

    def _refuse_unknown(self, value: dict[str, Any], walk: Walk, trail: Trail) -> None:
        if self._wires is None:
            tags = () if self.tag is None else (self.tag[0],)
            self._wires = frozenset([field.wire for field in self.fields] + list(tags))
        for key in value:
            if key in self._wires:
                continue
            if walk.trial:
                walk.refuse(trail, "")
            near = nearest_of(key, [field.wire for field in self.fields if field.wire not in value])
            walk.refuse((trail, key), f"unknown {self.noun}", self._known(near), near)

    def _known(self, near: str | None) -> str | None:
        if near is not None:
            return None
        names = [field.wire for field in self.fields]
        if not names:
            return f"no {self.noun}s"
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return "only " + ", ".join(names[:_SHOWN]) + more

    @property
    def hashable(self) -> bool:
        return self.can_hash


class AliasNode(Node):
    """A name for a type, which may refer to itself (``type Json = int | list[Json]``)."""

    __slots__ = ("name", "target")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.target: Node | None = None
        self.faithful = False

    def resolved(self) -> Node:
        """The named node, which the reader of types has filled in."""
        assert self.target is not None
        return self.target

    @property
    def kinds(self) -> frozenset[Kind]:
        return self.resolved().kinds

    @property
    def expected(self) -> str:
        return self.name

    def children(self) -> Iterable[Node]:
        return (self.resolved(),)

    def schema(self, definitions: "Definitions") -> Schema:
        return self.resolved().schema(definitions)

    @property
    def decodable(self) -> bool:
        return self not in descendants(self)

    def native(self) -> Any:
        return self.resolved().native()

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        return self.resolved().accept(value, walk, trail)

    @property
    def hashable(self) -> bool:
        return self.resolved().hashable

    def refuse_key(self) -> str | None:
        return self.resolved().refuse_key()

    def read_key(self, key: str, walk: Walk, trail: Trail) -> Any:
        return self.resolved().read_key(key, walk, trail)

    def key_schema(self, definitions: "Definitions") -> Schema | None:
        return self.resolved().key_schema(definitions)

    def choices(self) -> Iterable[str]:
        return self.resolved().choices()


def descendants(root: Node) -> list[Node]:
    """Every node under ``root``, each once, ``root`` itself not (unless it comes again)."""
    seen: dict[int, Node] = {}
    waiting = list(root.children())
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            waiting.extend(node.children())
    return list(seen.values())


def tag_of(node: Node) -> tuple[str, str | int] | None:
    """The tag of a Struct, if that is what the node stands for."""
    return node.tag if isinstance(node, RecordNode) else None
