"""A server being served: its catalogue behind handlers, middleware around them, one lifespan.

This is the :class:`~interlock.protocol.call.Peer` that every transport calls.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from interlock.protocol.call import Acknowledged, Call, Description, Handler, Scope
from interlock.protocol.errors import ResourceNotFound, UnknownTarget
from interlock.protocol.outcome import Outcome
from interlock.protocol.payload import Payload
from interlock.protocol.text import escape_controls
from interlock.protocol.types.prompts import GetPromptRequestParams
from interlock.protocol.types.resources import ReadResourceRequestParams
from interlock.protocol.types.tools import CallToolRequestParams
from interlock.protocol.uri import UriError, validate_uri
from interlock.server.catalogue import Catalogue, Kind
from interlock.server.listing import Listing
from interlock.server.middleware import Layer, compose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.server import Server

logger = logging.getLogger("interlock.server")


class ServerPeer:
    """One server, ready to be called. Made by :meth:`Server.started`."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._catalogue: Catalogue = server.catalogue
        self._layers: list[Layer] = server.layers
        self._description: tuple[int, Description] | None = None
        lists: dict[str, Kind] = {
            "tools/list": "tools",
            "prompts/list": "prompts",
            "resources/list": "resources",
            "resources/templates/list": "templates",
        }
        self._inner: dict[str, Handler] = {
            method: Listing(
                self._catalogue, kind, server.cursors, server.page_size, server.list_ttl_ms
            )
            for method, kind in lists.items()
        }
        self._inner["tools/call"] = self._call_tool
        self._inner["prompts/get"] = self._get_prompt
        self._inner["resources/read"] = self._read_resource
        self._inner["subscriptions/listen"] = self._listen
        # Read now: a collision is an error at the start, not at the first call.
        self._catalogue.table("tools")
        self._catalogue.live = True

    def handler(self, method: str) -> Handler | None:
        """The handler of a method with all middleware around it; ``None`` if it has none."""
        inner = self._inner.get(method)
        if inner is None or not self._offers(method):
            return None
        return compose(inner, self._layers, method)

    def _offers(self, method: str) -> bool:
        family = method.split("/", 1)[0]
        return family == "subscriptions" or family in self.describe().capabilities

    def describe(self) -> Description:
        """Who this is and what it can do."""
        known = self._description
        if known is not None and known[0] == self._catalogue.version:
            return known[1]
        capabilities: dict[str, Any] = {}
        table = self._catalogue.table
        if table("tools"):
            capabilities["tools"] = {}
        if table("prompts"):
            capabilities["prompts"] = {}
        if table("resources") or table("templates"):
            capabilities["resources"] = {}
        if self._server.logging or any(entry.logs for entry in self._catalogue):
            capabilities["logging"] = {}
        description = Description(self._server.info, capabilities, self._server.instructions)
        self._description = (self._catalogue.version, description)
        return description

    def post(self, method: str, payload: Payload, scope: Scope) -> None:
        """Take a notification that belongs to no call."""
        logger.debug("notification %s: nothing listens", method)

    def _call_tool(self, call: Call) -> Awaitable[Outcome]:
        params = call.payload.known
        if type(params) is not CallToolRequestParams:
            call = _typed(call, CallToolRequestParams)
            params = call.payload.known
        catalogue = self._catalogue
        if catalogue.stale:
            catalogue.table("tools")
        entry = catalogue.tools.get(params.name)
        if entry is None:
            raise _unknown("tool", params.name, catalogue.tools)
        return entry.serve(call)

    async def _get_prompt(self, call: Call) -> Outcome:
        call = _typed(call, GetPromptRequestParams)
        name: str = call.payload.known.name
        entry = self._catalogue.table("prompts").get(name)
        if entry is None:
            raise _unknown("prompt", name, self._catalogue.table("prompts"))
        return await entry.serve(call)

    async def _read_resource(self, call: Call) -> Outcome:
        call = _typed(call, ReadResourceRequestParams)
        uri: str = call.payload.known.uri
        try:
            validate_uri(uri)
        except UriError as error:
            raise ResourceNotFound(uri, f"It is no valid URI: {error}.") from None
        entry = self._catalogue.table("resources").get(uri)
        if entry is not None:
            return await entry.serve(call)
        for candidate in self._catalogue.table("templates").values():
            if candidate.template is not None and candidate.template.match(uri) is not None:
                return await candidate.serve(call)
        raise ResourceNotFound(uri)

    async def _listen(self, call: Call) -> Outcome:
        """Hold a stream open. Nothing of this server changes while it runs, so it only says so."""
        later = call.scope.port.notify(Acknowledged({}))
        if later is not None:
            await later
        await asyncio.get_running_loop().create_future()
        raise AssertionError  # the future is never resolved, only cancelled


def _typed(call: Call, type_: type[Any]) -> Call:
    """The call with its params decoded, where middleware passed on others."""
    if type(call.payload.known) is type_:
        return call
    return Call(call.method, Payload(call.payload.as_(type_)), call.scope)


def _unknown(noun: str, name: str, known: dict[str, Any]) -> UnknownTarget:
    from interlock.protocol.schema import nearest

    shown = escape_controls(name, 128)
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near is not None else ""
    return UnknownTarget(f"Unknown {noun}: {shown}.{hint} List the {noun}s to see all names.")
