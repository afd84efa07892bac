"""Tools: from a function, or a schema written by hand, to a catalogue entry that serves calls.

Wrong arguments, refusals (:class:`~interlock.protocol.errors.ToolError`) and failures inside
are results the model reads; only an unknown tool or a malformed request is a protocol error.
Source: MCP 2026-07-28, Tools, "Error Handling".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from msgspec.structs import replace

from interlock.protocol.call import Call, Handler
from interlock.protocol.errors import (
    InvalidParams,
    ProtocolError,
    ToolError,
)
from interlock.protocol.json import UNSET, Preserialized, Raw, decode
from interlock.protocol.outcome import Outcome, Result
from interlock.protocol.payload import Payload
from interlock.protocol.revisions.downgrade import wraps
from interlock.protocol.types.content import (
    AudioContent,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
)
from interlock.protocol.types.tools import CallToolRequestParams, CallToolResult
from interlock.server.content import ContentError, ToolResult, blocks, is_block
from interlock.server.functions.compile import Function
from interlock.server.functions.problems import ArgumentError, OutputError
from interlock.server.invoke import Host, invoker
from interlock.server.values import json_text, whole_characters
from interlock.transport.incidents import ends_call, new_incident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.byhand import Handler as ByHand

COERCED = "io.interlock/coerced"
"""The result's ``_meta`` key that names the arguments which were read leniently."""

_BRACE = ord("{")
_MAX_FAILURE = 64 * 1024
"""The longest text of a failure, in bytes."""


class StructuredOutput(Protocol):
    """Encodes structured values, and refuses those that do not fit the output schema."""

    def encode(self, value: Any, /) -> bytes:
        """JSON text. Raises :class:`OutputError`."""
        ...


Finisher = Callable[[Any], CallToolResult]


def function_handler(
    host: Host, function: Function, *, thread: bool | None, text_limit: int
) -> Handler:
    """The handler of ``tools/call`` for one function."""
    invoke = invoker(host, function, thread=thread)
    plain = function.fn if function.is_async and function.context_parameter is None else None
    bind = function.bind
    name = function.name
    output = function.output
    finish = finisher(output, None if output is None else output.schema, text_limit)

    async def serve(call: Call) -> Outcome:
        params: CallToolRequestParams = call.payload.known
        raw = params.arguments
        try:
            bound = bind(b"{}" if raw is UNSET else raw)
            if plain is not None:
                value = await plain(*bound.args, **bound.kwargs)
            else:
                value = await invoke(call, bound.args, bound.kwargs)
            result = finish(value)
            if bound.coerced:
                result = _with_meta(result, {COERCED: list(bound.coerced)})
            return Result(Payload(result))
        except ArgumentError as error:
            refuse_non_object(arguments_of(params))
            return failed(str(error))
        except ProtocolError:
            raise
        except BaseException as error:
            return outcome_of(error, call, name)

    return serve


def arguments_of(params: CallToolRequestParams) -> bytes | Raw:
    """The arguments' JSON text."""
    raw = params.arguments
    return b"{}" if raw is UNSET else raw


def refuse_non_object(raw: bytes | Raw) -> None:
    """Raise :class:`InvalidParams` where arguments are no object: the request is malformed."""
    if bytes(raw).lstrip()[:1] != b"{":
        raise InvalidParams("Invalid params: arguments must be a JSON object, or left out.")


def schema_handler(
    host: Host,
    handler: "ByHand",
    input_schema: dict[str, Any],
    output_schema: dict[str, Any] | None,
    *,
    thread: bool | None,
    text_limit: int,
) -> Handler:
    """The handler of ``tools/call`` for a function whose schemas were written by hand."""
    from interlock.server.byhand import SchemaOutput, by_hand

    name = handler.name
    call_with, problems = by_hand(host, handler, input_schema, thread=thread)
    output = None if output_schema is None else SchemaOutput(output_schema, name)
    finish = finisher(output, output_schema, text_limit)

    async def serve(call: Call) -> Outcome:
        raw = arguments_of(call.payload.known)
        refuse_non_object(raw)
        try:
            arguments: dict[str, Any] = decode(raw)
            wrong = problems(arguments)
            if wrong is not None:
                return failed(wrong)
            value = await call_with(call, arguments)
            return Result(Payload(finish(value)))
        except ProtocolError:
            raise
        except BaseException as error:
            return outcome_of(error, call, name)

    return serve


def failed(text: str) -> Result:
    """A tool error: a result that says what went wrong, for the model to read."""
    shown = cut(whole_characters(text), _MAX_FAILURE) or "The tool failed and did not say why."
    return Result(Payload(CallToolResult(content=[TextContent(shown)], is_error=True)))


def outcome_of(error: BaseException, call: Call, name: str) -> Result:
    """What a tool's exception means for its caller. Raises it again where it ends the call."""
    if ends_call(error, call):
        raise error
    if isinstance(error, ToolError):
        try:
            return failed(str(error))
        except BaseException as unreadable:  # its __str__ is the user's, and may do anything
            return broken(unreadable, name)
    return broken(error, name)


def broken(error: BaseException, name: str) -> Result:
    """A tool error for a failure inside: a neutral sentence, and an id that finds the log line."""
    if isinstance(error, OutputError | ContentError):
        id = new_incident(error, f"reading the result of tool {name}")
        what = _places(error) if isinstance(error, OutputError) else str(error)
        return failed(f"Tool {name} gave a result that cannot be sent ({what}; incident {id}).")
    id = new_incident(error, f"running tool {name}")
    return failed(f"Tool {name} failed. The server's log has the cause under incident {id}.")


def _places(error: OutputError) -> str:
    """Where a result is wrong and what was expected; what was found there is for the log."""
    places = [
        f"{problem.path}: {problem.message}"
        if problem.expected is None
        else f"{problem.path}: expected {problem.expected}"
        for problem in error.problems[:3]
    ]
    return "; ".join(places)


def _with_meta(result: CallToolResult, meta: dict[str, Any]) -> CallToolResult:
    old = {} if result.meta is UNSET else result.meta
    return replace(result, meta={**old, **meta})


def finisher(
    output: StructuredOutput | None, schema: Mapping[str, Any] | None, limit: int
) -> Finisher:
    """Turns what a function returned into its result; ``schema`` is that of its output."""
    if output is None:
        return lambda value: unstructured(value, limit)
    encode_value = output.encode
    form = structured_form(schema)

    def structured(value: Any) -> CallToolResult:
        if type(value) is ToolResult:
            return whole(value, output, form, limit)
        raw = encode_value(value)
        if len(raw) > limit:
            raise ToolError(_too_large(len(raw), limit))
        return CallToolResult(content=[TextContent(raw.decode())], structured_content=form(raw))

    return structured


StructuredForm = Callable[[bytes], Raw | Preserialized]


def structured_form(schema: Mapping[str, Any] | None) -> StructuredForm:
    """Structured JSON text as edges want it: ``Raw`` is sent to older peers as it is, an object.

    :class:`Preserialized` is wrapped for them, as its schema is: also an object that need not
    have been one, or a client would find that it does not fit.
    """
    if schema is None:
        return lambda raw: Raw(raw) if raw[0] == _BRACE else Preserialized(raw)
    return Preserialized if wraps(schema) else Raw


_by_value = structured_form(None)


def _too_large(size: int, limit: int) -> str:
    return (
        f"The result has {size} bytes, more than the {limit} that are sent. Narrow the request:"
        " filter, ask for fewer items or fields, or page through them."
    )


def unstructured(value: Any, limit: int) -> CallToolResult:
    """A result without an output schema: content as it is, other values as JSON text."""
    if isinstance(value, str):
        return CallToolResult(content=[TextContent(cut(whole_characters(value), limit))])
    if isinstance(value, ToolResult):
        return whole(value, None, _by_value, limit)
    if value is None:
        return CallToolResult(content=[])
    if is_content(value):
        return CallToolResult(content=capped(blocks(cast("object", value)), limit))
    raw = json_text(value)
    if len(raw) > limit:
        raise ToolError(_too_large(len(raw), limit))
    structured: Any = Raw(raw) if raw[:1] == b"{" else UNSET
    return CallToolResult(content=[TextContent(raw.decode())], structured_content=structured)


def is_content(value: object) -> bool:
    """Whether a value is content: a block, or a sequence of nothing else."""
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        return bool(items) and all(is_block(item) for item in items)
    return is_block(value)


def whole(
    value: ToolResult, output: StructuredOutput | None, form: StructuredForm, limit: int
) -> CallToolResult:
    """A :class:`ToolResult` as it is on the wire."""
    structured: Any = UNSET
    content = value.content
    if value.structured is not UNSET:
        raw = json_text(value.structured) if output is None else output.encode(value.structured)
        if len(raw) > limit:
            raise ToolError(_too_large(len(raw), limit))
        structured = form(raw)
        if not content:
            content = blocks(raw.decode())
    elif output is not None and not value.is_error:
        raise ContentError("the tool has an output schema, so its ToolResult needs structured=")
    meta: Any = UNSET
    if value.meta is not None:
        meta = decode(json_text(value.meta, (None, "_meta")))
    return CallToolResult(
        content=capped(content, limit),
        structured_content=structured,
        meta=meta,
        is_error=True if value.is_error else UNSET,
    )


def cut(text: str, limit: int) -> str:
    """``text`` within ``limit`` bytes of UTF-8, cut at a line's end where there is one."""
    if len(text) * 4 <= limit:
        return text
    raw = text.encode()
    if len(raw) <= limit:
        return text
    head = raw[:limit].decode("utf-8", "ignore")
    line_end = head.rfind("\n")
    if line_end > 0:
        head = head[:line_end]
    return (
        f"{head}\n[cut here: {len(head.encode())} of {len(raw)} bytes are shown;"
        " narrow the request to see the rest]"
    )


def capped(content: Sequence[ContentBlock], limit: int) -> list[ContentBlock]:
    """Content blocks whose texts, embedded ones included, stay within ``limit`` bytes together.

    The block that crosses the limit is cut, texts after it are left out, and what is no text
    stays. Raises :class:`OutputError` for a block that has no JSON form.
    """
    left = limit
    left_out = 0
    kept: list[ContentBlock] = []
    for at, block in enumerate(content):
        text = _text_of(block)
        if text is None:
            kept.append(_sendable(block, at))
            continue
        if left == 0:
            left_out += 1
            continue
        clean = whole_characters(text)
        fitting = cut(clean, left)
        left = left - len(clean.encode()) if fitting is clean else 0
        kept.append(_sendable(_with_text(block, fitting), at))
    if left_out:
        kept.append(
            TextContent(
                f"[{left_out} more texts are left out: together they are longer than the {limit}"
                " bytes that are sent; narrow the request to see them]"
            )
        )
    return kept


def _text_of(block: ContentBlock) -> str | None:
    """The text that a block adds to what a model reads."""
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, EmbeddedResource) and block.resource.text is not UNSET:
        return block.resource.text
    return None


def _with_text(block: ContentBlock, text: str) -> ContentBlock:
    if text is _text_of(block):
        return block
    if isinstance(block, EmbeddedResource):
        return replace(block, resource=replace(block.resource, text=text))
    return replace(cast("TextContent", block), text=text)


def _sendable(block: ContentBlock, at: int) -> ContentBlock:
    """The block, once it is sure that it can be written."""
    if type(block) is TextContent and block.meta is UNSET and block.annotations is UNSET:
        return block
    small = replace(block, data="") if isinstance(block, ImageContent | AudioContent) else block
    json_text(small, ((None, "content"), at))
    return block
