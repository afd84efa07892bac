"""A strict decode refuses what the schema refuses; where it does not, a table says why."""

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from interlock.protocol.types.decoding import decode_strict
from tests.protocol.wire_differences import LOOSE
from tests.protocol.wire_schemas import (
    REVISIONS,
    Schema,
    members,
    resolved,
    smallest,
    subjects,
    validator,
)
from tests.protocol.wire_types import TYPES, is_struct

VALUES: tuple[Any, ...] = (
    *(None, False, 7, -1, 0.5, "odd"),
    *([], [7], ["odd"], [{}]),
    *({}, {"odd": 7}, {"odd": {}}),
)
"""What is put in each member's place, one after the other."""

NEWEST: dict[str, tuple[str, str, Schema]] = {
    name: (revision, label, schema)
    for revision in REVISIONS
    for label, name, schema in subjects(revision, patched=True)
    if is_struct(TYPES.get(name)) and "jsonrpc" not in members(schema)
}
"""The newest schema of each type, with its revision and label."""


@cache
def taken(name: str) -> frozenset[str]:
    """The members for which the type takes a value that the schema refuses."""
    revision, label, schema = NEWEST[name]
    judge, base = validator(revision, label), smallest(schema, revision)
    judge.validate(base)
    decode_strict(TYPES[name], json.dumps(base).encode())
    options = [resolved(option, revision) for option in schema.get("anyOf", [schema])]
    found: set[str] = set()
    for member in {member for option in options for member in members(option)}:
        for value in VALUES:
            instance = {**base, member: value}
            if judge.is_valid(instance):
                continue
            try:
                decode_strict(TYPES[name], json.dumps(instance).encode())
            except msgspec.ValidationError:
                continue
            found.add(member)
    return frozenset(found)


@pytest.mark.parametrize("name", sorted(NEWEST))
def test_a_type_takes_nothing_that_its_schema_refuses(name: str) -> None:
    listed = {
        member for entry in LOOSE if name in entry.types.split() for member in entry.members.split()
    }
    assert taken(name) == listed


def test_the_table_names_types_that_there_are() -> None:
    assert {name for entry in LOOSE for name in entry.types.split()} <= NEWEST.keys()


@pytest.mark.parametrize("name", sorted(NEWEST))
def test_a_required_member_is_required(name: str) -> None:
    base = smallest(NEWEST[name][2], NEWEST[name][0])
    for field in msgspec.structs.fields(TYPES[name]):
        if field.required:
            instance = {key: value for key, value in base.items() if key != field.encode_name}
            with pytest.raises(msgspec.ValidationError, match=f"`{field.encode_name}`"):
                decode_strict(TYPES[name], json.dumps(instance).encode())
