"""The check that holds the tests against the rows of the specification."""

import pytest

from scripts.spec_coverage import (
    Coverage,
    Row,
    Scope,
    find_mistakes,
    read_reasons,
    read_rows,
    read_scopes,
)

ROWS = {
    row.id: row
    for row in (
        Row("A-1", frozenset({"server"}), "MUST", "answer", "ask"),
        Row("A-2", frozenset({"client"}), "MUST", "ask", "listen"),
        Row("A-3", frozenset({"both"}), "SHOULD", "be kind", "listen"),
        Row("A-B-1", frozenset({"server", "proxy"}), "MUST", "pass on", "ask"),
    )
}
SCOPE = Scope("servers", frozenset({"server", "both"}), frozenset({"MUST"}), ("A", "A-B"))


def test_a_scope_holds_rows_by_who_level_and_prefix() -> None:
    assert [row.id for row in ROWS.values() if SCOPE.holds(row)] == ["A-1", "A-B-1"]
    narrow = Scope("servers", SCOPE.who, SCOPE.levels, ("A",))
    assert [row.id for row in ROWS.values() if narrow.holds(row)] == ["A-1"]


def test_rows_are_covered_excused_or_open() -> None:
    rows = tuple(ROWS.values())
    coverage = Coverage(rows, {"A-1": ["test"]}, {"A-2": "has its reason", "A-1": "is stale"})
    assert [row.id for row in coverage.covered] == ["A-1"]
    assert [row.id for row in coverage.excused] == ["A-2"]
    assert [row.id for row in coverage.open] == ["A-3", "A-B-1"]
    assert coverage.counts() == "4 rows: 1 covered, 1 with a reason, 2 open"


@pytest.mark.parametrize(
    ("tests", "reasons", "mistake"),
    [
        (["A-9"], {}, "a test names A-9, which is no row"),
        ([], {"A-9": "not to be seen"}, "names A-9, which is no row"),
        ([], {"A-3": "not to be seen"}, "A-3, which is in no scope"),
        (["A-1"], {"A-1": "not to be seen"}, "A-1, which a test covers"),
        ([], {"A-1": ""}, "gives no reason for A-1"),
    ],
)
def test_mistakes_are_found(tests: list[str], reasons: dict[str, str], mistake: str) -> None:
    (found,) = find_mistakes(ROWS, [SCOPE], tests, reasons)
    assert mistake in found
    assert find_mistakes(ROWS, [SCOPE], ["A-1", "A-2"], {"A-B-1": "not to be seen"}) == []


def test_a_scope_with_an_unknown_prefix_is_a_mistake() -> None:
    wrong = Scope("wrong", SCOPE.who, SCOPE.levels, ("A", "Z"))
    assert find_mistakes(ROWS, [wrong], [], {}) == ["scope 'wrong' names Z, which no row has"]


def test_the_files_fit_together() -> None:
    rows = read_rows()
    scopes, _ = read_scopes()
    assert len(rows) > 1500
    assert find_mistakes(rows, scopes, [], read_reasons()) == []
    assert all(any(scope.holds(row) for row in rows.values()) for scope in scopes)
