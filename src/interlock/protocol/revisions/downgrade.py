"""Results made fit for older revisions: what a revision lacks is dropped, wrapped or told in text.

Native results have the newest form. Conversions work on plain JSON objects, and results that
need none keep their bytes. Source: the schemas of all revisions; the feature table in
``docs/protocol.md``.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from interlock.protocol.json import Preserialized, encode
from interlock.protocol.payload import Payload
from interlock.protocol.types.tools import CallToolResult

from .table import Revision

_read = msgspec.json.Decoder(dict[str, Any]).decode

WRAP_KEY = "result"
"""Structured values that are no objects stand under this key before 2026-07-28."""
_MODERN_MEMBERS = ("resultType", "ttlMs", "cacheScope", "inputRequests", "requestState")


def downgrade_result(method: str, payload: Payload, revision: Revision) -> bytes:
    """The JSON text of a method's result, as a legacy revision has it."""
    forms = payload.forms
    if forms is None:
        return _downgrade(method, payload, revision)
    form = forms.get(revision.name)
    if form is None:
        form = forms[revision.name] = _downgrade(method, payload, revision)
    return form


def _downgrade(method: str, payload: Payload, revision: Revision) -> bytes:
    members = _read(payload.raw)
    for name in _MODERN_MEMBERS:
        members.pop(name, None)
    _strip_meta(members)
    known = payload.known
    if type(known) is CallToolResult and type(known.structured_content) is Preserialized:
        members["structuredContent"] = _Wrapped(members["structuredContent"])
    convert = _CONVERTERS.get(method)
    if convert is not None:
        convert(members, revision)
    return encode(members)


def _strip_meta(members: dict[str, Any]) -> None:
    meta = members.get("_meta")
    if isinstance(meta, dict):
        kept = {
            key: value
            for key, value in cast("dict[str, Any]", meta).items()
            if key != "io.modelcontextprotocol/serverInfo"
        }
        if kept:
            members["_meta"] = kept
        else:
            del members["_meta"]


# Lists


def _tools(members: dict[str, Any], revision: Revision) -> None:
    members["tools"] = [_tool(tool, revision) for tool in members["tools"]]


def _tool(tool: dict[str, Any], revision: Revision) -> dict[str, Any]:
    tool = dict(tool)
    output = tool.get("outputSchema")
    if not revision.structured_output:
        tool.pop("outputSchema", None)
    elif isinstance(output, dict) and wraps(cast("dict[str, Any]", output)):
        tool["outputSchema"] = wrap_schema(cast("dict[str, Any]", output))
    title = tool.get("title")
    if not revision.tool_annotations:
        tool.pop("annotations", None)
    elif not revision.titles and isinstance(title, str):
        tool["annotations"] = {"title": title, **tool.get("annotations", {})}
    return _named(tool, revision)


def _named(item: dict[str, Any], revision: Revision) -> dict[str, Any]:
    """Drop titles, icons and dates that a revision does not know."""
    if not revision.titles:
        item.pop("title", None)
    if not revision.icons:
        item.pop("icons", None)
    if not revision.last_modified and isinstance(item.get("annotations"), dict):
        item["annotations"] = {
            key: value for key, value in item["annotations"].items() if key != "lastModified"
        }
    return item


def _named_list(name: str) -> Callable[[dict[str, Any], Revision], None]:
    def convert(members: dict[str, Any], revision: Revision) -> None:
        items: list[dict[str, Any]] = members[name]
        members[name] = [_named(dict(item), revision) for item in items]

    return convert


def _prompts(members: dict[str, Any], revision: Revision) -> None:
    prompts: list[dict[str, Any]] = [
        _named(dict(prompt), revision) for prompt in members["prompts"]
    ]
    for prompt in prompts:
        if not revision.titles and "arguments" in prompt:
            prompt["arguments"] = [
                {key: value for key, value in argument.items() if key != "title"}
                for argument in prompt["arguments"]
            ]
    members["prompts"] = prompts


# Structured values


def wraps(schema: Mapping[str, Any]) -> bool:
    """Whether values of an output schema are wrapped before 2026-07-28."""
    return schema.get("type") != "object"


class _Wrapped:
    """A structured value whose schema is listed wrapped, so that it is wrapped itself.

    Edges tell it by its :class:`Preserialized` text; an object among them looks like any other.
    """

    def __init__(self, value: Any) -> None:
        self.value = value


_DEFINITIONS = ("$defs", "definitions")
_PLACE = f"#/properties/{WRAP_KEY}"
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", *_DEFINITIONS})
"""Keywords whose members are named by the author, each a schema."""
_DATA = frozenset({"const", "enum", "default", "examples"})
"""Keywords that hold values, not schemas."""


def wrap_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The object schema around a schema of any other root; references keep their meaning."""
    inner = cast("dict[str, Any]", _moved(schema))
    outer: dict[str, Any] = {}
    # With an identifier of its own, what is within keeps meaning what is within.
    hoisted = ("$schema",) if "$id" in schema else ("$schema", *_DEFINITIONS)
    for key in hoisted:
        if key in inner:
            outer[key] = inner.pop(key)
    return {
        **outer,
        "type": "object",
        "properties": {WRAP_KEY: inner},
        "required": [WRAP_KEY],
    }


def _moved(schema: Any, *, named: bool = False) -> Any:
    """A schema whose references into its root lead to where the root has gone."""
    if isinstance(schema, list):
        return [_moved(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("dict[str, Any]", schema)
    if named:
        return {name: _moved(item) for name, item in members.items()}
    if "$id" in members:
        return dict(members)
    return {
        key: value
        if key in _DATA
        else _moved_reference(value)
        if key in ("$ref", "$dynamicRef")
        else _moved(value, named=key in _NAMED)
        for key, value in members.items()
    }


def _moved_reference(reference: Any) -> Any:
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return reference
    if reference.startswith(tuple(f"#/{key}/" for key in _DEFINITIONS)):
        return reference
    return _PLACE + reference[1:]


def _call_result(members: dict[str, Any], revision: Revision) -> None:
    content: list[dict[str, Any]] = members.get("content") or []
    if "structuredContent" in members:
        value = members["structuredContent"]
        wrapped = isinstance(value, _Wrapped)
        if wrapped:
            value = value.value
        if not revision.structured_output:
            del members["structuredContent"]
            if not any(block.get("type") == "text" for block in content):
                content = [*content, {"type": "text", "text": encode(value).decode()}]
        elif wrapped or not isinstance(value, dict):
            members["structuredContent"] = {WRAP_KEY: value}
    members["content"] = [fit for block in content for fit in downgrade_block(block, revision)]


def _prompt_result(members: dict[str, Any], revision: Revision) -> None:
    messages: list[dict[str, Any]] = []
    for message in members["messages"]:
        blocks = downgrade_block(message["content"], revision)
        messages.extend({**message, "content": block} for block in blocks)
    members["messages"] = messages


def downgrade_block(block: dict[str, Any], revision: Revision) -> list[dict[str, Any]]:
    """A content block as one or more that a revision knows."""
    fields = dict(block)
    kind = fields.get("type")
    if kind == "audio" and not revision.audio:
        uri = "audio:content"
        resource = {"uri": uri, "mimeType": fields.get("mimeType"), "blob": fields.get("data")}
        note = f"Audio ({fields.get('mimeType')}), embedded as a resource."
        return [{"type": "text", "text": note}, {"type": "resource", "resource": resource}]
    if kind == "resource_link" and not revision.resource_links:
        parts = [fields.get("title") or fields.get("name"), fields.get("uri")]
        if fields.get("description"):
            parts.append(fields["description"])
        return [{"type": "text", "text": "\n".join(str(part) for part in parts if part)}]
    if not revision.icons:
        fields.pop("icons", None)
    annotations = fields.get("annotations")
    if not revision.last_modified and isinstance(annotations, dict):
        kept = {k: v for k, v in cast("dict[str, Any]", annotations).items() if k != "lastModified"}
        fields["annotations"] = kept
    return [fields]


_CONVERTERS: dict[str, Callable[[dict[str, Any], Revision], None]] = {
    "tools/list": _tools,
    "tools/call": _call_result,
    "prompts/list": _prompts,
    "prompts/get": _prompt_result,
    "resources/list": _named_list("resources"),
    "resources/templates/list": _named_list("resourceTemplates"),
}


# Who a server is


def downgrade_info(info: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    """An ``Implementation`` as a revision has it."""
    kept = dict(info)
    if not revision.titles:
        kept.pop("title", None)
    if not revision.icons:
        for name in ("icons", "description", "websiteUrl"):
            kept.pop(name, None)
    return kept


def downgrade_capabilities(capabilities: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    """Server capabilities as a revision has them."""
    kept = dict(capabilities)
    kept.pop("extensions", None)
    if not revision.completions_capability:
        kept.pop("completions", None)
    return kept
