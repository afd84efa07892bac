"""Reading envelopes: accepted exactly where a reading of our own accepts, refused with a reason."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.protocol.envelope import (
    Envelope,
    check_members,
    read,
    read_usual,
)
from interlock.protocol.errors import InvalidRequest, ProtocolError
from interlock.protocol.inspection import _KEYS, Refused, find_id, valid_id
from interlock.protocol.json import UNSET, Raw
from interlock.protocol.methods import CLIENT_METHODS, SERVER_METHODS, Method
from tests.protocol.exact_reading import (
    PARTS,
    Members,
    Unreadable,
    Wrong,
    read_json,
    read_message,
)
from tests.protocol.message_strategies import (
    joined,
    keys,
    messages,
    objects,
    values,
)
from tests.support.counts import count

EXAMPLES = count(400, 10_000)

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


def refused(data: bytes, *, shallow: bool = False) -> Refused:
    with pytest.raises(Refused) as caught:
        read(data, shallow=shallow)
    return caught.value


def may_be_refused(message: Members) -> bool:
    """Whether something stands twice that whoever decodes it would look at."""
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, Members) else None
    return any(isinstance(part, Members) and part.doubled() for part in (message, params, meta))


@pytest.mark.soak
@pytest.mark.spec("B-IDX-02", "L1105-MSG-01")
@settings(max_examples=EXAMPLES)
@given(messages(), st.booleans())
def test_a_message_is_read_exactly_as_by_the_reference(data: bytes, shallow: bool) -> None:
    usual = read_usual(data)
    try:
        expected = read_message(data)
    except (Unreadable, Wrong) as wrong:
        assert usual is None
        error = refused(data, shallow=shallow).error
        assert error.code in ((-32700,) if isinstance(wrong, Unreadable) else (-32600, -32602))
        return
    try:
        envelope = read(data, shallow=shallow)
    except Refused as refusal:
        assert may_be_refused(expected), "refused without a reason"
        assert refusal.error.code == -32600
        assert usual is None or not shallow
        return
    same_parts(envelope, expected)
    if usual is not None:
        same_parts(Envelope(usual.jsonrpc, usual.id, usual.method, usual.params), expected)


def same_parts(envelope: Envelope, expected: Members) -> None:
    for part in PARTS:
        value = getattr(envelope, part)
        assert (value is not UNSET) == expected.has(part)
        if isinstance(value, Raw):
            assert read_json(bytes(value)) == expected.get(part)
        elif value is not UNSET:
            assert type(value) is type(expected.get(part))
            assert value == expected.get(part)


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
def test_no_bytes_are_more_than_refused(data: bytes) -> None:
    for shallow in (False, True):
        try:
            read(data, shallow=shallow)
        except Refused as refusal:
            assert refusal.id is None or valid_id(refusal.id)
    assert find_id(data) is None or valid_id(find_id(data))


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(st.data())
def test_any_key_that_a_method_reads_may_stand_only_once(data: st.DataObject) -> None:
    """Wherever a key of params stands twice, the reading of the envelope or of params refuses."""
    method = data.draw(st.sampled_from((*SERVER_METHODS, *CLIENT_METHODS)))
    fields = tuple(f.encode_name for f in msgspec.structs.fields(method.params_type))
    values: dict[str, str] = {"_meta": "{}", "arguments": "{}", "ref": '{"type":"ref/prompt"}'}
    pairs = [(f'"{name}"', values.get(name, '"x"')) for name in fields]
    name, text = data.draw(st.sampled_from(pairs))
    escaped = name.replace(name[1], f"\\u{ord(name[1]):04x}", 1)
    pairs.insert(
        data.draw(st.integers(0, len(pairs))), (data.draw(st.sampled_from((name, escaped))), text)
    )
    space = data.draw(st.sampled_from(("", " ", "\n")))
    message = joined(
        space,
        [
            ('"jsonrpc"', '"2.0"'),
            ('"id"', "1"),
            ('"method"', f'"{method.name}"'),
            ('"params"', joined(data.draw(st.sampled_from(("", "\t"))), pairs)),
        ],
    )
    if SERVER_METHODS.get(method.name) is not None:
        with pytest.raises(Refused, match="stands twice"):
            read(message.encode())
    with pytest.raises((Refused, ProtocolError)) as caught:
        method.read_params(read(message.encode(), shallow=True).params)
    error = caught.value.error if isinstance(caught.value, Refused) else caught.value
    assert isinstance(error, InvalidRequest) or not takes(method, pairs)


def takes(method: Method, pairs: list[tuple[str, str]]) -> bool:
    """Whether the params would be taken if nothing stood twice."""
    try:
        method.read_params(
            Raw(("{" + ",".join(f"{k}:{v}" for k, v in dict(pairs).items()) + "}").encode())
        )
    except ProtocolError:
        return False
    return True


# The list of known attacks


REFUSED: list[tuple[str, bytes, int, Any]] = [
    ("garbage", b"{{{", -32700, None),
    ("a scalar", b"5", -32600, None),
    ("null", b"null", -32600, None),
    ("an empty array", b"[]", -32600, None),
    ("nothing", b"", -32700, None),
    ("half of a pretty-printed object", b'{"jsonrpc": "2.0",', -32700, None),
    ("no version", b'{"id":1,"method":"ping"}', -32600, 1),
    ("an older version", b'{"jsonrpc":"1.0","id":"a","method":"ping"}', -32600, "a"),
    ("a number as version", b'{"jsonrpc":2.0,"id":1,"method":"ping"}', -32600, 1),
    ("a null id", b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    ("a fractional id", b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
    ("an id with an exponent", b'{"jsonrpc":"2.0","id":1e2,"method":"ping"}', -32600, None),
    ("true as id", b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
    ("an object as id", b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, None),
    ("a list as id", b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600, None),
    ("an id of 401 digits", b'{"jsonrpc":"2.0","id":%b,"method":"p"}' % (b"9" * 401), -32700, None),
    ("a long id", b'{"jsonrpc":"2.0","id":"%b","method":"p"}' % (b"x" * 1025), -32600, None),
    ("no method", b'{"jsonrpc":"2.0","id":1}', -32600, 1),
    ("a number as method", b'{"jsonrpc":"2.0","id":1,"method":5}', -32600, 1),
    ("null as method", b'{"jsonrpc":"2.0","id":1,"method":null}', -32600, 1),
    ("a request with a result", b'{"jsonrpc":"2.0","id":1,"method":"p","result":{}}', -32600, 1),
    ("a request with an error", b'{"jsonrpc":"2.0","id":1,"method":"p","error":{}}', -32600, 1),
    ("result and error", b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600, 1),
    ("a result for nobody", b'{"jsonrpc":"2.0","result":{}}', -32600, None),
    ("a result for null", b'{"jsonrpc":"2.0","id":null,"result":{}}', -32600, None),
    ("the method twice", b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', -32600, 1),
    ("it, escaped", b'{"jsonrpc":"2.0","id":1,"method":"a","me\\u0074hod":"b"}', -32600, 1),
    ("the same value twice", b'{"jsonrpc":"2.0","id":1,"id":1,"method":"a"}', -32600, 1),
    ("twice, once wrong", b'{"jsonrpc":"2.0","id":1,"method":null,"method":"a"}', -32600, 1),
    (
        "name twice",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"y"}}',
        -32600,
        1,
    ),
    (
        "arguments twice",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{},"arguments":{}}}',
        -32600,
        1,
    ),
    ("NaN", b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"x":NaN}}', -32700, 4),
    ("Infinity", b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"x":-Infinity}}', -32700, 4),
    ("a leading zero", b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"x":01}}', -32700, 4),
    ("a bad escape", b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"x":"\\q"}}', -32700, 4),
    ("a control character", b'{"jsonrpc":"2.0","id":4,"method":"a","params":"\x01"}', -32700, 4),
    ("a NUL between tokens", b'{"jsonrpc":"2.0",\x00"id":4,"method":"a"}', -32700, 4),
    ("a trailing comma", b'{"jsonrpc":"2.0","id":4,"method":"a",}', -32700, 4),
    ("two values", PING + PING, -32700, 1),
    ("a byte order mark", b"\xef\xbb\xbf" + PING, -32700, 1),
    (
        "half an emoji in an argument",
        b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"x":"\\ud800"}}',
        -32602,
        4,
    ),
    (
        "half an emoji in a key",
        b'{"jsonrpc":"2.0","id":4,"method":"a","params":{"\\udc00":1}}',
        -32602,
        4,
    ),
    ("half an emoji as method", b'{"jsonrpc":"2.0","id":4,"method":"\\ud800"}', -32602, 4),
    ("half an emoji as id", b'{"jsonrpc":"2.0","id":"\\ud800","method":"a"}', -32600, None),
    (
        "bytes that are not UTF-8",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":{"x":"\xff\xfe"}}',
        -32700,
        3,
    ),
    ("such bytes in the id", b'{"jsonrpc":"2.0","id":"\xff","method":"a"}', -32700, None),
    ("such bytes in the method", b'{"jsonrpc":"2.0","id":3,"method":"\xc3\x28"}', -32700, 3),
    ("an encoded surrogate", b'{"jsonrpc":"2.0","id":3,"method":"\xed\xa0\x80"}', -32700, 3),
    ("an overlong encoding", b'{"jsonrpc":"2.0","id":3,"method":"\xc0\xaf"}', -32700, 3),
    (
        "5,000 digits",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":{"x":%b}}' % (b"7" * 5000),
        -32700,
        3,
    ),
    (
        "401 decimals",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":{"x":0.%b}}' % (b"7" * 401),
        -32700,
        3,
    ),
    (
        "201 levels",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":%b}' % (b"[" * 200 + b"]" * 200),
        -32700,
        3,
    ),
    (
        "2,000 levels",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":%b}' % (b"[" * 2000 + b"]" * 2000),
        -32700,
        3,
    ),
    (
        "200,000 levels",
        b'{"jsonrpc":"2.0","id":3,"method":"a","params":' + b'{"a":' * 200_000,
        -32700,
        3,
    ),
]


@pytest.mark.spec("B-IDX-13", "B-TRN-01", "L1105-MSG-04")
@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize(("data", "code", "id"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED])
def test_refused_with_a_code_and_the_id(data: bytes, code: int, id: Any, shallow: bool) -> None:
    inside_params = b'"name":"x","name"' in data or b'"arguments":{},"arguments"' in data
    if shallow and inside_params:
        assert read(data, shallow=True).id == id
        return
    refusal = refused(data, shallow=shallow)
    assert refusal.error.code == code
    assert type(refusal.id) is type(id)
    assert refusal.id == id
    assert len(refusal.error.message) < 300


TAKEN: list[tuple[str, bytes]] = [
    ("a request", PING),
    ("a notification", b'{"jsonrpc":"2.0","method":"notifications/initialized"}'),
    ("a result", b'{"jsonrpc":"2.0","id":7,"result":{}}'),
    ("an error", b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}'),
    ("an error without id", b'{"jsonrpc":"2.0","error":{"code":1,"message":""}}'),
    ("an error for null", b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}'),
    ("a key that only looks alike", b'{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}'),
    ("a key with a NUL", b'{"jsonrpc":"2.0","id":1,"method":"a","method\\u0000":"b"}'),
    ("a prototype's name", b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"__proto__":{"a":1}}}'),
    ("an escaped key", b'{"jsonrpc":"2.0","id":1,"me\\u0074hod":"a"}'),
    ("spaces and another order", b' { "method" : "a" ,\n\t"id":1 , "jsonrpc" : "2.0" }\r'),
    (
        "the same key in other places",
        b'{"jsonrpc":"2.0","id":1,"method":"name","params":{"name":"name","arguments":{"name":"id","id":1}}}',
    ),
    ("an id of 400 digits", b'{"jsonrpc":"2.0","id":-%b,"method":"a"}' % (b"9" * 400)),
    ("a long id", b'{"jsonrpc":"2.0","id":"%b","method":"a"}' % (b"x" * 1024)),
    ("an empty id", b'{"jsonrpc":"2.0","id":"","method":""}'),
    ("minus zero as id", b'{"jsonrpc":"2.0","id":-0,"method":"a"}'),
    ("a pair of escapes", b'{"jsonrpc":"2.0","id":"\\ud83d\\ude00","method":"a"}'),
    ("a line separator", '{"jsonrpc":"2.0","id":"\u2028\u0085","method":"a"}'.encode()),
    ("400 digits", b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":%b}}' % (b"7" * 400)),
    (
        "5,000 digits of text",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":"%b"}}' % (b"7" * 5000),
    ),
    (
        "5,000 brackets of text",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":"%b"}}' % (b'[\\"' * 5000),
    ),
    (
        "5,000 brackets side by side",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":[%b[]]}}' % (b"[]," * 5000),
    ),
    (
        "200 levels",
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":%b}' % (b"[" * 199 + b"]" * 199),
    ),
    ("params that are no object", b'{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}'),
]


@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in TAKEN])
def test_taken_as_it_is(data: bytes, shallow: bool) -> None:
    same_parts(read(data, shallow=shallow), read_message(data))


def test_the_same_rule_holds_in_meta() -> None:
    check_members(b'{"progressToken":1,"x":{"a":1,"a":2}}')
    for twice in (
        b'{"progressToken":1,"progressToken":1}',
        b'{"progressToken":1, "progress\\u0054oken":2}',
        b'{"a/b":1,"a\\/b":2}',
        b'{ "": 1 , "": 2 }',
    ):
        with pytest.raises(InvalidRequest, match="stands twice"):
            check_members(twice)


@pytest.mark.soak
@settings(max_examples=EXAMPLES)
@given(objects(st.tuples(keys(("a", "b", "é", "a/b", "\\u0022", "")), values(1))))
def test_members_are_checked_exactly(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        value = read_json(data)
        msgspec.json.decode(data)  # half a surrogate pair never comes so far
    except (Unreadable, msgspec.MsgspecError, RecursionError):
        return
    if value.doubled():
        with pytest.raises(InvalidRequest):
            check_members(data)
    else:
        check_members(data)


HOSTILE: list[tuple[str, Callable[[int], bytes]]] = [
    ("escaped quotes after brackets", lambda n: b"[" * 201 + b'"' + b'\\"' * n),
    ("escaped quotes after digits", lambda n: b"1" * 402 + b'"' + b'\\"' * n),
    ("escaped quotes in a key", lambda n: b'{"id":1,"' + b'\\"' * n),
    ("quotes", lambda n: b"[" * 201 + b'"' * n),
    ("backslashes", lambda n: b"[" * 201 + b'"' + b"\\" * n),
    ("ids", lambda n: b"{" + b'"id" ' * n),
    ("members with blanks", lambda n: request(b",".join(b' "%d":0' % i for i in range(n)))),
    ("members with escapes", lambda n: request(b",".join(b'"\\u0061%d":0' % i for i in range(n)))),
    ("digits", lambda n: request(b'"x":' + b"1" * n)),
    ("keys that are read", lambda n: request(b'"name":"%b"' % (b'\\"name\\"' * n))),
]


def request(members: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{%b}}' % members


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in HOSTILE])
def test_the_work_grows_no_faster_than_the_message(make: Callable[[int], bytes]) -> None:
    """Where the work grew with the square of the size, this would take hours and time out."""
    data = make(400_000)
    try:
        envelope = read(data)
    except Refused:
        return
    assert isinstance(envelope.params, Raw)
    check_members(envelope.params)


def test_the_key_list_holds_every_member_that_a_method_of_servers_reads() -> None:
    """The cheap check of a whole message looks for these: a new member must be among them."""
    for method in SERVER_METHODS:
        for field in msgspec.structs.fields(method.params_type):
            assert b'"%b"' % field.encode_name.encode() in _KEYS, f"{method}: {field.name}"
