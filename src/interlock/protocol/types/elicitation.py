"""``elicitation/create``: a server asks the user, by a form or by a URL to visit."""

from typing import Literal, TypeAlias

from interlock.protocol.types.base import (
    UNSET,
    JSONObject,
    MetaObject,
    NotificationParams,
    RequestParams,
    UnsetType,
    WireStruct,
)
from interlock.protocol.types.tasks import TaskMetadata

__all__ = (
    "ElicitAction",
    "ElicitRequest",
    "ElicitRequestParams",
    "ElicitResult",
    "ElicitValue",
    "ElicitationCompleteNotificationParams",
)

ElicitAction: TypeAlias = Literal["accept", "decline", "cancel"]
ElicitValue: TypeAlias = str | int | float | bool | list[str]
"""The value of a form field. Fractions are values of number fields, though the published
``schema.json`` leaves them out; ``schema.ts`` has them."""


class ElicitRequestParams(RequestParams, frozen=True, kw_only=True):
    """Params of ``elicitation/create``: a form's where ``mode`` is ``form`` or unset, a URL's
    where it is ``url``.

    This is both ``ElicitRequestFormParams`` and ``ElicitRequestURLParams`` of the schema: a
    form may leave its ``mode`` out, so no tag tells them apart. A form needs
    ``requested_schema``, a JSON Schema whose fields :mod:`.form_schema` reads; a URL needs
    ``url``. ``elicitation_id`` and ``task`` are of 2025-11-25 only; ``mode`` has no place
    before it.

    Raises :class:`ValueError` where the member its mode needs is unset (as
    :class:`msgspec.ValidationError` with the place when decoded).
    """

    message: str
    mode: Literal["form", "url"] | UnsetType = UNSET
    requested_schema: JSONObject | UnsetType = UNSET
    url: str | UnsetType = UNSET
    elicitation_id: str | UnsetType = UNSET
    task: TaskMetadata | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.mode == "url":
            if self.url is UNSET:
                raise ValueError("Expected `url` in an elicitation whose `mode` is `url`")
        elif self.requested_schema is UNSET:
            raise ValueError("Expected `requestedSchema` in an elicitation by form")


class ElicitRequest(
    WireStruct, frozen=True, kw_only=True, tag_field="method", tag="elicitation/create"
):
    """The request as it stands inside ``inputRequests``: without envelope."""

    params: ElicitRequestParams


class ElicitResult(WireStruct, frozen=True, kw_only=True):
    """The answer to ``elicitation/create``; ``content`` only where a form was accepted."""

    action: ElicitAction
    content: dict[str, ElicitValue] | UnsetType = UNSET
    meta: MetaObject | UnsetType = UNSET


class ElicitationCompleteNotificationParams(NotificationParams, frozen=True, kw_only=True):
    """Params of ``notifications/elicitation/complete`` (2025-11-25)."""

    elicitation_id: str
