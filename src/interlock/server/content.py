"""Content: what handlers return, turned into the protocol's content blocks.

Text, images, audio, embedded resources and links, for tools and prompts alike. Sources are
read when the value is made, so a missing file is an error where it was named.
"""

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from interlock.protocol.errors import InterlockError
from interlock.protocol.json import UNSET, UnsetType
from interlock.protocol.types.base import Annotations
from interlock.protocol.types.content import (
    AudioContent,
    Content,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    UnknownContent,
)
from interlock.server.values import whole_characters

MAX_MEDIA_BYTES = 16 * 1024 * 1024
"""The largest image or sound that is taken."""

_IMAGE_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_AUDIO_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)


class ContentError(InterlockError, ValueError):
    """A value cannot become content; the message says why and what to give instead."""


def _sniff(data: bytes, family: Literal["image", "audio"]) -> str | None:
    """The media type that the first bytes give away."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    for magic, mime_type in _IMAGE_MAGIC if family == "image" else _AUDIO_MAGIC:
        if data.startswith(magic):
            return mime_type
    head = data[:256].lstrip().lower()
    if family == "image" and (head.startswith(b"<svg") or b"<svg" in head[:200]):
        return "image/svg+xml"
    return None


def is_media_type(text: str) -> bool:
    """Whether a text is a media type, such as ``text/csv; charset=utf-8`` (RFC 9110, 8.3.1)."""
    essence, *parameters = text.split(";")
    kind, slash, name = essence.strip(" ").partition("/")
    if not (slash and _is_token(kind) and _is_token(name)):
        return False
    for parameter in parameters:
        key, equals, value = parameter.strip(" ").partition("=")
        quoted = len(value) > 1 and value[0] == value[-1] == '"' and value.isprintable()
        if not (equals and _is_token(key) and (_is_token(value) or (quoted and value.isascii()))):
            return False
    return True


def _is_token(text: str) -> bool:
    return (
        bool(text) and text.isascii() and all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in text)
    )


def _checked_type(mime_type: str, family: str) -> str:
    full = mime_type if "/" in mime_type else f"{family}/{mime_type}"
    if not full.lower().startswith(f"{family}/") or not is_media_type(full):
        raise ContentError(
            f"{ascii(mime_type)[:60]} is no {family} media type; write it as in"
            f" {'image/png' if family == 'image' else 'audio/wav'!r}"
        )
    return full


class _Media:
    """Bytes of a picture or a sound, and their media type."""

    _family: Literal["image", "audio"]
    __slots__ = ("annotations", "data", "mime_type")

    def __init__(
        self,
        source: Any,
        *,
        mime_type: str | None = None,
        annotations: Annotations | None = None,
    ) -> None:
        data = self._read(source)
        if len(data) > MAX_MEDIA_BYTES:
            raise ContentError(
                f"{self._family} of {len(data)} bytes; at most {MAX_MEDIA_BYTES} are sent."
                " Send a smaller one, or offer it as a resource."
            )
        found = mime_type or _sniff(data, self._family) or self._guess(source)
        if found is None:
            raise ContentError(f"the {self._family} type is not evident; pass mime_type=")
        self.data = data
        self.mime_type = _checked_type(found, self._family)
        self.annotations = annotations

    def _read(self, source: Any) -> bytes:
        if isinstance(source, bytes | bytearray | memoryview):
            return bytes(source)  # pyright: ignore[reportUnknownArgumentType]  # of any item type
        if isinstance(source, str | os.PathLike):
            from pathlib import Path

            path = Path(cast("str", source))
            if path.stat().st_size > MAX_MEDIA_BYTES:
                raise ContentError(f"{path.name} is larger than {MAX_MEDIA_BYTES} bytes")
            return path.read_bytes()
        return self._render(source)

    def _render(self, source: Any) -> bytes:
        raise ContentError(f"{type(source).__name__} is no {self._family}; give bytes or a path")

    def _guess(self, source: Any) -> str | None:
        if not isinstance(source, str | os.PathLike):
            return None
        from mimetypes import guess_type

        guessed = guess_type(os.fspath(cast("str", source)))[0]
        return guessed if guessed and guessed.startswith(self._family) else None

    @property
    def base64(self) -> str:
        """The bytes as base64 text."""
        return b64encode(self.data).decode("ascii")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.mime_type}, {len(self.data)} bytes)"


class Image(_Media):
    """An image: bytes, a path, a Pillow image, or a Matplotlib figure or axes.

    The media type is taken from the bytes, or from ``mime_type`` (``"image/png"`` or ``"png"``).
    Raises :class:`ContentError` where the source is no image, its type is not evident, or it is
    larger than 16 MiB; :class:`OSError` where a file cannot be read.
    """

    _family = "image"
    __slots__ = ()

    def _render(self, source: Any) -> bytes:
        from io import BytesIO

        buffer = BytesIO()
        figure = source if hasattr(source, "savefig") else getattr(source, "figure", None)
        if callable(getattr(figure, "savefig", None)):
            cast("Any", figure).savefig(buffer, format="png")
        elif callable(getattr(source, "save", None)) and hasattr(source, "mode"):
            try:
                source.save(buffer, format="PNG")
            except OSError:  # PNG does not have its mode (CMYK, YCbCr, F, ...)
                buffer = BytesIO()
                source.convert("RGB").save(buffer, format="PNG")
        else:
            raise ContentError(
                f"{type(source).__name__} is no image; give bytes, a path, a Pillow image or a"
                " Matplotlib figure"
            )
        return buffer.getvalue()

    def block(self) -> ImageContent:
        """The content block."""
        return ImageContent(
            data=self.base64, mime_type=self.mime_type, annotations=self.annotations or UNSET
        )


class Audio(_Media):
    """A sound: bytes or a path. See :class:`Image` for media types and errors."""

    _family = "audio"
    __slots__ = ()

    def block(self) -> AudioContent:
        """The content block."""
        return AudioContent(
            data=self.base64, mime_type=self.mime_type, annotations=self.annotations or UNSET
        )


Convertible = str | Image | Audio | ContentBlock


class ToolResult:
    """A tool's result in full, for what a plain return value cannot say.

    ``content`` is a string, an :class:`Image`, an :class:`Audio`, a content block, or a
    sequence of these. ``structured`` is any JSON value and must fit the tool's output schema
    where it has one. ``meta`` becomes the result's ``_meta``. ``is_error`` tells the model that
    the tool failed.
    """

    __slots__ = ("content", "is_error", "meta", "structured")

    def __init__(
        self,
        content: Convertible | Sequence[Convertible] = (),
        *,
        structured: Any | UnsetType = UNSET,
        meta: Mapping[str, Any] | None = None,
        is_error: bool = False,
    ) -> None:
        self.content: list[ContentBlock] = blocks(content)
        self.structured = structured
        self.meta = dict(meta) if meta is not None else None
        self.is_error = is_error

    def __repr__(self) -> str:
        return f"ToolResult({len(self.content)} blocks{', error' if self.is_error else ''})"


class Message:
    """A message of a prompt: one block, said by ``"user"`` or ``"assistant"``."""

    __slots__ = ("content", "role")

    def __init__(self, content: Convertible, role: Literal["user", "assistant"] = "user") -> None:
        if role not in ("user", "assistant"):
            raise ContentError(f"a role is 'user' or 'assistant', not {role!r}")
        self.content: ContentBlock = block(content)
        self.role: Literal["user", "assistant"] = role

    def __repr__(self) -> str:
        return f"Message({type(self.content).__name__}, role={self.role!r})"


def is_block(value: object) -> bool:
    """Whether a value is content already or converts to one block."""
    return isinstance(value, str | Image | Audio | Content | UnknownContent)


def block(value: object) -> ContentBlock:
    """One value as one content block. Raises :class:`ContentError`."""
    if isinstance(value, str):
        return TextContent(text=whole_characters(value))
    if isinstance(value, Image | Audio):
        return value.block()
    if isinstance(value, EmbeddedResource):
        return _embedded(value)
    if isinstance(value, ResourceLink):
        _check_uri(value.uri)
    if isinstance(value, Content | UnknownContent):
        return cast("ContentBlock", value)
    raise ContentError(
        f"{type(value).__name__} is no content; give text, an Image, an Audio or a content block"
    )


def _embedded(block: EmbeddedResource) -> EmbeddedResource:
    """An embedded resource with all that it must have: a URI and a media type."""
    resource = block.resource
    _check_uri(resource.uri)
    if resource.mime_type is UNSET:
        from msgspec.structs import replace

        kind = "application/octet-stream" if resource.text is UNSET else "text/plain"
        return replace(block, resource=replace(resource, mime_type=kind))
    return block


def _check_uri(uri: str) -> None:
    from interlock.protocol.uri import UriError, validate_uri

    try:
        validate_uri(uri)
    except UriError as error:
        raise ContentError(f"the URI {ascii(uri)[:120]}: {error}") from error


def blocks(value: object) -> list[ContentBlock]:
    """A value or a sequence of values as content blocks. Raises :class:`ContentError`."""
    if value is None:
        return []
    if is_block(value):
        return [block(value)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [block(item) for item in cast("Sequence[object]", value)]
    return [block(value)]


CONTENT_TYPES: tuple[type[Any], ...] = (Image, Audio, ToolResult, Message, Content, UnknownContent)
"""Return annotations of these types (or unions and lists of them) mean content, not data."""
