"""Expansion (RFC 6570 section 3): variables in, a URI reference out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlock.protocol.uri import UNRESERVED

from .parse import (
    HEX,
    RESERVED,
    Expression,
    Operator,
    Part,
    UriTemplateError,
    Variable,
    encode_utf8,
)

_KEPT = UNRESERVED | RESERVED


def expand(parts: Iterable[Part], values: Mapping[str, Any], limit: int) -> str:
    """Replace each expression by its expansion; ``limit`` bounds the result, in characters."""
    out: list[str] = []
    size = 0
    for part in parts:
        piece = part if isinstance(part, str) else _expression(part, values, limit)
        size += len(piece)
        if size > limit:
            raise UriTemplateError(f"the expansion would have more than {limit} characters")
        out.append(piece)
    return "".join(out)


def _expression(expression: Expression, values: Mapping[str, Any], limit: int) -> str:
    operator = expression.operator
    pieces: list[str] = []
    size = 0
    for variable in expression.variables:
        value = values.get(variable.name)
        if value is None:
            continue
        if isinstance(value, Mapping):
            piece = _pairs(operator, variable, value, limit)  # pyright: ignore[reportUnknownArgumentType]  # any mapping; names and values are checked one by one
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
            piece = _list(operator, variable, value, limit)  # pyright: ignore[reportUnknownArgumentType]  # any sequence; items are checked one by one
        else:
            piece = _single(operator, variable, value, limit)
        if piece is None:
            continue
        size += len(piece)
        if size > limit:
            raise UriTemplateError(f"the expansion would have more than {limit} characters")
        pieces.append(piece)
    return operator.first + operator.separator.join(pieces) if pieces else ""


def _single(operator: Operator, variable: Variable, value: object, limit: int) -> str:
    text = _text(value, variable.name, limit)
    if variable.prefix is not None:
        text = text[: variable.prefix]
    return _named(operator, variable.name, _encode(text, operator))


def _list(
    operator: Operator, variable: Variable, value: Sequence[object], limit: int
) -> str | None:
    _whole(variable, len(value), limit)
    items = [_encode(_text(v, variable.name, limit), operator) for v in value if v is not None]
    if not items:
        return None
    if not variable.explode:
        return _named(operator, variable.name, ",".join(items))
    if operator.named:
        items = [_named(operator, variable.name, item) for item in items]
    return operator.separator.join(items)


def _pairs(
    operator: Operator, variable: Variable, value: Mapping[Any, object], limit: int
) -> str | None:
    _whole(variable, len(value), limit)
    items = [
        (_encode(_text(k, variable.name, limit), operator), _text(v, variable.name, limit))
        for k, v in value.items()
        if v is not None
    ]
    if not items:
        return None
    if variable.explode:
        return operator.separator.join(
            f"{key}{operator.if_empty if operator.named and not text else '='}"
            f"{_encode(text, operator)}"
            for key, text in items
        )
    flat = ",".join(f"{key},{_encode(text, operator)}" for key, text in items)
    return _named(operator, variable.name, flat)


def _whole(variable: Variable, count: int, limit: int) -> None:
    if variable.prefix is not None:
        raise UriTemplateError(
            f"the variable '{variable.name}' is cut to {variable.prefix} characters in this "
            "template, so its value must be a text, not a list or an object"
        )
    if count > limit:
        raise UriTemplateError(f"the variable '{variable.name}' has more than {limit} items")


def _named(operator: Operator, name: str, text: str) -> str:
    if not operator.named:
        return text
    return f"{name}={text}" if text else f"{name}{operator.if_empty}"


def _text(value: object, name: str, limit: int) -> str:
    if isinstance(value, str):
        if len(value) > limit:
            raise UriTemplateError(f"the value of '{name}' has more than {limit} characters")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() <= 1_024:
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise UriTemplateError(
        f"the variable '{name}' holds a value of type {type(value).__name__}; expected text, a "
        "number, a list of these or an object of these"
    )


def _encode(text: str, operator: Operator) -> str:
    allowed = _KEPT if operator.reserved else UNRESERVED
    if allowed.issuperset(text):
        return text
    out: list[str] = []
    for position, character in enumerate(text):
        if character in allowed or (
            operator.reserved and character == "%" and _triplet(text, position)
        ):
            out.append(character)
        else:
            out.append(encode_utf8(character))
    return "".join(out)


def _triplet(text: str, position: int) -> bool:
    pair = text[position + 1 : position + 3]
    return len(pair) == 2 and HEX.issuperset(pair)
