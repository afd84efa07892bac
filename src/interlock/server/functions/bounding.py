"""Nodes within bounds: what metadata limits, applied to what it limits."""

from math import isfinite

from interlock.server.functions.metadata import Facets
from interlock.server.functions.nodes.base import Node
from interlock.server.functions.nodes.containers import ListNode, MapNode
from interlock.server.functions.nodes.records import AliasNode
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.nodes.scalars import NullNode, NumberNode, TextNode
from interlock.server.functions.nodes.texts import BytesNode, DecimalNode, FormatNode
from interlock.server.functions.nodes.unions import UnionNode
from interlock.server.functions.unsupported import Unsupported


def optional(node: Node) -> Node:
    """``node`` or null. What is said of the type is said of the whole."""
    if isinstance(node, RefinedNode) and node.notes:
        inner = RefinedNode(node.inner, {}, node.checks) if node.checks else node.inner
        inner.faithful = node.faithful
        refined = RefinedNode(optional(inner), node.notes, {})
        refined.faithful = node.faithful
        return refined
    alternatives = node.alternatives if isinstance(node, UnionNode) else (node,)
    return UnionNode([*alternatives, NullNode()])


def takes_null(node: Node) -> bool:
    """Whether null can stand here; an alias that is not read to its end might take it."""
    if isinstance(node, AliasNode) and node.target is None:
        return True
    if isinstance(node, AliasNode | RefinedNode | UnionNode):
        return any(takes_null(part) for part in node.children())
    return "null" in node.kinds


def constrained(node: Node, facets: Facets) -> Node:
    """``node`` within the bounds of ``facets``; of a union, the alternatives they are for."""
    if not facets.numeric and not facets.sized and facets.tz is None:
        return node
    if isinstance(node, UnionNode):
        parts = [_bounded(part, facets) for part in node.alternatives]
        if any(part is not None for part in parts):
            kept = zip(parts, node.alternatives, strict=True)
            union = UnionNode([part or original for part, original in kept])
            union.faithful = False
            return union
    bounded = _bounded(node, facets)
    if bounded is None:
        what = "a number" if facets.numeric else "a length" if facets.sized else "a time zone"
        raise Unsupported(f"the metadata bounds {what}, which {node.expected} does not have")
    return bounded


def _bounded(node: Node, facets: Facets) -> Node | None:
    """A copy of ``node`` within bounds, or ``None`` where it has nothing to bound."""
    bounded: Node | None = None
    if isinstance(node, RefinedNode):
        inner = _bounded(node.inner, facets)
        bounded = None if inner is None else RefinedNode(inner, node.notes, node.checks)
    elif isinstance(node, AliasNode):
        bounded = None if node.target is None else _bounded(node.target, facets)
    elif facets.numeric:
        if isinstance(node, NumberNode):
            _check_numbers(facets)
            bounds = node.bounds | facets.bounds
            bounded = NumberNode(node.number, bounds, facets.multiple_of or node.multiple_of)
        elif isinstance(node, DecimalNode):
            _check_numbers(facets)
            bounds = node.bounds | facets.bounds
            step = facets.multiple_of or node.multiple_of
            bounded = DecimalNode(output=node.output, bounds=bounds, multiple_of=step)
    elif facets.sized:
        if isinstance(node, TextNode):
            bounded = TextNode(*_lengths(node, facets))
        elif isinstance(node, BytesNode):
            bounded = BytesNode(node.container, *_lengths(node, facets))
        elif isinstance(node, ListNode):
            bounded = ListNode(node.container, node.item, *_lengths(node, facets))
        elif isinstance(node, MapNode):
            bounded = MapNode(node.container, node.key, node.value, *_lengths(node, facets))
    elif isinstance(node, FormatNode) and node.format in ("date-time", "time"):
        bounded = FormatNode(node.native(), node.name, facets.tz, output=node.output)
    if bounded is not None:
        bounded.faithful = node.faithful
    return bounded


def _check_numbers(facets: Facets) -> None:
    """Refuse bounds that no JSON Schema can say."""
    for bound in (*facets.bounds.values(), facets.multiple_of):
        if bound is not None and not (isinstance(bound, int | float) and isfinite(bound)):
            raise Unsupported(f"{bound!r} is no bound: use a finite int or float")
    if facets.multiple_of is not None and facets.multiple_of <= 0:
        raise Unsupported("multiple_of must be greater than 0")


def _lengths(
    node: TextNode | BytesNode | ListNode | MapNode, facets: Facets
) -> tuple[int | None, int | None]:
    low = node.min_length if facets.min_length is None else facets.min_length
    high = node.max_length if facets.max_length is None else facets.max_length
    return low, high
