"""Incidents: what went wrong inside, told to the peer as a neutral sentence with an id.

The id finds the line in the log that has the cause; nothing internal travels.
"""

import logging
import os

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
