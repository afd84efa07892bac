"""A call: what goes into every handler, on servers, clients and gateways alike.

A :class:`Call` is a method, its payload and a :class:`Scope`: everything about the caller and
the moment that serving it may need. Ids, progress tokens and subscription ids are not here:
they belong to edges, which mint them anew at each hop.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol, cast

import msgspec
from msgspec import Struct

from .errors import InvalidParams
from .json import UNSET, Raw, encode
from .outcome import Outcome
from .payload import Payload
from .revisions import Revision

CancelReason = Literal["client", "deadline", "shutdown", "superseded"]


class Cancellation(Struct, eq=False):
    """Whether, and why, a call was cancelled. Edges set it; handlers read it."""

    reason: CancelReason | None = None
    detail: str | None = None
    """The peer's own words, if it gave any; never trusted."""
    state: dict[str, Any] | None = None
    """What :attr:`Scope.state` holds, once it is used."""


class Principal(Struct, frozen=True):
    """Who calls: a subject at an issuer, with scopes. ``None`` in a scope means anonymous."""

    subject: str
    issuer: str = ""
    scopes: frozenset[str] = frozenset()


class ClientProfile(Struct, frozen=True):
    """What a client said of itself. Claims, never proof: no decision on security rests on them."""

    name: str = ""
    version: str = ""
    info: Mapping[str, Any] = {}
    capabilities: Mapping[str, Any] = {}

    def can(self, capability: str) -> bool:
        """Whether a capability is declared, by dotted path: ``"sampling"``, ``"elicitation.url"``.

        ``elicitation: {}`` means the form mode, so it has ``"elicitation.form"``.
        """
        node: Any = self.capabilities
        for step in capability.split("."):
            if not isinstance(node, Mapping):
                return False
            found = cast("Mapping[str, Any]", node)
            if step not in found:
                return step == "form" and capability == "elicitation.form" and not found
            node = found[step]
        return node is not None and node is not False


class TraceContext(Struct, frozen=True):
    """W3C trace context as it came; ``None`` where it was missing or malformed."""

    traceparent: str | None = None
    tracestate: str | None = None
    baggage: str | None = None


class Progress(Struct, frozen=True):
    """How far a call has come. ``done`` rises with every notice."""

    done: float
    total: float | None = None
    message: str | None = None


class Log(Struct, frozen=True):
    """A log entry for the client. ``data`` is any JSON value."""

    level: str
    data: Any
    logger: str | None = None


class Change(Struct, frozen=True):
    """Something changed: a list (``tools``, ``prompts``, ``resources``) or one resource."""

    kind: Literal["tools", "prompts", "resources", "resource"]
    uri: str | None = None


class Acknowledged(Struct, frozen=True):
    """The first notice on a listen stream: the filter as it is honoured."""

    filter: Mapping[str, Any]


Notice = Progress | Log | Change | Acknowledged


class Port(Protocol):
    """A call's own stream back to its caller; each edge has its form of it."""

    def notify(self, notice: Notice) -> Awaitable[None] | None:
        """Send a notice now. Where the stream is congested, an awaitable that sends it later."""
        ...

    async def ask(self, method: str, params: Payload, /) -> Payload:
        """Ask the caller something and wait for the answer.

        Raises :class:`~interlock.protocol.errors.ProtocolError` where the caller refuses, and
        ``MissingClientCapability`` where this edge cannot ask.
        """
        ...


class Scope(Struct, frozen=True):
    """Everything about a call but what is called."""

    revision: Revision
    client: ClientProfile
    port: Port
    cancellation: Cancellation
    can_ask: bool = False
    """Whether :attr:`port` can ask live."""
    log_level: str | None = None
    """The least severe level that the caller wants to hear of; ``None`` wants none."""
    wants_progress: bool = False
    principal: Principal | None = None
    trace: TraceContext | None = None
    deadline: float | None = None
    """When the call must have ended, by the event loop's clock, in seconds."""

    @property
    def state(self) -> dict[str, Any]:
        """Values that middleware leaves for the handler of the same call."""
        state = self.cancellation.state
        if state is None:
            state = self.cancellation.state = {}
        return state


class Call(Struct, frozen=True):
    """One call. Immutable: middleware passes changed copies on."""

    method: str
    payload: Payload
    scope: Scope

    @property
    def target(self) -> str | None:
        """The tool's or prompt's name, or the resource's URI; ``None`` for other methods."""
        params = self.payload.value
        if isinstance(params, dict):
            members = cast("dict[str, Any]", params)
            found = members.get("name", members.get("uri"))
        else:
            found = getattr(params, "name", None) or getattr(params, "uri", None)
        return found if isinstance(found, str) else None

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of a tool or prompt, decoded anew: a copy that may be changed."""
        params = self.payload.value
        if isinstance(params, dict):
            found: Any = cast("dict[str, Any]", params).get("arguments")
        else:
            found = getattr(params, "arguments", None)
        if isinstance(found, Raw):
            found = msgspec.json.decode(found)
        elif found is None or found is UNSET:
            return {}
        if not isinstance(found, dict):
            raise InvalidParams("Invalid params: arguments must be a JSON object")
        return dict(cast("dict[str, Any]", found))

    def with_arguments(self, arguments: Mapping[str, Any]) -> "Call":
        """This call with other arguments. What was judged is what is passed on."""
        params = self.payload.value
        if isinstance(params, dict):
            changed: Any = {**cast("dict[str, Any]", params), "arguments": dict(arguments)}
        else:
            old = getattr(params, "arguments", UNSET)
            new: Any = (
                Raw(encode(dict(arguments)))
                if isinstance(old, Raw) or old is UNSET
                else dict(arguments)
            )
            changed = msgspec.structs.replace(params, arguments=new)
        return Call(self.method, self.payload.replace(changed), self.scope)

    def with_scope(self, **changes: Any) -> "Call":
        """This call in a changed scope."""
        return Call(self.method, self.payload, msgspec.structs.replace(self.scope, **changes))


Handler = Callable[[Call], Awaitable[Outcome]]
"""Serves a call: ``async (call) -> outcome``."""
Middleware = Callable[[Call, Handler], Awaitable[Outcome]]
"""Wraps a handler: ``async (call, next) -> outcome``."""


class Peer(Protocol):
    """What can be called: a server, a connection of a client, anything in front of them."""

    def handler(self, method: str) -> Handler | None:
        """The handler of a method with all middleware around it; ``None`` if it has none."""
        ...

    def describe(self) -> "Description":
        """Who this is and what it can do; ``initialize`` and ``server/discover`` answer from it."""
        ...

    def post(self, method: str, payload: Payload, scope: Scope) -> None:
        """Take a notification that belongs to no call."""
        ...


class Description(Struct, frozen=True):
    """A server's own account of itself, as the newest revision would give it."""

    info: Mapping[str, Any]
    """An ``Implementation``: name, version, title, icons, ..."""
    capabilities: Mapping[str, Any]
    instructions: str | None = None
