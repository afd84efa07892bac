"""Return values: the schema they promise, the JSON they become, and what is not sent."""

import datetime as dt
import enum
import json
from collections import OrderedDict, deque, namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, NoReturn, TypedDict
from uuid import UUID

import msgspec
import pytest
import typing_extensions as te
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from interlock.protocol.json import Preserialized
from interlock.server.functions import OutputError, SignatureError
from interlock.server.functions.plain import PlainError, is_plain, to_plain
from tests.server.functions.compiling import (
    Image,
    compiled,
    giving,
    output_schema,
    validator,
)
from tests.support.schema_strategies import JSON


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Item:
    name: str
    price: float | None = None


@dataclass
class Basket:
    items: list[Item]
    note: str = ""


@dataclass
class Computed:
    given: int
    made: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.made = self.given * 2
        if self.given < 0:
            raise ValueError("negative")


class Range(NamedTuple):
    start: int
    stop: int


class Song(TypedDict, total=False):
    title: te.Required[str]
    length: float


class Order(Struct, tag="order", omit_defaults=True):
    item_id: int = msgspec.field(name="itemId")
    tags: list[str] = []
    note: str | UnsetType = UNSET


class Strict(Struct, forbid_unknown_fields=True):
    a: int


@dataclass
class Everything:
    when: dt.datetime
    day: dt.date
    took: dt.timedelta
    id: UUID
    raw: bytes
    amount: Decimal
    path: PurePosixPath
    colour: Colour
    span: Range
    names: set[str]
    by_day: dict[dt.date, int]


Pair: Any = namedtuple("Pair", "a b")  # pyright: ignore[reportUntypedNamedTuple]  # the old form is the point
Text = te.TypeAliasType("Text", str)
WHEN = dt.datetime(2030, 1, 31, 12, tzinfo=dt.UTC)
UID = UUID("12345678-1234-5678-1234-567812345678")

ENCODED: list[tuple[Any, Any, Any]] = [
    (int, 3, 3),
    (float, 3, 3),
    (float, 0.5, 0.5),
    (bool, True, True),
    (int | None, None, None),
    (str | int, "x", "x"),
    (Literal["a", "b"], "b", "b"),
    (Colour, Colour.RED, "red"),
    (list[int], [1, 2], [1, 2]),
    (list[int], (1, 2), [1, 2]),
    (Sequence[str], deque(["a"]), ["a"]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (set[int], {3, 1, 2}, [1, 2, 3]),
    (frozenset[str], frozenset({"b", "a"}), ["a", "b"]),
    (set[Any], {"b", 1}, [1, "b"]),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (dict[str, int], MappingProxyType({"a": 1}), {"a": 1}),
    (dict[int, str], {1: "a"}, {"1": "a"}),
    (dict[Colour, int], {Colour.RED: 1}, {"red": 1}),
    (dict[str, Any], {"a": [1, None, 0.5]}, {"a": [1, None, 0.5]}),
    (dict[str, Any], OrderedDict(a=Item("x")), {"a": {"name": "x", "price": None}}),
    (dict[str, Any], {"a": Range(1, 2)}, {"a": {"start": 1, "stop": 2}}),
    (dict, {"a": {3, 1}}, {"a": [1, 3]}),
    (list, [Pair(1, 2)], [{"a": 1, "b": 2}]),
    (list[Any], [Decimal("1.10"), UID, WHEN], ["1.10", str(UID), "2030-01-31T12:00:00Z"]),
    (Item, Item("x"), {"name": "x", "price": None}),
    (Item, Item("x", 1), {"name": "x", "price": 1}),
    (Item, {"name": "x"}, {"name": "x"}),
    (Item | None, None, None),
    (Basket, Basket([Item("x", 0.5)]), {"items": [{"name": "x", "price": 0.5}], "note": ""}),
    (Computed, Computed(2), {"given": 2, "made": 4}),
    (Range, Range(1, 2), {"start": 1, "stop": 2}),
    (list[Range], [Range(1, 2)], [{"start": 1, "stop": 2}]),
    (Song, {"title": "x", "more": 1}, {"title": "x", "more": 1}),
    (Order, Order(1), {"type": "order", "itemId": 1}),
    (Order, Order(1, ["t"], "n"), {"type": "order", "itemId": 1, "tags": ["t"], "note": "n"}),
    (Order | Strict, Strict(1), {"a": 1}),
    (Strict, Strict(1), {"a": 1}),
    (Item | Range, Range(1, 2), {"start": 1, "stop": 2}),
    (list[Annotated[str, Meta(pattern="^a+$")]], ["aa"], ["aa"]),
    (dict[str, Any], {"a": Preserialized(b'{"x": 1}')}, {"a": {"x": 1}}),
    (Annotated[int, Meta(ge=1)], 1, 1),
]


@pytest.mark.spec("TOOLS-47")
@pytest.mark.parametrize(("annotation", "value", "expected"), ENCODED)
def test_encoded(annotation: Any, value: Any, expected: Any) -> None:
    output = giving(annotation).output
    assert output is not None
    for _ in range(2):  # the first use makes the encoder
        text = output.encode(value)
        assert json.loads(text) == expected
        assert validator(output.schema).is_valid(json.loads(text))


def test_everything() -> None:
    value = Everything(
        when=WHEN,
        day=dt.date(2030, 1, 31),
        took=dt.timedelta(hours=1),
        id=UID,
        raw=b"hi",
        amount=Decimal("1.10"),
        path=PurePosixPath("/x"),
        colour=Colour.BLUE,
        span=Range(1, 2),
        names={"b", "a"},
        by_day={dt.date(2030, 1, 31): 1},
    )
    output = giving(Everything).output
    assert output is not None
    assert json.loads(output.encode(value)) == {
        "when": "2030-01-31T12:00:00Z",
        "day": "2030-01-31",
        "took": "PT3600S",
        "id": str(UID),
        "raw": "aGk=",
        "amount": "1.10",
        "path": "/x",
        "colour": "blue",
        "span": {"start": 1, "stop": 2},
        "names": ["a", "b"],
        "by_day": {"2030-01-31": 1},
    }
    validator(output.schema).validate(json.loads(output.encode(value)))


WRONG = Item("x")
WRONG.__dict__["name"] = 3
NAN, INFINITY = float("nan"), float("inf")
LOOP: list[Any] = []
LOOP.append(LOOP)

REFUSED: list[tuple[Any, Any, str]] = [
    (int, "x", '$: got the string "x", expected an integer'),
    (int, True, "$: got true, expected an integer"),
    (int, None, "$: got null, expected an integer"),
    (float, NAN, "$: nan is no JSON number"),
    (float | None, NAN, "$: nan is no JSON number"),
    (list[float], [0.5, INFINITY], "$[1]: inf is no JSON number"),
    (Decimal, Decimal("NaN"), "$: NaN is no JSON number"),
    (dict[str, Any], {"a": [NAN]}, "$.a[0]: nan is no JSON number"),
    (dict, {"a": NAN}, "$.a: nan is no JSON number"),
    (Item, Item("x", NAN), "$.price: nan is no JSON number"),
    (Song, {"title": "x", "more": NAN}, "$.more: nan is no JSON number"),
    (Basket, Basket([Item("x"), WRONG]), "$.items[1].name: got 3, expected a string"),
    (Item, {"nme": "x"}, "$.name: missing, expected a string"),
    (Item, 3, "$: got 3, expected an object with name"),
    (Strict, {"a": 1, "b": 2}, "$.b: unknown field, expected only a"),
    (dict[str, int], {"a": "x"}, '$.a: got the string "x", expected an integer'),
    (dict[str, Any], [1], "$: got an array, expected an object"),
    (dict[str, Any], {(1, 2): 3}, "$: a key of type tuple: keys of a JSON object are text"),
    (dict[str, Any], {None: 3}, "$: a key of type NoneType: keys of a JSON object are text"),
    (dict[str, Any], {1: "a", "1": "b"}, '$["1"]: two keys of the mapping have this text'),
    (list[Any], [object()], "$[0]: a value of type object has no JSON form"),
    (list[Any], (n for n in [1]), "$: a value of type generator has no JSON form; return list"),
    (list[Any], [lambda: 1], "$[0]: a value of type function has no JSON form"),
    (list[Any], ["\ud800"], "$[0]: the text holds half a character (U+D800)"),
    (list[str], ["\ud800"], "$[0]: the text holds half a character (U+D800)"),
    (dict[str, Any], {"\ud800": 1}, "$: the text holds half a character (U+D800)"),
    (list[Any], LOOP, "$: nested deeper than 128 levels, or contains itself"),
    (Literal["a"], "b", '$: got the string "b", expected "a"'),
    (Colour, "green", '$: got the string "green", expected one of "red", "blue"'),
    (
        list[Annotated[str, Meta(pattern="^a+$")]],
        ["b"],
        '$[0]: got the string "b", expected a string that matches "^a+$"',
    ),
    (Annotated[int, Meta(ge=1)], 0, "$: got 0, expected an integer of at least 1"),
    (tuple[int, str], (1,), "$: got 1 items, expected an array of 2 items"),
]


@pytest.mark.spec("TOOLS-47")
@pytest.mark.parametrize(("annotation", "value", "text"), REFUSED)
def test_refused(annotation: Any, value: Any, text: str) -> None:
    output = giving(annotation).output
    assert output is not None
    for _ in range(2):
        with pytest.raises(OutputError) as caught:
            output.encode(value)
        assert str(caught.value).startswith(text)
        assert text.startswith(caught.value.path)


def test_a_refusal_is_short() -> None:
    output = giving(list[int]).output
    assert output is not None
    with pytest.raises(OutputError) as caught:
        output.encode(["x" * 10_000] * 1000)
    assert len(str(caught.value)) < 5000


def test_numpy_values_get_a_hint() -> None:
    numpy = pytest.importorskip("numpy")
    output = giving(dict[str, Any]).output
    assert output is not None
    with pytest.raises(OutputError, match=r"numpy.ndarray has no JSON form; return its .tolist"):
        output.encode({"a": numpy.array([1])})


@pytest.mark.parametrize(
    "annotation",
    [
        None,
        str,
        Any,
        object,
        NoReturn,
        str | None,
        Annotated[str, "said"],
        Image,
        Image | None,
        list[Image],
        list[Image | str],
        Sequence[Image],
        tuple[str, Image],
        str | list[str | Image],
        Image | Item,
        Text,
    ],
)
def test_text_and_content_are_not_structured(annotation: Any) -> None:
    assert giving(annotation).output is None


def test_no_annotation_is_not_structured() -> None:
    assert compiled(lambda: 1, name="f").output is None
    assert compiled(lambda: 1, name="f", structured=False).output is None


def test_unstructured_functions_may_return_anything() -> None:
    def fn() -> complex: ...

    with pytest.raises(SignatureError, match=r"fn\(\): the return type: the type complex"):
        compiled(fn)
    assert compiled(fn, structured=False).output is None


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (dict[str, Any], {"type": "object"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (
            Computed,
            {
                "type": "object",
                "properties": {
                    "given": {"type": "integer"},
                    "made": {"type": "integer", "default": 0},
                },
                "required": ["given"],
            },
        ),
        (
            Strict,
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}},
                "required": ["a"],
                "additionalProperties": False,
            },
        ),
        (
            Decimal,
            {
                "type": "string",
                "pattern": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$",
                "maxLength": 1000,
            },
        ),
        # formats are named where every value has them: clients check
        (dt.date, {"type": "string", "format": "date"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (dt.datetime, {"type": "string"}),
        (dt.time, {"type": "string"}),
        (dt.timedelta, {"type": "string"}),
        (PurePosixPath, {"type": "string"}),
        (Annotated[dt.datetime, Meta(tz=True)], {"type": "string", "format": "date-time"}),
        (Annotated[dt.time, Meta(tz=True)], {"type": "string", "format": "time"}),
        (Annotated[dt.datetime, Meta(tz=False)], {"type": "string"}),
    ],
)
def test_schemas(annotation: Any, schema: dict[str, Any]) -> None:
    assert output_schema(annotation) == schema


def test_a_recursive_result_is_an_object_at_its_root() -> None:
    @dataclass
    class Tree:
        value: int
        children: "list[Tree]"

    def grow() -> Tree: ...

    output = compiled(grow, frame_locals=locals()).output
    assert output is not None
    assert output.schema["type"] == "object"
    assert output.schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    validator(output.schema).validate(json.loads(output.encode(Tree(1, [Tree(2, [])]))))


def test_checking_runs_no_code_of_the_users() -> None:
    made: list[int] = []

    @dataclass
    class Counted:
        value: int

        def __post_init__(self) -> None:
            made.append(self.value)

    def fn() -> Counted: ...

    output = compiled(fn, frame_locals=locals()).output
    assert output is not None
    value = Counted(1)
    assert output.encode(value) == b'{"value":1}'
    assert made == [1]


@given(JSON)
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert is_plain(value)
    assert to_plain(value) == value
    output = giving(dict[str, Any]).output
    assert output is not None
    assert json.loads(output.encode({"value": value})) == {"value": value}


class Half(str):
    __slots__ = ()


class Whole(int):
    pass


class Part(float):
    pass


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Half("x"), "x"),
        (Whole(3), 3),
        (Part(0.5), 0.5),
        (enum.IntEnum("E", "A B").B, 2),  # type: ignore[attr-defined]
        (bytearray(b"hi"), "aGk="),
        (memoryview(b"hi"), "aGk="),
        ({Half("k"): Whole(1)}, {"k": 1}),
        (msgspec.Raw(b"[1]"), [1]),
        (dt.time(12), "12:00:00"),
    ],
)
def test_kinds_of_scalars(value: Any, plain: Any) -> None:
    result = to_plain(value)
    assert result == plain
    assert type(result) is type(plain)


def test_plain_errors_have_a_path() -> None:
    with pytest.raises(PlainError) as caught:
        to_plain({"a": [{"b": NAN}]})
    assert caught.value.path == "$.a[0].b"
    assert not is_plain({"a": [{"b": NAN}]})
    assert not is_plain(LOOP)
    assert not is_plain({1: 2})


@given(st.recursive(st.floats() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_no_nan_is_ever_written(value: Any) -> None:
    output = giving(list[Any]).output
    assert output is not None
    try:
        text = output.encode([value])
    except OutputError:
        assert "nan" in repr(value) or "inf" in repr(value)
    else:
        assert b"null" not in text
        assert json.loads(text) == [value]


def test_iterators_are_no_result() -> None:
    def fn() -> Iterator[int]: ...

    with pytest.raises(SignatureError, match="Iterator"):
        compiled(fn)
