"""What to say of a type that has no place in JSON, and what to use instead."""

from typing import Any, get_args

from interlock.server.functions.problems import escaped

_INSTEAD = {
    "complex": "a dataclass with the two parts",
    "range": "two integers",
    "slice": "two integers",
    "object": "Any",
    "re.Pattern": "str",
    "collections.OrderedDict": "dict",
    "collections.defaultdict": "dict",
    "collections.Counter": "dict[str, int]",
    "datetime.tzinfo": "str (the zone's name)",
    "zoneinfo.ZoneInfo": "str (the zone's name)",
}


class Unsupported(Exception):  # becomes a SignatureError with the parameter's name
    """A type, or a combination of types, that has no place in JSON."""


def type_name(hint: Any) -> str:
    """A type as its author would write it, short."""
    name = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    return escaped(name.replace("typing.", ""), 80)


def unsupported(hint: Any) -> str:
    """What to say of a type that has no place in JSON."""
    name = type_name(hint)
    key = hint.__qualname__ if getattr(hint, "__module__", "") == "builtins" else ""
    full = f"{getattr(hint, '__module__', '')}.{getattr(hint, '__qualname__', '')}"
    instead = _INSTEAD.get(key) or _INSTEAD.get(full)
    if instead is None:
        instead = "a dataclass, TypedDict, NamedTuple, msgspec.Struct or pydantic model"
    return f"the type {name} is not supported; use {instead}"


def unresolved(error: NameError) -> str:
    """What to say of a name that a type uses and that is not there at run time."""
    name = getattr(error, "name", None) or str(error)
    return (
        f"the type uses the name {name!r}, which does not exist when the function is declared; "
        "if it is imported under `if TYPE_CHECKING:`, import it at run time, and if it is "
        "defined further down, move it above the function"
    )
