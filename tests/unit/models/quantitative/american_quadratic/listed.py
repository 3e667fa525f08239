"""Listed American options with what the exact engine says of them, for tests and benchmarks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.quantitative.american.exact import AmericanGreeks, american
from tests.unit.models.quantitative.american.samples import Columns, contracts

LEAST_DELTA, MOST_DELTA = 0.05, 0.95


class Listed(NamedTuple):
    """Contracts whose delta is between LEAST_DELTA and MOST_DELTA in size."""

    terms: Columns
    """Columns in the order of `american`."""
    exact: AmericanGreeks


def listed(count: int, seed: int) -> Listed:
    """What is left of `count` random contracts."""
    terms = contracts(count, seed)
    exact = american(*terms)
    size = np.abs(exact.delta)
    kept = (size >= LEAST_DELTA) & (size <= MOST_DELTA)
    return Listed(terms[:, kept], AmericanGreeks(*(column[kept] for column in exact)))


def off(values: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences in size; infinite where there is no answer."""
    return np.nan_to_num(np.abs(values - truth), nan=np.inf)


def wild_rows(columns: int, count: int, seed: int) -> list[Columns]:
    """Rows of anything a feed may hold, the last column or two of them truth values more often than not."""
    random = np.random.default_rng(seed)
    wild = np.array([np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-310, 1e-9, 1e-4, 1e9, 1e300])
    usual = np.array([0.03, 0.1, 0.5, 1.0, 2.0])
    drawn = random.choice(usual, (columns, count))
    spoilt = random.random((columns, count)) < 0.5 / columns
    drawn[spoilt] = random.choice(wild, int(spoilt.sum()))
    sides = drawn[-2:]
    sides[:] = np.where(spoilt[-2:], sides, random.integers(0, 2, sides.shape))
    return list(drawn)
