"""Every definition of every schema is accounted for, and its members agree with our types."""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast, get_args

import msgspec
import pytest
from msgspec import Struct

from interlock.protocol.types import base
from tests.protocol.wire_differences import DIFFERENCES, revisions_of
from tests.protocol.wire_schemas import (
    FOLDER,
    PATCHES,
    REVISIONS,
    Schema,
    definitions,
    members,
    resolved,
    subjects,
    target,
)
from tests.protocol.wire_types import (
    ENVELOPES,
    OTHERS,
    PARTS,
    REASONS,
    RENAMED,
    STRUCTS,
    TYPES,
    is_struct,
    structs_in,
)

pytestmark = pytest.mark.spec("B-IDX-36", "B-TOP-02")

Observed = tuple[str, str, str, str]
"""Kind, revision, type, member."""


def all_names() -> set[str]:
    return {name for revision in REVISIONS for name in definitions(revision)}


def test_draft_has_the_definitions_of_the_newest_revision() -> None:
    newest = (FOLDER / REVISIONS[-1] / "schema.json").read_bytes()
    assert (FOLDER / "draft" / "schema.json").read_bytes() == newest


def test_every_definition_has_a_type_an_envelope_or_a_reason() -> None:
    missing = all_names() - TYPES.keys() - ENVELOPES.keys() - REASONS.keys()
    assert not missing


def test_no_definition_has_both_a_type_and_a_reason() -> None:
    assert not REASONS.keys() & (TYPES.keys() | ENVELOPES.keys())


def test_no_table_names_what_no_schema_has() -> None:
    known = all_names()
    assert not REASONS.keys() - known
    assert not ENVELOPES.keys() - known
    assert not RENAMED.keys() - known
    assert not TYPES.keys() - known - set(ENVELOPES.values())
    assert not (PARTS | OTHERS) - STRUCTS.keys()


def test_an_envelope_of_newer_revisions_names_the_params_type_of_the_table() -> None:
    for revision in REVISIONS:
        for name, schema in definitions(revision).items():
            params: Schema = schema.get("properties", {}).get("params", {})
            if name in ENVELOPES and "$ref" in params:
                assert target(params) == ENVELOPES[name], (revision, name)


def test_every_reserved_key_of_meta_has_a_constant() -> None:
    constants = {getattr(base, name) for name in base.__all__ if name.startswith("META_")}
    keys = {
        key
        for revision in REVISIONS
        for schema in definitions(revision).values()
        for key in schema.get("properties", {})
        if "/" in key
    }
    # The key of a task's messages stands in the text of 2025-11-25 only.
    assert constants == keys | {base.META_RELATED_TASK}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.definition)
def test_every_patch_applies_and_has_its_reason(patch: Any) -> None:
    for revision in patch.revisions:
        published = definitions(revision)[patch.definition]
        assert definitions(revision, patched=True)[patch.definition] != published
    assert patch.reason.endswith(".")


# Members -----------------------------------------------------------------------------------------


def fields_of(struct: type[Struct]) -> dict[str, tuple[bool, Any]]:
    """Whether it is required, and its type, by the member's name."""
    found = {
        field.encode_name: (field.required, field.type) for field in msgspec.structs.fields(struct)
    }
    if struct.__struct_config__.tag_field is not None and struct.__struct_config__.tag is not None:
        found[struct.__struct_config__.tag_field] = (True, str)
    return found


def compare(name: str, struct: type[Struct], schema: Schema, revision: str) -> Iterator[Observed]:
    """How a struct differs from a schema, parts included."""
    if "anyOf" in schema:  # one struct for all of them
        for option in schema["anyOf"]:
            assert TYPES[target(option)] is struct, f"{revision} {name}: {option} is another type"
        return
    schema = resolved(schema, revision)
    ours, theirs = fields_of(struct), members(schema)
    needed = set(schema["required"])
    for member in ours.keys() - theirs.keys():
        yield "lacks", revision, name, member
    for member in theirs.keys() - ours.keys():
        yield "extra", revision, name, member
    for member in ours.keys() & theirs.keys():
        required, annotation = ours[member]
        assert member in needed or not required, f"{revision} {name}.{member}: stricter than schema"
        if member in needed and not required:
            yield "optional", revision, name, member
        yield from compare_parts(
            f"{name}.{member}", structs_in(annotation), theirs[member], revision
        )


def compare_parts(
    where: str, ours: set[type[Struct]], schema: Schema, revision: str
) -> Iterator[Observed]:
    """A member that holds structs holds those of the definitions that the schema refers to; what
    the schema writes out inside is compared with the struct that is there for it.
    """
    if not ours:  # free-form: raw, a plain object, or a scalar
        return
    if "$ref" in schema:
        wanted = structs_in(TYPES[target(schema)])
        assert wanted, f"{revision} {where}: holds structs, {target(schema)} has none"
        assert wanted <= ours, f"{revision} {where}: {target(schema)} is not among {ours}"
        return
    inner = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    for part in inner:
        if isinstance(part, dict):
            yield from compare_parts(where, ours, cast("Schema", part), revision)
    if "properties" in schema:
        (struct,) = ours
        yield from compare(struct.__name__, struct, schema, revision)


@cache
def observed() -> frozenset[Observed]:
    return frozenset(
        difference
        for revision in REVISIONS
        for _, name, schema in subjects(revision)
        if is_struct(TYPES.get(name))
        for difference in compare(name, TYPES[name], schema, revision)
    )


def listed() -> Iterator[Observed]:
    for entry in DIFFERENCES:
        for revision in revisions_of(entry.revisions, REVISIONS):
            for name in entry.types.split():
                for member in entry.members.split():
                    yield entry.kind, revision, name, member


def test_every_difference_from_a_schema_is_listed_with_its_reason() -> None:
    unlisted = observed() - set(listed())
    assert not unlisted, "\n".join(map(str, sorted(unlisted)))


def test_no_listed_difference_is_stale() -> None:
    stale = set(listed()) - observed()
    assert not stale, "\n".join(map(str, sorted(stale)))


def test_no_difference_is_listed_twice() -> None:
    entries = list(listed())
    twice = {entry for entry in entries if entries.count(entry) > 1}
    assert not twice


def test_every_part_is_held_by_a_struct_of_the_tables() -> None:
    held = {
        inner.__name__
        for struct in STRUCTS.values()
        for field in msgspec.structs.fields(struct)
        for inner in structs_in(field.type)
    }
    assert not PARTS - held


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_structs_are_frozen_omit_what_is_unset_and_never_default_to_none(name: str) -> None:
    struct = STRUCTS[name]
    config = struct.__struct_config__
    assert config.frozen
    assert config.omit_defaults
    for field in msgspec.structs.fields(struct):
        assert field.required or field.default is base.UNSET, field.name
        null = type(None) in get_args(field.type)
        assert null is ((struct.__name__, field.name) in NULLABLE), field.name


NULLABLE = {
    (name, "ttl")
    for name in ("Task", "GetTaskResult", "CancelTaskResult", "TaskStatusNotificationParams")
}
"""The only member that any schema lets be null: a task that is kept for ever."""
