"""A server with some of everything that a server can have, for tests of what is on the wire."""

import asyncio
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from interlock import (
    Annotations,
    Audio,
    Context,
    EmbeddedResource,
    Icon,
    Image,
    Message,
    ProtocolError,
    ResourceContents,
    ResourceLink,
    Server,
    TextContent,
    ToolAnnotations,
    ToolError,
    ToolResult,
)


def png() -> bytes:
    """One black pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00\x00")
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + end


WAVE = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 28
ICON = Icon(
    "https://example.com/icon.png", mime_type="image/png", sizes=["48x48", "any"], theme="dark"
)
NOTED = Annotations(audience=["user"], priority=0.5, last_modified="2026-01-02T03:04:05Z")

server = Server(
    "rich",
    version="1.2.3",
    title="Rich",
    description="Has some of everything.",
    instructions="Call anything.",
    website_url="https://example.com",
    icons=[ICON],
)


# Tools


class Unit(Enum):
    """Units of temperature."""

    CELSIUS = "C"
    FAHRENHEIT = "F"


@dataclass
class Report:
    """A report of one city."""

    city: str
    days: int
    degrees: list[float]
    unit: Unit = Unit.CELSIUS
    day: date | None = None
    notes: dict[str, str] = field(default_factory=dict[str, str])


@server.tool(
    title="Weather report",
    annotations=ToolAnnotations(title="Report", read_only_hint=True, open_world_hint=False),
    icons=[ICON],
    meta={"com.example/kind": "report"},
)
async def report(
    city: Annotated[str, "the city's name"], days: int = 2, unit: Unit = Unit.CELSIUS
) -> Report:
    """Report the weather of a city."""
    return Report(city, days, [0.5 * day for day in range(min(days, 9))], unit, date(2026, 1, 2))


@server.tool
def echo(text: str) -> str:
    """Say the text again."""
    return text


@server.tool
async def numbers(count: int = 3) -> list[int]:
    """Count from zero: structured, but no object."""
    return list(range(min(count, 1000)))


@server.tool
async def maybe(value: int | None = None) -> int | None:
    """Give the value back, or null."""
    return value


@server.tool
async def perhaps(found: bool = True) -> Report | None:
    """Give a report, or null: a schema that is no object's."""
    return Report("Oslo", 0, []) if found else None


@server.tool(title="Only a title")
async def nothing() -> None:
    """Do nothing."""


@server.tool
async def types(
    flag: bool,
    ratio: float,
    mode: Literal["fast", "slow"],
    names: list[str],
    table: dict[str, int],
    when: date | None = None,
    either: int | str = 0,
) -> dict[str, Any]:
    """Take many types."""
    return {
        "flag": flag,
        "ratio": ratio,
        "mode": mode,
        "names": names,
        "table": table,
        "when": None if when is None else when.isoformat(),
        "either": either,
    }


@server.tool
async def blocks() -> list[TextContent | Image | Audio | ResourceLink | EmbeddedResource]:
    """Give content of every kind."""
    return [
        TextContent("a text\nof two lines", annotations=NOTED, meta={"com.example/a": 1}),
        Image(png(), annotations=NOTED),
        Audio(WAVE, annotations=NOTED),
        ResourceLink(
            uri="memo://one",
            name="one",
            title="One",
            description="The first memo.",
            mime_type="text/plain",
            size=5,
            icons=[ICON],
            annotations=NOTED,
        ),
        EmbeddedResource(
            ResourceContents("memo://one", text="first", mime_type="text/plain"), annotations=NOTED
        ),
        EmbeddedResource(ResourceContents("memo://raw", blob="AAEC", meta={"com.example/b": 2})),
    ]


@server.tool
async def sound() -> Audio:
    """Play a sound."""
    return Audio(WAVE)


@server.tool
async def link() -> ResourceLink:
    """Name a memo."""
    return ResourceLink(uri="memo://one", name="one", title="One", description="The first memo.")


@server.tool
async def whole(structured: bool = True, is_error: bool = False) -> ToolResult:
    """Give a result in full."""
    if not structured:
        return ToolResult("plain", meta={"com.example/c": [1]}, is_error=is_error)
    return ToolResult(
        ["told", Image(png())], structured={"a": [1, None]}, meta={"com.example/c": {}}
    )


@server.tool
async def fail(text: str = "it did not work") -> str:
    """Fail on purpose."""
    raise ToolError(text)


@server.tool
async def crash() -> str:
    """Fail by mistake."""
    raise RuntimeError("a secret of the server")


@server.tool
async def refuse(code: int = -32602, message: str = "no", data: Any = None) -> str:
    """Refuse with an error of the protocol."""
    raise ProtocolError(message, code=code, data=data)


@server.tool
async def report_progress(ctx: Context[None], steps: list[float]) -> str:
    """Report progress."""
    for step in steps:
        await ctx.progress(step, 10, f"at {step:g}")
    return "done"


@server.tool
async def log(ctx: Context[None], entries: list[tuple[str, str]]) -> str:
    """Log entries of given levels."""
    for level, text in entries:
        await ctx.log(level, text)  # pyright: ignore[reportArgumentType]  # a level, by the caller's word
    await ctx.info("with data", number=1, nested={"a": [None]})
    return "logged"


@server.tool
async def hang() -> str:
    """Never end."""
    await asyncio.get_running_loop().create_future()
    return "unreachable"


TREE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "parts": {"$ref": "#/$defs/parts"},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"parts": {"type": "array", "items": {"type": "integer", "minimum": 0}}},
}
PAIR: dict[str, Any] = {
    "type": "array",
    "prefixItems": [{"type": "string"}, {"$ref": "#/$defs/count"}],
    "items": False,
    "$defs": {"count": {"type": "integer"}},
}


def by_hand(arguments: Mapping[str, Any]) -> list[Any]:
    """A tool whose schemas are written by hand."""
    return [arguments["name"], len(arguments.get("parts", ()))]


server.add_tool(by_hand, name="by_hand", input_schema=TREE, output_schema=PAIR)


# Resources


@server.resource("memo://one", title="The first memo", annotations=NOTED, icons=[ICON], size=5)
def first_memo() -> str:
    """The first of all memos."""
    return "first"


@server.resource("memo://raw", mime_type="application/x-raw", meta={"com.example/d": True})
async def raw_memo() -> bytes:
    return bytes(range(256))


@server.resource("memo://data")
async def data_memo() -> dict[str, Any]:
    return {"a": [1, 2.5, None, "é"]}


@server.resource("memo://both")
async def both_memos() -> list[ResourceContents]:
    return [
        ResourceContents("memo://both/1", text="one", mime_type="text/markdown"),
        ResourceContents("memo://both/2", blob="AQ==", meta={"com.example/e": 1}),
    ]


@server.resource("memo://picture")
async def picture() -> Image:
    return Image(png())


@server.resource("memo://broken")
async def broken() -> str:
    raise RuntimeError("a secret of the server")


@server.resource(
    "memo://{owner}/items/{number}{?lang}",
    name="item",
    title="An item",
    description="Somebody's item.",
    mime_type="text/plain",
    annotations=NOTED,
    icons=[ICON],
)
async def item(owner: str, number: int, lang: str = "en") -> str:
    if number > 99:
        raise FileNotFoundError(owner)
    return f"{owner} {number} {lang}"


# Prompts


@server.prompt(title="A briefing", icons=[ICON], meta={"com.example/f": "x"})
def briefing(city: Annotated[str, "the city's name"], days: int = 1) -> list[Message]:
    """Brief somebody about a city."""
    return [Message(f"Tell me of {city} for {days} days."), Message("I will.", role="assistant")]


@server.prompt
def gallery() -> list[Any]:
    """Messages of every kind."""
    return [
        Message("look", role="user"),
        Message(Image(png(), annotations=NOTED), role="assistant"),
        Message(Audio(WAVE)),
        Message(ResourceLink(uri="memo://one", name="one", icons=[ICON])),
        Message(EmbeddedResource(ResourceContents("memo://one", text="first"))),
    ]


@server.prompt
def refusing() -> str:
    """Refuse."""
    raise ToolError("not today")


if __name__ == "__main__":
    server.run()
