"""Log levels, ``logging/setLevel`` (before 2026-07-28) and ``notifications/message``."""

from typing import Literal, TypeAlias

from interlock.protocol.types.base import (
    UNSET,
    JSONValue,
    NotificationParams,
    RequestParams,
    UnsetType,
)

__all__ = (
    "LOGGING_LEVELS",
    "SEVERITY",
    "LoggingLevel",
    "LoggingMessageNotificationParams",
    "SetLevelRequestParams",
)

LoggingLevel: TypeAlias = Literal[
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"
]
"""The severities of RFC 5424 by name."""

LOGGING_LEVELS: tuple[LoggingLevel, ...] = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)
"""All levels, the least severe first."""

SEVERITY: dict[str, int] = {level: rank for rank, level in enumerate(LOGGING_LEVELS)}
"""Rank by level: 0 is the least severe. A level passes where its rank is at least the
minimum's rank."""


class SetLevelRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``logging/setLevel``: the least severe level that is still sent."""

    level: LoggingLevel


class LoggingMessageNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/message``; ``data`` is any JSON value."""

    level: LoggingLevel
    data: JSONValue
    logger: str | UnsetType = UNSET
