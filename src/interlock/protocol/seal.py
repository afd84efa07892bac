"""Sealing: small state that a peer keeps for us, which it can neither read nor change.

Authenticated encryption (AES-256-GCM, NIST SP 800-38D) under a key that only this service has,
with the context (what the state is for) as associated data. The text is URL-safe base64 without
padding (RFC 4648 section 5), in its one canonical form, of::

    version (1 byte) | key id (4) | nonce (24) | ciphertext | tag (16)

The first half of the nonce and the key make the message's own key (keyed BLAKE2b, RFC 7693), the
second half is GCM's. So nonces may be random however many messages one key seals, and a key need
not be changed for having been used much. A stable text takes its nonce from what it seals: equal
input, equal text, and nothing else is given away.

A key id says which key to try; it is derived from the key and does not reveal it. Replay is not
prevented here: what must be used once, or not for ever, says so in the payload.
"""

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence

from .errors import InterlockError

KEY_BYTES = 32
"""The size of a key."""

_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 24
_TAG_BYTES = 16
_HEAD_BYTES = len(_VERSION) + _ID_BYTES
_OVERHEAD = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES


class SealError(InterlockError):
    """A text does not open: changed, cut, made elsewhere, for another context or with a lost key.

    Which of them is not said, to nobody: whoever sends such texts must learn nothing.
    """

    def __init__(self) -> None:
        super().__init__("the sealed text does not open")


class Sealer:
    """Seals with its first key and opens with all.

    To change keys, put the new one first and drop the old one when the texts under it have
    expired. Several instances that share their keys open each other's texts. Each key has 32
    random bytes (``os.urandom(32)``; not a password). ``max_bytes`` bounds a payload.

    Nothing is derived or imported before the first text.
    """

    __slots__ = ("_by_id", "_keys", "max_bytes")

    def __init__(self, keys: Sequence[bytes], *, max_bytes: int = 65536) -> None:
        if isinstance(keys, bytes | bytearray | str):
            raise TypeError("keys must be a sequence of keys, such as [key], not one key")
        if not keys:
            raise ValueError("a sealer needs at least one key; Sealer.random() makes its own")
        for place, key in enumerate(keys, 1):
            _check_key(key, f"key {place} of {len(keys)}")
        self._keys = tuple(bytes(key) for key in keys)
        self._by_id: dict[bytes, bytes] = {}
        self.max_bytes = max_bytes

    @classmethod
    def random(cls, *, max_bytes: int = 65536) -> "Sealer":
        """A sealer with a key of its own: its texts open in this process only."""
        return cls([os.urandom(KEY_BYTES)], max_bytes=max_bytes)

    def __repr__(self) -> str:
        return f"Sealer({len(self._keys)} key{'s' if len(self._keys) > 1 else ''})"

    def __reduce__(self) -> str:
        raise TypeError("a Sealer is not pickled or copied: its keys stay where they are")

    def seal(self, payload: bytes, *, context: bytes, stable: bool = False) -> str:
        """Seal ``payload`` for one ``context``; it opens for that context only.

        With ``stable``, the same payload and context give the same text under the same key.
        Raises :class:`ValueError` for a payload of more than ``max_bytes``.
        """
        if len(payload) > self.max_bytes:
            raise ValueError(
                f"{len(payload)} bytes are too many to seal: the bound is {self.max_bytes}."
                " Keep the data here and seal its key"
            )
        key_id, key = next(iter(self._ids().items()))
        if stable:
            size = len(context).to_bytes(8, "big")
            nonce = _derive(key, b"nonce", size + context + payload, _NONCE_BYTES)
        else:
            nonce = os.urandom(_NONCE_BYTES)
        head = _VERSION + key_id
        ciphertext = _cipher(key, nonce).encrypt(nonce[12:], payload, head + context)
        return _to_text(head + nonce + ciphertext)

    def open(self, text: str, *, context: bytes) -> bytes:
        """The payload of a text that was sealed for ``context`` under one of the keys.

        Raises :class:`SealError`, always the same, for everything else.
        """
        payload = self._open(text, context)
        if payload is None:
            raise SealError  # outside of any except block: it carries no cause
        return payload

    def _open(self, text: str, context: bytes) -> bytes | None:
        if len(text) > 4 * (self.max_bytes + _OVERHEAD) // 3 + 2:
            return None
        sealed = _from_text(text)
        if sealed is None or len(sealed) < _OVERHEAD or sealed[:1] != _VERSION:
            return None
        head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        key = self._ids().get(head[1:])
        if key is None:
            return None
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        from cryptography.exceptions import InvalidTag

        try:
            return _cipher(key, nonce).decrypt(nonce[12:], ciphertext, head + context)
        except InvalidTag:
            return None

    def _ids(self) -> dict[bytes, bytes]:
        """The keys by their ids, in order."""
        if not self._by_id:
            by_id: dict[bytes, bytes] = {}
            for key in self._keys:
                known = by_id.setdefault(_derive(key, b"id", b"", _ID_BYTES), key)
                if known != key:  # once in four thousand million pairs
                    raise ValueError("two of the keys have the same id: replace one of them")
            self._by_id = by_id
        return self._by_id


TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def _cipher(key: bytes, nonce: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_derive(key, b"message", nonce[:12], KEY_BYTES))


def _derive(key: bytes, purpose: bytes, data: bytes, size: int) -> bytes:
    """Bytes that nobody without the key can tell from random ones."""
    from hashlib import blake2b

    return blake2b(data, key=key, person=b"seal 1 " + purpose, digest_size=size).digest()


def _check_key(key: bytes, which: str) -> None:
    hint = "make one with os.urandom(32) and keep it as base64 or hex"
    if not isinstance(key, bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]  # configuration may hold text
        raise TypeError(f"{which} is {type(key).__name__}, not bytes: decode it first; {hint}")
    if len(key) != KEY_BYTES:
        raise ValueError(f"{which} has {len(key)} bytes, not {KEY_BYTES}: {hint}")


def _to_text(data: bytes) -> str:
    text = b2a_base64(data, newline=False).rstrip(b"=")
    return text.translate(_TO_URL).decode("ascii")


def _from_text(text: str) -> bytes | None:
    """What ``text`` encodes; ``None`` unless it is the one text that encodes it."""
    try:
        encoded = text.encode("ascii")
        data = a2b_base64(encoded.translate(_FROM_URL) + b"=" * (-len(encoded) % 4))
    except ValueError:
        return None
    return data if _to_text(data) == text else None


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
