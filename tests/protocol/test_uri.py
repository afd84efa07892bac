"""URIs: the strict check of syntax, and the resolution of references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.uri import UriError, resolve, split, validate_uri

GOOD = [
    "file:///a/b",
    "weather://oslo/now",
    "urn:isbn:0451450523",
    "mailto:a@b.example",
    "x:",
    "x:/",
    "x:/a//b",
    "a+b-c.d1://h",
    "http://user:pw@host.example:8080/p;v=1/q?x=/?:@!$&'()*+,;=#f/?",
    "http://[::1]:80/",
    "http://[2001:db8::192.0.2.1]/",
    "http://[1:2:3:4:5:6:7:8]/",
    "http://[1:2:3:4:5:6:7::]/",
    "http://[v1.fe80::a+en1]/",
    "http://host:/",
    "http:///p",
    "str://my_host/%E4%B8%96",
    "file:///a/../../etc/passwd",
    "data:,x",
    "x:?",
    "x:#",
]

BAD = {
    "": 0,
    "no-scheme": 9,
    "/relative": 0,
    "//host/p": 0,
    "1x:y": 0,
    ":x": 0,
    "my_scheme://x": 2,
    "x y:z": 1,
    "x:a b": 3,
    "x:\u00e9": 2,
    "x:a\n": 3,
    "x:\x00": 2,
    "x:{a}": 2,
    "x:a|b": 3,
    "x:a\\b": 3,
    "x:%": 2,
    "x:a%4": 3,
    "x:%zz": 2,
    "x:%\u0661\u0661": 2,
    "x:a[b]": 3,
    "x:#a#b": 4,
    "x:?a^": 4,
    "http://a b/": 8,
    "http://host:8o/": 13,
    "http://host:1:2/": 13,
    "http://a@b@c/": 8,
    "http://[::1": 7,
    "http://[::1]x": 12,
    "http://[1:2]/": 8,
    "http://[::1::]/": 8,
    "http://[:::]/": 8,
    "http://[1:2:3:4:5:6:7:8::]/": 8,
    "http://[12345::]/": 8,
    "http://[::1.2.3.400]/": 8,
    "http://[::1.2.3.04]/": 8,
    "http://[fe80::1%25en0]/": 8,
    "http://[v1.]/": 8,
    "http://[]/": 8,
    "x:\ud800": 2,
}


@pytest.mark.spec("RES-23")
@pytest.mark.parametrize("text", GOOD)
def test_uris_pass_unchanged(text: str) -> None:
    assert validate_uri(text) == text


@pytest.mark.spec("RES-23")
@pytest.mark.parametrize(("text", "position"), BAD.items())
def test_errors_name_the_position(text: str, position: int) -> None:
    with pytest.raises(UriError) as caught:
        validate_uri(text)
    assert caught.value.position == position
    assert str(caught.value).isprintable()


def test_length_is_bounded_and_never_echoed() -> None:
    with pytest.raises(UriError, match="at most 65536") as caught:
        validate_uri("x:" + "a" * 100_000)
    assert len(str(caught.value)) < 100
    assert validate_uri("x:abc", max_length=5) == "x:abc"
    with pytest.raises(UriError):
        validate_uri("x:abcd", max_length=5)
    validate_uri("x:" + "%41" * 20_000)


@given(st.text(alphabet="ax1:/?#[]@.%2 \u00e9\\", max_size=30))
def test_any_text_is_a_uri_or_an_error_with_a_position(text: str) -> None:
    try:
        validate_uri(text)
    except UriError as error:
        assert 0 <= error.position <= len(text)
    else:
        parts = split(text)
        assert parts.scheme
        assert str(parts) == text


# RFC 3986 section 5.4, all examples
BASE = "http://a/b/c/d;p?q"
REFERENCES = {
    "g:h": "g:h",
    "g": "http://a/b/c/g",
    "./g": "http://a/b/c/g",
    "g/": "http://a/b/c/g/",
    "/g": "http://a/g",
    "//g": "http://g",
    "?y": "http://a/b/c/d;p?y",
    "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q#s",
    "g#s": "http://a/b/c/g#s",
    "g?y#s": "http://a/b/c/g?y#s",
    ";x": "http://a/b/c/;x",
    "g;x": "http://a/b/c/g;x",
    "g;x?y#s": "http://a/b/c/g;x?y#s",
    "": "http://a/b/c/d;p?q",
    ".": "http://a/b/c/",
    "./": "http://a/b/c/",
    "..": "http://a/b/",
    "../": "http://a/b/",
    "../g": "http://a/b/g",
    "../..": "http://a/",
    "../../": "http://a/",
    "../../g": "http://a/g",
    "../../../g": "http://a/g",
    "../../../../g": "http://a/g",
    "/./g": "http://a/g",
    "/../g": "http://a/g",
    "g.": "http://a/b/c/g.",
    ".g": "http://a/b/c/.g",
    "g..": "http://a/b/c/g..",
    "..g": "http://a/b/c/..g",
    "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/",
    "g/./h": "http://a/b/c/g/h",
    "g/../h": "http://a/b/c/h",
    "g;x=1/./y": "http://a/b/c/g;x=1/y",
    "g;x=1/../y": "http://a/b/c/y",
    "g?y/./x": "http://a/b/c/g?y/./x",
    "g?y/../x": "http://a/b/c/g?y/../x",
    "g#s/./x": "http://a/b/c/g#s/./x",
    "g#s/../x": "http://a/b/c/g#s/../x",
    "http:g": "http:g",
}


@pytest.mark.parametrize(("reference", "target"), REFERENCES.items())
def test_references_resolve_as_the_rfc_shows(reference: str, target: str) -> None:
    assert resolve(BASE, reference) == target


def test_references_resolve_against_bases_without_a_path() -> None:
    assert resolve("http://a", "b") == "http://a/b"
    assert resolve("urn:x:y", "#z") == "urn:x:y#z"
    assert resolve("urn:x:y", "urn:z") == "urn:z"
