"""``subscriptions/listen`` (2026-07-28): one stream of changes, filtered."""

from interlock.protocol.types.base import (
    UNSET,
    NotificationParams,
    RequestParams,
    Result,
    UnsetType,
    WireStruct,
)

__all__ = (
    "SubscriptionFilter",
    "SubscriptionsAcknowledgedNotificationParams",
    "SubscriptionsListenRequestParams",
    "SubscriptionsListenResult",
)


class SubscriptionFilter(WireStruct, frozen=True, kw_only=True):
    """What a listener wants to hear of. ``resource_subscriptions``: URIs."""

    tools_list_changed: bool | UnsetType = UNSET
    prompts_list_changed: bool | UnsetType = UNSET
    resources_list_changed: bool | UnsetType = UNSET
    resource_subscriptions: list[str] | UnsetType = UNSET


class SubscriptionsListenRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``subscriptions/listen``."""

    notifications: SubscriptionFilter


class SubscriptionsAcknowledgedNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/subscriptions/acknowledged``: what the server will send."""

    notifications: SubscriptionFilter


class SubscriptionsListenResult(Result, frozen=True, kw_only=True):
    """The end of the stream. Its ``_meta`` holds the subscription's id
    (``META_SUBSCRIPTION_ID``), which the edge puts there.
    """
