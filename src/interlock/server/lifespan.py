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
        if inspect.iscoroutine(manager):
            manager.close()
        raise DefinitionError(
            f"lifespan {getattr(lifespan, '__name__', lifespan)!r} gave"
            f" {type(manager).__name__}; write it as an async generator function that yields once,"
            " or decorate it with contextlib.asynccontextmanager"
        )
    async with manager as value:  # pyright: ignore[reportUnknownVariableType]  # the user's own type
        yield value


def check_lifespan(lifespan: Lifespan | None) -> None:
    """Refuse what cannot be a lifespan. Raises :class:`DefinitionError`."""
    if lifespan is None:
        return
    if not callable(lifespan):
        raise DefinitionError(
            f"lifespan= is a function, not {type(lifespan).__name__}: an async generator function"
            " that yields once, or one that returns an async context manager"
        )
    if inspect.iscoroutinefunction(lifespan) or inspect.isgeneratorfunction(lifespan):
        raise DefinitionError(
            f"lifespan {lifespan.__name__!r} must be an async generator function: `async def` with"
            " one `yield`"
        )


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters
    )


class _Run:
    """A lifespan from its start to its end: a task of its own, and what it has yielded."""

    def __init__(self, lifespan: Lifespan, server: object, after: "_Run | None") -> None:
        self.users = 0
        self.ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(
            self._run(lifespan, server, after), name="interlock.lifespan"
        )

    async def _run(self, lifespan: Lifespan, server: object, after: "_Run | None") -> None:
        try:
            if after is not None:
                await asyncio.wait([after.task])
            async with entered(lifespan, server) as value:
                self.ready.set_result(value)
                await self._leave.wait()
        except BaseException as error:
            if self.ready.done():
                raise
            # It goes to those who wait for the start; one who is gone already needs no warning.
            self.ready.set_exception(error)
            self.ready.exception()

    async def end(self) -> None:
        """Close what was opened, or stop opening it. Raises what closing it raises."""
        if not self.ready.done():
            self.task.cancel()
        self._leave.set()
        await self.task


class SharedLifespan:
    """A lifespan that runs once for all who serve the server at the same time.

    It is entered and left in a task of its own, so whoever comes first and whoever goes last
    need not be the same task. Raises :class:`DefinitionError` for what cannot be a lifespan.
    """

    def __init__(self, lifespan: Lifespan | None, server: object) -> None:
        check_lifespan(lifespan)
        self._lifespan = lifespan
        self._server = server
        self._current: _Run | None = None
        self._last: _Run | None = None
        self.value: Any = None
        """What it yielded, while it is held; otherwise ``None``."""

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[Any]:
        """The lifespan's value, for as long as it is held. Raises what entering it raises."""
        if self._lifespan is None:
            yield None
            return
        run = self._current
        loop = asyncio.get_running_loop()
        if run is None or run.ready.get_loop().is_closed():
            # The one before may still be closing: two at once could fight for what they open.
            before = self._last
            if before is not None and (before.task.done() or before.task.get_loop() is not loop):
                before = None
            run = self._current = _Run(self._lifespan, self._server, before)
        run.users += 1
        try:
            self.value = await asyncio.shield(run.ready)
            yield self.value
        finally:
            run.users -= 1
            if run.users == 0:
                self._current, self._last = None, run
                self.value = None
                await run.end()
