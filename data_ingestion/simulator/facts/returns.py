"""The shape of returns: tails, skew, how both fade over longer horizons, jumps.

Panels are log returns (sessions, names); figures are means over the names, and sessions are resampled together.
"""

from typing import Final

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats, Interval, of_means, resampled

BLOCK: Final = 250
"""Sessions: a year, longer than most of volatility's memory."""
TAIL: Final = 0.025
"""Share of the returns that count as tail."""
LOCAL: Final = 63
"""Sessions before a return that say how large a usual one is."""


def excess_kurtosis(returns: Floats, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Zero for a normal law."""
    return of_means(_powers(returns), _kurtosis, block, random)


def clipped_kurtosis(returns: Floats, random: np.random.Generator, limit: float = 6.0, block: int = BLOCK) -> Interval:
    """Excess kurtosis of returns clipped at `limit` standard deviations: not ruled by one day."""
    scaled = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    return of_means(_powers(np.clip(scaled, -limit, limit)), _kurtosis, block, random)


def skewness(returns: Floats, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Negative where losses are larger than gains."""
    return of_means(_powers(returns), _skew, block, random)


def tail_index(returns: Floats, random: np.random.Generator, share: float = TAIL, block: int = BLOCK) -> Interval:
    """Hill's index of the absolute returns: the power of their decay; about three for stocks."""
    return resampled(returns, lambda rows: _hill(rows, share), block, random)


def gain_loss(returns: Floats, random: np.random.Generator, share: float = 0.01, block: int = BLOCK) -> Interval:
    """Size of the `share` quantile over that of its mirror image: above one where losses are larger."""

    def ratio(rows: Floats) -> float:
        low, middle, high = np.quantile(rows, [share, 0.5, 1 - share], axis=0)
        return float(((middle - low) / (high - middle)).mean())

    return resampled(returns, ratio, block, random)


def aggregated(returns: Floats, sessions: int) -> Floats:
    """Sums over consecutive spans of so many sessions, (spans, names)."""
    count = len(returns) // sessions
    return np.asarray(returns[: count * sessions].reshape(count, sessions, -1).sum(axis=1))


def jumps_a_year(
    returns: Floats, random: np.random.Generator, size: float = 5.0, sessions_a_year: int = 252, block: int = BLOCK
) -> Interval:
    """Moves of more than `size` times the root mean square of the LOCAL sessions before, per name and year."""
    total = np.cumsum(np.vstack([np.zeros((1, returns.shape[1])), returns**2]), axis=0)
    local = np.sqrt(np.maximum(total[LOCAL:-1] - total[: -LOCAL - 1], 0.0) / LOCAL)
    large = (np.abs(returns[LOCAL:]) > size * local) & (local > 0)
    yearly = large.astype(np.float64)[:, None, :] * sessions_a_year
    return of_means(yearly, lambda means: np.asarray(means[:, 0].mean(axis=-1)), block, random)


def _powers(returns: Floats) -> Floats:
    """Powers one to four of standardised returns, (sessions, 4, names)."""
    scaled = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    return np.stack([scaled, scaled**2, scaled**3, scaled**4], axis=1)


def _central(means: Floats) -> tuple[Floats, Floats, Floats]:
    """Second to fourth central moments."""
    one, two, three, four = (means[:, i] for i in range(4))
    return (
        two - one**2,
        three - 3 * one * two + 2 * one**3,
        four - 4 * one * three + 6 * one**2 * two - 3 * one**4,
    )


def _kurtosis(means: Floats) -> Floats:
    two, _, four = _central(means)
    return np.asarray((four / two**2 - 3).mean(axis=-1))


def _skew(means: Floats) -> Floats:
    two, three, _ = _central(means)
    return np.asarray((three / two**1.5).mean(axis=-1))


def _hill(rows: Floats, share: float) -> float:
    sizes = np.sort(np.abs(rows - np.median(rows, axis=0)), axis=0)[::-1]
    count = max(2, int(share * len(sizes)))
    return float((1 / np.log(sizes[:count] / sizes[count]).mean(axis=0)).mean())
