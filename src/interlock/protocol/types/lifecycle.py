"""``initialize`` (before 2026-07-28), ``server/discover`` (since), ``ping``.

``ping`` and ``server/discover`` take :class:`~interlock.protocol.types.base.RequestParams`;
``ping`` answers with an empty result; ``notifications/initialized`` takes
:class:`~interlock.protocol.types.base.NotificationParams`.
"""

from interlock.protocol.types.base import (
    UNSET,
    CacheableResult,
    Implementation,
    RequestParams,
    Result,
    UnsetType,
)
from interlock.protocol.types.capabilities import ClientCapabilities, ServerCapabilities

__all__ = ("DiscoverResult", "InitializeRequestParams", "InitializeResult")


class InitializeRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``initialize``: the revision that the client would like, and who it is."""

    protocol_version: str
    capabilities: ClientCapabilities
    client_info: Implementation


class InitializeResult(Result, frozen=True, kw_only=True):
    """Result of ``initialize``: the revision of the session, and who the server is."""

    protocol_version: str
    capabilities: ServerCapabilities
    server_info: Implementation
    instructions: str | UnsetType = UNSET


class DiscoverResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``server/discover``. Who the server is stands in ``_meta``
    (``META_SERVER_INFO``), as with every result of that revision.
    """

    supported_versions: list[str]
    capabilities: ServerCapabilities
    instructions: str | UnsetType = UNSET
