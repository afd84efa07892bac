"""What a model is forgiven, exactly.

Two slips are mended, each only where the strict reading has failed:

* a string whose whole text is the JSON of a number, boolean, array or object, where such a
  value is declared and no string is allowed (``"3"`` for 3, ``"[1, 2]"`` for [1, 2]);
* a float with an integral value for an integer (``3.0`` for 3).

Nothing else: no NaN or Infinity (they are no JSON), no number for a boolean or a date, no
``"null"`` for null.
"""

from collections.abc import Set
from typing import Any

import msgspec

from interlock.protocol.json import decode

MISSING = msgspec.UNSET
"""No value: the slip is none of those that are mended."""

_EXACT = 2**53


def reinterpreted(value: Any, kinds: Set[str]) -> Any:
    """The value that was meant, of one of ``kinds``, or :data:`MISSING`."""
    if type(value) is str:
        if "string" in kinds:
            return MISSING
        try:
            value = decode(value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return MISSING
        if isinstance(value, str) or value is None:
            return MISSING
        if kind_fits(value, kinds):
            return value
    if type(value) is float and "integer" in kinds and abs(value) < _EXACT:
        integer = int(value)
        return integer if integer == value else MISSING
    return MISSING


def kind_fits(value: Any, kinds: Set[str]) -> bool:
    """Whether a plain JSON value that is no string and not null is of one of ``kinds``."""
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int):
        return "integer" in kinds
    if isinstance(value, float):
        return "number" in kinds
    if isinstance(value, list):
        return "array" in kinds
    return "object" in kinds
