"""Which rows of the specification the tests cover, which not, and why.

A test names the rows it checks: `@pytest.mark.spec("B-STDIO-07")`. This collects those names
without running a test (a skipped test covers nothing) and holds them against `tests/spec/`:
`rows.tsv` (the rows), `scope.toml` (which of them the tests owe) and `reasons.toml` (why a row has
no test).

It ends with status 1 when a row in scope has neither test nor reason, when a reason is stale, or
when a test names a row that does not exist. With `--gate` it prints only what is wrong and a
summary, and rows without test or reason are wrong only where `scope.toml` says `enforce = true`.
"""

import csv
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "tests" / "spec"


@dataclass(frozen=True)
class Row:
    """One requirement, as `rows.tsv` has it."""

    id: str
    who: frozenset[str]
    level: str
    requirement: str
    check: str

    @property
    def prefix(self) -> str:
        """The id without its number: `B-STDIO` of `B-STDIO-07`."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True)
class Scope:
    """The rows that the tests owe, by who must do it, how strictly, and where it stands."""

    name: str
    who: frozenset[str]
    levels: frozenset[str]
    prefixes: tuple[str, ...]

    def holds(self, row: Row) -> bool:
        """Whether the row is one of them."""
        mine = row.level in self.levels and not self.who.isdisjoint(row.who)
        return mine and row.prefix in self.prefixes


@dataclass(frozen=True)
class Coverage:
    """What the tests cover of a list of rows."""

    rows: tuple[Row, ...]
    tests: dict[str, list[str]]
    reasons: dict[str, str]

    @property
    def covered(self) -> list[Row]:
        """The rows that a test names."""
        return [row for row in self.rows if row.id in self.tests]

    @property
    def excused(self) -> list[Row]:
        """The rows that have a reason instead."""
        return [row for row in self.rows if row.id not in self.tests and row.id in self.reasons]

    @property
    def open(self) -> list[Row]:
        """The rows that have neither."""
        return [row for row in self.rows if row.id not in self.tests and row.id not in self.reasons]

    def counts(self) -> str:
        """The numbers in words."""
        covered, excused, left = len(self.covered), len(self.excused), len(self.open)
        return f"{len(self.rows)} rows: {covered} covered, {excused} with a reason, {left} open"


def read_rows(path: Path = SPEC / "rows.tsv") -> dict[str, Row]:
    """All requirements by id."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            line["id"]: Row(
                line["id"],
                frozenset(line["who"].split(", ")),
                line["level"],
                line["requirement"],
                line["check"],
            )
            for line in csv.DictReader(file, delimiter="\t")
        }


def read_scopes(path: Path = SPEC / "scope.toml") -> tuple[list[Scope], bool]:
    """The scopes, and whether a row without test and reason is to fail `make test`."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    scopes = [
        Scope(
            scope["name"],
            frozenset(scope["who"]),
            frozenset(scope["levels"]),
            tuple(scope["prefixes"]),
        )
        for scope in content["scope"]
    ]
    enforce: bool = content["enforce"]
    return scopes, enforce


def read_reasons(path: Path = SPEC / "reasons.toml") -> dict[str, str]:
    """Why a row has no test, by id."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def collect_tests() -> dict[str, list[str]]:
    """The tests that name each row, by asking pytest; `tests/conftest.py` writes the answer.

    Raises:
        SystemExit: the tests could not be collected; what pytest said is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "spec.json")
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, f"--spec-report={report}"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode not in (0, 5) or not report.exists():  # 5: there is no test at all
            said = f"{done.stdout[-8000:]}{done.stderr[-2000:]}"
            sys.exit(f"{said}\nspec: collecting the tests failed")
        content: dict[str, list[str]] = json.loads(report.read_bytes())
    return content


def find_mistakes(
    rows: dict[str, Row], scopes: Iterable[Scope], tests: Iterable[str], reasons: dict[str, Any]
) -> list[str]:
    """What is wrong with the markers, the scopes and the reasons, a sentence each."""
    scopes, tests = list(scopes), set(tests)
    prefixes = {row.prefix for row in rows.values()}
    mistakes = [f"a test names {id}, which is no row" for id in sorted(tests - rows.keys())]
    for scope in scopes:
        unknown = [prefix for prefix in scope.prefixes if prefix not in prefixes]
        mistakes += [f"scope {scope.name!r} names {prefix}, which no row has" for prefix in unknown]
    for id, reason in reasons.items():
        if id not in rows:
            mistakes.append(f"reasons.toml names {id}, which is no row")
        elif not any(scope.holds(rows[id]) for scope in scopes):
            mistakes.append(f"reasons.toml excuses {id}, which is in no scope: remove it")
        elif id in tests:
            mistakes.append(f"reasons.toml excuses {id}, which a test covers: remove it")
        elif not isinstance(reason, str) or len(reason.split()) < 3:
            mistakes.append(f"reasons.toml gives no reason for {id}")
    return mistakes


def _print_report(scope: Scope, coverage: Coverage) -> None:
    print(f"{scope.name}: {coverage.counts()}\n")
    for prefix in scope.prefixes:
        rows = tuple(row for row in coverage.rows if row.prefix == prefix)
        if rows:
            print(f"  {prefix:12}{Coverage(rows, coverage.tests, coverage.reasons).counts()}")
    print("\ncovered")
    for row in coverage.covered:
        tests = coverage.tests[row.id]
        more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        print(f"  {row.id:15}{tests[0]}{more}")
    print("\nnot covered, with a reason")
    for row in coverage.excused:
        print(f"  {row.id:15}{row.level}: {row.requirement}")
        print(f"  {'':15}because: {coverage.reasons[row.id]}")
    print("\nopen")
    for row in coverage.open:
        print(f"  {row.id:15}{row.level}: {row.requirement}")
        print(f"  {'':15}check: {row.check}")
    print()


def main(arguments: list[str]) -> int:
    """Report on every scope; the exit status."""
    gate = arguments == ["--gate"]
    if arguments and not gate:
        sys.exit("usage: python -m scripts.spec_coverage [--gate]")
    rows, reasons, tests = read_rows(), read_reasons(), collect_tests()
    scopes, enforce = read_scopes()
    mistakes = find_mistakes(rows, scopes, tests, reasons)
    owed = False
    for scope in scopes:
        mine = tuple(row for row in rows.values() if scope.holds(row))
        coverage = Coverage(mine, tests, reasons)
        if not gate:
            _print_report(scope, coverage)
        elif enforce and coverage.open:
            ids = ", ".join(row.id for row in coverage.open)
            print(f"spec: neither test nor reason in tests/spec/reasons.toml: {ids}")
        owed = owed or bool(coverage.open)
        print(f"spec: {scope.name}: {coverage.counts()}")
    for mistake in mistakes:
        print(f"spec: {mistake}")
    return int(bool(mistakes) or (owed and (enforce or not gate)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
