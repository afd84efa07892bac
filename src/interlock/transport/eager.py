"""Tasks that begin at once: a call that needs no waiting is done before anything else runs.

Python 3.12 has eager tasks. On 3.11 the same is had by catching the first step that a new task
asks its loop to run soon, and running it now; a turn of the loop costs more than most calls.
"""

import asyncio
import sys
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, cast

Starter = Callable[[Coroutine[Any, Any, None]], Task[None]]
"""Starts a coroutine as a task of one loop."""

_NAME = "interlock.call"


def starter(loop: AbstractEventLoop, *, only_callbacks: bool = False) -> Starter:
    """How to start tasks on ``loop``.

    ``only_callbacks`` promises that no task is running when one is started.
    """
    if sys.version_info >= (3, 12):
        return lambda coroutine: Task(coroutine, loop=loop, name=_NAME, eager_start=True)
    if loop.get_debug() or not hasattr(loop, "__dict__"):
        return lambda coroutine: Task(coroutine, loop=loop, name=_NAME)
    first_steps = _FirstSteps(loop)
    return first_steps.start if only_callbacks else first_steps.start_anywhere


def _nothing() -> None:
    """The step before any."""


class _FirstSteps:
    """Catches the first step of new tasks of one loop, for Python 3.11."""

    __slots__ = ("_context", "_loop", "_step")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._step: Callable[[], object] = _nothing
        self._context = Context()

    def __call__(self, callback: Callable[[], object], *, context: Context) -> None:
        """Stands in for ``loop.call_soon`` while a task is made."""
        self._step = callback
        self._context = context

    def start_anywhere(self, coroutine: Coroutine[Any, Any, None]) -> Task[None]:
        """Start eagerly, but not within another task: a step may not run inside another's."""
        if asyncio.current_task(self._loop) is not None:
            return Task(coroutine, loop=self._loop, name=_NAME)
        return self.start(coroutine)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> Task[None]:
        """Start eagerly. No task may be running."""
        loop = self._loop
        loop.call_soon = cast("Any", self)
        try:
            task = Task(coroutine, loop=loop, name=_NAME)
        finally:
            del loop.call_soon
        self._context.run(self._step)
        return task
