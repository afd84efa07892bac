"""The published schemas of all revisions, and what a test asks of them.

`schema.json` is made from `schema.ts` and narrower in places. `PATCHES` widens (or tightens) it
where the specification's text and `schema.ts` say otherwise; the round-trip tests use the patched
schemas, the comparison of members uses the published ones.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

from tests.protocol.wire_types import ENVELOPES
from tests.support.schema_strategies import SchemaStrategies

REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
FOLDER = Path(__file__).parents[1] / "schema"

Schema = dict[str, Any]


class Patch(NamedTuple):
    """A change to one definition, in the revisions that have it so, and why."""

    revisions: tuple[str, ...]
    definition: str
    change: Callable[[Schema], Schema]
    reason: str


def _with_fractions(schema: Schema) -> Schema:
    values = schema["properties"]["content"]["additionalProperties"]
    scalar = values["anyOf"][1] if "anyOf" in values else values
    assert scalar["type"] == ["string", "integer", "boolean"]
    scalar["type"] = ["string", "integer", "number", "boolean"]
    return schema


def _with_null_and_fractions(schema: Schema) -> Schema:
    scalar = schema["anyOf"][2]
    assert scalar["type"] == ["string", "integer", "boolean"]
    scalar["type"] = ["string", "integer", "number", "boolean", "null"]
    return schema


def _asks_something(schema: Schema) -> Schema:
    needs = ("inputRequests", "requestState")
    return {"anyOf": [{**schema, "required": [*schema["required"], need]} for need in needs]}


PATCHES = (
    Patch(
        REVISIONS[2:],
        "ElicitResult",
        _with_fractions,
        "A form has number fields, so an answer has fractions; schema.ts has them.",
    ),
    Patch(
        REVISIONS[4:],
        "JSONValue",
        _with_null_and_fractions,
        "Null and fractions are JSON; schema.ts has them.",
    ),
    Patch(
        REVISIONS[4:],
        "InputRequiredResult",
        _asks_something,
        "The page on multi round-trip requests wants at least one; the schema accepts neither.",
    ),
)


@cache
def definitions(revision: str, *, patched: bool = False) -> Mapping[str, Schema]:
    """All definitions of a revision, by name."""
    document = json.loads((FOLDER / revision / "schema.json").read_bytes())
    found: dict[str, Schema] = document.get("$defs") or document["definitions"]
    if patched:
        for patch in PATCHES:
            if revision in patch.revisions:
                found[patch.definition] = patch.change(deepcopy(found[patch.definition]))
    return found


def subjects(revision: str, *, patched: bool = False) -> Iterator[tuple[str, str, Schema]]:
    """What the wire types are held against: label, type name, schema.

    The definitions, and the params that old revisions write inside the definition of their
    message: `CallToolRequest.params` is a `CallToolRequestParams`.
    """
    for name, schema in definitions(revision, patched=patched).items():
        yield name, name, schema
        params: Schema = schema.get("properties", {}).get("params", {})
        if name in ENVELOPES and params and "$ref" not in params:
            yield f"{name}.params", ENVELOPES[name], params


@cache
def strategies(revision: str) -> SchemaStrategies:
    """Instances of the patched definitions."""
    return SchemaStrategies(definitions(revision, patched=True))


@cache
def validator(revision: str, label: str) -> jsonschema_rs.Validator:
    """The judge of one subject, patched."""
    schema = next(found for name, _, found in subjects(revision, patched=True) if name == label)
    modern = "$defs" in json.loads((FOLDER / revision / "schema.json").read_bytes())
    dialect = jsonschema_rs.Draft202012Validator if modern else jsonschema_rs.Draft7Validator
    everything = dict(definitions(revision, patched=True))
    return dialect({**schema, "$defs" if modern else "definitions": everything}, retriever=_refuse)


def _refuse(uri: str) -> Any:
    raise AssertionError(f"the schemas of the specification refer to nothing outside: {uri}")


def target(schema: Schema) -> str:
    """The name of the definition that a `$ref` points to."""
    pointer: str = schema["$ref"]
    return pointer.rpartition("/")[2]


def resolved(schema: Schema, revision: str) -> Schema:
    """The schema with its references to other objects and its `allOf` written out."""
    while "$ref" in schema:
        schema = definitions(revision)[target(schema)]
    parts = [resolved(part, revision) for part in schema.get("allOf", ())]
    return {
        **schema,
        "properties": {k: v for part in [*parts, schema] for k, v in members(part).items()},
        "required": [name for part in [*parts, schema] for name in part.get("required", ())],
    }


def members(schema: Schema) -> dict[str, Schema]:
    """The members that an object's schema names."""
    return schema.get("properties", {})


def smallest(schema: Schema, revision: str) -> Any:
    """A valid instance with no member that may be absent."""
    if "$ref" in schema or "allOf" in schema:
        schema = resolved(schema, revision)
    match schema:
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]}:
            return smallest(first, revision)
        case {"type": [str(kind), *_]} | {"type": str(kind)} if kind in SMALLEST:
            return SMALLEST[kind]
        case _:
            named = members(schema)
            return {name: smallest(named[name], revision) for name in schema.get("required", ())}


SMALLEST: dict[str, Any] = {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}
