"""Each type: its schema, what it takes, and what it refuses."""

import datetime as dt
import enum
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    LiteralString,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import annotated_types
import msgspec
import pytest
import typing_extensions as te
from msgspec import UNSET, Meta, Struct, UnsetType

from interlock.server.functions import ArgumentError, SignatureError
from interlock.server.functions.binder import native_type
from tests.server.functions.compiling import problems, read, schema_for, taking, validator

T = TypeVar("T")
N = TypeVar("N", bound=int)
C = TypeVar("C", int, str)


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"
    HALF = 0.5


class Forgiving(enum.Enum):
    YES = "yes"

    @classmethod
    def _missing_(cls, value: object) -> "Forgiving | None":
        return cls.YES if value == "YES" else None


@dataclass
class Point:
    """A place on the plane.

    Attributes:
        x: how far right
    """

    x: int
    y: int = 0


@dataclass(frozen=True)
class Pair:
    left: int
    right: int


@dataclass
class Tree:
    value: int
    children: "list[Tree]" = field(default_factory=list)


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("must be positive")


@dataclass
class WithInit:
    given: int
    scale: InitVar[int] = 2
    made: int = field(init=False, default=0)

    def __post_init__(self, scale: int) -> None:
        self.made = self.given * scale


@dataclass
class Box(Generic[T]):
    content: T
    next: "Box[T] | None" = None


class IntBox(Box[int]):
    pass


class Song(TypedDict):
    title: str
    year: NotRequired[int]


class Loose(TypedDict, total=False):
    id: Required[int]
    note: te.ReadOnly[str]


class Range(NamedTuple):
    start: int
    stop: int = 10


class Order(Struct):
    item_id: int = msgspec.field(name="itemId")
    tags: list[str] = []
    note: str | UnsetType = UNSET


class Closed(Struct, forbid_unknown_fields=True):
    a: int


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    bark: str


@dataclass
class Nested:
    range: Range
    when: "dt.date | str"
    path: Path | None = None


UserId = NewType("UserId", int)
Json = te.TypeAliasType("Json", "int | str | list[Json] | dict[str, Json]")
Names = te.TypeAliasType("Names", list[str])
ListOf = te.TypeAliasType("ListOf", list[T], type_params=(T,))

Loop: Any = te.TypeAliasType("Loop", "Loop | int")  # pyright: ignore[reportGeneralTypeIssues]  # the point

WHEN = "2030-01-31T12:00:00Z"
UTC = dt.UTC
UID = "12345678-1234-5678-1234-567812345678"

CASES: list[tuple[Any, dict[str, Any], list[tuple[Any, Any]], list[Any]]] = [
    # type, schema, [(JSON value, Python value)], [refused JSON values]
    (Any, {}, [(1, 1), (None, None), ({"a": [1.5]}, {"a": [1.5]})], []),
    (object, {}, [("x", "x")], []),
    (None, {"type": "null"}, [(None, None)], [0, "null", False]),
    (bool, {"type": "boolean"}, [(True, True)], [0, 1, "yes", None, "True", "1"]),
    (int, {"type": "integer"}, [(3, 3), (-(2**70), -(2**70))], [3.5, "x", None, True, [1]]),
    (float, {"type": "number"}, [(3, 3.0), (0.5, 0.5)], ["NaN", "x", None, True]),
    (str, {"type": "string"}, [("", ""), ("é", "é")], [1, None, True, ["a"]]),
    (LiteralString, {"type": "string"}, [("a", "a")], [1]),
    (
        bytes,
        {"type": "string", "contentEncoding": "base64"},
        [("aGk=", b"hi"), ("", b"")],
        ["aGk", "?", 1],
    ),
    (
        bytearray,
        {"type": "string", "contentEncoding": "base64"},
        [("aGk=", bytearray(b"hi"))],
        ["aGk"],
    ),
    (
        dt.datetime,
        {"type": "string", "format": "date-time"},
        [(WHEN, dt.datetime(2030, 1, 31, 12, tzinfo=UTC))],
        [0, "0", "2030-01-31", None],
    ),
    (
        dt.date,
        {"type": "string", "format": "date"},
        [("2030-01-31", dt.date(2030, 1, 31))],
        [0, "0", "31.1.2030", "2030-02-31"],
    ),
    (dt.time, {"type": "string", "format": "time"}, [("12:30:00", dt.time(12, 30))], ["12h", 12]),
    (
        dt.timedelta,
        {"type": "string", "format": "duration"},
        [("P1DT2H", dt.timedelta(days=1, hours=2))],
        ["1 day", 5, "5"],
    ),
    (UUID, {"type": "string", "format": "uuid"}, [(UID, UUID(UID))], ["x", 1]),
    (
        Annotated[dt.datetime, Meta(tz=True)],
        {"type": "string", "format": "date-time"},
        [(WHEN, dt.datetime(2030, 1, 31, 12, tzinfo=UTC))],
        ["2030-01-31T12:00:00"],
    ),
    (
        Path,
        {"type": "string", "format": "path"},
        [("/tmp/x", Path("/tmp/x"))],
        [1, "a\0b", None],
    ),
    (PurePosixPath, {"type": "string", "format": "path"}, [("a", PurePosixPath("a"))], [1]),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, [("a", "a")], ["c", 1, None]),
    (Literal["a"], {"type": "string", "const": "a"}, [("a", "a")], ["A"]),
    (Literal[1, 2], {"type": "integer", "enum": [1, 2]}, [(2, 2)], [3, True, 1.5]),
    (Literal["a", 1, None], {"enum": ["a", 1, None]}, [(None, None), (1, 1)], [2, "b", True]),
    (Literal[True], {"type": "boolean", "const": True}, [(True, True)], [False, 1]),
    (Literal[Colour.RED], {"type": "string", "const": "red"}, [("red", Colour.RED)], ["green"]),
    (Literal[b"hi"], {"type": "string", "const": "aGk="}, [("aGk=", b"hi")], ["hi"]),
    (
        Colour,
        {"type": "string", "enum": ["red", "green"]},
        [("red", Colour.RED)],
        ["RED", "blue", 1],
    ),
    (Level, {"type": "integer", "enum": [1, 2]}, [(2, Level.HIGH)], [3, "LOW", True]),
    (
        Mixed,
        {"enum": [1, "two", 0.5]},
        [(1, Mixed.ONE), ("two", Mixed.TWO), (0.5, Mixed.HALF)],
        [2, "one", True],
    ),
    (
        Forgiving,
        {"type": "string", "enum": ["yes"]},
        [("yes", Forgiving.YES), ("YES", Forgiving.YES)],
        ["no"],
    ),
    (list, {"type": "array"}, [([1, "a"], [1, "a"])], ["x", {}, None]),
    (list[int], {"type": "array", "items": {"type": "integer"}}, [([1], [1])], [["x"], [None]]),
    (Sequence[int], {"type": "array", "items": {"type": "integer"}}, [([1], [1])], ["a", ["x"]]),
    (Iterable[int], {"type": "array", "items": {"type": "integer"}}, [([1], [1])], ["a", ["x"]]),
    (deque[int], {"type": "array", "items": {"type": "integer"}}, [([1], deque([1]))], [["x"]]),
    (set[int], {"type": "array", "items": {"type": "integer"}}, [([1, 1], {1})], [["x"], {}]),
    (AbstractSet[str], {"type": "array", "items": {"type": "string"}}, [(["a"], {"a"})], [[1]]),
    (
        frozenset[tuple[int, str]],
        {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        },
        [([[1, "a"]], frozenset({(1, "a")}))],
        [[[1]]],
    ),
    (
        set[Pair],
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"left": {"type": "integer"}, "right": {"type": "integer"}},
                "required": ["left", "right"],
            },
        },
        [([{"left": 1, "right": 2}], {Pair(1, 2)})],
        [[{}]],
    ),
    (set[Any], {"type": "array"}, [([1, "a"], {1, "a"})], [[[1]], [{}]]),
    (
        tuple[int, str],
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
        [([1, "a"], (1, "a"))],
        [[1], [1, "a", 2], ["a", 1]],
    ),
    (tuple[()], {"type": "array", "minItems": 0, "maxItems": 0}, [([], ())], [[1]]),
    (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}, [([1, 2], (1, 2))], [["a"]]),
    (tuple, {"type": "array"}, [([1, "a"], (1, "a"))], [1]),
    (dict, {"type": "object"}, [({"a": 1}, {"a": 1})], [[], "x"]),
    (
        dict[str, int],
        {"type": "object", "additionalProperties": {"type": "integer"}},
        [({"a": 1}, {"a": 1})],
        [{"a": "x"}],
    ),
    (
        Mapping[str, int],
        {"type": "object", "additionalProperties": {"type": "integer"}},
        [({"a": 1}, {"a": 1})],
        [{"a": None}],
    ),
    (
        dict[int, str],
        {
            "type": "object",
            "propertyNames": {"pattern": "^-?(0|[1-9][0-9]{0,299})$"},
            "additionalProperties": {"type": "string"},
        },
        [({"-7": "a"}, {-7: "a"})],
        [{"01": "a"}, {"1.5": "a"}, {"a": "a"}],
    ),
    (
        dict[Colour, int],
        {
            "type": "object",
            "propertyNames": {"enum": ["red", "green"]},
            "additionalProperties": {"type": "integer"},
        },
        [({"red": 1}, {Colour.RED: 1})],
        [{"blue": 1}],
    ),
    (
        dict[Level, int],
        {
            "type": "object",
            "propertyNames": {"enum": ["1", "2"]},
            "additionalProperties": {"type": "integer"},
        },
        [({"1": 1}, {Level.LOW: 1})],
        [{"3": 1}, {"x": 1}],
    ),
    (
        dict[dt.date, int],
        {
            "type": "object",
            "propertyNames": {"type": "string", "format": "date"},
            "additionalProperties": {"type": "integer"},
        },
        [({"2030-01-31": 1}, {dt.date(2030, 1, 31): 1})],
        [{"x": 1}],
    ),
    (
        dict[str | int, int],
        {"type": "object", "additionalProperties": {"type": "integer"}},
        [({"1": 1}, {"1": 1})],
        [{"a": "x"}],
    ),
    (
        Point,
        {
            "type": "object",
            "description": "A place on the plane.",
            "properties": {
                "x": {"type": "integer", "description": "how far right"},
                "y": {"type": "integer", "default": 0},
            },
            "required": ["x"],
        },
        [({"x": 1}, Point(1)), ({"x": 1, "y": 2, "z": 3}, Point(1, 2))],
        [{}, {"x": "a"}, [1], {"x": None}],
    ),
    (
        Positive,
        {"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"]},
        [({"value": 1}, Positive(1))],
        [{"value": -1}],
    ),
    (
        Song,
        {
            "type": "object",
            "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
            "required": ["title"],
        },
        [({"title": "a"}, {"title": "a"})],
        [{}, {"title": "a", "year": "x"}],
    ),
    (
        Loose,
        {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["id"],
        },
        [({"id": 1}, {"id": 1})],
        [{}, {"id": 1, "note": 1}],
    ),
    (
        Range,
        {
            "type": "object",
            "properties": {
                "start": {"type": "integer"},
                "stop": {"type": "integer", "default": 10},
            },
            "required": ["start"],
        },
        [({"start": 1}, Range(1, 10))],
        [[1, 2], {}, {"start": "a"}],
    ),
    (
        Order,
        {
            "type": "object",
            "properties": {
                "itemId": {"type": "integer"},
                "tags": {"type": "array", "items": {"type": "string"}, "default": []},
                "note": {"type": "string"},
            },
            "required": ["itemId"],
        },
        [({"itemId": 1}, Order(1)), ({"itemId": 1, "note": "n"}, Order(1, [], "n"))],
        [{"item_id": 1}, {"itemId": 1, "note": None}],
    ),
    (
        Closed,
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
            "additionalProperties": False,
        },
        [({"a": 1}, Closed(1))],
        [{"a": 1, "b": 2}],
    ),
    (
        Cat | Dog,
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"type": {"const": "cat"}, "lives": {"type": "integer"}},
                    "required": ["lives"],
                },
                {
                    "type": "object",
                    "properties": {"type": {"const": "dog"}, "bark": {"type": "string"}},
                    "required": ["bark"],
                },
            ],
            "required": ["type"],
        },
        [({"type": "cat", "lives": 9}, Cat(9)), ({"type": "dog", "bark": "w"}, Dog("w"))],
        [{"lives": 9}, {"type": "cow"}, {"type": "dog", "lives": 9}],
    ),
    (
        Box[int],
        {"$ref": "#/$defs/Box_int"},
        [({"content": 1, "next": {"content": 2}}, Box(1, Box(2)))],
        [{"content": "a"}, {"content": 1, "next": {"content": "a"}}],
    ),
    (
        IntBox,
        {
            "type": "object",
            "properties": {
                "content": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/Box"}, {"type": "null"}], "default": None},
            },
            "required": ["content"],
        },
        [({"content": 1}, IntBox(1))],
        [{"content": "a"}],
    ),
    (
        Tree,
        {"$ref": "#/$defs/Tree"},
        [({"value": 1, "children": [{"value": 2}]}, Tree(1, [Tree(2)]))],
        [{"value": 1, "children": [{}]}],
    ),
    (UserId, {"type": "integer"}, [(1, 1)], ["x"]),
    (Names, {"type": "array", "items": {"type": "string"}}, [(["a"], ["a"])], [[1]]),
    (ListOf[int], {"type": "array", "items": {"type": "integer"}}, [([1], [1])], [["a"]]),
    (
        Json,
        {"$ref": "#/$defs/Json"},
        [([1, {"a": ["b"]}], [1, {"a": ["b"]}])],
        [None, [None], 1.5],
    ),
    (T, {}, [(1, 1)], []),
    (N, {"type": "integer"}, [(1, 1)], ["a"]),
    (C, {"anyOf": [{"type": "integer"}, {"type": "string"}]}, [(1, 1), ("a", "a")], [None]),
    (Annotated[int, "how many"], {"type": "integer", "description": "how many"}, [(1, 1)], []),
    (Annotated[int, te.Doc("doc")], {"type": "integer", "description": "doc"}, [(1, 1)], []),
    (
        Annotated[int, Meta(ge=1, lt=5, description="d", examples=[1], title="t")],
        {
            "type": "integer",
            "minimum": 1,
            "exclusiveMaximum": 5,
            "title": "t",
            "description": "d",
            "examples": [1],
        },
        [(1, 1)],
        [0, 5],
    ),
    (
        Annotated[float, Meta(gt=0, le=1)],
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        [(1, 1.0)],
        [0, 1.5],
    ),
    (
        Annotated[float, Meta(multiple_of=0.1)],
        {"type": "number", "multipleOf": 0.1},
        [(0.3, 0.3), (1, 1.0), (0, 0.0)],
        [0.35],
    ),
    (
        Annotated[int, Meta(multiple_of=3)],
        {"type": "integer", "multipleOf": 3},
        [(9, 9)],
        [10, 3 * 10**30 + 1],
    ),
    (
        Annotated[str, Meta(min_length=2, max_length=3)],
        {"type": "string", "minLength": 2, "maxLength": 3},
        [("ab", "ab")],
        ["a", "abcd"],
    ),
    (
        Annotated[bytes, Meta(min_length=1, max_length=2)],
        {"type": "string", "contentEncoding": "base64", "minLength": 4, "maxLength": 4},
        [("aGk=", b"hi")],
        ["", "YWJj"],
    ),
    (
        Annotated[list[int], Meta(min_length=1, max_length=2)],
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
        [([1], [1])],
        [[], [1, 2, 3]],
    ),
    (
        Annotated[set[int], Meta(min_length=2)],
        {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 2},
        [([1, 2], {1, 2})],
        [[1], [1, 1]],
    ),
    (
        Annotated[dict[str, int], Meta(max_length=1)],
        {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1},
        [({"a": 1}, {"a": 1})],
        [{"a": 1, "b": 2}],
    ),
    (
        Annotated[str, Meta(pattern="^a+$")],
        {"type": "string", "pattern": "^a+$"},
        [("aaa", "aaa")],
        ["b", "", 1],
    ),
    (
        list[Annotated[str, Meta(pattern="^a+$")]],
        {"type": "array", "items": {"type": "string", "pattern": "^a+$"}},
        [(["a"], ["a"])],
        [["b"]],
    ),
    (
        dict[Annotated[str, Meta(pattern="^a+$")], int],
        {
            "type": "object",
            "propertyNames": {"pattern": "^a+$"},
            "additionalProperties": {"type": "integer"},
        },
        [({"a": 1}, {"a": 1})],
        [{"b": 1}],
    ),
    (
        Annotated[dict[str, int], Meta(extra_json_schema={"minProperties": 1, "x-note": "n"})],
        {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "minProperties": 1,
            "x-note": "n",
        },
        [({"a": 1}, {"a": 1})],
        [{}],
    ),
    (
        int | None,
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        [(1, 1), (None, None)],
        ["null", "x"],
    ),
    (
        Annotated[int | None, Meta(description="d")],
        {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"},
        [(1, 1), (None, None)],
        [],
    ),
    (
        Optional[Annotated[int, Meta(ge=1, description="d")]],  # noqa: UP045  # as older code has it
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "description": "d"},
        [(1, 1), (None, None)],
        [0],
    ),
    (
        str | dt.datetime,
        {"anyOf": [{"type": "string"}, {"type": "string", "format": "date-time"}]},
        [("x", "x"), (WHEN, WHEN)],
        [1],
    ),
    (
        dt.datetime | str,
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string"}]},
        [("x", "x"), (WHEN, dt.datetime(2030, 1, 31, 12, tzinfo=UTC))],
        [1],
    ),
    (
        UUID | str,
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string"}]},
        [(UID, UUID(UID)), ("x", "x")],
        [1],
    ),
    (
        Colour | str,
        {"anyOf": [{"type": "string", "enum": ["red", "green"]}, {"type": "string"}]},
        [("red", Colour.RED), ("x", "x")],
        [1],
    ),
    (
        Colour | Level,
        {
            "anyOf": [
                {"type": "string", "enum": ["red", "green"]},
                {"type": "integer", "enum": [1, 2]},
            ]
        },
        [("red", Colour.RED), (1, Level.LOW)],
        ["x", 3],
    ),
    (
        Literal[1] | float,
        {"anyOf": [{"type": "integer", "const": 1}, {"type": "number"}]},
        [(1, 1), (2, 2.0), (2.5, 2.5)],
        ["x"],
    ),
    (
        float | int,
        {"anyOf": [{"type": "number"}, {"type": "integer"}]},
        [(1, 1), (1.5, 1.5)],
        ["x"],
    ),
    (
        dict[str, int] | Point,
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "integer"}},
                {
                    "type": "object",
                    "description": "A place on the plane.",
                    "properties": {
                        "x": {"type": "integer", "description": "how far right"},
                        "y": {"type": "integer", "default": 0},
                    },
                    "required": ["x"],
                },
            ]
        },
        [({"x": 1}, {"x": 1}), ({"x": 1, "note": "n"}, Point(1))],
        [{"x": "a"}, []],
    ),
    (
        list[int] | tuple[str, str],
        {
            "anyOf": [
                {"type": "array", "items": {"type": "integer"}},
                {
                    "type": "array",
                    "prefixItems": [{"type": "string"}, {"type": "string"}],
                    "minItems": 2,
                    "maxItems": 2,
                },
            ]
        },
        [([1], [1]), (["a", "b"], ("a", "b"))],
        [["a"]],
    ),
    (
        Pair | Song,
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"left": {"type": "integer"}, "right": {"type": "integer"}},
                    "required": ["left", "right"],
                },
                {
                    "type": "object",
                    "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
                    "required": ["title"],
                },
            ]
        },
        [({"left": 1, "right": 2}, Pair(1, 2)), ({"title": "t"}, {"title": "t"})],
        [{}, {"left": 1}],
    ),
]


def _id(case: Any) -> str:
    return str(case[0]).replace("tests.server.functions.test_types.", "").replace("typing.", "")


@pytest.mark.spec("TOOLS-18")
@pytest.mark.parametrize("case", CASES, ids=_id)
def test_schema(case: Any) -> None:
    annotation, schema, _, _ = case
    assert schema_for(annotation) == schema
    validator(taking(annotation).input_schema)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("case", CASES, ids=_id)
def test_accepted(case: Any, strict: bool) -> None:
    annotation, _, accepted, _ = case
    function = taking(annotation, strict=strict)
    valid = validator(function.input_schema).is_valid
    for value, expected in accepted:
        result = read(function, value)
        assert result == expected
        assert type(result) is type(expected)
        if annotation is not Forgiving:
            assert valid({"it": value})


@pytest.mark.spec("TOOLS-54")
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("case", CASES, ids=_id)
def test_refused(case: Any, strict: bool) -> None:
    annotation, _, _, refused = case
    function = taking(annotation, strict=strict)
    for value in refused:
        found = problems(function, {"it": value})
        assert found, value
        assert all(problem.path.startswith("$.it") for problem in found)


def test_defaults_of_nested_types_are_made_anew() -> None:
    function = taking(Tree)
    one, other = read(function, {"value": 1}), read(function, {"value": 1})
    assert one.children is not other.children


def test_init_only_fields_reach_the_constructor() -> None:
    function = taking(WithInit)
    assert read(function, {"given": 3}).made == 6
    assert read(function, {"given": 3, "scale": 5}).made == 15
    assert "made" not in schema_for(WithInit)["properties"]


def test_decimals_are_exact_and_finite() -> None:
    function = taking(Decimal)
    assert read(function, "1.10") == Decimal("1.10")
    assert str(read(function, "1.10")) == "1.10"
    assert read(function, 3) == Decimal(3)
    assert read(function, 0.1) == Decimal("0.1")
    for refused in ("NaN", "Infinity", "-sNaN", "1_0", " 1", "1e9999", "٣", "0" * 2000, True, None):
        assert problems(function, {"it": refused}), refused
    bounded = taking(Annotated[Decimal, Meta(description="d")])
    assert read(bounded, "2") == Decimal(2)


def test_nested_types_that_msgspec_reads_otherwise() -> None:
    function = taking(Nested)
    given = {"range": {"start": 1}, "when": "2030-01-31", "path": "/x"}
    assert read(function, given) == Nested(Range(1), dt.date(2030, 1, 31), Path("/x"))


def test_of_two_types_the_one_that_leaves_nothing_over_wins() -> None:
    @dataclass
    class Short:
        a: int

    @dataclass
    class Long:
        a: int
        b: int = 0

    function = taking(list[Short | Long])
    assert read(function, [{"a": 1}, {"a": 1, "b": 2}]) == [Short(1), Long(1, 2)]
    assert read(function, [{"a": 1, "c": 3}]) == [Short(1)]


@pytest.mark.parametrize(
    "annotation",
    [
        tuple[int, int] | Annotated[str, Meta(min_length=1)],
        Annotated[tuple[int, int], "said"] | dict[str, int] | Annotated[float, Meta(gt=0.5)],
        list[tuple[int, int] | Annotated[dict[str, int], Meta(min_length=1)]],
        Annotated[str, Meta(pattern="a")] | list[int],
        msgspec.defstruct("Both", [("it", tuple[int, int] | Annotated[int, Meta(ge=1)])]),
    ],
)
def test_unions_on_which_msgspec_corrupts_its_memory_are_kept_from_it(annotation: Any) -> None:
    node = taking(annotation)._binder.root.fields[0].node
    assert native_type(node) is None


def test_types_used_twice_are_defined_once() -> None:
    def move(start: Point, stop: Point) -> None: ...

    from tests.server.functions.compiling import compiled

    schema = compiled(move).input_schema
    assert schema["properties"] == {
        "start": {"$ref": "#/$defs/Point"},
        "stop": {"$ref": "#/$defs/Point"},
    }
    assert list(schema["$defs"]) == ["Point"]


def test_types_of_one_name_are_kept_apart() -> None:
    def point() -> Any:
        @dataclass
        class Point:
            z: int

        return Point

    other = point()
    schema = taking(tuple[Point, Point, other, other]).input_schema
    assert set(schema["$defs"]) == {"Point", "Point_2"}


UNSUPPORTED: list[tuple[Any, str]] = [
    (complex, "the type complex is not supported; use a dataclass with the two parts"),
    (range, "use two integers"),
    (type(lambda: 0), "use a dataclass, TypedDict, NamedTuple, msgspec.Struct or pydantic model"),
    (list[type[int]], "the type type[int] is not supported"),
    (set[Point], "Point cannot be an element of a set (it cannot be hashed); use list"),
    (set[list[int]], "list[int] cannot be an element of a set"),
    (dict[float, int], "float cannot be a key: the keys of a JSON object are text"),
    (dict[Point, int], "cannot be a key"),
    (enum.Flag("Bits", "A B"), "Bits is a Flag; use a list"),
    (enum.Enum("Odd", {"A": (1, 2)}), "a value of type tuple; its values must be text or numbers"),
    (enum.Enum("Empty", {}), "has no members"),
    (Annotated[str, Meta(ge=1)], "the metadata bounds a number, which a string does not have"),
    (Annotated[int, annotated_types.MultipleOf(0)], "multiple_of must be greater than 0"),
    (Annotated[float, annotated_types.Le(float("inf"))], "inf is no bound"),
    (Annotated[int, annotated_types.Ge(dt.date(2030, 1, 1))], "is no bound"),
    (Annotated[int, Meta(min_length=1)], "bounds a length, which an integer does not have"),
    (Annotated[int, Meta(extra_json_schema={"x": object()})], "no JSON"),
    (Annotated[int, Meta(extra_json_schema={"required": 1})], "not valid: "),
    (Annotated[int, Meta(extra_json_schema={"$ref": "file:///etc/passwd"})], "not valid: "),
    (msgspec.defstruct("Row", ["a"], array_like=True), "Row is an array_like Struct"),
    (Loop, "stands for nothing but itself"),
    (UnsetType, "the type UnsetType is not supported"),
    (3, "the type 3 is not supported"),
]


@pytest.mark.parametrize(("annotation", "text"), UNSUPPORTED, ids=lambda part: str(part)[:40])
def test_unsupported(annotation: Any, text: str) -> None:
    with pytest.raises(SignatureError) as caught:
        taking(annotation)
    assert str(caught.value).startswith("take(): parameter 'it': ")
    assert text in str(caught.value)


def test_a_type_variable_with_two_meanings_is_refused() -> None:
    class Outer(Box[list[T]], Generic[T]):
        pass

    with pytest.raises(SignatureError, match="stands for two types"):
        taking(Outer[int])


@pytest.mark.parametrize(
    "annotation", [int, str | dt.date, Tree, dict[str, Any], Annotated[str, Meta(pattern="a")]]
)
@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"null", b'"x"', b"1", b"\xff", b"{}x"])
def test_arguments_that_are_no_object(annotation: Any, raw: bytes) -> None:
    with pytest.raises(ArgumentError) as caught:
        taking(annotation).bind(raw)
    assert caught.value.problems[0].path == "$"
