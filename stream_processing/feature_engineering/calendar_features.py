"""What the clock and the diary say: pure functions of times and of dates known at those times.

All times are microseconds since the epoch. Sessions, phases and weekdays are those of New York. A time outside the
years that the calendar knows has no features.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts import sessions
from stream_processing.feature_engineering.features import Feature, Horizon, present

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

MICROS_PER_MINUTE: Final = 60 * sessions.MICROS
MICROS_PER_HOUR: Final = 60 * MICROS_PER_MINUTE
MICROS_PER_DAY: Final = 86_400 * sessions.MICROS
EDGE: Final = 30 * MICROS_PER_MINUTE
"""How long a session's opening and closing phases last."""
EARLY: Final = time(4)
LATE_MICROS: Final = 4 * 60 * MICROS_PER_MINUTE
"""The exchanges' extended hours begin at 4:00 and end four hours after the close, on half days as well."""
FIRST: Final = sessions.instant(date(1990, 1, 2), time())
END: Final = sessions.instant(date(2100, 1, 1), time())
YEAR_DAYS: Final = 365.2425
_EPOCH: Final = date(1970, 1, 1)


class Phase(IntEnum):
    """Where in its trading day a moment lies."""

    CLOSED = 0
    BEFORE = 1
    """Extended hours before the session."""
    OPENING = 2
    """The session's first half hour."""
    MIDDLE = 3
    CLOSING = 4
    """The session's last half hour."""
    AFTER = 5
    """Extended hours after the session."""


class Diary(NamedTuple):
    """Dates that were known. All arrays are sorted."""

    announced_at: Times
    """When a company announced its results, shape (announcements,)."""
    next_at: Times
    """When each announcement said that the next would be, shape (announcements,)."""
    released_at: Times
    """When macro numbers are released, past and to come, shape (releases,): their agencies publish it a year ahead."""


class _Moments(NamedTuple):
    """Times and what is so on their days; where there is no session its times are 0, long past. Arrays (times,)."""

    at: Times
    early_at: Times
    opens_at: Times
    closes_at: Times
    late_at: Times
    weekday: Times
    day_of_year: Times
    sessions_left: Times
    expiry_at: Times
    """The month's expiry."""
    later_expiry_at: Times
    """The one of the month after."""

    def in_session(self, values: Floats) -> Floats:
        """The values of moments in a session, NaN elsewhere."""
        return np.where((self.at >= self.opens_at) & (self.at < self.closes_at), values, np.nan)


@lru_cache(maxsize=16_384)
def _facts(day: date) -> tuple[int, ...]:
    """The fields of `_Moments` after the time."""
    early_at = opens_at = closes_at = late_at = 0
    if session := sessions.session(day):
        early_at, opens_at, closes_at = sessions.instant(day, EARLY), session.opens_at, session.closes_at
        late_at = closes_at + LATE_MICROS
    next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    expiries = (sessions.monthly_expiry(month.year, month.month) for month in (day, next_month))
    return (
        early_at,
        opens_at,
        closes_at,
        late_at,
        day.weekday(),
        day.timetuple().tm_yday,
        sum(1 for _ in sessions.sessions(day + timedelta(days=1), next_month - timedelta(days=1))),
        *(sessions.expires_at(expiry, morning_settled=False) for expiry in expiries),
    )


def _moments(at: Times) -> _Moments:
    """Days are New York's: before its midnight it is still the day before the one in UTC."""
    utc_days, places = np.unique(at // MICROS_PER_DAY, return_inverse=True)
    dates = [_EPOCH + timedelta(days=int(day)) for day in utc_days]
    midnights = np.array([sessions.instant(day, time()) for day in dates], dtype=np.int64)
    facts = [_facts(day) for before in dates for day in (before - timedelta(days=1), before)]
    table = np.array(facts, dtype=np.int64).reshape(-1, len(_Moments._fields) - 1)
    return _Moments(at, *table[2 * places + (at >= midnights[places])].T)


def _minute(moments: _Moments, _: Diary) -> Floats:
    minutes = (moments.at - moments.opens_at) // MICROS_PER_MINUTE
    return moments.in_session(minutes.astype(np.float64))


def _elapsed(moments: _Moments, _: Diary) -> Floats:
    length = np.maximum(moments.closes_at - moments.opens_at, 1)
    return moments.in_session((moments.at - moments.opens_at) / length)


def _phase(moments: _Moments, _: Diary) -> Floats:
    begins = (
        (moments.early_at, Phase.BEFORE),
        (moments.opens_at, Phase.OPENING),
        (moments.opens_at + EDGE, Phase.MIDDLE),
        (moments.closes_at - EDGE, Phase.CLOSING),
        (moments.closes_at, Phase.AFTER),
        (moments.late_at, Phase.CLOSED),
    )
    phase = np.full(moments.at.shape, float(Phase.CLOSED))
    for begin, name in begins:
        phase[moments.at >= begin] = float(name)
    return phase


def _day_of_week(moments: _Moments, _: Diary) -> Floats:
    return moments.weekday.astype(np.float64)


def _sessions_left(moments: _Moments, _: Diary) -> Floats:
    return moments.sessions_left.astype(np.float64)


def _year_angle(moments: _Moments) -> Floats:
    return (moments.day_of_year - 1).astype(np.float64) * (2.0 * np.pi / YEAR_DAYS)


def _year_sine(moments: _Moments, _: Diary) -> Floats:
    return np.sin(_year_angle(moments))


def _year_cosine(moments: _Moments, _: Diary) -> Floats:
    return np.cos(_year_angle(moments))


def _to_expiry(moments: _Moments, _: Diary) -> Floats:
    following = np.where(moments.at < moments.expiry_at, moments.expiry_at, moments.later_expiry_at)
    return (following - moments.at) / MICROS_PER_DAY


def _to_earnings(moments: _Moments, diary: Diary) -> Floats:
    """By what the last announcement said; it may have passed without one."""
    following = np.concatenate([[0], diary.next_at])[np.searchsorted(diary.announced_at, moments.at, side="right")]
    return np.where(following > moments.at, (following - moments.at) / MICROS_PER_DAY, np.nan)


def _since_earnings(moments: _Moments, diary: Diary) -> Floats:
    return _since(moments.at, diary.announced_at)


def _to_release(moments: _Moments, diary: Diary) -> Floats:
    past = np.searchsorted(diary.released_at, moments.at, side="right")
    following = np.concatenate([diary.released_at, [0]])[past]
    return np.where(following > moments.at, (following - moments.at) / MICROS_PER_DAY, np.nan)


def _since_release(moments: _Moments, diary: Diary) -> Floats:
    return _since(moments.at, diary.released_at)


def _since(at: Times, dates: Times) -> Floats:
    past = np.searchsorted(dates, at, side="right")
    last = np.concatenate([[0], dates])[past]
    return np.where(past > 0, (at - last) / MICROS_PER_DAY, np.nan)


_FAST: Final[tuple[Horizon, ...]] = ("short", "medium")
_SLOW: Final[tuple[Horizon, ...]] = ("medium", "long")
_CLOCK, _EARNINGS, _MACRO = "exchange calendar", "EarningsAnnounced", "release calendar"
_TABLE: Final[tuple[tuple[Feature, Callable[[_Moments, Diary], Floats]], ...]] = (
    (Feature("session_minute", "Whole minutes since the open", "minutes", "the time", 0, _CLOCK, _FAST), _minute),
    (Feature("session_elapsed", "Share of the session that is over", "1", "the time", 0, _CLOCK, _FAST), _elapsed),
    (
        Feature(
            "session_phase",
            "0 closed, 1 before the session, 2 its first half hour, 3 between, 4 its last half hour, 5 after it",
            "1", "the time", 0, _CLOCK, _FAST,
        ),
        _phase,
    ),
    (Feature("day_of_week", "0 Monday to 6 Sunday, in New York", "1", "the time", 0, _CLOCK, _FAST), _day_of_week),
    (
        Feature(
            "sessions_to_month_end", "Sessions of the month after this day: 0 on its last",
            "sessions", "the time", 0, _CLOCK, _SLOW,
        ),
        _sessions_left,
    ),
    (Feature("year_sine", "Sine of the time of the year", "1", "the time", 0, _CLOCK, _SLOW), _year_sine),
    (Feature("year_cosine", "Cosine of the time of the year", "1", "the time", 0, _CLOCK, _SLOW), _year_cosine),
    (
        Feature(
            "days_to_monthly_expiry", "Calendar days to the close of the next third Friday",
            "days", "the time", 0, _CLOCK, _SLOW,
        ),
        _to_expiry,
    ),
    (
        Feature(
            "days_to_earnings", "Calendar days to the next results, by what the company said with its last",
            "days", "the last announcement", 0, _EARNINGS, _SLOW,
        ),
        _to_earnings,
    ),
    (
        Feature(
            "days_since_earnings", "Calendar days since the last results",
            "days", "the last announcement", 0, _EARNINGS, _SLOW,
        ),
        _since_earnings,
    ),
    (
        Feature(
            "days_to_release", "Calendar days to the next macro release", "days", "the time", 0, _MACRO, _SLOW,
        ),
        _to_release,
    ),
    (
        Feature(
            "days_since_release", "Calendar days since the last macro release", "days", "the time", 0, _MACRO, _SLOW,
        ),
        _since_release,
    ),
)  # fmt: skip

CALENDAR: Final = tuple(feature for feature, _ in _TABLE)
_IS_CLOCK: Final = np.array([feature.source == _CLOCK for feature in CALENDAR])
CLOCK: Final = tuple(feature for feature in CALENDAR if feature.source == _CLOCK)
"""Those that need no diary."""
_NAMES: Final = tuple(feature.name for feature in CLOCK)
_NOTHING: Final = np.empty(0, dtype=np.int64)
_NO_DIARY: Final = Diary(_NOTHING, _NOTHING, _NOTHING)


def calendar_features(at: Times, diary: Diary) -> Floats:
    """The features of `CALENDAR` at each time, shape (times, features); NaN where there is no value."""
    at = np.asarray(at, dtype=np.int64)
    out = np.full((len(at), len(_TABLE)), np.nan)
    known = (at >= FIRST) & (at < END)
    moments = _moments(at[known])
    for column, (_, formula) in enumerate(_TABLE):
        out[known, column] = formula(moments, diary)
    return out


def calendar_values(at: int) -> dict[str, float]:
    """The features of `CLOCK` at a moment that have a value."""
    second, rest = divmod(at, sessions.MICROS)
    row = _at_the_clock(np.array([at]))[0] if rest else _of_minute(second // 60)[second % 60]
    return present(_NAMES, row.tolist())


def day_of(at: int) -> date:
    """The day in New York."""
    return _day_of_hour(at // MICROS_PER_HOUR)


@lru_cache(maxsize=1_024)
def _day_of_hour(hour: int) -> date:
    """Midnight in New York is a whole hour in UTC."""
    return datetime.fromtimestamp(hour * 3_600, sessions.NEW_YORK).date()


@lru_cache(maxsize=256)
def _of_minute(minute: int) -> Floats:
    """The features of `CLOCK` at each second of a minute: sixty cost no more than one."""
    first = minute * MICROS_PER_MINUTE
    return _at_the_clock(np.arange(first, first + MICROS_PER_MINUTE, sessions.MICROS))


def _at_the_clock(at: Times) -> Floats:
    return calendar_features(at, _NO_DIARY)[:, _IS_CLOCK]
