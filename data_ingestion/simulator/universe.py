"""The names of the simulated market, as a table: adding a name is adding a row.

Price levels, volatilities and spreads are of a realistic size for each name; they are not anybody's data. SPX and SPY
load on the market factor alone, so they move as one: SPY is a tenth of SPX, as an ETF on the index should be.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CENTS: Final = 100
"""Prices of underlyings are whole cents; they are kept as integers until they enter an event."""
RATE: Final = 0.04
"""Continuous, per year, for all maturities."""
SECTORS: Final = ("technology", "consumer")


class Name(NamedTuple):
    """One underlying. `volatility` is its long-run level per year of 365 days, for this market never closes."""

    symbol: str
    price: float
    """Dollars, at the start of a run; also the middle of its strikes."""
    volatility: float
    market_loading: float
    """Correlation with the market factor."""
    sector: str
    sector_loading: float
    """What neither factor explains is the name's own: loadings squared add up to one with the idiosyncratic rest."""
    spread_ticks: int
    """Usual spread in cents; one more in an eighth of the time."""
    level_ticks: int
    """Cents between the levels of its book."""
    depth: int
    """Median shares (contracts, for the index) at the best level."""
    dividend_yield: float
    strike_step: float
    option_ticks: tuple[int, int]
    """Steps of its option prices in cents, below and from three dollars: the penny programme's classes, and SPX."""
    option_share: float
    """Relative share of the option quotes."""


UNIVERSE: Final = (
    Name("AAPL", 230.0, 0.26, 0.70, "technology", 0.35, 1, 1, 400, 0.0045, 2.5, (1, 5), 1.0),
    Name("MSFT", 430.0, 0.24, 0.72, "technology", 0.40, 3, 2, 200, 0.0075, 5.0, (1, 5), 0.8),
    Name("GOOGL", 175.0, 0.29, 0.66, "technology", 0.35, 1, 1, 300, 0.0045, 2.5, (1, 5), 0.7),
    Name("AMZN", 205.0, 0.31, 0.66, "consumer", 0.35, 1, 1, 300, 0.0, 2.5, (1, 5), 0.8),
    Name("TSLA", 340.0, 0.55, 0.52, "consumer", 0.45, 4, 2, 200, 0.0, 5.0, (1, 5), 1.5),
    Name("NVDA", 140.0, 0.48, 0.62, "technology", 0.50, 1, 1, 700, 0.0003, 2.5, (1, 5), 1.5),
    Name("META", 560.0, 0.33, 0.64, "technology", 0.35, 6, 3, 150, 0.0035, 10.0, (1, 5), 0.7),
    Name("SPY", 600.0, 0.16, 1.00, "technology", 0.00, 1, 1, 900, 0.0120, 5.0, (1, 1), 2.0),
    Name("QQQ", 510.0, 0.21, 0.93, "technology", 0.30, 1, 1, 600, 0.0060, 5.0, (1, 1), 1.5),
    Name("SPX", 6000.0, 0.16, 1.00, "technology", 0.00, 20, 10, 60, 0.0120, 25.0, (5, 10), 2.0),
)
SYMBOLS: Final = tuple(name.symbol for name in UNIVERSE)
COUNT: Final = len(UNIVERSE)


def column(field: str) -> Floats:
    """One numeric field of every name, shape (names,)."""
    return np.array([getattr(name, field) for name in UNIVERSE], dtype=np.float64)
