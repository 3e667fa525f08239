"""Earnings announcements of one company: surprises, their run, the drift after the last one and the way to the next.

Prices go on moving in the direction of a surprise for about sixty sessions (V. Bernard and J. Thomas, "Post-earnings
announcement drift", Journal of Accounting Research 27, 1989). An announcement that is corrected counts as corrected
from the correction on.
"""

import math
from bisect import bisect_right
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from contracts import sessions
from contracts.events import EarningsAnnounced
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.point_in_time import (
    MISSING,
    Row,
    catalogue,
    days_between,
    evaluated,
    inserted,
    known_by,
    mean,
    quarters,
    ratio,
)

KEPT: Final = 24
"""Announcements; a streak is no longer than this, and a state may run ahead by four years."""
LONGEST_STREAK: Final = 8
AVERAGED: Final = 4
"""Surprises."""
DRIFT_SESSIONS: Final = 60
"""Sessions over which the drift fades."""
DRIFT_DAYS: Final = 100.0
"""Days that surely hold more sessions than that."""


class Announcement(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """One quarter's result. Dollars a share, dollars; `surprise` in standard deviations."""

    period_ended_at: int
    known_at: int
    event_id: str
    eps_expected: float
    eps_actual: float
    revenue_expected: float
    revenue_actual: float
    surprise: float
    next_at: int


class EarningsState(Struct, frozen=True, forbid_unknown_fields=True):
    """What one company has announced, in order."""

    announcements: tuple[Announcement, ...] = ()


START: Final = EarningsState()


class View(NamedTuple):
    """What is known at an instant."""

    at: int
    price: float
    """Dollars, NaN if there is none."""
    quarters: tuple[Announcement, ...]
    """Newest first, without a gap."""


def update(state: EarningsState, event: EarningsAnnounced) -> EarningsState:
    """The state with one more announcement of its company."""
    announced = Announcement(
        event.period_ended_at,
        event.event_time,
        event.event_id,
        event.eps_expected,
        event.eps_actual,
        event.revenue_expected,
        event.revenue_actual,
        event.surprise,
        event.next_at,
    )
    return EarningsState(inserted(state.announcements, announced, KEPT))


def features(state: EarningsState, at: int, price: float | None) -> dict[str, float]:
    """The values of `EARNINGS` at an instant, µs. `price`: dollars a share, None if there is none."""
    found = tuple(quarters(known_by(state.announcements, at)))
    return evaluated(_ROWS, View(at, MISSING if price is None else price, found))


def _surprise(view: View) -> float:
    return view.quarters[0].surprise if view.quarters else MISSING


def _surprise_to_price(view: View) -> float:
    if not view.quarters:
        return MISSING
    return ratio(view.quarters[0].eps_actual - view.quarters[0].eps_expected, view.price)


def _revenue_surprise(view: View) -> float:
    if not view.quarters:
        return MISSING
    expected = view.quarters[0].revenue_expected
    return ratio(view.quarters[0].revenue_actual - expected, expected)


def _mean_surprise(view: View) -> float:
    surprises = [one.surprise for one in view.quarters[:AVERAGED]]
    return mean(surprises) if len(surprises) == AVERAGED else MISSING


def _streak(view: View) -> float:
    if not view.quarters:
        return MISSING
    length = 0
    last = view.quarters[0].surprise
    for one in view.quarters[:LONGEST_STREAK]:
        if one.surprise * last <= 0.0:
            break
        length += 1
    return math.copysign(length, last) if length else 0.0


def _drift_day(view: View) -> float:
    """Sessions opened since the announcement, missing once the drift is over."""
    if not view.quarters or days_between(view.quarters[0].known_at, view.at) > DRIFT_DAYS:
        return MISSING
    day = _sessions_opened(view.quarters[0].known_at, view.at)
    return float(day) if day <= DRIFT_SESSIONS else MISSING


def _drift_left(view: View) -> float:
    return _surprise(view) * (1 - _drift_day(view) / DRIFT_SESSIONS)


def _next_days(view: View) -> float:
    if not view.quarters or view.quarters[0].next_at < view.at:
        return MISSING
    return days_between(view.at, view.quarters[0].next_at)


def _age_days(view: View) -> float:
    return days_between(view.quarters[0].known_at, view.at) if view.quarters else MISSING


def _sessions_opened(since: int, until: int) -> int:
    """Sessions that open in (since, until], µs."""
    first, last = (datetime.fromtimestamp(moment // sessions.MICROS, UTC).year for moment in (since, until))
    return sum(bisect_right(_opens(year), until) - bisect_right(_opens(year), since) for year in range(first, last + 1))


@lru_cache(maxsize=64)
def _opens(year: int) -> tuple[int, ...]:
    """When the sessions of a year open, µs."""
    return tuple(one.opens_at for one in sessions.sessions(date(year, 1, 1), date(year, 12, 31)))


def _feature(
    name: str,
    meaning: str,
    unit: str,
    window: str = "the last announcement",
    warm_up: int = 0,
    horizons: tuple[Horizon, ...] = ("medium", "long"),
) -> Feature:
    return Feature(name, meaning, unit, window, warm_up, "EarningsAnnounced", horizons)


_ROWS: Final[tuple[Row[View], ...]] = (
    Row(_feature("earnings_surprise", "Surprise of the last earnings.", "standard deviations"), _surprise),
    Row(
        _feature("earnings_surprise_to_price", "Earnings a share less what was expected, over the price.", "1"),
        _surprise_to_price,
    ),
    Row(
        _feature("revenue_surprise", "Revenue over what was expected, if above zero, less one.", "1"),
        _revenue_surprise,
    ),
    Row(
        _feature(
            "earnings_surprise_mean", "Mean of the last surprises.", "standard deviations",
            f"the last {AVERAGED} announcements", AVERAGED - 1,
        ),
        _mean_surprise,
    ),
    Row(
        _feature(
            "earnings_streak", "Surprises in a row with the sign of the last one, signed; 0 after one of zero.",
            "announcements", f"the last {LONGEST_STREAK} announcements",
        ),
        _streak,
    ),
    Row(
        _feature(
            "earnings_drift_day", "Sessions opened since the announcement, none after the last of the window.",
            "sessions", f"{DRIFT_SESSIONS} sessions",
        ),
        _drift_day,
    ),
    Row(
        _feature(
            "earnings_drift_left", "Surprise times the share of the window that is left.", "standard deviations",
            f"{DRIFT_SESSIONS} sessions",
        ),
        _drift_left,
    ),
    Row(
        _feature(
            "earnings_next_days", "Days to the announcement that the company has named; none once that has passed.",
            "days", "the last announcement", 0, ("short", "medium", "long"),
        ),
        _next_days,
    ),
    Row(
        _feature(
            "earnings_age_days", "Days since the last announcement.", "days", "the last announcement", 0,
            ("short", "medium", "long"),
        ),
        _age_days,
    ),
)  # fmt: skip
EARNINGS: Final[tuple[Feature, ...]] = catalogue(_ROWS)
NAMES: Final = tuple(feature.name for feature in EARNINGS)
