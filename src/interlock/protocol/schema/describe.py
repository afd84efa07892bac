"""Values and schemas in a few words, for messages: bounded, printable, never whole."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .bounds import Schema
from .graph import Graph, MetaSchema, Target
from .plain import is_array, is_number, is_object

MAX_SHOWN = 80
"""The most characters of an instance, or of one part of a schema, that a message shows."""
_MAX_LIST = 8
_MAX_PATH = 200


class Path(NamedTuple):
    """The way to a value inside an instance, from its end; text is made of it only to be read."""

    before: "Path | None"
    token: str | int


def render(path: Path | None) -> str:
    """A path as text: ``$.a[0].b``; keys that are no names are quoted; long ones are cut."""
    parts: list[str] = []
    while path is not None:
        token = path.token
        if isinstance(token, int):
            parts.append(f"[{token}]")
        elif token.isidentifier() and token.isascii() and len(token) <= MAX_SHOWN:
            parts.append(f".{token}")
        else:
            parts.append(f"[{quote(token)}]")
        path = path.before
    text = "$" + "".join(reversed(parts))
    if len(text) <= _MAX_PATH:
        return text
    return f"{text[: _MAX_PATH // 2]}…{text[-_MAX_PATH // 2 + 1 :]}"


def quote(text: str, most: int = MAX_SHOWN) -> str:
    """A text in quotation marks, cut, with nothing in it that could disturb a log or a terminal."""
    cut = text[: most - 3]
    shown: list[str] = []
    for character in cut:
        if character in '"\\':
            shown.append(f"\\{character}")
        elif character.isprintable():
            shown.append(character)
        else:
            number = ord(character)
            shown.append(f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
    body = "".join(shown)
    if len(cut) < len(text) or len(body) > most - 2:
        body = f"{body[: most - 3]}…"
    return f'"{body}"'


def kind(value: object) -> str:
    """The JSON type of a value, with its article: ``an object``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if is_number(value):
        return "an integer" if isinstance(value, int) else "a number"
    if is_object(value):
        return "an object"
    if is_array(value):
        return "an array"
    return f"a value of type {type(value).__name__}, which is not JSON"


def show(value: object) -> str:
    """A value of the instance: itself where it is short, else what it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 200 else "an integer of many digits"
    if isinstance(value, float):
        return repr(value)
    if is_object(value):
        return f"an object with {_count(len(value), 'property', 'properties')}"
    if is_array(value):
        return f"an array with {_count(len(value), 'item', 'items')}"
    return kind(value)


def got(value: object) -> str:
    """What was found instead: the type, and the value where it is short."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return f"{kind(value).split(' ', 1)[1]} {show(value)}"
    return show(value)


def literal(value: object) -> str:
    """A value out of a schema, as JSON would write it, cut."""
    if is_object(value):
        if not value:
            return "{}"
        key, item = next(iter(value.items()))
        more = ", …" if len(value) > 1 else ""
        inner = literal(item) if not (is_object(item) or is_array(item)) else "…"
        return f"{{{quote(key, 30)}: {inner}{more}}}"
    if is_array(value):
        if not value:
            return "[]"
        inner = "…" if is_object(value[0]) or is_array(value[0]) else literal(value[0])
        return f"[{inner}{', …' if len(value) > 1 else ''}]"
    return show(value)


def listing(items: Iterable[str], joint: str = "or", *, more: int = 0) -> str:
    """``a, b or c``, with the count of what is left out; ``more`` were left out before."""
    known = list(dict.fromkeys(items))
    shown = known[:_MAX_LIST]
    more += len(known) - len(shown)
    if more > 0:
        return f"{', '.join(shown)} {joint} {more} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {joint} {shown[-1]}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def summary(graph: Graph, schema: Target, depth: int = 0) -> str:
    """What a schema wants, in a few words: ``object with kind "circle"``."""
    if isinstance(schema, MetaSchema):
        return "JSON Schema"
    if isinstance(schema, bool):
        return "anything" if schema else "nothing"
    for keyword in ("const", "enum"):
        if keyword in schema:
            values = [schema[keyword]] if keyword == "const" else schema[keyword]
            if is_array(values):
                return _cut(listing(literal(value) for value in values[: _MAX_LIST + 1]))
    targets = graph.targets.get(id(schema), [])
    if len(targets) == 1 and depth < 4:
        return summary(graph, targets[0], depth + 1)
    for keyword in ("anyOf", "oneOf"):
        alternatives = schema.get(keyword)
        if is_array(alternatives) and depth < 2:
            inner = (
                summary(graph, alternative, depth + 1)
                for alternative in alternatives[: _MAX_LIST + 1]
                if isinstance(alternative, bool) or is_object(alternative)
            )
            return _cut(listing(inner))
    types = schema.get("type")
    names = [str(name) for name in types] if is_array(types) else [str(types)] if types else []
    if names == ["array"]:
        items = schema.get("items")
        if is_object(items) and depth < 2:
            return _cut(f"array of {summary(graph, items, depth + 1)}")
    if names in ([], ["object"]):
        about = _about_object(schema)
        if about:
            return _cut(f"object with {about}")
    title = schema.get("title")
    if not names and isinstance(title, str) and title:
        return quote(title, 40)
    return listing(names) if names else _definition(graph, schema)


def _definition(graph: Graph, schema: dict[str, Any]) -> str:
    """The name of a definition, for want of anything better."""
    *_, holder, name = ("", "", *graph.pointer(schema).split("/"))
    if holder in {"$defs", "definitions"}:
        return quote(name, 40)
    return "a value that fits the schema"


def _about_object(schema: dict[str, Any]) -> str:
    """What tells an object apart: a property with one allowed value, else its required names."""
    properties = schema.get("properties")
    if is_object(properties):
        for name, inner in properties.items():
            if is_object(inner):
                if "const" in inner:
                    return f"{quote(name, 30)}: {literal(inner['const'])}"
                values = inner.get("enum")
                if is_array(values) and len(values) == 1:
                    return f"{quote(name, 30)}: {literal(values[0])}"
    required = schema.get("required")
    if is_array(required) and required:
        return listing((quote(str(name), 30) for name in required[: _MAX_LIST + 1]), "and")
    return ""


def type_names(schema: Schema) -> list[str]:
    """The types a schema names."""
    types = schema.get("type") if is_object(schema) else None
    if isinstance(types, str):
        return [types]
    return [name for name in types if isinstance(name, str)] if is_array(types) else []


def _cut(text: str) -> str:
    return text if len(text) <= 2 * MAX_SHOWN else f"{text[: 2 * MAX_SHOWN - 1]}…"
