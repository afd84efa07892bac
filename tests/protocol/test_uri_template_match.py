"""Matching of URI templates: values, refusals, the inverse of expansion, and linear time."""

import re
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.protocol.uri_template import UriTemplate, UriTemplateError

MATCHES: list[tuple[str, str, dict[str, Any] | None]] = [
    # simple values
    ("weather://{city}/now", "weather://oslo/now", {"city": "oslo"}),
    ("weather://{city}/now", "weather://oslo/later", None),
    ("weather://{city}/now", "weather://oslo/now/", None),
    ("weather://{city}/now", "xweather://oslo/now", None),
    ("weather://{city}/now", "weather:///now", None),
    ("weather://{city}/now", "weather://a/b/now", None),
    ("weather://{city}/now", "weather://a?b/now", None),
    ("weather://{city}/now", "weather://a%2Fb/now", {"city": "a/b"}),
    ("mail://{address}", "mail://a@b.example", {"address": "a@b.example"}),
    ("x/{a}", "x/1,2", {"a": "1,2"}),
    ("x/{a,b}", "x/1,2", {"a": "1", "b": "2"}),
    ("x/{a,b}", "x/1", {"a": "1"}),
    ("x/{a,b}", "x/1,2,3", None),
    ("x/{a*}", "x/1,2,", {"a": ["1", "2", ""]}),
    ("x/{a,b*}", "x/1,2,3", {"a": "1", "b": ["2", "3"]}),
    ("x/{a,b*}", "x/1", {"a": "1"}),
    ("x/{a:2}", "x/ab", {"a": "ab"}),
    ("x/{a:2}", "x/abc", None),
    ("x/{a:1}/{a}", "x/h/hello", {"a": "hello"}),
    ("x/{a:1}/{a:3}", "x/h/hel", {"a": "hel"}),
    ("x/{a:1}/{a}", "x/j/hello", None),
    ("x/{a}/{a}", "x/1/1", {"a": "1"}),
    ("x/{a}/{a}", "x/1/2", None),
    # literals only
    ("", "", {}),
    ("", "a", None),
    ("a:b", "a:b", {}),
    ("a:b", "a:bb", None),
    # reserved values
    ("file:///{+path}", "file:///a/b.txt", {"path": "a/b.txt"}),
    ("r:{+path}/{name}", "r:a/b/c", {"path": "a/b", "name": "c"}),
    ("r:{+path}{?q}", "r:a/b?q=1", {"path": "a/b", "q": "1"}),
    ("r:{+path}{#f}", "r:a#b", {"path": "a", "f": "b"}),
    ("r:{+p,q}", "r:a/b,c", {"p": "a/b", "q": "c"}),
    ("r:{+path}/raw/{+rest}", "r:a/raw/b/raw/c", {"path": "a/raw/b", "rest": "c"}),
    # where the separator may be inside the value, the first value is the longest possible
    ("f:{name}.{ext}", "f:a.tar.gz", {"name": "a.tar", "ext": "gz"}),
    ("f:{name}.txt", "f:b.txt.txt", {"name": "b.txt"}),
    ("{a}-{b}-{c}", "1-2-3-4", {"a": "1-2", "b": "3", "c": "4"}),
    ("{a}2{b}", "x%20y", None),
    ("{a}2{b}", "x2%20y", {"a": "x", "b": " y"}),
    # fragments
    ("x{#f}", "x#a/b?c", {"f": "a/b?c"}),
    ("x{#f}", "x#", {"f": ""}),
    ("x{#f}", "x", {}),
    # labels
    ("f{.a}", "f.tar.gz", {"a": "tar.gz"}),
    ("f{.a,b}", "f.tar.gz", {"a": "tar", "b": "gz"}),
    ("f{.a*}", "f.tar.gz", {"a": ["tar", "gz"]}),
    ("{f}{.a}", "x.tar.gz", {"f": "x", "a": "tar.gz"}),
    ("{f}{.a}", "x", {"f": "x"}),
    ("f{.a}{.b}", "f.1.2", {"a": "1", "b": "2"}),
    # path segments
    ("x{/a}", "x", {}),
    ("x{/a}", "x/", {"a": ""}),
    ("x{/a,b}", "x/1/2", {"a": "1", "b": "2"}),
    ("x{/a,b}", "x/1/2/3", None),
    ("x{/a}/posts", "x/posts", {}),
    ("x{/a}/posts", "x/posts/posts", {"a": "posts"}),
    ("x{/a*}", "x/1/2,3/", {"a": ["1", "2,3", ""]}),
    ("x{/a*}/raw", "x/1/raw/raw", {"a": ["1", "raw"]}),
    ("x{/a,b*}{?q}", "x/1/2/3?q=4", {"a": "1", "b": ["2", "3"], "q": "4"}),
    # path parameters
    ("x{;a,b}", "x;b=2;a", {"a": "", "b": "2"}),
    ("x{;a}/y", "x;a=1/y", {"a": "1"}),
    ("x{;a}{;b}", "x;b=1", {"b": "1"}),
    ("x{;a*}", "x;a=1;a=2", {"a": ["1", "2"]}),
    # queries
    ("x{?a,b}", "x?b=2&a=1%202", {"a": "1 2", "b": "2"}),
    ("x{?a,b}", "x", {}),
    ("x{?a,b}", "x?", None),
    ("x{?a,b}", "x?a=1&", None),
    ("x{?a,b}", "x?a=1&a=2", None),
    ("x{?a,b}", "x?a=1&c=2", None),
    ("x{?a}", "x?a=/etc/x?y", {"a": "/etc/x?y"}),
    ("x{?a}", "x?a=1+2", {"a": "1+2"}),
    ("x{?a}", "x?a", {"a": ""}),
    ("x{?a}", "x?a=1#f", None),
    ("x{?a}#f", "x?a=1#f", {"a": "1"}),
    ("x{?a}{&b}", "x?a=1&b=2", {"a": "1", "b": "2"}),
    ("x{?a}{&b}", "x&b=2", {"b": "2"}),
    ("x?v=1{&b}", "x?v=1&b=2", {"b": "2"}),
    ("x{?a*}", "x?a=1&a=2", {"a": ["1", "2"]}),
    ("x{?a*}", "x?k=1&l=2", {"a": {"k": "1", "l": "2"}}),
    ("x{?a*}", "x?k=1&k=2", None),
    ("x{?a*}", "x?a=1&k=2", {"a": {"a": "1", "k": "2"}}),
    ("x{?a*}", "x?a=1&a=2&k=2", None),
    ("x{?a*,b*}", "x?a=1&k=2", None),
    ("x{?a*,b*}", "x?a=1&b=2", {"a": ["1"], "b": ["2"]}),
    # what no URI holds
    ("x/{a}", "x/a b", None),
    ("x/{a}", "x/{a}", None),
    ("x/{a}", "x/a\n", None),
    ("x/{a}", "x/\x00", None),
    ("x/{a}", "x/%", None),
    ("x/{a}", "x/%4", None),
    ("x/{a}", "x/%zz", None),
    ("x/{a}", "x/%ff", None),
    ("x/{a}", "x/%c3", None),
    ("x/{a}", "x/\ud800", None),
    # one form of what is not ASCII
    ("caf\u00e9/{a}", "caf%c3%a9/\u4e16", {"a": "\u4e16"}),
    ("caf%C3%A9/{a}", "caf\u00e9/%e4%b8%96", {"a": "\u4e16"}),
]


@pytest.mark.parametrize(("template", "uri", "expected"), MATCHES)
def test_matches(template: str, uri: str, expected: dict[str, Any] | None) -> None:
    assert UriTemplate(template).match(uri) == expected


@pytest.mark.parametrize(
    ("uri", "value"),
    [
        ("p:%2e%2e%2fetc%2Fpasswd", "../etc/passwd"),
        ("p:..", ".."),
        ("p:%252e", "%2e"),
        ("p:a%00b", "a\x00b"),
        ("p:%0d%0aX", "\r\nX"),
    ],
)
def test_values_are_decoded_exactly_once_so_that_callers_see_what_they_mean(
    uri: str, value: str
) -> None:
    assert UriTemplate("p:{a}").match(uri) == {"a": value}


REFUSED = {
    "{a}{b}": "{b} at position 3 follows {a} with nothing between them",
    "x{a}{+b}": "nothing between them",
    "{a}{/b}{c}": "nothing between them",
    "{+a}{/b}": "whose value may hold '/' too",
    "{+a}{.b}": "whose value may hold '.' too",
    "{#a}{?b}": "whose value may hold '?' too",
    "{/a*}{/b}": "whose value may hold '/' too",
    "{/a*}{.b}": "whose value may hold '.' too",
    "{?a}{?b}": "whose value may hold '?' too",
    "{?a}{/b}": "whose value may hold '/' too",
    "{?a}x": "may hold 'x', which follows it",
    "{a:3}x": "may hold 'x', which follows it",
    "{a,b}.x": "may hold '.', which follows it",
    "{/a*,b}": "the list 'a*' must be the last variable",
    "{a*,b}": "the list 'a*' must be the last variable",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_templates_that_nothing_can_take_apart_are_refused_for_matching_only(
    text: str, message: str
) -> None:
    template = UriTemplate(text)
    assert template.expand(dict.fromkeys(template.variables, "v"))
    with pytest.raises(UriTemplateError, match=re.escape(message)):
        template.require_matchable()
    with pytest.raises(UriTemplateError, match=re.escape(message)):
        template.match("x")


# --- the inverse of expansion ---

names = st.sampled_from(["a", "b", "c", "d.e", "f_1"])
texts = st.text(min_size=1, max_size=8)
shapes = st.sampled_from(["/{%}", "/-{%}-/x", "/{+%}", "/{%*}", "{/%}", "{/%*}", "{.%}", "{;%}"])
tails = st.sampled_from(["", "{?%}", "{?%*}", "{#%}", "/end", "{?%}#f"])


def _no_surrogates(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


@st.composite
def templates_with_values(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A template whose every value ends at a character the value cannot hold, with values."""
    values: dict[str, Any] = {}
    text = "x:"
    chosen = draw(st.lists(names, unique=True, max_size=4))
    wide = False
    for index, name in enumerate(chosen):
        shape = draw(shapes if index + 1 < len(chosen) else tails)
        if "+" in shape or "{/" in shape or "{;" in shape:
            if wide:
                shape = "/y/{%}"
            wide = True
        text += f"/{index}!" + shape.replace("%", name)
        value = draw(texts.filter(_no_surrogates))
        if "{+" in shape:
            value = draw(st.text(alphabet="abc/.-", min_size=1, max_size=8))
        elif "*" in shape:
            value = draw(st.lists(texts.filter(_no_surrogates), min_size=1, max_size=3))
        if "{" in shape:
            values[name] = value
    return text, values


@given(templates_with_values())
def test_what_was_expanded_matches_with_the_same_values(
    case: tuple[str, dict[str, Any]],
) -> None:
    text, values = case
    template = UriTemplate(text)
    assert template.match(template.expand(values)) == values


@given(
    st.dictionaries(
        st.text(min_size=1).filter(_no_surrogates), st.text().filter(_no_surrogates), min_size=1
    ).filter(lambda d: "q" not in d)
)
def test_objects_come_back_from_a_query(pairs: dict[str, str]) -> None:
    template = UriTemplate("x{?q*}")
    assert template.match(template.expand({"q": pairs})) == {"q": pairs}


# --- the same answers as a backtracking expression, on texts small enough for one ---

FORMS = {
    "{%}": "(?P<%>[^/?#]+)",
    "{+%}": "(?P<%>.+)",
    "{/%}": "(?:/(?P<%>[^/?#]*))?",
    "{/%*}": "(?:/(?P<%>[^?#]*))?",
    "{#%}": "(?:#(?P<%>.*))?",
}


@st.composite
def templates_with_expressions(draw: st.DrawFn) -> tuple[str, str]:
    template = expression = ""
    for name in string.ascii_lowercase[: draw(st.integers(1, 5))]:
        form = draw(st.sampled_from(list(FORMS)))
        literal = draw(st.text(alphabet="xy/-", max_size=3))
        template += form.replace("%", name) + literal
        expression += FORMS[form].replace("%", name) + re.escape(literal)
    return template, expression


@settings(max_examples=300)
@given(templates_with_expressions(), st.text(alphabet="xy/-", max_size=14))
def test_agrees_with_a_greedy_backtracking_expression(case: tuple[str, str], uri: str) -> None:
    text, expression = case
    template = UriTemplate(text)
    try:
        template.require_matchable()
    except UriTemplateError:
        return
    found = re.fullmatch(expression, uri, re.DOTALL)
    expected = found and {
        name: value.split("/") if f"{{/{name}*}}" in text else value
        for name, value in found.groupdict().items()
        if value is not None
    }
    assert template.match(uri) == expected


# --- hostile sizes ---

SIXTY = ",".join(map(str, range(1, 61))) + "X"


HOSTILE = [
    ("/resource{/id*}", "/resource/" + SIXTY, True),
    ("/resource{/id*}", "/resource/" + SIXTY + "?", False),
    ("/resource{?tags*}", "/resource?tags=" + SIXTY, True),
    ("/resource{?tags*}", "/resource?" + "tags=1&" * 9_000 + "X", False),
    ("{/a,b,c,d}{/e*}", "/a" * 32_000 + " ", False),
    ("{a}" + "-{a}" * 900, "-" * 65_000, False),
    ("x" + "{+a}a" * 900, "xa" + "ab" * 32_000, False),
    ("x{+a}" + "a" * 30_000 + "{+b}", "x" + "a" * 65_000 + "b", True),
    ("{a}" + "".join("a" * n + "{b}" for n in range(1, 300)), "a" * 65_000, True),
    ("/p/{a}", "/p/" + "%2e" * 21_000, True),
    ("{;a*}", ";" * 65_000, False),
]


@pytest.mark.parametrize(("template", "uri", "matches"), HOSTILE)
def test_hostile_uris_get_an_answer(template: str, uri: str, *, matches: bool) -> None:
    """Attack J5: a backtracking matcher does not return from these."""
    assert (UriTemplate(template).match(uri) is not None) is matches


def test_sixty_values_are_one_segment_or_many() -> None:
    template = UriTemplate("/resource{/id*}")
    assert template.match("/resource/" + SIXTY) == {"id": [SIXTY]}
    assert template.match("/resource/" + SIXTY.replace(",", "/")) == {"id": SIXTY.split(",")}
    assert UriTemplate("/resource{?tags*}").match("/resource?tags=" + SIXTY) == {"tags": [SIXTY]}


def test_work_grows_no_faster_than_the_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of set operations depends on the template alone, whatever the URI."""
    from interlock.protocol.uri_template import match as module

    calls = 0
    star = module._star

    def counted(positions: int, allowed: int) -> int:
        nonlocal calls
        calls += 1
        return star(positions, allowed)

    monkeypatch.setattr(module, "_star", counted)
    template = UriTemplate("{a}" + "-{a}" * 20 + "{/b*}")
    seen: set[int] = set()
    for length in (100, 1_000, 10_000):
        calls = 0
        template.match("-" * length + "/x" * length)
        seen.add(calls)
    assert seen == {22}


def test_long_uris_do_not_match() -> None:
    assert UriTemplate("x/{a}", max_uri=5).match("x/abc") == {"a": "abc"}
    assert UriTemplate("x/{a}", max_uri=5).match("x/abcd") is None
    assert UriTemplate("x/{a}").match("x/" + "a" * 65_535) is None


@given(
    st.text(alphabet="{}ab,:*+#./;?&%2", max_size=25),
    st.text(alphabet="ab,.;/?&#=%2 ", max_size=20),
)
def test_matching_anything_gives_values_of_known_names_or_nothing(text: str, uri: str) -> None:
    try:
        template = UriTemplate(text)
        found = template.match(uri)
    except UriTemplateError:
        return
    if found is not None:
        assert set(found) <= set(template.variables)
