"""A virtual clock: an event loop whose time stands still while anything happens and jumps to the
next timer when nothing does, so that an hour of back-off takes a millisecond and is exact.

Sockets, pipes and threads still work: what is ready is always served before time moves. As the
loop cannot know that a thread is about to answer, give it ``patience`` where one is: the real
seconds for which the loop waits for events before it jumps.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

DEADLOCK_SECONDS = 10.0
"""Real seconds without any event and without a timer, after which a test is given up."""


class Deadlock(AssertionError):
    """Nothing is left that could wake the loop; the message lists what waits."""


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, which starts at ``start`` seconds."""

    def __init__(self, start: float = 1000.0, patience: float = 0.0) -> None:
        self.patience = patience
        self.jumps = 0
        """How often time moved."""
        self._now = start
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move time by hand. Timers passed over fire at the loop's next turn."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds}")
        self.jumps += 1
        self._now += seconds

    def deadlock(self) -> Deadlock:
        """What to raise when nothing can happen any more."""
        waiting = "\n".join(f"  {task!r}" for task in asyncio.all_tasks(self))
        return Deadlock(
            f"no timer is set and nothing happened for {DEADLOCK_SECONDS} real seconds; tasks:\n"
            f"{waiting}"
        )


class _JumpingSelector(selectors.BaseSelector):
    """The system's selector; where it would sleep until a timer, time jumps instead."""

    def __init__(self, loop: VirtualClockLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = self._real.select(DEADLOCK_SECONDS)
            if not ready:
                raise self._loop.deadlock()
            return ready
        ready = self._real.select(self._loop.patience if timeout > 0 else 0)
        if not ready and timeout > 0:
            self._loop.advance(timeout)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def run_virtual(
    main: Callable[[], Coroutine[Any, Any, T]], *, start: float = 1000.0, patience: float = 0.0
) -> T:
    """``asyncio.run(main())`` on virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualClockLoop(start, patience)) as runner:
        return runner.run(main())


class Elapsed:
    """Measures virtual and real time of a block: ``with Elapsed() as t: ...; t.virtual``."""

    def __enter__(self) -> "Elapsed":
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        started, real = self._started
        self.virtual = self._loop.time() - started
        self.real = time.perf_counter() - real
