"""Prompts: from a function to a catalogue entry that serves ``prompts/get``.

Arguments are strings on the wire; a parameter of another type is read from its JSON text.
Source: MCP 2026-07-28, Prompts.
"""

from typing import Any, cast

from interlock.protocol.call import Call, Handler
from interlock.protocol.errors import InvalidParams, ToolError
from interlock.protocol.json import UNSET
from interlock.protocol.outcome import Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.types.prompts import GetPromptResult, PromptMessage
from interlock.server.content import ContentError, Message, block, is_block
from interlock.server.functions.compile import Function
from interlock.server.functions.problems import ArgumentError
from interlock.server.invoke import Host, invoker


def prompt_handler(host: Host, function: Function, *, thread: bool | None) -> Handler:
    """The handler of ``prompts/get`` for one prompt."""
    invoke = invoker(host, function, thread=thread)
    description = function.description

    async def serve(call: Call) -> Outcome:
        arguments = _texts(call.arguments)
        try:
            bound = function.bind_text(arguments)
        except ArgumentError as error:
            raise InvalidParams(f"Invalid arguments for prompt {function.name}: {error}") from None
        try:
            value = await invoke(call, bound.args, bound.kwargs)
        except ToolError as error:
            raise InvalidParams(str(error)) from error
        result = GetPromptResult(
            description=UNSET if description is None else description, messages=messages(value)
        )
        return Result(Payload(result))

    return serve


def _texts(arguments: dict[str, Any]) -> dict[str, str]:
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise InvalidParams(f"Argument {name[:60]!r}: prompt arguments are strings.")
    return cast("dict[str, str]", arguments)


def messages(value: Any) -> list[PromptMessage]:
    """What a prompt function returned as messages. Raises :class:`ContentError`."""
    items = cast("list[Any]", value) if isinstance(value, list | tuple) else [value]
    found: list[PromptMessage] = []
    for item in items:
        if isinstance(item, Message):
            found.append(PromptMessage(item.role, item.content))
        elif isinstance(item, PromptMessage):
            found.append(item)
        elif is_block(item):
            found.append(PromptMessage("user", block(item)))
        else:
            raise ContentError(
                f"a prompt gave {type(item).__name__}; return text, a Message, or a list of them"
            )
    return found


def arguments_listed(function: Function) -> list[dict[str, Any]]:
    """The arguments of a prompt as its list entry shows them."""
    listed: list[dict[str, Any]] = []
    for parameter in function.parameters:
        argument: dict[str, Any] = {"name": parameter.name}
        if parameter.description:
            argument["description"] = parameter.description
        if parameter.required:
            argument["required"] = True
        listed.append(argument)
    return listed
