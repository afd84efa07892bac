"""Golden wire cases: what a file of `tests/cases/` says, and whether a server answers so.

A case is text: a header of `key: value` lines, a blank line, then what is sent (`>>>`) and what
must come (`<<<`), a message a line::

    # A request before the handshake is told what it lacks.
    revision: none
    spec: B-IDX-56

    >>> {"jsonrpc":"2.0","id":1,"method":"tools/list"}
    <<< {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"~initialize"}}

Header: `revision` (one or more, or `none` for a connection on which nothing was said yet; a legacy
session is opened before the case begins), `server` (a file of `tests/servers/`, `small` unless
given), `capabilities` (of the client, as JSON), `fresh: yes` (the case changes its connection, or
needs one that nothing has changed), `spec` (the rows of the specification that it shows).

What is sent is sent as it stands, but for `$META` (the `_meta` of a modern request), `$REVISION`,
`$<name>` (what was captured), `$(TEXT*COUNT)` (a text repeated) and, on a line `>>>!`, `\\xNN` (a
byte). What comes is compared as JSON, types strictly; members that the case does not name must
not be there. In a string's place `~pattern` is a regular expression that is found in a string,
`$any` is any value and `$=name` captures any; `"$more": true` allows further members. The answers
of a batch may come in any order. After the last line nothing more may come.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tests.support.stdio import ROOT, modern_meta

FOLDER = ROOT / "tests" / "cases"
MODERN = "2026-07-28"
REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN)
_KEYS = {"revision", "server", "capabilities", "fresh", "spec"}


@dataclass(frozen=True)
class Step:
    """One line: what is sent, or what must come."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Case:
    """One case in one revision."""

    name: str
    revision: str
    server: str
    capabilities: Mapping[str, Any]
    fresh: bool
    spec: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        """How reports name it."""
        return f"{self.name}[{self.revision}]"

    @property
    def last_requests(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Harmless requests that are sent after the case, the second after the first's answer.

        What comes before their answers is more than the case allows.
        """
        return self._harmless("last but one"), self._harmless("last")

    def _harmless(self, id: str) -> dict[str, Any]:
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": id}
        if self.revision == MODERN:
            return {**message, "method": "server/discover", "params": {"_meta": modern_meta()}}
        return {**message, "method": "ping"}


def read_cases(folder: Path = FOLDER) -> list[Case]:
    """All cases, one for each revision that a file names."""
    return [case for path in sorted(folder.glob("*.case")) for case in _read(path)]


def _read(path: Path) -> list[Case]:
    header: dict[str, str] = {}
    steps: list[Step] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        mark, _, text = line.partition(" ")
        if mark in (">>>", ">>>!", "<<<"):
            steps.append(Step(number, mark, text))
        elif steps or ": " not in line:
            raise ValueError(f"{path.name}:{number}: neither a header nor a step")
        else:
            key, _, value = line.partition(": ")
            header[key] = value
    if unknown := header.keys() - _KEYS:
        raise ValueError(f"{path.name}: unknown keys {sorted(unknown)}")
    revisions = header["revision"].split()
    if wrong := set(revisions) - {*REVISIONS, "none"}:
        raise ValueError(f"{path.name}: unknown revisions {sorted(wrong)}")
    return [
        Case(
            path.stem,
            revision,
            header.get("server", "small"),
            json.loads(header.get("capabilities", "{}")),
            header.get("fresh", "no") == "yes" or revision == "none" or "capabilities" in header,
            tuple(header.get("spec", "").split()),
            tuple(steps),
        )
        for revision in revisions
    ]


_MACRO = re.compile(r"\$<(\w+)>|\$\((.+?)\*(\d+)\)|\$(META|REVISION)\b")
_CAPTURED = re.compile(r"\$<(\w+)>")
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")


def to_send(case: Case, step: Step, captured: Mapping[str, Any]) -> bytes:
    """The bytes of a `>>>` step, without a newline."""

    def fill(match: re.Match[str]) -> str:
        name, text, count, word = match.groups()
        if name is not None:
            return json.dumps(captured[name])
        if text is not None:
            return text * int(count)
        return json.dumps(modern_meta()) if word == "META" else case.revision

    data = _MACRO.sub(fill, step.text).encode()
    if step.kind == ">>>!":
        data = _BYTE.sub(lambda match: bytes([int(match[1], 16)]), data)
    return data


class Mismatch(AssertionError):
    """A message is not what a case wants."""


def compare(case: Case, step: Step, came: Any, captured: dict[str, Any]) -> None:
    """Hold a message against a `<<<` step. Raises :class:`Mismatch`."""
    text = step.text.replace("$REVISION", case.revision)
    wanted = json.loads(_CAPTURED.sub(lambda match: json.dumps(captured[match[1]]), text))
    found = _difference(wanted, came, "", captured, unordered=True)
    if found is not None:
        raise Mismatch(
            f"{case.name}.case:{step.line}: {found}\n  wanted: {step.text}\n"
            f"  came:   {json.dumps(came, ensure_ascii=False)}"
        )


def _difference(
    wanted: Any, came: Any, path: str, captured: dict[str, Any], *, unordered: bool = False
) -> str | None:
    """The first difference, as a sentence."""
    match wanted:
        case str() if wanted.startswith("$="):
            captured[wanted[2:]] = came
            return None
        case "$any":
            return None
        case str() if wanted.startswith("~"):
            if isinstance(came, str) and re.search(wanted[1:], came):
                return None
        case dict():
            if isinstance(came, dict):
                members = cast("dict[str, Any]", wanted)
                return _members(members, cast("dict[str, Any]", came), path, captured)
        case list():
            if isinstance(came, list):
                items, found = cast("list[Any]", wanted), cast("list[Any]", came)
                if len(items) != len(found):
                    return f"{path or 'the message'} has {len(found)} items, not {len(items)}"
                if unordered:
                    return _any_order(items, found, captured)
                for index, (one, other) in enumerate(zip(items, found, strict=True)):
                    if d := _difference(one, other, f"{path}[{index}]", captured):
                        return d
                return None
        case _:
            if type(wanted) is type(came) and wanted == came:
                return None
    return f"{path or 'the message'} is {json.dumps(came)[:200]}, not {json.dumps(wanted)[:200]}"


def _members(
    wanted: dict[str, Any], came: dict[str, Any], path: str, captured: dict[str, Any]
) -> str | None:
    wanted = dict(wanted)
    more = wanted.pop("$more", False)
    if missing := wanted.keys() - came.keys():
        return f"{path or 'the message'} lacks {sorted(missing)}"
    if not more and (extra := came.keys() - wanted.keys()):
        return f"{path or 'the message'} has {sorted(extra)}, which the case does not name"
    for key, value in wanted.items():
        if found := _difference(value, came[key], f"{path}.{key}", captured):
            return found
    return None


def _any_order(wanted: list[Any], came: list[Any], captured: dict[str, Any]) -> str | None:
    left = list(came)
    for item in wanted:
        fitting = (one for one in left if _difference(item, one, "", dict(captured)) is None)
        one = next(fitting, None)
        if one is None:
            return f"no answer of the batch is {json.dumps(item)[:300]}"
        _difference(item, one, "", captured)
        left.remove(one)
    return None
