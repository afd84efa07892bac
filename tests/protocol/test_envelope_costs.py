"""What a hostile message costs: counted, not timed, so that a busy machine fails nothing."""

import json
import re
from typing import Any

import pytest

from interlock.protocol import inspection
from interlock.protocol.envelope import read
from interlock.protocol.inspection import Refused, find_id, find_last_id


def test_a_number_is_looked_for_once_where_its_digits_begin() -> None:
    """Tried at each digit, runs just within the bound cost 200 looks a byte."""
    pattern: re.Pattern[bytes] = inspection._LONG_NUMBER
    text = b"1" * 1000
    assert pattern.match(text, 0)
    assert pattern.match(text, 1) is None


@pytest.mark.parametrize("place", ["params", "x"])
def test_empty_objects_of_a_refused_message_are_one(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    loads = json.loads

    def spy(*args: Any, **keywords: Any) -> Any:
        seen.append(loads(*args, **keywords))
        return seen[-1]

    monkeypatch.setattr(json, "loads", spy)
    with pytest.raises(Refused):
        read(b'{"id":1,"%b":[{},{},{}]}' % place.encode())
    (message,) = seen
    first, *rest = message[place]
    assert all(item is first for item in rest)
    assert first == {}


@pytest.mark.parametrize(
    ("tail", "id"),
    [
        (b'x","id":5}', 5),
        (b'x", "id" : "a" } \r', "a"),
        (b'x"},"id":-7}', -7),
        (b'x","id":5}}', None),
        (b'x","id":1.5}', None),
        (b'x","id":null}', None),
        (b'x","id":5}]', None),
        (b'x,\\"id\\":5}"}', None),
        (b'x","id":"\xff"}', None),
        (b"", None),
    ],
)
def test_the_id_that_stands_last(tail: bytes, id: int | str | None) -> None:
    assert find_last_id(tail) == id


def test_a_long_message_that_cannot_be_read_is_answered_by_its_last_id() -> None:
    long = b'{"jsonrpc":"2.0","method":"m","params":{"x":"%b"},"id":5}' % (b"x" * 100_000)
    assert find_id(long) == 5
    bad = long.replace(b"x", b"\xff", 1)
    with pytest.raises(Refused) as refused:
        read(bad)
    assert refused.value.id == 5


def test_the_end_of_what_is_no_json_says_nothing() -> None:
    cut = b'{"method":"m","params":{"x":"%b","id":5}' % (b"x" * 100_000)
    with pytest.raises(Refused) as refused:
        read(cut)
    assert refused.value.id is None
