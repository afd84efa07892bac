"""What a property's schema says beside its type: description and default."""

from typing import Any

import msgspec

from interlock.server.functions.nodes.base import Node
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.plain import PlainError, to_plain

_MAX_DEFAULT = 1000
"""A default whose text is longer is left out of the schema, in characters."""


def notes_of(node: Node, described: str | None, default: Any) -> dict[str, Any]:
    """The notes of a property of type ``node``.

    A description in the type's own metadata goes before one from a docstring.
    """
    notes: dict[str, Any] = {}
    own = node.notes if isinstance(node, RefinedNode) else {}
    if described and "description" not in own:
        notes["description"] = described
    if default is not msgspec.NODEFAULT and default is not msgspec.UNSET:
        try:
            plain = to_plain(default)
        except PlainError:
            return notes  # a sentinel, which only the function understands
        if len(repr(plain)) <= _MAX_DEFAULT:
            notes["default"] = plain
    return notes
