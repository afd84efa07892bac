"""What pages of the documentation take from the code as it runs: tables, trees, help texts."""

import ast
import contextlib
import inspect
import io
import sys
from collections.abc import Callable
from types import ModuleType

from interlock import Server
from interlock.cli.main import main as command
from interlock.protocol import errors
from interlock.protocol.methods import SERVER_METHODS
from interlock.protocol.revisions import REVISIONS, Revision
from interlock.server.serving import ServerPeer
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from scripts.docs_source import annotated, definition


def documented_fields(cls: type) -> dict[str, str]:
    """The docstring of each field of a class."""
    module: ModuleType = sys.modules[cls.__module__]
    node = definition(module.__name__, cls.__name__)
    assert isinstance(node, ast.ClassDef)
    return {
        item.target.id: text for item, text in annotated(node) if isinstance(item.target, ast.Name)
    }


def bounds() -> str:
    """The bounds of a server's connection."""
    rows = ["| bound | default | what it is |", "|---|---|---|"]
    for name, text in documented_fields(Bounds).items():
        rows.append(f"| `{name}` | {_number(getattr(SERVER_BOUNDS, name))} | {text} |")
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def revisions() -> str:
    """What each revision has, as the table that conversions go by says it."""
    all_of_them = list(REVISIONS.values())
    rows = [
        "| | " + " | ".join(revision.name for revision in all_of_them) + " |",
        "|---" * (len(all_of_them) + 1) + "|",
    ]
    for name, text in documented_fields(Revision).items():
        if name != "name":
            cells = [_cell(getattr(revision, name)) for revision in all_of_them]
            said = text.rstrip(".") or "Era"
            rows.append(f"| {said} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "–"
    return str(value)


def methods() -> str:
    """Every request that servers take, its era, and whether a `Server` serves it."""
    peer = ServerPeer(_full_server())
    rows = ["| request | before 2026-07-28 | 2026-07-28 | served |", "|---|---|---|---|"]
    for method in SERVER_METHODS:
        served = method.at_edge or method.name == "initialize" or peer.handler(method.name)
        cells = (_cell(method.legacy), _cell(method.modern), "yes" if served else "not yet")
        rows.append(f"| `{method.name}` | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _full_server() -> Server:
    """A server that offers something of every kind."""
    server = Server("full", logging=True)
    server.add_tool(lambda: None, name="tool")
    server.add_prompt(lambda: "text", name="prompt")
    server.add_resource(lambda: "text", "a://resource", name="resource")
    return server


def error_tree() -> str:
    """The tree in the docstring of `interlock.protocol.errors`."""
    text = inspect.getdoc(errors) or ""
    tree = text.partition("::\n\n")[2].partition("\n\n")[0]
    return "```text\n" + inspect.cleandoc(tree) + "\n```"


def help_of(*arguments: str) -> str:
    """What the command prints for `arguments` and `--help`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = command([*arguments, "--help"])
    assert status == 0
    return "```text\n" + printed.getvalue().rstrip() + "\n```"


REGIONS: dict[str, Callable[[], str]] = {
    "bounds": bounds,
    "revisions": revisions,
    "methods": methods,
    "error-tree": error_tree,
    "help": help_of,
    "help-run": lambda: help_of("run"),
}
