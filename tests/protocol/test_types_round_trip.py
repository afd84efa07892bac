"""Instances made from every schema decode strictly and are written back as valid as they were."""

import json
import re
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.protocol.json import encode
from interlock.protocol.types.decoding import decode_lenient, decode_strict
from interlock.protocol.types.form_schema import PrimitiveSchemaDefinition, read_field
from tests.protocol.wire_schemas import REVISIONS, strategies, subjects, validator
from tests.protocol.wire_types import TYPES
from tests.support.counts import count
from tests.support.schema_strategies import UNKNOWN

EXAMPLES = count(12, 100)

OPEN = {
    **dict.fromkeys(REVISIONS[:3], re.compile(r"^\$(\.capabilities)?\.(sampling|elicitation)\.")),
    "2026-07-28": re.compile(r"^\$(\.capabilities)?\.roots\."),
}
"""Objects that are free-form in these revisions and have members with names in others: the struct
keeps those alone. What is forwarded is not re-encoded from a struct, so nothing is lost by it."""

SUBJECTS = [
    pytest.param(revision, label, name, id=f"{revision}-{label}")
    for revision in REVISIONS
    for label, name, schema in subjects(revision)
    if name in TYPES and "jsonrpc" not in schema.get("properties", {})  # a whole message
]


def instances(revision: str, label: str) -> st.SearchStrategy[Any]:
    schema = next(found for name, _, found in subjects(revision, patched=True) if name == label)
    return strategies(revision).of(schema)


def read(name: str, text: bytes) -> Any:
    """A definition's instance as its type, strictly."""
    if TYPES[name] == PrimitiveSchemaDefinition:
        return read_field(msgspec.json.decode(text))
    return decode_strict(TYPES[name], text)


def lost(before: Any, after: Any, path: str = "$") -> list[str]:
    """The places where a value differs, members that no schema names aside."""
    if type(before) is not type(after):
        return [f"{path}: {before!r} became {after!r}"]
    match before:
        case dict():
            old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
            gone = [f"{path}.{name}" for name in old.keys() - new.keys() if UNKNOWN not in name]
            made = [f"{path}.{name} is new" for name in new.keys() - old.keys()]
            both = old.keys() & new.keys()
            return gone + made + [p for n in both for p in lost(old[n], new[n], f"{path}.{n}")]
        case list():
            ours, theirs = cast("list[Any]", before), cast("list[Any]", after)
            if len(ours) == len(theirs):
                pairs = enumerate(zip(ours, theirs, strict=True))
                return [p for i, (one, two) in pairs for p in lost(one, two, f"{path}[{i}]")]
        case _:
            if before == after:
                return []
    return [f"{path}: {before!r} became {after!r}"]


@pytest.mark.soak
@pytest.mark.spec("B-IDX-36", "B-TOP-02", "B-CHG-15", "TOOLS-45")
@pytest.mark.parametrize(("revision", "label", "name"), SUBJECTS)
def test_an_instance_survives_decoding_and_encoding(revision: str, label: str, name: str) -> None:
    judge = validator(revision, label)

    @settings(max_examples=EXAMPLES)
    @given(instances(revision, label))
    def check(instance: Any) -> None:
        judge.validate(instance)
        value = read(name, json.dumps(instance).encode())
        written = encode(value)
        after = json.loads(written)
        judge.validate(after)
        gone = lost(instance, after)
        assert [p for p in gone if not (revision in OPEN and OPEN[revision].match(p))] == []
        assert read(name, written) == value

    check()


MIRRORED = [
    param
    for param in SUBJECTS
    if TYPES[str(param.values[2])] != PrimitiveSchemaDefinition and param.values[0] == REVISIONS[-1]
]


@pytest.mark.soak
@pytest.mark.parametrize(("revision", "label", "name"), MIRRORED)
def test_the_lenient_pass_reads_what_is_valid_as_the_strict_one(
    revision: str, label: str, name: str
) -> None:
    @settings(max_examples=EXAMPLES)
    @given(instances(revision, label))
    def check(instance: Any) -> None:
        text = json.dumps(instance).encode()
        assert decode_lenient(TYPES[name], text) == decode_strict(TYPES[name], text)

    check()
