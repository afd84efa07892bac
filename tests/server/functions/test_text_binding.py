"""Texts by name: prompt arguments and the variables of URI templates."""

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from interlock.server.functions import ArgumentError
from tests.server.functions.compiling import compiled, taking


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "3", "3"),
        (str, "", ""),
        (Any, "3", "3"),
        (int, "3", 3),
        (int, "3.0", 3),
        (float, "3", 3.0),
        (bool, "true", True),
        (int | None, "3", 3),
        (int | None, "null", None),
        (str | None, "null", "null"),
        (str | int, "3", "3"),
        (dt.date, "2030-01-31", dt.date(2030, 1, 31)),
        (dt.date | int, "3", 3),
        (Colour, "red", Colour.RED),
        (Level, "1", Level.LOW),
        (Literal["a", 1], "1", 1),
        (Literal["a", 1], "a", "a"),
        (list[int], "[1, 2]", [1, 2]),
        (list[int], ["1", "2"], [1, 2]),
        (list[str], ["1", "2"], ["1", "2"]),
        (list[str] | None, ["a"], ["a"]),
        (tuple[str, ...], ["a"], ("a",)),
        (list[Any], ["1"], ["1"]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Point, '{"x": 1}', Point(1)),
    ],
)
def test_bound(annotation: Any, text: Any, value: Any) -> None:
    bound = taking(annotation).bind_text({"it": text})
    assert bound.args == (value,)
    assert type(bound.args[0]) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text", "line"),
    [
        (int, "three", '$.it: got the string "three", expected an integer'),
        (int, "NaN", '$.it: got the string "NaN", expected an integer'),
        (int, '"3"', '$.it: got the string "\\"3\\"", expected an integer'),
        (bool, "yes", '$.it: got the string "yes", expected a boolean'),
        (bool, "1", "$.it: got 1, expected a boolean"),
        (str, ["a"], "$.it: got an array, expected a string"),
        (list[int], ["a"], '$.it[0]: got the string "a", expected an integer'),
        (
            Colour,
            "reed",
            '$.it: got the string "reed", expected "red"; did you mean "red"?',
        ),
        (list[int], "[" * 9999, None),
    ],
)
def test_refused(annotation: Any, text: Any, line: str | None) -> None:
    with pytest.raises(ArgumentError) as caught:
        taking(annotation).bind_text({"it": text})
    if line is not None:
        assert str(caught.value) == line
    assert len(str(caught.value)) < 300


def test_missing_unknown_and_defaults() -> None:
    def fn(city: str, days: int = 3, *, when: str | dt.date = "now") -> None: ...

    function = compiled(fn)
    bound = function.bind_text({"city": "Oslo"})
    assert (bound.args, bound.kwargs) == (("Oslo", 3), {"when": "now"})
    with pytest.raises(ArgumentError) as caught:
        function.bind_text({"citty": "Oslo"})
    assert str(caught.value).splitlines() == [
        "$.city: missing, expected a string",
        '$.citty: unknown argument; did you mean "city"?',
    ]
    ignoring = compiled(fn, extra="ignore")
    assert ignoring.bind_text({"city": "Oslo", "x": "y"}).args == ("Oslo", 3)


def test_strict_functions_read_numbers_as_they_are_written() -> None:
    assert taking(int, strict=True).bind_text({"it": "3"}).args == (3,)
    with pytest.raises(ArgumentError):
        taking(int, strict=True).bind_text({"it": "3.0"})
