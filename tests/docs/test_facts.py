"""Tables and figures of the documentation that state facts about the code."""

import datetime
import inspect
import json
import pathlib
import re
import uuid
import xml.etree.ElementTree as ElementTree
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from interlock import Server
from interlock.protocol import errors
from interlock.protocol.revisions import REVISIONS
from interlock.server.content import MAX_MEDIA_BYTES
from scripts.docs_tables import help_of
from tests.docs.documents import DOCS, README, ROOT, fences, read, rows
from tests.support.stdio import StdioServer

_NAMES: dict[str, Any] = {
    "Annotated": Annotated,
    "Any": Any,
    "Literal": Literal,
    "Meta": Meta,
    "datetime": datetime,
    "pathlib": pathlib,
    "uuid": uuid,
}


@pytest.mark.parametrize("row", rows(DOCS / "tools.md", "annotation"), ids=lambda row: row[0])
def test_an_annotation_has_the_schema_that_the_page_says(row: list[str]) -> None:
    annotation, schema, *_ = (cell.strip("`") for cell in row)
    namespace = dict(_NAMES)
    exec(f"def take(value: {annotation}) -> None:\n    'Take a value.'", namespace)
    server = Server("types")
    server.add_tool(namespace["take"])
    listed = server.catalogue.table("tools")["take"].listed
    assert listed["inputSchema"]["properties"]["value"] == json.loads(schema)


def test_every_file_that_the_architecture_names_exists() -> None:
    paths = re.findall(
        r"`((?:protocol|transport|server|cli)/[\w./]*)`", read(DOCS / "architecture.md")
    )
    assert len(paths) > 15
    for path in paths:
        assert (ROOT / "src" / "interlock" / path).exists(), path


def test_every_package_stands_in_the_table_of_layers() -> None:
    named = {name for row in rows(DOCS / "architecture.md", "layer") for name in row[0].split(", ")}
    there = {path.parent.name for path in (ROOT / "src" / "interlock").glob("*/__init__.py")}
    assert {f"`{name}`" for name in there} <= named
    for cells in rows(DOCS / "architecture.md", "layer"):
        if cells[2] == "planned":
            assert there.isdisjoint(name.strip("`") for name in cells[0].split(", ")), cells[0]


def test_every_code_is_explained() -> None:
    told = {int(row[0]) for row in rows(DOCS / "errors.md", "code")}
    used = {
        value.code
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.ProtocolError)
    }
    used |= {revision.resource_not_found for revision in REVISIONS.values()}
    assert told == used


def test_every_revision_is_named_where_a_newcomer_looks() -> None:
    oldest, *_, newest = REVISIONS
    assert f"{oldest} to {newest}" in read(README)
    for name in REVISIONS:
        assert name in read(DOCS / "protocol.md")


def test_sizes_in_words_are_those_of_the_code() -> None:
    assert MAX_MEDIA_BYTES == 16 * 1024 * 1024
    assert "at most 16 MiB are taken" in read(DOCS / "tools.md")
    server = Server("defaults")
    assert server.text_limit == 256 * 1024
    assert "256 KiB by default" in read(DOCS / "tools.md")
    pool = server.threads
    assert f"({pool.slots} by default), {pool.queue} more may wait" in read(DOCS / "context.md")
    assert f"`page_size` entries ({server.page_size} by default)" in read(DOCS / "tools.md")
    assert f"({server.list_ttl_ms // 1000} by default)" in read(DOCS / "tools.md")


def test_the_picture_is_drawn_here_and_says_what_it_shows() -> None:
    for path in (DOCS / "images").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        names = [element.tag.rpartition("}")[2] for element in root.iter()]
        assert {"title", "desc"} <= set(names)
        assert not {"script", "image", "foreignObject", "use"} & set(names)
        assert "href" not in text
        assert f"images/{path.name}" in read(DOCS / "architecture.md")


def test_the_help_on_the_page_is_what_the_command_prints() -> None:
    shown = [fence.text for fence in fences(DOCS / "cli.md") if fence.language == "text"]
    for printed in (help_of(), help_of("run")):
        assert printed.removeprefix("```text\n").removesuffix("```") in shown


@pytest.mark.parametrize("name", ["weather.py", "ten_lines.py"])
def test_the_examples_of_the_readme_are_served_as_it_says(name: str) -> None:
    with StdioServer(f"examples/{name}") as server:
        server.initialize()
        assert server.request("tools/list")["result"]["tools"]
        server.close_stdin()
        assert server.wait() == 0
