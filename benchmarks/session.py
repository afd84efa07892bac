"""One server process on two pipes, and the lean loops that drive it.

The driver shares the server's core, so it does little between two system calls: the lines are ready
before, a call is one `write` and one `read`, an answer is checked by counting bytes, and one in 64
is decoded and checked whole. A server that falls silent is ended by an alarm.
"""

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Generator, Mapping
from types import FrameType

from msgspec import Struct

from benchmarks import proc, wire
from benchmarks.wire import Request, WrongAnswer

BURST = 64
_SAMPLED = 64  # one answer in so many is checked whole
_READ = 1 << 16
_PIPE = (
    1 << 16
)  # what a pipe holds: a burst and its answers must fit, or both sides could wait for ever
_EXIT = 5.0  # seconds from the end of input to the end of the process
_TAIL = 2000


class ServerError(Exception):
    """The server ended, fell silent or did not exit; the message ends with its standard error."""


class Slice(Struct, frozen=True):
    """What one uninterrupted stretch of calls cost; times in microseconds."""

    calls: int
    cpu_us: float
    """Processor time of the server for one call."""
    wall_us: float
    """Time from one call's request to the next, driver included."""
    latencies_us: list[float]
    """From before the write to after the read; of every call, or of every burst."""


class End(Struct, frozen=True):
    """What the system reports of a server that has ended."""

    status: int
    cpu_us: float
    clock_us: float
    """The clock that the slices were read from, shortly before the end."""


class Session:
    """A running server in one era. Use it as a context manager."""

    def __init__(self, command: list[str], environment: Mapping[str, str], era: str) -> None:
        self.era = era
        self.notifications = 0
        self._next = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the session)
        server_in, self._to = os.pipe()
        self._from, server_out = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, server_in, 0),
            (os.POSIX_SPAWN_DUP2, server_out, 1),
            (os.POSIX_SPAWN_DUP2, self._errors.fileno(), 2),
        ]
        try:
            self.pid = os.posix_spawn(command[0], command, environment, file_actions=actions)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(server_in)
            os.close(server_out)
        self._pids = [self.pid]
        self._running = True

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._running = False
            self._close()

    def open(self, seconds: float = 30.0) -> None:
        """Shake hands where the era does, and have the tools listed.

        Raises:
            ServerError, WrongAnswer: the server does not answer, or not as it must.
        """
        with self._within(seconds):
            if self.era == wire.LEGACY:
                id = self._take(1)
                self._write(wire.initialize(id))
                wire.result_of(self._answer(), id)
                self._write(wire.initialized())
            id = self._take(1)
            self._write(wire.list_tools(self.era, id))
            wire.check_tools(self._answer(), id)
        self._pids = proc.tree(self.pid)

    def serial(self, count: int, seconds: float = 120.0) -> Slice:
        """Call `count` times, each call after the answer to the one before.

        Raises:
            ServerError, WrongAnswer: the server ends, falls silent or answers wrongly.
        """
        requests = wire.calls(self.era, self._take(count), count)
        latencies: list[int] = []
        took = latencies.append
        now, write, read, is_echo = time.perf_counter_ns, os.write, os.read, wire.is_echo
        to, source = self._to, self._from
        with self._within(seconds):
            cpu = self.cpu_ns()
            begin = now()
            for place, request in enumerate(requests):
                start = now()
                write(to, request.line)
                data = read(source, _READ)
                took(now() - start)
                if not is_echo(data, request.text):
                    data = self._late_echo(data, request)
                if not place % _SAMPLED:
                    wire.check_echo(data, request, self.era)
            wall = now() - begin
            cpu = self.cpu_ns() - cpu
        return _slice(count, cpu, wall, latencies)

    def bursts(self, count: int, seconds: float = 120.0) -> Slice:
        """Call about `count` times: 64 requests in one write, then all their answers.

        Raises:
            ServerError, WrongAnswer: the server ends, falls silent or answers wrongly.
        """
        rounds = max(count // BURST, 1)
        requests = wire.calls(self.era, self._take(rounds * BURST), rounds * BURST)
        groups = [requests[at : at + BURST] for at in range(0, len(requests), BURST)]
        ready = [(b"".join(request.line for request in group), group) for group in groups]
        if max(len(sent) for sent, _ in ready) > _PIPE:
            raise ValueError(f"{BURST} requests do not fit into a pipe of {_PIPE} bytes")
        latencies: list[int] = []
        now = time.perf_counter_ns
        with self._within(seconds):
            cpu = self.cpu_ns()
            begin = now()
            for sent, group in ready:
                start = now()
                self._write(sent)
                lines = self._lines(len(group))
                latencies.append(now() - start)
                self._check_burst(lines, group)
            wall = now() - begin
            cpu = self.cpu_ns() - cpu
        return _slice(rounds * BURST, cpu, wall, latencies)

    def cpu_ns(self) -> int:
        """The processor time of the server and its children so far."""
        return proc.cpu_ns(self._pids)

    def resident_bytes(self) -> int:
        """The resident memory of the server and its children now."""
        return proc.resident_bytes(proc.tree(self.pid))

    def close(self) -> End:
        """End the server's input, wait for its exit, and read what it used in all.

        Raises:
            ServerError: it does not exit within 5 seconds, or with another status than 0.
        """
        clock = self.cpu_ns()
        os.close(self._to)
        self._to = -1
        with self._within(_EXIT, "did not exit"):
            _, status, usage = os.wait4(self.pid, 0)
        self._running = False
        tail = self._error_tail()
        self._close()
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            raise ServerError(f"the server ended with status {code} at the end of its input{tail}")
        return End(code, (usage.ru_utime + usage.ru_stime) * 1e6, clock / 1e3)

    def _take(self, count: int) -> int:
        first = self._next
        self._next += count
        return first

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._to, data) :]

    def _read(self) -> bytes:
        data = os.read(self._from, _READ)
        if not data:
            raise self._gone()
        return data

    def _gone(self) -> ServerError:
        return ServerError(f"the server closed its output{self._error_tail()}")

    def _lines(self, count: int, data: bytes = b"") -> list[bytes]:
        """Read on after `data` until it holds that many whole lines or more, and nothing else."""
        while data.count(b"\n") < count or not data.endswith(b"\n"):
            data += self._read()
        return data.split(b"\n")[:-1]

    def _answers(self, count: int, data: bytes = b"") -> list[bytes]:
        """Read on after `data` until that many answers are there; count and drop notifications."""
        answers: list[bytes] = []
        while len(answers) < count:
            for line in self._lines(count - len(answers), data):
                if wire.is_notification(line):
                    self.notifications += 1
                else:
                    answers.append(line)
            data = b""
        if len(answers) > count:
            raise WrongAnswer(
                f"{len(answers)} answers to {count} requests, last {answers[-1][:500]!r}"
            )
        return answers

    def _answer(self) -> bytes:
        return self._answers(1)[0]

    def _late_echo(self, data: bytes, request: Request) -> bytes:
        """The answer, where the first read did not give it whole and alone."""
        if not data:
            raise self._gone()
        answer = self._answers(1, data)[0]
        wire.check_echo(answer, request, self.era)
        return answer

    def _check_burst(self, lines: list[bytes], group: list[Request]) -> None:
        """Check the answers to a burst, in whatever order; one of them whole."""
        if len(lines) == len(group) and all(
            line.count(request.text) == 2 for line, request in zip(lines, group, strict=True)
        ):
            wire.check_echo(lines[0], group[0], self.era)
            return
        answers = self._answers(len(group), b"\n".join([*lines, b""]))
        for request in group:
            found = [answer for answer in answers if answer.count(request.text) == 2]
            if len(found) != 1:
                shown = answers[0][:500]
                raise WrongAnswer(
                    f"{len(found)} answers to request {request.id} of a burst: {shown!r}"
                )
            wire.check_echo(found[0], request, self.era)

    @contextlib.contextmanager
    def _within(self, seconds: float, failure: str = "did not answer") -> Generator[None]:
        """Break a wait off after `seconds`; it costs nothing while it runs."""

        def ring(_signal: int, _frame: FrameType | None) -> None:
            raise ServerError(
                f"the server {failure} within {seconds:g} seconds{self._error_tail()}"
            )

        before = signal.signal(signal.SIGALRM, ring)
        others = signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        except BrokenPipeError:
            raise self._gone() from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            signal.setitimer(signal.ITIMER_REAL, *others)

    def _error_tail(self) -> str:
        size = os.fstat(self._errors.fileno()).st_size
        tail = os.pread(self._errors.fileno(), _TAIL, max(size - _TAIL, 0))
        text = tail.decode(errors="replace").strip()
        if not text:
            return "; it wrote nothing to standard error"
        return f"; its standard error ends with:\n{text}"

    def _close(self) -> None:
        for descriptor in (self._to, self._from):
            if descriptor >= 0:
                os.close(descriptor)
        self._errors.close()


def _slice(calls: int, cpu_ns: int, wall_ns: int, latencies_ns: list[int]) -> Slice:
    return Slice(
        calls, cpu_ns / calls / 1e3, wall_ns / calls / 1e3, [value / 1e3 for value in latencies_ns]
    )
