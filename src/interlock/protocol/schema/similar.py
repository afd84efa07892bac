"""The name somebody may have meant: the nearest of some candidates by edit distance."""

from collections.abc import Iterable
from itertools import islice

MAX_LENGTH = 64
"""Longer texts are not compared, in characters."""
MAX_CANDIDATES = 500
"""Further candidates are not looked at."""


def nearest(value: str, candidates: Iterable[str], max_distance: int = 2) -> str | None:
    """The candidate that differs from ``value`` by the fewest typing errors, or ``None``.

    An error is a character too many, too few or wrong, or two neighbours swapped
    (Damerau-Levenshtein distance, each place edited once). A difference of case alone counts
    as one error. At most ``max_distance`` errors, and never more than half of the longer text.
    Of several equally near the first is taken; an equal candidate is at distance 0.
    """
    if not value or len(value) > MAX_LENGTH:
        return None
    best: str | None = None
    bound = max_distance
    folded = value.casefold()
    for candidate in islice(candidates, MAX_CANDIDATES):
        longer = max(len(value), len(candidate))
        if len(candidate) > MAX_LENGTH or abs(len(value) - len(candidate)) > bound:
            continue
        if candidate == value:
            return candidate
        if bound < 1:
            continue
        distance = 1 if candidate.casefold() == folded else _distance(value, candidate, bound)
        if distance <= bound and distance * 2 <= longer:
            best, bound = candidate, distance - 1
    return best


def _distance(left: str, right: str, bound: int) -> int:
    """The edit distance, or any number over ``bound`` when it is more than that.

    Only the cells within ``bound`` of the diagonal are computed: no other can stay within it.
    """
    over = bound + 1
    width = len(right) + 1
    before = [over] * width
    row = [j if j <= bound else over for j in range(width)]
    for i, a in enumerate(left, 1):
        current = [over] * width
        if i <= bound:
            current[0] = i
        for j in range(max(1, i - bound), min(len(right), i + bound) + 1):
            b = right[j - 1]
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current[j] = cost
        if min(current) >= over:
            return over
        before, row = row, current
    return row[-1]
