"""``interlock run --reload``: a child serves, and is replaced when a file changes.

The parent owns the standard streams, so the host keeps its connection; see
:mod:`interlock.cli.relay`.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

from interlock.cli.relay import Relay
from interlock.cli.run import UsageError
from interlock.cli.target import split
from interlock.transport.stdio.descriptors import claim


def run_reloading(target: str, arguments: Sequence[str]) -> int:
    """Serve ``target`` and start it anew at each change. Returns the exit status.

    Raises :class:`~interlock.cli.run.UsageError` where the files cannot be watched.
    """
    try:
        from watchfiles import PythonFilter, awatch  # pyright: ignore[reportUnknownVariableType]  # a parameter of its is untyped
    except ImportError:
        raise UsageError(
            "--reload needs watchfiles; install it with: pip install 'interlock[cli]'"
        ) from None
    place, _ = split(target)
    folder = os.path.dirname(os.path.abspath(place)) if place.endswith(".py") else os.getcwd()
    if not os.path.isdir(folder):
        raise UsageError(f"--reload watches the target's folder, and there is no {folder}")
    command = [sys.executable, "-m", "interlock.cli.main", "run", target, "--", *arguments]
    descriptors = claim()
    relay = Relay(command)

    async def restart_at_changes() -> None:
        try:
            async for _ in awatch(folder, watch_filter=PythonFilter()):
                sys.stderr.write("interlock run: a file changed; starting again\n")
                await relay.restart()
        except (OSError, RuntimeError) as error:
            sys.stderr.write(f"interlock run: {folder} is no longer watched: {error}\n")

    async def serve() -> None:
        watching = asyncio.create_task(restart_at_changes())
        await asyncio.sleep(0)  # it watches before the first child reads any file
        try:
            await relay.serve(descriptors)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
    return 0
