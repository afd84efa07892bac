"""Dataclass instances that msgspec decoded, made as their constructor makes them.

msgspec leaves a field that has its plain default out of the instance's ``__dict__``: reading it
finds the class attribute, but ``vars()``, copying by ``__dict__`` and every encoder that looks
there (msgspec's own among them) miss it.
"""

from collections.abc import Iterable
from types import MemberDescriptorType
from typing import Any

import msgspec

from interlock.server.functions.nodes.base import Node
from interlock.server.functions.nodes.records import RecordNode, descendants
from interlock.server.functions.plain import class_of

_plans: dict[type, tuple[tuple[str, ...], dict[str, Any]]] = {}
"""By class: the names of all fields, and the defaults that an instance may lack."""


def needs_completion(node: Node) -> bool:
    """Whether values of ``node`` may hold instances that lack something."""
    return any(
        isinstance(part, RecordNode)
        and hasattr(part.build, "__dataclass_fields__")
        and bool(_plan(part.build)[1])
        for part in [node, *descendants(node)]
    )


def complete(value: Any) -> None:
    """Give every dataclass instance in a decoded value the fields that it lacks, in order."""
    kind = class_of(value)
    if kind is dict:
        _complete_all(value.values())
    elif kind in (list, tuple, set, frozenset):
        _complete_all(value)
    elif issubclass(kind, msgspec.Struct):
        _complete_all(getattr(value, name) for name in kind.__struct_fields__)
    elif hasattr(kind, "__dataclass_fields__"):
        names, defaults = _plan(kind)
        held = getattr(value, "__dict__", None)
        if held is not None and not defaults.keys() <= held.keys():
            found = {**defaults, **held}
            held.clear()
            held.update({name: found.pop(name) for name in names if name in found}, **found)
        _complete_all(getattr(value, name) for name in names)


def _complete_all(values: Iterable[Any]) -> None:
    for value in values:
        if type(value) not in _ATOMS:
            complete(value)


_ATOMS = frozenset({str, int, float, bool, type(None)})


def _plan(kind: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    plan = _plans.get(kind)
    if plan is None:
        import dataclasses

        fields = dataclasses.fields(kind)
        defaults = {
            field.name: field.default
            for field in fields
            if field.default is not dataclasses.MISSING
            and not isinstance(getattr(kind, field.name, None), MemberDescriptorType)  # a slot
        }
        plan = _plans[kind] = (tuple(field.name for field in fields), defaults)
    return plan
