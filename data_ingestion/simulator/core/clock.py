"""When the simulated market is open, and how much of a session's activity has passed at a moment.

Theory of operation
-------------------
A market has its hours: `ALWAYS` (each UTC day is one session, without a gap between two) or `EXCHANGE` (regular US
sessions). Sessions are numbered from the first of 1990 on. Activity, in variance as in volume, is high at the open and
the close and low in between; `elapsed` is its integral, scaled so that a whole session has as much as it has seconds.
Both are closed forms of the time of day: event counts and shares of variance need no past.
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
OPENING, CLOSING = 1.1, 0.7
"""How far activity at the open and at the close lies above the middle of the session's."""
OPENING_SHARE, CLOSING_SHARE = 0.06, 0.08
"""Share of the session over which these decay by a factor e."""
_LEVEL: Final = (
    1
    + OPENING * OPENING_SHARE * -np.expm1(-1 / OPENING_SHARE)
    + (CLOSING * CLOSING_SHARE * -np.expm1(-1 / CLOSING_SHARE))
)


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
    known = sessions(hours, _year(moment) + 1)
    place = bisect_right(known, moment, key=lambda session: session.closes_at)
    return known[place]


def sessions_a_year(hours: Hours) -> int:
    """As volatilities per year count them."""
    return 365 if hours is Hours.ALWAYS else 252


def activity(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Activity at a share of the session between 0 and 1, relative to the session's mean."""
    raised = OPENING * np.exp(-share / OPENING_SHARE) + CLOSING * np.exp(-(1 - share) / CLOSING_SHARE)
    return np.asarray((1 + raised) / _LEVEL)


def elapsed(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the session's activity that lies before a share of its time."""
    opening = OPENING * OPENING_SHARE * -np.expm1(-share / OPENING_SHARE)
    closing = CLOSING * CLOSING_SHARE * (np.exp(-(1 - share) / CLOSING_SHARE) - np.exp(-1 / CLOSING_SHARE))
    return np.asarray((share + opening + closing) / _LEVEL)


@lru_cache(maxsize=8)
def minute_shares(count: int) -> NDArray[np.float64]:
    """Share of the activity of a session of `count` minutes in each of them."""
    shares = np.diff(elapsed(np.arange(count + 1) / count))
    shares.setflags(write=False)
    return shares


def _spans(hours: Hours, last: date) -> list[tuple[date, int, int]]:
    if hours is Hours.EXCHANGE:
        return [(found.day, found.opens_at, found.closes_at) for found in exchange.sessions(FIRST_DAY, last)]
    first = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp()) * MICROS
    days = (last - FIRST_DAY).days + 1
    return [(FIRST_DAY + timedelta(days=i), first + i * DAY_US, first + (i + 1) * DAY_US) for i in range(days)]


def _year(moment: int) -> int:
    return datetime.fromtimestamp(moment // MICROS, UTC).year
