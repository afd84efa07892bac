"""Payloads: text and value, each made from the other; and the codec under them."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.errors import InvalidParams
from interlock.protocol.json import Preserialized, Raw, check_numbers, decode, encode
from interlock.protocol.payload import Payload, decoder, describe
from interlock.protocol.types.base import PaginatedRequestParams, RequestParams
from tests.support.schema_strategies import JSON


class Point(msgspec.Struct, frozen=True):
    x: int
    y: int = 0


@given(JSON)
def test_text_and_value_make_each_other(value: Any) -> None:
    raw = encode(value)
    assert decode(raw) == value
    assert Payload(value).raw == raw
    assert Payload.of(raw).value == value
    assert Payload(value).value is value
    assert Payload.of(Raw(raw)).raw == raw
    assert Payload.of(memoryview(raw)).raw == raw


def test_each_form_is_made_once() -> None:
    payload = Payload({"a": 1})
    assert payload.raw is payload.raw
    payload = Payload.of(b'{"a": [1]}')
    assert payload.value is payload.value
    assert payload.raw == b'{"a": [1]}', "text that came in goes out as it was"


def test_text_is_copied_out_of_the_buffer_that_it_stood_in() -> None:
    buffer = bytearray(b'{"a":1}')
    payload = Payload.of(memoryview(buffer))
    buffer[:] = b'{"a":2}'
    assert payload.value == {"a": 1}
    whole = b'{"params":{"a":1},"more":"' + b"x" * 1000 + b'"}'

    class Message(msgspec.Struct):
        params: Raw

    kept = Payload.of(msgspec.json.decode(whole, type=Message).params)
    assert type(kept.raw) is bytes
    assert kept.raw == b'{"a":1}'


def test_a_type_is_decoded_once_and_kept() -> None:
    payload = Payload.of(b'{"x":1,"more":[2]}')
    point = payload.as_(Point)
    assert point == Point(1)
    assert payload.as_(Point) is point
    assert payload.raw == b'{"x":1,"more":[2]}', "members that the type does not know stay"
    assert payload.as_(RequestParams) == RequestParams(), "another type is decoded from the text"
    assert payload.as_(Point) is point


def test_a_value_is_read_as_another_type_through_its_text() -> None:
    payload = Payload({"x": 3})
    assert payload.as_(Point) == Point(3)
    assert payload.value == {"x": 3}
    assert payload.as_(dict) is payload.value
    assert Payload(Point(1, 2)).raw == b'{"x":1,"y":2}'


@pytest.mark.parametrize(
    ("raw", "where"),
    [(b"{}", "`x`"), (b'{"x":"secret"}', "$.x"), (b"[]", "object"), (b"{", ""), (b"", "")],
)
def test_another_form_is_an_error_that_shows_no_value(raw: bytes, where: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        Payload.of(raw).as_(Point)
    assert caught.value.code == -32602
    assert caught.value.message.startswith("Invalid params: ")
    assert where.replace("`", "'") in caught.value.message
    assert "secret" not in caught.value.message


def test_a_replacement_drops_the_text() -> None:
    payload = Payload.of(b'{"a": 1}')
    changed = payload.replace({"a": 2})
    assert changed.raw == b'{"a":2}'
    assert payload.raw == b'{"a": 1}'


def test_descriptions_are_short() -> None:
    assert len(describe(ValueError("x" * 10_000))) < 400


def test_a_payload_shows_its_kind_and_not_its_content() -> None:
    assert repr(Payload.of(b'{"password":"x"}')) == "Payload(text)"
    assert repr(Payload({"password": "x"})) == "Payload(dict)"
    assert repr(Payload(Point(1))) == "Payload(Point)"


def test_decoders_are_built_once() -> None:
    assert decoder(PaginatedRequestParams) is decoder(PaginatedRequestParams)


# The codec


@given(st.recursive(st.floats() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_numbers_that_json_does_not_have_are_found(value: Any) -> None:
    def has_odd(part: Any) -> bool:
        if isinstance(part, float):
            return not math.isfinite(part)
        return isinstance(part, list) and any(has_odd(item) for item in part)  # pyright: ignore[reportUnknownVariableType]  # any JSON

    assert (check_numbers(value) is not None) is has_odd(value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "$"),
        ({"a": {"b": [1, math.inf]}}, "$.a.b[1]"),
        ((1, {"c": -math.inf}), "$[1].c"),
        ({"a": 1, "b": [None, True, "nan"]}, None),
    ],
)
def test_the_path_of_such_a_number_is_told(value: Any, path: str | None) -> None:
    assert check_numbers(value) == path


def test_text_that_was_encoded_goes_out_as_it_is() -> None:
    text = b'{"a" : 1.50}'
    assert encode({"x": Preserialized(text)}) == b'{"x":{"a" : 1.50}}'
    assert Preserialized(memoryview(text)) == Preserialized(Raw(text)) == Preserialized(text)
    assert hash(Preserialized(text)) == hash(Preserialized(text))
    assert Preserialized(text) != text
    assert repr(Preserialized(b"[1]")) == "Preserialized(3 bytes)"


def test_any_mapping_is_an_object() -> None:
    frozen: Mapping[str, Any] = MappingProxyType({"a": MappingProxyType({"b": 1})})
    assert encode(frozen) == b'{"a":{"b":1}}'


@pytest.mark.parametrize("value", [object(), {1j}, lambda: 0, {object(): 1}])
def test_what_has_no_json_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode({"a": "\ud800"})


def test_what_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(RecursionError):
        encode(loop)
