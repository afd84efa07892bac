"""Expansion of URI templates: every example of RFC 6570 section 3.2, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.uri_template import UriTemplate, UriTemplateError

VALUES: dict[str, Any] = {
    "count": ["one", "two", "three"],
    "dom": ["example", "com"],
    "dub": "me/too",
    "hello": "Hello World!",
    "half": "50%",
    "var": "value",
    "who": "fred",
    "base": "http://example.com/home/",
    "path": "/foo/bar",
    "list": ["red", "green", "blue"],
    "keys": {"semi": ";", "dot": ".", "comma": ","},
    "v": "6",
    "x": "1024",
    "y": "768",
    "empty": "",
    "empty_keys": {},
    "undef": None,
}

EXAMPLES = {
    # 3.2.1 variables
    "{count}": "one,two,three",
    "{count*}": "one,two,three",
    "{/count}": "/one,two,three",
    "{/count*}": "/one/two/three",
    "{;count}": ";count=one,two,three",
    "{;count*}": ";count=one;count=two;count=three",
    "{?count}": "?count=one,two,three",
    "{?count*}": "?count=one&count=two&count=three",
    "{&count*}": "&count=one&count=two&count=three",
    # 3.2.2 simple
    "{var}": "value",
    "{hello}": "Hello%20World%21",
    "{half}": "50%25",
    "O{empty}X": "OX",
    "O{undef}X": "OX",
    "{x,y}": "1024,768",
    "{x,hello,y}": "1024,Hello%20World%21,768",
    "?{x,empty}": "?1024,",
    "?{x,undef}": "?1024",
    "?{undef,y}": "?768",
    "{var:3}": "val",
    "{var:30}": "value",
    "{list}": "red,green,blue",
    "{list*}": "red,green,blue",
    "{keys}": "semi,%3B,dot,.,comma,%2C",
    "{keys*}": "semi=%3B,dot=.,comma=%2C",
    # 3.2.3 reserved
    "{+var}": "value",
    "{+hello}": "Hello%20World!",
    "{+half}": "50%25",
    "{base}index": "http%3A%2F%2Fexample.com%2Fhome%2Findex",
    "{+base}index": "http://example.com/home/index",
    "O{+empty}X": "OX",
    "O{+undef}X": "OX",
    "{+path}/here": "/foo/bar/here",
    "here?ref={+path}": "here?ref=/foo/bar",
    "up{+path}{var}/here": "up/foo/barvalue/here",
    "{+x,hello,y}": "1024,Hello%20World!,768",
    "{+path,x}/here": "/foo/bar,1024/here",
    "{+path:6}/here": "/foo/b/here",
    "{+list}": "red,green,blue",
    "{+list*}": "red,green,blue",
    "{+keys}": "semi,;,dot,.,comma,,",
    "{+keys*}": "semi=;,dot=.,comma=,",
    # 3.2.4 fragment
    "{#var}": "#value",
    "{#hello}": "#Hello%20World!",
    "{#half}": "#50%25",
    "foo{#empty}": "foo#",
    "foo{#undef}": "foo",
    "{#x,hello,y}": "#1024,Hello%20World!,768",
    "{#path,x}/here": "#/foo/bar,1024/here",
    "{#path:6}/here": "#/foo/b/here",
    "{#list}": "#red,green,blue",
    "{#list*}": "#red,green,blue",
    "{#keys}": "#semi,;,dot,.,comma,,",
    "{#keys*}": "#semi=;,dot=.,comma=,",
    # 3.2.5 labels
    "{.who}": ".fred",
    "{.who,who}": ".fred.fred",
    "{.half,who}": ".50%25.fred",
    "www{.dom*}": "www.example.com",
    "X{.var}": "X.value",
    "X{.empty}": "X.",
    "X{.undef}": "X",
    "X{.var:3}": "X.val",
    "X{.list}": "X.red,green,blue",
    "X{.list*}": "X.red.green.blue",
    "X{.keys}": "X.semi,%3B,dot,.,comma,%2C",
    "X{.keys*}": "X.semi=%3B.dot=..comma=%2C",
    "X{.empty_keys}": "X",
    "X{.empty_keys*}": "X",
    # 3.2.6 path segments
    "{/who}": "/fred",
    "{/who,who}": "/fred/fred",
    "{/half,who}": "/50%25/fred",
    "{/who,dub}": "/fred/me%2Ftoo",
    "{/var}": "/value",
    "{/var,empty}": "/value/",
    "{/var,undef}": "/value",
    "{/var,x}/here": "/value/1024/here",
    "{/var:1,var}": "/v/value",
    "{/list}": "/red,green,blue",
    "{/list*}": "/red/green/blue",
    "{/list*,path:4}": "/red/green/blue/%2Ffoo",
    "{/keys}": "/semi,%3B,dot,.,comma,%2C",
    "{/keys*}": "/semi=%3B/dot=./comma=%2C",
    # 3.2.7 path parameters
    "{;who}": ";who=fred",
    "{;half}": ";half=50%25",
    "{;empty}": ";empty",
    "{;v,empty,who}": ";v=6;empty;who=fred",
    "{;v,bar,who}": ";v=6;who=fred",
    "{;x,y}": ";x=1024;y=768",
    "{;x,y,empty}": ";x=1024;y=768;empty",
    "{;x,y,undef}": ";x=1024;y=768",
    "{;hello:5}": ";hello=Hello",
    "{;list}": ";list=red,green,blue",
    "{;list*}": ";list=red;list=green;list=blue",
    "{;keys}": ";keys=semi,%3B,dot,.,comma,%2C",
    "{;keys*}": ";semi=%3B;dot=.;comma=%2C",
    # 3.2.8 queries
    "{?who}": "?who=fred",
    "{?half}": "?half=50%25",
    "{?x,y}": "?x=1024&y=768",
    "{?x,y,empty}": "?x=1024&y=768&empty=",
    "{?x,y,undef}": "?x=1024&y=768",
    "{?var:3}": "?var=val",
    "{?list}": "?list=red,green,blue",
    "{?list*}": "?list=red&list=green&list=blue",
    "{?keys}": "?keys=semi,%3B,dot,.,comma,%2C",
    "{?keys*}": "?semi=%3B&dot=.&comma=%2C",
    # 3.2.9 query continuations
    "{&who}": "&who=fred",
    "{&half}": "&half=50%25",
    "?fixed=yes{&x}": "?fixed=yes&x=1024",
    "{&x,y,empty}": "&x=1024&y=768&empty=",
    "{&x,y,undef}": "&x=1024&y=768",
    "{&var:3}": "&var=val",
    "{&list}": "&list=red,green,blue",
    "{&list*}": "&list=red&list=green&list=blue",
    "{&keys}": "&keys=semi,%3B,dot,.,comma,%2C",
    "{&keys*}": "&semi=%3B&dot=.&comma=%2C",
}


@pytest.mark.parametrize(("template", "expected"), EXAMPLES.items())
def test_the_examples_of_the_rfc(template: str, expected: str) -> None:
    assert UriTemplate(template).expand(VALUES) == expected


def test_variables_come_in_the_order_of_first_use_without_repeats() -> None:
    assert UriTemplate("{b}/{a,b:3}{?c*}").variables == ("b", "a", "c")


def test_literals_keep_triplets_and_encode_what_is_not_ascii() -> None:
    assert UriTemplate("caf\u00e9/%c3%a9/{x}").expand({"x": "\u4e16"}) == (
        "caf%C3%A9/%c3%a9/%E4%B8%96"
    )


def test_reserved_expansion_keeps_triplets_but_encodes_lone_percent_signs() -> None:
    template = UriTemplate("{+a}")
    assert template.expand({"a": "%41%4x%"}) == "%41%254x%25"


def test_numbers_and_truth_values_are_texts() -> None:
    template = UriTemplate("{?a,b,c}")
    assert template.expand({"a": 7, "b": True, "c": 1.5}) == "?a=7&b=true&c=1.5"


def test_undefined_items_leave_no_trace() -> None:
    assert UriTemplate("x{/a*}{?b*}").expand({"a": [None, "1"], "b": {"k": None}}) == "x/1"


@pytest.mark.parametrize(
    "value", [object(), b"raw", {"k": []}, [["nested"]], 10**400, "\ud800", ["\udfff"]]
)
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(UriTemplateError):
        UriTemplate("{a}").expand({"a": value})


def test_a_list_cannot_be_cut_to_a_length() -> None:
    with pytest.raises(UriTemplateError, match="cut to 3 characters"):
        UriTemplate("{a:3}").expand({"a": ["x"]})


def test_the_result_is_bounded() -> None:
    template = UriTemplate("{a}{a}", max_uri=10)
    assert template.expand({"a": "x" * 5}) == "x" * 10
    for values in ({"a": "x" * 6}, {"a": "\u4e16\u4e16"}, {"a": ["x"] * 11}, {"a": "x" * 11}):
        with pytest.raises(UriTemplateError, match="10"):
            template.expand(values)


BROKEN = {
    "{": "position 0 has no closing",
    "a{b": "position 1 has no closing",
    "a}b": "position 1 closes no expression",
    "{}": "name is missing at position 1",
    "{a,}": "name is missing at position 3",
    "{+}": "name is missing at position 2",
    "{=a}": "reserved by RFC 6570",
    "{|a}": "reserved by RFC 6570",
    "{a b}": "position 2",
    "{a..b}": "position 3",
    "{.}": "name is missing at position 2",
    "{a.}": "name is missing at position 3",
    "{a-b}": "position 2",
    "{a{b}}": "position 2",
    "{a:}": "number from 1 to 9999",
    "{a:0}": "number from 1 to 9999",
    "{a:01}": "number from 1 to 9999",
    "{a:10000}": "number from 1 to 9999",
    "{a:1*}": "number from 1 to 9999",
    "{a:\u0663}": "number from 1 to 9999",
    "{a**}": "position 2",
    "{%zz}": "position 1",
    "{%4}": "position 1",
    "a b": "position 1 cannot stand",
    "a%b": "position 1 is not followed",
    "a\n": "U\\+000A at position 1",
    "a\ud800": "U\\+D800 at position 1",
    "a<b>": "position 1",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items())
def test_errors_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(UriTemplateError, match=message):
        UriTemplate(text)


def test_names_may_have_dots_underscores_and_triplets() -> None:
    assert UriTemplate("{a.b_c,%41}").variables == ("a.b_c", "%41")


def test_templates_are_bounded() -> None:
    with pytest.raises(UriTemplateError, match="65536"):
        UriTemplate("x" * 65_537)
    for text in ("{a}/" * 1_001, "{" + ",".join(["a"] * 1_001) + "}"):
        with pytest.raises(UriTemplateError, match="more than 1000 variables"):
            UriTemplate(text)
    assert UriTemplate("{a}/" * 1_000).variables == ("a",)


def test_templates_are_values() -> None:
    template = UriTemplate("x/{a}")
    assert template == UriTemplate("x/{a}")
    assert template != UriTemplate("x/{b}")
    assert template != "x/{a}"
    assert len({template, UriTemplate("x/{a}")}) == 1
    assert str(template) == "x/{a}"
    assert repr(template) == "UriTemplate('x/{a}')"


@given(st.text(alphabet="{}ab,:*+#./;?&%19 =\u00e9\ud800", max_size=30))
def test_any_text_is_a_template_or_a_clear_error(text: str) -> None:
    try:
        template = UriTemplate(text)
    except UriTemplateError as error:
        assert str(error)
        return
    expanded = template.expand(dict.fromkeys(template.variables, "v"))
    assert expanded.isascii()
    assert "{" not in expanded
