"""Messages as Hypothesis strategies: mostly nearly right, in every spelling that JSON allows."""

import json

from hypothesis import strategies as st

from tests.protocol.exact_reading import MAX_DIGITS, MAX_ID_CHARS

# What may be sent, and what a text of it looks like

INTEGERS = st.integers(-(10**6), 10**6) | st.sampled_from((2**53, -(2**63), 2**64, 10**399))
NUMBERS = st.sampled_from(
    ("-0", "1.5", "1e400", "-2E-7", "3.0", "9" * MAX_DIGITS, "9" * (MAX_DIGITS + 1))
)
TEXTS = st.text(max_size=4).map(json.dumps) | st.sampled_from(
    ('"é"', '"😀"', '"\\ud83d\\ude00"', '"a\\u0000b"', '"\x7f"', '"\\/"', '"\u2028"')
)
BROKEN = st.sampled_from(
    (
        *('"\\ud800"', '"\\udc00x"', '"\\ud83d\\u0041"', "NaN", "-Infinity", "01", "1.", "-"),
        *('"\\q"', '"\x01"', '"\\u12"', "[1,]", "{,}", "{1:2}", "tru", "'a'", "+1", "1e", "", ".5"),
    )
)
SCALARS = INTEGERS.map(str) | NUMBERS | TEXTS | st.sampled_from(("null", "true", "false"))
SPACES = st.sampled_from(("", "", "", " ", "\n", "\t", " \r\n ", "\x0b"))


@st.composite
def keys(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    """A key's text, where some letter may be escaped."""
    name = draw(st.sampled_from(names))
    if name and draw(st.integers(0, 5)) == 0:
        index = draw(st.integers(0, len(name) - 1))
        name = f"{name[:index]}\\u{ord(name[index]):04x}{name[index + 1 :]}"
    return f'"{name}"'


@st.composite
def objects(draw: st.DrawFn, members: st.SearchStrategy[tuple[str, str]]) -> str:
    """An object's text; a member may stand twice."""
    pairs = draw(st.lists(members, max_size=4))
    return joined(draw(SPACES), pairs)


def joined(space: str, pairs: list[tuple[str, str]]) -> str:
    return "{" + f"{space},".join(f"{key}:{space}{value}" for key, value in pairs) + "}"


def values(depth: int = 2) -> st.SearchStrategy[str]:
    """Any value's text, broken ones among them."""
    if depth == 0:
        return SCALARS
    inner = values(depth - 1)
    arrays = st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
    tables = objects(st.tuples(keys(("a", "name", "__proto__", "")), inner))
    return st.one_of(SCALARS, SCALARS, arrays, tables, BROKEN)


METAS = objects(
    st.tuples(keys(("progressToken", "x", "io.modelcontextprotocol/logLevel")), SCALARS)
)
PARAMS = objects(
    st.tuples(keys(("name", "arguments", "uri", "cursor", "x")), values(1))
    | st.tuples(keys(("_meta",)), METAS)
)
IDS = (
    INTEGERS.map(str)
    | TEXTS
    | st.sampled_from((f'"{"y" * MAX_ID_CHARS}"', f'"{"y" * (MAX_ID_CHARS + 1)}"'))
    | st.sampled_from(("null", "1.5", "1e2", "true", "[]", "{}", "9" * 400, "9" * 401))
)
VERSIONS = st.sampled_from(('"2.0"',) * 12 + ('"1.0"', "2.0", "null"))
NAMES = st.sampled_from(('"ping"',) * 4 + ('"p\\u0069ng"', '""', "5", "null", '"\\ud800"'))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message's bytes: mostly nearly right, sometimes with a byte changed."""
    parts = [
        ("jsonrpc", VERSIONS),
        ("id", IDS),
        ("method", NAMES),
        ("params", PARAMS | values()),
        ("result", values()),
        ("error", values()),
    ]
    kinds = (("jsonrpc", "id", "method", "params"),) * 4 + (("jsonrpc", "id", "result"),)
    wanted = draw(st.sampled_from(kinds))
    pairs = [(draw(keys((name,))), draw(text)) for name, text in parts if name in wanted]
    if draw(st.integers(0, 3)) == 0:
        name, text = draw(st.sampled_from(parts))
        pairs.append((draw(keys((name,))), draw(text)))
    if draw(st.integers(0, 5)) == 0:
        pairs.append((draw(keys(("Method", "method\\u0000", "x"))), draw(values())))
    if draw(st.integers(0, 5)) == 0:
        del pairs[draw(st.integers(0, len(pairs) - 1))]
    if draw(st.booleans()):
        pairs = draw(st.permutations(pairs))
    data = joined(draw(SPACES), pairs).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(data)))
        new = draw(st.binary(max_size=1) | st.sampled_from((b"{", b"]", b'"', b",", b"\\", b" ")))
        data = data[:at] + new + data[at + draw(st.integers(0, 1)) :]
    return data
