"""Whom things happen to: the columns of a name that matter here."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.happenings.strengths import DAYS_A_YEAR
from data_ingestion.simulator.universe import UNIVERSE, Name

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FUNDS: Final = frozenset({"SPY", "QQQ", "SPX"})
"""Without earnings, filings, splits and news: what moves them is news on the market or on what they hold."""
INDICES: Final = frozenset({"SPX"})
"""Nobody holds these: they have a yield and no dividends."""
_DETAILED: Final = frozenset(name.symbol for name in UNIVERSE)
DETAILED_NEWS, GENERIC_NEWS = 2.0, 0.3
"""Articles a day that nothing else brought about."""


class Subject(NamedTuple):
    """One name."""

    symbol: str
    price: float
    """Dollars, on the anchor session."""
    own_volatility: float
    """Per year, of what neither market nor sector explains."""
    dividend_yield: float
    news_a_day: float

    @property
    def is_company(self) -> bool:
        """Whether it reports; funds and indices do not."""
        return self.symbol not in FUNDS

    @property
    def is_index(self) -> bool:
        """Whether nobody can hold it, so that it pays nothing itself."""
        return self.symbol in INDICES

    @property
    def usual_day(self) -> float:
        """Standard deviation of a usual day of its own part, log return."""
        return float(self.own_volatility / DAYS_A_YEAR**0.5)


def subject_of(name: Name) -> Subject:
    """The subject that a row of the universe is."""
    own = max(0.0, 1.0 - name.market_loading**2 - name.sector_loading**2) ** 0.5
    news = 0.0 if name.symbol in FUNDS else DETAILED_NEWS if name.symbol in _DETAILED else GENERIC_NEWS
    return Subject(name.symbol, name.price, name.volatility * own, name.dividend_yield, news)


def usual_days(subjects: Sequence[Subject]) -> Floats:
    """Usual day's deviation of each, (names,)."""
    return np.array([subject.usual_day for subject in subjects])


def companies(subjects: Sequence[Subject]) -> Ints:
    """Places of those that report."""
    return np.array([place for place, subject in enumerate(subjects) if subject.is_company], dtype=np.int64)
