"""Content blocks: what tools, prompts and sampling messages are made of.

Blocks are a tagged union over ``type``. A block of a type that this release does not know,
or that does not fit its type, is an :class:`UnknownContent`: it keeps its JSON text and is
written as exactly that text. Decoding with this fallback is in :mod:`.decoding`; a plain
msgspec decoder of these types is strict and fails on an unknown block.
"""

from typing import Any, TypeAlias

import msgspec

from interlock.protocol.json import Preserialized
from interlock.protocol.types.base import (
    UNSET,
    Annotations,
    Icon,
    JSONObject,
    JSONValue,
    MetaObject,
    UnsetType,
    WireStruct,
)
from interlock.protocol.types.resources import ResourceContents

TYPE_CHECKING = False

__all__ = (
    "AudioContent",
    "Content",
    "ContentBlock",
    "EmbeddedResource",
    "ImageContent",
    "ResourceLink",
    "SamplingContent",
    "SamplingMessageContentBlock",
    "TextContent",
    "ToolResultContent",
    "ToolUseContent",
    "UnknownContent",
)


class Content(WireStruct, frozen=True, kw_only=True, tag_field="type"):
    """The base of all blocks of a known type."""

    meta: MetaObject | UnsetType = UNSET


class _AnnotatedContent(Content, frozen=True, kw_only=True):
    annotations: Annotations | UnsetType = UNSET


class TextContent(_AnnotatedContent, frozen=True, tag="text"):
    """Text, for a model or a person to read."""

    text: str


class ImageContent(_AnnotatedContent, frozen=True, tag="image"):
    """An image; ``data`` is base64."""

    data: str
    mime_type: str


class AudioContent(_AnnotatedContent, frozen=True, tag="audio"):
    """Sound; ``data`` is base64. Not in 2024-11-05."""

    data: str
    mime_type: str


class ResourceLink(_AnnotatedContent, frozen=True, kw_only=True, tag="resource_link"):
    """A resource that may be read, named and not included. Since 2025-06-18.

    Not promised to be in ``resources/list``. ``size``: bytes.
    """

    uri: str
    name: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    mime_type: str | UnsetType = UNSET
    size: int | UnsetType = UNSET
    icons: list[Icon] | UnsetType = UNSET


class EmbeddedResource(_AnnotatedContent, frozen=True, tag="resource"):
    """The contents of a resource, included."""

    resource: ResourceContents


class ToolUseContent(Content, frozen=True, kw_only=True, tag="tool_use"):
    """A model's wish to call a tool (sampling, since 2025-11-25)."""

    id: str
    name: str
    input: JSONObject


class UnknownContent(Preserialized):
    """A block kept as its JSON text, because its type is unknown or it does not fit it.

    The text is one JSON object; who makes one from anywhere but a decoder vouches for that.
    It may hold line breaks between its members, as any JSON text may: an edge that frames
    by lines replaces them.
    """

    __slots__ = ()

    @property
    def type(self) -> str | None:
        """The block's ``type``, or ``None`` where that is absent or not a string."""
        value = self.to_object().get("type")
        return value if isinstance(value, str) else None

    def to_object(self) -> dict[str, Any]:
        """The block as a plain object, decoded anew at each call."""
        return msgspec.json.decode(self.raw, type=dict[str, Any])


# A type checker sees UnknownContent among the blocks. The decoder's union cannot hold it
# (msgspec: no union of structs and a custom type): .decoding puts it in.
if TYPE_CHECKING:
    ContentBlock: TypeAlias = (
        TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource | UnknownContent
    )
else:
    ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource
"""What results of tools and messages of prompts hold."""


class ToolResultContent(Content, frozen=True, kw_only=True, tag="tool_result"):
    """A tool's result told to a model (sampling, since 2025-11-25).

    ``structured_content`` is an object before 2026-07-28 and any JSON value since;
    ``None`` is the value null, which differs from unset.
    """

    tool_use_id: str
    content: list[ContentBlock]
    structured_content: JSONValue | UnsetType = UNSET
    is_error: bool | UnsetType = UNSET


if TYPE_CHECKING:
    SamplingMessageContentBlock: TypeAlias = (
        TextContent
        | ImageContent
        | AudioContent
        | ToolUseContent
        | ToolResultContent
        | UnknownContent
    )
else:
    SamplingMessageContentBlock = (
        TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent
    )
"""What messages of sampling hold."""

SamplingContent: TypeAlias = SamplingMessageContentBlock | list[SamplingMessageContentBlock]
"""The ``content`` of a sampling message: one block, or since 2025-11-25 a list of them."""
