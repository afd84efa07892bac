"""The dialects of JSON Schema that are supported, and where each has subschemas.

2020-12 is what a schema is in that says nothing (MCP 2026-07-28, Base Protocol, "JSON Schema
Usage"). Further dialects: 2019-09, draft-07, draft-06, draft-04. Older servers publish draft-07
and draft-04 without saying so; two things that no 2020-12 schema can hold give them away: an
array as ``items`` and a truth value as ``exclusiveMinimum`` or ``exclusiveMaximum``.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from .bounds import Schema, SchemaError
from .plain import is_array, is_object


class Dialect(NamedTuple):
    """One dialect. ``year`` orders them: 4, 6, 7 for the drafts, then 19 and 20."""

    name: str
    uri: str
    year: int
    validator: str
    """The name of its class in the validation engine."""

    @property
    def id_keyword(self) -> str:
        """The keyword that names a schema."""
        return "id" if self.year == 4 else "$id"


DRAFT_4 = Dialect("draft-04", "http://json-schema.org/draft-04/schema#", 4, "Draft4Validator")
DRAFT_6 = Dialect("draft-06", "http://json-schema.org/draft-06/schema#", 6, "Draft6Validator")
DRAFT_7 = Dialect("draft-07", "http://json-schema.org/draft-07/schema#", 7, "Draft7Validator")
DRAFT_2019_09 = Dialect(
    "2019-09", "https://json-schema.org/draft/2019-09/schema", 19, "Draft201909Validator"
)
DRAFT_2020_12 = Dialect(
    "2020-12", "https://json-schema.org/draft/2020-12/schema", 20, "Draft202012Validator"
)
DIALECTS = (DRAFT_2020_12, DRAFT_2019_09, DRAFT_7, DRAFT_6, DRAFT_4)
DEFAULT = DRAFT_2020_12


def _key(uri: str) -> str:
    return uri.removesuffix("#").removeprefix("https:").removeprefix("http:")


_BY_KEY = {_key(dialect.uri): dialect for dialect in DIALECTS}


def find(uri: str) -> Dialect | None:
    """The dialect of a meta-schema URI, ``http`` or ``https``, with or without a final ``#``."""
    return _BY_KEY.get(_key(uri))


def named(uri: object, pointer: str = "") -> Dialect:
    """The dialect that a ``$schema`` names. Raises :class:`SchemaError` for all others."""
    dialect = find(uri) if isinstance(uri, str) else None
    if dialect is None:
        shown = f"'{uri[:100]}'" if isinstance(uri, str) and uri[:100].isprintable() else "this"
        supported = ", ".join(known.uri for known in DIALECTS)
        raise SchemaError(
            f"the JSON Schema dialect {shown} is not supported; supported are {supported}",
            f"{pointer}/$schema",
        )
    return dialect


def choose(schema: dict[str, Any]) -> Dialect:
    """The dialect of a whole schema: declared, given away by its content, or the default."""
    if "$schema" in schema:
        return named(schema["$schema"])
    found = DEFAULT
    stack: list[Schema] = [schema]
    while stack:
        current = stack.pop()
        if not isinstance(current, dict):
            continue
        if any(isinstance(current.get(k), bool) for k in ("exclusiveMinimum", "exclusiveMaximum")):
            return DRAFT_4
        if isinstance(current.get("items"), list):
            found = DRAFT_7
        stack.extend(place.schema for place in subschemas(current, None))
    return found


class Effect(IntEnum):
    """What a subschema is applied to."""

    NOTHING = 0
    """It is only kept, for references."""
    SAME = 1
    """The same value as the schema around it."""
    PROPERTY = 2
    ITEM = 3


class _Shape(IntEnum):
    ONE = 0
    LIST = 1
    MAP = 2
    ONE_OR_LIST = 3


class _Keyword(NamedTuple):
    shape: _Shape
    effect: Effect
    first: int = 4
    last: int = 20


_KEYWORDS = {
    "properties": _Keyword(_Shape.MAP, Effect.PROPERTY),
    "patternProperties": _Keyword(_Shape.MAP, Effect.PROPERTY),
    "additionalProperties": _Keyword(_Shape.ONE, Effect.PROPERTY),
    "propertyNames": _Keyword(_Shape.ONE, Effect.PROPERTY, first=6),
    "unevaluatedProperties": _Keyword(_Shape.ONE, Effect.PROPERTY, first=19),
    "items": _Keyword(_Shape.ONE_OR_LIST, Effect.ITEM),
    "prefixItems": _Keyword(_Shape.LIST, Effect.ITEM, first=20),
    "additionalItems": _Keyword(_Shape.ONE, Effect.ITEM, last=19),
    "contains": _Keyword(_Shape.ONE, Effect.ITEM, first=6),
    "unevaluatedItems": _Keyword(_Shape.ONE, Effect.ITEM, first=19),
    "allOf": _Keyword(_Shape.LIST, Effect.SAME),
    "anyOf": _Keyword(_Shape.LIST, Effect.SAME),
    "oneOf": _Keyword(_Shape.LIST, Effect.SAME),
    "not": _Keyword(_Shape.ONE, Effect.SAME),
    "if": _Keyword(_Shape.ONE, Effect.SAME, first=7),
    "then": _Keyword(_Shape.ONE, Effect.SAME, first=7),
    "else": _Keyword(_Shape.ONE, Effect.SAME, first=7),
    "dependentSchemas": _Keyword(_Shape.MAP, Effect.SAME, first=19),
    "dependencies": _Keyword(_Shape.MAP, Effect.SAME),  # deprecated later, but still obeyed
    "$defs": _Keyword(_Shape.MAP, Effect.NOTHING),
    "definitions": _Keyword(_Shape.MAP, Effect.NOTHING),
    "contentSchema": _Keyword(_Shape.ONE, Effect.NOTHING, first=19),
}


class Place(NamedTuple):
    """A subschema directly inside a schema."""

    keyword: str
    token: str | int | None
    """The key or index below the keyword, where there is one."""
    schema: Schema
    effect: Effect


def subschemas(schema: dict[str, Any], dialect: Dialect | None) -> Iterator[Place]:
    """The direct subschemas of a schema, in its dialect (``None``: in any dialect)."""
    for keyword, value in schema.items():
        known = _KEYWORDS.get(keyword)
        if known is None or not (dialect is None or known.first <= dialect.year <= known.last):
            continue
        shape, effect = known.shape, known.effect
        if shape is _Shape.MAP:
            inside = value.items() if is_object(value) else ()
        elif is_array(value):
            inside = enumerate(value) if shape is not _Shape.ONE else ()
        else:
            inside = ((None, value),) if shape is not _Shape.LIST else ()
        for token, item in inside:
            if isinstance(item, bool) or is_object(item):
                yield Place(keyword, token, item, effect)
