import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.arithmetic import Spread, calls_for, paired_ratios, percentile, spread

numbers = st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_percentile_takes_the_nearest_rank(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.001) == percentile([7.0], 0.99) == 7.0


@pytest.mark.parametrize("share", [0, -0.5, 1.01])
def test_percentile_refuses_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        percentile([1.0], share)


def test_nothing_has_neither_percentile_nor_spread() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="nothing"):
        spread([])


@given(numbers, st.floats(min_value=0.001, max_value=1))
def test_percentile_is_a_value_that_the_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_spread() -> None:
    assert spread([4.0, 1.0, 3.0]) == Spread(3.0, 1.0, 4.0)
    assert spread([4.0, 1.0]) == Spread(2.5, 1.0, 4.0)


def test_ratios_are_taken_pair_by_pair() -> None:
    # The second round was slow for both: the ratio of the medians, 6 / 2, would say 3.
    assert paired_ratios([2.0, 40.0, 6.0], [1.0, 20.0, 2.0]) == Spread(2.0, 2.0, 3.0)


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=30))
def test_anything_is_once_itself(values: list[float]) -> None:
    assert paired_ratios(values, values) == Spread(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("values", "base"), [([1.0], [1.0, 2.0]), ([], []), ([1.0], [0.0]), ([1.0], [-1.0])]
)
def test_ratios_refuse_what_makes_no_pair(values: list[float], base: list[float]) -> None:
    with pytest.raises(ValueError, match=r"paired|nothing|positive"):
        paired_ratios(values, base)


@pytest.mark.parametrize(
    ("seconds", "per_call", "expected"),
    [(1, 0.01, 100), (1, 0.5, 10), (1, 0.0001, 1000), (1, 0, 1000), (0, 1, 10)],
)
def test_calls_fill_a_turn_within_bounds(seconds: float, per_call: float, expected: int) -> None:
    assert calls_for(seconds, per_call, least=10, most=1000) == expected
