"""The nearest name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.schema import nearest
from interlock.protocol.schema import similar as module


@pytest.mark.parametrize(
    ("value", "candidates", "expected"),
    [
        ("citty", ["days", "city"], "city"),
        ("ctiy", ["city"], "city"),
        ("CITY", ["city"], "city"),
        ("max_results", ["maxResults", "min_results"], "maxResults"),
        ("tiem", ["item", "time"], "item"),
        ("metrik", ["imperial", "metric"], "metric"),
        ("city", ["cit", "city"], "city"),
        ("x", ["y"], None),
        ("lat", ["lon"], None),
        ("", ["a"], None),
        ("a", [], None),
        ("country", ["city"], None),
        ("a" * 65, ["a" * 64], None),
        ("abc", ["abc" + "d" * 100], None),
    ],
)
def test_examples(value: str, candidates: list[str], expected: str | None) -> None:
    assert nearest(value, candidates) == expected


def test_candidates_are_capped() -> None:
    assert nearest("city", ["no"] * 499 + ["citi"]) == "citi"
    assert nearest("city", ["no"] * 500 + ["citi"]) is None
    alike = [f"{'a' * 30}{n:04}{'b' * 30}" for n in range(100_000)]
    assert nearest(f"{'a' * 30}zzzz{'b' * 30}", alike) is None


def test_the_distance_can_be_set() -> None:
    assert nearest("kitten", ["sitting"], max_distance=2) is None
    assert nearest("kitten", ["sitting"], max_distance=3) == "sitting"
    assert nearest("city", ["citi"], max_distance=0) is None


def reference(left: str, right: str) -> int:
    """The textbook form of the distance, whole table."""
    table = [
        [i + j if not i or not j else 0 for j in range(len(right) + 1)]
        for i in range(len(left) + 1)
    ]
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (left[i - 1] != right[j - 1]),
            )
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.text("ab", max_size=8), st.text("abc", max_size=8), st.integers(0, 4))
def test_the_bounded_distance_is_the_distance_within_its_bound(
    left: str, right: str, bound: int
) -> None:
    exact = reference(left, right)
    found = module._distance(left, right, bound)
    assert found == exact if exact <= bound else found > bound


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=6))
def test_an_equal_candidate_is_always_found(value: str, others: list[str]) -> None:
    if value:
        assert nearest(value, [*others, value]) == value
