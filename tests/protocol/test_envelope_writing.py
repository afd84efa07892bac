"""Writing envelopes: what is written is read back, on one line, with nothing invented."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.envelope import (
    ErrorObject,
    id_bytes,
    read,
    read_usual,
    write_error,
    write_notification,
    write_request,
    write_result,
)
from interlock.protocol.json import UNSET, Raw, encode

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON_VALUES, max_size=3)
SENT_IDS = st.integers(-(2**63), 2**63) | st.text(max_size=8)


@given(SENT_IDS, st.sampled_from(("tools/call", "ping", "a")), OBJECTS)
def test_what_encoders_usually_write_is_read_the_short_way(
    id: int | str, method: str, params: dict[str, Any]
) -> None:
    data = write_request(id, method, encode(params))
    request = read_usual(data)
    if data.isascii() and len(data) <= 400 and b"\\" not in id_bytes(id):
        assert request is not None
        assert (request.id, request.method) == (id, method)
        assert bytes(request.params) == encode(params)
        assert type(request.id) is type(id)
    else:
        assert request is None or request.id == id


@pytest.mark.spec("B-IDX-06", "B-IDX-14", "B-IDX-15", "B-IDX-27", "L1105-MSG-03")
@given(SENT_IDS, st.text(max_size=8), OBJECTS)
def test_what_is_written_is_read_back(id: int | str, method: str, value: dict[str, Any]) -> None:
    raw = encode(value)
    asked = read(write_request(id, method, raw))
    assert (asked.id, asked.method, asked.result, asked.error) == (id, method, UNSET, UNSET)
    assert type(asked.id) is type(id)
    assert isinstance(asked.params, Raw)
    assert bytes(asked.params) == raw
    told = read(write_notification(method, raw))
    assert (told.id, told.method) == (UNSET, method)
    answered = read(write_result(id, raw))
    assert (answered.id, answered.method, answered.error) == (id, UNSET, UNSET)
    assert isinstance(answered.result, Raw)
    assert bytes(answered.result) == raw
    assert msgspec.json.decode(id_bytes(id)) == id
    error = ErrorObject(-32602, method, value)
    failed = read(write_error(id, error))
    assert (failed.id, failed.method, failed.result) == (id, UNSET, UNSET)
    assert isinstance(failed.error, Raw)
    assert msgspec.json.decode(failed.error, type=ErrorObject) == error


def test_parts_that_are_missing_are_left_out() -> None:
    assert write_request("a", "ping") == b'{"jsonrpc":"2.0","id":"a","method":"ping"}'
    assert write_notification("x") == b'{"jsonrpc":"2.0","method":"x"}'
    error = ErrorObject(-32700, "no")
    text = b'"error":{"code":-32700,"message":"no"}'
    assert write_error(UNSET, error) == b'{"jsonrpc":"2.0",%b}' % text
    assert write_error(None, error) == b'{"jsonrpc":"2.0",%b,"id":null}' % text
    assert read(write_error(UNSET, error)).id is UNSET
    assert read(write_error(None, error)).id is None


@pytest.mark.spec("B-STDIO-03", "L1105-STD-01")
@given(st.text(), st.text())
def test_nothing_that_is_written_holds_a_newline(id: str, text: str) -> None:
    lines = (
        write_request(id, text, encode({text: text})),
        write_notification(text, encode([text])),
        write_result(id, encode({"a": text})),
        write_error(id, ErrorObject(1, text, {"a": text})),
    )
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_half_a_surrogate_pair_is_never_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        write_error(1, ErrorObject(1, "\ud800"))
