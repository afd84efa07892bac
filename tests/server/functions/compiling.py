"""How these tests compile functions, and a context and content to compile them with."""

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar, get_origin

import jsonschema_rs
import msgspec

from interlock.server.functions import ArgumentError, Function, Problem, compile_function

State = TypeVar("State")


class Context(Generic[State]):
    """What a server would pass to functions that ask for it."""


class SyncContext(Generic[State]):
    """The blocking form."""


class Image:
    """Content that is sent as it is."""


def is_context(annotation: Any) -> Literal["async", "sync"] | None:
    origin = get_origin(annotation) or annotation
    if origin is Context:
        return "async"
    return "sync" if origin is SyncContext else None


def is_content(annotation: Any) -> bool:
    return annotation is Image


def compiled(fn: Callable[..., Any], **options: Any) -> Function:
    return compile_function(fn, is_context=is_context, is_content=is_content, **options)


def defined(source: str, **names: Any) -> Callable[..., Any]:
    """The function `fn` of a source text: for what a type checker would not let pass."""
    namespace: dict[str, Any] = {"__name__": __name__, **names}
    exec(source, namespace)
    return namespace["fn"]


def taking(annotation: Any, **options: Any) -> Function:
    """A function with one parameter `it` of a type, returning it."""

    def take(it: Any) -> Any:
        return it

    take.__annotations__ = {"it": annotation}
    return compiled(take, **options)


def giving(annotation: Any) -> Function:
    """A function that returns a type."""

    def give() -> Any: ...

    give.__annotations__ = {"return": annotation}
    return compiled(give)


def schema_for(annotation: Any) -> dict[str, Any]:
    """The schema of a parameter of a type; definitions it needs are left at the root."""
    return taking(annotation).input_schema["properties"]["it"]


def output_schema(annotation: Any) -> dict[str, Any]:
    output = giving(annotation).output
    assert output is not None
    return output.schema


def read(function: Function, value: Any) -> Any:
    """What the parameter `it` becomes for a JSON value."""
    return function.bind(msgspec.json.encode({"it": value})).args[0]


def problems(function: Function, arguments: Any) -> list[Problem]:
    """What is wrong with arguments; none if they bind."""
    raw = arguments if isinstance(arguments, bytes) else msgspec.json.encode(arguments)
    try:
        function.bind(raw)
    except ArgumentError as error:
        return error.problems
    return []


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A validator that takes formats for what they are by default: notes."""
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
