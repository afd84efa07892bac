"""The schema, the fast decoder and the walk agree on every value of every type."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.server.functions import ArgumentError, Function, OutputError
from interlock.server.functions.nodes.base import Walk
from interlock.server.functions.plain import to_plain
from tests.server.functions.compiling import giving, taking, validator
from tests.server.functions.random_types import ANNOTATIONS, Instances
from tests.support.counts import count
from tests.support.schema_strategies import JSON

EXAMPLES = settings(
    max_examples=count(150, 5_000), suppress_health_check=[HealthCheck.data_too_large]
)


def binds(function: Function, value: Any) -> bool:
    try:
        function.bind(msgspec.json.encode({"it": value}))
    except ArgumentError:
        return False
    return True


def walked(function: Function, value: Any) -> tuple[bool, Any]:
    """Whether the walk alone takes a value, strictly, and what it makes of it."""
    walk = Walk()
    node = function._binder.root.fields[0].node
    result = node.read(value, walk, None)
    return not walk.problems, result


def has_huge_floats(value: Any) -> bool:
    """Whether an integral number is too large to be taken for an integer."""
    match value:
        case {**members}:
            return any(map(has_huge_floats, members.values()))
        case [*items]:
            return any(map(has_huge_floats, items))
        case float():
            return abs(value) >= 2**53
        case _:
            return False


def values_for(draw: st.DataObject, schema: dict[str, Any]) -> Any:
    """An instance of the parameter's schema, or any value, or an instance with a flaw."""
    instances = Instances(schema.get("$defs", {})).of(schema["properties"]["it"])
    value: Any = draw.draw(instances | JSON)
    flaw = draw.draw(JSON)
    match draw.draw(st.booleans()), value:
        case True, [_, *_]:
            return [*value[:-1], flaw]
        case True, {**members} if members:
            return members | {draw.draw(st.sampled_from([*members, "more"])): flaw}
        case _:
            return value


@pytest.mark.soak
@pytest.mark.spec("TOOLS-18", "TOOLS-54")
@EXAMPLES
@given(ANNOTATIONS, st.data())
def test_schema_and_decoder_agree(annotation: Any, draw: st.DataObject) -> None:
    strict, lenient = taking(annotation, strict=True), taking(annotation)
    schema = strict.input_schema
    valid = validator(schema).is_valid
    for _ in range(3):
        value = values_for(draw, schema)
        if binds(strict, value):
            assert valid({"it": value})
        if valid({"it": value}) and not has_huge_floats(value):
            assert binds(lenient, value)


@pytest.mark.soak
@EXAMPLES
@given(ANNOTATIONS, st.data())
def test_decoder_and_walk_agree(annotation: Any, draw: st.DataObject) -> None:
    function = taking(annotation, strict=True)
    for _ in range(3):
        value = values_for(draw, function.input_schema)
        accepted, result = walked(function, value)
        assert binds(function, value) == accepted
        if accepted:
            bound = function.bind(msgspec.json.encode({"it": value}))
            assert bound.args == (result,)
            assert type(bound.args[0]) is type(result)


@pytest.mark.soak
@pytest.mark.spec("TOOLS-47")
@EXAMPLES
@given(ANNOTATIONS, st.data())
def test_what_was_decoded_is_encoded_and_fits(annotation: Any, draw: st.DataObject) -> None:
    function, output = taking(annotation, strict=True), giving(annotation).output
    if output is None:
        return
    schema = function.input_schema
    value = values_for(draw, schema)
    if not binds(function, value):
        return
    result = function.bind(msgspec.json.encode({"it": value})).args[0]
    text = output.encode(result)
    plain = json.loads(text)
    assert validator(output.schema).is_valid(plain)
    assert validator(output.schema).is_valid(to_plain(result))
    assert output.encode(result) == text


@pytest.mark.soak
@pytest.mark.spec("TOOLS-47")
@EXAMPLES
@given(ANNOTATIONS, JSON)
def test_what_is_encoded_fits(annotation: Any, value: Any) -> None:
    output = giving(annotation).output
    if output is None:
        return
    try:
        text = output.encode(value)
    except OutputError:
        return
    assert json.loads(text) == value
    assert validator(output.schema).is_valid(value)
