"""A tool for each kind of value that a function can return, by the name of the kind."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
from msgspec import Meta
from pydantic import BaseModel, Field

from interlock import Server

server = Server("kinds", "1.0.0", page_size=10)


class Pair(NamedTuple):
    x: int
    y: float = 0.5


class Words(TypedDict):
    one: str
    other: list[str]


@dataclass
class Tree:
    """A tree, which refers to itself."""

    name: str
    below: list["Tree"] = field(default_factory=list["Tree"])


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Number(IntEnum):
    ONE = 1
    TWO = 2


class Circle(msgspec.Struct, tag=True):
    radius: float


class Square(msgspec.Struct, tag=True):
    side: float


class Event(BaseModel):
    """A model of pydantic, which refers to itself."""

    name: str = Field(min_length=1, description="what it is called")
    at: dt.datetime
    lasts: dt.timedelta = dt.timedelta(seconds=0.5)
    after: list["Event"] = []


NAIVE = dt.datetime(2026, 7, 28, 12, 30)
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
EVENT = Event(name="first", at=NAIVE, after=[Event(name="second", at=NAIVE)])
TREE = Tree("root", [Tree("left", [Tree("leaf")]), Tree("right")])

KINDS: dict[str, tuple[Any, Any]] = {
    "boolean": (bool, True),
    "integer": (int, -3),
    "big": (int, 2**53 - 1),
    "float": (float, 1.5e300),
    "null": (int | None, None),
    "optional": (int | None, 3),
    "bounded": (Annotated[int, Meta(ge=1, lt=5, multiple_of=2)], 4),
    "date": (dt.date, NAIVE.date()),
    "datetime": (dt.datetime, NAIVE.replace(tzinfo=EAST)),
    "microseconds": (dt.datetime, NAIVE.replace(microsecond=5, tzinfo=dt.UTC)),
    "naive": (dt.datetime, NAIVE),
    "aware": (Annotated[dt.datetime, Meta(tz=True)], NAIVE.replace(tzinfo=EAST)),
    "time": (dt.time, NAIVE.time()),
    "aware_time": (Annotated[dt.time, Meta(tz=True)], dt.time(12, 30, tzinfo=dt.UTC)),
    "duration": (dt.timedelta, dt.timedelta(days=400, hours=1)),
    "half_second": (dt.timedelta, dt.timedelta(seconds=0.5)),
    "back": (dt.timedelta, dt.timedelta(seconds=-5)),
    "uuid": (UUID, UUID(int=5)),
    "decimal": (Decimal, Decimal("1.50")),
    "path": (PurePosixPath, PurePosixPath("/tmp/a")),
    "bytes": (bytes, b"\0\xff\xfe"),
    "enum": (Colour, Colour.RED),
    "integer_enum": (Number, Number.TWO),
    "literal": (Literal[1, "a", None], "a"),
    "list": (list[int], [1, 2]),
    "bounded_list": (Annotated[list[int], Meta(min_length=1, max_length=2)], [1]),
    "set": (set[int], {3, 1, 2}),
    "tuple": (tuple[int, str], (1, "a")),
    "anything_list": (list[Any], [1, "a", None, {}]),
    "dict": (dict[str, float], {"a": 0.5}),
    "integer_keys": (dict[int, str], {1: "a"}),
    "enum_keys": (dict[Colour, int], {Colour.GREEN: 1}),
    "date_keys": (dict[dt.date, int], {NAIVE.date(): 1}),
    "anything_dict": (dict[str, Any], {"a": [None, {"b": 1}]}),
    "empty": (dict[str, Any], {}),
    "named_tuple": (Pair, Pair(1)),
    "typed_dict": (Words, {"one": "a", "other": []}),
    "dataclass": (Tree, TREE),
    "dataclasses": (list[Tree], [TREE]),
    "optional_dataclass": (Tree | None, TREE),
    "no_dataclass": (Tree | None, None),
    "nested": (dict[str, list[Tree | None]], {"a": [None, TREE]}),
    "structs": (Circle | Square, Square(2)),
    "text_or_date": (str | dt.date, NAIVE.date()),
    "model": (Event, EVENT),
    "models": (list[Event], [EVENT]),
    "optional_model": (Event | None, EVENT),
}


def giver(annotation: Any, value: Any) -> Callable[[], Any]:
    """A function that returns a value of a type."""

    def give() -> Any:
        return value

    give.__annotations__ = {"return": annotation}
    return give


for name, (annotation, value) in KINDS.items():
    server.add_tool(giver(annotation, value), name=name)


@server.tool
def echo(text: str) -> str:
    """Say the same again."""
    return text


if __name__ == "__main__":
    server.run()
