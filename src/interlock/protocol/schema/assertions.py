"""The keywords without subschemas: one function says how a value breaks one of them.

Each takes the keyword's argument, the value and the schema around it, and returns what was
wrong and what was expected, or ``None``. Keywords whose rules are intricate (``pattern``,
``format``, ``multipleOf``, ``uniqueItems``) ask the validation engine.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from .describe import got, kind, listing, literal, quote, show
from .dialects import Dialect
from .engine import build, is_valid, keyword_holds
from .plain import is_array, is_number, is_object
from .similar import nearest

_SHOWN = 100
Broken = tuple[str, str]
"""A message, and what was expected."""
_Check = Callable[[Any, Any, dict[str, Any], Dialect], Broken | None]


class _Assertion(NamedTuple):
    check: _Check
    first: int = 4
    last: int = 20


def broken(keyword: str, value: Any, schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    """How a value breaks a keyword of a schema; ``None`` where it does not, or where the keyword
    is none of this module's or not one of the dialect."""
    known = _ASSERTIONS.get(keyword)
    if known is None or not known.first <= dialect.year <= known.last:
        return None
    return known.check(schema[keyword], value, schema, dialect)


def same(left: Any, right: Any) -> bool:
    """Equality as JSON Schema has it: 1 is 1.0, but never true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_object(left):
        return (
            is_object(right)
            and left.keys() == right.keys()
            and all(same(item, right[key]) for key, item in left.items())
        )
    if is_array(left):
        return (
            is_array(right)
            and len(left) == len(right)
            and all(same(a, b) for a, b in zip(left, right, strict=True))
        )
    return not is_object(right) and not is_array(right) and left == right


def has_type(name: str, value: Any, dialect: Dialect) -> bool:
    """Whether a value is of a JSON Schema type. From draft-06 on 3.0 is an integer."""
    match name:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "object":
            return is_object(value)
        case "array":
            return is_array(value)
        case "number":
            return is_number(value)
        case "integer":
            if isinstance(value, float):
                return dialect.year > 4 and value.is_integer()
            return is_number(value)
        case _:
            return False


def _type(argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    names = [argument] if isinstance(argument, str) else argument
    if any(has_type(name, value, dialect) for name in names):
        return None
    expected = listing(names)
    return f"expected {expected}, got {got(value)}", expected


def _enum(argument: Any, value: Any, _schema: dict[str, Any], _dialect: Dialect) -> Broken | None:
    if any(same(allowed, value) for allowed in argument):
        return None
    shown = argument[:_SHOWN]
    expected = listing(map(literal, shown), more=len(argument) - len(shown))
    message = f"{show(value)} is not allowed; expected {expected or 'no value at all'}"
    if isinstance(value, str):
        near = nearest(value, (text for text in argument if isinstance(text, str)))
        if near is not None:
            message += f"; did you mean {quote(near)}?"
    return message, expected or "no value"


def _const(argument: Any, value: Any, _schema: dict[str, Any], _dialect: Dialect) -> Broken | None:
    if same(argument, value):
        return None
    expected = literal(argument)
    return f"{show(value)} is not {expected}, the only value allowed", expected


def _limit(
    argument: Any, value: Any, word: str, *, holds: Callable[[Any, Any], bool]
) -> Broken | None:
    if not is_number(value) or not is_number(argument) or holds(value, argument):
        return None
    return f"{show(value)} is not {word} {show(argument)}", f"{word} {show(argument)}"


def _minimum(argument: Any, value: Any, schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    if dialect.year == 4 and schema.get("exclusiveMinimum") is True:
        return _exclusive_minimum(argument, value, schema, dialect)
    return _limit(argument, value, "at least", holds=lambda a, b: a >= b)


def _maximum(argument: Any, value: Any, schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    if dialect.year == 4 and schema.get("exclusiveMaximum") is True:
        return _exclusive_maximum(argument, value, schema, dialect)
    return _limit(argument, value, "at most", holds=lambda a, b: a <= b)


def _exclusive_minimum(
    argument: Any, value: Any, _schema: dict[str, Any], _dialect: Dialect
) -> Broken | None:
    return _limit(argument, value, "more than", holds=lambda a, b: a > b)


def _exclusive_maximum(
    argument: Any, value: Any, _schema: dict[str, Any], _dialect: Dialect
) -> Broken | None:
    return _limit(argument, value, "less than", holds=lambda a, b: a < b)


def _multiple(
    argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect
) -> Broken | None:
    if not is_number(value) or keyword_holds(dialect, "multipleOf", argument, value):
        return None
    expected = f"a multiple of {show(argument)}"
    return f"{show(value)} is not {expected}", expected


def _size(what: str, word: str, *, most: bool) -> _Check:
    def check(
        argument: Any, value: Any, _schema: dict[str, Any], _dialect: Dialect
    ) -> Broken | None:
        fits = {"character": isinstance(value, str), "item": is_array(value)}
        if not fits.get(what, is_object(value)):
            return None
        size = len(value)
        if size <= argument if most else size >= argument:
            return None
        plural = f"{what}s" if what != "property" else "properties"
        noun = what if argument == 1 else plural
        expected = f"{word} {show(argument)} {noun}"
        have = f"the {kind(value).split(' ', 1)[1]} has {size} {what if size == 1 else plural}"
        return f"{have}; expected {expected}", expected

    return check


def _pattern(argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    if not isinstance(value, str) or keyword_holds(dialect, "pattern", argument, value):
        return None
    pattern = quote(argument)
    return f"{show(value)} does not match the pattern {pattern}", f"text matching {pattern}"


def _format(argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    if not isinstance(value, str) or keyword_holds(dialect, "format", argument, value):
        return None
    name = quote(argument, 40)
    return f"{show(value)} is not in the format {name}", f"text in the format {name}"


def _encoding(
    argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect
) -> Broken | None:
    if not isinstance(value, str) or keyword_holds(dialect, "contentEncoding", argument, value):
        return None
    name = quote(argument, 40)
    return f"{show(value)} is not in the encoding {name}", f"text in the encoding {name}"


def _media_type(
    argument: Any, value: Any, schema: dict[str, Any], dialect: Dialect
) -> Broken | None:
    if not isinstance(value, str):
        return None
    if "contentEncoding" in schema:  # the type is that of the decoded text
        both = {k: schema[k] for k in ("contentEncoding", "contentMediaType")}
        holds = is_valid(build(both, dialect), value)
    else:
        holds = keyword_holds(dialect, "contentMediaType", argument, value)
    if holds:
        return None
    name = quote(argument, 40)
    return f"{show(value)} is not of the media type {name}", f"text of the media type {name}"


def _unique(argument: Any, value: Any, _schema: dict[str, Any], dialect: Dialect) -> Broken | None:
    if not is_array(value) or keyword_holds(dialect, "uniqueItems", argument, value):
        return None
    return "two items are equal", "items that all differ"


_ASSERTIONS = {
    "type": _Assertion(_type),
    "enum": _Assertion(_enum),
    "const": _Assertion(_const, first=6),
    "minimum": _Assertion(_minimum),
    "maximum": _Assertion(_maximum),
    "exclusiveMinimum": _Assertion(_exclusive_minimum, first=6),
    "exclusiveMaximum": _Assertion(_exclusive_maximum, first=6),
    "multipleOf": _Assertion(_multiple),
    "minLength": _Assertion(_size("character", "at least", most=False)),
    "maxLength": _Assertion(_size("character", "at most", most=True)),
    "minItems": _Assertion(_size("item", "at least", most=False)),
    "maxItems": _Assertion(_size("item", "at most", most=True)),
    "minProperties": _Assertion(_size("property", "at least", most=False)),
    "maxProperties": _Assertion(_size("property", "at most", most=True)),
    "uniqueItems": _Assertion(_unique),
    "pattern": _Assertion(_pattern),
    "format": _Assertion(_format),
    "contentEncoding": _Assertion(_encoding, first=6, last=7),
    "contentMediaType": _Assertion(_media_type, first=6, last=7),
}
