"""Middleware: wrapped around handlers once, when serving starts, and free where there is none."""

from collections.abc import Iterable

from msgspec import Struct

from interlock.protocol.call import Call, Handler, Middleware
from interlock.protocol.outcome import Outcome


class Layer(Struct, frozen=True):
    """A middleware and the methods it is for; ``None`` means all."""

    middleware: Middleware
    methods: frozenset[str] | None = None

    def covers(self, method: str) -> bool:
        return self.methods is None or method in self.methods


def compose(handler: Handler, layers: Iterable[Layer], method: str) -> Handler:
    """``handler`` with the layers that cover ``method`` around it, the first outermost."""
    for layer in reversed([layer for layer in layers if layer.covers(method)]):
        handler = _wrap(layer.middleware, handler)
    return handler


def _wrap(middleware: Middleware, inner: Handler) -> Handler:
    async def wrapped(call: Call) -> Outcome:
        return await middleware(call, inner)

    return wrapped
