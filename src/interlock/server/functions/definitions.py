"""One JSON Schema out of many nodes: what is written in place, and what goes to ``$defs``.

A type that is used once is written where it is used: many clients read that better than a
reference. A type that is used more often, or that refers to itself, is defined once.
"""

import re
from typing import Any

from interlock.server.functions.nodes.base import Node, Schema
from interlock.server.functions.nodes.records import AliasNode, RecordNode
from interlock.server.functions.plain import class_of

_PREFIX = "#/$defs/"
_KEYED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_LITERAL = frozenset({"const", "enum", "default", "examples"})


class Definitions:
    """Schemas of the nodes under ``root``, and the definitions they share."""

    def __init__(self, root: Node) -> None:
        self._uses: dict[int, int] = {id(root): 1}
        self._names: dict[int, str] = {}
        self.schemas: dict[str, Schema] = {}
        self._count(root)

    def _count(self, root: Node) -> None:
        waiting = [root]
        while waiting:
            for child in waiting.pop().children():
                uses = self._uses.get(id(child), 0)
                self._uses[id(child)] = uses + 1
                if not uses:
                    waiting.append(child)

    def schema(self, node: Node) -> Schema:
        """The schema of a node: in place, or a reference to its definition."""
        if not isinstance(node, RecordNode | AliasNode) or self._uses.get(id(node), 0) < 2:
            return node.schema(self)
        name = self._names.get(id(node))
        if name is None:
            name = self._names[id(node)] = self._free_name(node.name)
            self.schemas[name] = {}  # taken, before the node refers to itself
            self.schemas[name] = node.schema(self)
        return {"$ref": _PREFIX + name}

    def adopt(self, schema: Schema) -> Schema:
        """A foreign schema whose ``$defs`` join ours, renamed where a name is taken."""
        foreign: dict[str, Schema] = schema.get("$defs", {})
        names: dict[str, str] = {}
        for name, definition in foreign.items():
            taken = self.schemas.get(name)
            names[name] = name if taken in (None, definition) else self._free_name(name)
        for name, definition in foreign.items():
            self.schemas[names[name]] = _renamed(definition, names)
        return _renamed({key: item for key, item in schema.items() if key != "$defs"}, names)

    def _free_name(self, wanted: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_.-]+", "_", wanted).strip("_")[:60] or "Type"
        name, number = base, 1
        while name in self.schemas:
            number += 1
            name = f"{base}_{number}"
        return name


def schema_of(root: Node) -> Schema:
    """The whole schema of ``root``, which stands in place even if it refers to itself."""
    definitions = Definitions(root)
    schema = root.schema(definitions)
    if definitions.schemas:
        schema["$defs"] = definitions.schemas
    return schema


def _renamed(schema: Any, names: dict[str, str], *, keyed: bool = False) -> Any:
    """A copy of ``schema`` with its references to ``$defs`` renamed.

    ``keyed``: the keys of ``schema`` are names that a user chose, not keywords.
    """
    kind = class_of(schema)
    if kind is list:
        return [_renamed(item, names) for item in schema]
    if kind is not dict:
        return schema
    pairs: dict[str, Any] = schema
    copy: dict[str, Any] = {}
    for key, item in pairs.items():
        if keyed:
            copy[key] = _renamed(item, names)
        elif key == "$ref" and isinstance(item, str) and item.startswith(_PREFIX):
            target = item[len(_PREFIX) :]
            copy[key] = _PREFIX + names.get(target, target)
        elif key in _LITERAL:
            copy[key] = item
        else:
            copy[key] = _renamed(item, names, keyed=key in _KEYED)
    return copy
