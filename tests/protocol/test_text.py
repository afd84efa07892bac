"""Text from outside, shown: on one line, bounded, with nothing that a terminal would obey."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.text import escape_controls

anything = st.text(st.characters(exclude_categories=[]), max_size=300)


@given(anything, st.integers(32, 300))
def test_nothing_that_acts_is_left(text: str, limit: int) -> None:
    shown = escape_controls(text, limit)
    assert len(shown) <= limit
    shown.encode()  # no lone surrogate
    assert len(shown.splitlines()) <= 1
    acting = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not acting & {unicodedata.category(character) for character in shown}
    assert escape_controls(shown, limit) == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert escape_controls(text) == text


@pytest.mark.parametrize(
    "text", ["naïve café", "東京の天気", "שלום עולם", "Ελλάδα", "🌦️ 12 °C", r"C:\new\table", ""]
)
def test_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert escape_controls(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n[INFO] admin logged in", r"a\n[INFO] admin logged in"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[2J\x1b[1;1H", r"\x1b[2J\x1b[1;1H"),
        ("\x1b]8;;http://evil\x07click\x1b]8;;\x07", r"\x1b]8;;http://evil\x07click\x1b]8;;\x07"),
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x9b31m", r"\x9b31m"),  # the C1 form of ESC [
        ("\x90q\x9c\x9fx\x9c", r"\x90q\x9c\x9fx\x9c"),  # DCS and APC
        ("a\x00b\x08\x7f\x85", r"a\x00b\x08\x7f\x85"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("file\u202etxt.exe", r"file\u202etxt.exe"),
        (
            "\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
            r"\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
        ),
        ("ad\u200bmin\ufeff", r"ad\u200bmin\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041\U000e0100", r"\U000e0041\U000e0100"),  # text hidden in tags and selectors
        ("\u3164\u2800\ufe00", r"\u3164\u2800\ufe00"),  # looks empty
        ("\ue000\U0010ffff", r"\ue000\U0010ffff"),
    ],
)
def test_what_acts_is_escaped(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


def test_a_long_text_says_how_much_is_left_out() -> None:
    shown = escape_controls("x" * 1_000_000, 50)
    kept = shown.index(".")
    assert len(shown) == 50
    assert shown == "x" * kept + f"...(+{1_000_000 - kept} more)"


def test_the_work_is_bounded_as_well() -> None:
    huge = "\x1b" * 5_000_000
    started = time.perf_counter()
    for _ in range(100):
        escape_controls(huge)
    assert time.perf_counter() - started < 5  # 0.01 s; all of the text would take a minute


@pytest.mark.parametrize("character", ["x", "\x1b", "\U000e0041", "é"])
@pytest.mark.parametrize("limit", [32, 33, 64, 200])
def test_no_character_is_half_shown(character: str, limit: int) -> None:
    one = escape_controls(character)
    for count in range(1, limit + 20):
        shown = escape_controls(character * count, limit)
        assert len(shown) <= limit
        kept = shown.partition("...(+")[0]
        assert kept == one * (len(kept) // len(one))
        if count * len(one) <= limit:
            assert shown == one * count
        else:
            assert shown.endswith(f"...(+{count - len(kept) // len(one)} more)")


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        escape_controls("x", 31)
