"""Nodes of arrays and maps."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from interlock.server.functions.nodes.base import (
    ARRAY,
    OBJECT,
    Kind,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.nodes.scalars import (
    AnyNode,
    length_fits,
    length_schema,
    length_text,
    sized_native,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.definitions import Definitions


class ListNode(Node):
    """An array of any length, all items of one type: list, tuple[T, ...], set, frozenset, deque."""

    __slots__ = ("container", "item", "max_length", "min_length")

    def __init__(
        self,
        container: Callable[[list[Any]], Any],
        item: Node,
        min_length: int | None = None,
        max_length: int | None = None,
    ) -> None:
        super().__init__()
        self.container = container
        self.item = item
        self.min_length = min_length
        self.max_length = max_length

    @property
    def kinds(self) -> frozenset[Kind]:
        return ARRAY

    @property
    def expected(self) -> str:
        return "an array" + length_text(self.min_length, self.max_length, "items")

    def children(self) -> Iterable[Node]:
        return (self.item,)

    def schema(self, definitions: "Definitions") -> Schema:
        schema: Schema = {"type": "array"}
        if not isinstance(self.item, AnyNode):
            schema["items"] = definitions.schema(self.item)
        if self.unique:
            schema["uniqueItems"] = True
        return schema | length_schema("minItems", self.min_length, "maxItems", self.max_length)

    @property
    def decodable(self) -> bool:
        return self.container in (list, tuple, set, frozenset) and not self.unique

    def native(self) -> Any:
        item = self.item.native()
        natives: dict[Any, Any] = {
            list: list[item],
            tuple: tuple[item, ...],
            set: set[item],
            frozenset: frozenset[item],
        }
        return sized_native(natives[self.container], self.min_length, self.max_length)

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if not length_fits(len(value), self.min_length, self.max_length):
            walk.refuse(trail, f"got {len(value)} items", self.expected)
            return None
        before = len(walk.problems)
        read = self.item.read
        items = [read(item, walk, (trail, index)) for index, item in enumerate(value)]
        if not walk.build or len(walk.problems) != before:
            return None
        if self.container is list:
            return items
        try:
            built = self.container(items)
        except TypeError:
            walk.refuse(trail, "some items are arrays or objects", "items that can be hashed")
            return None
        if self.unique and len(built) != len(items):
            walk.refuse(trail, "some items are equal", "different items")
        return built

    @property
    def unique(self) -> bool:
        """Whether equal items are refused: a set of at least so many needs as many items."""
        return self.min_length is not None and self.container in (set, frozenset)

    @property
    def hashable(self) -> bool:
        return self.container in (tuple, frozenset) and self.item.hashable


class TupleNode(Node):
    """An array of fixed length, a type for each place."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Node]) -> None:
        super().__init__()
        self.items = tuple(items)

    @property
    def kinds(self) -> frozenset[Kind]:
        return ARRAY

    @property
    def expected(self) -> str:
        return f"an array of {len(self.items)} items"

    def children(self) -> Iterable[Node]:
        return self.items

    def schema(self, definitions: "Definitions") -> Schema:
        size = len(self.items)
        schema: Schema = {"type": "array", "minItems": size, "maxItems": size}
        if self.items:
            schema["prefixItems"] = [definitions.schema(item) for item in self.items]
        return schema

    def native(self) -> Any:
        return tuple[tuple(item.native() for item in self.items)]

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if len(value) != len(self.items):
            walk.refuse(trail, f"got {len(value)} items", self.expected)
            return None
        return tuple(
            [
                node.read(item, walk, (trail, index))
                for index, (node, item) in enumerate(zip(self.items, value, strict=True))
            ]
        )

    @property
    def hashable(self) -> bool:
        return all(item.hashable for item in self.items)


class MapNode(Node):
    """An object of any keys, all values of one type."""

    __slots__ = ("container", "key", "max_length", "min_length", "value")

    def __init__(
        self,
        container: Callable[[dict[Any, Any]], Any],
        key: Node,
        value: Node,
        min_length: int | None = None,
        max_length: int | None = None,
    ) -> None:
        super().__init__()
        self.container = container
        self.key = key
        self.value = value
        self.min_length = min_length
        self.max_length = max_length

    @property
    def kinds(self) -> frozenset[Kind]:
        return OBJECT

    @property
    def expected(self) -> str:
        return "an object" + length_text(self.min_length, self.max_length, "keys")

    def children(self) -> Iterable[Node]:
        return (self.key, self.value)

    def schema(self, definitions: "Definitions") -> Schema:
        schema: Schema = {"type": "object"}
        names = self.key.key_schema(definitions)
        if names is not None:
            schema["propertyNames"] = names
        if not isinstance(self.value, AnyNode):
            schema["additionalProperties"] = definitions.schema(self.value)
        return schema | length_schema(
            "minProperties", self.min_length, "maxProperties", self.max_length
        )

    @property
    def decodable(self) -> bool:
        return self.container is dict

    def native(self) -> Any:
        native = dict[self.key.native(), self.value.native()]
        return sized_native(native, self.min_length, self.max_length)

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if not length_fits(len(value), self.min_length, self.max_length):
            walk.refuse(trail, f"got {len(value)} keys", self.expected)
            return None
        read_key, read = self.key.read_key, self.value.read
        built = {
            read_key(key, walk, (trail, key)): read(item, walk, (trail, key))
            for key, item in value.items()
        }
        return built if self.container is dict else self.container(built)
