"""Calling a user's function: on the loop or in a thread, with its context, to its value."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from interlock.protocol.call import Call
from interlock.protocol.errors import RateLimited
from interlock.server.context import Context, SyncContext
from interlock.server.functions.compile import Function
from interlock.transport.threads import PoolFull, ThreadPool


class Host(Protocol):
    """What functions need of the server that serves them."""

    name: str
    threads: ThreadPool

    @property
    def app(self) -> Any: ...


Invoker = Callable[[Call, tuple[Any, ...], dict[str, Any]], Awaitable[Any]]
"""Calls a function with bound arguments on behalf of a call."""


def invoker(host: Host, function: Function, *, thread: bool | None) -> Invoker:
    """How to call ``function``.

    Async functions run in the call's task, others in the server's threads; ``thread=False``
    runs a sync function on the event loop, where it must not block.
    """
    target: Callable[..., Any] = function.fn
    parameter = function.context_parameter
    threads_it = not function.is_async and thread is not False
    if parameter is None:
        if threads_it:

            async def threaded(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return await in_thread(host, target, args, kwargs)

            return threaded

        if function.is_async:

            def direct(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Awaitable[Any]:
                return target(*args, **kwargs)

            return direct

        async def on_loop(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return target(*args, **kwargs)

        return on_loop

    async def with_context(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        context: Any = Context(call, host.app, host.name)
        if function.context_kind == "sync":
            context = SyncContext(context, asyncio.get_running_loop())
        kwargs = {**kwargs, parameter: context}
        if threads_it:
            return await in_thread(host, target, args, kwargs)
        value = target(*args, **kwargs)
        return await value if function.is_async else value

    return with_context


async def in_thread(
    host: Host, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    try:
        return await host.threads.run(target, *args, **kwargs)
    except PoolFull as error:
        raise RateLimited(str(error)) from error
