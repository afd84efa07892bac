"""Servers out of parts: one mounted in another, a lifespan, and middleware around every call.

`units` is a server of its own. `notes` mounts it, so its tool is there as `units_convert`. The
lifespan opens a database before the first call and closes it after the last.
"""

import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from interlock import Call, Context, Server, ToolError
from interlock.protocol.call import Handler
from interlock.protocol.outcome import Outcome

# A server that knows nothing of the other

units = Server("units", "1.0.0")

METRES = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.344}
Unit = Literal["m", "km", "ft", "mi"]


@units.tool
def convert(value: float, source: Unit, target: Unit) -> float:
    """Convert a length from one unit to another."""
    return round(value * METRES[source] / METRES[target], 6)


@units.resource("units://lengths")
def lengths() -> dict[str, float]:
    """The units of length, in metres."""
    return METRES


# The lifespan: what it yields is `ctx.app` in every handler


@dataclass
class Notebook:
    """What the notes server has open while it is served."""

    database: sqlite3.Connection
    calls: Counter[str] = field(default_factory=Counter[str])


async def open_notebook() -> AsyncGenerator[Notebook]:
    """Open the notebook; what follows the yield runs when the server stops."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        yield Notebook(database)


server = Server("notes", "1.0.0", lifespan=open_notebook)
server.mount(units, prefix="units")


@server.middleware(methods={"tools/call"})
async def count(call: Call, next: Handler) -> Outcome:
    """Count the calls of each tool, the mounted ones too."""
    notebook: Notebook = server.app
    notebook.calls[call.target or ""] += 1
    return await next(call)


# thread=False: these are quick, and SQLite wants one thread


@server.tool(thread=False)
def add(text: str, ctx: Context[Notebook]) -> int:
    """Write a note. The answer is its number."""
    if not text.strip():
        raise ToolError("The note is empty. Write something.")
    row = ctx.app.database.execute("INSERT INTO notes (text) VALUES (?) RETURNING id", (text,))
    return row.fetchone()[0]


@server.tool(thread=False)
def search(words: str, ctx: Context[Notebook]) -> list[str]:
    """Find notes that contain some words."""
    rows = ctx.app.database.execute("SELECT text FROM notes WHERE instr(text, ?)", (words,))
    return [text for (text,) in rows]


@server.resource("notes://{number}", thread=False)
def note(number: int, ctx: Context[Notebook]) -> str:
    """One note by its number."""
    row = ctx.app.database.execute("SELECT text FROM notes WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise FileNotFoundError(number)
    return row[0]


@server.resource("notes://calls", thread=False)
def calls(ctx: Context[Notebook]) -> dict[str, int]:
    """How often each tool was called."""
    return dict(ctx.app.calls)


if __name__ == "__main__":
    server.run()
