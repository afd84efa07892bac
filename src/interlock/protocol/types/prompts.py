"""``prompts/*``: prompts and the messages made of them."""

from interlock.protocol.types.base import (
    UNSET,
    CacheableResult,
    Cursor,
    Icon,
    InputResponseRequestParams,
    MetaObject,
    Result,
    Role,
    UnsetType,
    WireStruct,
)
from interlock.protocol.types.content import ContentBlock

__all__ = (
    "GetPromptRequestParams",
    "GetPromptResult",
    "ListPromptsResult",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
)


class PromptArgument(WireStruct, frozen=True, kw_only=True):
    """An argument of a prompt; its value is always a string."""

    name: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    required: bool | UnsetType = UNSET


class Prompt(WireStruct, frozen=True, kw_only=True):
    """A prompt in the list."""

    name: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    arguments: list[PromptArgument] | UnsetType = UNSET
    icons: list[Icon] | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class ListPromptsResult(CacheableResult, frozen=True, kw_only=True):
    """Result of ``prompts/list``."""

    prompts: list[Prompt]
    next_cursor: Cursor | UnsetType = UNSET


class GetPromptRequestParams(InputResponseRequestParams, frozen=True, kw_only=True):
    """Params of ``prompts/get``."""

    name: str
    arguments: dict[str, str] | UnsetType = UNSET


class PromptMessage(WireStruct, frozen=True):
    """A message of a prompt: one block."""

    role: Role
    content: ContentBlock


class GetPromptResult(Result, frozen=True, kw_only=True):
    """Result of ``prompts/get``."""

    description: str | UnsetType = UNSET
    messages: list[PromptMessage]
