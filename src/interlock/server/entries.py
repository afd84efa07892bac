"""Catalogue entries out of functions: tools, resources, templates and prompts."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec.structs import replace

from interlock.protocol.errors import DefinitionError
from interlock.protocol.types.base import Annotations
from interlock.protocol.types.tools import ToolAnnotations
from interlock.server.catalogue import Entry
from interlock.server.content import is_media_type
from interlock.server.definitions import (
    Described,
    json_copy,
    listed,
    listed_annotations,
    read_function,
    tool_name,
)
from interlock.server.invoke import Host
from interlock.server.mirrored import guarded
from interlock.server.prompts import arguments_listed, prompt_handler
from interlock.server.resources import resource_handler
from interlock.server.tools import function_handler, schema_handler
from interlock.server.uris import check_variables, read_uri


def function_tool(
    host: Host,
    function: Callable[..., Any],
    described: Described,
    *,
    name: str | None,
    annotations: ToolAnnotations | Mapping[str, Any] | None,
    thread: bool | None,
    strict: bool,
    extra: Literal["forbid", "ignore"],
    text_limit: int,
    scope: Mapping[str, Any],
) -> Entry:
    """A tool whose schemas are those of the function's annotations."""
    compiled = read_function(
        function,
        name=name,
        description=described.description,
        scope=scope,
        strict=strict,
        extra=extra,
    )
    key = tool_name(compiled.name)
    handler = function_handler(host, compiled, thread=thread, text_limit=text_limit)
    return Entry(
        "tools",
        key,
        listed(
            replace(described, description=compiled.description),
            required={"name": key, "inputSchema": compiled.input_schema},
            optional={
                "outputSchema": compiled.output.schema if compiled.output else None,
                "annotations": listed_annotations(annotations, ToolAnnotations),
            },
        ),
        guarded(handler, compiled.input_schema, key),
        logs=compiled.context_parameter is not None,
    )


def schema_tool(
    host: Host,
    function: Callable[..., Any],
    described: Described,
    *,
    name: str | None,
    input_schema: Mapping[str, Any],
    output_schema: Mapping[str, Any] | None,
    annotations: ToolAnnotations | Mapping[str, Any] | None,
    thread: bool | None,
    text_limit: int,
    scope: Mapping[str, Any],
) -> Entry:
    """A tool whose schemas were written by hand; they are listed as they are."""
    from interlock.server.byhand import take_apart  # brings the schema engine

    shown = "" if name is None else f" of tool {name!r}"
    own_input: dict[str, Any] = json_copy(input_schema, f"the input schema{shown}")
    own_output: dict[str, Any] | None = None
    if output_schema is not None:
        own_output = json_copy(output_schema, f"the output schema{shown}")
    taken = take_apart(function, name=name, schema=own_input, scope=scope)
    key = tool_name(taken.name)
    if described.description is None:
        described = replace(described, description=taken.description)
    handler = schema_handler(
        host, taken, own_input, own_output, thread=thread, text_limit=text_limit
    )
    return Entry(
        "tools",
        key,
        listed(
            described,
            required={"name": key, "inputSchema": own_input},
            optional={
                "outputSchema": own_output,
                "annotations": listed_annotations(annotations, ToolAnnotations),
            },
        ),
        guarded(handler, own_input, key),
        logs=taken.context_parameter is not None,
    )


def resource_entry(
    host: Host,
    function: Callable[..., Any],
    uri: str,
    described: Described,
    *,
    name: str | None,
    mime_type: str | None,
    size: int | None,
    annotations: Annotations | Mapping[str, Any] | None,
    thread: bool | None,
    scope: Mapping[str, Any],
) -> Entry:
    """A resource, or a template where the URI has variables."""
    if mime_type is not None and not is_media_type(mime_type):
        raise DefinitionError(
            f"{ascii(mime_type)[:60]} is no media type; write mime_type= as in 'text/plain'"
        )
    if size is not None and size < 0:
        raise DefinitionError(f"size= is a number of bytes, not {size}")
    template = read_uri(uri)
    compiled = read_function(function, name=name, description=described.description, scope=scope)
    check_variables(compiled, uri, template)
    return Entry(
        "resources" if template is None else "templates",
        uri,
        listed(
            replace(described, description=compiled.description),
            required={"uri" if template is None else "uriTemplate": uri, "name": compiled.name},
            optional={
                "mimeType": mime_type,
                "size": size if template is None else None,
                "annotations": listed_annotations(annotations, Annotations),
            },
        ),
        resource_handler(host, compiled, mime_type=mime_type, thread=thread, template=template),
        template,
        logs=compiled.context_parameter is not None,
    )


def prompt_entry(
    host: Host,
    function: Callable[..., Any],
    described: Described,
    *,
    name: str | None,
    thread: bool | None,
    scope: Mapping[str, Any],
) -> Entry:
    """A prompt."""
    compiled = read_function(
        function, name=name, description=described.description, scope=scope, structured=False
    )
    key = tool_name(compiled.name)
    return Entry(
        "prompts",
        key,
        listed(
            replace(described, description=compiled.description),
            required={"name": key},
            optional={"arguments": arguments_listed(compiled) or None},
        ),
        prompt_handler(host, compiled, thread=thread),
        logs=compiled.context_parameter is not None,
    )
