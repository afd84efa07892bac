"""The reader and the writer thread: order, bounds, and every way in which they end."""

import asyncio
import os
import pty
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.transport.stdio.threads import ThreadReader, ThreadWriter
from tests.support.aio import run


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    """A reading and a writing end; either may be closed by the test."""
    read, write = os.pipe()
    try:
        yield read, write
    finally:
        for descriptor in (read, write):
            close(descriptor)


def close(descriptor: int) -> None:
    """Close a descriptor that may be closed already."""
    try:
        os.close(descriptor)
    except OSError:
        pass


class Taken:
    """What a reader gave, as events to wait for."""

    def __init__(self) -> None:
        self.data = b""
        self.chunks = 0
        self.ended = asyncio.get_running_loop().create_future()
        self.grew = asyncio.Event()

    def take(self, data: bytes) -> None:
        self.data += data
        self.chunks += 1
        self.grew.set()

    def end(self) -> None:
        self.ended.set_result(None)

    async def until(self, size: int) -> None:
        """Wait for so many bytes."""
        while len(self.data) < size:
            self.grew.clear()
            await self.grew.wait()

    def reader(self, descriptor: int) -> ThreadReader:
        """A reader of a descriptor that gives to this."""
        return ThreadReader(asyncio.get_running_loop(), descriptor, self.take, self.end)


# Reading


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(bytes(range(256)) * 4000)

    async def main() -> None:
        taken = Taken()
        with path.open("rb") as file:
            reader = taken.reader(file.fileno())
            await taken.ended
            reader.close()
        assert taken.data == path.read_bytes()
        assert taken.chunks > 1

    run(main())


def test_the_null_device_ends_at_once() -> None:
    async def main() -> None:
        taken = Taken()
        with open(os.devnull, "rb") as file:
            taken.reader(file.fileno())
            await taken.ended
        assert taken.data == b""

    run(main())


def test_reading_pauses_after_the_chunk_that_is_on_its_way() -> None:
    async def main() -> None:
        with pipe() as (read, write):
            taken = Taken()
            reader = taken.reader(read)
            os.write(write, b"one")
            await taken.until(3)
            reader.pause_reading()
            # the thread may wait in a read already: that chunk still comes, and no other
            os.write(write, b"two")
            for number in range(100):
                os.write(write, b"%02d" % number)
                await asyncio.sleep(0)
            assert taken.chunks <= 2
            reader.resume_reading()
            os.close(write)
            await taken.ended
            assert taken.data == b"onetwo" + b"".join(b"%02d" % number for number in range(100))
            reader.close()

    run(main())


def test_a_pause_from_within_the_chunk() -> None:
    """As the stream does it: no second chunk is read before the first was served."""

    async def main() -> None:
        with pipe() as (read, write):
            taken = Taken()
            reader: ThreadReader | None = None

            def take(data: bytes) -> None:
                assert reader is not None
                reader.pause_reading()
                taken.take(data)

            reader = ThreadReader(asyncio.get_running_loop(), read, take, taken.end)
            os.write(write, b"one")
            await taken.until(3)
            os.write(write, b"two")
            for _ in range(1000):
                await asyncio.sleep(0)
            assert taken.data == b"one"
            reader.resume_reading()
            await taken.until(6)
            reader.close()

    run(main())


def test_an_error_is_an_end() -> None:
    """A terminal whose other side was closed gives an error instead of an end."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    async def main() -> None:
        taken = Taken()
        taken.reader(theirs)
        os.write(ours, b"typed")
        await taken.until(5)
        os.close(ours)
        await taken.ended

    try:
        run(main())
    finally:
        os.close(theirs)


def test_a_descriptor_that_does_not_block_is_waited_for() -> None:
    async def main() -> None:
        with pipe() as (read, write):
            os.set_blocking(read, False)
            taken = Taken()
            reader = taken.reader(read)
            for number in range(3):
                os.write(write, b"%d" % number)
                await taken.until(number + 1)
            os.close(write)
            await taken.ended
            assert taken.data == b"012"
            assert not os.get_blocking(read)
            reader.close()

    run(main())


def test_a_reader_that_was_closed_gives_nothing_more() -> None:
    async def main() -> None:
        with pipe() as (read, write):
            taken = Taken()
            reader = taken.reader(read)
            reader.close()
            os.write(write, b"late")
            os.close(write)
            for _ in range(100):
                await asyncio.sleep(0)
            assert taken.data == b""
            assert not taken.ended.done()

    run(main())


def test_a_loop_that_has_ended_is_no_error() -> None:
    """The thread finds nobody to give its chunk to, and ends without a word."""
    with pipe() as (read, write):

        async def main() -> None:
            Taken().reader(read)

        run(main())
        os.write(write, b"late")
        os.close(write)


# Writing


class Pressure:
    """What a writer tells about its outbox."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.told: list[str] = []
        self.changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.writer = ThreadWriter(
            loop,
            descriptor,
            limit,
            lambda: self._tell("pause"),
            lambda: self._tell("resume"),
            lambda: self._tell("lost"),
        )

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.changed.set()

    async def until(self, what: str) -> None:
        """Wait until it was told."""
        while what not in self.told:
            self.changed.clear()
            await self.changed.wait()


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_everything_is_written_in_order(chunks: list[bytes]) -> None:
    async def main() -> None:
        with pipe() as (read, write):
            pressure = Pressure(write, 1 << 20)
            for chunk in chunks:
                pressure.writer.write(chunk)
            pressure.writer.close()
            await pressure.writer.done
            os.close(write)
            with os.fdopen(os.dup(read), "rb") as file:
                assert file.read() == b"".join(chunks)
            assert pressure.told == []
            assert pressure.writer._waiting == 0

    run(main())


@pytest.mark.parametrize("blocking", [True, False])
def test_more_than_a_pipe_holds(blocking: bool) -> None:
    """Pauses once over the limit, and resumes once most of it was read."""

    async def main() -> None:
        with pipe() as (read, write):
            os.set_blocking(write, blocking)
            pressure = Pressure(write, 100_000)
            size = 0
            while "pause" not in pressure.told:
                pressure.writer.write(b"x" * 10_000)
                size += 10_000
            assert pressure.writer._waiting > 100_000
            assert pressure.told == ["pause"]
            read_size = 0
            while read_size < size:
                data = await asyncio.get_running_loop().run_in_executor(None, os.read, read, 4096)
                read_size += len(data)
            await pressure.until("resume")
            assert pressure.told == ["pause", "resume"]
            pressure.writer.close()
            await pressure.writer.done
            assert os.get_blocking(write) is blocking

    run(main())


def test_an_output_that_breaks_is_told_and_ends_properly() -> None:
    async def main() -> None:
        with pipe() as (read, write):
            pressure = Pressure(write, 1 << 20)
            os.close(read)
            for _ in range(3):
                pressure.writer.write(b"x")
            await pressure.until("lost")
            pressure.writer.close()
            await pressure.writer.done

    run(main())


def test_a_full_disk_is_a_broken_output() -> None:
    async def main() -> None:
        descriptor = os.open("/dev/full", os.O_WRONLY)
        try:
            pressure = Pressure(descriptor, 1 << 20)
            pressure.writer.write(b"x")
            await pressure.until("lost")
            pressure.writer.close()
            await pressure.writer.done
        finally:
            os.close(descriptor)

    run(main())


def test_nothing_is_written_after_closing(tmp_path: Path) -> None:
    async def main() -> None:
        with (tmp_path / "out").open("wb") as file:
            pressure = Pressure(file.fileno(), 1 << 20)
            pressure.writer.write(b"early")
            pressure.writer.close()
            pressure.writer.close()
            pressure.writer.write(b"late")
            await pressure.writer.done

    run(main())
    assert (tmp_path / "out").read_bytes() == b"early"
