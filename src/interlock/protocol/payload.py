"""A payload: the parameters of a call or the body of a result, as bytes, as a value, or both.

Whichever form is missing is made on demand and kept. A forwarder passes the bytes on
untouched, so members that our types do not know survive.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from .errors import InvalidParams
from .json import UNSET, Raw, UnsetType, encode

T = TypeVar("T")

_decoders: dict[type, Callable[[bytes], Any]] = {}


def decoder(type_: type[T]) -> Callable[[bytes | Raw | memoryview], T]:
    """The one decoder for a type; building one costs far more than using it."""
    found = _decoders.get(type_)
    if found is None:
        found = _decoders[type_] = msgspec.json.Decoder(type_).decode
    return cast("Callable[[bytes | Raw | memoryview], T]", found)


class Payload(msgspec.Struct, eq=False):
    """JSON text and its decoded value, each made from the other when first asked for."""

    known: Any = UNSET
    """The value, where it was given or decoded already; see :attr:`value`."""
    _raw: bytes | Raw | UnsetType | None = None
    forms: dict[str, bytes] | None = None
    """Encoded forms for edges to keep, by revision; ``None`` where nothing is kept."""

    @classmethod
    def of(cls, raw: bytes | Raw | memoryview) -> "Payload":
        """A payload of JSON text, copied out of whatever buffer it stood in."""
        return cls(UNSET, bytes(raw))

    @property
    def raw(self) -> bytes:
        """The JSON text."""
        raw = self._raw
        if type(raw) is not bytes:
            raw = self._raw = bytes(raw) if isinstance(raw, Raw) else encode(self.known)
        return raw

    @property
    def value(self) -> Any:
        """The value as it was given, or the text decoded to plain JSON values."""
        if self.known is UNSET:
            self.known = msgspec.json.decode(self.raw)
        return self.known

    def as_(self, type_: type[T]) -> T:
        """The value as ``type_``. Raises :class:`InvalidParams` where it has another form."""
        value = self.known
        if isinstance(value, type_):
            return value
        try:
            decoded = decoder(type_)(self.raw)
        except msgspec.MsgspecError as error:
            raise InvalidParams(describe(error)) from None
        if self.known is UNSET:
            self.known = decoded
        return decoded

    def replace(self, value: Any) -> "Payload":
        """A payload of another value; the text of this one is dropped."""
        return Payload(value)

    def __repr__(self) -> str:
        known = "text" if self.known is UNSET else type(self.known).__name__
        return f"Payload({known})"


def describe(error: Exception) -> str:
    """A decoding error as a sentence for the peer: what and where, never the value."""
    text = str(error).replace("`", "'")
    return f"Invalid params: {text[:300]}"
