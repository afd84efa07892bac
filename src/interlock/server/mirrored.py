"""Arguments that HTTP mirrors into headers: checked when they are defined and when they come.

A property annotated with ``x-mcp-header`` is sent as a header, too, so its annotation must keep
rules, and an integer must be one that every reader of a header takes.
Source: MCP 2026-07-28, Tools, "x-mcp-header".
"""

from typing import Any, cast

from msgspec import MsgspecError

from interlock.protocol.call import Call, Handler
from interlock.protocol.errors import DefinitionError
from interlock.protocol.json import decode, encode
from interlock.protocol.outcome import Outcome
from interlock.server.tools import arguments_of, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.protocol.schema import HeaderParameter

_ANNOTATION = b'"x-mcp-header"'


def guarded(handler: Handler, schema: dict[str, Any], name: str) -> Handler:
    """The handler of a tool, given no mirrored integer that a header cannot say.

    The handler itself where the schema mirrors none. Raises :class:`DefinitionError` where an
    annotation breaks a rule, which would make the whole tool unusable over HTTP.
    """
    if _ANNOTATION not in encode(schema):
        return handler
    from interlock.protocol.schema import SchemaError, header_parameters

    try:
        parameters = header_parameters(schema).values()
    except SchemaError as error:
        raise DefinitionError(f"tool {name!r}: {error}") from error
    integers = [parameter for parameter in parameters if parameter.type == "integer"]
    return _guard(handler, integers) if integers else handler


def _guard(handler: Handler, parameters: list["HeaderParameter"]) -> Handler:
    async def guard(call: Call) -> Outcome:
        try:
            arguments: Any = decode(arguments_of(call.payload.known))
        except (MsgspecError, ValueError, RecursionError):
            return await handler(call)  # which says what is wrong with them
        for parameter in parameters:
            if type(_at(arguments, parameter.path)) is int:
                try:
                    parameter.text(arguments)
                except ValueError as error:
                    return failed(f"Invalid arguments:\n- {error}")
        return await handler(call)

    return guard


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of properties; ``None`` where nothing does."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, Any]", value).get(name)
    return value
