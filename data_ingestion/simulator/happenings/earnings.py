"""Earnings: when companies announce, how they surprise, and what prices do about it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order
from data_ingestion.simulator.happenings.company import books, character
from data_ingestion.simulator.happenings.days import at_new_york, quarter_ends, session_on_or_after
from data_ingestion.simulator.happenings.drawing import Use, random_of
from data_ingestion.simulator.happenings.strengths import (
    EARNINGS_CORRELATION,
    EARNINGS_DAYS,
    EARNINGS_FREEDOM,
)
from data_ingestion.simulator.happenings.subjects import Bools, Floats, Ints, Subject, companies, usual_days

BEFORE_OPEN, AFTER_CLOSE = 7 * 60.0, 16 * 60 + 5.0
"""Minutes after midnight in New York."""
MOST_DELAY: Final = 4
"""Days by which an announcement is later than the company's rule, at most."""
SURPRISE_EPS: Final = 0.06
"""Deviation of a surprise as a share of usual earnings: of revenue times the company's usual margin."""
SURPRISE_REVENUE: Final = 0.015
"""Deviation of a revenue surprise as a share of revenue."""
REVENUE_CORRELATION: Final = 0.6
"""Of the two surprises."""


class Earnings(NamedTuple):
    """Announcements in order of time, arrays (announcements,)."""

    time_us: Ints
    name: Ints
    """Place among the subjects."""
    period_end: Ints
    """Day number after the last day of the quarter."""
    is_early: Bools
    """Before the open, not after the close."""
    eps_actual: Floats
    eps_expected: Floats
    revenue_actual: Floats
    revenue_expected: Floats
    surprise: Floats
    """Standard deviations; positive is better than expected."""
    jump: Floats
    """Log return of the name at the announcement."""
    variance: Floats
    """Of the jump, known in advance: the lump in option prices that is gone afterwards."""
    next_us: Ints
    """When the next quarter is announced."""


class _Drawn(NamedTuple):
    surprise: Floats
    rest: Floats
    revenue: Floats
    delay: Ints


def earnings(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Earnings:
    """Announcements of the quarters that end in the first to the last year; the last quarter's comes in January."""
    places = companies(subjects)
    chosen = [subjects[place] for place in places]
    kept = books(seed, chosen, (first_year, last_year))
    one = character(seed, chosen)
    drawn = _draw(seed, chosen, first_year, last_year)
    times = _times(seed, chosen, first_year, last_year)
    count = kept.revenue.shape[1]
    spread = SURPRISE_EPS * kept.revenue * one.margin[:, None] / kept.shares
    deviation = np.sqrt(EARNINGS_DAYS) * usual_days(chosen)[:, None] * np.ones(count)
    left = np.sqrt(1 - EARNINGS_CORRELATION**2)
    ends = np.broadcast_to(quarter_ends(first_year, last_year).reshape(-1), kept.revenue.shape)
    table = Earnings(
        time_us=times[:, :-1],
        name=np.broadcast_to(places[:, None], kept.revenue.shape),
        period_end=ends,
        is_early=np.broadcast_to(one.is_early[:, None] > 0, kept.revenue.shape),
        eps_actual=np.round(kept.eps, 4),
        eps_expected=np.round(kept.eps - spread * drawn.surprise, 4),
        revenue_actual=kept.revenue,
        revenue_expected=np.rint(kept.revenue * (1 - SURPRISE_REVENUE * drawn.revenue)),
        surprise=drawn.surprise,
        jump=deviation * (EARNINGS_CORRELATION * drawn.surprise + left * drawn.rest),
        variance=deviation**2,
        next_us=times[:, 1:],
    )
    return in_order(table)


def _times(seed: int, chosen: Sequence[Subject], first_year: int, last_year: int) -> Ints:
    """When each quarter is announced, and the first of the year after: (companies, quarters + 1)."""
    one = character(seed, chosen)
    delay = _draw(seed, chosen, first_year, last_year + 1).delay
    ends = quarter_ends(first_year, last_year + 1).reshape(-1)
    days = session_on_or_after(ends + one.lag_days.astype(np.int64)[:, None] + delay)
    minutes = np.where(one.is_early > 0, BEFORE_OPEN, AFTER_CLOSE)
    return at_new_york(days, minutes[:, None])[:, : (last_year - first_year + 1) * 4 + 1]


def _draw(seed: int, chosen: Sequence[Subject], first_year: int, last_year: int) -> _Drawn:
    found: list[tuple[Floats, Floats]] = []
    for subject in chosen:
        for year in range(first_year, last_year + 1):
            random = random_of(seed, Use.EARNINGS, subject.symbol, year)
            heavy = random.standard_t(EARNINGS_FREEDOM, 4) * np.sqrt((EARNINGS_FREEDOM - 2) / EARNINGS_FREEDOM)
            found.append((random.standard_normal((3, 4)), heavy))
    shape = (len(chosen), (last_year - first_year + 1) * 4)
    surprise, other, late = np.array([one[0] for one in found]).reshape(-1, 3, 4).transpose(1, 0, 2).reshape(3, *shape)
    rest = np.array([one[1] for one in found]).reshape(shape)
    revenue = REVENUE_CORRELATION * surprise + np.sqrt(1 - REVENUE_CORRELATION**2) * other
    return _Drawn(surprise, rest, revenue, np.clip(np.rint(np.abs(2 * late)), 0, MOST_DELAY).astype(np.int64))
