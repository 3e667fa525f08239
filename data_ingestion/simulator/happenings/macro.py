"""Macro releases: by rule of the calendar, with consensus, vintages and a jump of the market.

| indicator | released | revised |
| --- | --- | --- |
| EMPLOYMENT, thousands of jobs | first Friday of the next month, 8:30 in New York | once, with the next release |
| CPI, percent a year | first session from the 11th of the next month on, 8:30 | never |
| FOMC, percent: the upper end of the target | eight Wednesdays a year, 14:00 | never |
| GDP, percent a quarter, annualised | last Thursday of the month after the quarter, 8:30 | twice, a month apart |
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order, joined, taken
from data_ingestion.simulator.happenings.days import (
    at_new_york,
    month_starts,
    session_on_or_after,
    weekday_on_or_after,
)
from data_ingestion.simulator.happenings.drawing import Use, normals, states
from data_ingestion.simulator.happenings.strengths import DAYS_A_YEAR, MARKET_VOLATILITY
from data_ingestion.simulator.happenings.subjects import Floats, Ints

WEDNESDAY, THURSDAY, FRIDAY = 2, 3, 4
MORNING, AFTERNOON = 8 * 60 + 30.0, 14 * 60.0
MEETINGS: Final = (1, 3, 5, 6, 7, 9, 11, 12)
"""Months of the rate decisions; each is on the Wednesday from the 16th on."""
MEETING_DAY, CPI_DAY = 15, 10
"""Days after the first of the month from which on these may fall."""
STEP: Final = 0.25
"""Of the policy rate, percentage points."""
_NUMBERS: Final = 3


class Indicator(NamedTuple):
    """One row of the table of indicators."""

    name: str
    unit: str
    mean: float
    spread: float
    """Of the true numbers."""
    surprise_spread: float
    """Of actual less consensus."""
    revision_spread: float
    vintages: int
    jump_days: float
    """Deviation of the market's jump, in usual days' deviations."""
    correlation: float
    """Of the jump with the surprise: its sign is what a number above consensus means for prices."""
    digits: int


INDICATORS: Final = (
    Indicator("EMPLOYMENT", "thousand_jobs", 150.0, 80.0, 60.0, 30.0, 2, 0.40, 0.30, 0),
    Indicator("CPI", "percent_yoy", 2.6, 0.8, 0.10, 0.0, 1, 0.50, -0.50, 1),
    Indicator("FOMC", "percent", 4.0, 0.5, 0.10, 0.0, 1, 0.60, -0.40, 2),
    Indicator("GDP", "percent_annualised", 2.2, 1.2, 0.50, 0.30, 3, 0.20, 0.30, 1),
)
EMPLOYMENT, CPI, FOMC, GDP = range(len(INDICATORS))


class Macro(NamedTuple):
    """Releases in order of time, arrays (releases,)."""

    time_us: Ints
    indicator: Ints
    """Place in `INDICATORS`."""
    period_end: Ints
    """Day number after the last day of the period; of the decision, its own."""
    revision: Ints
    actual: Floats
    consensus: Floats
    """NaN for revisions."""
    previous: Floats
    surprise: Floats
    """Standard deviations; zero for revisions."""
    jump: Floats
    """Log return of the market factor; zero for revisions."""
    variance: Floats
    """Of the jump, known in advance."""


def macro(seed: int, first_year: int, last_year: int) -> Macro:
    """Releases on the periods that end in the first to the last year."""
    parts = [_releases(seed, place, first_year, last_year) for place in range(len(INDICATORS))]
    return joined(parts)


def schedule(place: int, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """Periods' ends (periods,) and release times of every vintage, (periods, vintages)."""
    months = month_starts(first_year, last_year + 2)
    count = (last_year - first_year + 1) * 12
    starts = months[1 : count + 1]
    if place == FOMC:
        held = months[:count].reshape(-1, 12)[:, [month - 1 for month in MEETINGS]].reshape(-1)
        days = weekday_on_or_after(held + MEETING_DAY, WEDNESDAY)
        return days, at_new_york(days, AFTERNOON)[:, None]
    if place == CPI:
        return starts, at_new_york(session_on_or_after(starts + CPI_DAY), MORNING)[:, None]
    if place == EMPLOYMENT:
        fridays = weekday_on_or_after(months[1 : count + 2], FRIDAY)
        return starts, at_new_york(np.stack([fridays[:-1], fridays[1:]], axis=1), MORNING)
    quarters = np.arange(3, count + 1, 3)
    month_ends = months[quarters[:, None] + np.arange(1, 4)]
    thursdays = weekday_on_or_after(month_ends - 7, THURSDAY)
    return months[quarters], at_new_york(thursdays, MORNING)


def _releases(seed: int, place: int, first_year: int, last_year: int) -> Macro:
    row = INDICATORS[place]
    # One year more on the left: the first number of a year has one before it.
    ends, times = schedule(place, first_year - 1, last_year)
    a_year = len(ends) // (last_year - first_year + 2)
    drawn = normals(seed, Use.MACRO, [row.name], (first_year - 1, last_year), (_NUMBERS + row.vintages - 1, 12))[0]
    numbers = drawn[:, :, :a_year].transpose(1, 0, 2).reshape(drawn.shape[1], -1)
    state = np.repeat(states(seed, [row.name], (first_year - 1, last_year))[0], 3)
    state = state[_months(place, len(state))]
    truth = row.mean + row.spread * (0.95 * state + np.sqrt(1 - 0.95**2) * numbers[0])
    vintages = _rounded(place, truth[:, None] + row.revision_spread * _revisions(numbers[_NUMBERS:]))
    surprise, rest = numbers[1], numbers[2]
    consensus = np.round(vintages[:, 0] - row.surprise_spread * surprise, row.digits + 1)
    deviation = row.jump_days * MARKET_VOLATILITY / np.sqrt(DAYS_A_YEAR)
    jump = deviation * (row.correlation * surprise + np.sqrt(1 - row.correlation**2) * rest)
    previous = np.concatenate([_before(vintages, ends, times)[:, None], vintages[:, :-1]], axis=1)
    only_first = np.arange(row.vintages) == 0
    wide = (len(ends), row.vintages)
    table = Macro(
        times,
        np.full(wide, place),
        np.broadcast_to(ends[:, None], wide),
        np.broadcast_to(np.arange(row.vintages), wide),
        vintages,
        np.where(only_first, consensus[:, None], np.nan),
        previous,
        np.where(only_first, surprise[:, None], 0.0),
        np.where(only_first, jump[:, None], 0.0),
        np.broadcast_to(np.where(only_first, deviation**2, 0.0), wide),
    )
    return in_order(taken(table, slice(a_year, None)))


def _months(place: int, count: int) -> Ints:
    """Which months' states an indicator shows."""
    months = np.arange(count)
    if place == FOMC:
        return months[np.isin(months % 12 + 1, MEETINGS)]
    return months[2::3] if place == GDP else months


def _revisions(shocks: Floats) -> Floats:
    """Distance of each vintage from the truth, in deviations: (periods, vintages); the last one has none."""
    none = np.zeros((1, shocks.shape[1]))
    return np.asarray(np.cumsum(np.concatenate([none, shocks[::-1]]), axis=0)[::-1].T)


def _rounded(place: int, values: Floats) -> Floats:
    if place == FOMC:
        return np.asarray(np.maximum(0.0, np.rint(values / STEP) * STEP))
    return np.asarray(np.round(values, INDICATORS[place].digits))


def _before(vintages: Floats, ends: Ints, times: Ints) -> Floats:
    """The number of the period before, by the vintage known when this one is first released."""
    known = (times[:-1] <= times[1:, :1]).sum(axis=1) - 1
    before = vintages[np.arange(len(ends) - 1), known]
    return np.concatenate([vintages[:1, 0], before])
