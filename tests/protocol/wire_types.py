"""Which wire type stands for which definition of the schemas, and what differs, with reasons.

Every name here must be in some schema and every definition must be here: the tests fail on what
is missing and on what is stale.
"""

from typing import Any, Literal, NamedTuple, get_args

from msgspec import Struct

from interlock.protocol.types import (
    base,
    capabilities,
    completion,
    content,
    elicitation,
    form_schema,
    lifecycle,
    logging,
    mrtr,
    progress,
    prompts,
    resources,
    roots,
    sampling,
    subscriptions,
    tasks,
    tools,
)

TOPICS = (
    base,
    capabilities,
    completion,
    content,
    elicitation,
    form_schema,
    lifecycle,
    logging,
    mrtr,
    progress,
    prompts,
    resources,
    roots,
    sampling,
    subscriptions,
    tasks,
    tools,
)

STRUCTS: dict[str, type[Struct]] = {
    name: value
    for topic in TOPICS
    for name in topic.__all__
    if isinstance(value := getattr(topic, name), type) and issubclass(value, Struct)
}
"""All structs that the topics show."""

RENAMED: dict[str, Any] = {
    # One struct for what only the presence of a member tells apart.
    "TextResourceContents": resources.ResourceContents,
    "BlobResourceContents": resources.ResourceContents,
    "ElicitRequestFormParams": elicitation.ElicitRequestParams,
    "ElicitRequestURLParams": elicitation.ElicitRequestParams,
    # Older names.
    "ResourceReference": completion.ResourceTemplateReference,
    # Names of our own.
    "RequestMetaObject": base.RequestMeta,
    "EmptyResult": base.Result,
    # Not structs.
    "Role": base.Role,
    "LoggingLevel": logging.LoggingLevel,
    "TaskStatus": tasks.TaskStatus,
    "RequestId": base.RequestId,
    "ProgressToken": base.ProgressToken,
    "Cursor": base.Cursor,
    "ResultType": base.ResultType,
    "MetaObject": base.MetaObject,
    "ResultMetaObject": base.MetaObject,
    "NotificationMetaObject": base.MetaObject,
    "SubscriptionsListenResultMetaObject": base.MetaObject,
    "JSONValue": base.JSONValue,
    "JSONObject": base.JSONObject,
    "JSONArray": list[Any],
    "ContentBlock": content.ContentBlock,
    "SamplingMessageContentBlock": content.SamplingMessageContentBlock,
    "InputRequest": mrtr.InputRequest,
    "InputRequests": mrtr.InputRequests,
    # Fields of forms: unions without a tag, read by `form_schema.read_field`.
    "PrimitiveSchemaDefinition": form_schema.PrimitiveSchemaDefinition,
    "EnumSchema": form_schema.PrimitiveSchemaDefinition,
    "SingleSelectEnumSchema": form_schema.PrimitiveSchemaDefinition,
    "MultiSelectEnumSchema": form_schema.PrimitiveSchemaDefinition,
}
"""Definitions whose type has another name, or is no struct."""

PARTS = {
    *("RootsCapability", "SamplingCapability", "ElicitationCapability", "PromptsCapability"),
    *("ResourcesCapability", "ToolsCapability", "ClientTasksCapability", "ClientTaskRequests"),
    *("ElicitationTasksCapability", "SamplingTasksCapability", "ServerTasksCapability"),
    *("ServerTaskRequests", "ToolsTasksCapability"),
    *("CompletionArgument", "CompletionContext", "Completion"),
    *("EnumOption", "TitledItems", "UntitledItems"),
}
"""Structs for objects that no schema names: it writes them inside another definition."""

OTHERS = {"WireStruct", "Content", "RequestMeta", "ResourceContents"}
"""Structs that only others derive from, or that stand above under the schema's name."""

ENVELOPES: dict[str, str] = {
    "CallToolRequest": "CallToolRequestParams",
    "CancelTaskRequest": "CancelTaskRequestParams",
    "CancelledNotification": "CancelledNotificationParams",
    "CompleteRequest": "CompleteRequestParams",
    "CreateMessageRequest": "CreateMessageRequestParams",
    "DiscoverRequest": "RequestParams",
    "ElicitRequest": "ElicitRequestParams",
    "ElicitationCompleteNotification": "ElicitationCompleteNotificationParams",
    "GetPromptRequest": "GetPromptRequestParams",
    "GetTaskPayloadRequest": "GetTaskPayloadRequestParams",
    "GetTaskRequest": "GetTaskRequestParams",
    "InitializeRequest": "InitializeRequestParams",
    "InitializedNotification": "NotificationParams",
    "ListPromptsRequest": "PaginatedRequestParams",
    "ListResourceTemplatesRequest": "PaginatedRequestParams",
    "ListResourcesRequest": "PaginatedRequestParams",
    "ListRootsRequest": "RequestParams",
    "ListTasksRequest": "PaginatedRequestParams",
    "ListToolsRequest": "PaginatedRequestParams",
    "LoggingMessageNotification": "LoggingMessageNotificationParams",
    "PaginatedRequest": "PaginatedRequestParams",
    "PingRequest": "RequestParams",
    "ProgressNotification": "ProgressNotificationParams",
    "PromptListChangedNotification": "NotificationParams",
    "ReadResourceRequest": "ReadResourceRequestParams",
    "ResourceListChangedNotification": "NotificationParams",
    "ResourceUpdatedNotification": "ResourceUpdatedNotificationParams",
    "RootsListChangedNotification": "NotificationParams",
    "SetLevelRequest": "SetLevelRequestParams",
    "SubscribeRequest": "SubscribeRequestParams",
    "SubscriptionsAcknowledgedNotification": "SubscriptionsAcknowledgedNotificationParams",
    "SubscriptionsListenRequest": "SubscriptionsListenRequestParams",
    "TaskStatusNotification": "TaskStatusNotificationParams",
    "ToolListChangedNotification": "NotificationParams",
    "UnsubscribeRequest": "UnsubscribeRequestParams",
}
"""Messages: the envelope is read apart from its params, whose type this is."""

ENVELOPE = "An envelope of JSON-RPC: read and written by interlock.protocol.envelope."
REGISTRY = "The union of a direction's messages: a table of methods says which are taken."
ANSWER = "The envelope around results that have types of their own."
ERROR = "An error object: made and read by interlock.protocol.errors."
ABSTRACT = "Never on the wire by itself: its members are members of what extends it."
BY_KEY = "Has no tag: an answer is decoded as what the question under its key asks for."

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("JSONRPCBatchRequest", "JSONRPCBatchResponse", "JSONRPCError"),
            *("JSONRPCErrorResponse", "JSONRPCMessage", "JSONRPCNotification", "JSONRPCRequest"),
            *("JSONRPCResponse", "JSONRPCResultResponse", "Notification", "Request"),
        ),
        ENVELOPE,
    ),
    **dict.fromkeys(
        (
            *("ClientNotification", "ClientRequest", "ClientResult"),
            *("ServerNotification", "ServerRequest", "ServerResult"),
        ),
        REGISTRY,
    ),
    **dict.fromkeys(
        (
            *("CallToolResultResponse", "CompleteResultResponse", "DiscoverResultResponse"),
            *("GetPromptResultResponse", "ListPromptsResultResponse", "ListToolsResultResponse"),
            *("ListResourceTemplatesResultResponse", "ListResourcesResultResponse"),
            *("ReadResourceResultResponse", "SubscriptionsListenResultResponse"),
        ),
        ANSWER,
    ),
    **dict.fromkeys(
        (
            *("Error", "HeaderMismatchError", "InternalError", "InvalidParamsError"),
            *("InvalidRequestError", "MethodNotFoundError", "ParseError"),
            *("MissingRequiredClientCapabilityError", "URLElicitationRequiredError"),
            "UnsupportedProtocolVersionError",
        ),
        ERROR,
    ),
    **dict.fromkeys(
        ("Annotated", "BaseMetadata", "Icons", "ResourceContents", "TaskAugmentedRequestParams"),
        ABSTRACT,
    ),
    **dict.fromkeys(("InputResponse", "InputResponses"), BY_KEY),
    "GetTaskPayloadResult": "The result of the request that ran as the task: decoded as that.",
}
"""Definitions without a type of ours."""

TYPES: dict[str, Any] = {
    name: value for name, value in (STRUCTS | RENAMED).items() if name not in PARTS | OTHERS
}
"""The type of each definition."""


class Difference(NamedTuple):
    """Members of types that differ from the schema of some revisions, for one reason.

    `lacks`: the schema has no such member, the struct has. `extra`: the struct has no such
    member, the schema has. `optional`: the schema requires what the struct does not. There is
    no fourth kind: a struct that requires more than a schema would refuse what is legal.
    """

    kind: Literal["lacks", "extra", "optional"]
    revisions: str
    types: str
    members: str
    reason: str


def revisions_of(span: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """`-2025-03-26`: up to it; `2025-11-25-`: from it; a revision: that. More with spaces."""
    if " " in span:
        return tuple(found for part in span.split() for found in revisions_of(part, known))
    if span.startswith("-"):
        return known[: known.index(span[1:]) + 1]
    if span.endswith("-"):
        return known[known.index(span[:-1]) :]
    return (known[known.index(span)],)


def is_struct(value: Any) -> bool:
    """Whether a type is one of our structs."""
    return isinstance(value, type) and issubclass(value, Struct)


def structs_in(annotation: Any) -> set[type[Struct]]:
    """The structs that a member's annotation is made of."""
    if is_struct(annotation):
        return {annotation}
    return set[type[Struct]]().union(*map(structs_in, get_args(annotation)))


REQUESTS = (
    "CallToolRequestParams CompleteRequestParams GetPromptRequestParams PaginatedRequestParams "
    "ReadResourceRequestParams"
)
RETRIED = "CallToolRequestParams GetPromptRequestParams ReadResourceRequestParams"
CACHEABLE = (
    "ListPromptsResult ListResourceTemplatesResult ListResourcesResult ListToolsResult "
    "ReadResourceResult"
)
OLD_RESULTS = f"CallToolResult CompleteResult EmptyResult GetPromptResult Result {CACHEABLE}"
CONTENTS = "BlobResourceContents TextResourceContents"

NEW_IN_0326 = "New in 2025-03-26."
NEW_IN_0618 = "New in 2025-06-18."
NEW_IN_1125 = "New in 2025-11-25."
NEW_IN_2026 = "New in 2026-07-28."
ONLY_IN_1125 = "Tasks are in the core of 2025-11-25 only."
FILLED = "Required since 2026-07-28; edges fill it there, so that older peers never see it."
META_IN_GENERAL = (
    "These revisions have `_meta` in the general message (`Request`, `Notification`), not in "
    "the params of each."
)
ONE_STRUCT = "One struct for two definitions; its own check wants what the schema requires."
EMBEDDED = "A question inside a result is no message: it has no `_meta` and no task of its own."

DIFFERENCES = (
    # 2025-03-26
    Difference("lacks", "-2024-11-05", "Tool", "annotations", NEW_IN_0326),
    Difference("lacks", "-2024-11-05", "ServerCapabilities", "completions", NEW_IN_0326),
    Difference("lacks", "-2024-11-05", "ProgressNotificationParams", "message", NEW_IN_0326),
    # 2025-06-18
    Difference(
        "lacks",
        "-2025-03-26",
        f"{CONTENTS} EmbeddedResource ImageContent Prompt Resource ResourceTemplate Root "
        "TextContent Tool",
        "_meta",
        NEW_IN_0618,
    ),
    Difference("lacks", "2025-03-26", "AudioContent", "_meta", NEW_IN_0618),
    Difference("lacks", "-2025-03-26", "Annotations", "lastModified", NEW_IN_0618),
    Difference("lacks", "-2025-03-26", "CallToolResult", "structuredContent", NEW_IN_0618),
    Difference("lacks", "-2025-03-26", "ClientCapabilities", "elicitation", NEW_IN_0618),
    Difference("lacks", "-2025-03-26", "CompleteRequestParams", "context", NEW_IN_0618),
    Difference("lacks", "-2025-03-26", "Tool", "outputSchema", NEW_IN_0618),
    Difference(
        "lacks",
        "-2025-03-26",
        "Implementation Prompt PromptArgument PromptReference Resource ResourceTemplate Tool",
        "title",
        NEW_IN_0618,
    ),
    # 2025-11-25
    Difference(
        "lacks",
        "-2025-06-18",
        "Implementation Prompt Resource ResourceTemplate Tool",
        "icons",
        NEW_IN_1125,
    ),
    Difference("lacks", "2025-06-18", "ResourceLink", "icons", NEW_IN_1125),
    Difference("lacks", "-2025-06-18", "Implementation", "description websiteUrl", NEW_IN_1125),
    Difference(
        "lacks", "-2025-06-18", "CreateMessageRequestParams", "tools toolChoice", NEW_IN_1125
    ),
    Difference("lacks", "-2025-06-18", "SamplingCapability", "context tools", NEW_IN_1125),
    Difference("lacks", "-2025-06-18", "SamplingMessage", "_meta", NEW_IN_1125),
    Difference("lacks", "2025-06-18", "ElicitationCapability", "form url", NEW_IN_1125),
    Difference("lacks", "2025-06-18", "NumberSchema StringSchema", "default", NEW_IN_1125),
    Difference("lacks", "2025-06-18", "ElicitRequestParams", "mode url elicitationId", NEW_IN_1125),
    Difference(
        "lacks",
        "-2025-06-18 2026-07-28",
        "CallToolRequestParams CreateMessageRequestParams",
        "task",
        ONLY_IN_1125,
    ),
    Difference("lacks", "2025-06-18", "ElicitRequestParams", "task", ONLY_IN_1125),
    Difference("lacks", "-2025-06-18 2026-07-28", "Tool", "execution", ONLY_IN_1125),
    Difference(
        "lacks",
        "-2025-06-18 2026-07-28",
        "ClientCapabilities ServerCapabilities",
        "tasks",
        ONLY_IN_1125,
    ),
    # 2026-07-28
    Difference(
        "lacks", "-2025-11-25", "ClientCapabilities ServerCapabilities", "extensions", NEW_IN_2026
    ),
    Difference("lacks", "-2025-11-25", RETRIED, "inputResponses requestState", NEW_IN_2026),
    Difference("lacks", "-2025-11-25", CACHEABLE, "ttlMs cacheScope", NEW_IN_2026),
    Difference(
        "lacks",
        "-2025-11-25",
        f"{OLD_RESULTS} InitializeResult PaginatedResult",
        "resultType",
        NEW_IN_2026,
    ),
    Difference(
        "lacks", "2025-11-25", "CreateTaskResult ListTasksResult", "resultType", NEW_IN_2026
    ),
    Difference(
        "lacks",
        "2026-07-28",
        "RootsCapability",
        "listChanged",
        "Gone in 2026-07-28, which has no notification of changed roots.",
    ),
    Difference(
        "lacks",
        "2026-07-28",
        "CreateMessageRequestParams ElicitRequestFormParams ElicitRequestURLParams",
        "_meta",
        EMBEDDED,
    ),
    Difference(
        "lacks", "2026-07-28", "ElicitRequestFormParams ElicitRequestURLParams", "task", EMBEDDED
    ),
    Difference(
        "lacks",
        "2026-07-28",
        "ElicitResult ListRootsResult",
        "_meta",
        "An answer inside a retry is no result of a request: it has no `_meta`.",
    ),
    Difference(
        "lacks",
        "2026-07-28",
        "ElicitRequestURLParams",
        "elicitationId",
        "Gone in 2026-07-28: the key of the question names it.",
    ),
    Difference(
        "lacks",
        "2026-07-28",
        "RequestMetaObject",
        "traceparent tracestate baggage",
        "Reserved by the text for tracing; the schema leaves them to the free-form rest.",
    ),
    Difference(
        "extra",
        "2025-11-25",
        "CreateMessageRequest ElicitRequest ListRootsRequest",
        "id jsonrpc",
        "The struct is the question inside a result; here the definition is a whole message.",
    ),
    Difference(
        "optional",
        "2026-07-28",
        f"{OLD_RESULTS} CacheableResult DiscoverResult InputRequiredResult PaginatedResult "
        "SubscriptionsListenResult",
        "resultType",
        FILLED,
    ),
    Difference(
        "optional",
        "2026-07-28",
        f"{CACHEABLE} CacheableResult DiscoverResult",
        "ttlMs cacheScope",
        FILLED,
    ),
    Difference(
        "optional",
        "2026-07-28",
        f"{REQUESTS} InputResponseRequestParams RequestParams ResourceRequestParams "
        "SubscriptionsListenRequestParams",
        "_meta",
        "Required since 2026-07-28, where its absence has an error of its own at the edge.",
    ),
    Difference(
        "optional",
        "2026-07-28",
        "SubscriptionsListenResult",
        "_meta",
        "The edge knows the subscription's id, which it holds.",
    ),
    Difference(
        "optional",
        "2026-07-28",
        "RequestMetaObject",
        "io.modelcontextprotocol/protocolVersion io.modelcontextprotocol/clientCapabilities",
        "Absent in every legacy request; the edge decides by it which era it serves.",
    ),
    # Where a revision writes things differently
    Difference(
        "lacks",
        "-2025-06-18",
        f"{REQUESTS} CreateMessageRequestParams InitializeRequestParams SetLevelRequestParams "
        "SubscribeRequestParams UnsubscribeRequestParams CancelledNotificationParams "
        "LoggingMessageNotificationParams ProgressNotificationParams "
        "ResourceUpdatedNotificationParams",
        "_meta",
        META_IN_GENERAL,
    ),
    Difference("lacks", "2025-06-18", "ElicitRequestParams", "_meta", META_IN_GENERAL),
    Difference(
        "lacks",
        "2025-11-25",
        "CancelTaskRequestParams ElicitationCompleteNotificationParams "
        "GetTaskPayloadRequestParams GetTaskRequestParams",
        "_meta",
        "Left out of these params in 2025-11-25, whose text allows it in every message.",
    ),
    Difference(
        "optional",
        "-2025-06-18 2026-07-28",
        "CancelledNotificationParams",
        "requestId",
        "Optional in 2025-11-25, where a task is cancelled by `tasks/cancel` instead.",
    ),
    Difference(
        "lacks",
        "2025-06-18-",
        "StringSchema",
        "pattern",
        "In the text and its examples; the schema leaves it to the free-form rest.",
    ),
    # One struct for two definitions
    Difference("lacks", "-2026-07-28", "TextResourceContents", "blob", ONE_STRUCT),
    Difference("lacks", "-2026-07-28", "BlobResourceContents", "text", ONE_STRUCT),
    Difference("optional", "-2026-07-28", "TextResourceContents", "text", ONE_STRUCT),
    Difference("optional", "-2026-07-28", "BlobResourceContents", "blob", ONE_STRUCT),
    Difference("lacks", "2025-11-25-", "ElicitRequestFormParams", "url elicitationId", ONE_STRUCT),
    Difference("lacks", "2025-11-25-", "ElicitRequestURLParams", "requestedSchema", ONE_STRUCT),
    Difference("optional", "2025-06-18", "ElicitRequestParams", "requestedSchema", ONE_STRUCT),
    Difference("optional", "2025-11-25-", "ElicitRequestFormParams", "requestedSchema", ONE_STRUCT),
    Difference("optional", "2025-11-25-", "ElicitRequestURLParams", "mode url", ONE_STRUCT),
    Difference(
        "optional",
        "2025-11-25",
        "ElicitRequestURLParams",
        "elicitationId",
        "2025-11-25 only; newer peers have none, and an edge mints one for older peers.",
    ),
)
"""Every difference between a struct and its definition in some revision."""
