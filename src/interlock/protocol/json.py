"""The one JSON codec: every byte that Interlock emits or reads passes through here.

Encoding refuses what JSON cannot say (NaN and infinities, lone surrogates) instead of
changing it silently; decoding is msgspec's, strict.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

Raw = msgspec.Raw
UNSET = msgspec.UNSET
UnsetType = msgspec.UnsetType


class Preserialized:
    """A value that holds its own JSON text and is written as exactly that text."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes | memoryview | msgspec.Raw) -> None:
        self.raw = bytes(raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.raw)} bytes)"


def _enc_hook(value: object) -> Any:
    if isinstance(value, Preserialized):
        return msgspec.Raw(value.raw)
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # any mapping, checked as it is encoded
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_encoder = msgspec.json.Encoder(enc_hook=_enc_hook, decimal_format="string")
encode = _encoder.encode
"""Any JSON value, Struct or :class:`Preserialized` to UTF-8 bytes.

Raises :class:`TypeError` or :class:`ValueError` (lone surrogates, recursion) where a value
has no JSON form. NaN and infinities become ``null``: check values from outside with
:func:`check_numbers` first.
"""

_any_decoder = msgspec.json.Decoder()
decode = _any_decoder.decode
"""UTF-8 bytes to plain Python values. Raises :class:`msgspec.DecodeError`."""


def check_numbers(value: Any, path: str = "$", depth: int = 128) -> str | None:
    """The path of the first NaN or infinity in a plain JSON value, or ``None``."""
    if isinstance(value, float):
        return None if isfinite(value) else path
    if depth == 0:
        return None
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]  # plain JSON
            found = check_numbers(item, f"{path}.{key}", depth - 1)
            if found is not None:
                return found
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # plain JSON
            found = check_numbers(item, f"{path}[{index}]", depth - 1)
            if found is not None:
                return found
    return None
