"""The one place that touches jsonschema-rs: always offline, always with its linear engine.

The library is imported on first use (it is large). By default it opens ``http:`` and ``file:``
references; every validator made here has a retriever that refuses. Patterns go to its linear
regular expression engine, whose time grows with the text and the pattern, never exponentially.
"""

from functools import lru_cache
from typing import Any

from .bounds import Schema
from .dialects import DEFAULT, Dialect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema_rs import Validator

PATTERN_SIZES = (2_048, 8_192, 32_768, 131_072, 524_288, 4_194_304)
"""The bounds, in bytes, on a compiled pattern that are tried in turn; the last is the most."""
_DFA_SIZE = 262_144


class EngineError(Exception):
    """The engine refused a schema or broke down over it. Its own error is the cause."""


class NotJsonError(Exception):
    """An instance is no JSON value, or is nested too deeply for the engine."""


def build(schema: Schema, dialect: Dialect, pattern_size: int = PATTERN_SIZES[-1]) -> "Validator":
    """A validator for a schema in a dialect. Raises :class:`EngineError`."""
    import jsonschema_rs

    make: Callable[..., Validator] = getattr(jsonschema_rs, dialect.validator)
    try:
        return make(
            schema,
            retriever=_refuse,
            pattern_options=jsonschema_rs.RegexOptions(
                size_limit=pattern_size, dfa_size_limit=_DFA_SIZE
            ),
        )
    except ValueError as error:
        raise EngineError from error
    except BaseException as error:
        _reraise_unless_panic(error)
        raise EngineError from error


def is_valid(validator: "Validator", instance: Any) -> bool:
    """The verdict. Raises :class:`NotJsonError` where there is none."""
    try:
        return validator.is_valid(instance)
    except ValueError as error:  # half surrogate pairs, other types, more than 255 levels
        raise NotJsonError from error
    except BaseException as error:
        _reraise_unless_panic(error)
        raise NotJsonError from error


def pattern_size(pattern: str) -> int | None:
    """The first of :data:`PATTERN_SIZES` a pattern compiles within.

    ``None`` when the linear engine cannot compile it at all: look-around, back-references,
    other syntax errors, or sheer size.
    """
    return (_known_pattern_size if len(pattern) <= 256 else _pattern_size)(pattern)


def _pattern_size(pattern: str) -> int | None:
    for size in PATTERN_SIZES:
        try:
            build({"pattern": pattern}, DEFAULT, size)
        except EngineError:
            continue
        return size
    return None


_known_pattern_size = lru_cache(maxsize=1_024)(_pattern_size)


def keyword_holds(dialect: Dialect, keyword: str, argument: object, instance: Any) -> bool:
    """Whether one keyword by itself allows an instance. For keywords without subschemas."""
    small = isinstance(argument, str) and len(argument) <= 256
    if small or isinstance(argument, bool | int | float):
        validator = _known_keyword(dialect, keyword, argument, type(argument))
    else:
        validator = build({keyword: argument}, dialect)
    return is_valid(validator, instance)


@lru_cache(maxsize=256)
def _known_keyword(
    dialect: Dialect, keyword: str, argument: object, _kind: type[object]
) -> "Validator":
    return build({keyword: argument}, dialect)


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri[:100]} is outside the schema and is not fetched")


def _reraise_unless_panic(error: BaseException) -> None:
    """A panic of the library is an exception outside :class:`Exception`; here it is a refusal."""
    if type(error).__name__ != "PanicException":
        raise error
