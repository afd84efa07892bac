"""The two threads that see to the end, with a stand-in for the end itself."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable

import pytest

from interlock.transport.stdio import ending
from interlock.transport.stdio.ending import HangUp, Watchdog
from tests.support.aio import PATIENCE, run

LONG = 3600.0


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once the process would have ended; the thread that would have ended it sleeps."""
    left = threading.Event()

    def leave() -> None:
        left.set()
        threading.Event().wait()

    monkeypatch.setattr(ending, "leave", leave)
    return left


def thread_named(name: str) -> threading.Thread:
    """The newest thread of that name."""
    return [thread for thread in threading.enumerate() if thread.name == name][-1]


# The watchdog


def test_the_process_ends_when_its_time_is_up(left: threading.Event) -> None:
    Watchdog().start(0.0)
    assert left.wait(PATIENCE)


def test_who_ends_in_time_is_not_ended(left: threading.Event) -> None:
    watchdog = Watchdog()
    thread = thread_named("interlock-exit")
    watchdog.start(LONG)
    watchdog.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not left.is_set()


def test_a_later_order_may_shorten_the_time_but_not_lengthen_it(left: threading.Event) -> None:
    watchdog = Watchdog()
    watchdog.start(LONG)
    watchdog.start(0.0)
    assert left.wait(PATIENCE)
    left.clear()
    watchdog = Watchdog()
    watchdog.start(0.01)
    watchdog.start(LONG)
    assert left.wait(PATIENCE)


def test_stopping_before_anything_started(left: threading.Event) -> None:
    watchdog = Watchdog()
    thread = thread_named("interlock-exit")
    watchdog.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_it_can_be_started_in_a_signal_handler(left: threading.Event) -> None:
    watchdog = Watchdog()

    def start(number: int, frame: object) -> None:
        watchdog.start(0.0)

    previous = signal.signal(signal.SIGUSR1, start)
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert left.wait(PATIENCE)
    finally:
        signal.signal(signal.SIGUSR1, previous)


# The peer that hangs up


def hang_up_of(close: Callable[[], None], descriptor: int) -> None:
    """Fail unless closing is noticed, on the loop."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        noticed: asyncio.Future[int] = loop.create_future()
        hang_up = HangUp(loop, descriptor, lambda: noticed.set_result(threading.get_ident()), LONG)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not noticed.done()
        close()
        assert await noticed == threading.get_ident()
        hang_up.stop()

    run(main())


@pytest.mark.parametrize("unread", [b"", b"unread"])
def test_a_pipe_whose_writer_has_gone(left: threading.Event, unread: bytes) -> None:
    read, write = os.pipe()
    os.write(write, unread)
    try:
        hang_up_of(lambda: os.close(write), read)
    finally:
        os.close(read)
    assert not left.is_set()


@pytest.mark.parametrize("half", [True, False])
def test_a_socket_whose_peer_has_gone(left: threading.Event, half: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(b"unread")
        hang_up_of(lambda: ours.shutdown(socket.SHUT_WR) if half else ours.close(), theirs.fileno())
    assert not left.is_set()


def test_a_loop_that_turns_is_left_alone(left: threading.Event) -> None:
    """There may be much to read yet; as long as the loop turns, the end will be noticed there."""
    read, write = os.pipe()
    os.close(write)

    async def main() -> None:
        noticed = asyncio.Event()
        hang_up = HangUp(asyncio.get_running_loop(), read, noticed.set, 0.02)
        thread = thread_named("interlock-hang-up")
        await noticed.wait()
        for _ in range(20):
            await asyncio.sleep(0.005)
        hang_up.stop()
        await asyncio.get_running_loop().run_in_executor(None, thread.join, PATIENCE)
        assert not thread.is_alive()

    try:
        run(main())
    finally:
        os.close(read)
    assert not left.is_set()


def test_a_loop_that_is_blocked_is_ended(left: threading.Event) -> None:
    read, write = os.pipe()

    async def main() -> None:
        HangUp(asyncio.get_running_loop(), read, lambda: None, 0.02)
        os.close(write)
        assert left.wait(PATIENCE)  # blocks the loop

    try:
        run(main())
    finally:
        os.close(read)


def test_a_loop_that_was_closed_is_no_error(left: threading.Event) -> None:
    read, write = os.pipe()

    async def main() -> None:
        HangUp(asyncio.get_running_loop(), read, lambda: None, LONG)

    try:
        run(main())
        thread = thread_named("interlock-hang-up")
        os.close(write)
        thread.join(PATIENCE)
        assert not thread.is_alive()
    finally:
        os.close(read)
    assert not left.is_set()
