"""Expiry cycles as US exchanges list them: weekly Fridays, monthly third Fridays, quarterly months.

A Friday on which the exchanges are closed moves to the Thursday before it (Good Friday; Independence Day, Juneteenth,
Christmas and New Year's Day when they are observed on a Friday: NYSE rule 7.2, which does not move New Year's Day to a
Friday of the old year). Daily expiries are not listed.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from contracts.instruments import MICROS, OptionContract

WEEKLY_COUNT: Final = 4
MONTHLY_COUNT: Final = 3
QUARTERLY_COUNT: Final = 2
SEARCH_WEEKS: Final = 40
"""Two quarterly expiries lie at most 27 weeks ahead."""
_FRIDAY: Final = 4
_FIXED_HOLIDAYS: Final = ((1, 1), (6, 19), (7, 4), (12, 25))


class Expiry(NamedTuple):
    """One expiry of one option root."""

    root: str
    day: date

    @property
    def expires_at(self) -> int:
        """Microseconds since the epoch; it depends on the root and the day alone."""
        return OptionContract(self.root, self.day, "C", 1.0).expires_at


def listed(symbol: str, moment: int) -> tuple[Expiry, ...]:
    """Expiries of an underlying that are listed at `moment` (µs) and lie after it, nearest first."""
    today = datetime.fromtimestamp(moment // MICROS, UTC).date()
    friday = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    fridays = [friday + timedelta(weeks=week) for week in range(SEARCH_WEEKS)]
    ahead = [day for day in fridays if _expiry(symbol, day).expires_at > moment]
    monthly = [day for day in ahead if _is_third(day)]
    quarterly = [day for day in monthly if day.month % 3 == 0]
    chosen = {*ahead[:WEEKLY_COUNT], *monthly[:MONTHLY_COUNT], *quarterly[:QUARTERLY_COUNT]}
    return tuple(_expiry(symbol, day) for day in sorted(chosen))


def _expiry(symbol: str, friday: date) -> Expiry:
    root = symbol
    if symbol == "SPX" and not _is_third(friday):
        root = "SPXW"
    return Expiry(root, friday - timedelta(days=1) if _is_closed(friday) else friday)


def _is_third(friday: date) -> bool:
    return 15 <= friday.day <= 21  # noqa: PLR2004 - the days that a third Friday can have


def _is_closed(friday: date) -> bool:
    if friday == easter(friday.year) - timedelta(days=2):
        return True
    saturday = friday + timedelta(days=1)
    return (friday.month, friday.day) in _FIXED_HOLIDAYS or (saturday.month, saturday.day) in _FIXED_HOLIDAYS[1:]


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by Oudin's form of the computus (1940).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    golden, century = year % 19, year // 100
    epact = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = epact - (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))
