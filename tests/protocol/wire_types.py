"""Which wire type stands for which definition of the schemas; what has none, with the reason.

Every name here must be in some schema and every definition must be here: the tests fail on what
is missing and on what is stale.
"""

from typing import Any, TypeGuard, get_args

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


def is_struct(value: Any) -> TypeGuard[type[Struct]]:
    """Whether a type is one of our structs."""
    return isinstance(value, type) and issubclass(value, Struct)


def structs_in(annotation: Any) -> set[type[Struct]]:
    """The structs that a member's annotation is made of."""
    if is_struct(annotation):
        return {annotation}
    return set[type[Struct]]().union(*map(structs_in, get_args(annotation)))
