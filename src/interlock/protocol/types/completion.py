"""``completion/complete``: suggestions for an argument of a prompt or a URI template."""

from typing import TypeAlias

from interlock.protocol.types.base import (
    UNSET,
    RequestParams,
    Result,
    UnsetType,
    WireStruct,
)

__all__ = (
    "CompleteRequestParams",
    "CompleteResult",
    "Completion",
    "CompletionArgument",
    "CompletionContext",
    "CompletionReference",
    "PromptReference",
    "ResourceTemplateReference",
)


class PromptReference(WireStruct, frozen=True, kw_only=True, tag_field="type", tag="ref/prompt"):
    """A prompt by name."""

    name: str
    title: str | UnsetType = UNSET


class ResourceTemplateReference(
    WireStruct, frozen=True, kw_only=True, tag_field="type", tag="ref/resource"
):
    """A URI template, or a URI. ``ResourceReference`` before 2025-06-18."""

    uri: str


CompletionReference: TypeAlias = PromptReference | ResourceTemplateReference


class CompletionArgument(WireStruct, frozen=True, kw_only=True):
    """The argument that is being typed, and its text so far."""

    name: str
    value: str


class CompletionContext(WireStruct, frozen=True, kw_only=True):
    """The arguments that are settled already (since 2025-06-18)."""

    arguments: dict[str, str] | UnsetType = UNSET


class CompleteRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``completion/complete``."""

    ref: CompletionReference
    argument: CompletionArgument
    context: CompletionContext | UnsetType = UNSET


class Completion(WireStruct, frozen=True, kw_only=True):
    """Suggestions, best first: at most 100 are sent. ``total`` counts those not sent too."""

    values: list[str]
    total: int | UnsetType = UNSET
    has_more: bool | UnsetType = UNSET


class CompleteResult(Result, frozen=True, kw_only=True):
    """Result of ``completion/complete``."""

    completion: Completion
