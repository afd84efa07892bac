"""Outcomes: how a call ends. Every handler and middleware returns one of these four.

A :class:`Failure` is what the peer reads as a JSON-RPC error. A tool that fails is no
failure of the call: it is a :class:`Result` that says so.
"""

from typing import Any

from msgspec import Struct

from .errors import Origin, ProtocolError
from .json import UNSET, UnsetType
from .payload import Payload


class Hints(Struct, frozen=True):
    """What HTTP may say about an answer while nothing is sent yet; others ignore it."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Result(Struct, frozen=True):
    """The call is done."""

    payload: Payload
    hints: Hints | None = None


class Failure(Struct, frozen=True):
    """The call is refused or went wrong."""

    code: int
    message: str
    data: Any | UnsetType = UNSET
    origin: Origin = "handler"
    resource_not_found: bool = False
    """Legacy peers have a code of their own for it."""
    hints: Hints | None = None

    @classmethod
    def of(cls, error: ProtocolError) -> "Failure":
        """The failure that an error stands for."""
        from .errors import ResourceNotFound

        hints = None
        data = error.data
        if error.retry_after is not None:
            hints = Hints(headers=(("Retry-After", str(max(1, round(error.retry_after)))),))
            if data is UNSET:
                data = {"retryAfter": error.retry_after}
        return cls(
            error.code,
            error.message,
            data,
            error.origin,
            isinstance(error, ResourceNotFound),
            hints,
        )


class InputRequired(Struct, frozen=True):
    """The call ends here and asks for input; the payload is an ``InputRequiredResult``."""

    payload: Payload


class Extended(Struct, frozen=True):
    """A result type of an extension, such as a task handle."""

    result_type: str
    payload: Payload


Outcome = Result | Failure | InputRequired | Extended
