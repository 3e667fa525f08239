"""What the past says of the present: autocorrelation and its decay, leverage, long memory, spread of variance."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import polygamma

from data_ingestion.simulator.facts.intervals import Floats, Interval, around, of_means

BLOCK: Final = 250
"""Rows resampled together."""
MONTH: Final = 22
"""Sessions over which variance is measured."""
FRACTION: Final = 0.65
"""Local Whittle uses the lowest T^FRACTION frequencies."""


def correlation(first: Floats, later: Floats, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Correlation of two like panels (rows, names) along the rows, the mean over the names."""
    return of_means(_products(first, later), _correlation, block, random)


def lagged(first: Floats, later: Floats, lag: int, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Correlation of `first` with `later` so many rows on: autocorrelation, or leverage (returns, sizes)."""
    return correlation(first[: len(first) - lag], later[lag:], random, block)


def autocorrelation(panel: Floats, lag: int, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Of the columns of a panel."""
    return lagged(panel, panel, lag, random, block)


def leverage(returns: Floats, lag: int, random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Correlation of a return with the size of a later one: negative where falls bring variance."""
    return lagged(returns, np.abs(returns), lag, random, block)


def decay(panel: Floats, lags: Sequence[int], random: np.random.Generator, block: int = BLOCK) -> Interval:
    """Exponent β of an autocorrelation that falls as lag^−β: minus its slope on double logarithmic paper."""
    last = max(lags)
    rows = len(panel) - last
    pairs = np.concatenate([_products(panel[:rows], panel[lag : lag + rows]) for lag in lags], axis=1)
    place = np.log(np.array(lags, dtype=np.float64))
    place -= place.mean()

    def slope(means: Floats) -> Floats:
        each = [_correlation(means[:, 5 * i : 5 * i + 5]) for i in range(len(lags))]
        heights = np.log(np.maximum(np.stack(each, axis=-1), 1e-4))
        return np.asarray(-(heights * place).sum(axis=-1) / (place**2).sum())

    return of_means(pairs, slope, block, random)


def long_memory(series: Floats, fraction: float = FRACTION) -> Interval:
    """Memory d of one series (rows,) by local Whittle: 0 for none, up to ½ for stationary long memory.

    Its standard error is ½ over the root of the number of frequencies (Robinson 1995).
    """
    rows = len(series)
    count = int(rows**fraction)
    power = np.abs(np.fft.rfft(series - series.mean())[1 : count + 1]) ** 2
    waves = np.log(np.arange(1, count + 1))

    def objective(memory: float) -> float:
        return float(np.log((power * np.exp(2 * memory * waves)).mean()) - 2 * memory * waves.mean())

    found = minimize_scalar(objective, bounds=(-0.49, 0.99), method="bounded")
    return around(float(found.x), 0.5 / np.sqrt(count))


def log_variances(returns: Floats, span: int = MONTH) -> Floats:
    """Log of the mean squared return of consecutive spans, (spans, names); a name without a move is left undefined."""
    count = len(returns) // span
    squares = (returns[: count * span].reshape(count, span, -1) ** 2).mean(axis=1)
    return np.log(np.where(squares > 0, squares, np.nan))


def variance_spread(returns: Floats, random: np.random.Generator, span: int = MONTH) -> Interval:
    """Standard deviation of log variance over spans, less what a normal sample of that length adds by chance."""
    return _spread(log_variances(returns, span), float(polygamma(1, span / 2)), random)


def variance_change(returns: Floats, random: np.random.Generator, span: int = MONTH) -> Interval:
    """Volatility of volatility: that of the change of log variance from one span to the next."""
    return _spread(np.diff(log_variances(returns, span), axis=0), 2 * float(polygamma(1, span / 2)), random)


def _spread(panel: Floats, chance: float, random: np.random.Generator) -> Interval:
    complete = panel[:, np.isfinite(panel).all(axis=0)]

    def deviation(means: Floats) -> Floats:
        variance = means[:, 1] - means[:, 0] ** 2 - chance
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)).mean(axis=-1))

    return of_means(np.stack([complete, complete**2], axis=1), deviation, 12, random)


def _products(first: Floats, later: Floats) -> Floats:
    """Values, squares and products, (rows, 5, names), around the mean for the sake of rounding."""
    one, two = first - first.mean(axis=0), later - later.mean(axis=0)
    return np.stack([one, two, one**2, two**2, one * two], axis=1)


def _correlation(means: Floats) -> Floats:
    one, two, one_square, two_square, product = (means[:, i] for i in range(5))
    scale = np.sqrt((one_square - one**2) * (two_square - two**2))
    return np.asarray(((product - one * two) / scale).mean(axis=-1))
