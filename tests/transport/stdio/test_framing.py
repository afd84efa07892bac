"""Lines are the same however the bytes arrive, and no line costs more than the bound allows."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.inspection import find_id, find_last_id
from interlock.transport.stdio.framing import LineFramer, Oversized

LIMIT = 12
BOM = b"\xef\xbb\xbf"

bits = st.sampled_from(
    [b"\n", b"\r\n", b"\n\n", b" ", b"\t", b"{", b"{}", b"[1]", BOM, b"\0", b"\x85",
     b"\xe2\x80\xa8", b"0123456789ab", b"0123456789abc", b"x" * 40]
)  # fmt: skip
streams = st.lists(bits, max_size=12).map(b"".join)


def reference(stream: bytes, limit: int) -> list[bytes | Oversized]:
    """What the framer must yield, said simply: split at newlines, drop what is blank."""
    lines = stream.split(b"\n")
    lines[0] = lines[0] if len(lines[0]) > limit else lines[0].removeprefix(BOM)
    return [
        Oversized(line[:limit]) if len(line) > limit else line
        for line in lines
        if (line and not line.isspace()) or len(line) > limit
    ]


def in_chunks(stream: bytes, cuts: list[int], *, shortcut: bool) -> list[bytes | Oversized]:
    """The lines of a stream that arrives cut into pieces."""
    framer = LineFramer(LIMIT)
    lines: list[bytes | Oversized] = []
    places = [0, *sorted(cuts), len(stream)]
    for start, end in pairwise(places):
        chunk = stream[start:end]
        if not chunk:
            continue
        single = framer.single(chunk) if shortcut else None
        if single is None:
            lines += framer.feed(chunk)
        else:
            lines.append(single)
    last = framer.end()
    if last is not None:
        lines.append(last)
    # how much of an oversized line's head is there depends on how it came
    return [Oversized(line.head[:LIMIT]) if isinstance(line, Oversized) else line for line in lines]


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_an_oversized_line_leaves_the_id_that_stands_last(size: int) -> None:
    """The official TypeScript client writes the id after the params."""
    line = b'{"method":"m","params":{"x":"%b","id":5},"jsonrpc":"2.0","id":"a7"}\r\n' % (
        b"x" * 5000
    )
    framer = LineFramer(2000)
    lines: list[bytes | Oversized] = []
    for start in range(0, len(line), size):
        lines += framer.feed(line[start : start + size])
    (found,) = lines
    assert isinstance(found, Oversized)
    assert len(found.tail) <= 2048
    assert find_id(found.head) is None
    assert find_last_id(found.tail) == "a7"


@pytest.mark.spec("B-STDIO-03")
@given(streams, st.data(), st.booleans())
def test_chunks_do_not_matter(stream: bytes, data: st.DataObject, shortcut: bool) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    assert in_chunks(stream, cuts, shortcut=shortcut) == reference(stream, LIMIT)


@given(streams)
def test_byte_by_byte(stream: bytes) -> None:
    assert in_chunks(stream, list(range(len(stream))), shortcut=True) == reference(stream, LIMIT)


@pytest.mark.parametrize(
    "pieces", [[BOM + b"{}\n"], [b"\xef", b"\xbb\xbf{", b"}\n"], [BOM, b"{}\n"]]
)
def test_a_byte_order_mark_is_dropped_at_the_start_alone(pieces: list[bytes]) -> None:
    framer = LineFramer(100)
    lines = [line for piece in pieces for line in framer.feed(piece)]
    assert lines == [b"{}"]
    assert list(framer.feed(BOM + b"{}\n")) == [BOM + b"{}"]


def test_the_longest_line_that_is_kept() -> None:
    framer = LineFramer(10)
    assert list(framer.feed(b"x" * 10 + b"\n")) == [b"x" * 10]
    assert list(framer.feed(b"x" * 11 + b"\n")) == [Oversized(b"x" * 11)]
    assert list(framer.feed(b"x" * 10)) == []
    assert list(framer.feed(b"\n{}\n")) == [b"x" * 10, b"{}"]
    assert list(framer.feed(b"x" * 10)) == []
    assert list(framer.feed(b"x\n{}\n")) == [Oversized(b"x" * 11), b"{}"]


def test_the_shortcut_declines_what_it_may_not_take() -> None:
    framer = LineFramer(10)
    for chunk in (b"{}", b"\n", b"{}\n{}\n", b" {}\n", b"{" + b"x" * 10 + b"\n"):
        assert framer.single(chunk) is None
    assert framer.single(b"{1}\n") == b"{1}"
    assert list(framer.feed(b"{")) == []
    assert framer.single(b"{1}\n") is None
    assert list(framer.feed(b"}\n")) == [b"{}"]


def test_an_oversized_line_leaves_its_head_and_nothing_else() -> None:
    framer = LineFramer(1 << 16)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(2000):
            assert list(framer.feed(b"x" * 8192)) == []
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1 << 17
    assert peak - before < 1 << 18
    assert list(framer.feed(b"\n{}\n")) == [Oversized(b"x" * 1024, b"x" * 2048), b"{}"]


def test_small_pieces_of_a_long_line_cost_no_more_than_the_line() -> None:
    """A byte string of two bytes takes more than thirty; a million of them would be a burden."""
    size = 1 << 17
    framer = LineFramer(size)
    tracemalloc.start()
    try:
        for number in range(size // 2):
            assert not list(framer.feed(b"%02d" % (number % 100)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * size
    (line,) = framer.feed(b"\n")
    assert isinstance(line, bytes)
    assert len(line) == size
