"""Notices as notification params, in the form that both eras share."""

from math import isfinite
from typing import Any

from interlock.protocol.call import Progress
from interlock.protocol.json import encode


def progress_params(token: Any, progress: Progress, *, message: bool = True) -> bytes:
    """Params of ``notifications/progress``; a total that is no number of JSON is left out."""
    params: dict[str, Any] = {"progressToken": token, "progress": progress.done}
    if progress.total is not None and isfinite(progress.total):
        params["total"] = progress.total
    if message and progress.message is not None:
        params["message"] = progress.message
    return encode(params)
