"""The rate curve, published once a session day: what options are discounted at.

Theory of operation
-------------------
The short end is the policy rate as last decided, half a step below the upper end of its target. The long end is `RATE`
and a premium for time, and moves with inflation as released over a year. Between them the instantaneous forward rate
goes from one to the other by the factor e in `PULL_YEARS`, so it is positive where both ends are. All of it was
public before the curve is.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.days import at_new_york, month_starts, session_on_or_after
from data_ingestion.simulator.happenings.macro import CPI, FOMC, INDICATORS, Macro, macro
from data_ingestion.simulator.happenings.subjects import Floats, Ints
from data_ingestion.simulator.universe import RATE

TENORS_DAYS: Final = (1, 7, 30, 91, 182, 365, 730, 1095)
PUBLISHED: Final = 8 * 60.0
"""Minutes after midnight in New York."""
BELOW_TARGET: Final = 0.125
"""Percentage points from the upper end of the target down to where money trades."""
TIME_PREMIUM: Final = 0.0025
"""Of the long end, per year."""
INFLATION: Final = 0.5
"""Rise of the long end with inflation above its mean."""
MONTHS: Final = 12
"""Releases over which inflation is averaged."""
PULL_YEARS: Final = 1.5
LEAST: Final = 0.0005
"""Lowest end of a curve, per year."""
DIGITS: Final = 6
"""Of published rates."""
_YEARS: Final[Floats] = np.array(TENORS_DAYS) / 365.0
_DAYS_PER_YEAR: Final = 365.0


class Curves(NamedTuple):
    """Curves in order of publication."""

    time_us: Ints
    """(days,)"""
    rates: Floats
    """(days, tenors), continuous, per year."""


@lru_cache(maxsize=8)
def curves(seed: int, first_year: int, last_year: int) -> Curves:
    """The curves of all session days of the first to the last year."""
    bounds = month_starts(first_year, last_year + 1)[[0, -12]]
    days = np.unique(session_on_or_after(np.arange(bounds[0], bounds[1])))
    times = at_new_york(days[days < bounds[1]], PUBLISHED)
    short, long = _ends(macro(seed, first_year - 2, last_year), times)
    weight = -np.expm1(-_YEARS / PULL_YEARS) / (_YEARS / PULL_YEARS)
    rates = np.round(long[:, None] + (short - long)[:, None] * weight, DIGITS)
    times.setflags(write=False)
    rates.setflags(write=False)
    return Curves(times, rates)


def known(table: Curves, moment: int) -> Floats:
    """The curve published last by a moment (µs), (tenors,)."""
    return np.asarray(table.rates[int(np.searchsorted(table.time_us, moment, side="right")) - 1])


def at(curve: Floats, years: Floats) -> Floats:
    """Rates for some times, between tenors in proportion, continuous, per year."""
    return np.asarray(np.interp(years * _DAYS_PER_YEAR, TENORS_DAYS, curve))


def _ends(released: Macro, times: Ints) -> tuple[Floats, Floats]:
    """Both ends of the curve at some moments."""
    decided, prices = released.indicator == FOMC, released.indicator == CPI
    target = released.actual[decided][np.searchsorted(released.time_us[decided], times) - 1]
    short = np.maximum(np.log1p((target - BELOW_TARGET) / 100), LEAST)
    total = np.concatenate([[0.0], np.cumsum(released.actual[prices])])
    place = np.searchsorted(released.time_us[prices], times)
    inflation = (total[place] - total[place - MONTHS]) / MONTHS - INDICATORS[CPI].mean
    return short, np.maximum(RATE + TIME_PREMIUM + INFLATION * inflation / 100, LEAST)
