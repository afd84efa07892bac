"""Strategies for types, and for the instances that a generated schema allows."""

import enum
from collections.abc import Mapping
from dataclasses import make_dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, TypedDict, Union

from hypothesis import strategies as st
from msgspec import Meta, defstruct

from tests.support.schema_strategies import JSON

__all__ = ["ANNOTATIONS", "Instances"]

TEXT = st.text(max_size=4)
NAMES = st.sampled_from(["a", "b", "c", "d"])


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


SCALARS: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(Any, None, bool, int, float, str, Colour, Level),
        *(Literal["a", "b"], Literal[1, 2], Literal["a", 1, None], Literal[True]),
        Annotated[int, Meta(ge=0, lt=10)],
        Annotated[float, Meta(gt=0.5)],
        Annotated[int, Meta(multiple_of=2)],
        Annotated[str, Meta(min_length=1, max_length=2)],
        Annotated[str, Meta(pattern="^[ab]*$")],
        Annotated[str, "described"],
    ]
)

_number = 0


def _name() -> str:
    global _number
    _number += 1
    return f"Type{_number}"


def _records(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(NAMES, st.tuples(inner, st.booleans()), min_size=1, max_size=3)
    return st.one_of(
        fields.map(_dataclass),
        fields.map(_typed_dict),
        fields.map(_named_tuple),
        fields.map(_struct),
    )


def _ordered(fields: Mapping[str, tuple[Any, bool]]) -> list[tuple[str, Any, bool]]:
    return sorted(
        ((name, hint, required) for name, (hint, required) in fields.items()),
        key=lambda field: not field[2],
    )


def _dataclass(fields: Mapping[str, tuple[Any, bool]]) -> Any:
    return make_dataclass(
        _name(),
        [(name, hint) if needed else (name, hint, None) for name, hint, needed in _ordered(fields)],
    )


def _typed_dict(fields: Mapping[str, tuple[Any, bool]]) -> Any:
    members = {
        name: hint if needed else NotRequired[hint] for name, (hint, needed) in fields.items()
    }
    make: Any = TypedDict  # whose arguments a checker wants to see
    return make(_name(), members)


def _named_tuple(fields: Mapping[str, tuple[Any, bool]]) -> Any:
    ordered = _ordered(fields)
    make: Any = NamedTuple  # whose arguments a checker wants to see
    made = make(_name(), [(name, hint) for name, hint, _ in ordered])
    defaults = {name: None for name, _, needed in ordered if not needed}
    made.__new__.__defaults__ = tuple(defaults.values())
    made._field_defaults = defaults
    return made


def _struct(fields: Mapping[str, tuple[Any, bool]]) -> Any:
    return defstruct(
        _name(),
        [(name, hint) if needed else (name, hint, None) for name, hint, needed in _ordered(fields)],
        forbid_unknown_fields=len(fields) == 2,
    )


def _union(hints: list[Any]) -> Any:
    return Union[tuple(hints)]  # noqa: UP007  # of a list, and also of what has no `|`


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda hint: list[hint]),
        inner.map(lambda hint: dict[str, hint]),
        inner.map(lambda hint: dict[int, hint]),
        inner.map(lambda hint: dict[Colour, hint]),
        inner.map(lambda hint: tuple[hint, ...]),
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),
        inner.map(lambda hint: Annotated[list[hint], Meta(min_length=1)]),
        inner.map(lambda hint: Optional[hint]),  # noqa: UP045  # also of what has no `|`
        st.lists(inner, min_size=2, max_size=3).map(_union),
        _records(inner),
    )


ANNOTATIONS: st.SearchStrategy[Any] = st.recursive(SCALARS, _containers, max_leaves=6)
"""Types without formatted text: what their schema says is all there is to say."""


class Instances:
    """Instances of the schemas that this package makes; `definitions` is their `$defs`."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions

    def of(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        match schema:
            case {"$ref": str(pointer)}:
                target = self.definitions[pointer.rpartition("/")[2]]
                return st.deferred(lambda: self.of(target))
            case {"const": value}:
                return st.just(value)
            case {"enum": values}:
                return st.sampled_from(values)
            case {"anyOf": options}:
                return st.one_of([self.of(option) for option in options])
            case {"pattern": _}:
                return st.sampled_from(["", "a", "ab", "bab"])
            case {"type": kind}:
                return self._typed(kind, schema)
            case _:
                return JSON

    def _typed(self, kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        match kind:
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case "integer":
                low = schema.get("minimum", -100)
                high = schema.get("exclusiveMaximum", 101) - 1
                step = schema.get("multipleOf", 1)
                return st.integers(low, high).map(lambda number: number // step * step)
            case "number":
                return st.floats(1, 1e6) | st.integers(1, 100)
            case "string":
                low, high = schema.get("minLength", 0), schema.get("maxLength", 4)
                return st.text(min_size=low, max_size=high)
            case "array":
                return self._array(schema)
            case _:
                return self._object(schema)

    def _array(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        if "prefixItems" in schema:
            return st.tuples(*map(self.of, schema["prefixItems"])).map(list)
        items = self.of(schema.get("items", {}))
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=2)

    def _object(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        if "properties" in schema:
            members = {name: self.of(part) for name, part in schema["properties"].items()}
            required = {name: members.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional=members)
        names = schema.get("propertyNames", {})
        keys = TEXT
        if "enum" in names:
            keys = st.sampled_from(names["enum"])
        elif "pattern" in names:
            keys = st.integers(-5, 10**20).map(str)
        return st.dictionaries(keys, self.of(schema.get("additionalProperties", {})), max_size=2)
