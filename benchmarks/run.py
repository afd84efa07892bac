"""A run: the candidates take turns, round after round, all on one core.

    for each cold start:        every server is started, asked for its tools, and ended
    for each set of processes:  every server is started and warmed up; then
        for each round:         every server is called one by one for a while, then in bursts
        memory is read, and every server is ended

A turn is short, so that what disturbs the machine for seconds disturbs neighbours alike, and a
ratio is taken between turns of one round only.
"""

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from msgspec import Struct

from benchmarks import candidates as servers
from benchmarks.arithmetic import Spread, calls_for, paired_ratios, percentile, spread
from benchmarks.candidates import Candidate, Launch, Unavailable
from benchmarks.session import End, ServerError, Session, Slice
from benchmarks.wire import WrongAnswer

_PRIMING = 64  # calls at the begin of a turn that are not measured: the caches held another server
_LEAST, _MOST = 200, 20_000  # calls in a turn


class Plan(Struct, frozen=True):
    """How long a run is."""

    processes: int = 3
    rounds: int = 5
    serial_seconds: float = 0.5
    burst_seconds: float = 0.2
    cold_starts: int = 9


QUICK = Plan(processes=1, rounds=3, serial_seconds=0.2, burst_seconds=0.1, cold_starts=2)


class Figures(Struct, frozen=True):
    """What one server showed in one era. Times in the unit of the name, spreads over turns."""

    candidate: str
    era: str
    calls: int
    """Calls measured one by one."""
    cpu_us: Spread
    """Processor time of the server for a call."""
    p50_us: Spread
    p99_us: Spread
    burst_cpu_us: Spread
    """Processor time of the server for a call, 64 at once."""
    cold_start_ms: Spread
    """From the start of the process to the answer to the first `tools/list`."""
    resident_mib: Spread
    """After the last call of each process."""
    notifications: int
    """Messages that the server sent without having been asked."""
    cpu_to_floor: Spread | None
    """`cpu_us` over the floor's of the same round; none where the floor was not run."""
    burst_cpu_to_floor: Spread | None


class Outcome(Struct, frozen=True):
    """Everything a run measured."""

    figures: list[Figures]
    versions: dict[str, dict[str, str]]
    missing: dict[str, str]
    """Candidates that could not be run, and why."""


class _Entry:
    """One server in one era, and its samples so far."""

    def __init__(self, candidate: Candidate, launch: Launch, era: str) -> None:
        self.candidate = candidate
        self.era = era
        self.launch = launch
        self.calls = 0
        self.notifications = 0
        self.cpu: list[float] = []
        self.p50: list[float] = []
        self.p99: list[float] = []
        self.burst_cpu: list[float] = []
        self.cold: list[float] = []
        self.resident: list[float] = []

    def start(self) -> Session:
        return Session(self.launch.command, servers.environment(), self.era)

    def add_serial(self, taken: Slice) -> None:
        self.calls += taken.calls
        self.cpu.append(taken.cpu_us)
        self.p50.append(percentile(taken.latencies_us, 0.5))
        self.p99.append(percentile(taken.latencies_us, 0.99))


def run(chosen: Sequence[Candidate], plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Run the candidates by the plan, telling `say` how far it is.

    A candidate that does not start or answer rightly at first is left out and listed as missing.

    Raises:
        ServerError, WrongAnswer: a server failed later on.
    """
    missing: dict[str, str] = {}
    entries = _prepare(chosen, missing, say)
    gc.collect()
    gc.disable()
    try:
        for turn in range(plan.cold_starts):
            say(f"cold starts, {turn + 1} of {plan.cold_starts}")
            for entry in entries:
                entry.cold.append(_cold_start(entry))
        for turn in range(plan.processes):
            _one_set(
                entries,
                plan,
                lambda text, turn=turn: say(f"processes {turn + 1} of {plan.processes}: {text}"),
            )
    finally:
        gc.enable()
    floors = {entry.era: entry for entry in entries if entry.candidate.name == "floor"}
    return Outcome(
        [_figures(entry, floors.get(entry.era)) for entry in entries],
        {entry.candidate.name: entry.launch.versions for entry in entries},
        missing,
    )


def _prepare(
    chosen: Sequence[Candidate], missing: dict[str, str], say: Callable[[str], None]
) -> list[_Entry]:
    """Build what is not there yet and try each server once, which leaves its bytecode compiled."""
    entries: list[_Entry] = []
    for candidate in chosen:
        say(f"trying {candidate.title}")
        try:
            launch = candidate.prepare()
            tried = [_Entry(candidate, launch, era) for era in candidate.eras]
            for entry in tried:
                with entry.start() as session:
                    session.open()
                    session.serial(1)
                    session.bursts(1)
                    session.close()
        except (Unavailable, ServerError, WrongAnswer) as error:
            missing[candidate.name] = str(error)
            continue
        entries.extend(tried)
    return sorted(entries, key=lambda entry: entry.era)


def _cold_start(entry: _Entry) -> float:
    begin = time.perf_counter()
    with entry.start() as session:
        session.open()
        took = time.perf_counter() - begin
        session.close()
    return took * 1e3


def _one_set(entries: Sequence[_Entry], plan: Plan, say: Callable[[str], None]) -> None:
    with ExitStack() as stack:
        running: list[tuple[_Entry, Session, int, int]] = []
        for entry in entries:
            say(f"warming up {entry.candidate.title}, {entry.era}")
            session = stack.enter_context(entry.start())
            session.open()
            running.append((entry, session, *_warm_up(entry, session, plan)))
        for turn in range(plan.rounds):
            say(f"round {turn + 1} of {plan.rounds}")
            for entry, session, serial, bursts in running:
                session.serial(_PRIMING)
                entry.add_serial(session.serial(serial))
                entry.burst_cpu.append(session.bursts(bursts).cpu_us)
                gc.collect(0)
        for entry, session, _, _ in running:
            entry.resident.append(session.resident_bytes() / 2**20)
            entry.notifications += session.notifications
            _agree(entry, session.close())


def _warm_up(entry: _Entry, session: Session, plan: Plan) -> tuple[int, int]:
    """Warm the server up in both ways of calling; return how many calls fill a turn of either."""
    session.bursts(entry.candidate.warm // 2)
    session.serial(entry.candidate.warm - entry.candidate.warm // 2)
    serial, bursts = session.serial(_LEAST), session.bursts(_LEAST)
    return (
        calls_for(plan.serial_seconds, serial.wall_us / 1e6, least=_LEAST, most=_MOST),
        calls_for(plan.burst_seconds, bursts.wall_us / 1e6, least=_LEAST, most=_MOST),
    )


def _agree(entry: _Entry, end: End) -> None:
    """Hold the clock that the samples came from against what the system reports at the end.

    The system counts the way out too, so its figure is the larger one.
    """
    if end.clock_us > end.cpu_us * 1.02 + 20_000:
        raise ServerError(
            f"{entry.candidate.title}: the process clock showed {end.clock_us:.0f} us of processor "
            f"time, the system {end.cpu_us:.0f} in all: the figures cannot be trusted"
        )


def _figures(entry: _Entry, floor: _Entry | None) -> Figures:
    return Figures(
        candidate=entry.candidate.name,
        era=entry.era,
        calls=entry.calls,
        cpu_us=spread(entry.cpu),
        p50_us=spread(entry.p50),
        p99_us=spread(entry.p99),
        burst_cpu_us=spread(entry.burst_cpu),
        cold_start_ms=spread(entry.cold),
        resident_mib=spread(entry.resident),
        notifications=entry.notifications,
        cpu_to_floor=floor and paired_ratios(entry.cpu, floor.cpu),
        burst_cpu_to_floor=floor and paired_ratios(entry.burst_cpu, floor.burst_cpu),
    )
