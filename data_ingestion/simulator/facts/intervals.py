"""A figure with its uncertainty, and the block bootstrap that most of them come from.

Theory of operation
-------------------
Nearly every fact is a function of means: a correlation of five of them, a kurtosis of four. Rows (moments of time)
are gathered into blocks long enough to be nearly independent; a bootstrap draw weights the blocks by how often they
were drawn and evaluates the function on all draws at once. Pairs (now, later) are rows, so lags never straddle a seam.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import BadInput

Floats = NDArray[np.float64]

DRAWS: Final = 400
NORMAL_95: Final = 1.959964
"""Half-width of a 95 % interval in standard errors."""
FEWEST_BLOCKS: Final = 4


class Interval(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Standard error."""
        return (self.high - self.low) / (2 * NORMAL_95)


def around(value: float, error: float) -> Interval:
    """The interval of a value with a standard error."""
    return Interval(float(value), float(value - NORMAL_95 * error), float(value + NORMAL_95 * error))


def of_means(
    contributions: Floats, function: Callable[[Floats], Floats], block: int, random: np.random.Generator
) -> Interval:
    """A function of means, from contributions (rows, moments, …).

    `function` takes means (draws, moments, …) to one figure a draw, (draws,). `block`: rows; it is shortened where
    there would be fewer than FEWEST_BLOCKS, and rows past the last whole block enter the value, not its error.
    """
    rows = len(contributions)
    if rows < FEWEST_BLOCKS:
        raise BadInput(f"{rows} rows are too few for an interval: give at least {FEWEST_BLOCKS}")
    block = max(1, min(block, rows // FEWEST_BLOCKS))
    count = rows // block
    blocks = contributions[: count * block].reshape(count, block, *contributions.shape[1:]).mean(axis=1)
    weights = random.multinomial(count, np.full(count, 1 / count), size=DRAWS) / count
    draws = function(np.tensordot(weights, blocks, axes=1))
    value = function(contributions.mean(axis=0, keepdims=True))[0]
    return around(float(value), float(np.nanstd(draws)))


def resampled(
    rows: Floats, statistic: Callable[[Floats], float], block: int, random: np.random.Generator, draws: int = DRAWS // 4
) -> Interval:
    """Any statistic of rows (rows, …), its error from drawing blocks of rows with replacement."""
    length = len(rows)
    block = max(1, min(block, length // FEWEST_BLOCKS))
    count = -(-length // block)
    found = []
    for _ in range(draws):
        starts = random.integers(0, length, count)
        places = ((starts[:, None] + np.arange(block)) % length).ravel()[:length]
        found.append(statistic(rows[places]))
    return around(statistic(rows), float(np.nanstd(found)))
