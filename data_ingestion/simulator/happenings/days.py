"""Days as numbers since 1970-01-01, New York's clocks and the exchange's calendar, all as look-ups in arrays."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from contracts import sessions
from data_ingestion.simulator.happenings.subjects import Floats, Ints

FIRST, LAST = date(1985, 1, 1), date(2040, 12, 31)
EPOCH: Final = date(1970, 1, 1)
MINUTE_US: Final = 60_000_000
DAY_US: Final = 1440 * MINUTE_US
QUARTERS: Final = 4


def number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(numbered: int) -> date:
    """The date of a number."""
    return EPOCH + timedelta(days=numbered)


def year_of(moment: int) -> int:
    """Year, UTC, of µs since the epoch."""
    return datetime.fromtimestamp(moment // 1_000_000, UTC).year


def at_new_york(days: Ints, minutes: Floats | float) -> Ints:
    """Microseconds since the epoch at minutes after midnight of New York's clocks, on days whose clocks have not
    changed since midnight or after two o'clock; broadcasts.
    """
    local = np.asarray(days) * DAY_US + np.rint(np.asarray(minutes) * MINUTE_US).astype(np.int64)
    return np.asarray(local - _offsets()[np.asarray(days) - number(FIRST)])


def session_on_or_after(days: Ints) -> Ints:
    """The first day from each on at which the exchange is open."""
    known = _session_days()
    return known[np.searchsorted(known, days)]


def month_starts(first_year: int, last_year: int) -> Ints:
    """First day of each month, (months,)."""
    months = np.arange((last_year - first_year + 1) * 12) + (first_year - EPOCH.year) * 12
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def quarter_ends(first_year: int, last_year: int) -> Ints:
    """The day after the last of each quarter, (years, 4): a period ends as it begins."""
    months = np.arange((first_year - EPOCH.year) * 12 + 3, (last_year + 1 - EPOCH.year) * 12 + 3, 3)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64).reshape(-1, QUARTERS)


def weekday_on_or_after(days: Ints, weekday: int) -> Ints:
    """The first such weekday (0 is Monday) from each day on."""
    return days + (weekday - (days + 3)) % 7


@lru_cache(maxsize=1)
def _offsets() -> Ints:
    """New York's clocks less UTC at noon, µs, by day from `FIRST` on."""
    count = (LAST - FIRST).days + 1
    noon = time(12)
    utc = [sessions.instant(FIRST + timedelta(days=ahead), noon) for ahead in range(count)]
    local = (np.arange(count, dtype=np.int64) + number(FIRST)) * DAY_US + 12 * 60 * MINUTE_US
    return np.asarray(local - np.array(utc, dtype=np.int64))


@lru_cache(maxsize=1)
def _session_days() -> Ints:
    count = (LAST - FIRST).days + 1
    days = (FIRST + timedelta(days=ahead) for ahead in range(count))
    return np.array([number(day) for day in days if sessions.is_open(day)], dtype=np.int64)
