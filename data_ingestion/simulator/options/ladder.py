"""Which strikes an expiry has: a ladder that grows with the range of the underlying's price and never shrinks.

Theory of operation
-------------------
Strikes lie in three bands around every session's opening price since the expiry was listed: a coarse and a medium one
from the first day on, a fine one from two months before expiry. The bands reach a number of standard deviations over
the time that is left when they begin, so they are wider for names that move more and for long expiries. Steps are
multiples of each other and set by the price on the first day. All this makes each day's ladder part of the next day's.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.classes import OptionClass

STEPS: Final = np.array([0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0])
"""Distances of strikes in dollars that exchanges use."""
_MILLS: Final = 1000
_SHORTEST_DAYS: Final = 7
_DAYS_PER_YEAR: Final = 365.0


class Band(NamedTuple):
    """Every so manyth strike, from so many days before expiry, as far as this in standard deviations."""

    multiple: int
    days_left: int
    down: float
    up: float


BANDS: Final = (Band(1, 60, 1.6, 1.3), Band(5, 370, 2.5, 1.5), Band(20, 10_000, 6.0, 3.0))
LOWEST: Final = 0.05
"""Share of the price below which nothing is listed."""


class Opens(NamedTuple):
    """Opening prices of one name in dollars, by session; the last session is the one of interest."""

    days: Ints
    """Proleptic ordinals of the sessions' dates, ascending."""
    prices: Floats

    def between(self, first: date, last: date) -> Floats:
        """Prices of the sessions from `first` to `last`, both included."""
        start = int(np.searchsorted(self.days, first.toordinal()))
        end = int(np.searchsorted(self.days, last.toordinal(), side="right"))
        return self.prices[start:end]


def step(options: OptionClass, price: float) -> float:
    """Distance of two strikes near the money, dollars.

    >>> from data_ingestion.simulator.options.classes import CLASSES
    >>> step(CLASSES[0], 230.0), step(CLASSES[-1], 6000.0)
    (2.5, 5.0)
    """
    widest = max(options.fineness * price, options.least_step)
    fitting = int(np.searchsorted(STEPS, widest, side="right"))
    return max(float(STEPS[max(fitting - 1, 0)]), options.least_step)


def strikes(options: OptionClass, expiry: date, first: date, last: date, opens: Opens) -> Floats:
    """Strikes of an expiry in dollars, ascending, that sessions from `first` (its listing) to `last` have brought."""
    known = opens.between(first, last)
    if not known.size:
        return np.empty(0)
    finest = step(options, float(known[0]))
    found = []
    for band in BANDS:
        begins = max(first, expiry - timedelta(days=band.days_left))
        prices = opens.between(begins, last)
        if prices.size:
            days = max((expiry - begins).days, _SHORTEST_DAYS)
            deviation = options.volatility * np.sqrt(days / _DAYS_PER_YEAR)
            low = prices.min() * max(np.exp(-band.down * deviation), LOWEST)
            high = prices.max() * np.exp(band.up * deviation)
            size = finest * band.multiple
            found.append(np.arange(max(1, np.floor(low / size)), np.ceil(high / size) + 1) * size)
    return np.unique(np.rint(np.concatenate(found) * _MILLS)) / _MILLS
