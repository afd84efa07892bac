"""The node of a pydantic type: its own schema, its own validation, its own dump.

pydantic is used only where the user's code has imported it. Validation is strict in
pydantic's JSON mode (a date may be text, but ``"yes"`` is no boolean); the slips of a model
are then mended at the places where pydantic found them, as everywhere else.
"""

import sys
from copy import deepcopy
from typing import Any, cast

from interlock.protocol.json import encode
from interlock.server.functions.nodes.base import (
    ALL_KINDS,
    ARRAY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    Kind,
    Node,
    Schema,
    Trail,
    Walk,
)
from interlock.server.functions.nodes.lenient import MISSING, reinterpreted
from interlock.server.functions.plain import class_of
from interlock.server.functions.problems import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.protocol.schema import CompiledSchema
    from interlock.server.functions.definitions import Definitions

_ROUNDS = 4

_MENDED: dict[str, frozenset[Kind]] = {
    "int_type": INTEGER,
    "int_from_float": INTEGER,
    "float_type": NUMBER,
    "bool_type": BOOLEAN,
    "list_type": ARRAY,
    "tuple_type": ARRAY,
    "set_type": ARRAY,
    "frozen_set_type": ARRAY,
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "dataclass_type": OBJECT,
    "mapping_type": OBJECT,
}
"""What stands at the place of a pydantic error, where a slip may be mended."""


_EXACT = frozenset({"date", "ipv4", "ipv6", "uuid"})
"""Formats that pydantic's text keeps to the letter, and that every client knows."""
_DATA = frozenset({"const", "default", "enum", "examples"})
"""Keywords that hold values, not schemas."""


def _without_inexact(schema: Any) -> Any:
    """A schema without formats that clients refuse though the value is right, see `FormatNode`."""
    if isinstance(schema, list):
        return [_without_inexact(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("Schema", schema)
    format_ = members.get("format")
    return {
        key: value if key in _DATA else _without_inexact(value)
        for key, value in members.items()
        if key != "format" or not isinstance(format_, str) or format_ in _EXACT
    }


def is_pydantic(type_: Any) -> bool:
    """Whether ``type_`` is a class that pydantic knows how to read, in a program that uses it."""
    return "pydantic" in sys.modules and (
        hasattr(type_, "__get_pydantic_core_schema__") or hasattr(type_, "__pydantic_validator__")
    )


class PydanticNode(Node):
    """A type that pydantic reads and writes.

    Raises whatever pydantic raises where it cannot describe the type.
    """

    __slots__ = ("_engine", "_kinds", "_schema", "adapter", "can_hash", "name", "output")

    def __init__(self, type_: Any, *, output: bool) -> None:
        super().__init__()
        from pydantic import TypeAdapter

        self.name: str = getattr(type_, "__name__", "value")
        self.adapter: TypeAdapter[Any] = TypeAdapter(type_)
        self.output = output
        self._schema: Schema = self.adapter.json_schema(
            mode="serialization" if output else "validation", ref_template="#/$defs/{model}"
        )
        if output:
            self._schema = _without_inexact(self._schema)
        self._kinds = _kinds_of(self._schema, self._schema.get("$defs", {}), 8)
        self.can_hash = getattr(type_, "__hash__", None) is not None
        self._engine: CompiledSchema | None = None

    @property
    def kinds(self) -> frozenset[Kind]:
        return self._kinds

    @property
    def expected(self) -> str:
        return f"a valid {self.name}"

    def schema(self, definitions: "Definitions") -> Schema:
        return definitions.adopt(self._schema)

    @property
    def decodable(self) -> bool:
        return False

    def accept(self, value: Any, walk: Walk, trail: Trail) -> Any:
        if self.output:
            self._check(value, walk, trail)
            return None
        from pydantic import ValidationError

        mended: list[Trail] = []
        for _ in range(_ROUNDS):
            try:
                built = self.adapter.validate_json(encode(value), strict=True)
            except ValidationError as error:
                errors = error.errors(include_url=False, include_context=False)
                again = self._mend(value, errors, mended, trail) if walk.lenient else MISSING
                if again is MISSING:
                    break
                value = again
            else:
                walk.coerced.extend(mended)
                return built
        else:
            walk.refuse(trail, "not valid", self.expected)
            return None
        for item in errors:
            missing = item["type"] == "missing"
            message = "missing" if missing else escaped(item["msg"])
            walk.refuse(_joined(trail, item["loc"]), message)
        return None

    def _mend(self, value: Any, errors: Any, mended: list[Trail], trail: Trail) -> Any:
        """A copy of ``value`` with every slip mended, or ``MISSING`` if an error is none."""
        root: list[Any] = [deepcopy(value)]
        for error in errors:
            kinds = _MENDED.get(error["type"])
            holder, key = _holder(root, error["loc"])
            if kinds is None or holder is None:
                return MISSING
            meant = reinterpreted(holder[key], kinds)
            if meant is MISSING:
                return MISSING
            holder[key] = meant
            mended.append(_joined(trail, error["loc"]))
        return root[0]

    def _check(self, value: Any, walk: Walk, trail: Trail) -> None:
        if self._engine is None:
            from interlock.protocol.schema import compile_schema

            self._engine = compile_schema(self._schema)
        for violation in self._engine.violations(value):
            path = "" if violation.path in ("", "$") else f" (at {escaped(violation.path, 60)})"
            walk.refuse(trail, escaped(violation.message) + path)

    @property
    def hashable(self) -> bool:
        return self.can_hash


def _holder(root: list[Any], loc: tuple[int | str, ...]) -> tuple[Any, Any]:
    """The container and key of a place, or ``(None, None)`` if the way names no place."""
    holder: Any = root
    key: Any = 0
    for step in loc:
        holder = holder[key]
        fits = isinstance(holder, list) if isinstance(step, int) else isinstance(holder, dict)
        if not fits or (step >= len(holder) if isinstance(step, int) else step not in holder):
            return None, None
        key = step
    return holder, key


def _joined(trail: Trail, loc: tuple[int | str, ...]) -> Trail:
    for step in loc:
        trail = (trail, step)
    return trail


def _kinds_of(schema: Any, definitions: dict[str, Any], depth: int) -> frozenset[Kind]:
    """The kinds of value that a schema of pydantic's allows; all, where it is not plain."""
    if class_of(schema) is not dict or not depth:
        return ALL_KINDS
    pairs: dict[str, Any] = schema
    reference = pairs.get("$ref")
    if isinstance(reference, str):
        return _kinds_of(definitions.get(reference.rpartition("/")[2]), definitions, depth - 1)
    for key in ("anyOf", "oneOf"):
        if key in pairs:
            parts = [_kinds_of(part, definitions, depth - 1) for part in pairs[key]]
            return frozenset[Kind]().union(*parts)
    named = pairs.get("type")
    names: set[Any] = {named} if isinstance(named, str) else set(named or ())
    kinds: set[Kind] = {kind for kind in ALL_KINDS if kind in names}
    if "number" in kinds:
        kinds.add("integer")
    return frozenset(kinds) or ALL_KINDS
