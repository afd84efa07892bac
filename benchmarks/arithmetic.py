"""The arithmetic of a run: percentiles, summaries of repeated samples, ratios of paired samples."""

import math
import statistics
from collections.abc import Sequence

from msgspec import Struct


class Spread(Struct, frozen=True):
    """The middle and the ends of one quantity's repeated samples."""

    median: float
    min: float
    max: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed (the nearest rank).

    Raises:
        ValueError: there are no values, or `share` is not in (0, 1].
    """
    if not values:
        raise ValueError("a percentile of nothing")
    if not 0 < share <= 1:
        raise ValueError(f"a percentile's share is over 0 and at most 1, not {share}")
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def spread(values: Sequence[float]) -> Spread:
    """Median, minimum and maximum.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a spread of nothing")
    return Spread(statistics.median(values), min(values), max(values))


def paired_ratios(values: Sequence[float], base: Sequence[float]) -> Spread:
    """The spread of `value / base`, pair by pair: both of a pair were taken in the same round.

    What slows a whole round down (another process, a warm core) cancels out, as it does not in a
    ratio of two medians.

    Raises:
        ValueError: the numbers of samples differ, there are none, or a base is not positive.
    """
    if len(values) != len(base):
        raise ValueError(f"{len(values)} samples cannot be paired with {len(base)}")
    if any(divisor <= 0 for divisor in base):
        raise ValueError("a ratio to a sample that is not positive")
    return spread([value / divisor for value, divisor in zip(values, base, strict=True)])


def calls_for(seconds: float, per_call: float, *, least: int, most: int) -> int:
    """How many calls of `per_call` seconds fill `seconds`, within bounds."""
    if per_call <= 0:
        return most
    return max(least, min(most, int(seconds / per_call)))
