"""How often a repeated test repeats, and the seed of what it draws.

A test that repeats something carries `@pytest.mark.soak` and takes its number from `count`: few in
`make test`, many in `make soak`. Random values come from `rng`, so a printed seed repeats a run.
"""

import os
import random

SOAK = os.environ.get("INTERLOCK_SOAK") == "1"
"""Whether this run is to use the full counts."""

SEED = int(os.environ.get("INTERLOCK_SEED", "0"))
"""The seed of this run: 0 unless set, so that `make test` always draws the same values."""


def count(quick: int, full: int) -> int:
    """`quick` in an ordinary run, `full` in a soak."""
    return full if SOAK else quick


def rng(name: str) -> random.Random:
    """A generator for the test called `name`, the same in each run with the same seed."""
    return random.Random(f"{SEED}:{name}")
