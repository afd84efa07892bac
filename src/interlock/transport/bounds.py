"""The bounds of a connection: every queue, count and size that a peer could push up."""

from msgspec import Struct


class Bounds(Struct, frozen=True, kw_only=True):
    """Limits of one connection. Each error that enforces one names it and says what to do."""

    message_bytes: int = 4 * 1024 * 1024
    """Largest message read from the peer, in bytes."""
    calls_in_flight: int = 256
    """Calls that may run at once; further ones are refused with code 1002."""
    calls_per_read: int = 64
    """Calls started before the event loop gets another turn."""
    batch_messages: int = 100
    """Messages in one batch (revision 2025-03-26)."""
    outbox_bytes: int = 1024 * 1024
    """Unsent bytes above which reading stops and notices wait."""
    asks_in_flight: int = 64
    """Requests to the peer that may be unanswered at once."""
    ask_seconds: float = 600.0
    """How long a question to the peer may stay unanswered."""
    progress_burst: int = 64
    """Progress notices of one call that are sent without delay."""
    progress_per_second: float = 20.0
    """Progress notices of one call a second, after the burst."""
    eof_grace_seconds: float = 1.0
    """How long calls in flight may go on after the end of input."""
    close_seconds: float = 1.0
    """How long cancelled calls may take to end."""


SERVER_BOUNDS = Bounds()
"""What a server accepts of a client."""
CLIENT_BOUNDS = Bounds(message_bytes=64 * 1024 * 1024)
"""What a client accepts of a server."""
