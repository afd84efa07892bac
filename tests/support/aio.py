"""Running a test's coroutine: one event loop for it, and a deadline that ends a hang."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that one coroutine may take before its test fails; generous, for a busy machine."""


def run(
    main: Coroutine[Any, Any, T],
    *,
    timeout: float = PATIENCE,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """What ``main`` returns. Raises :class:`TimeoutError` after ``timeout`` seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(timeout):
            return await main

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(bounded())
