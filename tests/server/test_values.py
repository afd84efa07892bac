"""Values as JSON text: exactly, or an error with its place."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.json import decode
from interlock.server.functions.problems import OutputError
from interlock.server.values import json_text, whole_characters

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    raw = json_text(value)
    assert decode(raw) == value
    assert json.loads(raw) == value, "for any reader, not ours alone"


@given(
    PLAIN,
    st.sampled_from(
        [math.nan, math.inf, "\ud800", object(), b"\xff".decode("utf-8", "surrogateescape")]
    ),
)
def test_what_has_no_form_is_named_wherever_it_is(around: Any, odd: Any) -> None:
    with pytest.raises(OutputError) as caught:
        json_text({"around": around, "here": [around, odd]})
    assert caught.value.path == "$.here[1]"


def test_the_place_may_be_further_in() -> None:
    with pytest.raises(OutputError) as caught:
        json_text({"a": math.nan}, ((None, "content"), 3))
    assert caught.value.path == "$.content[3].a"


@given(st.text(st.characters()))
def test_whole_characters_are_utf_8(text: str) -> None:
    found = whole_characters(text)
    found.encode()
    try:
        text.encode()
    except UnicodeEncodeError:
        assert found != text
    else:
        assert found is text
