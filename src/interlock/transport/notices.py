"""Notices as notification params, in the form that both eras share."""

from math import isfinite
from typing import Any

from interlock.protocol.call import Progress
from interlock.protocol.errors import InvalidParams
from interlock.protocol.inspection import MAX_ID_CHARS
from interlock.protocol.json import UnsetType, encode


def read_token(token: int | str | UnsetType) -> int | str | UnsetType:
    """A progress token as it came. Raises :class:`InvalidParams` on one that is too long.

    It is kept while the call runs and sent with each notice, so it has the bound of an id.
    """
    if type(token) is str and len(token) > MAX_ID_CHARS:
        raise InvalidParams(
            f"The progress token is longer than {MAX_ID_CHARS} characters; use a shorter one."
        )
    return token


def progress_params(token: Any, progress: Progress, *, message: bool = True) -> bytes:
    """Params of ``notifications/progress``; a total that is no number of JSON is left out."""
    params: dict[str, Any] = {"progressToken": token, "progress": progress.done}
    if progress.total is not None and isfinite(progress.total):
        params["total"] = progress.total
    if message and progress.message is not None:
        params["message"] = progress.message
    return encode(params)
