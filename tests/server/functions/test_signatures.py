"""What can be compiled, how it is called, and what is said of the rest."""

import asyncio
import datetime as dt
import functools
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import pytest

from interlock.server.functions import SignatureError
from tests.server.functions import future_annotations
from tests.server.functions.compiling import (
    Context,
    SyncContext,
    compiled,
    defined,
    problems,
    taking,
)


class Tools:
    """Tools with state."""

    def __init__(self) -> None:
        self.calls = 0

    def method(self, n: int) -> int:
        """Adds up."""
        self.calls += n
        return self.calls

    @classmethod
    def of_class(cls, n: int) -> int:
        return n

    @staticmethod
    def static(n: int) -> int:
        return n

    async def later(self, n: int) -> int:
        return n


class Search:
    """Searches."""

    def __call__(self, query: str, limit: int = 10) -> list[str]:
        return [query] * limit


class Fetch:
    async def __call__(self, url: str) -> bytes:
        """Fetches."""
        return url.encode()


def plain(a: int, b: str = "x") -> str:
    """Joins."""
    return f"{a}{b}"


async def awaited(a: int) -> int:
    return a


def doubled(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs) * 2

    return wrapper


@doubled
def wrapped(a: int) -> int:
    """Is doubled."""
    return a


def call(fn: Any, arguments: dict[str, Any], context: Any = None, **options: Any) -> Any:
    function = compiled(fn, **options)
    bound = function.bind(msgspec.json.encode(arguments))
    result = function.call(bound, context)
    named = {} if function.context_parameter is None else {function.context_parameter: context}
    if not function.is_async:
        assert function.fn(*bound.args, **bound.kwargs, **named) is not None
    return asyncio.run(result) if function.is_async else result


@pytest.mark.parametrize(
    ("fn", "name", "description", "is_async", "arguments", "result"),
    [
        (plain, "plain", "Joins.", False, {"a": 1}, "1x"),
        (awaited, "awaited", None, True, {"a": 1}, 1),
        (Tools().method, "method", "Adds up.", False, {"n": 2}, 2),
        (Tools.of_class, "of_class", None, False, {"n": 2}, 2),
        (Tools.static, "static", None, False, {"n": 2}, 2),
        (Tools().later, "later", None, True, {"n": 2}, 2),
        (staticmethod(plain), "plain", "Joins.", False, {"a": 1}, "1x"),
        (Search(), "Search", "Searches.", False, {"query": "q", "limit": 1}, ["q"]),
        (Fetch(), "Fetch", "Fetches.", True, {"url": "u"}, b"u"),
        (functools.partial(plain, 7), "plain", "Joins.", False, {"b": "y"}, "7y"),
        (functools.partial(plain, b="z"), "plain", "Joins.", False, {"a": 1}, "1z"),
        (functools.partial(awaited), "awaited", None, True, {"a": 1}, 1),
        (functools.partial(Fetch(), url="u"), "Fetch", "Fetches.", True, {}, b"u"),
        (wrapped, "wrapped", "Is doubled.", False, {"a": 2}, 4),
    ],
)
def test_callables(
    fn: Any,
    name: str,
    description: str | None,
    is_async: bool,
    arguments: dict[str, Any],
    result: Any,
) -> None:
    function = compiled(fn)
    assert (function.name, function.description) == (name, description)
    assert function.is_async is is_async
    value = function.call(function.bind(msgspec.json.encode(arguments)))
    assert (asyncio.run(value) if is_async else value) == result


def test_what_a_partial_binds_by_name_is_neither_listed_nor_taken() -> None:
    function = compiled(functools.partial(plain, b="secret"))
    assert list(function.input_schema["properties"]) == ["a"]
    assert "secret" not in str(function.input_schema)
    assert problems(function, {"a": 1, "b": "mine"})


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(SignatureError, match="a lambda has no name; give one with name="):
        compiled(lambda: 1)
    function = compiled(defined("fn = lambda a: a"), name="echo")
    assert function.name == "echo"
    assert function.input_schema["properties"] == {"a": {}}
    assert function.call(function.bind(b'{"a": [1]}')) == [1]


def test_names_and_descriptions_can_be_given() -> None:
    function = compiled(plain, name="other", description="Says other things.")
    assert (function.name, function.description) == ("other", "Says other things.")
    with pytest.raises(SignatureError, match=r"^other\(\): parameter 'it'"):
        taking(complex, name="other")


def test_keyword_only_parameters_and_defaults_in_any_order() -> None:
    def fn(a: int, b: int = 2, *, c: int, d: int = 4) -> tuple[int, ...]:
        return (a, b, c, d)

    assert call(fn, {"c": 3, "a": 1}) == (1, 2, 3, 4)
    assert [(one.name, one.required) for one in compiled(fn).parameters] == [
        ("a", True),
        ("b", False),
        ("c", True),
        ("d", False),
    ]


def test_names_that_are_no_identifiers_of_a_struct() -> None:
    def fn(arguments: int, coerced: int, __dict__: int = 0, self_: int = 1, type: str = "t") -> Any:
        return (arguments, coerced, type)

    assert call(fn, {"arguments": 1, "coerced": 2, "type": "x"}) == (1, 2, "x")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Context, "async"),
        (Context[int], "async"),
        (Context[int] | None, "async"),
        (SyncContext, "sync"),
        (None | SyncContext[str], "sync"),
    ],
)
def test_the_context_is_no_argument(annotation: Any, kind: str) -> None:
    def first(ctx: Any, a: int, b: int = 2) -> Any:
        return (ctx, a, b)

    def middle(a: int, ctx: Any = None, b: int = 2) -> Any:
        return (ctx, a, b)

    def named(a: int, *, b: int = 2, ctx: Any = None) -> Any:
        return (ctx, a, b)

    for fn in (first, middle, named):
        fn.__annotations__["ctx"] = annotation
        function = compiled(fn)
        assert (function.context_parameter, function.context_kind) == ("ctx", kind)
        assert list(function.input_schema["properties"]) == ["a", "b"]
        assert call(fn, {"a": 1}, "the context") == ("the context", 1, 2)
        assert call(fn, {"a": 1, "b": 3}, "the context") == ("the context", 1, 3)
        assert problems(function, {"a": 1, "ctx": 1})


def test_no_context() -> None:
    function = compiled(plain)
    assert (function.context_parameter, function.context_kind) == (None, None)


def test_one_context_only() -> None:
    def fn(one: Context[int], two: SyncContext[int]) -> None: ...

    with pytest.raises(SignatureError, match="'two' is a second context beside 'one'"):
        compiled(fn)


def test_awaitable_annotations_say_what_is_awaited() -> None:
    def soon(a: int) -> Awaitable[int]:
        return awaited(a)

    def coroutine(a: int) -> Coroutine[Any, Any, int]:
        return awaited(a)

    for fn in (soon, coroutine):
        function = compiled(fn)
        assert function.is_async
        assert function.output is not None
        assert function.output.schema == {"type": "integer"}
        assert call(fn, {"a": 1}) == 1


def test_annotations_as_text() -> None:
    function = compiled(future_annotations.at_module_level)
    assert function.context_parameter == "ctx"
    assert function.input_schema["properties"] == {
        "point": {
            "type": "object",
            "properties": {"x": {"type": "integer"}},
            "required": ["x"],
        },
        "many": {"type": "array", "items": {"type": "integer"}},
    }
    assert function.output is not None
    local = future_annotations.with_local_types()
    assert local.input_schema["properties"]["it"]["required"] == ["inner"]
    assert local.call(local.bind(b'{"it": {"inner": {"x": 1}}}')).inner.x == 1


def test_types_local_to_the_caller() -> None:
    @dataclass
    class Local:
        x: int
        next: "Local | None" = None

    def fn(it: "Local") -> "Local":
        return it

    function = compiled(fn, frame_locals=locals())
    assert call(fn, {"it": {"x": 1, "next": {"x": 2}}}, frame_locals=locals()) == Local(1, Local(2))
    assert function.output is not None
    assert function.output.encode(Local(1)) == b'{"x":1,"next":null}'
    with pytest.raises(SignatureError, match="the name 'Local'"):
        compiled(fn)


def test_a_function_from_elsewhere_sees_its_own_module_first() -> None:
    names = {"Point": complex, "Context": complex}
    function = compiled(future_annotations.at_module_level, frame_locals=names)
    assert function.context_parameter == "ctx"


def test_a_missing_annotation_is_any_value() -> None:
    fn = defined("def fn(a, b=[1], *, c=None): return (a, b, c)")
    assert compiled(fn).input_schema["properties"] == {
        "a": {},
        "b": {"default": [1]},
        "c": {"default": None},
    }
    assert call(fn, {"a": {"x": 1}}) == ({"x": 1}, [1], None)


def test_none_as_a_default_allows_null() -> None:
    source = "def fn(a: int = None, b: Annotated[str, 'the b'] = None): return (a, b)"
    fn = defined(source, Annotated=Annotated)
    assert compiled(fn).input_schema["properties"] == {
        "a": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        "b": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "the b",
            "default": None,
        },
    }
    assert call(fn, {"a": None, "b": "x"}) == (None, "x")


MISSING = object()


@dataclass
class Options:
    names: list[str]


@pytest.mark.parametrize(
    ("annotation", "default", "shown"),
    [
        (list[int], [1, 2], [1, 2]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (set[str], {"b", "a"}, ["a", "b"]),
        (Options, Options(["a"]), {"names": ["a"]}),
        (tuple[list[int], ...], ([1],), [[1]]),
        (Any, {"a": [1]}, {"a": [1]}),
    ],
)
def test_mutable_defaults_are_made_anew(annotation: Any, default: Any, shown: Any) -> None:
    def fn(a: Any = default) -> Any:
        return a

    fn.__annotations__["a"] = annotation
    function = compiled(fn)
    assert function.input_schema["properties"]["a"]["default"] == shown
    one, other = function.bind(b"{}").args[0], function.bind(b"{}").args[0]
    assert one == other == default
    assert one is not default
    assert one is not other


@pytest.mark.parametrize("annotation", [Any, int, str | dt.date])
def test_defaults_that_only_the_function_understands(annotation: Any) -> None:
    def fn(a: Any = MISSING) -> Any:
        return a

    fn.__annotations__["a"] = annotation
    function = compiled(fn)
    assert function.bind(b"{}").args[0] is MISSING
    assert "default" not in function.input_schema["properties"]["a"]
    assert function.parameters[0].default is msgspec.UNSET


def positional(a: int, /) -> None: ...
def star(*args: int) -> None: ...
def keywords(**options: int) -> None: ...
def generator(a: int) -> Any:
    yield a


async def async_generator(a: int) -> Any:
    yield a


under_type_checking = defined("def fn(a: 'Hidden'): ...")
gives_hidden = defined("def fn() -> 'list[Hidden]': ...")
not_a_type = defined("def fn(a: '1 +'): ...")


NOT_OFFERED: list[tuple[Any, str]] = [
    (positional, "positional(): parameter 'a' is positional-only, and arguments come by name"),
    (star, "use a list, as in `args: list[str]`"),
    (keywords, "use a dict, as in `options: dict[str, Any]`"),
    (generator, "generator is a generator; a call has one result, so return a list"),
    (async_generator, "return a list"),
    (Tools.method, "parameter 'self': this is a method without its object"),
    (Tools.__dict__["of_class"], "a classmethod object cannot be called"),
    (Tools, "Tools is a class; register a function"),
    (3, "a value of type int cannot be called"),
    (
        under_type_checking,
        "fn(): parameter 'a': the type uses the name 'Hidden', which does not "
        "exist when the function is declared; if it is imported under `if TYPE_CHECKING:`, "
        "import it at run time",
    ),
    (gives_hidden, "fn(): the return type: the type uses the name 'Hidden'"),
    (not_a_type, "is no type"),
    (max, "max: its parameters cannot be read"),
]


@pytest.mark.parametrize(("fn", "text"), NOT_OFFERED)
def test_what_cannot_be_offered(fn: Any, text: str) -> None:
    with pytest.raises(SignatureError) as caught:
        compiled(fn)
    assert text in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_a_name_that_a_nested_type_misses() -> None:
    with pytest.raises(SignatureError, match="parameter 'it': in Broken, the type uses the name"):
        taking(future_annotations.Broken)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are lazy from Python 3.14 on")
def test_lazy_annotations() -> None:
    with pytest.raises(SignatureError, match="parameter 'a': the type uses the name 'Hidden'"):
        compiled(defined("def fn(a: Hidden, b: int): ..."))
    later = "def fn(a: Later): return a\nfrom dataclasses import dataclass\n"
    fn = defined(later + "@dataclass\nclass Later:\n    x: int")
    assert call(fn, {"a": {"x": 1}}).x == 1


def test_parameters_are_listed() -> None:
    def fn(a: Annotated[int, "the a"], b: str = "x") -> None: ...

    one, two = compiled(fn).parameters
    assert (one.name, one.required, one.description) == ("a", True, "the a")
    assert one.schema == {"type": "integer", "description": "the a"}
    assert (two.name, two.required, two.default, two.description) == ("b", False, "x", None)


def test_nothing_of_a_function_is_made_before_it_is_needed() -> None:
    function = compiled(plain)
    assert function._binder._struct is None
    function.bind(b'{"a":1}')
    assert function._binder._struct is not None
    bind = function.bind
    assert bind(b'{"a":1}') == bind(memoryview(b'{"a":1}')) == bind(msgspec.Raw(b'{"a":1}'))
