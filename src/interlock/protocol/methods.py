"""The methods of the protocol: one record each, and the registry that edges look them up in.

A record says what a method's params are, whether it answers once or streams, which eras have
it, where its target stands and whether it may ask back. Extensions add records of their own
(:mod:`interlock.protocol.extension`).
"""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, Literal

import msgspec

from .envelope import check_members
from .errors import InvalidParams, MethodNotFound
from .json import UNSET, Raw, UnsetType
from .payload import decoder, describe

Shape = Literal["unary", "stream"]
_TYPES = "interlock.protocol.types."
_NOTHING = Raw(b"{}")


class Method:
    """One method. Types are named by path and imported when first needed."""

    __slots__ = (
        "_decode",
        "_params",
        "_result",
        "asks",
        "at_edge",
        "cacheable",
        "capability",
        "legacy",
        "modern",
        "name",
        "shape",
        "target",
    )

    def __init__(
        self,
        name: str,
        params: str,
        result: str,
        *,
        eras: Literal["both", "legacy", "modern"] = "both",
        shape: Shape = "unary",
        target: str | None = None,
        cacheable: bool = False,
        asks: bool = False,
        capability: str | None = None,
        at_edge: bool = False,
    ) -> None:
        self.name = name
        self._params = params
        self._result = result
        self.legacy = eras != "modern"
        self.modern = eras != "legacy"
        self.shape: Shape = shape
        self.target = target
        """The member of params that HTTP mirrors as ``Mcp-Name``."""
        self.cacheable = cacheable
        """Complete modern results carry ``ttlMs`` and ``cacheScope``."""
        self.asks = asks
        """May end as ``InputRequiredResult``."""
        self.capability = capability
        """The server capability without which the method is not offered."""
        self.at_edge = at_edge
        """Answered by the edge, not by the peer behind it, where the edge knows the answer."""
        self._decode: Callable[[Any], Any] | None = None

    @property
    def params_type(self) -> type[Any]:
        return _find(self._params)

    @property
    def result_type(self) -> type[Any]:
        return _find(self._result)

    def read_params(self, raw: Raw | UnsetType) -> Any:
        """Decode params; missing ones are read as ``{}``.

        Raises :class:`InvalidParams` where they have another form, and
        :class:`~interlock.protocol.errors.InvalidRequest` where they have a key twice.
        """
        decode = self._decode
        if decode is None:
            decode = self._decode = decoder(self.params_type)
        if raw is UNSET:
            raw = _NOTHING
        try:
            params = decode(raw)
        except msgspec.MsgspecError as error:
            raise InvalidParams(describe(error)) from None
        check_members(raw)
        return params

    def __repr__(self) -> str:
        return f"Method({self.name!r})"


def _find(path: str) -> type[Any]:
    module, _, name = path.rpartition(":")
    return getattr(import_module(module if "." in module else _TYPES + module), name)


class MethodRegistry:
    """Methods by name. The core's are there from the start; extensions are added once."""

    def __init__(self, methods: Iterable[Method] = ()) -> None:
        self._methods: dict[str, Method] = {}
        for method in methods:
            self.add(method)
        self.get = self._methods.get

    def add(self, method: Method) -> None:
        """Register a method. Raises :class:`ValueError` where its name is taken."""
        if method.name in self._methods:
            raise ValueError(f"the method {method.name!r} is registered already")
        self._methods[method.name] = method

    def __iter__(self) -> Iterator[Method]:
        return iter(self._methods.values())

    def __contains__(self, name: str) -> bool:
        return name in self._methods


_CALL = len('{"name":"","arguments":}')
_META = len(',"_meta":')


class _CallMethod(Method):
    """``tools/call``, whose params are read more often than all others together."""

    __slots__ = ()

    def read_params(self, raw: Raw | UnsetType) -> Any:
        """See :meth:`Method.read_params`.

        Params that are no longer than their usual members need hold nothing twice.
        """
        decode = self._decode
        if decode is None or raw is UNSET:
            return super().read_params(raw)
        try:
            params = decode(raw)
        except msgspec.MsgspecError as error:
            raise InvalidParams(describe(error)) from None
        arguments, meta = params.arguments, params.meta
        if arguments is not UNSET:
            needed = _CALL + len(params.name) + len(arguments)
            if len(raw) == (needed if meta is UNSET else needed + _META + len(meta)):
                return params
        check_members(raw)
        return params


def server_methods() -> MethodRegistry:
    """The core methods that servers serve, in every revision."""
    return MethodRegistry(
        (
            Method(
                "server/discover",
                "base:RequestParams",
                "lifecycle:DiscoverResult",
                eras="modern",
                cacheable=True,
                at_edge=True,
            ),
            Method(
                "initialize",
                "base:RequestParams",  # the rest is read by the session, which takes more
                "lifecycle:InitializeResult",
                eras="legacy",
                at_edge=True,
            ),
            Method("ping", "base:RequestParams", "base:Result", eras="legacy", at_edge=True),
            Method(
                "logging/setLevel",
                "logging:SetLevelRequestParams",
                "base:Result",
                eras="legacy",
                capability="logging",
                at_edge=True,
            ),
            Method(
                "tools/list",
                "base:PaginatedRequestParams",
                "tools:ListToolsResult",
                cacheable=True,
                capability="tools",
            ),
            _CallMethod(
                "tools/call",
                "tools:CallToolRequestParams",
                "tools:CallToolResult",
                target="name",
                asks=True,
                capability="tools",
            ),
            Method(
                "prompts/list",
                "base:PaginatedRequestParams",
                "prompts:ListPromptsResult",
                cacheable=True,
                capability="prompts",
            ),
            Method(
                "prompts/get",
                "prompts:GetPromptRequestParams",
                "prompts:GetPromptResult",
                target="name",
                asks=True,
                capability="prompts",
            ),
            Method(
                "resources/list",
                "base:PaginatedRequestParams",
                "resources:ListResourcesResult",
                cacheable=True,
                capability="resources",
            ),
            Method(
                "resources/templates/list",
                "base:PaginatedRequestParams",
                "resources:ListResourceTemplatesResult",
                cacheable=True,
                capability="resources",
            ),
            Method(
                "resources/read",
                "resources:ReadResourceRequestParams",
                "resources:ReadResourceResult",
                target="uri",
                cacheable=True,
                asks=True,
                capability="resources",
            ),
            Method(
                "resources/subscribe",
                "resources:SubscribeRequestParams",
                "base:Result",
                eras="legacy",
                capability="resources.subscribe",
            ),
            Method(
                "resources/unsubscribe",
                "resources:UnsubscribeRequestParams",
                "base:Result",
                eras="legacy",
                capability="resources.subscribe",
            ),
            Method(
                "completion/complete",
                "completion:CompleteRequestParams",
                "completion:CompleteResult",
                capability="completions",
            ),
            Method(
                "subscriptions/listen",
                "subscriptions:SubscriptionsListenRequestParams",
                "subscriptions:SubscriptionsListenResult",
                eras="modern",
                shape="stream",
            ),
        )
    )


def client_methods() -> MethodRegistry:
    """The core methods that clients serve: legacy requests, and inputs of modern results."""
    return MethodRegistry(
        (
            Method("ping", "base:RequestParams", "base:Result", eras="legacy"),
            Method(
                "sampling/createMessage",
                "sampling:CreateMessageRequestParams",
                "sampling:CreateMessageResult",
                capability="sampling",
            ),
            Method(
                "elicitation/create",
                "elicitation:ElicitRequestParams",
                "elicitation:ElicitResult",
                capability="elicitation",
            ),
            Method("roots/list", "base:RequestParams", "roots:ListRootsResult", capability="roots"),
        )
    )


SERVER_METHODS = server_methods()
CLIENT_METHODS = client_methods()


def unknown_method(name: str, revision: str | None = None) -> MethodNotFound:
    """The error for a method that no server has, or that a revision lacks."""
    shown = name if len(name) <= 80 else name[:80] + "…"
    where = "" if revision is None else f" in revision {revision}"
    return MethodNotFound(f"Method not found{where}: {shown}")


def not_offered(name: str) -> MethodNotFound:
    """The error for a method that this peer does not serve."""
    return MethodNotFound(f"Method not offered by this server: {name}")
