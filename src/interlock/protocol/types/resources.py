"""``resources/*``: what a server lets read, and the contents read."""

from interlock.protocol.types.base import (
    UNSET,
    Annotations,
    CacheableResult,
    Cursor,
    Icon,
    InputResponseRequestParams,
    MetaObject,
    NotificationParams,
    RequestParams,
    UnsetType,
    WireStruct,
)

__all__ = (
    "ListResourceTemplatesResult",
    "ListResourcesResult",
    "ReadResourceRequestParams",
    "ReadResourceResult",
    "Resource",
    "ResourceContents",
    "ResourceRequestParams",
    "ResourceTemplate",
    "ResourceUpdatedNotificationParams",
    "SubscribeRequestParams",
    "UnsubscribeRequestParams",
)


class _ContentsOptions(WireStruct, frozen=True, kw_only=True):
    mime_type: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    blob: str | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class ResourceContents(_ContentsOptions, frozen=True):
    """Contents of a resource: ``text``, or ``blob`` in base64, exactly one of them.

    This is both ``TextResourceContents`` and ``BlobResourceContents`` of the schema: the
    wire tells them apart only by which member is there.

    Raises :class:`ValueError` where neither or both are given (as
    :class:`msgspec.ValidationError` with the place when decoded).
    """

    uri: str

    def __post_init__(self) -> None:
        if (self.text is UNSET) is (self.blob is UNSET):
            raise ValueError("Expected either `text` or `blob` in the contents of a resource")


class _ResourceOptions(WireStruct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    mime_type: str | UnsetType = UNSET
    icons: list[Icon] | UnsetType = UNSET
    annotations: Annotations | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class Resource(_ResourceOptions, frozen=True, kw_only=True):
    """A resource in the list. ``size``: bytes of its content before any encoding."""

    uri: str
    name: str
    size: int | UnsetType = UNSET


class ResourceTemplate(_ResourceOptions, frozen=True, kw_only=True):
    """A family of resources; ``uri_template`` is an RFC 6570 template."""

    uri_template: str
    name: str


class ListResourcesResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``resources/list``."""

    resources: list[Resource]
    next_cursor: Cursor | UnsetType = UNSET


class ListResourceTemplatesResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``resources/templates/list``."""

    resource_templates: list[ResourceTemplate]
    next_cursor: Cursor | UnsetType = UNSET


class ResourceRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of a request about one resource."""

    uri: str


class SubscribeRequestParams(ResourceRequestParams, frozen=True, kw_only=True):
    """Params of ``resources/subscribe`` (before 2026-07-28)."""


class UnsubscribeRequestParams(ResourceRequestParams, frozen=True, kw_only=True):
    """Params of ``resources/unsubscribe`` (before 2026-07-28)."""


class ReadResourceRequestParams(InputResponseRequestParams, frozen=True, kw_only=True):
    """Params of ``resources/read``."""

    uri: str


class ReadResourceResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``resources/read``: more than one item where the URI names a collection."""

    contents: list[ResourceContents]


class ResourceUpdatedNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/resources/updated``.

    ``uri`` may lie below the one that was subscribed to.
    """

    uri: str
