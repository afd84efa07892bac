"""The regular expressions of a schema, held to an engine whose time is linear.

A pattern that the linear engine cannot compile (look-around, back-references, or too large) is
taken out of the private copy and reported; the rest of the schema stays enforced. Where a key of
``patternProperties`` is lost nobody can say any more which properties are *additional* or
*unevaluated*, so those keywords are lost with it: rather too little than a wrong refusal.
"""

from typing import Any

from .bounds import SchemaError, SchemaLimits
from .engine import pattern_size
from .graph import Graph
from .pointer import escape


def take_out_unenforceable(
    graph: Graph, limits: SchemaLimits
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The compiled sizes of the patterns that stay, in bytes, and pointers to what was lost.

    Raises :class:`SchemaError` when all patterns together are larger than the limits allow.
    """
    sizes: dict[str, int] = {}
    lost: list[str] = []
    total = 0
    keys_lost: list[dict[str, Any]] = []
    for found in graph.patterns:
        size = sizes.get(found.text) or pattern_size(found.text)
        if size is not None:
            sizes[found.text] = size
            total += size
            if total > limits.pattern_bytes:
                raise SchemaError(
                    f"the patterns take more than {limits.pattern_bytes} bytes when compiled",
                    found.pointer,
                )
            continue
        lost.append(found.pointer)
        if found.keyword == "pattern":
            del found.schema["pattern"]
        else:
            del found.schema["patternProperties"][found.text]
            keys_lost.append(found.schema)
    for schema in keys_lost:
        _drop(graph, schema, "additionalProperties", lost)
    if keys_lost:
        for schema in graph.schemas:
            _drop(graph, schema, "unevaluatedProperties", lost)
    return sizes, tuple(lost)


def _drop(graph: Graph, schema: dict[str, Any], keyword: str, lost: list[str]) -> None:
    if schema.get(keyword, True) is not True:
        lost.append(f"{graph.pointer(schema)}/{escape(keyword)}")
        schema[keyword] = True
