"""A server with one of each kind: short enough to be written out whole in a golden case."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from interlock import (
    Annotations,
    Audio,
    Context,
    Icon,
    Message,
    ResourceLink,
    Server,
    ToolAnnotations,
    ToolError,
)

ICON = Icon("https://example.com/i.png", mime_type="image/png", sizes=["48x48"])
NOTED = Annotations(audience=["user"], priority=0.5, last_modified="2026-01-02T03:04:05Z")
WAVE = b"RIFF\x24\x00\x00\x00WAVEfmt "

server = Server(
    "small",
    version="1.0.0",
    title="Small",
    description="One of each.",
    instructions="Add.",
    website_url="https://example.com",
    icons=[ICON],
    page_size=3,
)


@dataclass
class Sum:
    """A sum."""

    total: int


@server.tool(
    title="Add up",
    annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    icons=[ICON],
)
async def add(a: Annotated[int, "a number"], b: int = 1) -> Sum:
    """Add two numbers."""
    return Sum(a + b)


@server.tool
async def evens(count: int) -> list[int]:
    """Count in steps of two."""
    return [2 * n for n in range(count)]


@server.tool
async def sing() -> Audio:
    """Sing."""
    return Audio(WAVE, annotations=NOTED)


@server.tool
async def point() -> ResourceLink:
    """Point at a memo."""
    return ResourceLink(
        uri="memo://one", name="one", title="One", description="The first.", icons=[ICON]
    )


@server.tool
async def fail() -> str:
    """Fail."""
    raise ToolError("Try add instead.")


@server.tool
async def wait() -> str:
    """Never end."""
    await asyncio.get_running_loop().create_future()
    return "unreachable"


@server.tool
async def tell(ctx: Context[None]) -> str:
    """Report progress and log."""
    await ctx.progress(1, 2, "half")
    await ctx.debug("a detail")
    await ctx.warning("a warning", n=1)
    await ctx.progress(2, 2)
    return "told"


@server.tool
async def odd_text() -> Any:
    """Give text with everything that could break a line."""
    return 'a\nb\r\u2028\u0085\u0000"\\é😀'


@server.resource("memo://one", title="One", annotations=NOTED, icons=[ICON], mime_type="text/plain")
async def one() -> str:
    """The first memo."""
    return "first"


@server.resource("memo://{name}/raw", title="Raw", annotations=NOTED, icons=[ICON])
async def raw(name: str) -> bytes:
    """A memo as bytes."""
    if len(name) != 1:
        raise FileNotFoundError(name)
    return name.encode()


@server.prompt(title="Greet", icons=[ICON])
async def greet(name: Annotated[str, "whom to greet"]) -> list[Message]:
    """Greet somebody."""
    return [Message(f"Greet {name}."), Message(Audio(WAVE), role="assistant")]


if __name__ == "__main__":
    server.run()
