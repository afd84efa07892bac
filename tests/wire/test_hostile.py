"""Thousands of hostile lines: each gets the answers it is due, no more, and the server lives on.

Lines are mutations of proper messages, drawn by a seeded generator. How many answers a line is
due is told by a reading of its own (`tests.protocol.exact_reading`), not by the code under test.
"""

import copy
import json
import random
import re
from typing import Any, NamedTuple, cast

import pytest

from tests.protocol.exact_reading import (
    Members,
    Unreadable,
    Wrong,
    read_json,
    read_message,
    well_formed,
)
from tests.support.counts import count, rng
from tests.support.stdio import SERVERS, Message, StdioServer, encode, modern, modern_meta, request

INSTANT = SERVERS / "instant.py"
TOGETHER = 25
"""Lines in one write."""

ODD_BYTES = [
    b"\xff\xfe", b"\0", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\r",
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\ud800", b"\\u0000", b"NaN", b"-Infinity",
    b"1e999", b"9" * 401, b"'", b"/**/", b" ", b"\t", b"\x1b[31m", b"\xf4\x90\x80\x80",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**63, -(2**64), 10**399, 1e308, "", "\0", "x" * 2000, "7",
    "__proto__", "../../etc/passwd", "\ud800", "a\ud800b", "\U0001f600", "2026-07-28",
    "instant://fixed", ["x"] * 200, [], {}, [[]], {"": {}}, {"a": [1]},
    {"__proto__": {"isAdmin": True}},
]  # fmt: skip
ODD_KEYS = [
    "id", "method", "params", "jsonrpc", "result", "error", "Method", "method\0", "name",
    "arguments", "_meta", "uri", "cursor", "__proto__", "constructor", "", "\ud800",
]  # fmt: skip
NEST = "nested %d times"
"""Stands for so many brackets, which are put in when the text is there."""
INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}}


def proper(draw: random.Random, number: int) -> Message:
    """A message as a client would send it."""
    choices: list[tuple[str, Message]] = [
        ("tools/call", {"name": "echo", "arguments": {"value": [1, "é", None]}}),
        ("tools/call", {"name": "add", "arguments": {"a": 1, "b": "2"}}),
        ("tools/call", {"name": "pick", "arguments": {"names": ["a", "b"], "place": 1}}),
        ("tools/list", {}),
        ("prompts/get", {"name": "greet", "arguments": {"name": "Ada"}}),
        ("prompts/list", {"cursor": "AAAA"}),
        ("resources/read", {"uri": "instant://book/item?page=2"}),
        ("resources/list", {}),
        ("server/discover", {}),
        ("ping", {}),
        ("logging/setLevel", {"level": "info"}),
        ("initialize", INITIALIZE),
        ("notifications/cancelled", {"requestId": number}),
        ("notifications/progress", {"progressToken": 1, "progress": 1}),
    ]
    method, params = copy.deepcopy(draw.choice(choices))
    if draw.random() < 0.6:
        params["_meta"] = modern_meta()
        if draw.random() < 0.3:
            params["_meta"]["progressToken"] = number
    if method.startswith("notifications/"):
        return {"jsonrpc": "2.0", "method": method, "params": params}
    if draw.random() < 0.05:
        return {"jsonrpc": "2.0", "id": number, draw.choice(["result", "error"]): params}
    id = number if draw.random() < 0.8 else f"n-{number}"
    return request(id, method, params)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a value with each of its keys."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(cast("Message", value).items())
    elif isinstance(value, list):
        items = list(enumerate(cast("list[Any]", value)))
    else:
        return found
    for key, item in items:
        found.append((cast("Any", value), key))
        found += places(item)
    return found


def changed(draw: random.Random, message: Message) -> Any:
    """A message with some of its values changed, dropped, moved or wrapped."""
    value: Any = message
    for _ in range(draw.randrange(1, 4)):
        spots = places(value)
        kind = draw.randrange(7)
        if kind == 0 or not spots:
            value = draw.choice(
                [value, [value], [value, copy.deepcopy(value)], {"params": value}, [value, 5]]
            )
            continue
        container, key = draw.choice(spots)
        if kind == 1:
            del container[key]
        elif kind == 2 and isinstance(container, dict):
            value_there = cast("Message", container).pop(key)
            container[draw.choice(ODD_KEYS)] = value_there
        elif kind == 3 and isinstance(container, dict):
            container[draw.choice(ODD_KEYS)] = copy.deepcopy(draw.choice(ODD_VALUES))
        elif kind == 4:
            container[key] = NEST % draw.choice([10, 150, 197, 198, 199, 200, 201, 1000, 100_000])
        else:
            container[key] = copy.deepcopy(draw.choice(ODD_VALUES))
    return value


def written(draw: random.Random, value: Any) -> bytes:
    """JSON text in one of several styles."""
    style = draw.randrange(4)
    text = json.dumps(
        value,
        ensure_ascii=style != 1,
        separators=(", ", ": ") if style == 2 else (",", ":"),
        sort_keys=style == 3,
    )
    for depth in map(int, re.findall(f'"{NEST}"'.replace("%d", r"(\d+)"), text)):
        text = text.replace(f'"{NEST}"' % depth, "[" * depth + "]" * depth, 1)
    return text.encode("utf-8", "surrogatepass")


def damaged(draw: random.Random, line: bytes) -> bytes:
    """Text with some of its bytes cut, doubled, put in or exchanged."""
    for _ in range(draw.randrange(1, 4)):
        start = draw.randrange(len(line) + 1)
        end = min(len(line), start + draw.choice([0, 1, 1, 2, 5, 20]))
        kind = draw.randrange(6)
        if kind == 0:
            line = line[:start]
        elif kind == 1:
            line = line[:start] + line[end:]
        elif kind == 2:
            line = line[:end] + line[start:end] + line[end:]
        elif kind == 3:
            line = line[:start] + bytes([draw.randrange(256)]) + line[end:]
        elif kind == 4:  # a member twice: the parser that reads the first differs from the last's
            pieces = line.split(b",")
            pieces.insert(draw.randrange(len(pieces) + 1), draw.choice(pieces).strip(b"{}"))
            line = b",".join(pieces)
        else:
            line = line[:start] + draw.choice(ODD_BYTES) + line[end:]
    return line.replace(b"\n", b"")


def hostile(draw: random.Random, number: int) -> bytes:
    """One line, without its newline."""
    message: Any = proper(draw, number)
    kind = draw.randrange(10)
    if kind < 5:
        message = changed(draw, message)
    line = written(draw, message)
    return damaged(draw, line) if kind >= 3 else line


class Due(NamedTuple):
    """What a line is due: how many answers, and the id they carry where it is certain."""

    numbers: set[int]
    id: Any = None


def due(line: bytes, *, batches: bool) -> Due:
    """What a line is due, after a reading of our own."""
    if not line or line.isspace():
        return Due({0})
    try:
        value = read_json(line)
    except Unreadable:
        return Due({1})
    if isinstance(value, list):
        parts = cast("list[Any]", value)
        if batches and 0 < len(parts) <= 100 and well_formed(parts):  # else refused as a whole
            numbers = [due(_text(part).encode(), batches=False).numbers for part in parts]
            return Due({max(map(max, numbers)), max(map(min, numbers))})
        return Due({1})
    try:
        message = read_message(line)
    except Unreadable:
        return Due({1})
    except Wrong as wrong:
        return Due({0 if wrong.notification else 1})
    if message.has("method") and message.has("id"):
        return Due({1}, message.get("id"))
    # a key that is not the envelope's stands there twice: refused, or not looked at
    return Due({0, 1} if message.doubled() else {0})


def _text(value: Any) -> str:
    """A value as JSON again, with what stood twice in it."""
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(item)}" for key, item in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, cast("list[Any]", value))) + "]"
    return json.dumps(value)


@pytest.mark.soak
@pytest.mark.spec("B-IDX-02", "B-IDX-07", "B-IDX-13", "B-IDX-14", "B-IDX-15", "B-IDX-17")
@pytest.mark.spec("B-IDX-20", "B-PAT-01", "B-STDIO-12", "L1105-MSG-04")
@pytest.mark.parametrize("revision", [None, "2024-11-05", "2025-03-26", "2025-11-25"])
def test_every_line_gets_its_due(revision: str | None) -> None:
    draw = rng(f"hostile-{revision}")
    codes: set[int] = set()
    with StdioServer(INSTANT) as server:
        if revision is not None:
            server.initialize(revision)
        server.healthy()
        before = server.resident_bytes()
        total = count(600, 10_000)
        for start in range(0, total, TOGETHER):
            lines = [hostile(draw, 10**6 + n) for n in range(start, start + TOGETHER)]
            marks = [f"mark-{n}" for n in range(start, start + TOGETHER)]
            mark = {"name": "echo", "arguments": {"value": 1}}
            server.send(
                b"".join(
                    line + b"\n" + encode(modern(id, "tools/call", mark))
                    for line, id in zip(lines, marks, strict=True)
                )
            )
            for line, id in zip(lines, marks, strict=True):
                answers: list[Any] = []
                while (message := server.read()) == [] or _id(message) != id:
                    answers.append(message)
                numbers, expected = due(line, batches=revision == "2025-03-26")
                assert len(answers) in numbers, (line, answers)
                for answer in answers:
                    if isinstance(answer, list):
                        assert revision == "2025-03-26", (line, answer)
                        continue
                    assert "method" not in answer, (line, answer)
                    assert answer.get("id") == expected or expected is None, (line, answer)
                    assert type(answer.get("id")) is type(expected) or expected is None
                    if "error" in answer:
                        codes.add(answer["error"]["code"])
                        assert len(answer["error"]["message"]) < 1000, (line, answer)
        server.healthy()
        assert server.resident_bytes() - before < 64 << 20
        assert server.finish() == 0
        assert server.stderr == ""
    assert codes <= {-32700, -32600, -32601, -32602, -32002, -32022}
    assert codes >= {-32700, -32600, -32601, -32602}


def _id(message: Any) -> Any:
    return cast("Message", message).get("id") if isinstance(message, dict) else None


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"params":{"x":' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'"' + b"\\" * 1_000_000,
        b'{"' * 500_000,
        b'"a",' * 500_000,
        b"1" * 1_000_000,
        b'{"jsonrpc":"2.0","id":' + b"9" * 1_000_000 + b',"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 1_000_000 + b'"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping",' + b'"a":1,' * 300_000 + b'"b":1}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{' + b'"a":1,' * 300_000 + b'"b":1}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{'
        + b",".join(b'"%d":1' % n for n in range(200_000)) + b"}}",
        b"-" * 1_000_000,
        b"\xff" * 1_000_000,
        b"\\u" * 1_000_000,
        b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"' + b"\\ud800" * 300_000 + b'"}',
    ],
    ids=lambda line: ascii(line[:40]),
)  # fmt: skip
def test_a_costly_line_is_answered_soon(line: bytes) -> None:
    """What is quadratic or recursive anywhere on the way would show here."""
    with StdioServer(INSTANT) as server:
        server.initialize()
        for _ in range(3):
            server.send(line + b"\n")
            answer = server.read()
            if "error" in answer:
                assert len(answer["error"]["message"]) < 1000
        server.healthy()
        assert server.waiting() == []
