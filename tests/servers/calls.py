"""Tools that take as long as a test wants, and say how they ended."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from interlock import Bounds, Context, Server, SyncContext

CALLS = int(os.environ.get("CALLS_IN_FLIGHT", "256"))
MESSAGE = int(os.environ.get("MESSAGE_BYTES", str(4 * 1024 * 1024)))
OUTBOX = int(os.environ.get("OUTBOX_BYTES", str(1024 * 1024)))
END = float(os.environ.get("END_SECONDS", "1"))


def _leave(text: str) -> None:
    """Tell whoever watches the file named by the environment."""
    if path := os.environ.get("DIARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


async def diary() -> AsyncGenerator[None]:
    """Note when serving began and when it ended properly."""
    _leave("opened")
    yield
    _leave("closed")


server = Server(
    "calls",
    "1.0.0",
    bounds=Bounds(
        calls_in_flight=CALLS,
        message_bytes=MESSAGE,
        outbox_bytes=OUTBOX,
        eof_grace_seconds=END,
        close_seconds=END,
    ),
    text_limit=64 * 1024 * 1024,
    lifespan=diary,
)
states: dict[str, str] = {}
gate = asyncio.Event()
never = threading.Event()


@server.tool
async def echo(text: str) -> str:
    """Give the text back."""
    return text


@server.tool
async def spell(count: int, letter: str = "x") -> str:
    """A text of so many letters."""
    return letter * count


@server.tool
async def hold(name: str, ctx: Context[None]) -> str:
    """Wait until the call is cancelled."""
    states[name] = "running"
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        states[name] = f"cancelled: {ctx.call.scope.cancellation.reason}"
        _leave(f"{name} {states[name]}")
        raise
    return "released"


@server.tool
async def until_open(name: str = "") -> str:
    """Wait until `open_gate` is called."""
    states[name] = "running"
    await gate.wait()
    states[name] = "done"
    return name


@server.tool
async def open_gate() -> str:
    """Let everybody go who waits in `until_open`."""
    gate.set()
    return "open"


@server.tool
async def turns(count: int) -> str:
    """Take so many turns of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)
    return "done"


@server.tool
async def nap(seconds: float) -> str:
    """Wait for a while."""
    await asyncio.sleep(seconds)
    _leave("napped")
    return "rested"


@server.tool
async def stubborn(name: str) -> str:
    """Never end, cancelled or not."""
    states[name] = "running"
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            states[name] = "swallowed"


@server.tool
def stuck(name: str) -> str:
    """Block a thread for ever."""
    states[name] = "running"
    never.wait()
    return "never"


@server.tool
def watchful(name: str, ctx: SyncContext[None]) -> str:
    """Run in a thread until the call is seen to be cancelled."""
    states[name] = "running"
    pause = threading.Event()
    while not ctx.cancelled:
        pause.wait(0.001)
    states[name] = f"cancelled: {ctx.call.scope.cancellation.reason}"
    return "stopped"


@server.tool
def blocking_nap(seconds: float) -> str:
    """Block a thread for a while."""
    time.sleep(seconds)
    return "rested"


@server.tool
async def start_thread() -> str:
    """Start a thread that is no daemon and never ends."""
    threading.Thread(target=never.wait, name="users-own").start()
    return "started"


@server.tool
async def block_loop() -> str:
    """Block the event loop itself for ever."""
    print("blocking", file=sys.stderr)
    never.wait()
    return "never"


@server.tool
async def fail(kind: str = "RuntimeError") -> str:
    """Raise."""
    kinds: dict[str, BaseException] = {
        "RuntimeError": RuntimeError("secret: hunter2"),
        "KeyboardInterrupt": KeyboardInterrupt(),
        "SystemExit": SystemExit(3),
        "CancelledError": asyncio.CancelledError(),
    }
    if kind == "sys.exit":
        sys.exit(3)
    raise kinds[kind]


@server.tool
async def states_of() -> dict[str, str]:
    """How the calls stand."""
    return dict(states)


if __name__ == "__main__":
    server.run()
