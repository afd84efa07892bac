"""Settings of every test run: the specification markers, Hypothesis, and the seed."""

import functools
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scripts.spec_coverage import read_rows
from tests.support.counts import SEED, SOAK

settings.register_profile(
    "quick",
    max_examples=50,
    derandomize=True,  # an ordinary run draws the same examples every time
    database=None,
    deadline=None,  # a shared machine's pauses are no failures
    suppress_health_check=[HealthCheck.too_slow],  # likewise
)
settings.register_profile(
    "soak", parent=settings.get_profile("quick"), max_examples=5_000, derandomize=False
)
settings.load_profile("soak" if SOAK else "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--spec-report` is what `scripts/spec_coverage.py` asks with."""
    parser.addoption(
        "--spec-report", type=Path, help="write which tests name which rows of the specification"
    )


def pytest_report_header() -> str:
    """The seed, so that a failure can be repeated."""
    return f"interlock: {'soak' if SOAK else 'quick'} counts, seed {SEED} (INTERLOCK_SEED)"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that names a row which does not exist fails, so that no typing error hides a row."""
    unknown = [id for id in spec_ids(item) if id not in known_ids()]
    if unknown:
        pytest.fail(f"no row of tests/spec/rows.tsv is {', '.join(unknown)}", pytrace=False)


@functools.cache
def known_ids() -> frozenset[str]:
    """The ids of all rows."""
    return frozenset(read_rows())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the report that `--spec-report` asks for; what is skipped covers nothing."""
    target: Path | None = session.config.getoption("--spec-report")
    if target is None:
        return
    tests: dict[str, list[str]] = {}
    for item in session.items:
        if not any(item.get_closest_marker(name) for name in ("skip", "xfail")):
            test = item.nodeid.partition("[")[0]
            for id in spec_ids(item):
                known = tests.setdefault(id, [])
                if test not in known:
                    known.append(test)
    target.write_text(json.dumps(tests), encoding="utf-8")


def spec_ids(item: pytest.Item) -> list[str]:
    """The rows a test names, on itself, its class and its module."""
    return [str(id) for marker in item.iter_markers("spec") for id in marker.args]
