"""Cursors of lists: the place where the next page begins, sealed.

A cursor says everything itself, so it works on any connection and any instance that has the keys,
and after a restart. It belongs to one list and one scope (whatever decides which entries there
are to see, such as a principal's digest); elsewhere it does not open. The same place has the
same cursor, so equal pages are equal bytes.

Source: MCP 2026-07-28, Pagination.
"""

from .errors import InvalidParams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .seal import Sealer


class CursorError(InvalidParams):
    """A cursor that was not made here, for this list and this scope; code -32602.

    Restart with no cursor: the message says so, and nothing about why it does not open.
    """

    def __init__(self) -> None:
        super().__init__(
            "Invalid cursor: pass the nextCursor of an earlier page of this list unchanged, or"
            " none to start over."
        )


class Cursors:
    """Makes cursors and reads them back.

    Without a ``sealer`` it makes one when the first cursor is needed, whose cursors are good for
    as long as the process lives. Nothing is imported or generated before that.
    """

    __slots__ = ("_sealer",)

    def __init__(self, sealer: "Sealer | None" = None) -> None:
        self._sealer = sealer

    def make(self, list_name: str, position: str | int, scope: bytes = b"") -> str:
        """The cursor of a position: an index, or the key of the last entry before the page."""
        if isinstance(position, int):
            payload = b"i%d" % position
        else:
            payload = b"s" + position.encode("utf-8", "surrogatepass")
        return self._ready().seal(payload, context=_context(list_name, scope), stable=True)

    def read(self, cursor: str, list_name: str, scope: bytes = b"") -> str | int:
        """The position that :meth:`make` was given, of the same type.

        Raises :class:`CursorError`. A position may lie behind the end of a list that has become
        shorter since.
        """
        from .seal import SealError

        try:
            payload = self._ready().open(cursor, context=_context(list_name, scope))
        except SealError:
            payload = b""
        if not payload:
            raise CursorError
        if payload[:1] == b"i":
            return int(payload[1:])
        return payload[1:].decode("utf-8", "surrogatepass")

    def _ready(self) -> "Sealer":
        if self._sealer is None:
            from .seal import Sealer

            self._sealer = Sealer.random()
        return self._sealer


def _context(list_name: str, scope: bytes) -> bytes:
    name = list_name.encode("utf-8", "surrogatepass")
    return b"cursor %d " % len(name) + name + scope
