"""The context of a call: what a handler may know of its caller and say to it meanwhile."""

import asyncio
from collections.abc import Mapping
from math import isfinite
from typing import Any, Generic, Literal, TypeVar

from interlock.protocol.call import Call, ClientProfile, Log, Principal, Progress
from interlock.protocol.json import decode
from interlock.protocol.types.logging import SEVERITY
from interlock.server.functions.problems import OutputError
from interlock.server.values import json_text, whole_characters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import TypeVar as _TypeVar

    AppT = _TypeVar("AppT", default=Any)  # so that plain `Context` is a type, too
else:
    AppT = TypeVar("AppT")

Level = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]


_NOTICES_A_TURN = 32


class Context(Generic[AppT]):
    """The call that a handler serves. Annotate a parameter with it to receive it.

    ``Context[AppState]`` names the type of :attr:`app`, the value that the lifespan yields.
    """

    __slots__ = ("_app", "_call", "_logger", "_said")

    def __init__(self, call: Call, app: AppT, logger: str | None = None) -> None:
        self._call = call
        self._app = app
        self._logger = logger
        self._said = 0

    @property
    def app(self) -> AppT:
        """What the server's lifespan yielded; ``None`` without one."""
        return self._app

    @property
    def call(self) -> Call:
        """The call itself, as middleware sees it."""
        return self._call

    @property
    def state(self) -> dict[str, Any]:
        """Values that middleware left for this call; gone when it ends."""
        return self._call.scope.state

    @property
    def principal(self) -> Principal | None:
        """Who calls, where the transport proved it; ``None`` means anonymous."""
        return self._call.scope.principal

    @property
    def client(self) -> ClientProfile:
        """What the client says of itself: ``.name``, ``.version``, ``.can("elicitation.url")``."""
        return self._call.scope.client

    @property
    def revision(self) -> str:
        """The protocol revision that the caller speaks."""
        return self._call.scope.revision.name

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled. Async handlers are interrupted; sync ones ask here."""
        return self._call.scope.cancellation.reason is not None

    @property
    def deadline(self) -> float | None:
        """When the call must have ended, by the event loop's clock; ``None`` for no deadline."""
        return self._call.scope.deadline

    async def progress(
        self, done: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the caller how far the call has come. ``done`` must rise from call to call.

        Nothing is sent where the caller did not ask for progress, or too often in a row, or for a
        number that JSON does not have; waits while the caller does not read.
        """
        await self._breathe()
        scope = self._call.scope
        if scope.wants_progress and isfinite(done):
            known = total if total is not None and isfinite(total) else None
            said = None if message is None else whole_characters(message)
            later = scope.port.notify(Progress(done, known, said))
            if later is not None:
                await later

    async def log(
        self, level: Level, text: str, /, *, logger: str | None = None, **data: Any
    ) -> None:
        """Send a log entry to the caller, if it wants entries of that level.

        With ``data`` the entry is an object of ``message`` and the data, written as structured
        results are; data that has no JSON form is left out, with a note that says why. Never log
        secrets: the entry leaves this process.
        """
        await self._breathe()
        scope = self._call.scope
        wanted = scope.log_level
        if level not in SEVERITY:
            raise ValueError(f"there is no log level {level!r}; use one of {', '.join(SEVERITY)}")
        if wanted is None or SEVERITY[level] < SEVERITY[wanted]:
            return
        later = scope.port.notify(Log(level, _entry(text, data), logger or self._logger))
        if later is not None:
            await later

    async def _breathe(self) -> None:
        """Give the event loop a turn now and then, and always once the call was cancelled.

        A handler that reports step after step and waits for nothing else would hold up all
        other calls, and never learn of its own cancellation.
        """
        self._said += 1
        if self._said % _NOTICES_A_TURN == 0 or self._call.scope.cancellation.reason is not None:
            await asyncio.sleep(0)

    async def debug(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``debug``."""
        await self.log("debug", text, **data)

    async def info(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``info``."""
        await self.log("info", text, **data)

    async def warning(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``warning``."""
        await self.log("warning", text, **data)

    async def error(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``error``."""
        await self.log("error", text, **data)


class SyncContext(Generic[AppT]):
    """:class:`Context` for handlers that run in a thread: the same, with blocking methods."""

    __slots__ = ("_context", "_loop")

    def __init__(self, context: Context[AppT], loop: asyncio.AbstractEventLoop) -> None:
        self._context = context
        self._loop = loop

    @property
    def app(self) -> AppT:
        """What the server's lifespan yielded; ``None`` without one."""
        return self._context.app

    @property
    def call(self) -> Call:
        """The call itself, as middleware sees it."""
        return self._context.call

    @property
    def state(self) -> dict[str, Any]:
        """Values that middleware left for this call; gone when it ends."""
        return self._context.state

    @property
    def principal(self) -> Principal | None:
        """Who calls, where the transport proved it; ``None`` means anonymous."""
        return self._context.principal

    @property
    def client(self) -> ClientProfile:
        """What the client says of itself: ``.name``, ``.version``, ``.can("elicitation.url")``."""
        return self._context.client

    @property
    def revision(self) -> str:
        """The protocol revision that the caller speaks."""
        return self._context.revision

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled: a thread is not interrupted, so ask now and then."""
        return self._context.cancelled

    @property
    def deadline(self) -> float | None:
        """When the call must have ended, by the event loop's clock; ``None`` for no deadline."""
        return self._context.deadline

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """See :meth:`Context.progress`."""
        if self._context.call.scope.wants_progress:
            self._block(self._context.progress, done, total, message)

    def log(self, level: Level, text: str, /, *, logger: str | None = None, **data: Any) -> None:
        """See :meth:`Context.log`."""
        wanted = self._context.call.scope.log_level
        if level not in SEVERITY or (wanted is not None and SEVERITY[level] >= SEVERITY[wanted]):
            self._block(_log, self._context, level, text, logger, data)

    def debug(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``debug``."""
        self.log("debug", text, **data)

    def info(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``info``."""
        self.log("info", text, **data)

    def warning(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``warning``."""
        self.log("warning", text, **data)

    def error(self, text: str, /, **data: Any) -> None:
        """:meth:`log` at level ``error``."""
        self.log("error", text, **data)

    def _block(self, function: Any, *arguments: Any) -> None:
        from interlock.transport.bridge import call_soon_blocking

        call_soon_blocking(self._loop, function, *arguments)


async def _log(
    context: Context[Any], level: Level, text: str, logger: str | None, data: Mapping[str, Any]
) -> None:
    await context.log(level, text, logger=logger, **data)


def _entry(text: str, data: Mapping[str, Any]) -> Any:
    """What a log entry holds. A log line that cannot be written is no reason to fail a call."""
    message = whole_characters(text)
    if not data:
        return message
    try:
        return decode(json_text({"message": message, **data}))
    except OutputError as error:
        return {"message": message, "note": f"the data is left out: {error}"}


def context_kind(annotation: Any) -> Literal["async", "sync"] | None:
    """Whether an annotation asks for a context: the class itself or a parametrised form."""
    origin = getattr(annotation, "__origin__", annotation)
    if origin is Context:
        return "async"
    if origin is SyncContext:
        return "sync"
    return None
