"""Expiry cycles as US exchanges list them: daily, weekly, month-end, quarterly, monthly and LEAPS.

Every expiry is listed a fixed time ahead, so what is listed on a day depends on the day alone. An expiry that belongs
to two cycles of one root, as a third Friday belongs to the weekly and the monthly one, is listed with the earlier.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from contracts import sessions
from contracts.instruments import OptionContract
from data_ingestion.simulator.options.classes import Kind, OptionClass

_JANUARY, _QUARTER, _MONTHS = 1, 3, 12


class Expiry(NamedTuple):
    """One expiry of one root."""

    root: str
    day: date
    kind: Kind
    listed_on: date
    """First day on which it is listed."""

    @property
    def expires_at(self) -> int:
        """Microseconds since the epoch: the close of the day, the open where the root settles in the morning."""
        return OptionContract(self.root, self.day, "C", 1.0).expires_at


def listed(options: OptionClass, day: date) -> tuple[Expiry, ...]:
    """Expiries listed on a day, nearest first. Those of the day itself are there until their instant has come."""
    found: dict[tuple[date, str], Expiry] = {}
    for cycle in options.cycles:
        ahead = timedelta(days=cycle.days_ahead)
        root = cycle.root or options.symbol
        for year in range(day.year, (day + ahead).year + 1):
            for expiry in _days(cycle.kind, year):
                if day <= expiry <= day + ahead:
                    candidate = Expiry(root, expiry, cycle.kind, expiry - ahead)
                    known = found.get((expiry, root), candidate)
                    found[expiry, root] = candidate if candidate.listed_on < known.listed_on else known
    return tuple(found[key] for key in sorted(found))


@lru_cache(maxsize=256)
def _days(kind: Kind, year: int) -> tuple[date, ...]:
    """All expiries of a kind in a year."""
    return tuple(sorted({day for day in _RULES[kind](year) if day.year == year}))


def _daily(year: int) -> list[date]:
    return [found.day for found in sessions.sessions(date(year, 1, 1), date(year, 12, 31))]


def _weekly(year: int) -> list[date]:
    first = date(year, 1, 1)
    friday = first + timedelta(days=(sessions.FRIDAY - first.weekday()) % 7)
    return [sessions.at_or_before(friday + timedelta(weeks=week)).day for week in range(53)]


def _month_ends(year: int, every: int = 1) -> list[date]:
    next_months = [date(year + month // _MONTHS, month % _MONTHS + 1, 1) for month in range(every, _MONTHS + 1, every)]
    return [sessions.at_or_before(first - timedelta(days=1)).day for first in next_months]


def _monthly(year: int) -> list[date]:
    return [sessions.monthly_expiry(year, month) for month in range(1, _MONTHS + 1)]


def _quarter_ends(year: int) -> list[date]:
    return _month_ends(year, _QUARTER)


def _januaries(year: int) -> list[date]:
    return [sessions.monthly_expiry(year, _JANUARY)]


_RULES: Final[dict[Kind, Callable[[int], list[date]]]] = {
    Kind.DAILY: _daily,
    Kind.WEEKLY: _weekly,
    Kind.MONTH_END: _month_ends,
    Kind.QUARTERLY: _quarter_ends,
    Kind.MONTHLY: _monthly,
    Kind.LEAPS: _januaries,
}
