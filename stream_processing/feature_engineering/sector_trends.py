"""Trends of names, their sectors and what the market leaves of them, over a panel of daily closes.

Theory of operation
-------------------
Returns are logs of closes, (days, names), adjusted for splits and dividends by the caller. A sector's return, and the
market's, is the mean over the other names of it that have one that day: a name does not explain itself, and one alone
in its sector has none. The residual is what is left of a return by the ordinary regression on the market's over the
window, without its constant, which is the trend looked for (D. Blitz, J. Huij and M. Martens, "Residual momentum",
Journal of Empirical Finance 18, 2011); the last month is left out of its momentum, for short runs reverse.

Every window is summed anew, day by day in the same order: no running sum, so that the last rows of a panel alone give
the bits of the whole one, and a row never depends on those after it. A window with a missing return has no value.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_processing.feature_engineering.features import Feature, Horizon

Floats = NDArray[np.float64]
WINDOWS: Final = (20, 60, 250)
"""Days."""
LONGEST, LATEST = WINDOWS[-1], WINDOWS[0]
"""Days of the regression, and those at its end that residual momentum leaves out."""
ROWS_NEEDED: Final = LONGEST + 1
"""Closes that the last row needs."""
_SLOW: Final[tuple[Horizon, ...]] = ("medium", "long")


class _Sums(NamedTuple):
    """Sums over a window, (days, names): of market returns x and own returns y."""

    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats


def sector_trends(closes: Floats, sectors: Sequence[str]) -> dict[str, Floats]:
    """The values of `SECTOR_TRENDS`, each (days, names). `closes`: the same, in order of time, NaN where missing."""
    returns = _returns(np.asarray(closes, dtype=np.float64))
    sector, market = of_others(returns, sectors), of_others(returns, [""] * len(sectors))
    values: dict[str, Floats] = {}
    for days in WINDOWS:
        values[f"momentum_{days}d"] = own = windowed(returns, days)
        values[f"sector_momentum_{days}d"] = whole = windowed(sector, days)
        values[f"relative_momentum_{days}d"] = own - whole
    return values | _against(market, returns)


def of_others(returns: Floats, groups: Sequence[str]) -> Floats:
    """Mean return of the other names of each name's group, (days, names); NaN on days on which none has one."""
    known = np.isfinite(returns)
    amounts, counts = np.where(known, returns, 0.0), known.astype(np.float64)
    places = {group: [at for at, other in enumerate(groups) if other == group] for group in groups}
    totals = {group: _added(amounts, names) for group, names in places.items()}
    numbers = {group: _added(counts, names) for group, names in places.items()}
    found = np.full(returns.shape, np.nan)
    for at, group in enumerate(groups):
        number = numbers[group] - counts[:, at]
        mean = (totals[group] - amounts[:, at]) / np.maximum(number, 1.0)
        found[:, at] = np.where(number > 0.0, mean, np.nan)
    return found


def windowed(values: Floats, days: int, skipped: int = 0) -> Floats:
    """Sums over the last `days` rows without the last `skipped` of them, (days, names)."""
    total = np.full(values.shape, np.nan)
    if len(values) < days:
        return total
    total[days - 1 :] = 0.0
    for back in range(skipped, days):
        total[days - 1 :] += values[days - 1 - back : len(values) - back]
    return total


def _returns(closes: Floats) -> Floats:
    """Log returns, of the same shape; none on the first day, and none without two closes above zero."""
    logs = np.log(np.where((closes > 0.0) & np.isfinite(closes), closes, np.nan))
    return np.concatenate([np.full((min(1, len(logs)), logs.shape[1]), np.nan), np.diff(logs, axis=0)])


def _added(values: Floats, names: Sequence[int]) -> Floats:
    """Sum over names in their order, (days,): name by name, so that no shape changes the order of the additions."""
    total = np.zeros(len(values))
    for name in names:
        total = total + values[:, name]
    return total


def _against(market: Floats, returns: Floats) -> dict[str, Floats]:
    """Beta, residual volatility and residual momentum by the regression of returns on the market's."""
    pairs = (market, returns, market * market, market * returns, returns * returns)
    whole = _Sums(*(windowed(values, LONGEST) for values in pairs))
    centred = whole.xx - whole.x * whole.x / LONGEST
    moved = centred > 1e-12 * whole.xx
    beta = np.where(moved, (whole.xy - whole.x * whole.y / LONGEST) / np.where(moved, centred, 1.0), np.nan)
    spread = whole.yy - whole.y * whole.y / LONGEST - beta * beta * centred
    varied = spread > 1e-12 * whole.yy
    deviation = np.sqrt(np.where(varied, spread, np.nan) / (LONGEST - 2))
    count = LONGEST - LATEST
    left = windowed(returns, LONGEST, LATEST) - beta * windowed(market, LONGEST, LATEST)
    return {
        "market_beta_250d": beta,
        "residual_volatility_250d": deviation * np.sqrt(252.0),
        "residual_momentum_250d": left / (deviation * np.sqrt(count)),
    }


def _feature(name: str, meaning: str, unit: str, days: int) -> Feature:
    return Feature(name, meaning, unit, f"{days} days", days, "BarClosed, 1 day", _SLOW)


SECTOR_TRENDS: Final[tuple[Feature, ...]] = (
    *(
        feature
        for days in WINDOWS
        for feature in (
            _feature(f"momentum_{days}d", "Log return of the name.", "log return", days),
            _feature(
                f"sector_momentum_{days}d", "Mean log return of the other names of its sector.", "log return", days
            ),
            _feature(f"relative_momentum_{days}d", "Log return less that of its sector.", "log return", days),
        )
    ),
    _feature("market_beta_250d", "Slope of the name's returns on the mean of all others'.", "1", LONGEST),
    _feature("residual_volatility_250d", "Deviation of what that regression leaves.", "per year", LONGEST),
    _feature(
        "residual_momentum_250d",
        f"Returns less beta times the market's, without the last {LATEST} days, in deviations of their sum.",
        "standard deviations",
        LONGEST,
    ),
)
NAMES: Final = tuple(feature.name for feature in SECTOR_TRENDS)
