"""Sessions of the US stock and option exchanges: which days are open, from when to when, and when options expire.

Holidays follow rules (NYSE rule 7.2), from 1990 on and into the future; what no rule foresees is a table. Half days end
at 13:00 in New York, since 1995 by rule. All instants are microseconds since the epoch, so daylight saving is settled
here and nowhere else.

Sources: NYSE, "Holidays & Trading Hours" and its notices of closures; Cboe, "Index option product specifications".
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
MICROS: Final = 1_000_000
OPEN, CLOSE, HALF_DAY_CLOSE = time(9, 30), time(16), time(13)
INDEX_EXTRA: Final = timedelta(minutes=15)
"""Options on broad indices trade on for a quarter of an hour, except on the day they expire."""
MONDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 2, 3, 4, 5, 6

UNPLANNED: Final = frozenset(
    {
        date(1994, 4, 27),  # funeral of President Nixon
        date(2001, 9, 11), date(2001, 9, 12), date(2001, 9, 13), date(2001, 9, 14),  # attacks on New York
        date(2004, 6, 11),  # funeral of President Reagan
        date(2007, 1, 2),  # funeral of President Ford
        date(2012, 10, 29), date(2012, 10, 30),  # hurricane Sandy
        date(2018, 12, 5),  # funeral of President G. H. W. Bush
        date(2025, 1, 9),  # funeral of President Carter
    }
)  # fmt: skip
UNPLANNED_HALF: Final = frozenset(
    {date(1996, 7, 5), date(1997, 12, 26), date(1999, 12, 31), date(2002, 7, 5), date(2003, 12, 26)}
)
HALF_BEFORE_A_THURSDAY: Final = 2013
"""From this year the eve of an Independence Day on a Thursday is a half day; before, the Friday after it was."""
KING_SINCE, JUNETEENTH_SINCE, HALF_DAYS_SINCE = 1998, 2022, 1995


class Session(NamedTuple):
    """One day's regular trading."""

    day: date
    opens_at: int
    closes_at: int
    is_half_day: bool


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


@lru_cache(maxsize=512)
def holidays(year: int) -> frozenset[date]:
    """Days of a year on which the exchanges are closed although it is not a weekend, by rule.

    >>> sorted(holidays(2026))[2]
    datetime.date(2026, 4, 3)
    """
    days = {
        _nth(year, 2, MONDAY, 3),
        easter(year) - timedelta(days=2),
        _nth(year, 6, MONDAY, 1) - timedelta(weeks=1),
        _observed(date(year, 7, 4)),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 11, THURSDAY, 4),
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:  # it is never observed in the old year
        days.add(_observed(new_year))
    if year >= KING_SINCE:
        days.add(_nth(year, 1, MONDAY, 3))
    if year >= JUNETEENTH_SINCE:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days)


def is_open(day: date) -> bool:
    """Whether the exchanges trade on a day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year) and day not in UNPLANNED


def is_half_day(day: date) -> bool:
    """Whether trading ends at 13:00 in New York.

    >>> is_half_day(date(2026, 11, 27))
    True
    """
    if not is_open(day) or day.year < HALF_DAYS_SINCE:
        return False
    if day in UNPLANNED_HALF or (day.month, day.day) == (12, 24):
        return True
    if (day.month, day.day) == (7, 3):
        return day.weekday() != WEDNESDAY or day.year >= HALF_BEFORE_A_THURSDAY
    return day == _nth(day.year, 11, THURSDAY, 4) + timedelta(days=1)


def session(day: date) -> Session | None:
    """The session of a day, if there is one."""
    if not is_open(day):
        return None
    half = is_half_day(day)
    return Session(day, instant(day, OPEN), instant(day, HALF_DAY_CLOSE if half else CLOSE), half)


def at_or_before(day: date) -> Session:
    """The session of a day, or of the last open day before it."""
    return next(found for back in range(15) if (found := session(day - timedelta(days=back))))


def sessions(first: date, last: date) -> Iterator[Session]:
    """All sessions from `first` to `last`, both included."""
    for ahead in range((last - first).days + 1):
        if found := session(first + timedelta(days=ahead)):
            yield found


@lru_cache(maxsize=4096)
def expires_at(expiry: date, *, morning_settled: bool) -> int:
    """When an option that names this day expires: at the close, or at the open if it is settled in the morning.

    Where the exchanges are closed on the day, as on the Saturdays that contracts named until 2015, it is the session
    before it.
    """
    last = at_or_before(expiry)
    return last.opens_at if morning_settled else last.closes_at


def trades_until(expiry: date, *, morning_settled: bool) -> int:
    """When such an option last trades: settled in the morning, at the end of the session before, with the extra
    quarter of an hour that index options have.
    """
    if not morning_settled:
        return expires_at(expiry, morning_settled=False)
    before = at_or_before(at_or_before(expiry).day - timedelta(days=1))
    return before.closes_at + int(INDEX_EXTRA.total_seconds()) * MICROS


def monthly_expiry(year: int, month: int) -> date:
    """The third Friday, or the session before it where the exchanges are closed.

    >>> monthly_expiry(2026, 6)
    datetime.date(2026, 6, 18)
    """
    return at_or_before(_nth(year, month, FRIDAY, 3)).day


def instant(day: date, clock: time) -> int:
    """What a clock in New York shows, as microseconds since the epoch."""
    return int(datetime.combine(day, clock, NEW_YORK).astimezone(UTC).timestamp()) * MICROS


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The first, second … such weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=count - 1)


def _observed(day: date) -> date:
    """Saturday's holidays are kept on Friday, Sunday's on Monday."""
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))
