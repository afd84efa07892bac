"""The progress of one call: rising only, no faster than the bounds, the last one kept."""

import math
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.call import Log, Notice, Progress
from interlock.protocol.json import UNSET
from interlock.transport import running as module
from interlock.transport.bounds import Bounds
from interlock.transport.running import Running

BOUNDS = Bounds(progress_burst=5, progress_per_second=2.0)


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """Stands in for a connection and its edge: what would be sent is kept."""

    bounds = BOUNDS

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    def write_notice(self, running: Running, notice: Notice) -> Any:
        return notice

    def send_notice(self, running: Running, data: Any) -> None:
        self.sent.append(data)

    @property
    def values(self) -> list[float]:
        """The progress that was sent."""
        return [notice.done for notice in self.sent if isinstance(notice, Progress)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that calls see."""
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


def call(token: Any = "token") -> tuple[Running, Wire]:
    """A call that was just begun, and where its notices go."""
    wire: Any = Wire()
    running = Running()
    running.connection = running.edge = wire
    running.token = token
    return running, cast("Wire", wire)


def test_the_first_come_as_they_are(clock: Clock) -> None:
    running, wire = call()
    for number in range(10):
        running.notify(Progress(number))
    assert wire.values == [0, 1, 2, 3, 4]
    assert running.last_words() == Progress(9)


@pytest.mark.spec("B-PRG-10")
def test_then_so_many_a_second(clock: Clock) -> None:
    running, wire = call()
    number = 0
    for _ in range(100):  # ten seconds
        clock.now += 0.1
        for _ in range(10):
            number += 1
            running.notify(Progress(number))
    assert 5 + 19 <= len(wire.values) <= 5 + 21
    assert wire.values == sorted(set(wire.values))


def test_a_pause_gives_a_burst_again_but_no_more(clock: Clock) -> None:
    running, wire = call()
    for number in range(5):
        running.notify(Progress(number))
    clock.now += 3600
    for number in range(5, 50):
        running.notify(Progress(number))
    assert wire.values == list(range(10))


def test_what_was_held_back_is_gone_once_something_later_was_sent(clock: Clock) -> None:
    running, wire = call()
    for number in range(10):
        running.notify(Progress(number))
    assert running.last_words() == Progress(9)
    clock.now += 10
    running.notify(Progress(10))
    assert wire.values[-1] == 10
    assert running.last_words() is None


@pytest.mark.spec("B-PRG-04", "L1105-PROG-03")
def test_numbers_that_do_not_rise_are_dropped(clock: Clock) -> None:
    running, wire = call()
    for value in (math.nan, -math.inf, 3, 3, 2, -1, math.nan, 3.5, math.inf, 3.4, 4):
        running.notify(Progress(value))
    assert wire.values == [3, 3.5, 4]
    assert running.last_words() is None


@pytest.mark.spec("B-PRG-07")
def test_nobody_asked(clock: Clock) -> None:
    running, wire = call(UNSET)
    for number in range(10):
        running.notify(Progress(number))
    assert wire.sent == []
    assert running.last_words() is None


@pytest.mark.spec("B-PRG-08", "B-STDIO-16")
@pytest.mark.parametrize("ending", ["ended", "cancelled"])
def test_a_call_that_is_over_is_silent(clock: Clock, ending: str) -> None:
    running, wire = call()
    running.notify(Progress(1))
    running.notify(Log("info", "early"))
    if ending == "ended":
        running.ended = True
    else:
        running.reason = "client"
    running.notify(Progress(2))
    running.notify(Log("emergency", "late"))
    assert wire.sent == [Progress(1), Log("info", "early")]


def test_a_call_that_must_end_may_still_speak(clock: Clock) -> None:
    """Its caller is there and waits for the answer, which says why."""
    running, wire = call()
    running.reason = "shutdown"
    running.notify(Log("warning", "rolling back"))
    assert len(wire.sent) == 1


def test_log_entries_are_not_counted(clock: Clock) -> None:
    running, wire = call()
    for _ in range(100):
        running.notify(Log("info", "x"))
    assert len(wire.sent) == 100


values = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-5, 30).map(float)


@given(st.lists(st.tuples(values, st.floats(0, 3)), max_size=60))
def test_any_series(steps: list[tuple[float, float]]) -> None:
    """Rising, bounded over every stretch of time, and the highest value arrives in the end."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "monotonic", clock)
        running, wire = call()
        times: list[float] = []
        for value, pause in steps:
            clock.now += pause
            before = len(wire.sent)
            running.notify(Progress(value))
            times += [clock.now] * (len(wire.sent) - before)
        last = running.last_words()
    shown = wire.values + ([cast("Progress", last).done] if last is not None else [])
    assert shown == sorted(set(shown))
    finite = [value for value, _ in steps if math.isfinite(value)]
    assert (shown[-1] if shown else None) == (max(finite) if finite else None)
    for start in range(len(times)):
        for end in range(start, len(times)):
            allowed = BOUNDS.progress_burst + BOUNDS.progress_per_second * (
                times[end] - times[start]
            )
            assert end - start + 1 <= allowed + 1e-6
