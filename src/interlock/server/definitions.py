"""Reading definitions: names, descriptions and hints of what a server is given."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from interlock.protocol.errors import DefinitionError
from interlock.protocol.json import decode, encode
from interlock.protocol.types.base import Annotations, Icon
from interlock.protocol.types.tools import ToolAnnotations
from interlock.server.content import CONTENT_TYPES
from interlock.server.context import context_kind
from interlock.server.functions.compile import Function, compile_function

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class Described(Struct, frozen=True, kw_only=True):
    """What every definition may say of itself."""

    title: str | None = None
    description: str | None = None
    icons: Sequence[Icon] = ()
    meta: Mapping[str, Any] | None = None


def listed(
    described: Described, *, required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The object that a list shows: members that are empty are left out."""
    members: dict[str, Any] = dict(required)
    if described.title:
        members["title"] = described.title
    if described.description:
        members["description"] = described.description
    members |= {key: value for key, value in (optional or {}).items() if value is not None}
    if described.icons:
        members["icons"] = decode(encode(list(described.icons)))
    if described.meta:
        members["_meta"] = _checked_meta(described.meta)
    return members


def _checked_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    from interlock.protocol.extension import reserved_meta_key, valid_meta_key

    for key in meta:
        if not valid_meta_key(key):
            raise DefinitionError(
                f"the _meta key {key!r} is malformed: an optional dotted prefix with a slash, then"
                " a name of letters, digits, '-', '_' and '.', as in 'com.example/name'"
            )
        if reserved_meta_key(key) and not key.startswith("io.modelcontextprotocol/"):
            raise DefinitionError(f"the prefix of the _meta key {key!r} is reserved for MCP")
    return dict(meta)


def listed_annotations(
    annotations: ToolAnnotations | Annotations | Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """Annotations as JSON; a mapping may hold keys of its own, which are listed as they are."""
    if annotations is None:
        return None
    if isinstance(annotations, Mapping):
        return dict(annotations)
    return decode(encode(annotations))


def tool_name(name: str) -> str:
    """A name that every revision and every model takes. Raises :class:`DefinitionError`."""
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"the name {name[:80]!r} has characters that clients refuse: use 1 to 128 of A-Z, a-z,"
            " 0-9, '_', '-' and '.', or pass name="
        )
    return name


def is_content(annotation: Any) -> bool:
    """Whether a return annotation means content blocks rather than data."""
    return isinstance(annotation, type) and issubclass(annotation, CONTENT_TYPES)


def caller_locals(depth: int) -> Mapping[str, Any]:
    """The local names ``depth`` calls up: types that a decorated function's annotations name."""
    return sys._getframe(depth).f_locals  # pyright: ignore[reportPrivateUsage]  # there is no public way


def read_function(
    function: Callable[..., Any],
    *,
    name: str | None,
    description: str | None,
    scope: Mapping[str, Any],
    strict: bool = False,
    extra: Literal["forbid", "ignore"] = "forbid",
) -> Function:
    """Compile a user's function; ``scope`` holds the names local to where it was defined."""
    return compile_function(
        function,
        name=name,
        description=description,
        strict=strict,
        extra=extra,
        is_context=context_kind,
        is_content=is_content,
        frame_locals=scope,
    )
