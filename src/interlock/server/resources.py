"""Resources and templates: from a function to a catalogue entry that serves reads.

What the function returns becomes contents: text as text, bytes as base64, everything else as
JSON; :class:`~interlock.protocol.types.resources.ResourceContents` go out as they are.
Source: MCP 2026-07-28, Resources.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any, cast

from interlock.protocol.call import Call, Handler
from interlock.protocol.errors import InvalidParams, ProtocolError, ResourceNotFound, ToolError
from interlock.protocol.json import encode
from interlock.protocol.outcome import Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.types.resources import ReadResourceResult, ResourceContents
from interlock.protocol.uri_template import UriTemplate
from interlock.server.content import Audio, Image
from interlock.server.functions.compile import Function
from interlock.server.functions.output import Output
from interlock.server.functions.problems import ArgumentError
from interlock.server.invoke import Host, invoker
from interlock.server.values import json_text, whole_characters

Reader = Callable[[str, Any], list[ResourceContents]]


def resource_handler(
    host: Host,
    function: Function,
    *,
    mime_type: str | None,
    thread: bool | None,
    template: UriTemplate | None = None,
) -> Handler:
    """The handler of ``resources/read`` for one resource or one template."""
    invoke = invoker(host, function, thread=thread)
    to_contents = _reader(function.output, mime_type)

    async def serve(call: Call) -> Outcome:
        uri: str = call.payload.known.uri
        found = {} if template is None else template.match(uri)
        if found is None:
            raise ResourceNotFound(uri)
        variables = {
            name: encode(value).decode() if isinstance(value, dict) else value
            for name, value in found.items()
        }
        try:
            bound = function.bind_text(variables)
        except ArgumentError as error:
            raise InvalidParams(f"Invalid resource URI: {error}") from None
        try:
            value = await invoke(call, bound.args, bound.kwargs)
        except FileNotFoundError:
            raise ResourceNotFound(uri) from None
        except ToolError as error:
            raise ProtocolError(str(error), code=-32603) from error
        return Result(Payload(ReadResourceResult(contents=to_contents(uri, value))))

    return serve


def _reader(output: Output | None, mime_type: str | None) -> Reader:
    """Turns what a function returned for a URI into contents."""

    def one(uri: str, value: Any) -> ResourceContents:
        if isinstance(value, ResourceContents):
            return value
        if isinstance(value, str):
            text = whole_characters(value)
            return ResourceContents(uri, text=text, mime_type=mime_type or "text/plain")
        if isinstance(value, bytes | bytearray | memoryview):
            raw = bytes(cast("bytes", value))
            return ResourceContents(
                uri,
                blob=b64encode(raw).decode("ascii"),
                mime_type=mime_type or "application/octet-stream",
            )
        if isinstance(value, Image | Audio):
            return ResourceContents(uri, blob=value.base64, mime_type=value.mime_type)
        return ResourceContents(
            uri, text=_as_json(value, output), mime_type=mime_type or "application/json"
        )

    def read(uri: str, value: Any) -> list[ResourceContents]:
        if isinstance(value, list | tuple) and value:
            items = cast("Sequence[Any]", value)
            if all(isinstance(item, ResourceContents) for item in items):
                return list(items)
        return [one(uri, value)]

    return read


def _as_json(value: Any, output: Output | None) -> str:
    return (json_text(value) if output is None else output.encode(value)).decode()
