"""Names together, days and nights, minutes of the day, and what options charge for variance."""

from typing import Final

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats, Interval, of_means, resampled

BLOCK: Final = 250
MONTH: Final = 22


def pairwise_correlation(returns: Floats, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Mean correlation over all pairs of names of a panel (sessions, names)."""
    return resampled(returns, mean_correlation, block, random)


def mean_correlation(returns: Floats) -> float:
    """Mean over all pairs of names: the sum of all correlations without the diagonal."""
    scaled = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    names = returns.shape[1]
    return float(((scaled.sum(axis=1) ** 2).mean() - names) / (names * (names - 1)))


def correlation_by_variance(
    returns: Floats, market: Floats, random: np.random.Generator, groups: int = 5, span: int = MONTH
) -> tuple[Interval, ...]:
    """Mean pairwise correlation in months ranked by the variance of the market (sessions,), calm ones first."""
    count = len(market) // span
    variance = (market[: count * span].reshape(count, span) ** 2).sum(axis=1)
    rank = np.argsort(np.argsort(variance)) * groups // count
    spans = returns[: count * span].reshape(count, span, -1)
    return tuple(
        resampled(spans[rank == group], lambda rows: mean_correlation(rows.reshape(-1, rows.shape[-1])), 1, random)
        for group in range(groups)
    )


def overnight_share(night: Floats, day: Floats, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Share of variance between a close and the next open, from log returns (sessions,) of nights and days."""
    squares = np.stack([night**2, day**2], axis=1)
    return of_means(squares, lambda means: np.asarray(means[:, 0] / means.sum(axis=1)), block, random)


def profile(values: Floats, bins: int) -> Floats:
    """Mean of values (sessions, minutes) in equal parts of the session, relative to the mean of all, (bins,)."""
    parts = [part.mean() for part in np.array_split(values, bins, axis=1)]
    return np.asarray(np.array(parts) / np.mean(parts))


def edges_over_middle(values: Floats, random: np.random.Generator, part: float = 1 / 13) -> tuple[Interval, Interval]:
    """Mean of values (sessions, minutes) in the first and in the last part of the day over that in the middle third.

    A part of 1/13 is half an hour of a regular session. U-shaped where both are above one.
    """
    minutes = values.shape[1]
    edge = max(1, round(part * minutes))
    middle = values[:, minutes // 3 : -(minutes // 3)].mean(axis=1)
    parts = np.stack([values[:, :edge].mean(axis=1), values[:, -edge:].mean(axis=1), middle], axis=1)
    first = of_means(parts, lambda means: np.asarray(means[:, 0] / means[:, 2]), 5, random)
    last = of_means(parts, lambda means: np.asarray(means[:, 1] / means[:, 2]), 5, random)
    return first, last


def variance_premium(
    implied: Floats, returns: Floats, random: np.random.Generator, span: int = 21, sessions_a_year: int = 252
) -> Interval:
    """Mean log of implied over later realised variance.

    `implied`: variance a year at the sessions' closes; `returns`: log returns of the same sessions, both (sessions,).
    """
    total = np.cumsum(np.concatenate([[0.0], returns**2]))
    later = (total[span + 1 :] - total[1:-span]) * sessions_a_year / span
    ratio = np.log(implied[: len(later)] / later)
    return of_means(ratio[:, None], lambda means: means[:, 0], 2 * span, random)


def elasticity(
    returns: Floats, changes: Floats, random: np.random.Generator, block: int = 21
) -> tuple[Interval, Interval]:
    """Slope and correlation of changes of log implied volatility on log returns of the spot, (moments,) each."""
    rows = np.stack([returns, changes, returns**2, changes**2, returns * changes], axis=1)

    def slope(means: Floats) -> Floats:
        return np.asarray((means[:, 4] - means[:, 0] * means[:, 1]) / (means[:, 2] - means[:, 0] ** 2))

    def correlation(means: Floats) -> Floats:
        spread = (means[:, 2] - means[:, 0] ** 2) * (means[:, 3] - means[:, 1] ** 2)
        return np.asarray((means[:, 4] - means[:, 0] * means[:, 1]) / np.sqrt(spread))

    return of_means(rows, slope, block, random), of_means(rows, correlation, block, random)
