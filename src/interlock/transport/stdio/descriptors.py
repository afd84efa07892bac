"""Taking standard input and output for the protocol, so that nothing else can touch them.

Descriptors 0 and 1 are duplicated away; then 0 reads from the null device and 1 writes where
standard error goes. A ``print`` in a handler, a C library, a child that inherits its standard
streams: none of them reaches the stream any more.
"""

import contextlib
import os
import stat
import sys
from typing import Literal, NamedTuple

Way = Literal["loop", "thread"]


class Descriptors(NamedTuple):
    """The protocol's own descriptors, which no child inherits."""

    input: int
    output: int


_claimed: Descriptors | None = None


def claim() -> Descriptors:
    """Take the standard streams; a second call returns what the first one took."""
    global _claimed
    if _claimed is not None:
        return _claimed
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (0, 1):
            msvcrt.setmode(descriptor, os.O_BINARY)
    null = _beyond(os.open(os.devnull, os.O_RDWR))
    try:
        taken = Descriptors(_duplicate(0, null), _duplicate(1, null))
        if not _is_open(2):  # else the next file opened would become standard error
            os.dup2(null, 2)
        os.dup2(null, 0)
        os.dup2(2, 1)
    finally:
        os.close(null)
    _claimed = taken
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        with contextlib.suppress(OSError):  # what was printed before, and still waits, goes there
            reconfigure(line_buffering=True, errors="backslashreplace")
    return taken


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _duplicate(descriptor: int, otherwise: int) -> int:
    return _beyond(os.dup(descriptor if _is_open(descriptor) else otherwise))


def _beyond(descriptor: int) -> int:
    """``descriptor``, moved past the standard ones where one of them was closed."""
    passed: list[int] = []
    while descriptor <= 2:
        passed.append(descriptor)
        descriptor = os.dup(descriptor)
    for low in passed:
        os.close(low)
    return descriptor


def has_peer(descriptor: int) -> bool:
    """Whether a descriptor is a pipe or socket, which an event loop can watch."""
    if sys.platform == "win32":
        return False
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def way(descriptor: int, *others: int) -> Way:
    """How a descriptor can be served: by the event loop, or by a thread of its own.

    Event loops take pipes and sockets only (uvloop aborts the process on a file). A descriptor
    that is the same open file as standard error or one of ``others`` gets a thread: it must
    stay blocking, and a loop that writes to a socket also reads from it.
    """
    if not has_peer(descriptor):
        return "thread"
    status = os.fstat(descriptor)
    for other in (2, *others):
        if _is_open(other) and os.path.samestat(os.fstat(other), status):
            return "thread"
    return "loop"
