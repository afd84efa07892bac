"""The fields of an elicitation form: the JSON Schemas that ``requestedSchema`` may hold.

``ElicitRequestParams.requested_schema`` stays a plain object, so that nothing in it is
lost; :func:`read_field` gives one of its ``properties`` as one of these types.
"""

from typing import Any, Literal, TypeAlias, cast

import msgspec

from interlock.protocol.types.base import UNSET, JSONObject, UnsetType, WireStruct

__all__ = (
    "BooleanSchema",
    "EnumOption",
    "LegacyTitledEnumSchema",
    "NumberSchema",
    "PrimitiveSchemaDefinition",
    "StringSchema",
    "TitledItems",
    "TitledMultiSelectEnumSchema",
    "TitledSingleSelectEnumSchema",
    "UntitledItems",
    "UntitledMultiSelectEnumSchema",
    "UntitledSingleSelectEnumSchema",
    "read_field",
)


class _FieldSchema(WireStruct, frozen=True, kw_only=True, tag_field="type"):
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class BooleanSchema(_FieldSchema, frozen=True, kw_only=True, tag="boolean"):
    """Yes or no."""

    default: bool | UnsetType = UNSET


class NumberSchema(WireStruct, frozen=True, kw_only=True):
    """A number, or an integer: ``type`` says which. ``default`` since 2025-11-25."""

    type: Literal["number", "integer"]
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    minimum: int | float | UnsetType = UNSET
    maximum: int | float | UnsetType = UNSET
    default: int | float | UnsetType = UNSET


class StringSchema(_FieldSchema, frozen=True, kw_only=True, tag="string"):
    """Text. ``pattern`` is in the specification's page and not in its schema; a reader
    never runs it with a backtracking engine. ``default`` since 2025-11-25.
    """

    min_length: int | UnsetType = UNSET
    max_length: int | UnsetType = UNSET
    pattern: str | UnsetType = UNSET
    format: Literal["email", "uri", "date", "date-time"] | UnsetType = UNSET
    default: str | UnsetType = UNSET


class EnumOption(WireStruct, frozen=True):
    """A value and the title shown for it."""

    const: str
    title: str


class UntitledSingleSelectEnumSchema(_FieldSchema, frozen=True, kw_only=True, tag="string"):
    """One of some values. ``default`` since 2025-11-25."""

    enum: list[str]
    default: str | UnsetType = UNSET


class LegacyTitledEnumSchema(_FieldSchema, frozen=True, kw_only=True, tag="string"):
    """One of some values, with titles in a list beside them; the only titled form in
    2025-06-18.
    """

    enum: list[str]
    enum_names: list[str] | UnsetType = UNSET
    default: str | UnsetType = UNSET


class TitledSingleSelectEnumSchema(_FieldSchema, frozen=True, kw_only=True, tag="string"):
    """One of some titled values. Since 2025-11-25."""

    one_of: list[EnumOption]
    default: str | UnsetType = UNSET


class UntitledItems(WireStruct, frozen=True, kw_only=True, tag_field="type", tag="string"):
    """``items`` of a list of values."""

    enum: list[str]


class TitledItems(WireStruct, frozen=True, kw_only=True):
    """``items`` of a list of titled values."""

    any_of: list[EnumOption]


class _MultiSelectSchema(_FieldSchema, frozen=True, kw_only=True):
    min_items: int | UnsetType = UNSET
    max_items: int | UnsetType = UNSET
    default: list[str] | UnsetType = UNSET


class UntitledMultiSelectEnumSchema(_MultiSelectSchema, frozen=True, kw_only=True, tag="array"):
    """Several of some values. Since 2025-11-25."""

    items: UntitledItems


class TitledMultiSelectEnumSchema(_MultiSelectSchema, frozen=True, kw_only=True, tag="array"):
    """Several of some titled values. Since 2025-11-25."""

    items: TitledItems


PrimitiveSchemaDefinition: TypeAlias = (
    StringSchema
    | NumberSchema
    | BooleanSchema
    | UntitledSingleSelectEnumSchema
    | TitledSingleSelectEnumSchema
    | UntitledMultiSelectEnumSchema
    | TitledMultiSelectEnumSchema
    | LegacyTitledEnumSchema
)
"""Any field. No tag tells all of them apart: read with :func:`read_field`."""


def read_field(schema: JSONObject) -> PrimitiveSchemaDefinition:
    """The typed form of one of a form's ``properties``.

    Raises :class:`msgspec.ValidationError` where it is none of the forms a field may have
    (a nested object, a list of anything but values to choose from).
    """
    return msgspec.convert(schema, _form_of(schema))


def _form_of(schema: JSONObject) -> type[PrimitiveSchemaDefinition]:
    match schema.get("type"):
        case "string":
            if "oneOf" in schema:
                return TitledSingleSelectEnumSchema
            if "enumNames" in schema:
                return LegacyTitledEnumSchema
            return UntitledSingleSelectEnumSchema if "enum" in schema else StringSchema
        case "number" | "integer":
            return NumberSchema
        case "boolean":
            return BooleanSchema
        case "array":
            items: object = schema.get("items")
            if isinstance(items, dict) and "anyOf" in cast("dict[str, Any]", items):
                return TitledMultiSelectEnumSchema
            return UntitledMultiSelectEnumSchema
        case _:
            raise msgspec.ValidationError(
                "Expected `type` to be `string`, `number`, `integer`, `boolean` or `array` "
                "in a field of an elicitation form - at `$.type`"
            )
