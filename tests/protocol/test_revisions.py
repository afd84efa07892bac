"""The table of revisions and the registry of methods, held against the published schemas."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from interlock.protocol.extension import Extension
from interlock.protocol.methods import (
    CLIENT_METHODS,
    SERVER_METHODS,
    Method,
    MethodRegistry,
    client_methods,
)
from interlock.protocol.revisions import (
    LATEST,
    LATEST_LEGACY,
    LEGACY,
    MODERN,
    REVISIONS,
    Revision,
)
from tests.protocol.wire_schemas import REVISIONS as NAMES
from tests.protocol.wire_schemas import definitions, resolved, target

EACH = pytest.mark.parametrize("revision", REVISIONS.values(), ids=str)
Definitions = Mapping[str, dict[str, Any]]


def members(revision: Revision, definition: str) -> Mapping[str, Any]:
    """The members of a definition, those of its bases included; none where it is not there."""
    schema = definitions(revision.name).get(definition)
    return {} if schema is None else resolved(schema, revision.name)["properties"]


TITLED = ("Tool", "Prompt", "PromptArgument", "Resource", "ResourceTemplate", "Implementation")
WITH_ICONS = ("Tool", "Prompt", "Resource", "ResourceTemplate", "Implementation")

FACTS: dict[str, Callable[[Revision], set[bool]]] = {
    "batches": lambda r: {"JSONRPCBatchRequest" in definitions(r.name)},
    "audio": lambda r: {"AudioContent" in definitions(r.name)},
    "resource_links": lambda r: {"ResourceLink" in definitions(r.name)},
    "structured_output": lambda r: {
        "outputSchema" in members(r, "Tool"),
        "structuredContent" in members(r, "CallToolResult"),
    },
    "structured_any": lambda r: {
        members(r, "CallToolResult").get("structuredContent", {"type": "object"}).get("type")
        != "object"
    },
    "titles": lambda r: {"title" in members(r, name) for name in TITLED},
    "tool_annotations": lambda r: {"annotations" in members(r, "Tool")},
    "icons": lambda r: {
        *("icons" in members(r, name) for name in WITH_ICONS),
        *(name in members(r, "Implementation") for name in ("description", "websiteUrl")),
    },
    "last_modified": lambda r: {"lastModified" in members(r, "Annotations")},
    "progress_message": lambda r: {
        "message"
        in (
            members(r, "ProgressNotificationParams")
            or definitions(r.name)["ProgressNotification"]["properties"]["params"]["properties"]
        )
    },
    "completions_capability": lambda r: {"completions" in members(r, "ServerCapabilities")},
    "error_id_null": lambda r: {
        "id"
        in definitions(r.name).get(
            "JSONRPCErrorResponse", definitions(r.name).get("JSONRPCError", {})
        )["required"]
    },
}
"""What the table says, as the schemas say it. Where errors need an id, an unknown one is null."""
SAID_IN_PROSE = {"name", "era", "resource_not_found", "cancel_on_disconnect"}


@EACH
@pytest.mark.parametrize("fact", FACTS)
def test_the_table_says_what_the_schema_says(revision: Revision, fact: str) -> None:
    assert FACTS[fact](revision) == {getattr(revision, fact)}


def test_every_column_is_checked() -> None:
    assert set(Revision.__struct_fields__) == FACTS.keys() | SAID_IN_PROSE


def test_what_only_the_prose_says() -> None:
    assert [r.resource_not_found for r in REVISIONS.values()] == [-32002] * 4 + [-32602]
    assert [r.cancel_on_disconnect for r in REVISIONS.values()] == [False] * 4 + [True]
    assert [r.era for r in REVISIONS.values()] == ["legacy"] * 4 + ["modern"]


def test_the_names_are_the_dates_in_order() -> None:
    assert tuple(REVISIONS) == NAMES == (*LEGACY, *MODERN)
    assert (LATEST.name, LATEST_LEGACY.name) == (MODERN[-1], LEGACY[-1])
    assert [str(r) for r in REVISIONS.values()] == list(REVISIONS)
    assert all(r.modern is (r.name in MODERN) for r in REVISIONS.values())


# Methods


def method_of(definition: str, revision: str) -> str:
    return definitions(revision)[definition]["properties"]["method"]["const"]


def union(revision: str, name: str) -> set[str]:
    """The methods of a union of requests."""
    schema = definitions(revision).get(name, {"anyOf": []})
    return {method_of(target(part), revision) for part in schema["anyOf"]}


TASKS = {"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"}
"""Experimental in 2025-11-25, and no part of what is served."""


@EACH
def test_the_registry_has_the_methods_of_each_revision(revision: Revision) -> None:
    asked = union(revision.name, "ClientRequest") - TASKS
    ours = {m.name for m in SERVER_METHODS if (m.modern if revision.modern else m.legacy)}
    assert asked == ours


@pytest.mark.parametrize("revision", LEGACY)
def test_clients_are_asked_what_their_revision_has(revision: str) -> None:
    asked = union(revision, "ServerRequest") - TASKS
    ours = {m.name for m in CLIENT_METHODS if m.legacy}
    assert asked <= ours
    assert ours - asked <= {"elicitation/create"}  # since 2025-06-18
    assert ("elicitation/create" in asked) is (revision >= "2025-06-18")


def test_modern_clients_are_asked_within_results() -> None:
    assert union(LATEST.name, "InputRequest") == {m.name for m in CLIENT_METHODS if m.modern}


@pytest.mark.parametrize("method", [*SERVER_METHODS], ids=lambda m: m.name)
def test_what_a_record_says_is_what_the_schema_says(method: Method) -> None:
    revision = LATEST.name if method.modern else LATEST_LEGACY.name
    (request,) = [
        name
        for name, schema in definitions(revision).items()
        if name.endswith("Request")
        and schema.get("properties", {}).get("method", {}).get("const") == method.name
    ]
    if method.name != "initialize":  # whose session takes more than the schema
        params = definitions(revision)[request]["properties"].get("params", {})
        if "$ref" in params:
            named = resolved(params, revision)["properties"]
            assert named.keys() <= set(method.params_type.__struct_encode_fields__)
    if method.target is not None:
        assert method.target in method.params_type.__struct_encode_fields__
    results = [definitions(revision).get(f"{request.removesuffix('Request')}Result")]
    for result in results:
        if result is not None and method.modern:
            named = resolved(result, revision)["properties"]
            assert method.cacheable is ("ttlMs" in named)


@pytest.mark.parametrize("method", [*SERVER_METHODS, *CLIENT_METHODS], ids=lambda m: m.name)
def test_types_are_found_by_their_path(method: Method) -> None:
    assert method.params_type.__struct_config__.frozen
    assert method.result_type.__struct_config__.frozen
    assert repr(method) == f"Method({method.name!r})"


def test_a_name_is_registered_once() -> None:
    registry = MethodRegistry([Method("a/b", "base:RequestParams", "base:Result")])
    assert "a/b" in registry
    assert registry.get("a/c") is None
    with pytest.raises(ValueError, match="a/b"):
        registry.add(Method("a/b", "base:RequestParams", "base:Result"))
    assert [m.name for m in registry] == ["a/b"]
    assert client_methods() is not CLIENT_METHODS  # whoever adds to one has their own


def test_an_extension_brings_methods() -> None:
    method = Method("com.example/do", "interlock.protocol.types.base:RequestParams", "base:Result")
    extension = Extension(key="com.example/feature", methods=(method,))
    assert extension.methods[0].params_type.__name__ == "RequestParams"
    assert extension.settings == {}
