"""Classes with fields to record nodes: dataclasses, TypedDicts, NamedTuples, Structs."""

import dataclasses
import inspect
import sys
import typing
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

import msgspec

from interlock.server.functions.bounding import optional, takes_null
from interlock.server.functions.docstrings import read_docstring
from interlock.server.functions.hints import class_hints
from interlock.server.functions.nodes.base import Node
from interlock.server.functions.nodes.records import Field, RecordNode
from interlock.server.functions.notes import notes_of
from interlock.server.functions.plain import class_of
from interlock.server.functions.unsupported import Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from interlock.server.functions.typereader import TypeReader

_EMPTY: tuple[Any, ...] = (list, dict, set, tuple, frozenset)


def read_record(
    reader: "TypeReader",
    hint: Any,
    cls: type,
    variables: Mapping[Any, Node],
    known: dict[Any, RecordNode],
) -> RecordNode | None:
    """The node of a class with fields, or ``None`` where ``cls`` is none that we know.

    ``known`` holds the nodes that exist, so that a class may refer to itself. Raises
    ``Unsupported`` (see :mod:`.typereader`) where a field's type is.
    """
    read = _reader_of(cls)
    if read is None:
        return None
    closed = not any(isinstance(arg, typing.TypeVar) for arg in get_args(hint))
    whole = hint if closed and _can_hash(hint) else None
    if whole in known:
        return known[whole]
    scope = _scope(reader, hint, cls, variables)
    key = (cls, tuple(sorted(scope.items(), key=lambda item: item[0].__name__)))
    if key in known:
        return known[key]
    node = RecordNode(_name(hint, cls), cls, type_=hint if closed else None)
    known[key] = node
    if whole is not None:
        known[whole] = node
    node.description, said = _documentation(cls)
    read(_Fields(reader, cls, scope, said), node)
    node.can_hash = cls.__hash__ is not None and not issubclass(cls, dict)
    node.runs_code = any("__post_init__" in vars(base) for base in cls.__mro__)
    return node


def _can_hash(hint: Any) -> bool:
    try:
        hash(hint)
    except TypeError:
        return False
    return True


def _reader_of(cls: Any) -> Any:
    if typing.is_typeddict(cls) or _is_foreign_typeddict(cls):
        return _typed_dict
    if issubclass(cls, msgspec.Struct):
        return _struct
    if dataclasses.is_dataclass(cls):
        return _dataclass
    return _named_tuple if hasattr(cls, "_fields") and issubclass(cls, tuple) else None


def _is_foreign_typeddict(cls: Any) -> bool:
    """Whether ``cls`` is a TypedDict of typing_extensions."""
    extensions = sys.modules.get("typing_extensions")
    return extensions is not None and extensions.is_typeddict(cls)


class _Fields:
    """Makes the fields of one class."""

    def __init__(
        self, reader: "TypeReader", cls: Any, scope: Mapping[Any, Node], said: Mapping[str, str]
    ) -> None:
        self.output = reader.output
        self.cls = cls
        self._reader = reader
        self._scope = scope
        self._said = said
        self.hints = class_hints(cls, reader.namespace)

    def make(
        self,
        name: str,
        *,
        wire: str | None = None,
        required: bool,
        default: Any = msgspec.NODEFAULT,
    ) -> Field:
        """The field ``name``, of the type that the class annotates it with."""
        hint = self.hints.get(name, Any)
        node = self._reader.node(hint, self._scope)
        if default is None and not takes_null(node):
            node = optional(node)  # what has None as a default takes it as a value
            node.faithful = False
        return Field(
            name,
            wire or name,
            node,
            required=required,
            notes=notes_of(node, self._said.get(name), default),
        )


def _dataclass(make: _Fields, node: RecordNode) -> None:
    fields: list[Field] = []
    for field in dataclasses.fields(make.cls):
        if not field.init:
            node.type = None  # msgspec takes such fields from the input
            if not make.output:
                continue
        default: Any = msgspec.NODEFAULT
        if field.default is not dataclasses.MISSING:
            default = field.default
        else:
            default = _made(field.default_factory)
        optional = (
            field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
            or not field.init
        )
        fields.append(make.make(field.name, required=not optional, default=default))
    if not make.output:
        fields += _init_only(make)
        if "__init__" in vars(make.cls) and not make.cls.__dataclass_params__.init:
            node.type = None  # msgspec does not call an `__init__` of the user's
    node.fields = fields


def _made(factory: Any) -> Any:
    """The default that a factory makes, where it is known to be the same each time."""
    return factory() if factory in _EMPTY else msgspec.NODEFAULT


def _init_only(make: _Fields) -> list[Field]:
    """The ``InitVar`` pseudo-fields, which only the constructor takes."""
    found: list[Field] = []
    for name, hint in list(make.hints.items()):
        if class_of(hint) is dataclasses.InitVar:
            make.hints[name] = hint.type
            default: Any = getattr(make.cls, name, msgspec.NODEFAULT)
            found.append(make.make(name, required=default is msgspec.NODEFAULT, default=default))
    return found


def _typed_dict(make: _Fields, node: RecordNode) -> None:
    node.build = dict
    required: frozenset[str] = make.cls.__required_keys__
    fields: list[Field] = []
    for name, hint in make.hints.items():
        named = _qualifiers(hint)
        must = "Required" in named or (name in required and "NotRequired" not in named)
        fields.append(make.make(name, required=must))
    if getattr(make.cls, "__closed__", None):
        node.closed = True
        node.type = None  # msgspec drops unknown keys
    node.fields = fields


def _qualifiers(hint: Any) -> set[str]:
    """The names of the qualifiers around a TypedDict's type."""
    names: set[str] = set()
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint = hint.__origin__
            continue
        name = getattr(origin, "_name", None)
        if name not in ("Required", "NotRequired", "ReadOnly"):
            return names
        names.add(name)
        hint = get_args(hint)[0]


def _named_tuple(make: _Fields, node: RecordNode) -> None:
    node.type = None  # msgspec reads arrays
    defaults: dict[str, Any] = make.cls._field_defaults
    node.fields = [
        make.make(
            name, required=name not in defaults, default=defaults.get(name, msgspec.NODEFAULT)
        )
        for name in make.cls._fields
    ]
    node.can_hash = all(field.node.hashable for field in node.fields)


def _struct(make: _Fields, node: RecordNode) -> None:
    config = make.cls.__struct_config__
    if config.array_like:
        raise Unsupported(
            f"{make.cls.__name__} is an array_like Struct; use a NamedTuple or a plain Struct"
        )
    node.closed = config.forbid_unknown_fields
    if config.tag is not None and config.tag_field is not None:
        node.tag = (config.tag_field, config.tag)
    fields: list[Field] = []
    for field in msgspec.structs.fields(make.cls):
        default: Any = field.default
        if default is msgspec.NODEFAULT:
            default = _made(field.default_factory)
        fields.append(
            make.make(field.name, wire=field.encode_name, required=field.required, default=default)
        )
    node.fields = fields


def _scope(
    reader: "TypeReader", hint: Any, cls: Any, variables: Mapping[Any, Node]
) -> dict[Any, Node]:
    """What the type variables of a generic class and of its bases stand for."""
    scope: dict[Any, Node] = {}
    args = get_args(hint)
    parameters: tuple[Any, ...] = getattr(cls, "__parameters__", ())
    for parameter, arg in zip(parameters, args, strict=False):
        scope[parameter] = reader.node(arg, variables)
    for base in getattr(cls, "__orig_bases__", ()):
        origin = get_origin(base)
        if origin is None or origin is typing.Generic or origin is getattr(typing, "Protocol", 0):
            continue
        for parameter, node in _scope(reader, base, origin, scope).items():
            if scope.setdefault(parameter, node) is not node:
                raise Unsupported(
                    f"the type variable {parameter} stands for two types in {cls.__name__} and its "
                    "bases; give the base class a type variable of its own"
                )
    return scope


def _name(hint: Any, cls: type) -> str:
    args = get_args(hint)
    if not args or any(isinstance(arg, typing.TypeVar) for arg in args):
        return cls.__name__
    return "_".join([cls.__name__, *(getattr(arg, "__name__", str(arg)) for arg in args)])


def _documentation(cls: type) -> tuple[str | None, dict[str, str]]:
    """A class's own description and those of its fields; nothing that Python wrote itself."""
    text = vars(cls).get("__doc__")
    if not isinstance(text, str) or _is_generated(text, cls):
        return None, {}
    docstring = read_docstring(inspect.cleandoc(text))
    return docstring.description, docstring.parameters


def _is_generated(text: str, cls: type) -> bool:
    """Whether ``@dataclass`` or ``namedtuple`` made the docstring."""
    return text.startswith(f"{cls.__name__}(") and text.endswith((")", ")'"))
