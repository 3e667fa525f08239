"""When the simulated market is open, and how much of a session's activity has passed at a moment.

Theory of operation
-------------------
A market has its hours: `ALWAYS` (each UTC day is one session, without a gap between two) or `EXCHANGE` (regular US
sessions). Sessions are numbered from the first of 1990 on. Activity is high at the open and the close and low in
between; so is variance, which is higher still after the open and takes longer to calm. A `Pattern` says how, relative
to the mean over the session; `elapsed` is its integral, from nothing to one. Both are closed forms of the time of day:
event counts and shares of variance need no past.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts import sessions as exchange

MICROS: Final = 1_000_000
DAY_US: Final = 86_400 * MICROS
MINUTE_US: Final = 60 * MICROS
FIRST_DAY: Final = date(1990, 1, 2)


class Pattern(NamedTuple):
    """How something goes over a session."""

    opening: float
    """How far it lies at the open above the middle of the session, as a multiple of that."""
    opening_share: float
    """Share of the session over which this falls by a factor e."""
    closing: float
    closing_share: float

    @property
    def level(self) -> float:
        """Its mean over the session, as a multiple of the middle."""
        opening = self.opening * self.opening_share * -np.expm1(-1 / self.opening_share)
        closing = self.closing * self.closing_share * -np.expm1(-1 / self.closing_share)
        return float(1 + opening + closing)


ACTIVITY: Final = Pattern(2.4, 0.07, 2.4, 0.06)
"""Of events and volume: some 2.4 times the middle's in the first and the last half hour of a regular session."""
VARIANCE: Final = Pattern(7.0, 0.10, 1.8, 0.06)
"""Of variance: five to six times the middle's in the first half hour, twice in the last."""


class Hours(StrEnum):
    """When the market is open."""

    ALWAYS = "always"
    EXCHANGE = "exchange"


class Session(NamedTuple):
    """One session; times in microseconds since the epoch."""

    number: int
    day: date
    opens_at: int
    closes_at: int
    begun_s: int
    """Seconds of trading in all sessions before this one."""

    @property
    def minutes(self) -> int:
        """Whole minutes of trading."""
        return (self.closes_at - self.opens_at) // MINUTE_US


@lru_cache(maxsize=4)
def sessions(hours: Hours, through_year: int) -> tuple[Session, ...]:
    """All sessions from the first day of the world to the end of a year."""
    last = date(through_year, 12, 31)
    found, begun = [], 0
    for number, (day, opens_at, closes_at) in enumerate(_spans(hours, last)):
        found.append(Session(number, day, opens_at, closes_at, begun))
        begun += (closes_at - opens_at) // MICROS
    return tuple(found)


def session_at(hours: Hours, moment: int) -> Session:
    """The session that a moment (µs) lies in, or the next one."""
    known = sessions(hours, year_of(moment) + 1)
    place = bisect_right(known, moment, key=lambda session: session.closes_at)
    return known[place]


def sessions_a_year(hours: Hours) -> int:
    """As volatilities per year count them."""
    return 365 if hours is Hours.ALWAYS else 252


def activity(share: NDArray[np.float64], pattern: Pattern = ACTIVITY) -> NDArray[np.float64]:
    """Activity at a share of the session between 0 and 1, relative to the session's mean; or what the pattern is of."""
    raised = pattern.opening * np.exp(-share / pattern.opening_share)
    raised = raised + pattern.closing * np.exp(-(1 - share) / pattern.closing_share)
    return np.asarray((1 + raised) / pattern.level)


def elapsed(share: NDArray[np.float64], pattern: Pattern = ACTIVITY) -> NDArray[np.float64]:
    """Share of the session's activity, or of what the pattern is of, that lies before a share of its time."""
    opening = pattern.opening * pattern.opening_share * -np.expm1(-share / pattern.opening_share)
    fallen = np.exp(-(1 - share) / pattern.closing_share) - np.exp(-1 / pattern.closing_share)
    return np.asarray((share + opening + pattern.closing * pattern.closing_share * fallen) / pattern.level)


@lru_cache(maxsize=8)
def minute_shares(count: int, pattern: Pattern = ACTIVITY) -> NDArray[np.float64]:
    """Share of the activity of a session of `count` minutes in each of them, or of what the pattern is of."""
    shares = np.diff(elapsed(np.arange(count + 1) / count, pattern))
    shares.setflags(write=False)
    return shares


def year_of(moment: int) -> int:
    """The year, in UTC, of a moment (µs)."""
    return datetime.fromtimestamp(moment // MICROS, UTC).year


def _spans(hours: Hours, last: date) -> list[tuple[date, int, int]]:
    if hours is Hours.EXCHANGE:
        return [(found.day, found.opens_at, found.closes_at) for found in exchange.sessions(FIRST_DAY, last)]
    first = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp()) * MICROS
    days = (last - FIRST_DAY).days + 1
    return [(FIRST_DAY + timedelta(days=i), first + i * DAY_US, first + (i + 1) * DAY_US) for i in range(days)]
