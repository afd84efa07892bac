"""``x-mcp-header``: which arguments of a tool are mirrored into HTTP headers.

A server annotates properties of an ``inputSchema``; a client sends their values as
``Mcp-Param-{name}`` too. One annotation that breaks a rule makes the whole tool unusable over
Streamable HTTP (MCP 2026-07-28, Tools, "x-mcp-header"; Streamable HTTP, "Custom Headers from
Tool Parameters").
"""

from typing import Any, Literal

import msgspec

from .bounds import DEFAULT_LIMITS, SchemaError, SchemaLimits, copy_schema
from .describe import quote
from .dialects import subschemas
from .plain import is_number, is_object
from .pointer import escape, step, tokens

ANNOTATION = "x-mcp-header"
PREFIX = "mcp-param-"
"""What every mirrored header begins with, in lower case."""
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that is mirrored; the smallest is its negative."""

ParameterType = Literal["string", "integer", "boolean"]
_TYPES: dict[object, ParameterType] = {
    "string": "string",
    "integer": "integer",
    "boolean": "boolean",
}
_TCHAR = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class HeaderParameter(msgspec.Struct, frozen=True):
    """One annotated property."""

    name: str
    """As annotated: the part of the header's name after ``Mcp-Param-``."""
    path: tuple[str, ...]
    """The names of the properties that lead to it from the arguments."""
    type: ParameterType

    @property
    def field(self) -> str:
        """The whole name of the header, in lower case, for comparisons."""
        return PREFIX + self.name.lower()

    def text(self, arguments: Any) -> str | None:
        """What the header says for these arguments, before it is encoded for HTTP.

        Strings as they are, integers in decimals (42.0 is 42), ``true`` and ``false``.
        ``None`` where the value is absent or null: then there is no header. Raises
        :class:`ValueError` for a value of another type, and for integers outside
        -(2^53)+1 to 2^53-1, which must not be sent.
        """
        value = arguments
        for name in self.path:
            if not is_object(value) or name not in value:
                return None
            value = value[name]
        if value is None:
            return None
        where = ".".join(self.path)
        if self.type == "string" and isinstance(value, str):
            return value
        if self.type == "boolean" and isinstance(value, bool):
            return "true" if value else "false"
        if self.type == "integer" and is_number(value):
            if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
                raise ValueError(
                    f"the integer at {quote(where)} is sent as a header too, so it must be "
                    f"within -{MAX_SAFE_INTEGER} and {MAX_SAFE_INTEGER}"
                )
            if value == int(value):
                return str(int(value))
        raise ValueError(
            f"the value at {quote(where)} is sent as a header too; expected {self.type}"
        )


def header_parameters(
    schema: Any, *, limits: SchemaLimits = DEFAULT_LIMITS
) -> dict[str, HeaderParameter]:
    """The annotated properties of an ``inputSchema``, by annotated name, in the schema's order.

    The whole schema is searched, every place where any dialect has a subschema and every place
    that a reference makes one; a property *named* ``x-mcp-header``, and what stands in ``const``,
    ``enum``, ``default`` or ``examples``, is no annotation. Raises :class:`SchemaError`, which
    names the rule: the value is a string that is an HTTP token, no two are equal in lower case,
    the property's own ``type`` is exactly ``string``, ``integer`` or ``boolean``, and only
    ``properties`` leads to it from the root.
    """
    if not is_object(schema):
        return {}
    own = copy_schema(schema, limits)
    return _Search(own, limits).parameters if is_object(own) else {}


class _Search:
    def __init__(self, root: dict[str, Any], limits: SchemaLimits) -> None:
        self.parameters: dict[str, HeaderParameter] = {}
        self._root = root
        self._left = limits.subschemas
        self._seen: set[int] = set()
        self._fields: dict[str, str] = {}
        self._references: list[tuple[str, str]] = []
        self._walk(root, "", ())
        while self._references:
            reference, pointer = self._references.pop()
            target = self._target(reference)
            if target is not None and id(target) not in self._seen:
                self._walk(target, pointer, None)

    def _walk(self, start: dict[str, Any], pointer: str, path: tuple[str, ...] | None) -> None:
        """Search a schema; ``path`` is ``None`` where more than ``properties`` leads to it."""
        stack: list[tuple[dict[str, Any], str, tuple[str, ...] | None]] = [(start, pointer, path)]
        while stack:
            schema, pointer, path = stack.pop()
            self._left -= 1
            if self._left < 0:
                raise SchemaError("the schema has too many subschemas", pointer)
            self._seen.add(id(schema))
            if ANNOTATION in schema:
                self._annotated(schema, pointer, path)
            for keyword in ("$ref", "$dynamicRef"):
                reference = schema.get(keyword)
                if isinstance(reference, str):
                    self._references.append((reference, f"{pointer}/{escape(keyword)}"))
            below: list[tuple[dict[str, Any], str, tuple[str, ...] | None]] = []
            for place in subschemas(schema, None):
                if is_object(place.schema):
                    at = f"{pointer}/{escape(place.keyword)}"
                    reached = None
                    if place.token is not None:
                        at += f"/{escape(place.token)}"
                    if path is not None and place.keyword == "properties":
                        reached = (*path, str(place.token))
                    below.append((place.schema, at, reached))
            stack.extend(reversed(below))

    def _annotated(
        self, schema: dict[str, Any], pointer: str, path: tuple[str, ...] | None
    ) -> None:
        name = schema[ANNOTATION]
        where = f"{pointer}/{ANNOTATION}"
        if not isinstance(name, str):
            raise SchemaError(f"{ANNOTATION} must be a string", where)
        if not name:
            raise SchemaError(f"{ANNOTATION} must not be empty", where)
        if not _TCHAR.issuperset(name):
            raise SchemaError(
                f"{ANNOTATION} {quote(name, 40)} is no HTTP token: only letters, digits and "
                "!#$%&'*+-.^_`|~ are allowed, no spaces, colons or control characters",
                where,
            )
        if not path:
            raise SchemaError(
                f"{ANNOTATION} {quote(name, 40)} must stand on a property that only 'properties' "
                "leads to from the root; not under items, combinators, conditions, $defs or $ref",
                where,
            )
        kind = _TYPES.get(schema["type"]) if isinstance(schema.get("type"), str) else None
        if kind is None:
            raise SchemaError(
                f'{ANNOTATION} {quote(name, 40)} needs a property whose "type" is exactly '
                "string, integer or boolean; number, lists of types and other types are not "
                "allowed",
                where,
            )
        earlier = self._fields.setdefault(name.lower(), where)
        if earlier != where:
            raise SchemaError(
                f"{ANNOTATION} {quote(name, 40)} is used twice; names must differ in more than "
                "case",
                where,
            )
        self.parameters[name] = HeaderParameter(name, path, kind)

    def _target(self, reference: str) -> dict[str, Any] | None:
        """The place a plain local pointer names. Other references lead to places that are
        searched anyway, or outside, which compiling refuses."""
        followed = tokens(reference[1:]) if reference.startswith("#/") else None
        if followed is None:
            return None
        value: Any = self._root
        for token in followed:
            value = step(value, token)
        return value if is_object(value) else None
