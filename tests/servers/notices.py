"""Tools that send progress and log entries."""

import asyncio
from typing import Literal, get_args

from interlock import Context, Server, SyncContext

server = Server("notices", "1.0.0")
later: set[asyncio.Task[None]] = set()
Level = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
LEVELS: tuple[Level, ...] = get_args(Level)


@server.tool
async def steps(count: int, ctx: Context[None], yielding: bool = False) -> str:
    """Report so many steps."""
    for number in range(1, count + 1):
        await ctx.progress(number, count, f"step {number}")
        if yielding:
            await asyncio.sleep(0)
    return "done"


@server.tool
async def report(values: list[float], ctx: Context[None]) -> str:
    """Report just these values."""
    for value in values:
        await ctx.progress(value)
    return "done"


@server.tool
def sync_steps(count: int, ctx: SyncContext[None]) -> str:
    """Report so many steps from a thread."""
    for number in range(1, count + 1):
        ctx.progress(number, count)
    return "done"


@server.tool
async def afterwards(ctx: Context[None]) -> str:
    """Report and log after the answer."""

    async def go_on() -> None:
        await asyncio.sleep(0)
        await ctx.progress(2)
        await ctx.error("too late")

    await ctx.progress(1)
    task = asyncio.create_task(go_on())
    later.add(task)
    task.add_done_callback(later.discard)
    return "answered"


@server.tool
async def all_levels(ctx: Context[None]) -> str:
    """Log once at each level."""
    for level in LEVELS:
        await ctx.log(level, f"at {level}", number=1)
    return "done"


@server.tool
def sync_levels(ctx: SyncContext[None]) -> str:
    """Log once at each level, from a thread."""
    for level in LEVELS:
        ctx.log(level, f"at {level}")
    return "done"


@server.tool
async def flood(count: int, size: int, ctx: Context[None]) -> str:
    """Log so many entries of so many letters."""
    for number in range(count):
        await ctx.info("x" * size, number=number)
    return "done"


@server.tool
def sync_flood(count: int, size: int, ctx: SyncContext[None]) -> str:
    """Log so many entries from a thread."""
    for number in range(count):
        ctx.info("x" * size, number=number)
    return "done"


@server.tool
async def say(level: Level, text: str, ctx: Context[None]) -> str:
    """Log one entry."""
    await ctx.log(level, text)
    return "done"


if __name__ == "__main__":
    server.run()
