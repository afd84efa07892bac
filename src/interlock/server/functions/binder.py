"""From the JSON text of arguments to Python values, and back to the one who wrote them.

The way in, fastest first:

1. One msgspec decode into a Struct made for the function. What msgspec has no exact type for
   (``str | datetime``, a pattern, a NamedTuple) is decoded as plain JSON and read by its
   node: per parameter, so the others stay fast.
2. Only if that fails: a walk of the plain value, which mends what a model is forgiven and
   finds everything that is wrong.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from interlock.protocol.json import decode
from interlock.server.functions.instances import complete, needs_completion
from interlock.server.functions.nodes.base import (
    MENDING_BUDGET,
    STRICT_BUDGET,
    Enough,
    Mismatch,
    Node,
    Walk,
    budget_of,
)
from interlock.server.functions.nodes.containers import ListNode
from interlock.server.functions.nodes.records import AliasNode, Field, RecordNode, descendants
from interlock.server.functions.nodes.refined import RefinedNode
from interlock.server.functions.nodes.unions import UnionNode
from interlock.server.functions.plain import class_of
from interlock.server.functions.problems import (
    ArgumentError,
    Problem,
    describe,
    escaped,
    path_text,
)

RawText: TypeAlias = bytes | bytearray | memoryview | msgspec.Raw

_REFUSALS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
_BUILD_FAULTS = (TypeError, ValueError, NameError, AttributeError, RecursionError)

_TOO_DEEP = Problem("$", "nested too deeply")
_TOO_MUCH = Problem("$", "takes too long to check; send fewer values, or less nested ones")


class Bound(msgspec.Struct, gc=False):
    """Arguments that fit a function, and the paths (``$.days``) at which a slip was mended."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    coerced: tuple[str, ...] = ()


class Slot:
    """A parameter as the binder sees it.

    ``field`` is its record field, whose ``name`` is the Struct's attribute; ``make_default``
    makes a new default for each call, or is ``None`` where the parameter is required;
    ``keyword`` is its Python name where it is passed by name, else ``None``.
    """

    __slots__ = ("field", "keyword", "make_default")

    def __init__(
        self, field: Field, make_default: Callable[[], Any] | None, keyword: str | None
    ) -> None:
        self.field = field
        self.make_default = make_default
        self.keyword = keyword


class Binder:
    """Binds arguments to the parameters of one function."""

    def __init__(self, slots: Sequence[Slot], *, name: str, strict: bool, closed: bool) -> None:
        self.name = name
        self.lenient = not strict
        self.slots = tuple(slots)
        self.root = RecordNode(name, self._build, closed=closed, noun="argument")
        self.root.fields = tuple(slot.field for slot in slots)
        self._take = _taker([slot.field.name for slot in slots if slot.keyword is None])
        self._named = [
            (slot.keyword, attrgetter(slot.field.name)) for slot in slots if slot.keyword
        ]
        self._struct: Any = None
        self._walked: list[Slot] = []
        self._decode: Callable[[RawText], Any] = self._first_decode

    def _first_decode(self, raw: RawText) -> Any:
        self._prepare()
        return self._decode(raw)

    def _prepared(self) -> Any:
        self._prepare()
        return self._struct

    def _prepare(self) -> None:
        """Make the Struct and its decoder, which a function that is never called never needs."""
        natives = {slot.field.name: native_type(slot.field.node) for slot in self.slots}
        try:
            self._compile(natives)
        except _BUILD_FAULTS:
            for name, native in natives.items():
                if not _builds(native):
                    natives[name] = None
            self._compile(natives)

    def _compile(self, natives: Mapping[str, "Native | None"]) -> None:
        fields: list[tuple[str, Any, Any]] = []
        walked: list[Slot] = []
        for slot in self.slots:
            native = natives[slot.field.name]
            if native is None:
                walked.append(slot)
            fields.append((slot.field.name, *_struct_field(slot, native)))
        self._struct = msgspec.defstruct(
            f"{self.name}_arguments",
            fields,
            kw_only=True,
            rename={slot.field.name: slot.field.wire for slot in self.slots},
            forbid_unknown_fields=self.root.closed,
            gc=False,
        )
        decoder = msgspec.json.Decoder(self._struct)
        self._walked = walked
        lacking = [
            slot.field.name
            for slot in self.slots
            if slot not in walked and needs_completion(slot.field.node)
        ]
        self._decode = _completing(decoder.decode, lacking) if lacking else decoder.decode

    def bind(self, raw: RawText) -> Bound:
        """Bind a JSON object of arguments. Raises :class:`ArgumentError`."""
        try:
            arguments = self._decode(raw)
        except _REFUSALS as error:
            return self._mended(raw, [native_problem(error)])
        if self._walked:
            return self._read_walked(arguments, raw)
        if self._named:
            return self._bound(arguments)
        return Bound(self._take(arguments), {})

    def _bound(self, arguments: Any, coerced: tuple[str, ...] = ()) -> Bound:
        named = {name: take(arguments) for name, take in self._named}
        return Bound(self._take(arguments), named, coerced)

    def _read_walked(self, arguments: Any, raw: RawText) -> Bound:
        """Read the parameters that msgspec left as plain JSON."""
        walk = Walk(budget=budget_of(_size(raw), STRICT_BUDGET))
        try:
            for slot in self._walked:
                field = slot.field
                value = getattr(arguments, field.name)
                if value is not msgspec.UNSET:
                    value = field.node.read(value, walk, (None, field.wire))
                elif slot.make_default is not None:
                    value = slot.make_default()
                setattr(arguments, field.name, value)
        except Enough:
            return self._mended(raw, walk.problems or [_TOO_MUCH])
        except RecursionError:
            return self._mended(raw, [_TOO_DEEP])
        if walk.problems:
            return self._mended(raw, walk.problems)
        return self._bound(arguments)

    def _mended(self, raw: RawText, found: Sequence[Problem]) -> Bound:
        """The second look: everything that is wrong, or the arguments with slips mended.

        ``found`` is what the first look said, for the case that the second sees less.
        """
        try:
            plain = decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ArgumentError([_malformed(error)]) from None
        if class_of(plain) is not dict:
            raise ArgumentError([Problem("$", describe(plain), "an object of arguments")])
        walk = Walk(lenient=self.lenient, budget=budget_of(_size(raw), MENDING_BUDGET))
        bound = self._walked_through(plain, found, walk)
        if not bound.coerced:
            raise ArgumentError(found)  # the decoder refuses what the walk would take: it counts
        return bound

    def _walked_through(self, plain: dict[str, Any], found: Sequence[Problem], walk: Walk) -> Bound:
        more = False
        arguments: Any = None
        try:
            arguments = self.root.read(plain, walk, None)
        except Enough:
            more = True
        except RecursionError:
            walk.problems.append(_TOO_DEEP)
        if walk.problems or more:
            raise ArgumentError(walk.problems or found, more=more)
        paths = dict.fromkeys(path_text(at) for at in walk.coerced)
        return self._bound(arguments, tuple(paths))

    def _build(self, **found: Any) -> Any:
        """The Struct of read values; defaults are filled in."""
        struct: Any = self._struct or self._prepared()
        arguments = struct(**found)
        for slot in self._walked:
            if slot.make_default is not None and slot.field.name not in found:
                setattr(arguments, slot.field.name, slot.make_default())
        return arguments

    def bind_text(self, values: Mapping[str, str | list[str]]) -> Bound:
        """Bind texts by name: JSON text where the parameter takes no text, else as they are."""
        nodes = {field.wire: field.node for field in self.root.fields}
        plain = {
            name: from_text(nodes[name], value) if name in nodes else value
            for name, value in values.items()
            if name in nodes or self.root.closed
        }
        size = sum(len(text) for value in values.values() for text in value)
        walk = Walk(lenient=self.lenient, budget=budget_of(size, MENDING_BUDGET))
        return self._walked_through(plain, [_TOO_MUCH], walk)


def _size(raw: RawText) -> int:
    return memoryview(raw).nbytes


def from_text(node: Node, value: str | list[str]) -> Any:
    """The plain JSON value that a text, or a list of texts, stands for at ``node``."""
    if isinstance(value, list):
        item = next((part.item for part in _parts(node) if isinstance(part, ListNode)), None)
        return [text if item is None else from_text(item, text) for text in value]
    if "string" in node.kinds:
        others = node.kinds - {"string"}
        if not others or _fits(node, value):
            return value
    try:
        plain = decode(value.encode())
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return value
    return value if isinstance(plain, str) else plain


def _fits(node: Node, value: str) -> bool:
    try:
        Walk().attempt(node, value, None, closed=False, lenient=False)
    except (Mismatch, Enough):
        return False
    return True


def _parts(node: Node) -> Iterable[Node]:
    """A node, and those that stand at its place."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, UnionNode | RefinedNode | AliasNode):
            waiting.extend(part.children())


class Native(msgspec.Struct, frozen=True):
    """A type for msgspec (in a wrapper, since ``None`` is one)."""

    type: Any


def native_type(node: Node) -> Native | None:
    """The msgspec type that decodes exactly ``node``, or ``None``."""
    if node.decodable and all(part.decodable for part in descendants(node)):
        return Native(node.native())
    return None


def _completing(decode: Callable[[RawText], Any], names: list[str]) -> Callable[[RawText], Any]:
    """A decoder whose dataclasses lack nothing."""

    def decode_whole(raw: RawText) -> Any:
        arguments = decode(raw)
        for name in names:
            complete(getattr(arguments, name))
        return arguments

    return decode_whole


def _builds(native: Native | None) -> bool:
    """Whether msgspec takes the type; it says so only when it builds the decoder."""
    if native is None:
        return False
    try:
        msgspec.json.Decoder(native.type)
    except _BUILD_FAULTS:
        return False
    return True


def _struct_field(slot: Slot, native: Native | None) -> tuple[Any, Any]:
    if native is None:
        if slot.make_default is None:
            return Any, msgspec.field()
        return Any, msgspec.field(default=msgspec.UNSET)
    if slot.make_default is None:
        return native.type, msgspec.field()
    if isinstance(slot.make_default, Constant):
        return native.type, msgspec.field(default=slot.make_default.value)
    return native.type, msgspec.field(default_factory=slot.make_default)


def _taker(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes attributes as a tuple, however many."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda arguments: (one(arguments),)
    return attrgetter(*names)


class Constant:
    """Makes a default that is shared between calls, since nothing can change it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        return self.value


def default_maker(default: Any) -> Callable[[], Any]:
    """What makes a default for each call: a copy where a call could change it for the next."""
    if _is_mutable(default):
        from copy import deepcopy

        return partial(deepcopy, default)
    return Constant(default)


def _is_mutable(value: Any, depth: int = 8) -> bool:
    if isinstance(value, list | dict | set | bytearray):
        return True
    if issubclass(class_of(value), tuple | frozenset):
        return depth > 0 and any(_is_mutable(item, depth - 1) for item in value)
    if isinstance(value, msgspec.Struct):
        return not value.__struct_config__.frozen
    kind = class_of(value)
    parameters: Any = getattr(kind, "__dataclass_params__", None)
    return parameters is not None or hasattr(kind, "__pydantic_fields__")


def _malformed(error: BaseException) -> Problem:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    return Problem("$", f"cannot be read ({escaped(str(error))})", "an object of arguments")


def native_problem(error: BaseException) -> Problem:
    """A refusal of msgspec's as a problem: its text ends with the path, unless that is ``$``."""
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    message, _, path = str(error).rpartition(" - at `")
    if not message:
        message, path = str(error), "$"
    return Problem(escaped(path.rstrip("`"), 80), escaped(message.replace("`", "")))
