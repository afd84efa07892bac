"""Tasks that begin at once: a call that needs no waiting is done before anything else runs.

Python 3.12 has eager tasks. On 3.11 the same is had by catching the first step that a new task
asks its loop to run soon, and running it now; a turn of the loop costs more than most calls.
"""

import asyncio
import sys
from asyncio import AbstractEventLoop, Handle, Task
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, cast

_Scheduled = tuple[Callable[[], object] | None, Any]

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


class _FirstSteps:
    """Catches the first step of new tasks of one loop, for Python 3.11."""

    __slots__ = ("_context", "_loop", "_others", "_step")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._step: Callable[[], object] | None = None
        self._context: Any = None
        self._others: list[_Scheduled] = []

    def __call__(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle | None:
        """Stands in for ``loop.call_soon`` while a task is made.

        That may set off the garbage collection, and finalizers schedule what they like.
        """
        if args:
            return type(self._loop).call_soon(self._loop, callback, *args, context=context)
        if self._step is not None:
            self._others.append((self._step, self._context))
        self._step = callback
        self._context = context
        return None

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
        if self._others:
            self._sort(task)
        step: Any = self._step
        self._step = None
        self._context.run(step)
        return task

    def _sort(self, task: Task[None]) -> None:
        """Keep the step of ``task``; what was scheduled besides goes to the loop."""
        scheduled = [*self._others, (self._step, self._context)]
        self._others.clear()
        for step, context in scheduled:
            if getattr(step, "__self__", None) is task:
                self._step, self._context = step, context
            elif step is not None:
                self._loop.call_soon(step, context=context)
