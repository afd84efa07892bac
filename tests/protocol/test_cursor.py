"""Cursors: they say where a page begins, to us alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.cursor import CursorError, Cursors
from interlock.protocol.seal import Sealer

KEYS = [bytes(32)]

positions = st.integers(-(2**70), 2**70) | st.text(
    st.characters(exclude_categories=[]), max_size=100
)


@given(positions, st.text(max_size=20), st.binary(max_size=40))
def test_a_position_comes_back_as_it_was(position: str | int, list_name: str, scope: bytes) -> None:
    cursors = Cursors(Sealer(KEYS))
    found = cursors.read(cursors.make(list_name, position, scope), list_name, scope)
    assert found == position
    assert type(found) is type(position)


@pytest.mark.spec("PAGE-05")
def test_a_cursor_is_stable() -> None:
    """The same place has the same cursor, on another connection and after a restart."""
    one, other = Cursors(Sealer(KEYS)), Cursors(Sealer(KEYS))
    cursor = one.make("tools", 50)
    assert cursor == one.make("tools", 50) == other.make("tools", 50)
    assert [other.read(cursor, "tools") for _ in range(3)] == [50, 50, 50]
    changed = Cursors(Sealer([b"n" * 32, *KEYS]))
    assert changed.read(cursor, "tools") == 50


@pytest.mark.spec("PAGE-06", "PAGE-11")
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "../../x",
        "0",
        "50",
        "bull",
        "eyJwYWdlIjogMn0=",  # base64 of {"page": 2}
        "NTA",  # of 50
        "\ud800",
        "\0",
        "A" * 1_000_000,
    ],
)
def test_junk_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError, match="start over") as caught:
        Cursors(Sealer(KEYS)).read(cursor, "tools")
    assert caught.value.code == -32602
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 200


@pytest.mark.spec("PAGE-06", "PAGE-11")
@given(st.text(max_size=100))
def test_any_text_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        Cursors(Sealer(KEYS)).read(cursor, "tools")


@pytest.mark.spec("PAGE-06", "PAGE-11")
def test_a_cursor_of_another_list_or_scope_is_refused() -> None:
    cursors = Cursors(Sealer(KEYS))
    cursor = cursors.make("tools", 50, b"alice")
    for list_name, scope in (
        ("resources", b"alice"),
        ("tools", b"bob"),
        ("tools", b""),
        ("tool", b"salice"),  # the border between name and scope is part of what is sealed
        ("toolsalice", b""),
        ("", b"toolsalice"),
    ):
        with pytest.raises(CursorError):
            cursors.read(cursor, list_name, scope)
    assert cursors.read(cursor, "tools", b"alice") == 50


def test_what_was_sealed_for_something_else_is_no_cursor() -> None:
    sealer = Sealer(KEYS)
    cursors = Cursors(sealer)
    for context in (b"state", b"tools", b"", b"cursor tools"):
        with pytest.raises(CursorError):
            cursors.read(sealer.seal(b"i50", context=context), "tools")


def test_without_keys_cursors_are_good_within_one_process_object() -> None:
    cursors = Cursors()
    cursor = cursors.make("tools", "a")
    assert cursors.read(cursor, "tools") == "a"
    with pytest.raises(CursorError):
        Cursors().read(cursor, "tools")


def test_a_cursor_is_short() -> None:
    assert len(Cursors(Sealer(KEYS)).make("tools", 10_000)) < 80
