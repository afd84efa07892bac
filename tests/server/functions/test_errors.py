"""The text of refusals: every problem, where it is, what was expected, what was meant."""

import enum
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from interlock.server.functions import ArgumentError, Problem
from interlock.server.functions.problems import (
    MAX_PATH,
    MAX_PROBLEMS,
    describe,
    escaped,
    path_text,
    quoted,
)
from tests.server.functions.compiling import compiled, problems, taking
from tests.support.schema_strategies import JSON


class Unit(enum.Enum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


@dataclass
class Item:
    price: float
    name: str = ""


@dataclass
class Range:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    bark: str


def forecast(
    city: str, days: Annotated[int, Meta(ge=1, le=14)] = 3, unit: Unit = Unit.CELSIUS
) -> None: ...


def text_of(fn: Any, arguments: Any, **options: Any) -> str:
    raw = arguments if isinstance(arguments, bytes) else json.dumps(arguments).encode()
    with pytest.raises(ArgumentError) as caught:
        compiled(fn, **options).bind(raw)
    return str(caught.value)


def test_everything_at_once() -> None:
    assert text_of(forecast, {"citty": "Oslo", "days": 99, "unit": "celcius"}).splitlines() == [
        "$.city: missing, expected a string",
        "$.days: got 99, expected an integer of at least 1 and at most 14",
        '$.unit: got the string "celcius", expected one of "celsius", "fahrenheit"; '
        'did you mean "celsius"?',
        '$.citty: unknown argument; did you mean "city"?',
    ]


ONE_PROBLEM: list[tuple[Any, Any, str]] = [
    (int, "three", '$.it: got the string "three", expected an integer'),
    (int, None, "$.it: got null, expected an integer"),
    (int, 10**60, "$.it: got a very large integer, expected an integer of at most 5"),
    (bool, 1, "$.it: got 1, expected a boolean"),
    (float, True, "$.it: got true, expected a number"),
    (int | None, "x", '$.it: got the string "x", expected an integer or null'),
    (list[int], {}, "$.it: got an object, expected an array"),
    (list[int], [1, "x", 2], '$.it[1]: got the string "x", expected an integer'),
    (
        Annotated[list[int], Meta(min_length=2)],
        [1],
        "$.it: got 1 items, expected an array of at least 2 items",
    ),
    (
        Annotated[str, Meta(max_length=2)],
        "abc",
        "$.it: got a string of 3 characters, expected a string of at most 2 characters",
    ),
    (
        Annotated[str, Meta(pattern="^a+$")],
        "b",
        '$.it: got the string "b", expected a string that matches "^a+$"',
    ),
    (dict[str, int], {"a": "x"}, '$.it.a: got the string "x", expected an integer'),
    (dict[str, int], {"a b": "x"}, '$.it["a b"]: got the string "x", expected an integer'),
    (
        dict[int, int],
        {"x": 1},
        "$.it.x: a key is no integer, expected the digits of an integer as the key",
    ),
    (list[Item], [{"price": "x"}], '$.it[0].price: got the string "x", expected a number'),
    (list[Item], [{}], "$.it[0].price: missing, expected a number"),
    (Item, 1, "$.it: got 1, expected an object with price"),
    (Range, {"low": 2, "high": 1}, "$.it: low is above high"),
    (
        Literal["asc", "desc"],
        "dsc",
        '$.it: got the string "dsc", expected one of "asc", "desc"; did you mean "asc"?',
    ),
    (Cat | Dog, {"lives": 1}, '$.it.type: missing, expected one of "cat", "dog"'),
    (
        Cat | Dog,
        {"type": "cot", "lives": 1},
        '$.it.type: got the string "cot", expected one of "cat", "dog"; did you mean "cat"?',
    ),
    (Cat | Dog, {"type": "cat"}, "$.it.lives: missing, expected an integer"),
    (
        Item | Range,
        {"low": 1},
        "$.it.high: missing, expected an integer",
    ),
    (
        set[Any],
        [[1]],
        "$.it: some items are arrays or objects, expected items that can be hashed",
    ),
]


@pytest.mark.parametrize(("annotation", "given", "line"), ONE_PROBLEM)
def test_one_problem(annotation: Any, given: Any, line: str) -> None:
    if given == 10**60:
        annotation = Annotated[int, Meta(le=5)]
    found = problems(taking(annotation), {"it": given})
    assert [str(problem) for problem in found] == [line]


def test_an_unknown_argument_names_what_is_known() -> None:
    assert text_of(forecast, {"city": "Oslo", "zzz": 1}) == (
        "$.zzz: unknown argument, expected only city, days, unit"
    )


@pytest.mark.spec("TOOLS-20")
def test_a_function_without_parameters_takes_none() -> None:
    def now() -> None: ...

    function = compiled(now)
    assert function.input_schema == {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }
    assert function.bind(b"{}").args == ()
    assert text_of(now, {"x": 1}) == "$.x: unknown argument, expected no arguments"


def test_unknown_arguments_can_be_ignored() -> None:
    function = compiled(forecast, extra="ignore")
    assert function.bind(b'{"city": "Oslo", "zzz": 1}').args == ("Oslo", 3, Unit.CELSIUS)
    assert "additionalProperties" not in function.input_schema


def test_an_argument_that_is_already_given_is_not_suggested() -> None:
    assert text_of(forecast, {"city": "Oslo", "citty": "Bergen"}) == (
        "$.citty: unknown argument, expected only city, days, unit"
    )


def test_only_so_many_problems_are_told() -> None:
    error = ArgumentError([Problem("$", "x")] * 50)
    assert len(error.problems) == MAX_PROBLEMS
    assert len(str(error).splitlines()) == MAX_PROBLEMS + 1
    with pytest.raises(ArgumentError) as caught:
        taking(list[int]).bind(json.dumps({"it": ["x"] * 500}).encode())
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert str(caught.value).endswith("(the rest was not checked)")


@pytest.mark.parametrize(
    "value",
    ["x" * 100_000, "\x1b[31m" * 100, "\u202e" * 200, {"k" * 100_000: 1}, ["y" * 100_000] * 30],
)
@pytest.mark.parametrize(
    "annotation", [int, Unit, Literal["a"], list[int], Item, Item | Range, int | list[bool]]
)
def test_refusals_are_short_and_printable(annotation: Any, value: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        taking(annotation).bind(msgspec.json.encode({"it": value}))
    text = str(caught.value)
    assert len(text) < 5000
    assert all(line.isprintable() for line in text.splitlines())
    assert "xxxxxxxx" * 10 not in text
    assert "kkkkkkkk" * 10 not in text


def test_unknown_names_are_short_and_printable() -> None:
    text = text_of(forecast, {"city": "Oslo", "k\n" * 50_000: 1})
    assert len(text) < 300
    assert text.isprintable()


@given(st.text(max_size=200))
def test_escaped_text_is_one_printable_line(text: str) -> None:
    assert escaped(text).isprintable()
    assert len(escaped(text)) <= 240
    assert quoted(text).isprintable()
    assert json.loads(quoted("é")) == "é"


@given(st.lists(st.text(max_size=50) | st.integers(0, 10**6), max_size=30))
def test_paths_are_short_and_printable(keys: list[str | int]) -> None:
    trail: Any = None
    for key in keys:
        trail = (trail, key)
    path = path_text(trail)
    assert path.startswith("$")
    assert path.isprintable()
    assert len(path) <= MAX_PATH + 2


def test_long_paths_keep_both_ends() -> None:
    trail: Any = None
    for key in ["first", *["middle"] * 30, "last"]:
        trail = (trail, key)
    assert path_text(trail).startswith("$.first")
    assert path_text(trail).endswith(".last")


@given(JSON)
def test_values_are_described_briefly(value: Any) -> None:
    assert describe(value).startswith("got ")
    assert len(describe(value)) < 100


def test_deep_nesting_is_refused_cleanly() -> None:
    @dataclass
    class Node:
        next: "Node | None" = None
        when: "str | Unit" = ""

    depth = 100_000  # beyond what any Python lets a decoder recurse
    raw = b'{"it":' + b'{"next":' * depth + b"null" + b"}" * depth + b"}"
    for annotation in (Node, Any, list[Any], int):
        with pytest.raises(ArgumentError) as caught:
            taking(annotation, frame_locals=locals()).bind(raw)
        assert len(str(caught.value)) < 300


def test_huge_numbers_are_refused_cleanly() -> None:
    digits = "9" * 5000
    for annotation in (int, float, Any, str | Unit, bool):
        with pytest.raises(ArgumentError) as caught:
            taking(annotation).bind(b'{"it":' + digits.encode() + b"}")
        assert len(str(caught.value)) < 300
    with pytest.raises(ArgumentError):
        taking(float).bind(b'{"it":' + digits[:400].encode() + b"}")
    with pytest.raises(ArgumentError):
        taking(float | list[str] | Unit).bind(b'{"it":' + digits[:400].encode() + b"}")


def test_patterns_take_linear_time() -> None:
    function = taking(Annotated[str, Meta(pattern=r"^(a+)+$")])
    assert problems(function, {"it": "a" * 40_000 + "!"})
    assert function.unenforced == ()


def test_a_pattern_that_no_linear_engine_takes_is_listed_and_not_enforced() -> None:
    function = taking(Annotated[str, Meta(pattern=r"^(?=a)\w+$")])
    assert function.input_schema["properties"]["it"]["pattern"] == r"^(?=a)\w+$"
    assert function.bind(b'{"it":"b"}').args == ("b",)
    assert function.unenforced == ("it",)


def test_alternatives_of_alternatives_are_bounded() -> None:
    @dataclass
    class One:
        next: "One | Two | None" = None
        a: int = 0

    @dataclass
    class Two:
        next: "One | Two | None" = None
        b: int = 0

    value: Any = {"a": "x"}
    for _ in range(60):
        value = {"next": value, "c": 1}
    with pytest.raises(ArgumentError):
        taking(One | Two, frame_locals=locals()).bind(json.dumps({"it": value}).encode())
