"""``notifications/progress`` and ``notifications/cancelled``."""

from interlock.protocol.types.base import (
    UNSET,
    NotificationParams,
    ProgressToken,
    RequestId,
    UnsetType,
)

__all__ = ("CancelledNotificationParams", "ProgressNotificationParams")


class ProgressNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/progress``; ``progress`` rises with each."""

    progress_token: ProgressToken
    progress: int | float
    total: int | float | UnsetType = UNSET
    message: str | UnsetType = UNSET


class CancelledNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/cancelled``.

    ``request_id`` is optional in the schema of 2025-11-25 alone, though its text requires
    it: without one there is nothing to cancel, and the notification is ignored.
    """

    request_id: RequestId | UnsetType = UNSET
    reason: str | UnsetType = UNSET
