"""W3C trace context out of ``_meta``: read where it is well formed, otherwise ignored.

Sources: W3C Trace Context level 1, section 3; W3C Baggage; MCP 2026-07-28, "``_meta``".
"""

import re

from interlock.protocol.call import TraceContext
from interlock.protocol.json import UNSET
from interlock.protocol.types.base import RequestMeta

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_MAX_LIST = 8192


def read_trace(meta: RequestMeta) -> TraceContext | None:
    """The trace context of a request, or ``None`` without a valid ``traceparent``."""
    parent = meta.traceparent
    if parent is UNSET or not isinstance(parent, str) or not _TRACEPARENT.fullmatch(parent):
        return None
    return TraceContext(parent, _list(meta.tracestate), _list(meta.baggage))


def _list(value: object) -> str | None:
    if (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_LIST
        and value.isascii()
        and value.isprintable()
    ):
        return value
    return None
