"""Functions whose annotations are text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.server.functions.compiling import Context, compiled

if TYPE_CHECKING:
    from fractions import Fraction

    from interlock.server.functions import Function


@dataclass
class Point:
    x: int


@dataclass
class Broken:
    part: Fraction


def at_module_level(point: Point, many: list[int], ctx: Context[int] | None = None) -> Point:
    return point


def with_local_types() -> Function:
    @dataclass
    class Inner:
        x: int

    @dataclass
    class Outer:
        inner: Inner

    def fn(it: Outer) -> Outer:
        return it

    return compiled(fn, frame_locals=locals())
