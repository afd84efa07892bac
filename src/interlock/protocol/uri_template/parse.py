"""The grammar of URI templates (RFC 6570 section 2): a text becomes literals and expressions."""

from typing import NamedTuple

from interlock.protocol.uri import GEN_DELIMS, SUB_DELIMS, UNRESERVED

MAX_TEMPLATE = 65_536
"""The longest template that is parsed, in characters."""
MAX_VARIABLES = 1_000
"""The most expressions, and the most variables over all expressions, of one template."""
MAX_PREFIX = 9_999
"""The longest prefix a variable may ask for (RFC 6570 section 2.4.1)."""

RESERVED = GEN_DELIMS | SUB_DELIMS
HEX = frozenset("0123456789ABCDEFabcdef")
_ALNUM = UNRESERVED - frozenset("-._~")
_VARCHAR = _ALNUM | {"_"}
_OPERATORS_LATER = frozenset("=,!@|")
_NOT_LITERAL = frozenset(' "<>\\^`{|}')


class UriTemplateError(ValueError):
    """A text is no URI template, or a template cannot do what is asked of it."""


class Operator(NamedTuple):
    """How an expression expands: the table of RFC 6570 appendix A."""

    mark: str
    """The character after the brace; empty for simple expressions."""
    first: str
    """What the expansion begins with when any variable is defined."""
    separator: str
    named: bool = False
    """Whether values carry the variable's name (``?a=1``)."""
    if_empty: str = ""
    """What follows the name of an empty value."""
    reserved: bool = False
    """Whether reserved characters and percent-encoded triplets stay as they are."""


SIMPLE = Operator("", "", ",")
OPERATORS = {
    "+": Operator("+", "", ",", reserved=True),
    "#": Operator("#", "#", ",", reserved=True),
    ".": Operator(".", ".", "."),
    "/": Operator("/", "/", "/"),
    ";": Operator(";", ";", ";", named=True),
    "?": Operator("?", "?", "&", named=True, if_empty="="),
    "&": Operator("&", "&", "&", named=True, if_empty="="),
}


class Variable(NamedTuple):
    """A variable inside an expression, with its modifier."""

    name: str
    explode: bool = False
    prefix: int | None = None


class Expression(NamedTuple):
    """What stands between two braces. ``position`` is that of the opening brace."""

    operator: Operator
    variables: tuple[Variable, ...]
    position: int
    text: str


Part = str | Expression


def parse(text: str) -> tuple[Part, ...]:
    """The literals and expressions of a template, in order.

    Literals come out as they stand in an expansion: what a URI cannot hold is percent-encoded.
    Raises :class:`UriTemplateError` with the position and what was expected there.
    """
    if len(text) > MAX_TEMPLATE:
        raise UriTemplateError(
            f"the template has {len(text)} characters; at most {MAX_TEMPLATE} are allowed"
        )
    parts: list[Part] = []
    position = variables = 0
    while position < len(text):
        opening = text.find("{", position)
        end = len(text) if opening < 0 else opening
        if end > position:
            parts.append(_literal(text, position, end))
        if opening < 0:
            break
        closing = text.find("}", opening)
        if closing < 0:
            raise UriTemplateError(f"the '{{' at position {opening} has no closing '}}'")
        if len(parts) >= 2 * MAX_VARIABLES:
            raise _too_many()
        expression = _expression(text, opening, closing, MAX_VARIABLES - variables)
        variables += len(expression.variables)
        parts.append(expression)
        position = closing + 1
    return tuple(parts)


def _too_many() -> UriTemplateError:
    return UriTemplateError(f"the template has more than {MAX_VARIABLES} variables")


def _literal(text: str, start: int, end: int) -> str:
    out: list[str] = []
    position = start
    while position < end:
        character = text[position]
        if character == "%":
            pair = text[position + 1 : min(position + 3, end)]
            if len(pair) != 2 or not HEX.issuperset(pair):
                raise UriTemplateError(
                    f"the '%' at position {position} is not followed by two hexadecimal digits; "
                    "write '%25' for a percent sign"
                )
            out.append(f"%{pair}")
            position += 3
            continue
        if character == "}":
            raise UriTemplateError(f"the '}}' at position {position} closes no expression")
        if character in _NOT_LITERAL or not character.isprintable():
            raise UriTemplateError(
                f"{show(character)} at position {position} cannot stand in a template; "
                "percent-encode it"
            )
        out.append(character if character.isascii() else encode_utf8(character))
        position += 1
    return "".join(out)


def _expression(text: str, opening: int, closing: int, allowed: int) -> Expression:
    position = opening + 1
    operator = SIMPLE
    if position < closing:
        mark = text[position]
        if mark in _OPERATORS_LATER:
            raise UriTemplateError(
                f"the operator {show(mark)} at position {position} is reserved by RFC 6570; "
                "expected a variable or one of + # . / ; ? &"
            )
        if mark in OPERATORS:
            operator = OPERATORS[mark]
            position += 1
    variables: list[Variable] = []
    while True:
        comma = text.find(",", position, closing)
        end = closing if comma < 0 else comma
        variables.append(_variable(text, position, end))
        if len(variables) > allowed:
            raise _too_many()
        if comma < 0:
            return Expression(
                operator, tuple(variables), opening, shorten(text[opening : closing + 1])
            )
        position = comma + 1


def _variable(text: str, start: int, end: int) -> Variable:
    position = start
    after_dot = True
    while position < end:
        character = text[position]
        if character in _VARCHAR:
            after_dot = False
            position += 1
        elif character == "%" and position + 3 <= end:
            if not HEX.issuperset(text[position + 1 : position + 3]):
                break
            after_dot = False
            position += 3
        elif character == "." and not after_dot:
            after_dot = True
            position += 1
        else:
            break
    name = text[start:position]
    if position < end and not after_dot:
        if text[position] == "*" and position + 1 == end:
            return Variable(name, explode=True)
        if text[position] == ":":
            return Variable(name, prefix=_prefix(text, position + 1, end))
    if position < end:
        raise UriTemplateError(
            f"{show(text[position])} at position {position}: expected "
            + ("a variable name" if after_dot else "',', '}', '*' or ':' and a length")
            + " (letters, digits, '_', single dots between them)" * after_dot
        )
    if after_dot:
        raise UriTemplateError(f"a variable name is missing at position {position}")
    return Variable(name)


def _prefix(text: str, start: int, end: int) -> int:
    digits = text[start:end]
    if 0 < len(digits) <= 4 and digits.isascii() and digits.isdigit() and digits[0] != "0":
        return int(digits)
    raise UriTemplateError(
        f"the length at position {start} must be a number from 1 to {MAX_PREFIX}"
    )


def encode_utf8(text: str) -> str:
    """Every byte of the text's UTF-8 form percent-encoded. Raises for lone surrogates."""
    try:
        return "".join(f"%{byte:02X}" for byte in text.encode())
    except UnicodeEncodeError as error:
        raise UriTemplateError(
            f"{show(text[error.start])} is half a surrogate pair and no character"
        ) from None


def show(character: str) -> str:
    """A character for an error message, safe to print."""
    return f"'{character}'" if character.isprintable() else f"U+{ord(character):04X}"


def shorten(text: str, limit: int = 60) -> str:
    """A text for an error message, cut to a length."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
