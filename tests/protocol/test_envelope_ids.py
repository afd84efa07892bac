"""Ids and nesting: what may be an id, how one is saved, and how deep a message may go."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.errors import ParseError
from interlock.protocol.inspection import MAX_DEPTH, check_depth, find_id, valid_id
from interlock.protocol.json import UNSET, encode


@given(st.integers(0, 12), st.text(max_size=3), st.integers(1, 8))
def test_depth_counts_open_brackets_outside_of_strings(depth: int, text: str, limit: int) -> None:
    inner = json.dumps(text + "[{" * limit + '"]}')
    data = ("[" * depth + f"[], {{}}, {inner}" + "]" * depth).encode()
    if depth + 1 > limit:
        with pytest.raises(ParseError, match=f"deeper than {limit} levels"):
            check_depth(data, limit)
    else:
        check_depth(data, limit)


def test_the_depth_limit_is_what_it_says() -> None:
    check_depth(b"[" * MAX_DEPTH)
    with pytest.raises(ParseError):
        check_depth(b"[" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("data", "id"),
    [
        (b'{"id":5,', 5),
        (b'{"id" : "x" , oops', "x"),
        (b'{"a":{"id":1},"id":2,', 2),
        (b'{"a":["id",1,{"id":3}],"id":-4,!', -4),
        (b'{"a":"\\"id\\":1","id":2,', 2),
        (b'{"x":"id","id":3,', 3),
        (b'{"id":"\\u0041",', "A"),
        (b'{"id":"id","id":7', "id"),
        (b'{"id":5', None),  # more digits may have been cut off
        (b'{"id":5.5,', None),
        (b'{"id":5e1,', None),
        (b'{"id":null,"x', None),
        (b'{"id":"abc', None),
        (b'{"id":"\xff",', None),
        (b'{"id":"\\ud800",', None),
        (b'{"id":01,', None),
        (b'{"id":{"id":1},', None),
        (b'{"params":{"id":1}', None),
        (b'"id":1', None),
        (b'{"id",1', None),
        (b"", None),
        (b"\xff", None),
        (b'{"id":%b,' % (b"9" * 5000), None),
        (b'{"x":"%b","id":1,' % (b"x" * (1 << 16)), None),
    ],
)
def test_an_id_is_saved_only_where_it_stands_plainly(data: bytes, id: Any) -> None:
    found = find_id(data)
    assert type(found) is type(id)
    assert found == id


@given(st.data())
def test_the_id_of_a_truncated_request_is_never_another(data: st.DataObject) -> None:
    id = data.draw(st.integers(-(10**20), 10**20) | st.text(max_size=8))
    whole = encode({"jsonrpc": "2.0", "id": id, "method": "x", "params": {"id": 99}})
    cut = data.draw(st.integers(0, len(whole)))
    assert find_id(whole[:cut]) in (None, id)


@pytest.mark.parametrize("id", [0, -1, 2**64, 10**400 - 1, "", "é", "\u2028", "x" * 1024])
def test_ids_are_strings_and_integers(id: int | str) -> None:
    assert valid_id(id)


@pytest.mark.parametrize(
    "id", [None, UNSET, 1.0, True, False, b"1", [], {}, 10**400, -(10**400), "x" * 1025, "\ud800"]
)
def test_nothing_else_is_an_id(id: object) -> None:
    assert not valid_id(id)
