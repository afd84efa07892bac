"""Where the wire types differ from the schemas, by revision, each with its reason.

The tests fail on a difference that is not here and on an entry that is no difference any more.
"""

from typing import Literal, NamedTuple


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


class Looseness(NamedTuple):
    """Members whose values are not checked as the schema would, and why."""

    types: str
    members: str
    reason: str


LOOSE = (
    Looseness(
        f"{REQUESTS} InitializeRequestParams InputResponseRequestParams RequestParams "
        "ResourceRequestParams SetLevelRequestParams SubscribeRequestParams "
        "SubscriptionsListenRequestParams UnsubscribeRequestParams",
        "_meta",
        "Raw: read as a RequestMeta by the edge, which has the errors for what is wrong in it.",
    ),
    Looseness("CallToolRequestParams", "arguments", "Raw: the tool's own schema judges them."),
    Looseness(
        f"{RETRIED} InputResponseRequestParams",
        "inputResponses",
        "Raw: each is decoded as the answer to its question, and asked again where it is none.",
    ),
    Looseness(
        "RequestMetaObject",
        "io.modelcontextprotocol/clientCapabilities io.modelcontextprotocol/clientInfo",
        "Raw, so that equal blocks are read once; their reader decodes them strictly.",
    ),
    Looseness(
        "RequestMetaObject",
        "io.modelcontextprotocol/logLevel",
        "An unknown level has an error of its own, which the edge makes.",
    ),
    Looseness(
        f"{CACHEABLE} CacheableResult DiscoverResult",
        "ttlMs",
        "A negative number is read as 0 (CACHE-09).",
    ),
    Looseness(
        "Annotations",
        "priority",
        "A hint out of its range is no reason to lose the block that has it.",
    ),
    Looseness(
        "ModelPreferences",
        "costPriority intelligencePriority speedPriority",
        "A hint out of its range is no reason to refuse the request that has it.",
    ),
    Looseness(
        "ElicitRequestFormParams ElicitRequestParams",
        "requestedSchema",
        "A plain object, so that nothing in it is lost; form_schema reads its fields.",
    ),
    Looseness("Tool", "inputSchema", "One bad schema does not hide a server's other tools."),
    Looseness("SubscriptionsListenResult", "_meta", "Free-form; the edge reads the key it needs."),
)
"""Every member for which a strict decode takes what the newest schema that has it refuses."""
