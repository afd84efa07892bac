"""From a return value to JSON text that keeps the promise of the output schema."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from interlock.protocol.json import encode
from interlock.server.functions.binder import native_type
from interlock.server.functions.definitions import schema_of
from interlock.server.functions.nodes.base import Enough, Node, Schema, Walk
from interlock.server.functions.nodes.containers import ListNode, MapNode
from interlock.server.functions.nodes.records import AliasNode, RecordNode, descendants
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.nodes.scalars import AnyNode, NumberNode, TextNode
from interlock.server.functions.nodes.unions import UnionNode
from interlock.server.functions.plain import PlainError, is_plain, to_plain
from interlock.server.functions.problems import OutputError, Problem

_FAULTS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError, AttributeError)
_BUILD_FAULTS = (TypeError, ValueError, NameError, AttributeError, RecursionError)

_BUDGET = 10_000_000
_TOO_MUCH = Problem("$", "too large to check")
_TOO_DEEP = Problem("$", "nested too deeply")


class Output:
    """The structured return value of a function: its schema, and an encoder that keeps to it.

    The quick way encodes with msgspec and decodes the text with the typed decoder, which is
    the proof that it fits. The exact way makes plain JSON of the value and reads it with the
    node; it serves the types that msgspec writes otherwise than we promise, and finds the
    place of a fault.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self._check: Callable[[bytes], Any] | None = None
        self._other: Callable[[Any], bytes] = self._first

    def encode(self, value: Any) -> bytes:
        """UTF-8 JSON text of ``value``. Raises :class:`OutputError`."""
        if self._check is None:
            return self._other(value)
        try:
            text = encode(value)
            self._check(text)
        except _FAULTS:
            return self._exact(value)
        return text

    @cached_property
    def schema(self) -> Schema:
        """The JSON Schema (2020-12) of the value."""
        return schema_of(self.node)

    def _first(self, value: Any) -> bytes:
        self._other = self._special()
        return self.encode(value)

    def _special(self) -> Callable[[Any], bytes]:
        """What encodes the values of this type, if it takes more than the check."""
        nodes = [self.node, *descendants(self.node)]
        native = native_type(self.node)
        if native is None or any(_needs_exact(node) for node in nodes):
            return self._exact
        if _is_open(self.node):
            return self._encode_open
        try:
            check = msgspec.json.Decoder(_lean(self.node) or native.type).decode
        except _BUILD_FAULTS:
            return self._exact
        if any(isinstance(node, AnyNode) for node in nodes if not _is_text_key(node)):
            return self._with_any(check)
        if any(_may_hide_nan(node) for node in nodes):
            return self._with_nulls(check)
        self._check = check
        return self._exact

    def _typed(self, check: Callable[[bytes], Any]) -> Callable[[Any], bytes]:
        def typed(value: Any) -> bytes:
            try:
                text = encode(value)
                check(text)
            except _FAULTS:
                return self._exact(value)
            return text

        return typed

    def _with_nulls(self, check: Callable[[bytes], Any]) -> Callable[[Any], bytes]:
        """For types in which the codec's null for NaN would pass as an honest null."""
        typed = self._typed(check)

        def with_nulls(value: Any) -> bytes:
            text = typed(value)
            return self._exact(value) if b"null" in text else text

        return with_nulls

    def _with_any(self, check: Callable[[bytes], Any]) -> Callable[[Any], bytes]:
        typed = self._typed(check)

        def with_any(value: Any) -> bytes:
            return typed(value) if is_plain(value) else self._exact(value)

        return with_any

    def _encode_open(self, value: Any) -> bytes:
        """For a dict or list of anything."""
        expected = list if isinstance(self.node, ListNode) else dict
        if type(value) is expected and is_plain(value):
            try:
                return encode(value)
            except _FAULTS:
                return self._exact(value)
        return self._exact(value)

    def _exact(self, value: Any) -> bytes:
        walk = Walk(build=False, budget=_BUDGET)
        try:
            plain = to_plain(value)
            self.node.read(plain, walk, None)
        except PlainError as error:
            raise OutputError([Problem(error.path, error.message)]) from error
        except Enough:
            raise OutputError(walk.problems or [_TOO_MUCH], more=True) from None
        except RecursionError:
            raise OutputError([_TOO_DEEP]) from None
        if walk.problems:
            raise OutputError(walk.problems)
        return encode(plain)


def _lean(node: Node) -> Any:
    """A Struct with the fields of a dataclass, which checks the same at half the cost; or ``None``.

    The decoded value is thrown away, so it need not be the dataclass.
    """
    if (
        not isinstance(node, RecordNode)
        or node.closed
        or not hasattr(node.type, "__dataclass_fields__")
    ):
        return None
    natives = [(field, native_type(field.node)) for field in node.fields]
    if not natives or not all(native and field.required for field, native in natives):
        return None
    return msgspec.defstruct(
        f"{node.name}_check",
        [(f"field_{place}", native.type) for place, (_, native) in enumerate(natives) if native],
        rename={f"field_{place}": field.wire for place, (field, _) in enumerate(natives)},
        gc=False,
    )


def _needs_exact(node: Node) -> bool:
    """Whether msgspec writes such values otherwise than we promise, or checking runs user code."""
    if isinstance(node, ListNode):
        return node.container in (set, frozenset)  # written in no order
    if isinstance(node, MapNode):
        return not _is_text_key(node.key)  # two keys may have one text
    if isinstance(node, RecordNode):
        return node.runs_code
    return isinstance(node, RefinedNode) and bool(node.checks)


def _may_hide_nan(node: Node) -> bool:
    """Whether null is allowed where a float is."""
    if not isinstance(node, UnionNode) or "null" not in node.kinds:
        return isinstance(node, RecordNode) and node.build is dict
    return any(_is_float(part) for part in node.alternatives)


def _is_float(node: Node) -> bool:
    if isinstance(node, RefinedNode | AliasNode):
        return any(_is_float(part) for part in node.children())
    return isinstance(node, NumberNode) and node.number is float


def _is_text_key(node: Node) -> bool:
    return isinstance(node, TextNode | AnyNode)


def _is_open(node: Node) -> bool:
    if isinstance(node, ListNode):
        bounded = node.min_length is not None or node.max_length is not None
        return node.container is list and isinstance(node.item, AnyNode) and not bounded
    if isinstance(node, MapNode):
        bounded = node.min_length is not None or node.max_length is not None
        return not bounded and isinstance(node.value, AnyNode) and _is_plain_key(node.key)
    return False


def _is_plain_key(node: Node) -> bool:
    return isinstance(node, AnyNode) or (
        isinstance(node, TextNode) and node.min_length is None and node.max_length is None
    )
