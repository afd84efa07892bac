"""``tools/*``: tools, calls, results."""

from typing import Literal

from msgspec import Raw

from interlock.protocol.types.base import (
    UNSET,
    CacheableResult,
    Cursor,
    Icon,
    InputResponseRequestParams,
    JSONObject,
    JSONValue,
    MetaObject,
    Result,
    UnsetType,
    WireStruct,
)
from interlock.protocol.types.content import ContentBlock

__all__ = (
    "CallToolRequestParams",
    "CallToolResult",
    "ListToolsResult",
    "Tool",
    "ToolAnnotations",
    "ToolExecution",
)


class ToolAnnotations(WireStruct, frozen=True, kw_only=True):
    """Hints about a tool's behaviour. Claims of the server: no decision of security may
    rest on them. Unset means the default: not read-only, destructive, not idempotent,
    open world.
    """

    title: str | UnsetType = UNSET
    read_only_hint: bool | UnsetType = UNSET
    destructive_hint: bool | UnsetType = UNSET
    idempotent_hint: bool | UnsetType = UNSET
    open_world_hint: bool | UnsetType = UNSET


class ToolExecution(WireStruct, frozen=True, kw_only=True):
    """How a tool may be run (2025-11-25 only). Unset means ``forbidden``."""

    task_support: Literal["forbidden", "optional", "required"] | UnsetType = UNSET


class Tool(WireStruct, frozen=True, kw_only=True):
    """A tool in the list.

    ``input_schema`` is a JSON Schema whose root has ``"type": "object"``;
    ``output_schema`` has any root since 2026-07-28, an object before. Neither is checked
    here, so that one bad schema does not hide a server's other tools.
    """

    name: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    input_schema: JSONObject
    output_schema: JSONObject | UnsetType = UNSET
    annotations: ToolAnnotations | UnsetType = UNSET
    execution: ToolExecution | UnsetType = UNSET
    icons: list[Icon] | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class ListToolsResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``tools/list``."""

    tools: list[Tool]
    next_cursor: Cursor | UnsetType = UNSET


class CallToolRequestParams(InputResponseRequestParams, frozen=True, kw_only=True):
    """Params of ``tools/call``.

    ``arguments`` is raw: its schema is the tool's. ``task`` (2025-11-25) is a raw
    :class:`~interlock.protocol.types.tasks.TaskMetadata`.
    """

    name: str
    arguments: Raw | UnsetType = UNSET
    task: Raw | UnsetType = UNSET


class CallToolResult(Result, frozen=True, kw_only=True):
    """Result of ``tools/call``.

    ``content`` is always written, even empty. ``structured_content`` is an object before
    2026-07-28 and any JSON value since; ``None`` is the value null, which differs from
    unset.
    """

    content: list[ContentBlock]
    structured_content: JSONValue | UnsetType = UNSET
    is_error: bool | UnsetType = UNSET
