"""What every wire type shares: the struct base, params and result bases, common objects.

One struct is the union of a definition over all revisions of MCP (2024-11-05, 2025-03-26,
2025-06-18, 2025-11-25, 2026-07-28): a member that some revision lacks is simply unset
there, and edges remove or add what a revision wants. Names are those of the schema, the
newest revision's where they differ. Attributes are snake_case, the wire is camelCase;
``_meta`` is the attribute ``meta``. An absent member is ``UNSET``, never ``None``.

Decoding ignores members it does not know, so a struct may hold less than its bytes did.
Therefore **nothing is forwarded by re-encoding a struct**: who passes a message on keeps
the raw bytes (or a plain ``dict``) and sends those. Structs are for values that are made
here or judged here.

Params of requests keep what is costly or foreign as :class:`msgspec.Raw` (``_meta``, tool
arguments, answers): decode these parts when they are needed, :class:`RequestMeta` for
``_meta``. A ``Raw`` made by a decoder keeps the whole message buffer alive; ``copy()`` what
is stored.

Source: ``schema/REVISION/schema.ts`` of the specification.
"""

from typing import Any, Literal, TypeAlias

from msgspec import Raw, Struct

from interlock.protocol.json import UNSET, UnsetType

__all__ = (
    "META_CLIENT_CAPABILITIES",
    "META_CLIENT_INFO",
    "META_LOG_LEVEL",
    "META_PROTOCOL_VERSION",
    "META_RELATED_TASK",
    "META_SERVER_INFO",
    "META_SUBSCRIPTION_ID",
    "UNSET",
    "Annotations",
    "CacheScope",
    "CacheableResult",
    "Cursor",
    "EmptyResult",
    "Icon",
    "Implementation",
    "InputResponseRequestParams",
    "JSONObject",
    "JSONValue",
    "MetaObject",
    "NotificationParams",
    "PaginatedRequestParams",
    "PaginatedResult",
    "ProgressToken",
    "RequestId",
    "RequestMeta",
    "RequestParams",
    "Result",
    "ResultType",
    "Role",
    "UnsetType",
    "WireStruct",
)

META_PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
META_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
META_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
META_SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
META_RELATED_TASK = "io.modelcontextprotocol/related-task"

JSONValue: TypeAlias = Any
"""Any JSON value as plain Python: dict, list, str, int, float, bool, None."""
JSONObject: TypeAlias = dict[str, Any]
MetaObject: TypeAlias = dict[str, Any]
"""A ``_meta`` object of a result, notification or object: free-form."""
RequestId: TypeAlias = int | str
ProgressToken: TypeAlias = int | str
Cursor: TypeAlias = str
"""Opaque; the empty string is a cursor like any other."""
Role: TypeAlias = Literal["user", "assistant"]
CacheScope: TypeAlias = Literal["public", "private"]
ResultType: TypeAlias = str
"""``complete`` or ``input_required``; extensions add theirs. Absent means ``complete``."""


def wire_name(attribute: str) -> str:
    """The member name of a Python attribute: ``mime_type`` is ``mimeType``, ``meta`` is
    ``_meta``. A trailing underscore only keeps clear of a Python name (``list_``).
    """
    if attribute == "meta":
        return "_meta"
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


class WireStruct(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, rename=wire_name):
    """The base of every wire type: immutable, unset members omitted, camelCase on the wire.

    Not tracked by the garbage collector (``gc=False``): a JSON value has no cycles.
    Subclasses repeat ``frozen=True`` (and ``kw_only=True``), which are not inherited for
    type checkers.
    """


class RequestMeta(
    WireStruct,
    frozen=True,
    kw_only=True,
    rename={
        "progress_token": "progressToken",
        "protocol_version": META_PROTOCOL_VERSION,
        "client_capabilities": META_CLIENT_CAPABILITIES,
        "client_info": META_CLIENT_INFO,
        "log_level": META_LOG_LEVEL,
    },
):
    """What the protocol reads of a request's ``_meta``: ``RequestMetaObject`` and tracing.

    ``client_capabilities`` and ``client_info`` stay raw so that equal blocks can be
    interned. Nothing may be assumed of ``traceparent``, ``tracestate`` and ``baggage``:
    they hold whatever JSON the peer put there, and a bad value never fails the request.
    ``log_level`` is checked by its reader (an unknown level has its own error).
    """

    progress_token: ProgressToken | UnsetType = UNSET
    protocol_version: str | UnsetType = UNSET
    client_capabilities: Raw | UnsetType = UNSET
    client_info: Raw | UnsetType = UNSET
    log_level: str | UnsetType = UNSET
    traceparent: JSONValue | UnsetType = UNSET
    tracestate: JSONValue | UnsetType = UNSET
    baggage: JSONValue | UnsetType = UNSET


class RequestParams(WireStruct, frozen=True, kw_only=True):
    """Params of a request that has none of its own (``ping``, ``server/discover``)."""

    meta: Raw | UnsetType = UNSET


class PaginatedRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of the ``*/list`` requests."""

    cursor: Cursor | UnsetType = UNSET


class InputResponseRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of a request that may be retried with answers (multi round-trip requests).

    ``input_responses`` is an object from key to answer; the type of an answer follows from
    the question asked under that key, never from its shape. See :mod:`.mrtr`.
    """

    input_responses: Raw | UnsetType = UNSET
    request_state: str | UnsetType = UNSET


class NotificationParams(WireStruct, frozen=True, kw_only=True):
    """Params of a notification that has none of its own (``notifications/initialized``,
    the ``list_changed`` notifications).
    """

    meta: MetaObject | UnsetType = UNSET


class Result(WireStruct, frozen=True, kw_only=True):
    """The base of all results, and the empty result.

    ``result_type`` is a member since 2026-07-28 and has no default here: the edge that
    speaks that revision fills it, and no older peer sees it.
    """

    result_type: ResultType | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


EmptyResult: TypeAlias = Result


class CacheableResult(Result, frozen=True, kw_only=True):
    """A result with caching hints (2026-07-28); edges fill what is unset.

    ``ttl_ms``: milliseconds of freshness from receipt. A negative number, which only
    a faulty peer sends, is to be read as 0.
    """

    ttl_ms: int | UnsetType = UNSET
    cache_scope: CacheScope | UnsetType = UNSET


class PaginatedResult(Result, frozen=True, kw_only=True):
    """One page of a list; the last page has no ``next_cursor``."""

    next_cursor: Cursor | UnsetType = UNSET


class Annotations(WireStruct, frozen=True, kw_only=True):
    """Hints of who a block or resource is for and how much it matters.

    ``priority``: 0 (optional) to 1 (needed); the range is not checked in what peers send, a
    hint is no reason to lose a block. ``last_modified``: ISO 8601.
    """

    audience: list[Role] | UnsetType = UNSET
    priority: int | float | UnsetType = UNSET
    last_modified: str | UnsetType = UNSET


class _IconOptions(WireStruct, frozen=True, kw_only=True):
    mime_type: str | UnsetType = UNSET
    sizes: list[str] | UnsetType = UNSET
    theme: Literal["light", "dark"] | UnsetType = UNSET


class Icon(_IconOptions, frozen=True):
    """An icon: ``src`` is an ``https:`` or ``data:`` URI, ``sizes`` like ``48x48`` or ``any``.

    The URI comes from the peer and is not checked here.
    """

    src: str


class _ImplementationOptions(WireStruct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    website_url: str | UnsetType = UNSET
    icons: list[Icon] | UnsetType = UNSET


class Implementation(_ImplementationOptions, frozen=True):
    """Name and version of a client or server; said by the peer, proof of nothing."""

    name: str
    version: str
