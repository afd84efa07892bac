"""What models are forgiven, exactly; and what they are not."""

import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.server.functions import ArgumentError
from tests.server.functions.compiling import compiled, problems, taking
from tests.support.schema_strategies import JSON


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class Point:
    x: int
    label: str = ""


class Song(TypedDict):
    year: int


class Range(NamedTuple):
    start: int


MENDED = [
    (int, "3", 3, ["$.it"]),
    (int, "-3", -3, ["$.it"]),
    (int, " 3\n", 3, ["$.it"]),
    (int, 3.0, 3, ["$.it"]),
    (int, "3.0", 3, ["$.it"]),
    (int, "1e3", 1000, ["$.it"]),
    (float, "3", 3.0, ["$.it"]),
    (float, "0.5", 0.5, ["$.it"]),
    (bool, "true", True, ["$.it"]),
    (int | None, "3", 3, ["$.it"]),
    (int | bool, "true", True, ["$.it"]),
    (Literal[1, 2], "2", 2, ["$.it"]),
    (Level, "1", Level.LOW, ["$.it"]),
    (Level, 1.0, Level.LOW, ["$.it"]),
    (list[int], "[1, 2]", [1, 2], ["$.it"]),
    (list[int], '["1", 2.0]', [1, 2], ["$.it", "$.it[0]", "$.it[1]"]),
    (list[int], ["1", 2], [1, 2], ["$.it[0]"]),
    (tuple[int, str], ["1", "2"], (1, "2"), ["$.it[0]"]),
    (dict[str, int], {"a": "1"}, {"a": 1}, ["$.it.a"]),
    (dict[str, int], '{"a": 1}', {"a": 1}, ["$.it"]),
    (Point, '{"x": "1"}', Point(1), ["$.it", "$.it.x"]),
    (Point, {"x": "1", "label": "2"}, Point(1, "2"), ["$.it.x"]),
    (Song, '{"year": 1}', {"year": 1}, ["$.it"]),
    (Range, {"start": "1"}, Range(1), ["$.it.start"]),
    (list[Point] | None, [{"x": "1"}], [Point(1)], ["$.it[0].x"]),
    (Point | Song, {"year": "1"}, {"year": 1}, ["$.it.year"]),
    (Point | int, "3", 3, ["$.it"]),
    (list[int] | dict[str, int], '{"a": 1}', {"a": 1}, ["$.it"]),
    (Annotated[int, msgspec.Meta(ge=1)], "3", 3, ["$.it"]),
    (Annotated[list[int], msgspec.Meta(min_length=1)], "[1]", [1], ["$.it"]),
]


@pytest.mark.parametrize(("annotation", "given", "expected", "paths"), MENDED)
def test_mended(annotation: Any, given: Any, expected: Any, paths: list[str]) -> None:
    raw = msgspec.json.encode({"it": given})
    bound = taking(annotation).bind(raw)
    assert bound.args == (expected,)
    assert type(bound.args[0]) is type(expected)
    assert sorted(bound.coerced) == sorted(paths)
    with pytest.raises(ArgumentError):
        taking(annotation, strict=True).bind(raw)


REFUSED = [
    (int, "NaN"),
    (float, "NaN"),
    (float, "Infinity"),
    (float, "-Infinity"),
    (float, "1e999"),
    (int, "three"),
    (int, "3 days"),
    (int, "007"),
    (int, "0x1F"),
    (int, "3.5"),
    (int, 3.5),
    (int, 1e300),
    (int, '"3"'),
    (int, "true"),
    (int, True),
    (int, ""),
    (int, "null"),
    (int, None),
    (int | None, "null"),
    (int | None, "None"),
    (bool, 1),
    (bool, 0),
    (bool, 1.0),
    (bool, "1"),
    (bool, "yes"),
    (bool, "True"),
    (bool, "on"),
    (str, 1),
    (str, True),
    (str, None),
    (str | None, 1),
    (dt.date, 0),
    (dt.datetime, 1700000000),
    (dt.datetime, "1700000000"),
    (dt.timedelta, 5),
    (Colour, 1),
    (Literal["1"], 1),
    (list[int], "1"),
    (list[int], "[1"),
    (list[int], 1),
    (list[str], "a"),
    (Point, "[1]"),
    (Point, "null"),
    (list[int], "[" * 5000),
    (Annotated[int, msgspec.Meta(ge=5)], "3"),
]


@pytest.mark.spec("TOOLS-54")
@pytest.mark.parametrize(("annotation", "given"), REFUSED)
def test_never_mended(annotation: Any, given: Any) -> None:
    assert problems(taking(annotation), {"it": given})


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        (str | int, "3", "3"),
        (str | bool, "true", "true"),
        (dt.date | int, "3", None),
        (Colour | int, "3", None),
        (str | list[int], "[1]", "[1]"),
        (Any, "3", "3"),
        (Decimal, "3", Decimal(3)),
    ],
)
def test_a_string_stays_one_where_a_string_is_allowed(
    annotation: Any, given: Any, expected: Any
) -> None:
    raw = msgspec.json.encode({"it": given})
    if expected is None:
        assert problems(taking(annotation), raw)
    else:
        bound = taking(annotation).bind(raw)
        assert (bound.args, bound.coerced) == ((expected,), ())


def test_what_fits_strictly_is_never_mended() -> None:
    def both(days: int, name: str) -> None: ...

    bound = compiled(both).bind(b'{"days": "3", "name": "7"}')
    assert bound.args == (3, "7")
    assert bound.coerced == ("$.days",)


def test_mended_arguments_keep_their_defaults() -> None:
    def some(days: int, tags: list[str] = ["a"], when: str | dt.date = "now") -> None:  # noqa: B006  # the point
        ...

    bound = compiled(some).bind(b'{"days": "3"}')
    assert bound.args == (3, ["a"], "now")
    assert bound.args[1] is not compiled(some).bind(b'{"days": "3"}').args[1]


@given(st.text(max_size=8) | JSON)
def test_a_boolean_is_only_ever_a_boolean(value: Any) -> None:
    function = taking(bool)
    try:
        bound = function.bind(msgspec.json.encode({"it": value}))
    except ArgumentError:
        assert value is not True
        assert value is not False
    else:
        assert value in (True, False) or value.strip() in ("true", "false")
        assert type(bound.args[0]) is bool


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_json_in_a_string_reads_as_the_json_itself(value: Any) -> None:
    text = msgspec.json.encode(value).decode()
    for annotation in (list[Any], dict[str, Any], int, bool):
        function = taking(annotation, strict=True)
        direct = problems(function, {"it": value})
        mended = problems(taking(annotation), {"it": text})
        integral = annotation is int and type(value) is float and value.is_integer()
        assert bool(direct) == bool(mended) or integral
