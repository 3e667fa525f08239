"""Expiry cycles as US exchanges list them: weekly Fridays, monthly third Fridays, quarterly months.

A Friday on which the exchanges are closed moves to the session before it. Daily expiries are not listed.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from contracts.instruments import OptionContract
from contracts.sessions import FRIDAY, MICROS, at_or_before

WEEKLY_COUNT: Final = 4
MONTHLY_COUNT: Final = 3
QUARTERLY_COUNT: Final = 2
SEARCH_WEEKS: Final = 40
"""Two quarterly expiries lie at most 27 weeks ahead."""


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
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
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
    return Expiry(root, at_or_before(friday).day)


def _is_third(friday: date) -> bool:
    return 15 <= friday.day <= 21  # noqa: PLR2004 - the days that a third Friday can have
