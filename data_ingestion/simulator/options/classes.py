"""How the options of each name are listed, quoted and held, as a table: adding a name is adding a row.

Levels are of a realistic size for each name; those of quotes are set by the recorded chains of SPX, SPY and QQQ that
the tests compare them with, the stocks' by the penny programme and by common experience. They are nobody's data.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from contracts.instruments import Style
from data_ingestion.simulator.options.arrays import Floats


class Kind(IntEnum):
    """Kinds of expiries, by what is held in them: the later ones hold more open interest."""

    DAILY = 0
    WEEKLY = 1
    MONTH_END = 2
    QUARTERLY = 3
    MONTHLY = 4
    LEAPS = 5


class Cycle(NamedTuple):
    """One series of expiries, each listed so many days ahead under this root; an empty root is the symbol."""

    kind: Kind
    days_ahead: int
    root: str = ""


class OptionClass(NamedTuple):
    """The options on one name."""

    symbol: str
    cycles: tuple[Cycle, ...]
    style: Style
    volatility: float
    """Per year, as a rule; strikes are listed so many standard deviations out."""
    fineness: float
    """Largest distance of two strikes near the money, as a share of the price."""
    least_step: float
    """Smallest distance of two strikes, dollars."""
    rho: float
    """Lean of the smile: correlation of return and volatility."""
    eta: float
    """Bend of the smile."""
    ticks: tuple[int, int]
    """Steps of a quote in cents, below and from three dollars."""
    width: tuple[float, float]
    """Spread of a quote in dollars: a constant, and what multiplies the root of its price."""
    deep_width: float
    """Spread added by each dollar in the money."""
    size: int
    """Median contracts of a quote up to five dollars."""
    interest: float
    """Median open interest at the money in a young weekly."""


_WEEKLIES: Final = (Cycle(Kind.WEEKLY, 42), Cycle(Kind.MONTHLY, 190))
_STOCK: Final = (*_WEEKLIES, Cycle(Kind.LEAPS, 920))
_FUND: Final = (Cycle(Kind.DAILY, 14), *_STOCK, Cycle(Kind.QUARTERLY, 370))
_INDEX: Final = (
    Cycle(Kind.DAILY, 30, "SPXW"),
    Cycle(Kind.WEEKLY, 56, "SPXW"),
    Cycle(Kind.MONTH_END, 190, "SPXW"),
    Cycle(Kind.QUARTERLY, 370, "SPXW"),
    Cycle(Kind.MONTHLY, 370, "SPX"),
    Cycle(Kind.LEAPS, 920, "SPX"),
)
_PENNY: Final = (1, 5)

CLASSES: Final = (
    OptionClass("AAPL", _STOCK, "american", 0.26, 0.012, 0.5, -0.40, 1.50, _PENNY, (0.015, 0.025), 0.006, 90, 500),
    OptionClass("MSFT", _STOCK, "american", 0.24, 0.012, 0.5, -0.42, 1.50, _PENNY, (0.030, 0.045), 0.008, 45, 260),
    OptionClass("GOOGL", _STOCK, "american", 0.29, 0.012, 0.5, -0.38, 1.50, _PENNY, (0.020, 0.030), 0.007, 60, 300),
    OptionClass("AMZN", _STOCK, "american", 0.31, 0.012, 0.5, -0.38, 1.50, _PENNY, (0.020, 0.030), 0.007, 70, 250),
    OptionClass("TSLA", _STOCK, "american", 0.55, 0.012, 0.5, -0.20, 1.70, _PENNY, (0.020, 0.030), 0.006, 80, 300),
    OptionClass("NVDA", _STOCK, "american", 0.48, 0.012, 0.5, -0.25, 1.65, _PENNY, (0.015, 0.020), 0.005, 120, 900),
    OptionClass("META", _STOCK, "american", 0.33, 0.012, 0.5, -0.36, 1.55, _PENNY, (0.040, 0.055), 0.008, 35, 200),
    OptionClass("SPY", _FUND, "american", 0.16, 0.0012, 1.0, -0.68, 1.30, (1, 1), (0.008, 0.012), 0.004, 250, 350),
    OptionClass("QQQ", _FUND, "american", 0.21, 0.0012, 1.0, -0.65, 1.30, (1, 1), (0.009, 0.014), 0.004, 180, 180),
    OptionClass("SPX", _INDEX, "european", 0.16, 0.0012, 5.0, -0.70, 1.30, (5, 10), (0.080, 0.100), 0.008, 750, 90),
)  # fmt: skip


def generic(symbol: str, volatility: float) -> OptionClass:
    """The options on a name of no special interest: monthly cycles, coarse strikes, wide quotes on nickels."""
    cycles = (Cycle(Kind.MONTHLY, 190),)
    return OptionClass(
        symbol, cycles, "american", volatility, 0.03, 1.0, -0.35, 1.55, (5, 10), (0.08, 0.10), 0.015, 15, 25.0
    )


def column(classes: tuple[OptionClass, ...], field: str) -> Floats:
    """One numeric field of every class, (names,) or (names, 2)."""
    return np.array([getattr(row, field) for row in classes], dtype=np.float64)
