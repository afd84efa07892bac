"""Interlock: the production stack for the Model Context Protocol.

Names are loaded when they are first used, so importing the package costs next to nothing.
"""

from interlock._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.protocol.call import Call as Call
    from interlock.protocol.errors import (
        DefinitionError as DefinitionError,
    )
    from interlock.protocol.errors import (
        InterlockError as InterlockError,
    )
    from interlock.protocol.errors import (
        ProtocolError as ProtocolError,
    )
    from interlock.protocol.errors import (
        ToolError as ToolError,
    )
    from interlock.protocol.types.base import Annotations as Annotations
    from interlock.protocol.types.base import Icon as Icon
    from interlock.protocol.types.content import (
        EmbeddedResource as EmbeddedResource,
    )
    from interlock.protocol.types.content import (
        ResourceLink as ResourceLink,
    )
    from interlock.protocol.types.content import (
        TextContent as TextContent,
    )
    from interlock.protocol.types.resources import ResourceContents as ResourceContents
    from interlock.protocol.types.tools import ToolAnnotations as ToolAnnotations
    from interlock.server.content import (
        Audio as Audio,
    )
    from interlock.server.content import (
        ContentError as ContentError,
    )
    from interlock.server.content import (
        Image as Image,
    )
    from interlock.server.content import (
        Message as Message,
    )
    from interlock.server.content import (
        ToolResult as ToolResult,
    )
    from interlock.server.context import Context as Context
    from interlock.server.context import SyncContext as SyncContext
    from interlock.server.server import Server as Server
    from interlock.transport.bounds import Bounds as Bounds
else:

    def __getattr__(name: str) -> object:
        module = _HOMES.get(name)
        if module is None:
            raise AttributeError(f"module 'interlock' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(module), name)
        globals()[name] = value
        return value


_HOMES = {
    "Annotations": "interlock.protocol.types.base",
    "Audio": "interlock.server.content",
    "Bounds": "interlock.transport.bounds",
    "Call": "interlock.protocol.call",
    "ContentError": "interlock.server.content",
    "Context": "interlock.server.context",
    "DefinitionError": "interlock.protocol.errors",
    "EmbeddedResource": "interlock.protocol.types.content",
    "Icon": "interlock.protocol.types.base",
    "Image": "interlock.server.content",
    "InterlockError": "interlock.protocol.errors",
    "Message": "interlock.server.content",
    "ProtocolError": "interlock.protocol.errors",
    "ResourceContents": "interlock.protocol.types.resources",
    "ResourceLink": "interlock.protocol.types.content",
    "Server": "interlock.server.server",
    "SyncContext": "interlock.server.context",
    "TextContent": "interlock.protocol.types.content",
    "ToolAnnotations": "interlock.protocol.types.tools",
    "ToolError": "interlock.protocol.errors",
    "ToolResult": "interlock.server.content",
}

__all__ = [
    "Annotations",
    "Audio",
    "Bounds",
    "Call",
    "ContentError",
    "Context",
    "DefinitionError",
    "EmbeddedResource",
    "Icon",
    "Image",
    "InterlockError",
    "Message",
    "ProtocolError",
    "ResourceContents",
    "ResourceLink",
    "Server",
    "SyncContext",
    "TextContent",
    "ToolAnnotations",
    "ToolError",
    "ToolResult",
    "__version__",
]


def __dir__() -> list[str]:
    return sorted(__all__)
