"""Calling a user's function: on the loop or in a thread, with its context, to its value."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from interlock.protocol.call import Call
from interlock.protocol.errors import DefinitionError, RateLimited
from interlock.server.context import Context, SyncContext
from interlock.server.functions.signature import is_coroutine_function, layers_of
from interlock.transport.threads import PoolFull, ThreadPool


class Host(Protocol):
    """What functions need of the server that serves them."""

    name: str
    threads: ThreadPool

    @property
    def app(self) -> Any: ...


class Callee(Protocol):
    """What is known of a user's function: whether it is async, and where its context goes."""

    @property
    def fn(self) -> Callable[..., Any]: ...
    @property
    def name(self) -> str: ...
    @property
    def is_async(self) -> bool: ...
    @property
    def context_parameter(self) -> str | None: ...
    @property
    def context_kind(self) -> Literal["async", "sync"] | None: ...


Invoker = Callable[[Call, tuple[Any, ...], dict[str, Any]], Awaitable[Any]]
"""Calls a function with bound arguments on behalf of a call."""


def invoker(host: Host, function: Callee, *, thread: bool | None) -> Invoker:
    """How to call ``function``.

    Async functions run in the call's task, others in the server's threads; ``thread=False``
    runs a sync function on the event loop, where it must not block. A coroutine that a sync
    function returns (as decorators around async ones do) is awaited in the call's task.

    Raises :class:`DefinitionError` where ``thread`` or the context does not fit the function.
    """
    _check(function, thread)
    target: Callable[..., Any] = function.fn
    parameter = function.context_parameter
    is_async = function.is_async
    threads_it = not is_async and thread is not False

    async def with_context(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        assert parameter is not None
        context: Any = Context(call, host.app, host.name)
        if function.context_kind == "sync":
            context = SyncContext(context, asyncio.get_running_loop())
        return await bare(call, args, {**kwargs, parameter: context})

    async def threaded(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = await in_thread(host, target, args, kwargs)
        return await value if hasattr(value, "__await__") else value

    def direct(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Awaitable[Any]:
        return target(*args, **kwargs)

    async def on_loop(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = target(*args, **kwargs)
        return await value if hasattr(value, "__await__") else value

    bare: Invoker = direct if is_async else threaded if threads_it else on_loop
    return bare if parameter is None else with_context


def _check(function: Callee, thread: bool | None) -> None:
    context = f"{function.name}(): parameter {function.context_parameter!r}"
    kind = function.context_kind
    if function.is_async:
        if thread:
            raise DefinitionError(
                f"{function.name}(): thread=True is for sync functions; this one is async and runs"
                " on the event loop"
            )
        if kind == "sync":
            raise DefinitionError(
                f"{context} is a SyncContext, whose methods block, but the function is async;"
                " annotate it with Context"
            )
    elif thread is False:
        if kind == "sync":
            raise DefinitionError(
                f"{context} is a SyncContext, whose methods would block the event loop with"
                " thread=False; annotate it with Context and read its attributes only, or let the"
                " function run in a thread"
            )
    elif kind == "async" and not any(map(is_coroutine_function, layers_of(function.fn))):
        raise DefinitionError(
            f"{context} is a Context, whose methods are awaited, but the function is not async;"
            " annotate it with SyncContext, or write `async def`"
        )


async def in_thread(
    host: Host, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What ``target`` returns, run in one of the host's threads.

    Raises :class:`~interlock.protocol.errors.RateLimited` where none is free and none may wait.
    """
    try:
        return await host.threads.run(target, *args, **kwargs)
    except PoolFull as error:
        raise RateLimited(str(error)) from error
