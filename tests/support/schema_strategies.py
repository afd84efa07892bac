"""JSON Schemas as Hypothesis strategies, for the schemas of the specification.

Only the keywords that those use are known; any other is an error, so that a new one cannot be
passed over in silence. Objects that allow it sometimes hold a member that no schema names: its
name starts with `UNKNOWN`.
"""

from base64 import b64encode
from collections.abc import Mapping
from functools import reduce
from typing import Any

from hypothesis import strategies as st

__all__ = ["JSON", "UNKNOWN", "SchemaStrategies"]

UNKNOWN = "x-unknown"
"""The start of the name of a member that no schema names."""

TEXT = st.text(max_size=6)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.sampled_from([0.5, -1e300])
    | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
"""Small JSON values."""

FORMATS: Mapping[str, st.SearchStrategy[str]] = {
    "uri": st.sampled_from(["file:///a", "https://example.com/?q=%C3%A9", "weather://oslo/now"]),
    "uri-template": st.sampled_from(["file:///{path}", "weather://{city}/now"]),
    "byte": st.binary(max_size=6).map(lambda value: b64encode(value).decode()),
}
ANNOTATIONS = {"$schema", "title", "description", "default", "format"}
KNOWN = ANNOTATIONS | {
    *("$ref", "anyOf", "allOf", "const", "enum", "type", "minimum", "maximum"),
    *("items", "minItems", "maxItems", "properties", "required", "additionalProperties"),
}


class SchemaStrategies:
    """Strategies for the schemas of one document; `definitions` is what `$ref` points into."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._named: dict[str, st.SearchStrategy[Any]] = {}

    def named(self, name: str) -> st.SearchStrategy[Any]:
        """Instances of one definition."""
        if name not in self._named:
            self._named[name] = st.deferred(lambda: self.of(self._definitions[name]))
        return self._named[name]

    def of(self, schema: Mapping[str, Any] | bool) -> st.SearchStrategy[Any]:
        """Instances of a schema."""
        if isinstance(schema, bool):
            return JSON if schema else st.nothing()
        if unknown := schema.keys() - KNOWN:
            raise NotImplementedError(f"no strategy for the keywords {sorted(unknown)}")
        match schema:
            case {"$ref": str(pointer)}:
                return self.named(pointer.rpartition("/")[2])
            case {"const": value}:
                return st.just(value)
            case {"enum": values}:
                return st.sampled_from(values)
            case {"anyOf": options}:
                return st.one_of([self.of(option) for option in options])
            case {"allOf": parts}:
                return st.tuples(*map(self.of, parts)).map(lambda found: reduce(_joined, found))
            case {"type": [*types]}:
                return st.one_of([self.of({**schema, "type": one}) for one in types])
            case _:
                return self._typed(schema)

    def _typed(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        low, high = schema.get("minimum", -(2**53)), schema.get("maximum", 2**53)
        match schema.get("type"):
            case None:
                return JSON
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case "integer":
                return st.integers(low, high)
            case "number":
                return st.integers(low, high) | st.floats(low, high)
            case "string":
                return FORMATS.get(schema.get("format", ""), TEXT)
            case "array":
                items = self.of(schema.get("items", True))
                return st.lists(items, min_size=schema.get("minItems", 0), max_size=2)
            case "object":
                return self._object(schema)
            case other:
                raise NotImplementedError(f"no strategy for the type {other!r}")

    def _object(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        members = {name: self.of(part) for name, part in schema.get("properties", {}).items()}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        named = st.fixed_dictionaries(required, optional=members)
        more = schema.get("additionalProperties", True)
        if more is False:
            return named
        free = not required and not members
        names = TEXT if free else st.sampled_from([UNKNOWN, f"{UNKNOWN}/é"])
        others = st.dictionaries(names, self.of(more), max_size=2 if free else 1)
        return st.tuples(others, named).map(lambda pair: pair[0] | pair[1])


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return one | other
