"""How each kind of descriptor is served, and that none of the standard ones is mistaken."""

import os
import pty
import socket
from pathlib import Path

import pytest

from interlock.transport.stdio import descriptors
from interlock.transport.stdio.descriptors import way


def test_pipes_and_sockets_are_served_by_the_loop() -> None:
    read, write = os.pipe()
    one, other = socket.socketpair()
    try:
        for descriptor in (read, write, one.fileno(), other.fileno()):
            assert way(descriptor) == "loop"
        assert way(read, write) == "thread"  # one pipe: the same open file as `samestat` sees it
        assert way(one.fileno(), other.fileno()) == "loop"
    finally:
        os.close(read)
        os.close(write)
        one.close()
        other.close()


def test_everything_else_is_served_by_a_thread(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    null = os.open(os.devnull, os.O_RDWR)
    folder = os.open(tmp_path, os.O_RDONLY)
    opened = [ours, theirs, file, null, folder]
    try:
        assert {way(descriptor) for descriptor in opened} == {"thread"}
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_one_open_file_under_two_numbers_is_served_by_a_thread() -> None:
    one, other = socket.socketpair()
    with one, other:
        twin = os.dup(one.fileno())
        try:
            assert way(one.fileno(), twin) == "thread"
            assert way(one.fileno(), other.fileno()) == "loop"
        finally:
            os.close(twin)


def test_what_is_standard_error_too_is_served_by_a_thread() -> None:
    read, write = os.pipe()
    kept = os.dup(2)
    try:
        os.dup2(write, 2)
        assert way(write) == "thread"
        os.close(2)
        assert way(write) == "loop"  # there is none to share with
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(write)
        os.close(read)


def test_windows_is_served_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.transport.stdio.descriptors.sys.platform", "win32")
    read, write = os.pipe()
    try:
        assert way(read) == way(write) == "thread"
    finally:
        os.close(read)
        os.close(write)


def test_a_descriptor_is_moved_past_the_standard_ones() -> None:
    """Where one of them was closed, the next file opened takes its number."""
    kept = os.dup(0)
    try:
        os.close(0)
        low = os.open(os.devnull, os.O_RDWR)
        assert low == 0
        moved = descriptors._beyond(low)
        assert moved > 2
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(0)
        os.close(moved)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert descriptors._beyond(100) == 100
