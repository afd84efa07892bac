"""The modern edge: from a request's ``_meta`` to a scope, and from outcomes to responses.

Nothing is remembered between requests but the decoded form of equal ``_meta`` blocks, which
clients send again and again. Sources: MCP 2026-07-28, Base Protocol, "``_meta``";
Versioning; Discovery.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from interlock.protocol.call import (
    Acknowledged,
    Call,
    Change,
    ClientProfile,
    Description,
    Log,
    Notice,
    Progress,
    Scope,
    TraceContext,
)
from interlock.protocol.envelope import (
    ErrorObject,
    ResultResponse,
    check_members,
    write_error,
    write_notification,
    write_result,
)
from interlock.protocol.errors import InvalidParams, MissingClientCapability, UnsupportedRevision
from interlock.protocol.json import UNSET, Raw, UnsetType, encode
from interlock.protocol.outcome import Extended, Failure, InputRequired, Outcome, Result
from interlock.protocol.payload import Payload, describe
from interlock.protocol.revisions import MODERN, REVISIONS, Revision
from interlock.protocol.types.base import (
    META_CLIENT_CAPABILITIES,
    META_PROTOCOL_VERSION,
    META_SERVER_INFO,
    META_SUBSCRIPTION_ID,
    RequestMeta,
)
from interlock.protocol.types.logging import SEVERITY
from interlock.protocol.types.tools import CallToolResult
from interlock.transport.notices import progress_params, read_token
from interlock.transport.trace import read_trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.transport.running import Running
    from interlock.transport.serving import Connection

_read_meta = msgspec.json.Decoder(RequestMeta).decode
_read_object = msgspec.json.Decoder(dict[str, Any]).decode
_KEPT = 128
_KEPT_BYTES = 4096
_DISCOVER_TTL_MS = 300_000


class Stated(Struct, frozen=True):
    """What a request's ``_meta`` states, decoded."""

    revision: Revision
    client: ClientProfile
    log_level: str | None
    token: int | str | UnsetType
    trace: TraceContext | None


class ModernEdge:
    """Reads and writes the modern era for one connection."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._stated: dict[bytes, Stated] = {}
        self._profiles: dict[tuple[bytes, bytes], ClientProfile] = {}
        self._server_meta: Any = None

    # In

    def read_meta(self, raw: Raw) -> Stated | None:
        """What a ``_meta`` block states; ``None`` where it names no revision (a legacy one).

        Raises :class:`InvalidParams` and :class:`UnsupportedRevision`.
        """
        key = bytes(raw)
        stated = self._stated.get(key)
        if stated is not None:
            return stated
        check_members(key)
        try:
            meta = _read_meta(key)
        except msgspec.MsgspecError as error:
            raise InvalidParams(describe(error) + " (in _meta)") from None
        name = meta.protocol_version
        if name is UNSET:
            if meta.client_capabilities is UNSET or self._connection.session is not None:
                return None
            raise self.missing_meta(raw)
        revision = REVISIONS.get(name)
        if revision is None or not revision.modern:
            raise UnsupportedRevision(name, MODERN)
        level = meta.log_level
        if level is not UNSET and level not in SEVERITY:
            raise unknown_level()
        stated = Stated(
            revision,
            self._profile(meta),
            None if level is UNSET else level,
            read_token(meta.progress_token),
            read_trace(meta),
        )
        if stated.token is UNSET and stated.trace is None and len(key) <= _KEPT_BYTES:
            if len(self._stated) >= _KEPT:
                self._stated.clear()
            self._stated[key] = stated
        return stated

    def _profile(self, meta: RequestMeta) -> ClientProfile:
        capabilities, info = meta.client_capabilities, meta.client_info
        if capabilities is UNSET:
            raise InvalidParams(
                f"_meta lacks {META_CLIENT_CAPABILITIES!r}: declare the client's capabilities with"
                " every request ({} for none)."
            )
        key = (
            bytes(capabilities),
            b"{}" if info is UNSET else bytes(info),
        )
        profile = self._profiles.get(key)
        if profile is None:
            try:
                declared, claimed = _read_object(key[0]), _read_object(key[1])
            except msgspec.MsgspecError:
                raise InvalidParams("clientCapabilities and clientInfo are objects.") from None
            profile = ClientProfile(
                _text(claimed.get("name")), _text(claimed.get("version")), claimed, declared
            )
            if len(self._profiles) >= _KEPT:
                self._profiles.clear()
            if len(key[0]) + len(key[1]) <= _KEPT_BYTES:
                self._profiles[key] = profile
        return profile

    def missing_meta(self, raw: Raw | UnsetType) -> InvalidParams:
        """The error for a request that is neither modern nor in a session."""
        wanted = f"{META_PROTOCOL_VERSION!r} and {META_CLIENT_CAPABILITIES!r}"
        return InvalidParams(
            f"params._meta lacks {wanted}. State them with every request (revisions"
            f" {', '.join(MODERN)}), or open a session with initialize (older revisions).",
            origin="meta",
        )

    def scope(self, running: "Running", stated: Stated) -> Scope:
        """The scope of a call."""
        running.token = stated.token
        if stated.log_level is not None:
            running.log_level = stated.log_level
        return Scope(
            stated.revision,
            stated.client,
            running,
            running,
            False,  # noqa: FBT003  # by position: on the path of every call
            stated.log_level,
            stated.token is not UNSET,
            None,
            stated.trace,
        )

    def serve_itself(self, running: "Running", params: Any) -> bytes | None:
        """The answer to ``server/discover``; ``None`` for every other method."""
        if running.method.name != "server/discover":
            return None
        result = discovered(self._connection.peer.describe())
        return self.write_outcome(running, Result(Payload(result)))

    async def ask(self, running: "Running", method: str, params: Payload) -> Payload:
        """A modern caller is never asked on its stream: the call ends and is retried instead."""
        capability = method.split("/", 1)[0]
        raise MissingClientCapability(
            f"{method} cannot be sent to a client of this revision while a call runs.",
            {capability: {}},
        )

    # Out

    def write_outcome(self, running: "Running", outcome: Outcome) -> bytes:
        """The response."""
        if type(outcome) is Result:
            value = outcome.payload.known
            if type(value) is CallToolResult and value.result_type is UNSET and value.meta is UNSET:
                complete = CallToolResult(
                    result_type="complete",
                    meta=self._server_meta or self._make_server_meta(),
                    content=value.content,
                    structured_content=value.structured_content,
                    is_error=value.is_error,
                )
                return encode(ResultResponse("2.0", running.id, complete))
            return write_result(running.id, self._result(running, outcome.payload, "complete"))
        if isinstance(outcome, Failure):
            return write_error(running.id, ErrorObject(outcome.code, outcome.message, outcome.data))
        kind = outcome.result_type if isinstance(outcome, Extended) else "input_required"
        assert isinstance(outcome, Extended | InputRequired)
        return write_result(running.id, self._result(running, outcome.payload, kind))

    def _result(self, running: "Running", payload: Payload, kind: str) -> bytes:
        """A result's text with what this revision wants of every result."""
        forms = payload.forms
        if forms is not None and (form := forms.get("modern")) is not None:
            return form
        members: dict[str, Any] = _read_object(payload.raw)
        if running.method.cacheable and kind == "complete":
            members.setdefault("ttlMs", 0)
            members.setdefault("cacheScope", "private")
        meta: dict[str, Any] = dict(members.pop("_meta", None) or {})
        info = self._connection.peer.describe().info
        in_full = running.method.name == "server/discover"
        meta.setdefault(META_SERVER_INFO, info if in_full else _named(info))
        if running.method.shape == "stream":
            meta[META_SUBSCRIPTION_ID] = running.id
        members.pop("resultType", None)
        form = encode({"resultType": kind, "_meta": meta, **members})
        if forms is not None:
            forms["modern"] = form
        return form

    def _make_server_meta(self) -> Any:
        """The ``_meta`` of a result that has none of its own, encoded once."""
        info = self._connection.peer.describe().info
        self._server_meta = Raw(encode({META_SERVER_INFO: _named(info)}))
        return self._server_meta

    def write_notice(self, running: "Running", notice: Notice) -> bytes | None:
        """The notification on a call's own stream; change notices go on listen streams only."""
        if isinstance(notice, Progress):
            return write_notification(
                "notifications/progress", progress_params(running.token, notice)
            )
        if isinstance(notice, Log):
            wanted = running.log_level
            if wanted is None or SEVERITY[notice.level] < SEVERITY[wanted]:
                return None
            if running.method.shape == "stream":
                return None
            params: dict[str, Any] = {"level": notice.level, "data": notice.data}
            if notice.logger is not None:
                params["logger"] = notice.logger
            return write_notification("notifications/message", encode(params))
        if running.method.shape != "stream":
            return None
        meta = {"_meta": {META_SUBSCRIPTION_ID: running.id}}
        if isinstance(notice, Acknowledged):
            return write_notification(
                "notifications/subscriptions/acknowledged",
                encode({**meta, "notifications": notice.filter}),
            )
        return write_notification(_CHANGES[notice.kind], encode(_change(notice, meta)))


def unknown_level() -> InvalidParams:
    """The error for a log level that the protocol does not have."""
    return InvalidParams(f"Unknown log level; use one of {', '.join(SEVERITY)}.")


def discovered(description: Description) -> dict[str, Any]:
    """The result of ``server/discover``."""
    result: dict[str, Any] = {
        "supportedVersions": list(MODERN),
        "capabilities": description.capabilities,
        "ttlMs": _DISCOVER_TTL_MS,
        "cacheScope": "public",
    }
    if description.instructions is not None:
        result["instructions"] = description.instructions
    return result


_CHANGES = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
    "resource": "notifications/resources/updated",
}


def _named(info: Mapping[str, Any]) -> dict[str, Any]:
    """What each result says of its server; the rest is told once, by ``server/discover``."""
    return {key: info[key] for key in ("name", "version")}


def _change(notice: Change, meta: dict[str, Any]) -> dict[str, Any]:
    return meta if notice.uri is None else {**meta, "uri": notice.uri}


def _text(value: Any) -> str:
    return value[:256] if isinstance(value, str) else ""


__all__ = ["Call", "ModernEdge", "Stated"]
