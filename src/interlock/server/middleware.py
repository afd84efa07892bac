"""Middleware: wrapped around handlers once, when serving starts, and free where there is none."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from interlock.protocol.call import Call, Handler, Middleware
from interlock.protocol.errors import DefinitionError, ProtocolError, ToolError
from interlock.protocol.outcome import Extended, Failure, InputRequired, Outcome, Result
from interlock.protocol.payload import Payload

_OUTCOMES = (Result, Failure, InputRequired, Extended)


class Layer(Struct, frozen=True):
    """A middleware and the methods it is for; ``None`` means all."""

    middleware: Middleware
    methods: frozenset[str] | None = None

    def covers(self, method: str) -> bool:
        return self.methods is None or method in self.methods


def compose(handler: Handler, layers: Iterable[Layer], method: str) -> Handler:
    """``handler`` with the layers that cover ``method`` around it, the first outermost."""
    covering = [layer for layer in layers if layer.covers(method)]
    for layer in reversed(covering):
        handler = _wrap(layer.middleware, handler)
    return _telling(handler) if covering else handler


def _wrap(middleware: Middleware, inner: Handler) -> Handler:
    async def wrapped(call: Call) -> Outcome:
        outcome = await middleware(call, inner)
        if not isinstance(outcome, _OUTCOMES):  # pyright: ignore[reportUnnecessaryIsInstance]  # a forgotten `return` is the commonest slip here
            raise TypeError(  # for the log: whoever called reads an incident
                f"middleware {_name(middleware)} returned {type(outcome).__name__}, no outcome;"
                " return what `await next(call)` gives"
            )
        return outcome

    return wrapped


def _telling(handler: Handler) -> Handler:
    """The handler, with a :class:`ToolError` of middleware told to whoever called."""

    async def telling(call: Call) -> Outcome:
        try:
            return await handler(call)
        except ToolError as error:
            if call.method != "tools/call":
                raise ProtocolError(str(error), code=-32603) from error
            from interlock.server.tools import outcome_of

            return outcome_of(error, call, str(call.target))

    return telling


def typed(handler: Handler, method: str) -> Handler:
    """The handler of a method, given its params decoded where middleware passed on others."""
    from interlock.protocol.methods import SERVER_METHODS

    known = SERVER_METHODS.get(method)
    assert known is not None
    params_type = known.params_type

    async def decoding(call: Call) -> Outcome:
        if type(call.payload.known) is not params_type:
            payload = Payload(call.payload.as_(params_type))
            call = Call(call.method, payload, call.scope)
        return await handler(call)

    return decoding


def covered_methods(methods: Iterable[str] | None) -> frozenset[str] | None:
    """The methods that middleware is for. Raises :class:`DefinitionError` for unknown ones."""
    if methods is None:
        return None
    from interlock.protocol.methods import SERVER_METHODS

    if isinstance(methods, str):
        raise DefinitionError(f"methods= is a set of names; write methods={{{methods!r}}}")
    covered = frozenset(methods)
    for name in sorted(covered):
        method = SERVER_METHODS.get(name)
        if method is None:
            from interlock.protocol.schema import nearest

            near = nearest(name, [known.name for known in SERVER_METHODS])
            hint = f"; did you mean {near!r}?" if near is not None else ""
            raise DefinitionError(f"middleware for {name!r}: no such method{hint}")
        if method.at_edge:
            raise DefinitionError(
                f"middleware for {name!r}: the connection answers it itself, so middleware never"
                " sees it"
            )
    return covered


def checked_middleware(function: Any) -> Any:
    """The middleware, where it can be called as one. Raises :class:`DefinitionError`."""
    if isinstance(function, str):
        raise DefinitionError(
            "the function comes first; to name methods, write"
            f" @server.middleware(methods={{{function!r}}})"
        )
    import inspect

    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise DefinitionError(
            f"middleware {_name(function)} must take a call and the next handler: write"
            " `async def name(call, next)`"
        ) from error
    except ValueError:  # a builtin without a signature
        pass
    return function


def _name(middleware: object) -> str:
    return getattr(middleware, "__qualname__", type(middleware).__qualname__)
