"""What is known of one company, and everything that this says at an instant."""

from typing import Final

import numpy as np
from msgspec import Struct, structs

from contracts.events import DividendDeclared, EarningsAnnounced, FundamentalsFiled, SplitAnnounced
from stream_processing.feature_engineering import earnings, fundamentals
from stream_processing.feature_engineering.calendar_features import CALENDAR, Diary, calendar_features
from stream_processing.feature_engineering.earnings import EarningsState
from stream_processing.feature_engineering.features import present
from stream_processing.feature_engineering.fundamentals import FundamentalsState
from stream_processing.feature_engineering.point_in_time import DAY_US, known_by
from stream_processing.feature_engineering.slow.panel import new_shares

Told = EarningsAnnounced | FundamentalsFiled | DividendDeclared | SplitAnnounced

STALE_US: Final = 7 * DAY_US
"""A close, and the trends up to it, say nothing after this: no holidays last as long."""
DIARY: Final = ("days_to_earnings", "days_since_earnings")


class Company(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is remembered of one name but its news."""

    fundamentals: FundamentalsState = fundamentals.START
    earnings: EarningsState = earnings.START
    closed_at: int = 0
    """The end of the last day that it has a bar of, µs."""
    close: float | None = None
    """Dollars as traded on that day."""
    trends: dict[str, float] = {}
    """As of that day; nothing changes a mapping once it is made."""


def updated(company: Company, event: Told) -> Company:
    """The company with one more event."""
    if isinstance(event, EarningsAnnounced):
        return structs.replace(company, earnings=earnings.update(company.earnings, event))
    return structs.replace(company, fundamentals=fundamentals.update(company.fundamentals, event))


def price(company: Company, at: int) -> float | None:
    """The last close in dollars a share of an instant, µs; None without one of the last days."""
    if company.close is None or at - company.closed_at > STALE_US:
        return None
    return company.close / new_shares(known_by(company.fundamentals.splits, at), company.closed_at, at)


def values(company: Company, at: int) -> dict[str, float]:
    """Every feature that has a finite value at an instant, µs."""
    valued_at = price(company, at)
    found = {
        **fundamentals.features(company.fundamentals, at, valued_at),
        **earnings.features(company.earnings, at, valued_at),
        **diary(company.earnings, at),
        **(company.trends if at - company.closed_at <= STALE_US else {}),
    }
    return present(found, found.values())


def diary(state: EarningsState, at: int) -> dict[str, float]:
    """The features of the calendar that are named in `DIARY`."""
    told = sorted((one.known_at, one.next_at) for one in known_by(state.announcements, at))
    announced_at, next_at = np.array(told, dtype=np.int64).reshape(-1, 2).T
    return dated(Diary(announced_at, next_at, np.zeros(0, dtype=np.int64)), DIARY, at)


def dated(known: Diary, names: tuple[str, ...], at: int) -> dict[str, float]:
    """Some of the calendar's features at an instant, µs."""
    row = calendar_features(np.array([at]), known)[0].tolist()
    return {feature.name: value for feature, value in zip(CALENDAR, row, strict=True) if feature.name in names}
