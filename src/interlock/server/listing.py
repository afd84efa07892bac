"""Lists: pages of a catalogue, in the order of definition, under sealed cursors.

Source: MCP 2026-07-28, Pagination and Caching.
"""

from typing import Any

from interlock.protocol.call import Call
from interlock.protocol.cursor import Cursors
from interlock.protocol.json import UNSET
from interlock.protocol.outcome import Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.types.base import PaginatedRequestParams
from interlock.server.catalogue import Catalogue, Kind

_MEMBER = {"templates": "resourceTemplates"}


class Listing:
    """Serves one list method. Pages are encoded once for as long as the catalogue stays."""

    def __init__(
        self, catalogue: Catalogue, kind: Kind, cursors: Cursors, page_size: int, ttl_ms: int
    ) -> None:
        self._catalogue = catalogue
        self._kind: Kind = kind
        self._cursors = cursors
        self._page_size = page_size
        self._ttl_ms = ttl_ms
        self._pages: dict[int, Result] = {}
        self._version = -1

    async def __call__(self, call: Call) -> Outcome:
        """Answer a list request. Raises :class:`InvalidParams` on a cursor not made here."""
        cursor = call.payload.as_(PaginatedRequestParams).cursor
        start = 0 if cursor is UNSET else self._position(cursor)
        if self._version != self._catalogue.version:
            self._pages.clear()
            self._version = self._catalogue.version
        page = self._pages.get(start)
        if page is None:
            page = self._pages[start] = self._page(start)
        return page

    def _position(self, cursor: str) -> int:
        position = int(self._cursors.read(cursor, self._kind))
        return min(position, len(self._catalogue.table(self._kind)))

    def _page(self, start: int) -> Result:
        entries = list(self._catalogue.table(self._kind).values())
        end = start + self._page_size
        members: dict[str, Any] = {
            _MEMBER.get(self._kind, self._kind): [entry.listed for entry in entries[start:end]],
            "ttlMs": self._ttl_ms,
            "cacheScope": "public",
        }
        if end < len(entries):
            members["nextCursor"] = self._cursors.make(self._kind, end)
        payload = Payload(members)
        payload.forms = {}
        return Result(payload)
