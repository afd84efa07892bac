"""Dataclass arguments are what their constructor would have made."""

import copy
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest

from tests.server.functions.compiling import taking


@dataclass
class Base:
    first: int
    second: str | None = None


@dataclass
class Point(Base):
    third: list[int] = field(default_factory=list[int])
    fourth: float = 0.5


@dataclass(frozen=True)
class Frozen:
    name: str = "none"
    size: int = 0


@dataclass(slots=True)
class Slotted:
    first: int
    second: int = 2


@dataclass
class OverSlots(Slotted):
    third: int = 3


@dataclass
class Tree:
    name: str
    label: str = ""
    below: list["Tree"] = field(default_factory=list["Tree"])


class Pair(msgspec.Struct):
    left: Frozen
    right: Frozen = Frozen()


CASES: list[tuple[Any, Any, Any]] = [
    (Point, {"first": 1}, Point(1)),
    (Point, {"first": 1, "fourth": 2.0}, Point(1, fourth=2.0)),
    (Frozen, {"size": 3}, Frozen(size=3)),
    (Slotted, {"first": 1}, Slotted(1)),
    (OverSlots, {"first": 1}, OverSlots(1)),
    (list[Point], [{"first": 1}, {"first": 2}], [Point(1), Point(2)]),
    (dict[str, Frozen], {"a": {}}, {"a": Frozen()}),
    (tuple[Frozen, int], [{}, 1], (Frozen(), 1)),
    (Frozen | None, {}, Frozen()),
    (Tree, {"name": "a", "below": [{"name": "b"}]}, Tree("a", below=[Tree("b")])),
    (Pair, {"left": {}}, Pair(Frozen())),
]
"""Annotation, what is sent, what the constructors would make of it."""


@pytest.mark.parametrize(("annotation", "sent", "made"), CASES)
def test_a_decoded_instance_lacks_nothing(annotation: Any, sent: Any, made: Any) -> None:
    [value] = taking(annotation).bind(msgspec.json.encode({"it": sent})).args
    assert value == made
    assert held(value) == held(made)
    assert msgspec.json.encode(value) == msgspec.json.encode(made)
    assert copy.deepcopy(value) == made


def held(value: Any) -> Any:
    """What ``__dict__`` holds all the way down, in order."""
    if isinstance(value, list | tuple):
        return [held(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return [(key, held(item)) for key, item in cast("dict[str, Any]", value).items()]
    return held(vars(value)) if hasattr(value, "__dict__") else value
