"""Lifespans: what a server opens before it serves and closes after.

Given as a function that takes the server or nothing and returns an async context manager, or
as an async generator function that yields once.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from interlock.protocol.errors import DefinitionError

Lifespan = Callable[..., Any]


@asynccontextmanager
async def entered(lifespan: Lifespan | None, server: object) -> AsyncGenerator[Any]:
    """The value that a lifespan yields; ``None`` without one."""
    if lifespan is None:
        yield None
        return
    function = asynccontextmanager(lifespan) if inspect.isasyncgenfunction(lifespan) else lifespan
    manager = function(server) if _takes_one(lifespan) else function()
    if not isinstance(manager, AbstractAsyncContextManager):
        raise DefinitionError(
            f"lifespan {getattr(lifespan, '__name__', lifespan)!r} gave"
            f" {type(manager).__name__}; write it as an async generator function that yields once,"
            " or decorate it with contextlib.asynccontextmanager"
        )
    async with manager as value:  # pyright: ignore[reportUnknownVariableType]  # the user's own type
        yield value


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters
    )


class SharedLifespan:
    """A lifespan that runs once for all who serve the server at the same time.

    It is entered and left in a task of its own, so whoever comes first and whoever goes last
    need not be the same task.
    """

    def __init__(self, lifespan: Lifespan | None, server: object) -> None:
        self._lifespan = lifespan
        self._server = server
        self._users = 0
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Any] | None = None
        self._leave: asyncio.Event | None = None

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[Any]:
        """The lifespan's value, for as long as it is held. Raises what entering it raises."""
        if self._lifespan is None:
            yield None
            return
        self._users += 1
        try:
            if self._task is None:
                self._ready = asyncio.get_running_loop().create_future()
                self._leave = asyncio.Event()
                self._task = asyncio.create_task(self._run(), name="interlock.lifespan")
            assert self._ready is not None
            yield await asyncio.shield(self._ready)
        finally:
            self._users -= 1
            task = self._task
            if self._users == 0 and task is not None and self._leave is not None:
                self._task = None
                self._leave.set()
                await task

    async def _run(self) -> None:
        ready, leave = self._ready, self._leave
        assert ready is not None
        assert leave is not None
        try:
            async with entered(self._lifespan, self._server) as value:
                ready.set_result(value)
                await leave.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
