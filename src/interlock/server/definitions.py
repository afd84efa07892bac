"""Reading definitions: names, descriptions and hints of what a server is given."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Struct, ValidationError, convert

from interlock.protocol.errors import DefinitionError
from interlock.protocol.json import UNSET, decode
from interlock.protocol.types.base import Annotations, Icon
from interlock.protocol.types.tools import ToolAnnotations
from interlock.server.content import CONTENT_TYPES
from interlock.server.context import context_kind
from interlock.server.functions.compile import Function, compile_function
from interlock.server.functions.problems import OutputError
from interlock.server.values import json_text, whole_characters

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
    for key, text in (("title", described.title), ("description", described.description)):
        if text is not None and not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not everybody has a type checker
            raise DefinitionError(f"{key}= is text, not {type(text).__name__}")
        if text:
            members[key] = whole_characters(text)
    members |= {key: value for key, value in (optional or {}).items() if value is not None}
    if described.icons:
        members["icons"] = [_icon(icon) for icon in described.icons]
    if described.meta:
        members["_meta"] = _checked_meta(described.meta)
    return members


def json_copy(value: Any, what: str) -> Any:
    """``value`` as plain JSON of its own; ``what`` names it in errors.

    Raises :class:`DefinitionError`, so that what cannot be sent is refused where it was written
    and breaks no list later.
    """
    try:
        return decode(json_text(value))
    except OutputError as error:
        raise DefinitionError(f"{what}: {error}") from error


def _icon(icon: Any) -> dict[str, Any]:
    members: Any = json_copy(icon, "icons=")
    try:
        source = convert(members, Icon).src
    except ValidationError as error:
        raise DefinitionError(
            f"icons= holds what is no Icon ({error}); write Icon('https://example.com/icon.png')"
        ) from error
    if not source.startswith(("https://", "data:")):
        raise DefinitionError(
            f"the icon {source[:80]!r} would be refused by clients: its source is an https: or"
            " data: URI"
        )
    return members


def _checked_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    from interlock.protocol.extension import reserved_meta_key, valid_meta_key

    members: dict[str, Any] = json_copy(meta, "_meta")
    for key in members:
        if not valid_meta_key(key):
            raise DefinitionError(
                f"the _meta key {key!r} is malformed: an optional dotted prefix with a slash, then"
                " a name of letters, digits, '-', '_' and '.', as in 'com.example/name'"
            )
        if reserved_meta_key(key) and not key.startswith("io.modelcontextprotocol/"):
            raise DefinitionError(
                f"the prefix of the _meta key {key!r} is reserved for MCP; use one of your own, as"
                " in 'com.example/name'"
            )
    return members


Hints = TypeVar("Hints", ToolAnnotations, Annotations)


def listed_annotations(
    annotations: Hints | Mapping[str, Any] | None, kind: type[Hints]
) -> dict[str, Any] | None:
    """Annotations as JSON; a mapping may hold keys of its own, which are listed as they are.

    Raises :class:`DefinitionError` where a key that the protocol defines has another type.
    """
    if annotations is None:
        return None
    if not isinstance(annotations, Mapping | kind):
        raise DefinitionError(
            f"annotations= is a mapping or {kind.__name__}, not {type(annotations).__name__}"
        )
    members: dict[str, Any] = json_copy(annotations, "annotations")
    try:
        known = convert(members, kind)
    except ValidationError as error:
        raise DefinitionError(f"annotations: {str(error).replace('`', '')}") from error
    if isinstance(known, Annotations):
        _check_hints(known)
    return members


def _check_hints(hints: Annotations) -> None:
    """Refuse hints of resources that are out of range (MCP 2026-07-28, Resources)."""
    if hints.priority is not UNSET and not 0 <= hints.priority <= 1:
        raise DefinitionError(f"annotations: priority is from 0 to 1, not {hints.priority}")
    if hints.last_modified is not UNSET:
        from datetime import datetime

        try:
            datetime.fromisoformat(hints.last_modified)
        except ValueError as error:
            raise DefinitionError(
                "annotations: lastModified is a time in ISO 8601, as in '2026-07-28T12:00:00Z'"
            ) from error


def tool_name(name: str) -> str:
    """A name that every revision and every model takes. Raises :class:`DefinitionError`."""
    if not name:
        raise DefinitionError("a handler without a name of its own needs one: pass name=")
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"the name {name[:80]!r} has characters that clients refuse, or too many: use 1 to 128"
            " of A-Z, a-z, 0-9, '_', '-' and '.', or pass name="
        )
    return name


def not_a_function(given: object, decorator: str) -> DefinitionError:
    """The error for a decorator that was given something else than a function."""
    if isinstance(given, str):
        return DefinitionError(
            f"the function comes first; to name it, write @server.{decorator}(name={given!r})"
        )
    return DefinitionError(f"a value of type {type(given).__name__} cannot be called")


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
    structured: bool = True,
) -> Function:
    """Compile a user's function; ``scope`` holds the names local to where it was defined."""
    return compile_function(
        function,
        name=name,
        description=description,
        strict=strict,
        extra=extra,
        structured=structured,
        is_context=context_kind,
        is_content=is_content,
        frame_locals=scope,
    )
