"""Plain JSON values: the two questions that every module here asks of one, typed."""

from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array. Tuples count: the codec writes them as arrays."""
    return isinstance(value, list | tuple)


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
