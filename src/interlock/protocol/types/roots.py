"""``roots/list``: the places that a client lets a server work in."""

from interlock.protocol.types.base import (
    UNSET,
    MetaObject,
    RequestParams,
    UnsetType,
    WireStruct,
)

__all__ = ("ListRootsRequest", "ListRootsResult", "Root")


class _RootOptions(WireStruct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class Root(_RootOptions, frozen=True):
    """A root: a ``file:`` URI."""

    uri: str


class ListRootsRequest(WireStruct, frozen=True, kw_only=True, tag_field="method", tag="roots/list"):
    """The request as it stands inside ``inputRequests``: without envelope."""

    params: RequestParams | UnsetType = UNSET


class ListRootsResult(WireStruct, frozen=True, kw_only=True):
    """The answer to ``roots/list``. ``meta`` before 2026-07-28."""

    roots: list[Root]
    meta: MetaObject | UnsetType = UNSET
