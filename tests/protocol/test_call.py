"""Calls, what clients can do, outcomes and errors: the shapes that everything is passed in."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol import errors
from interlock.protocol.call import (
    Call,
    Cancellation,
    ClientProfile,
    Log,
    Notice,
    Principal,
    Progress,
    Scope,
)
from interlock.protocol.errors import InvalidParams, ProtocolError
from interlock.protocol.json import UNSET, Raw, encode
from interlock.protocol.outcome import Failure, Hints, Result
from interlock.protocol.payload import Payload
from interlock.protocol.revisions import LATEST
from interlock.protocol.types.prompts import GetPromptRequestParams
from interlock.protocol.types.resources import ReadResourceRequestParams
from interlock.protocol.types.tools import CallToolRequestParams
from tests.support.schema_strategies import JSON


class Silent:
    """A port that nobody listens at."""

    def notify(self, notice: Notice) -> Awaitable[None] | None:
        return None

    async def ask(self, method: str, params: Payload, /) -> Payload:
        raise NotImplementedError


def scope(**more: Any) -> Scope:
    members: dict[str, Any] = {
        "revision": LATEST,
        "client": ClientProfile(),
        "port": Silent(),
        "cancellation": Cancellation(),
    }
    return Scope(**{**members, **more})


def call(params: Any, method: str = "tools/call") -> Call:
    return Call(method, params if isinstance(params, Payload) else Payload(params), scope())


# Targets and arguments


@pytest.mark.parametrize(
    ("params", "target"),
    [
        (CallToolRequestParams(name="t"), "t"),
        (GetPromptRequestParams(name="p"), "p"),
        (ReadResourceRequestParams(uri="a:b"), "a:b"),
        ({"name": "t"}, "t"),
        ({"uri": "a:b"}, "a:b"),
        ({"name": 5}, None),
        ({}, None),
        (msgspec.defstruct("Other", [])(), None),
    ],
)
def test_the_target_is_the_name_or_the_uri(params: Any, target: str | None) -> None:
    assert call(params).target == target


def typed(given: Any) -> Any:
    return CallToolRequestParams(name="t", arguments=Raw(encode(given)))


def plain(given: Any) -> Any:
    return {"name": "t", "arguments": given}


def text(given: Any) -> Any:
    return Payload.of(encode(plain(given)))


FORMS: dict[str, Callable[[Any], Any]] = {"typed": typed, "plain": plain, "text": text}


@pytest.mark.parametrize("form", FORMS)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_arguments_are_a_copy(form: str, given: dict[str, Any]) -> None:
    made = call(FORMS[form](given))
    arguments = made.arguments
    assert arguments == given
    arguments["changed"] = True
    assert made.arguments == given


@pytest.mark.parametrize(
    "params", [CallToolRequestParams(name="t"), {"name": "t"}, {"name": "t", "arguments": None}]
)
def test_no_arguments_are_none_at_all(params: Any) -> None:
    assert call(params).arguments == {}


@pytest.mark.parametrize("raw", [b"null", b"[1]", b'"x"', b"5"])
def test_arguments_that_are_no_object_are_refused(raw: bytes) -> None:
    for params in (
        CallToolRequestParams(name="t", arguments=Raw(raw)),
        {"name": "t", "arguments": Raw(raw)},
    ):
        with pytest.raises(InvalidParams, match="object"):
            _ = call(params).arguments


@pytest.mark.parametrize("form", FORMS)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_what_was_judged_is_what_is_passed_on(form: str, given: dict[str, Any]) -> None:
    """The value and the text of the changed call agree, and the old call is as it was."""
    old = call(FORMS[form]({"a": 1}))
    new = old.with_arguments(given)
    assert new.arguments == given
    assert msgspec.json.decode(new.payload.raw)["arguments"] == given
    assert (new.method, new.target, new.scope) == (old.method, old.target, old.scope)
    assert old.arguments == {"a": 1}
    given["late"] = 1
    assert "late" not in new.arguments


def test_arguments_can_be_given_where_there_were_none() -> None:
    for params in (CallToolRequestParams(name="t"), {"name": "t"}):
        assert call(params).with_arguments({"a": 1}).arguments == {"a": 1}
    prompt = call(GetPromptRequestParams(name="p", arguments={"a": "b"}), "prompts/get")
    changed = prompt.with_arguments({"c": "d"})
    assert changed.payload.as_(GetPromptRequestParams).arguments == {"c": "d"}


def test_other_members_survive_a_change_of_arguments() -> None:
    old = call({"name": "t", "arguments": {}, "task": {"ttl": 1}, "more": [1]})
    assert old.with_arguments({"a": 1}).payload.value == (
        {"name": "t", "arguments": {"a": 1}, "task": {"ttl": 1}, "more": [1]}
    )


def test_a_call_is_passed_on_in_another_scope() -> None:
    old = call({"name": "t"})
    new = old.with_scope(principal=Principal("me"), deadline=5.0)
    assert new.scope.principal == Principal("me")
    assert new.scope.deadline == 5.0
    assert old.scope.principal is None
    assert new.payload is old.payload
    with pytest.raises(AttributeError):
        new.method = "x"  # pyright: ignore[reportAttributeAccessIssue]  # which is the point


def test_each_scope_has_a_state_of_its_own() -> None:
    one, other = scope(), scope()
    one.state["a"] = 1
    assert other.state == {}


# What a client can do


CAPABILITIES: dict[str, Any] = {
    "roots": {"listChanged": True},
    "sampling": {},
    "elicitation": {"url": {}},
    "experimental": {"x": {"deep": 1}},
    "off": False,
    "null": None,
    "number": 5,
}


@pytest.mark.parametrize(
    ("capability", "can"),
    [
        ("roots", True),
        ("roots.listChanged", True),
        ("roots.other", False),
        ("sampling", True),
        ("sampling.tools", False),
        ("elicitation", True),
        ("elicitation.url", True),
        ("elicitation.form", False),
        ("experimental.x.deep", True),
        ("experimental.x.deep.er", False),
        ("off", False),
        ("null", False),
        ("number", True),
        ("number.deep", False),
        ("", False),
        (".", False),
        ("missing.form", False),
    ],
)
def test_a_capability_is_declared_or_not(capability: str, can: bool) -> None:
    assert ClientProfile(capabilities=CAPABILITIES).can(capability) is can


NONE: dict[str, Any] = {}
MODES: list[tuple[Any, bool, bool]] = [
    (NONE, True, False),
    ({"form": NONE}, True, False),
    ({"url": NONE}, False, True),
    ({"form": NONE, "url": NONE}, True, True),
    (None, False, False),
    ([], False, False),
    ("form", False, False),
]


@pytest.mark.parametrize(("declared", "form", "url"), MODES)
def test_elicitation_without_a_mode_is_the_form(declared: Any, form: bool, url: bool) -> None:
    client = ClientProfile(capabilities={"elicitation": declared})
    assert client.can("elicitation.form") is form
    assert client.can("elicitation.url") is url
    assert not ClientProfile().can("elicitation.form")
    assert not ClientProfile(capabilities={"sampling": {}}).can("sampling.form")


@given(st.dictionaries(st.sampled_from(["a", "b"]), JSON), st.text("ab.", max_size=6))
def test_whatever_a_client_declares_is_asked_about_in_peace(
    declared: dict[str, Any], capability: str
) -> None:
    assert ClientProfile(capabilities=declared).can(capability) in (True, False)


# Errors and outcomes


CODES: dict[type[ProtocolError], tuple[int, str]] = {
    errors.ProtocolError: (-32603, "handler"),
    errors.ParseError: (-32700, "parse"),
    errors.InvalidRequest: (-32600, "envelope"),
    errors.MethodNotFound: (-32601, "method"),
    errors.InvalidParams: (-32602, "params"),
    errors.UnknownTarget: (-32602, "params"),
    errors.InternalError: (-32603, "internal"),
    errors.HeaderMismatch: (-32020, "header"),
    errors.UpstreamUnavailable: (1001, "handler"),
    errors.RateLimited: (1002, "limit"),
    errors.PermissionDenied: (1003, "permission"),
}
OF_OTHER_FORM = {
    errors.ResourceNotFound,
    errors.MissingClientCapability,
    errors.UnsupportedRevision,
}


def test_every_error_of_the_protocol_is_here() -> None:
    def below(error: type[ProtocolError]) -> set[type[ProtocolError]]:
        return {error}.union(*(below(sub) for sub in error.__subclasses__()))

    own = {e for e in below(ProtocolError) if e.__module__ == errors.__name__}
    assert own == CODES.keys() | OF_OTHER_FORM


@pytest.mark.spec("B-IDX-15", "B-IDX-17", "B-IDX-20", "B-IDX-21")
@pytest.mark.parametrize("error", CODES, ids=lambda error: error.__name__)
def test_an_error_becomes_the_failure_that_it_stands_for(error: type[ProtocolError]) -> None:
    code, origin = CODES[error]
    plain = Failure.of(error("what and what to do"))
    assert plain == Failure(code, "what and what to do", UNSET, origin)  # pyright: ignore[reportArgumentType]  # an origin
    assert not -32019 <= code <= -32000
    full = Failure.of(error("x", code=7, data={"a": [1]}, origin="limit"))
    assert (full.code, full.data, full.origin) == (7, {"a": [1]}, "limit")
    assert str(error("text")) == "text"


def test_a_resource_that_is_missing_is_marked_for_older_peers() -> None:
    failure = Failure.of(errors.ResourceNotFound("a:b", "Look elsewhere."))
    assert failure.resource_not_found
    assert (failure.code, failure.data) == (-32602, {"uri": "a:b"})
    assert failure.message == "Resource not found: a:b. Look elsewhere."
    long = errors.ResourceNotFound("a:" + "x" * 10_000)
    assert len(long.message) < 400
    assert len(encode(long.data)) < 250
    assert not Failure.of(errors.InvalidParams("x")).resource_not_found


def test_what_a_client_lacks_is_named() -> None:
    failure = Failure.of(errors.MissingClientCapability("x", {"elicitation": {"url": {}}}))
    assert failure.code == -32021
    assert failure.data == {"requiredCapabilities": {"elicitation": {"url": {}}}}


def test_what_is_supported_is_named() -> None:
    error = errors.UnsupportedRevision("1900-01-01", ("2026-07-28",))
    assert (error.code, error.origin) == (-32022, "revision")
    assert error.data == {"supported": ["2026-07-28"], "requested": "1900-01-01"}
    long = errors.UnsupportedRevision("x" * 10_000, ("2026-07-28",))
    assert len(long.message) + len(encode(long.data)) < 400


@pytest.mark.parametrize(("seconds", "header"), [(0.2, "1"), (1.0, "1"), (2.6, "3"), (90, "90")])
def test_when_to_try_again_goes_into_a_header_and_the_data(seconds: float, header: str) -> None:
    failure = Failure.of(errors.RateLimited("slowly", retry_after=seconds))
    assert failure.hints == Hints(headers=(("Retry-After", header),))
    assert failure.data == {"retryAfter": seconds}
    own = Failure.of(errors.RateLimited("slowly", retry_after=seconds, data={"a": 1}))
    assert own.data == {"a": 1}
    assert Failure.of(errors.RateLimited("slowly")).hints is None


def test_notices_and_results_are_values() -> None:
    assert Progress(1, 2, "x") == Progress(1.0, 2.0, "x")
    assert Log("info", {"a": 1}) == Log("info", {"a": 1}, None)
    result = Result(Payload({}))
    assert result.hints is None
    with pytest.raises(AttributeError):
        result.hints = Hints(200)  # pyright: ignore[reportAttributeAccessIssue]  # which is the point
