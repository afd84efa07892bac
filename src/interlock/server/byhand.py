"""Schemas written by hand: listed as they are, and enforced on what goes in and comes out."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from interlock.protocol.call import Call
from interlock.protocol.errors import DefinitionError
from interlock.protocol.json import check_numbers, encode
from interlock.protocol.schema import SchemaError, Violation, compile_schema
from interlock.server.context import Context, SyncContext, context_kind
from interlock.server.functions.problems import OutputError, Problem
from interlock.server.invoke import Host, in_thread

_Caller = Callable[[Call, dict[str, Any]], Awaitable[Any]]


def by_hand(
    host: Host,
    handler: Callable[..., Any],
    name: str,
    schema: Mapping[str, Any],
    *,
    thread: bool | None,
) -> tuple[_Caller, Callable[[Any], bool], Callable[[Any], str]]:
    """How to call ``handler``, how to check arguments, and how to tell what is wrong with them.

    Raises :class:`DefinitionError` where the schema is invalid or the handler cannot take the
    arguments.
    """
    if schema.get("type") != "object":
        raise DefinitionError(
            f"the input schema of tool {name!r} must have 'type': 'object' at its root"
        )
    try:
        compiled = compile_schema(dict(schema))
    except SchemaError as error:
        raise DefinitionError(f"the input schema of tool {name!r}: {error}") from error

    def problems(arguments: Any) -> str:
        return describe(compiled.violations(arguments))

    return _caller(host, handler, name, schema, thread), compiled.is_valid, problems


def describe(violations: list[Violation]) -> str:
    """Violations as the text that a model reads."""
    lines = [f"- {violation.path}: {violation.message}" for violation in violations]
    return "Invalid arguments:\n" + "\n".join(lines)


def _caller(
    host: Host,
    handler: Callable[..., Any],
    name: str,
    schema: Mapping[str, Any],
    thread: bool | None,
) -> _Caller:
    context_name, context_form, whole_name = _parameters(handler, name, schema)
    is_async = inspect.iscoroutinefunction(inspect.unwrap(handler)) or (
        inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004  # of a callable object
    )

    async def call_with(call: Call, arguments: dict[str, Any]) -> Any:
        keywords = {whole_name: arguments} if whole_name is not None else dict(arguments)
        if context_name is not None:
            context: Any = Context(call, host.app, host.name)
            if context_form == "sync":
                context = SyncContext(context, asyncio.get_running_loop())
            keywords[context_name] = context
        if is_async:
            return await handler(**keywords)
        if thread is False:
            return handler(**keywords)
        return await in_thread(host, handler, (), keywords)

    return call_with


def _parameters(
    handler: Callable[..., Any], name: str, schema: Mapping[str, Any]
) -> tuple[str | None, str | None, str | None]:
    """Which parameter takes the context, in which form, and which takes all arguments."""
    known: Any = schema.get("properties", {})
    context_name = context_form = whole_name = None
    rest: list[inspect.Parameter] = []
    takes_any = False
    for parameter in inspect.signature(handler, eval_str=True).parameters.values():
        form = context_kind(parameter.annotation)
        if form is not None:
            context_name, context_form = parameter.name, form
        elif parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            raise DefinitionError(
                f"tool {name!r}: parameter {parameter.name!r} cannot be passed by name; make it an"
                " ordinary parameter"
            )
        else:
            rest.append(parameter)
    if len(rest) == 1 and rest[0].name not in known and not takes_any:
        whole_name = rest[0].name
    elif not takes_any:
        missing = sorted(set(known) - {parameter.name for parameter in rest})
        if missing:
            raise DefinitionError(
                f"tool {name!r}: the schema has {missing[0]!r}, which the handler does not take."
                " Add it, take **arguments, or take one parameter for all arguments"
            )
    return context_name, context_form, whole_name


def takes_context(handler: Callable[..., Any]) -> bool:
    """Whether a handler has a parameter annotated with a context."""
    parameters = inspect.signature(handler, eval_str=True).parameters.values()
    return any(context_kind(parameter.annotation) is not None for parameter in parameters)


class SchemaOutput:
    """An output schema written by hand, enforced on every structured value."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = dict(schema)
        try:
            self._compiled = compile_schema(self.schema)
        except SchemaError as error:
            raise DefinitionError(f"the output schema: {error}") from error

    def encode(self, value: Any) -> bytes:
        """The value's JSON text. Raises :class:`OutputError` where it does not fit the schema."""
        from interlock.protocol.json import decode

        found = check_numbers(value)
        if found is not None:
            raise OutputError([Problem(found, "not a number that JSON has")])
        try:
            raw = encode(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise OutputError([Problem("$", str(error)[:200])]) from error
        violations = self._compiled.violations(decode(raw), limit=3)
        if violations:
            raise OutputError([Problem(v.path, v.message) for v in violations])
        return raw
