"""Capabilities of clients and servers.

A capability that is present is an object, most often an empty one. Members of
``experimental``, ``extensions`` and the plain capabilities are free-form.

The flags of tasks (2025-11-25) were read as booleans by some, because that revision's page
calls them so: ``true`` is accepted for an object there.
"""

from typing import TypeAlias

from interlock.protocol.types.base import UNSET, JSONObject, UnsetType, WireStruct

__all__ = (
    "ClientCapabilities",
    "ClientTaskRequests",
    "ClientTasksCapability",
    "ElicitationCapability",
    "ElicitationTasksCapability",
    "PromptsCapability",
    "ResourcesCapability",
    "RootsCapability",
    "SamplingCapability",
    "SamplingTasksCapability",
    "ServerCapabilities",
    "ServerTaskRequests",
    "ServerTasksCapability",
    "ToolsCapability",
    "ToolsTasksCapability",
)

TaskFlag: TypeAlias = JSONObject | bool
"""An object; ``true`` is read as an empty one, ``false`` as absent."""


class RootsCapability(WireStruct, frozen=True, kw_only=True):
    """``list_changed`` before 2026-07-28."""

    list_changed: bool | UnsetType = UNSET


class SamplingCapability(WireStruct, frozen=True, kw_only=True):
    """Members since 2025-11-25: ``includeContext`` values, tools in the request."""

    context: JSONObject | UnsetType = UNSET
    tools: JSONObject | UnsetType = UNSET


class ElicitationCapability(WireStruct, frozen=True, kw_only=True):
    """Modes, since 2025-11-25. With neither member it means ``form``; with ``url`` alone it
    does not.
    """

    form: JSONObject | UnsetType = UNSET
    url: JSONObject | UnsetType = UNSET


class ElicitationTasksCapability(WireStruct, frozen=True, kw_only=True):
    """``tasks.requests.elicitation`` of a client (2025-11-25)."""

    create: TaskFlag | UnsetType = UNSET


class SamplingTasksCapability(WireStruct, frozen=True, kw_only=True):
    """``tasks.requests.sampling`` of a client (2025-11-25)."""

    create_message: TaskFlag | UnsetType = UNSET


class ClientTaskRequests(WireStruct, frozen=True, kw_only=True):
    """The requests that a client runs as tasks (2025-11-25)."""

    elicitation: ElicitationTasksCapability | UnsetType = UNSET
    sampling: SamplingTasksCapability | UnsetType = UNSET


class ClientTasksCapability(WireStruct, frozen=True, kw_only=True):
    """``tasks`` of a client (2025-11-25)."""

    list_: TaskFlag | UnsetType = UNSET
    cancel: TaskFlag | UnsetType = UNSET
    requests: ClientTaskRequests | UnsetType = UNSET


class ClientCapabilities(WireStruct, frozen=True, kw_only=True):
    """What a client can do: once per session before 2026-07-28, in each request since."""

    experimental: dict[str, JSONObject] | UnsetType = UNSET
    roots: RootsCapability | UnsetType = UNSET
    sampling: SamplingCapability | UnsetType = UNSET
    elicitation: ElicitationCapability | UnsetType = UNSET
    tasks: ClientTasksCapability | UnsetType = UNSET
    extensions: dict[str, JSONObject] | UnsetType = UNSET


class PromptsCapability(WireStruct, frozen=True, kw_only=True):
    """``prompts`` of a server."""

    list_changed: bool | UnsetType = UNSET


class ResourcesCapability(WireStruct, frozen=True, kw_only=True):
    """``resources`` of a server."""

    subscribe: bool | UnsetType = UNSET
    list_changed: bool | UnsetType = UNSET


class ToolsCapability(WireStruct, frozen=True, kw_only=True):
    """``tools`` of a server."""

    list_changed: bool | UnsetType = UNSET


class ToolsTasksCapability(WireStruct, frozen=True, kw_only=True):
    """``tasks.requests.tools`` of a server (2025-11-25)."""

    call: TaskFlag | UnsetType = UNSET


class ServerTaskRequests(WireStruct, frozen=True, kw_only=True):
    """The requests that a server runs as tasks (2025-11-25)."""

    tools: ToolsTasksCapability | UnsetType = UNSET


class ServerTasksCapability(WireStruct, frozen=True, kw_only=True):
    """``tasks`` of a server (2025-11-25)."""

    list_: TaskFlag | UnsetType = UNSET
    cancel: TaskFlag | UnsetType = UNSET
    requests: ServerTaskRequests | UnsetType = UNSET


class ServerCapabilities(WireStruct, frozen=True, kw_only=True):
    """What a server can do."""

    experimental: dict[str, JSONObject] | UnsetType = UNSET
    logging: JSONObject | UnsetType = UNSET
    completions: JSONObject | UnsetType = UNSET
    prompts: PromptsCapability | UnsetType = UNSET
    resources: ResourcesCapability | UnsetType = UNSET
    tools: ToolsCapability | UnsetType = UNSET
    tasks: ServerTasksCapability | UnsetType = UNSET
    extensions: dict[str, JSONObject] | UnsetType = UNSET
