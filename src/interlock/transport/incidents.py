"""Incidents: what went wrong inside, told to the peer as a neutral sentence with an id.

The id finds the line in the log that has the cause; nothing internal travels.
"""

import asyncio
import logging
import os

from interlock.protocol.call import Call
from interlock.protocol.outcome import Failure

logger = logging.getLogger("interlock")


def new_incident(error: BaseException, doing: str) -> str:
    """Log ``error`` with its traceback under a fresh incident id, and return the id."""
    id = os.urandom(6).hex()
    logger.error("incident %s while %s", id, doing, exc_info=error)
    return id


def incident(error: BaseException, doing: str) -> Failure:
    """The failure that a peer reads of an error inside."""
    id = new_incident(error, doing)
    return Failure(
        -32603,
        f"Internal error (incident {id}). The server's log has the cause under this id.",
        {"incident": id},
        "internal",
    )


def ends_call(error: BaseException, call: Call) -> bool:
    """Whether an exception ends the call from outside, so that nobody may stop it.

    The call was cancelled, the task that serves it was, or its coroutine is being closed. A
    handler that raises such an exception of its own accord, or lets one escape from a task that
    somebody else cancelled, has failed like any other.
    """
    if isinstance(error, GeneratorExit):
        return True
    if not isinstance(error, asyncio.CancelledError):
        return False
    task = asyncio.current_task()
    return call.scope.cancellation.reason is not None or task is None or task.cancelling() > 0
