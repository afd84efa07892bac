"""A raw client of a server process: bytes and lines over real pipes, sockets and terminals.

It knows nothing of the package under test beyond how to start it, so what it sees is the wire::

    with StdioServer("tests/servers/echo.py") as s:
        s.initialize()
        answer = s.request("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
        s.close_stdin()
        assert s.wait() == 0

Everything on standard output must be one JSON-RPC message (or batch) a line; anything else fails
the test. Deadlines only matter on failure. Leaving the block closes the input and expects the
process to end by itself.
"""

import json
import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, cast

ROOT = Path(__file__).parents[2]
"""The project's folder; targets and working directories are relative to it."""
SERVERS = ROOT / "tests" / "servers"
PATIENCE = 30.0
"""Seconds that anything may take before a test fails; generous, for a busy machine."""

LATEST = "2026-07-28"
_NAMESPACE = "io.modelcontextprotocol/"
_META_NAMES = {
    "progress_token": "progressToken",
    "log_level": _NAMESPACE + "logLevel",
    "revision": _NAMESPACE + "protocolVersion",
    "capabilities": _NAMESPACE + "clientCapabilities",
    "client_info": _NAMESPACE + "clientInfo",
}

Message = dict[str, Any]
Kind = Literal["pipe", "socket", "pty"]
Stream = Kind | int | Path | None
"""What a standard stream of the server is: a kind, a descriptor, a file's path, or closed."""


class Ended(AssertionError):
    """The server sends no more: its standard output ended."""


class Silence(AssertionError):
    """Nothing came within the deadline."""


class _Ends(NamedTuple):
    ours: int | None
    theirs: int | None
    """``None`` where the stream is closed for the server."""


def modern_meta(**meta: Any) -> dict[str, Any]:
    """The ``_meta`` of a request of the newest revision.

    ``progress_token``, ``log_level``, ``revision``, ``capabilities`` and ``client_info`` have
    short names; other keys are taken as they are.
    """
    return {
        _NAMESPACE + "protocolVersion": LATEST,
        _NAMESPACE + "clientInfo": {"name": "raw", "version": "1"},
        _NAMESPACE + "clientCapabilities": {},
        **{_META_NAMES.get(key, key): value for key, value in meta.items()},
    }


def encode(message: Any) -> bytes:
    """One message as its line."""
    if isinstance(message, bytes):
        return message
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class StdioServer:
    """A server process that a test talks to.

    ``target`` is served with ``interlock run``, and ``args`` are the target's; or ``command`` is
    the whole command line. ``stdin`` and ``stdout`` say what the server's streams are; the output
    ``"stdin"`` is the very stream of the input. ``stderr="stdout"`` is a shell's ``2>&1``; it may
    also be a descriptor, which nobody reads here.
    """

    def __init__(
        self,
        target: str | Path = "",
        *,
        args: Sequence[str] = (),
        options: Sequence[str] = (),
        command: Sequence[str | Path] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path = ROOT,
        stdin: Stream = "pipe",
        stdout: Stream | Literal["stdin"] = "pipe",
        stderr: Literal["pipe", "stdout"] | int = "pipe",
        exits: bool = True,
    ) -> None:
        if command is None:
            run = [sys.executable, "-m", "interlock.cli.main", "run"]
            command = [*run, *options, str(target), *(("--", *args) if args else ())]
        self._exits = exits
        self._inbox: deque[Any] = deque()
        self._buffer = bytearray()
        self._next_id = 0
        self._output_ended = False
        self.lines: list[bytes] = []
        """Every line that the server has written, as it came."""
        given = _open(stdin, writing=False)
        taken = given if stdout == "stdin" else _open(stdout, writing=True)
        self._to, self._from = given.ours, taken.ours
        error_read, error_write = os.pipe()
        errors: dict[str, int] = {"pipe": error_write, "stdout": subprocess.STDOUT}
        try:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "", **(env or {})},
                stdin=_inherit(given.theirs),
                stdout=_inherit(taken.theirs),
                stderr=errors[stderr] if isinstance(stderr, str) else stderr,
                preexec_fn=_closing(given.theirs, taken.theirs),
                process_group=0,
            )
        finally:
            os.close(error_write)
            for end in {given.theirs, taken.theirs} - {None}:
                if end not in (stdin, stdout):
                    os.close(cast("int", end))
        for end in {self._to, self._from} - {None}:
            os.set_blocking(cast("int", end), False)
        self._stderr = bytearray()
        self._stderr_grew = threading.Condition()
        self._stderr_ended = False
        self._drain = threading.Thread(target=self._read_stderr, args=(error_read,), daemon=True)
        self._drain.start()

    # Life

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def __enter__(self) -> "StdioServer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self.close_stdin()
            if self._exits and kind is None:
                self.finish()
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process and its group now, and give every descriptor back."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait(PATIENCE)
        self.close_stdin()
        self.close_stdout()
        self._drain.join(PATIENCE)

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def close_stdin(self) -> None:
        """End the server's input; a socket or terminal is only half closed where it can be."""
        end, self._to = self._to, None
        if end is None:
            return
        if end != self._from:
            os.close(end)
            return
        if not stat.S_ISSOCK(os.fstat(end).st_mode):  # a terminal has no halves
            self._from = None
            os.close(end)
            return
        with socket.socket(fileno=os.dup(end)) as both:
            both.shutdown(socket.SHUT_WR)

    def close_stdout(self) -> None:
        """Stop reading for ever: the server's output breaks."""
        end, self._from = self._from, None
        if end is None:
            return
        if end == self._to:
            self._to = None
        os.close(end)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit status, once the process has ended by itself; its output is read meanwhile."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise Silence(f"the server runs on; its standard error: {self.stderr[-2000:]!r}")
            if self._from is None or self._output_ended:
                try:
                    self.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue
            else:
                self._exchange(b"", 0.05)
        self._read_out()
        return self.process.returncode

    def finish(self, timeout: float = PATIENCE) -> int:
        """Close the input, read the rest and return the exit status."""
        self.close_stdin()
        return self.wait(timeout)

    # Out of the server

    def read(self, timeout: float = PATIENCE) -> Any:
        """The next message. Raises :class:`Ended` and :class:`Silence`."""
        return self._next(lambda _: True, timeout)

    def read_where(self, wanted: Callable[[Any], bool], timeout: float = PATIENCE) -> Any:
        """The next message that is ``wanted``; those before it stay to be read."""
        return self._next(wanted, timeout)

    def answer(self, id: int | str | None, timeout: float = PATIENCE) -> Message:
        """The response with ``id``; ``None`` for one without."""
        return self._next(
            lambda m: (
                isinstance(m, dict)
                and "method" not in m
                and cast("Message", m).get("id") == id
                and type(cast("Message", m).get("id")) is type(id)
            ),
            timeout,
        )

    def notice(self, method: str, timeout: float = PATIENCE) -> Message:
        """The next notification of that method."""
        return self._next(
            lambda m: (
                isinstance(m, dict) and cast("Message", m).get("method") == method and "id" not in m
            ),
            timeout,
        )

    def rest(self, timeout: float = PATIENCE) -> list[Any]:
        """All that still comes until the output ends."""
        deadline = time.monotonic() + timeout
        while not self._output_ended:
            self._step(deadline)
        return self.waiting()

    def waiting(self) -> list[Any]:
        """What was read and not asked for yet."""
        messages = list(self._inbox)
        self._inbox.clear()
        return messages

    def _next(self, wanted: Callable[[Any], bool], timeout: float) -> Any:
        deadline = time.monotonic() + timeout
        seen = 0
        while True:
            for position in range(seen, len(self._inbox)):
                if wanted(self._inbox[position]):
                    message = self._inbox[position]
                    del self._inbox[position]
                    return message
            seen = len(self._inbox)
            if self._output_ended or self._from is None:
                raise Ended(f"the output ended; standard error: {self.stderr[-2000:]!r}")
            self._step(deadline)

    def _step(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Silence(
                f"no such message came; waiting: {list(self._inbox)[:5]!r}; standard error:"
                f" {self.stderr[-2000:]!r}"
            )
        self._exchange(b"", left)

    def _read_out(self) -> None:
        """Take what is in the pipe of a process that has ended."""
        while self._from is not None and not self._output_ended and self._take():
            pass

    def _take(self) -> bool:
        """Read once, without waiting; whether anything came."""
        assert self._from is not None
        try:
            data = os.read(self._from, 1 << 20)
        except BlockingIOError:
            return False
        except OSError:  # a terminal whose other side was closed, a reset socket
            data = b""
        if not data:
            self._output_ended = True
            assert not self._buffer, f"the output ended inside a line: {bytes(self._buffer)!r}"
            return False
        start = len(self._buffer)
        self._buffer += data
        end = self._buffer.rfind(b"\n", start)
        if end >= 0:
            whole = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            for line in whole.split(b"\n"):
                self._receive(line)
        return True

    def _receive(self, line: bytes) -> None:
        self.lines.append(line)
        self._inbox.append(check_message(line))

    # Into the server

    def send(self, *messages: Any, timeout: float = PATIENCE) -> None:
        """Send messages, or bytes as they are, reading meanwhile so that neither side blocks."""
        data = memoryview(b"".join(encode(message) for message in messages))
        deadline = time.monotonic() + timeout
        while data:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silence(f"the server does not read: {len(data)} bytes were not taken")
            data = data[self._exchange(data, left) :]

    def push(self, data: bytes | memoryview, timeout: float) -> int:
        """Send without reading; how many bytes the server took until none went for ``timeout``."""
        assert self._to is not None
        view = memoryview(data)
        with selectors.DefaultSelector() as selector:
            selector.register(self._to, selectors.EVENT_WRITE)
            while view and selector.select(timeout):
                try:
                    view = view[os.write(self._to, view[: 1 << 16]) :]
                except BlockingIOError:
                    continue
        return len(data) - len(view)

    def _exchange(self, data: bytes | memoryview, timeout: float) -> int:
        """Wait for either direction once; how much of ``data`` was written."""
        written = 0
        with selectors.DefaultSelector() as selector:
            reading, writing = self._from, self._to if data else None
            if reading is not None and not self._output_ended:
                events = selectors.EVENT_READ
                if reading == writing:
                    events |= selectors.EVENT_WRITE
                selector.register(reading, events)
            if writing is not None and (writing != reading or self._output_ended):
                selector.register(writing, selectors.EVENT_WRITE)
            for _, events in selector.select(timeout):
                if events & selectors.EVENT_READ:
                    self._take()
                if events & selectors.EVENT_WRITE and writing is not None:
                    try:
                        written = os.write(writing, data[: 1 << 16])
                    except BlockingIOError:
                        continue
        return written

    # The protocol

    def new_id(self) -> int:
        """An id that this client has not used yet."""
        self._next_id += 1
        return self._next_id

    def post(
        self, method: str, params: Mapping[str, Any] | None = None, *, id: int | str | None = None
    ) -> int | str:
        """Send a request and return its id without waiting for the answer."""
        id = self.new_id() if id is None else id
        self.send(request(id, method, params))
        return id

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        id: int | str | None = None,
        *,
        timeout: float = PATIENCE,
    ) -> Message:
        """The response to a request; what else comes stays to be read."""
        return self.answer(self.post(method, params, id=id), timeout)

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Send a notification."""
        message: Message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)

    def cancel(self, id: Any, reason: str | None = None) -> None:
        """Send ``notifications/cancelled``."""
        params = {"requestId": id} if reason is None else {"requestId": id, "reason": reason}
        self.notify("notifications/cancelled", params)

    def initialize(
        self, revision: str = "2025-11-25", capabilities: Mapping[str, Any] | None = None
    ) -> Message:
        """Open a legacy session; the response to ``initialize``."""
        answer = self.request(
            "initialize",
            {
                "protocolVersion": revision,
                "capabilities": dict(capabilities or {}),
                "clientInfo": {"name": "raw", "version": "1"},
            },
        )
        if "result" in answer:
            self.notify("notifications/initialized")
        return answer

    def post_modern(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        id: int | str | None = None,
        **meta: Any,
    ) -> int | str:
        """Send a request of the newest revision and return its id; ``meta`` is `modern_meta`'s."""
        return self.post(method, {**(params or {}), "_meta": modern_meta(**meta)}, id=id)

    def modern(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        id: int | str | None = None,
        **meta: Any,
    ) -> Message:
        """The response to a request of the newest revision; ``meta`` as :func:`modern_meta`."""
        return self.answer(self.post_modern(method, params, id, **meta))

    def call(self, tool: str, arguments: Mapping[str, Any] | None = None, **meta: Any) -> Message:
        """The response to a modern ``tools/call``."""
        return self.modern("tools/call", {"name": tool, "arguments": arguments or {}}, **meta)

    def post_call(
        self, tool: str, arguments: Mapping[str, Any] | None = None, **meta: Any
    ) -> int | str:
        """Send a modern ``tools/call`` and return its id."""
        return self.post_modern("tools/call", {"name": tool, "arguments": arguments or {}}, **meta)

    def healthy(self) -> None:
        """Fail unless the server answers a request of its own accord, at once and properly."""
        answer = self.modern("server/discover", id=f"healthy-{self.new_id()}")
        assert answer["result"]["supportedVersions"], answer

    # Beside the protocol

    @property
    def stderr(self) -> str:
        """What the server has written to standard error so far; all of it once it has ended."""
        if self.process.poll() is not None:
            self._drain.join(1.0)
        with self._stderr_grew:
            return self._stderr.decode("utf-8", "replace")

    def wait_stderr(self, text: str, count: int = 1, timeout: float = PATIENCE) -> str:
        """Standard error, once ``text`` stands in it so many times."""
        wanted = text.encode()
        with self._stderr_grew:
            self._stderr_grew.wait_for(
                lambda: self._stderr.count(wanted) >= count or self._stderr_ended, timeout
            )
            written = self._stderr.decode("utf-8", "replace")
        if written.count(text) < count:
            raise Silence(f"standard error does not say {text!r}: {written[-2000:]!r}")
        return written

    def _read_stderr(self, descriptor: int) -> None:
        while data := os.read(descriptor, 1 << 16):
            with self._stderr_grew:
                self._stderr += data
                self._stderr_grew.notify_all()
        os.close(descriptor)
        with self._stderr_grew:
            self._stderr_ended = True
            self._stderr_grew.notify_all()

    def resident_bytes(self) -> int:
        """The memory that the process holds (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def request(id: Any, method: str, params: Mapping[str, Any] | None = None) -> Message:
    """A request as a message."""
    message: Message = {"jsonrpc": "2.0", "id": id, "method": method}
    if params is not None:
        message["params"] = params
    return message


def modern(id: Any, method: str, params: Mapping[str, Any] | None = None, **meta: Any) -> Message:
    """A request of the newest revision as a message."""
    return request(id, method, {**(params or {}), "_meta": modern_meta(**meta)})


def check_message(line: bytes) -> Any:
    """What a line of the server says. Fails unless it is one JSON-RPC message or a batch."""
    assert b"\r" not in line, line[:200]
    message: Any = json.loads(line.decode("utf-8"), parse_constant=_refuse, parse_int=_integer)
    parts = cast("list[Message]", message if isinstance(message, list) else [message])
    assert parts, "an empty batch"
    for part in parts:
        assert type(part) is dict, line[:200]
        assert part.get("jsonrpc") == "2.0", line[:200]
        kinds = [key for key in ("method", "result", "error") if key in part]
        assert len(kinds) == 1, line[:200]
        if kinds == ["error"]:
            assert type(part["error"]["code"]) is int, line[:200]
            assert type(part["error"]["message"]) is str, line[:200]
        if kinds == ["result"]:
            assert isinstance(part["id"], int | str), line[:200]
            assert isinstance(part["result"], dict), line[:200]
    return cast("Any", message)


def _refuse(text: str) -> Any:
    raise AssertionError(f"{text} is not JSON")


def _integer(text: str) -> Any:
    return int(text) if len(text) < 4000 else text


def _open(stream: Stream, *, writing: bool) -> _Ends:
    """Both ends of a stream; ``writing`` is the server's side of it."""
    if stream == "pipe":
        read, write = os.pipe()
        return _Ends(read, write) if writing else _Ends(write, read)
    if stream == "socket":
        ours, theirs = socket.socketpair()
        return _Ends(ours.detach(), theirs.detach())
    if stream == "pty":
        import pty
        import tty

        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        return _Ends(ours, theirs)
    if isinstance(stream, Path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if writing else os.O_RDONLY
        return _Ends(None, os.open(stream, flags, 0o600))
    return _Ends(None, stream)


def _inherit(descriptor: int | None) -> int:
    return subprocess.DEVNULL if descriptor is None else descriptor


def _closing(given: int | None, taken: int | None) -> Callable[[], None] | None:
    """Closes the standard streams that the server is to be without."""
    closed = [number for number, end in enumerate((given, taken)) if end is None]
    if not closed:
        return None

    def close() -> None:
        for number in closed:
            os.close(number)

    return close


def conversations(messages: Sequence[Any]) -> Iterator[Message]:
    """Messages one by one, batches taken apart."""
    for message in messages:
        if isinstance(message, list):
            yield from cast("list[Message]", message)
        else:
            yield message
