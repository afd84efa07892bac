"""Tasks as 2025-11-25 has them, in the core protocol.

Since 2026-07-28 tasks are an extension with other shapes under the same method names;
those are not here. The result of ``tasks/result`` has no type of its own: it is the result
of the request that the task ran, so its bytes decode as that.
"""

from typing import Literal, TypeAlias

from interlock.protocol.types.base import (
    UNSET,
    MetaObject,
    PaginatedResult,
    RequestParams,
    Result,
    UnsetType,
    WireStruct,
)

__all__ = (
    "CancelTaskRequestParams",
    "CancelTaskResult",
    "CreateTaskResult",
    "GetTaskPayloadRequestParams",
    "GetTaskRequestParams",
    "GetTaskResult",
    "ListTasksResult",
    "RelatedTaskMetadata",
    "Task",
    "TaskMetadata",
    "TaskStatus",
    "TaskStatusNotificationParams",
)

TaskStatus: TypeAlias = Literal["working", "input_required", "completed", "failed", "cancelled"]


class TaskMetadata(WireStruct, frozen=True, kw_only=True):
    """The ``task`` member of a request: run it as a task. ``ttl``: milliseconds to keep it."""

    ttl: int | UnsetType = UNSET


class RelatedTaskMetadata(WireStruct, frozen=True, kw_only=True):
    """What ``_meta`` holds under ``META_RELATED_TASK``: the task a message belongs to."""

    task_id: str


class Task(WireStruct, frozen=True, kw_only=True):
    """The state of a task.

    ``created_at``, ``last_updated_at``: ISO 8601. ``ttl``: milliseconds that it is kept from
    its creation, ``None`` for ever. ``poll_interval``: milliseconds.
    """

    task_id: str
    status: TaskStatus
    status_message: str | UnsetType = UNSET
    created_at: str
    last_updated_at: str
    ttl: int | None
    poll_interval: int | UnsetType = UNSET


class CreateTaskResult(Result, frozen=True, kw_only=True):
    """The answer to a request that runs as a task."""

    task: Task


class GetTaskRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``tasks/get``."""

    task_id: str


class GetTaskPayloadRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``tasks/result``."""

    task_id: str


class CancelTaskRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``tasks/cancel``."""

    task_id: str


class GetTaskResult(Task, frozen=True, kw_only=True):
    """Result of ``tasks/get``: the task's members beside ``_meta``."""

    meta: MetaObject | UnsetType = UNSET


class CancelTaskResult(Task, frozen=True, kw_only=True):
    """Result of ``tasks/cancel``: the task's members beside ``_meta``."""

    meta: MetaObject | UnsetType = UNSET


class ListTasksResult(PaginatedResult, frozen=True, kw_only=True):
    """Result of ``tasks/list``."""

    tasks: list[Task]


class TaskStatusNotificationParams(Task, frozen=True, kw_only=True):
    """Params of ``notifications/tasks/status``: the task's members beside ``_meta``."""

    meta: MetaObject | UnsetType = UNSET
