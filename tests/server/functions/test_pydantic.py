"""pydantic types beside our own: its schema, its validation, its dump."""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import msgspec
import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field

from interlock.server.functions import ArgumentError, OutputError, SignatureError
from tests.server.functions.compiling import (
    compiled,
    giving,
    problems,
    read,
    schema_for,
    taking,
    validator,
)


class Item(BaseModel):
    """Something for sale."""

    name: str
    price: float = Field(gt=0, description="in euros")
    count: int = 1
    due: dt.date | None = None


class Basket(BaseModel):
    model_config = ConfigDict(extra="forbid")
    items: list[Item]
    paid: bool = False


class Node(BaseModel):
    value: int
    next: "Node | None" = None


class Aliased(BaseModel):
    user_id: int = Field(alias="userId")


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@pydantic.dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclass
class Holder:
    item: Item
    note: str = ""


def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


def test_a_model_is_its_own_schema() -> None:
    assert schema_for(Item) == Item.model_json_schema()
    validator(taking(Item).input_schema)


def test_definitions_are_shared_and_renamed() -> None:
    function = taking(tuple[Basket, Basket, Node])
    schema = function.input_schema
    assert set(schema["$defs"]) == {"Item", "Node"}
    validator(schema)

    def other() -> Any:
        class Item(BaseModel):
            z: int

        class Box(BaseModel):
            item: Item

        return Box

    schema = taking(tuple[Basket, other()]).input_schema
    assert set(schema["$defs"]) == {"Item", "Item_2"}
    assert "#/$defs/Item_2" in json.dumps(schema)
    validator(schema)


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        (Item, {"name": "x", "price": 1}, Item(name="x", price=1)),
        (
            Item,
            {"name": "x", "price": 1, "due": "2030-01-31"},
            Item(name="x", price=1, due=dt.date(2030, 1, 31)),
        ),
        (list[Item], [{"name": "x", "price": 1}], [Item(name="x", price=1)]),
        (Item | None, None, None),
        (Node, {"value": 1, "next": {"value": 2}}, Node(value=1, next=Node(value=2))),
        (Aliased, {"userId": 3}, Aliased(userId=3)),
        (Point, {"x": 1}, Point(1)),
        (Holder, {"item": {"name": "x", "price": 1}}, Holder(Item(name="x", price=1))),
        (Cat | Dog, {"kind": "dog"}, Dog(kind="dog")),
        (pydantic.PositiveInt, 3, 3),
        (pydantic.StrictInt, 3, 3),
        (pydantic.HttpUrl, "https://example.com/x", pydantic.HttpUrl("https://example.com/x")),
        (Annotated[int, pydantic.AfterValidator(even)], 2, 2),
        (Annotated[str, pydantic.StringConstraints(to_upper=True)], "a", "A"),
        (Annotated[int, Field(ge=1)], 1, 1),
        (Annotated[int | None, Field(ge=1)], None, None),
        (Annotated[Decimal, Field(gt=0)], "0.5", Decimal("0.5")),
        (Annotated[str, Field(pattern="^a+$")], "a", "a"),
        (Annotated[float, annotated_types.Ge(Decimal("0.5"))], 0.5, 0.5),
        (Annotated[list[int], annotated_types.Len(1, 2)], [1], [1]),
        (Annotated[int, annotated_types.Interval(ge=1, lt=3)], 2, 2),
    ],
)
def test_accepted(annotation: Any, given: Any, expected: Any) -> None:
    for strict in (False, True):
        function = taking(annotation, strict=strict)
        result = read(function, given)
        assert result == expected
        assert type(result) is type(expected)
        assert validator(function.input_schema).is_valid({"it": given})


@pytest.mark.parametrize(
    ("annotation", "given", "lines"),
    [
        (
            Item,
            {"price": -1, "count": "x"},
            [
                "$.it.name: missing",
                "$.it.price: Input should be greater than 0",
                "$.it.count: Input should be a valid integer",
            ],
        ),
        (Item, 1, ["$.it: got 1, expected a valid Item"]),
        (
            Basket,
            {"items": [{"name": "x", "price": 1}], "paied": True},
            ["$.it.paied: Extra inputs are not permitted"],
        ),
        (
            Basket,
            {"items": [], "paid": "yes"},
            ["$.it.paid: Input should be a valid boolean"],
        ),
        (Basket, {"items": [], "paid": 1}, ["$.it.paid: Input should be a valid boolean"]),
        (
            Annotated[int, pydantic.AfterValidator(even)],
            3,
            ["$.it: Value error, must be even"],
        ),
        (Annotated[int, Field(ge=1)], 0, ["$.it: got 0, expected an integer of at least 1"]),
        (
            Annotated[Decimal, Field(gt=0, multiple_of=0.5)],
            "0.3",
            [
                '$.it: got the string "0.3", expected a decimal number greater than 0, '
                "a multiple of 0.5"
            ],
        ),
        (
            Annotated[list[int], annotated_types.Len(1, 2)],
            [],
            ["$.it: got 0 items, expected an array of 1 to 2 items"],
        ),
    ],
)
def test_refused(annotation: Any, given: Any, lines: list[str]) -> None:
    found = problems(taking(annotation), {"it": given})
    assert [str(problem) for problem in found] == lines


def test_slips_are_mended_where_pydantic_finds_them() -> None:
    function = taking(Basket)
    given = {"items": '[{"name": "x", "price": "1.5", "count": 2.0}]', "paid": "true"}
    bound = function.bind(msgspec.json.encode({"it": given}))
    assert bound.args[0] == Basket(items=[Item(name="x", price=1.5, count=2)], paid=True)
    assert set(bound.coerced) == {
        "$.it.items",
        "$.it.items[0].price",
        "$.it.items[0].count",
        "$.it.paid",
    }
    with pytest.raises(ArgumentError):
        taking(Basket, strict=True).bind(msgspec.json.encode({"it": given}))


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x", "price": "NaN"},
        {"name": "x", "price": "Infinity"},
        {"name": 3, "price": 1},
        {"name": "x", "price": 1, "due": 3},
        {"name": "x", "price": 1, "due": "null"},
        {"name": "x", "price": 1, "count": 1.5},
        {"name": "x", "price": 1, "count": True},
    ],
)
def test_never_mended(given: Any) -> None:
    assert problems(taking(Item), {"it": given})


def test_field_as_a_default() -> None:
    def made() -> list[str]:
        return ["a"]

    def fn(  # the form of FastAPI
        city: str = Field(description="where", alias="cityName"),
        days: int = Field(3, ge=1),
        tags: list[str] = Field(default_factory=made),  # noqa: B008  # likewise
        note: Annotated[str, Field(default="n", examples=["e"])] = "m",
    ) -> Any:
        return (city, days, tags, note)

    function = compiled(fn)
    assert function.input_schema["properties"] == {
        "cityName": {"type": "string", "description": "where"},
        "days": {"type": "integer", "minimum": 1, "default": 3},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string", "examples": ["e"], "default": "m"},
    }
    assert function.input_schema["required"] == ["cityName"]
    assert function.bind(b'{"cityName": "Oslo"}').args == ("Oslo", 3, ["a"], "m")
    assert problems(function, {"city": "Oslo"})


def test_field_metadata_reaches_the_schema() -> None:
    annotation = Annotated[
        int,
        Field(
            gt=0, le=9, title="t", description="d", examples=[1], json_schema_extra={"x-note": "n"}
        ),
    ]
    assert schema_for(annotation) == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "maximum": 9,
        "title": "t",
        "description": "d",
        "examples": [1],
        "x-note": "n",
    }


def test_two_parameters_of_one_name() -> None:
    def fn(a: int, b: int = Field(alias="a")) -> None: ...

    with pytest.raises(SignatureError, match="two parameters have this name"):
        compiled(fn)


class Priced(BaseModel):
    price: float
    due: dt.date | None = None

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> float:
        return self.price * 2


@pytest.mark.spec("TOOLS-47")
@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Item, Item(name="x", price=1), {"name": "x", "price": 1, "count": 1, "due": None}),
        (Priced, Priced(price=1), {"price": 1, "due": None, "double": 2}),
        (list[Aliased], [Aliased(userId=1)], [{"userId": 1}]),
        (
            Holder,
            Holder(Item(name="x", price=1)),
            {"item": {"name": "x", "price": 1, "count": 1, "due": None}, "note": ""},
        ),
        (Point, Point(1), {"x": 1, "y": 0}),
        (dict[str, Any], {"a": Aliased(userId=1)}, {"a": {"userId": 1}}),
        (pydantic.HttpUrl, pydantic.HttpUrl("https://example.com/x"), "https://example.com/x"),
        (Item | None, None, None),
        (Annotated[int, pydantic.AfterValidator(even)], 2, 2),
    ],
)
def test_encoded(annotation: Any, value: Any, expected: Any) -> None:
    output = giving(annotation).output
    assert output is not None
    text = output.encode(value)
    assert json.loads(text) == expected
    validator(output.schema).validate(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "start"),
    [
        (Item, Item.model_construct(name="x", price=-1), "$"),
        (Item, Item.model_construct(name=3, price=1), "$"),
        (list[Item], [Item(name="x", price=1), 3], "$[1]: got 3, expected a valid Item"),
        (Priced, Priced.model_construct(price=float("nan")), "$.price: nan is no JSON number"),
        (Priced, Priced(price=float("inf")), "$.price: inf is no JSON number"),
    ],
)
def test_refused_results(annotation: Any, value: Any, start: str) -> None:
    output = giving(annotation).output
    assert output is not None
    with pytest.raises(OutputError) as caught:
        output.encode(value)
    assert str(caught.value).startswith(start)


def test_what_pydantic_cannot_describe_is_refused() -> None:
    class Odd(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        thing: memoryview

    with pytest.raises(
        SignatureError, match="parameter 'it': pydantic cannot describe Odd: Cannot"
    ):
        taking(Odd)


def test_predicates_need_pydantic() -> None:
    code = """
from typing import Annotated
import annotated_types, sys
from interlock.server.functions import SignatureError, compile_function
def fn(it: Annotated[int, annotated_types.Predicate(bool)]) -> None: ...
try:
    compile_function(fn, is_context=lambda _: None, is_content=lambda _: False)
except SignatureError as error:
    print("pydantic" in sys.modules, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("False fn(): parameter 'it': Predicate and Timezone of annotated")
    assert problems(taking(Annotated[int, annotated_types.Predicate(bool)]), {"it": 0})


class Dated(BaseModel):
    """What pydantic gives formats that its values need not have."""

    at: dt.datetime
    on: dt.date
    file: Path
    format: dict[str, str] = {"format": "csv"}


def test_output_schemas_name_only_formats_that_every_value_has() -> None:
    output = giving(Dated).output
    assert output is not None
    assert output.schema["properties"] == {
        "at": {"title": "At", "type": "string"},
        "on": {"format": "date", "title": "On", "type": "string"},
        "file": {"title": "File", "type": "string"},
        "format": {
            "additionalProperties": {"type": "string"},
            "default": {"format": "csv"},
            "title": "Format",
            "type": "object",
        },
    }
    formats = {
        name: schema["format"]
        for name, schema in schema_for(Dated)["properties"].items()
        if "format" in schema
    }
    assert formats == {"at": "date-time", "on": "date", "file": "path"}
