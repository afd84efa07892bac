"""``sampling/createMessage``: a server asks the client's model."""

from typing import Literal, TypeAlias

from interlock.protocol.types.base import (
    UNSET,
    JSONObject,
    MetaObject,
    RequestParams,
    Role,
    UnsetType,
    WireStruct,
)
from interlock.protocol.types.content import SamplingContent
from interlock.protocol.types.tasks import TaskMetadata
from interlock.protocol.types.tools import Tool

__all__ = (
    "CreateMessageRequest",
    "CreateMessageRequestParams",
    "CreateMessageResult",
    "IncludeContext",
    "ModelHint",
    "ModelPreferences",
    "SamplingMessage",
    "ToolChoice",
)

IncludeContext: TypeAlias = Literal["none", "thisServer", "allServers"]


class ModelHint(WireStruct, frozen=True, kw_only=True):
    """A hint at a model: part of its name."""

    name: str | UnsetType = UNSET


class ModelPreferences(WireStruct, frozen=True, kw_only=True):
    """What the server would like; the client decides. Priorities are from 0 to 1, the range
    is not checked in what peers send. Of ``hints`` the first that matches counts.
    """

    hints: list[ModelHint] | UnsetType = UNSET
    cost_priority: int | float | UnsetType = UNSET
    speed_priority: int | float | UnsetType = UNSET
    intelligence_priority: int | float | UnsetType = UNSET


class ToolChoice(WireStruct, frozen=True, kw_only=True):
    """Whether the model may or must use tools. Unset means ``auto``."""

    mode: Literal["auto", "required", "none"] | UnsetType = UNSET


class _MessageOptions(WireStruct, frozen=True, kw_only=True):
    meta: MetaObject | UnsetType = UNSET


class SamplingMessage(_MessageOptions, frozen=True):
    """A message to the model. Before 2025-11-25 ``content`` is one block, never a list."""

    role: Role
    content: SamplingContent


class CreateMessageRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``sampling/createMessage``."""

    messages: list[SamplingMessage]
    max_tokens: int
    system_prompt: str | UnsetType = UNSET
    model_preferences: ModelPreferences | UnsetType = UNSET
    include_context: IncludeContext | UnsetType = UNSET
    temperature: int | float | UnsetType = UNSET
    stop_sequences: list[str] | UnsetType = UNSET
    metadata: JSONObject | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    task: TaskMetadata | UnsetType = UNSET


class CreateMessageRequest(
    WireStruct, frozen=True, kw_only=True, tag_field="method", tag="sampling/createMessage"
):
    """The request as it stands inside ``inputRequests``: without envelope."""

    params: CreateMessageRequestParams


class CreateMessageResult(WireStruct, frozen=True, kw_only=True):
    """The answer to ``sampling/createMessage``.

    ``stop_reason``: ``endTurn``, ``stopSequence``, ``maxTokens``, ``toolUse`` (since
    2025-11-25) or a provider's own word.
    """

    role: Role
    content: SamplingContent
    model: str
    stop_reason: str | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET
