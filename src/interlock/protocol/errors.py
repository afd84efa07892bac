"""The errors of the protocol: what the peer sees, kept apart from what the developer sees.

The tree::

    InterlockError
    ├── ProtocolError            a JSON-RPC error the peer receives: code, message, data
    │   ├── ParseError                  -32700  no JSON, or JSON we refuse to read
    │   ├── InvalidRequest              -32600  JSON, but no request of this protocol
    │   ├── MethodNotFound              -32601
    │   ├── InvalidParams               -32602
    │   │   ├── UnknownTarget                   no such tool or prompt
    │   │   └── ResourceNotFound                -32002 towards legacy peers
    │   ├── InternalError               -32603  carries an incident id, never a cause
    │   ├── HeaderMismatch              -32020
    │   ├── MissingClientCapability     -32021
    │   ├── UnsupportedRevision         -32022
    │   ├── UpstreamUnavailable          1001
    │   ├── RateLimited                  1002
    │   └── PermissionDenied             1003
    ├── ToolError                a failure of a tool, which the model reads
    └── DefinitionError          a server was defined wrongly; raised at decoration

``ProtocolError.message`` and ``.data`` travel; ``__cause__`` stays here and goes to the log.

Sources: JSON-RPC 2.0 section 5.1; MCP 2026-07-28, Base Protocol, "Error codes".
"""

from typing import Any, ClassVar, Literal

from .json import UNSET, UnsetType

Origin = Literal[
    "parse",
    "envelope",
    "header",
    "meta",
    "revision",
    "method",
    "params",
    "capability",
    "limit",
    "permission",
    "handler",
    "internal",
]
"""Where in a request's way an error arose; with the code it decides an HTTP status."""


class InterlockError(Exception):
    """The base of everything this package raises on purpose."""


class ProtocolError(InterlockError):
    """A JSON-RPC error as the peer will read it.

    ``data`` is any JSON value and is left out when unset. ``retry_after`` is in seconds;
    HTTP sends it as a header, other transports put it into ``data`` where they can.
    """

    code: int = -32603
    default_origin: ClassVar[Origin] = "handler"

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        data: Any | UnsetType = UNSET,
        origin: Origin | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.data = data
        self.origin: Origin = origin or self.default_origin
        self.retry_after = retry_after


class ParseError(ProtocolError):
    """The bytes are not JSON, or exceed a bound that is checked before reading them."""

    code = -32700
    default_origin = "parse"


class InvalidRequest(ProtocolError):
    """JSON, but not a message of this protocol, or not one that may be sent now."""

    code = -32600
    default_origin = "envelope"


class MethodNotFound(ProtocolError):
    """The method does not exist in this revision or is not offered by this peer."""

    code = -32601
    default_origin = "method"


class InvalidParams(ProtocolError):
    """The parameters do not have the method's form."""

    code = -32602
    default_origin = "params"


class UnknownTarget(InvalidParams):
    """No tool or prompt of that name."""


_NOT_FOUND_HINT = "List resources and templates to see what can be read."


class ResourceNotFound(InvalidParams):
    """No resource of that URI; legacy peers are sent ``-32002`` for it."""

    def __init__(self, uri: str, hint: str = "") -> None:
        shown = uri if len(uri) <= 200 else uri[:200] + "…"
        super().__init__(
            f"Resource not found: {shown}. {hint or _NOT_FOUND_HINT}",
            data={"uri": shown},
        )


class InternalError(ProtocolError):
    """Our fault. The peer reads a neutral sentence and an incident id; the log has the cause."""

    code = -32603
    default_origin = "internal"


class HeaderMismatch(ProtocolError):
    """A mirrored HTTP header is missing or disagrees with the body."""

    code = -32020
    default_origin = "header"


class MissingClientCapability(ProtocolError):
    """The request needs a client capability that it did not declare.

    ``required`` is a ``ClientCapabilities`` object holding exactly what is missing.
    """

    code = -32021
    default_origin = "capability"

    def __init__(self, message: str, required: dict[str, Any]) -> None:
        super().__init__(message, data={"requiredCapabilities": required})


class UnsupportedRevision(ProtocolError):
    """The protocol revision of a request is not served here."""

    code = -32022
    default_origin = "revision"

    def __init__(self, requested: str, supported: tuple[str, ...]) -> None:
        shown = requested if len(requested) <= 60 else requested[:60] + "…"
        super().__init__(
            f"Unsupported protocol version {shown!r}; supported: {', '.join(supported)}",
            data={"supported": list(supported), "requested": shown},
        )


class UpstreamUnavailable(ProtocolError):
    """A server behind this one cannot be reached."""

    code = 1001


class RateLimited(ProtocolError):
    """A limit on the number or rate of requests was reached; try again later."""

    code = 1002
    default_origin = "limit"


class PermissionDenied(ProtocolError):
    """The caller may not do this; the message names the rule."""

    code = 1003
    default_origin = "permission"


class ToolError(InterlockError):
    """Raised by a tool: its text reaches the model, so say what to do differently.

    Every other exception becomes a neutral sentence with an incident id.
    """


class DefinitionError(InterlockError, TypeError):
    """A tool, resource, prompt or server is defined in a way that cannot work."""
