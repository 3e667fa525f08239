"""The rate curve, published once a session day: flat at the rate that option prices are made with."""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.days import at_new_york, month_starts, session_on_or_after
from data_ingestion.simulator.happenings.subjects import Floats, Ints
from data_ingestion.simulator.universe import RATE

TENORS_DAYS: Final = (1, 7, 30, 91, 182, 365, 730, 1095)
PUBLISHED: Final = 8 * 60.0
"""Minutes after midnight in New York."""


class Curves(NamedTuple):
    """Curves in order of publication."""

    time_us: Ints
    """(days,)"""
    rates: Floats
    """(days, tenors), continuous, per year."""


def curves(first_year: int, last_year: int) -> Curves:
    """The curves of all session days of the first to the last year.

    Constant and flat, because options are priced with one rate: a curve that moved would contradict them.
    """
    bounds = month_starts(first_year, last_year + 1)[[0, -12]]
    days = np.unique(session_on_or_after(np.arange(bounds[0], bounds[1])))
    days = days[days < bounds[1]]
    return Curves(at_new_york(days, PUBLISHED), np.full((len(days), len(TENORS_DAYS)), RATE))
