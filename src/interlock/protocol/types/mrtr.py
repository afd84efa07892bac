"""Multi round-trip requests (2026-07-28): a result that asks, a retry that answers.

Answers have no tag. What type an answer has follows from the question that was asked under
its key, never from its shape, so :data:`InputResponses` is for writing; a reader takes the
raw object apart by key (``dict[str, Raw]``) and decodes each as its question's answer.
"""

from typing import TypeAlias

from interlock.protocol.types.base import UNSET, Result, UnsetType
from interlock.protocol.types.elicitation import ElicitRequest, ElicitResult
from interlock.protocol.types.roots import ListRootsRequest, ListRootsResult
from interlock.protocol.types.sampling import CreateMessageRequest, CreateMessageResult

__all__ = (
    "InputRequest",
    "InputRequests",
    "InputRequiredResult",
    "InputResponse",
    "InputResponses",
)

InputRequest: TypeAlias = CreateMessageRequest | ListRootsRequest | ElicitRequest
"""A question; told apart by ``method``."""
InputRequests: TypeAlias = dict[str, InputRequest]
"""Questions by key."""
InputResponse: TypeAlias = CreateMessageResult | ListRootsResult | ElicitResult
"""An answer; not told apart by anything in it."""
InputResponses: TypeAlias = dict[str, InputResponse]
"""Answers by the key of their question."""


class InputRequiredResult(Result, frozen=True, kw_only=True):
    """The result (``resultType`` is ``input_required``) that asks for a retry.

    At least one of ``input_requests`` and ``request_state`` is set; with the state alone it
    means: try again. The schema does not say so, the page does.

    Raises :class:`ValueError` where both are unset (as :class:`msgspec.ValidationError` when
    decoded).
    """

    input_requests: InputRequests | UnsetType = UNSET
    request_state: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.input_requests is UNSET and self.request_state is UNSET:
            raise ValueError("Expected `inputRequests` or `requestState` in a result that asks")
