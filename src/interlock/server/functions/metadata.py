"""What ``Annotated`` says of a type, in one form whoever's words were used.

Understood are :class:`msgspec.Meta`, pydantic's ``Field(...)``, the ``annotated_types``
vocabulary (by the names of its attributes), a plain string and :pep:`727`'s ``Doc`` (both
descriptions). Other metadata is not ours and is passed over, as :pep:`593` asks, except
pydantic's functional validators: those make the whole type one that pydantic reads.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from interlock.server.functions.nodes.refined import ASSERTIONS
from interlock.server.functions.plain import PlainError, class_of, to_plain

BOUNDS = ("gt", "ge", "lt", "le")
_LENGTHS = ("min_length", "max_length")
_NOTES = ("title", "description", "examples", "deprecated")


class Facets:
    """Everything that was said of one type."""

    __slots__ = (
        "alias",
        "bounds",
        "checks",
        "default",
        "default_factory",
        "faithful",
        "max_length",
        "min_length",
        "multiple_of",
        "notes",
        "pydantic",
        "tz",
    )

    def __init__(self) -> None:
        self.bounds: dict[str, Any] = {}
        self.multiple_of: Any = None
        self.min_length: int | None = None
        self.max_length: int | None = None
        self.tz: bool | None = None
        self.notes: dict[str, Any] = {}
        self.checks: dict[str, Any] = {}
        self.alias: str | None = None
        self.default: Any = msgspec.NODEFAULT
        self.default_factory: Any = None
        self.faithful = True
        """Whether msgspec reads from the metadata what was read here."""
        self.pydantic = False
        """Whether only pydantic can read the type."""

    @property
    def sized(self) -> bool:
        """Whether a length is bounded."""
        return self.min_length is not None or self.max_length is not None

    @property
    def numeric(self) -> bool:
        """Whether a number is bounded."""
        return bool(self.bounds) or self.multiple_of is not None


def facets_of(metadata: Iterable[Any]) -> Facets:
    """Read metadata in order: what is said later adds to, and overrules, what was said before.

    Raises :class:`PlainError` for a hand-written schema that is no JSON.
    """
    facets = Facets()
    for item in metadata:
        if isinstance(item, str):
            facets.notes["description"] = item
        elif isinstance(item, msgspec.Meta):
            _read_meta(item, facets)
        elif is_field_info(item):
            _read_field(item, facets)
        else:
            _read_other(item, facets)
    return facets


def is_field_info(item: Any) -> bool:
    """Whether ``item`` is what pydantic's ``Field(...)`` returns."""
    kind = class_of(item)
    return kind.__name__ == "FieldInfo" and kind.__module__.startswith("pydantic.")


def _read_meta(meta: msgspec.Meta, facets: Facets) -> None:
    _read_limits(meta, facets)
    for name in ("title", "description", "examples"):
        _note(name, getattr(meta, name), facets)
    if meta.tz is not None:
        facets.tz = meta.tz
    if meta.extra_json_schema is not None:
        _read_schema(meta.extra_json_schema, facets)


def _read_field(field: Any, facets: Facets) -> None:
    facets.faithful = False
    for name in _NOTES:
        _note(name, getattr(field, name, None), facets)
    for name in ("validation_alias", "alias"):
        alias = getattr(field, name, None)
        if isinstance(alias, str) and facets.alias is None:
            facets.alias = alias
    default = field.default
    if default is not ... and type(default).__name__ != "PydanticUndefinedType":
        facets.default = default
    facets.default_factory = field.default_factory
    extra = getattr(field, "json_schema_extra", None)
    if isinstance(extra, dict):
        _read_schema(extra, facets)
    elif extra is not None:
        facets.pydantic = True
    for item in field.metadata:
        _read_other(item, facets)


def _read_other(item: Any, facets: Facets) -> None:
    documentation = getattr(item, "documentation", None)
    if type(item).__name__ == "Doc" and isinstance(documentation, str):
        facets.notes["description"] = documentation
        return
    kind = class_of(item)
    module = kind.__module__
    if module == "annotated_types":
        facets.faithful = False
        _read_limits(item, facets)
        if kind.__name__ in ("Predicate", "Timezone"):
            facets.pydantic = True
    elif kind.__name__.endswith("PydanticGeneralMetadata"):
        facets.faithful = False
        facets.pydantic |= not _keys(item) <= {"pattern", "strict"}
        _read_limits(item, facets)
    elif module.startswith(("pydantic.", "pydantic_")):
        facets.pydantic = True


def _keys(item: Any) -> set[str]:
    return set(item.__dict__)


def _read_limits(item: Any, facets: Facets) -> None:
    for name in BOUNDS:
        bound = getattr(item, name, None)
        if bound is not None:
            facets.bounds[name] = _number(bound)
    for name in (*_LENGTHS, "multiple_of"):
        limit = getattr(item, name, None)
        if limit is not None and not (name == "min_length" and limit == 0):
            setattr(facets, name, _number(limit))
    pattern = getattr(item, "pattern", None)
    if pattern is not None:
        facets.checks["pattern"] = pattern if isinstance(pattern, str) else pattern.pattern


def _number(bound: Any) -> Any:
    """A bound as a JSON number, if it is a Decimal."""
    if class_of(bound).__qualname__ != "Decimal" or not bound.is_finite():
        return bound
    return int(bound) if bound == int(bound) else float(bound)


def _note(name: str, value: Any, facets: Facets) -> None:
    if value is not None:
        try:
            facets.notes[name] = to_plain(value)
        except PlainError:
            facets.notes.pop(name, None)  # an example that JSON cannot say


def _read_schema(schema: Any, facets: Facets) -> None:
    """Hand-written keywords: what can be violated is checked, the rest is said."""
    plain: dict[str, Any] = to_plain(schema)
    for key, value in plain.items():
        (facets.checks if key in ASSERTIONS else facets.notes)[key] = value
