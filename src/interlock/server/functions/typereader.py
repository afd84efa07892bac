"""Python annotations to nodes.

A :class:`TypeReader` reads the types of one function, once each way (a dataclass that is
read as input and as output makes two nodes). What it cannot read is a
:class:`~.problems.SignatureError` that names the type and says what to use.
"""

import sys
import types
import typing
from collections import abc, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, Flag
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from interlock.server.functions.bounding import constrained, optional
from interlock.server.functions.hints import evaluated
from interlock.server.functions.metadata import facets_of
from interlock.server.functions.nodes.base import KIND_OF, Node
from interlock.server.functions.nodes.choices import ChoiceNode
from interlock.server.functions.nodes.containers import ListNode, MapNode, TupleNode
from interlock.server.functions.nodes.pydantic import PydanticNode, is_pydantic
from interlock.server.functions.nodes.records import AliasNode, RecordNode
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.nodes.scalars import (
    AnyNode,
    BoolNode,
    NullNode,
    NumberNode,
    TextNode,
)
from interlock.server.functions.nodes.texts import (
    FORMATS,
    BytesNode,
    DecimalNode,
    FormatNode,
    PathNode,
)
from interlock.server.functions.nodes.unions import UnionNode
from interlock.server.functions.plain import PlainError, to_plain
from interlock.server.functions.problems import SignatureError, escaped
from interlock.server.functions.unsupported import (
    Unsupported,
    type_name,
    unresolved,
    unsupported,
)

_LISTS: dict[Any, tuple[Callable[[list[Any]], Any], bool]] = {
    list: (list, True),
    set: (set, True),
    frozenset: (frozenset, True),
    deque: (deque, True),
    abc.Sequence: (list, True),
    abc.MutableSequence: (list, True),
    abc.Collection: (list, True),
    abc.Iterable: (list, False),
    abc.Container: (list, False),
    abc.Reversible: (list, False),
    abc.Set: (set, True),
    abc.MutableSet: (set, True),
}
"""Array types: what is built, and whether msgspec reads the annotation the same way."""

_MAPS: dict[Any, Callable[[dict[Any, Any]], Any]] = {
    dict: dict,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
}

_NO_ITEMS = (tuple[()], typing.Tuple[()])  # noqa: UP006  # what somebody may have written
_QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly", "Final"})


class TypeReader:
    """Reads annotations that may refer to each other.

    ``output``: the types are of return values. ``namespace``: local names that annotations
    as text may use.
    """

    def __init__(self, *, output: bool, namespace: Mapping[str, Any] | None = None) -> None:
        self.output = output
        self.namespace = namespace
        self._records: dict[Any, RecordNode] = {}
        self._aliases: dict[Any, AliasNode] = {}

    def read(self, annotation: Any, subject: str) -> Node:
        """The node of ``annotation``; ``subject`` names its place in errors."""
        try:
            return self.node(annotation, {})
        except Unsupported as error:
            raise SignatureError(f"{subject}: {error}") from error.__cause__

    def node(self, hint: Any, variables: Mapping[Any, Node]) -> Node:
        """The node of a resolved annotation; ``variables`` are the type variables in scope."""
        if hint is None or hint is types.NoneType:
            return NullNode()
        if hint is Any or hint is object:
            return AnyNode()
        if isinstance(hint, str | ForwardRef):
            name = hint if isinstance(hint, str) else hint.__forward_arg__
            raise Unsupported(
                f"the name {name!r} inside a type stands for nothing here, or for itself; "
                "for a recursive type use a class, or a `type` statement"
            )
        if isinstance(hint, TypeVar):
            return self._variable(hint, variables)
        origin = get_origin(hint)
        if origin is Annotated:
            return self.annotated(hint.__origin__, hint.__metadata__, variables)
        if origin is not None:
            return self._generic(hint, origin, get_args(hint), variables)
        supertype = getattr(hint, "__supertype__", None)
        if supertype is not None and isinstance(hint, typing.NewType):
            return self.node(supertype, variables)
        if type(hint).__name__ == "TypeAliasType":
            return self._alias(hint, (), variables)
        if not isinstance(hint, type):
            return self._special(hint)
        if hint in _LISTS or hint is tuple:
            return self._list(hint, Any, variables)
        if hint in _MAPS:
            return self._map(hint, (str, Any), variables)
        return self._class(hint, variables)

    def annotated(self, hint: Any, metadata: Iterable[Any], variables: Mapping[Any, Node]) -> Node:
        """The node of ``Annotated[hint, *metadata]``."""
        given = tuple(metadata)
        try:
            facets = facets_of(given)
        except PlainError as error:
            raise Unsupported(f"the schema written by hand is no JSON: {error}") from error
        if facets.pydantic:
            if "pydantic" not in sys.modules:
                raise Unsupported(
                    "Predicate and Timezone of annotated_types need pydantic, which nothing has "
                    "imported; check the value in the function"
                )
            return self._pydantic(Annotated[(hint, *given)])
        node = constrained(self.node(hint, variables), facets)
        if not facets.faithful:
            node.faithful = False
        if facets.notes or facets.checks:
            refined = RefinedNode(node, facets.notes, facets.checks)
            refined.faithful = facets.faithful and not facets.checks
            _check_keywords(refined)
            return refined
        return node

    def _generic(
        self, hint: Any, origin: Any, args: tuple[Any, ...], variables: Mapping[Any, Node]
    ) -> Node:
        if origin is Union or origin is types.UnionType:
            return self._union(args, variables)
        if origin is Literal:
            return self._literal(hint)
        if type(origin).__name__ == "TypeAliasType":
            return self._alias(origin, args, variables)
        if getattr(origin, "_name", None) in _QUALIFIERS:
            node = self.node(args[0], variables)
            node.faithful = node.faithful and origin._name in ("Required", "NotRequired")
            return node
        if not args and hint not in _NO_ITEMS:  # a bare `typing.List` and the like
            return self.node(origin, variables)
        if origin is tuple:
            if len(args) == 2 and args[1] is ...:
                return self._list(tuple, args[0], variables)
            return TupleNode([self.node(arg, variables) for arg in args if arg != ()])
        if origin in _LISTS:
            return self._list(origin, args[0], variables)
        if origin in _MAPS:
            return self._map(origin, args, variables)
        if origin in (abc.Awaitable, abc.Coroutine):
            raise Unsupported("an awaitable inside a value; JSON holds values only")
        if isinstance(origin, type):
            return self._class(hint, variables)
        raise Unsupported(unsupported(hint))

    def _union(self, args: Sequence[Any], variables: Mapping[Any, Node]) -> Node:
        nodes: list[Node] = []
        for arg in args:
            if arg is msgspec.UnsetType:
                continue
            node = self.node(arg, variables)
            if isinstance(node, AnyNode):
                return node
            nodes.extend(node.alternatives if isinstance(node, UnionNode) else [node])
        if len(nodes) == 2 and isinstance(nodes[1], NullNode):
            return optional(nodes[0])
        return nodes[0] if len(nodes) == 1 else UnionNode(nodes)

    def _literal(self, hint: Any) -> Node:
        options: list[tuple[Any, Any]] = []
        native: Any = hint
        for value in get_args(hint):
            if isinstance(value, bytes):
                options.append((msgspec.to_builtins(value), value))
                native = None
            elif isinstance(value, Enum):
                options.append((_json_scalar(value.value, type(value)), value))
                native = None
            else:
                options.append((value, value))
        return ChoiceNode(options, native)

    def enum(self, cls: type[Enum]) -> Node:
        """The node of an Enum: its values, which must be JSON scalars."""
        if issubclass(cls, Flag):
            raise Unsupported(f"{cls.__name__} is a Flag; use a list of an Enum's values")
        members = list(cls)
        if not members:
            raise Unsupported(f"the Enum {cls.__name__} has no members")
        options = [(_json_scalar(member.value, cls), member) for member in members]
        kinds: set[type[Any]] = {type(member.value) for member in members}
        native = cls if kinds in ({str}, {int}) else None
        own: Any = cls._missing_
        missing = None if own.__func__ is Enum._missing_.__func__ else cls
        return ChoiceNode(options, native, missing)

    def _list(self, origin: Any, item: Any, variables: Mapping[Any, Node]) -> Node:
        container, faithful = (tuple, True) if origin is tuple else _LISTS[origin]
        node = ListNode(container, self.node(item, variables))
        node.faithful = faithful
        if container in (set, frozenset) and not node.item.hashable:
            raise Unsupported(
                f"{type_name(item)} cannot be an element of a set (it cannot be hashed); use list"
            )
        return node

    def _map(self, origin: Any, args: Sequence[Any], variables: Mapping[Any, Node]) -> Node:
        key = self.node(args[0], variables)
        if isinstance(key, UnionNode) and any(
            isinstance(node, TextNode) for node in key.alternatives
        ):
            key = TextNode()
        why = key.refuse_key()
        if why is not None:
            raise Unsupported(f"{type_name(args[0])} cannot be a key: {why}")
        return MapNode(_MAPS[origin], key, self.node(args[1], variables))

    def _variable(self, variable: TypeVar, variables: Mapping[Any, Node]) -> Node:
        if variable in variables:
            return variables[variable]
        if variable.__constraints__:
            return self._union(variable.__constraints__, variables)
        bound = variable.__bound__
        return AnyNode() if bound is None else self.node(bound, variables)

    def _alias(self, alias: Any, args: tuple[Any, ...], variables: Mapping[Any, Node]) -> Node:
        key = (alias, args)
        if key in self._aliases:
            return self._aliases[key]
        node = self._aliases[key] = AliasNode(alias.__name__)
        given = [self.node(arg, variables) for arg in args]
        try:
            module = sys.modules.get(alias.__module__)
            names = {**(self.namespace or {}), alias.__name__: alias}
            value = evaluated(alias.__value__, vars(module) if module else {}, names)
        except NameError as error:
            raise Unsupported(unresolved(error)) from error
        node.target = self.node(value, dict(zip(alias.__type_params__, given, strict=False)))
        if _loops(node):
            raise Unsupported(f"the alias {alias.__name__} stands for nothing but itself")
        return node

    def _special(self, hint: Any) -> Node:
        if hint is typing.LiteralString:
            node = TextNode()
            node.faithful = False
            return node
        raise Unsupported(unsupported(hint))

    def _class(self, hint: Any, variables: Mapping[Any, Node]) -> Node:
        cls: Any = get_origin(hint) or hint
        simple = _SIMPLE.get(cls)
        if simple is not None:
            return simple()
        name = f"{cls.__module__}.{cls.__qualname__}"
        if name in FORMATS:
            return FormatNode(cls, name, output=self.output)
        if name == "decimal.Decimal":
            return DecimalNode(output=self.output)
        if "pathlib" in sys.modules and issubclass(cls, sys.modules["pathlib"].PurePath):
            return PathNode(cls, output=self.output)
        if issubclass(cls, Enum):
            return self.enum(cls)
        if is_pydantic(cls):
            return self._pydantic(hint)
        from interlock.server.functions.recordtypes import read_record

        node = read_record(self, hint, cls, variables, self._records)
        if node is None:
            raise Unsupported(unsupported(hint))
        return node

    def _pydantic(self, hint: Any) -> Node:
        from pydantic.errors import PydanticUserError

        try:
            return PydanticNode(hint, output=self.output)
        except (PydanticUserError, NameError) as error:
            first_line = str(error).partition("\n")[0]
            raise Unsupported(
                f"pydantic cannot describe {type_name(hint)}: {escaped(first_line)}"
            ) from error


_SIMPLE: dict[type, Callable[[], Node]] = {
    bool: BoolNode,
    int: lambda: NumberNode(int),
    float: lambda: NumberNode(float),
    str: TextNode,
    bytes: lambda: BytesNode(bytes),
    bytearray: lambda: BytesNode(bytearray),
}


def _check_keywords(node: RefinedNode) -> None:
    """Refuse keywords written by hand that would make the whole schema invalid."""
    if node.checks.keys() <= {"pattern"}:
        return  # whatever its text, the schema stays valid
    from interlock.protocol.schema import SchemaError

    try:
        node.engine()
    except SchemaError as error:
        raise Unsupported(f"the schema written by hand is not valid: {error}") from error


def _json_scalar(value: Any, cls: type) -> Any:
    try:
        plain = to_plain(value)
    except PlainError:
        plain = value
    if type(plain) not in KIND_OF or isinstance(plain, list | dict):
        raise Unsupported(
            f"the Enum {cls.__name__} has a value of type {type(value).__name__}; "
            "its values must be text or numbers"
        )
    return plain


def _loops(alias: AliasNode) -> bool:
    """Whether an alias comes back to itself with nothing between."""
    waiting: list[Node] = [alias.resolved()]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node is alias or (isinstance(node, AliasNode) and node.target is None):
            return True
        if id(node) not in seen and isinstance(node, AliasNode | UnionNode | RefinedNode):
            seen.add(id(node))
            waiting.extend(node.children())
    return False
