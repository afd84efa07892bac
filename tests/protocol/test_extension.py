"""Keys of `_meta` and of extensions: their grammar, and whose they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.extension import Extension, reserved_meta_key, valid_meta_key

PREFIXED = [
    "com.example/feature",
    "io.modelcontextprotocol/tasks",
    "a/b",
    "a.b/c",
    "a1.b-2.c/D_e.f-9",
    "com.example/0",
]
BARE = ["a", "name", "a_b.c-d9", "0", "progressToken"]
WRONG = [
    "com.example//x",
    "/x",
    "1a/x",
    "a.1b/x",
    "-a/x",
    "a-/x",
    "a..b/x",
    ".a/x",
    "a./x",
    "a_b/x",
    "a/b/c",
    "a/_x",
    "a/x_",
    "a/-",
    "a/.x",
    "é/x",
    "a/é",
    "a b/c",
    "a/b\n",
    "a\n/b",
    "a/\u0660",
    "_x",
    "x.",
    "a b",
    "x\n",
]


@pytest.mark.spec("B-IDX-50", "B-IDX-51", "B-IDX-54", "L0618-META-01")
def test_keys_of_meta() -> None:
    assert all(valid_meta_key(key) for key in (*PREFIXED, *BARE, "", "com.example/"))
    assert [key for key in WRONG if valid_meta_key(key)] == []


LABEL = r"[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"
NAME = r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?"
GRAMMAR = re.compile(rf"({LABEL}(\.{LABEL})*/)?{NAME}")


@pytest.mark.spec("B-IDX-50", "B-IDX-51", "B-IDX-54", "L0618-META-01")
@given(st.text("aZ09./-_ é\n", max_size=8) | st.text(max_size=8))
def test_keys_of_meta_are_those_of_the_grammar(key: str) -> None:
    assert valid_meta_key(key) is (GRAMMAR.fullmatch(key) is not None)


@pytest.mark.spec("B-VER-07")
def test_keys_of_extensions_have_a_prefix() -> None:
    for key in PREFIXED:
        assert Extension(key=key).key == key
    for key in (*BARE, *WRONG, "", "com.example/"):
        with pytest.raises(ValueError, match="no extension key"):
            Extension(key=key)


@pytest.mark.spec("L1125-META-01")
@pytest.mark.parametrize(
    ("key", "reserved"),
    [
        ("io.modelcontextprotocol/x", True),
        ("com.mcp.tools/x", True),
        ("com.mcp/x", True),
        ("org.modelcontextprotocol.api/", True),
        ("mcp.dev/x", True),  # by the rule of 2025-06-18
        ("modelcontextprotocol.io/x", True),
        ("tools.mcp.com/x", True),
        ("api.modelcontextprotocol.org/x", True),
        ("a.b.mcp.c/x", True),
        ("com.example.mcp/x", False),
        ("mcp/x", False),
        ("com.example/mcp", False),
        ("com.mcpx/x", False),
        ("io.modelcontextprotocol", False),
        ("mcp", False),
        ("", False),
    ],
)
def test_prefixes_that_belong_to_the_protocol(key: str, reserved: bool) -> None:
    assert reserved_meta_key(key) is reserved
