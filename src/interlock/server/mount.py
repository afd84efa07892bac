"""Mounting: another server's entries under a prefix, served by that server as its own."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from interlock.protocol.call import Call, Handler
from interlock.protocol.errors import DefinitionError
from interlock.protocol.outcome import Outcome
from interlock.server.catalogue import Catalogue, Entry
from interlock.server.definitions import tool_name
from interlock.server.middleware import Layer, compose, typed

_PREFIX = re.compile(r"[A-Za-z0-9_.-]+")
_METHODS = {
    "tools": "tools/call",
    "prompts": "prompts/get",
    "resources": "resources/read",
    "templates": "resources/read",
}


class Mountable(Protocol):
    """What of a server a mount needs."""

    catalogue: Catalogue
    layers: list[Layer]


class Mount:
    """A provider of another server's entries: tools and prompts get the prefix, URIs stay."""

    def __init__(self, mounted: Mountable, prefix: str | None) -> None:
        if prefix is not None and not _PREFIX.fullmatch(prefix):
            raise DefinitionError(
                f"the prefix {prefix[:80]!r}: use A-Z, a-z, 0-9, '_', '-' and '.', or leave it out"
            )
        self._mounted = mounted
        self._prefix = prefix

    def entries(self) -> Iterable[Entry]:
        for entry in self._mounted.catalogue:
            serve = entry.serve
            if self._mounted.layers:
                method = _METHODS[entry.kind]
                serve = compose(typed(serve, method), self._mounted.layers, method)
            if self._prefix is None or entry.kind in ("resources", "templates"):
                yield msgspec.structs.replace(entry, serve=serve)
                continue
            key = tool_name(f"{self._prefix}_{entry.key}")
            yield msgspec.structs.replace(
                entry,
                key=key,
                listed={**entry.listed, "name": key},
                serve=_renamed(serve, entry.key),
            )

    def on_change(self, callback: Callable[[], None]) -> None:
        self._mounted.catalogue.on_change(callback)


def _renamed(serve: Handler, name: str) -> Handler:
    """Serve a call under the name that the mounted server knows."""

    async def renamed(call: Call) -> Outcome:
        params: Any = msgspec.structs.replace(call.payload.value, name=name)
        return await serve(Call(call.method, call.payload.replace(params), call.scope))

    return renamed
