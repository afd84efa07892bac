"""Extensions: optional parts of the protocol, each under a prefixed name both sides declare.

An extension brings methods, result types and settings. It is active for a call only where the
other side declared it too. Source: MCP 2026-07-28, Versioning, "Extension negotiation".
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .methods import Method

_KEY = re.compile(
    r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"/[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
)


class Extension(Struct, frozen=True, kw_only=True):
    """One extension: its key, its settings, and what it adds."""

    key: str
    """Prefixed, as in ``io.modelcontextprotocol/tasks``."""
    settings: Mapping[str, Any] = {}
    """The object published under the key in ``capabilities.extensions``."""
    methods: tuple[Method, ...] = ()
    result_types: frozenset[str] = frozenset()
    """Values of ``resultType`` that it defines."""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(
                f"{self.key!r} is no extension key: a dotted prefix, a slash and a name are"
                " needed, as in 'com.example/feature'"
            )


def valid_meta_key(key: str) -> bool:
    """Whether a ``_meta`` key has the form that the Base Protocol page gives it."""
    if "/" in key:
        prefix, _, name = key.partition("/")
        return bool(_KEY.fullmatch(f"{prefix}/{name or 'x'}"))
    return not key or bool(_KEY.fullmatch(f"x/{key}"))


def reserved_meta_key(key: str) -> bool:
    """Whether a ``_meta`` key's prefix belongs to MCP, by the rule of any revision.

    Second label ``mcp`` or ``modelcontextprotocol`` (since 2025-11-25), or such a label
    followed by another (2025-06-18).
    """
    prefix, slash, _ = key.partition("/")
    if not slash:
        return False
    labels = prefix.split(".")
    own = {"mcp", "modelcontextprotocol"}
    return (len(labels) > 1 and labels[1] in own) or any(label in own for label in labels[:-1])
