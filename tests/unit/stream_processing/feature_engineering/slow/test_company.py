"""What one company's row says: its parts as the modules say them, at the last close."""

from math import isfinite

import msgspec
import numpy as np
import pytest

from contracts.events import DividendDeclared, EarningsAnnounced, FundamentalsFiled, SplitAnnounced
from stream_processing.feature_engineering import earnings, fundamentals
from stream_processing.feature_engineering.calendar_features import CALENDAR, Diary, calendar_features
from stream_processing.feature_engineering.fundamentals import FundamentalsState
from stream_processing.feature_engineering.fundamentals_facts import Split
from stream_processing.feature_engineering.point_in_time import DAY_US
from stream_processing.feature_engineering.slow.company import DIARY, STALE_US, Company, diary, price, updated, values
from tests.unit.stream_processing.feature_engineering.happened import UNTIL, events_of

KINDS = (EarningsAnnounced, FundamentalsFiled, DividendDeclared, SplitAnnounced)
EVENTS = events_of(KINDS, "AAPL")


def known() -> Company:
    company = Company()
    for event in EVENTS:
        company = updated(company, event)
    return msgspec.structs.replace(company, closed_at=UNTIL - DAY_US, close=50.0, trends={"momentum_20d": 0.5})


def test_a_row_is_what_the_modules_say() -> None:
    company = known()
    direct = {
        **fundamentals.features(company.fundamentals, UNTIL, 50.0),
        **earnings.features(company.earnings, UNTIL, 50.0),
        **diary(company.earnings, UNTIL),
        "momentum_20d": 0.5,
    }
    assert values(company, UNTIL) == {name: value for name, value in direct.items() if isfinite(value)}
    assert {"earnings_yield", "earnings_surprise", "days_to_earnings"} <= direct.keys()


def test_a_stale_close_says_nothing() -> None:
    company = known()
    at = company.closed_at + STALE_US
    assert price(company, at) == 50.0
    assert price(company, at + 1) is None
    assert "momentum_20d" not in values(company, at + 1)
    assert "earnings_yield" not in values(company, at + 1)
    assert price(Company(), 0) is None


def test_a_close_before_a_split_is_put_into_the_terms_of_now() -> None:
    company = Company(
        FundamentalsState(splits=(Split(10, 5, "a", 4.0), Split(30, 40, "b", 2.0))), closed_at=10, close=80.0
    )
    assert price(company, 10) == 20.0
    assert price(company, 39) == 20.0
    assert price(company, 40) == 10.0
    assert price(msgspec.structs.replace(company, closed_at=11), 20) == 80.0


@pytest.mark.parametrize("days", [0, 10, 400])
def test_the_diary_is_the_calendars(days: int) -> None:
    at = UNTIL - days * DAY_US
    told = [event for event in EVENTS if isinstance(event, EarningsAnnounced) and event.event_time <= at]
    known_at, next_at = (np.array([getattr(one, name) for one in told]) for name in ("event_time", "next_at"))
    row = calendar_features(np.array([at]), Diary(known_at, next_at, np.zeros(0, dtype=np.int64)))[0]
    direct = dict(zip((feature.name for feature in CALENDAR), row.tolist(), strict=True))
    assert diary(known().earnings, at) == {name: direct[name] for name in DIARY}
    assert isfinite(direct["days_since_earnings"])


def test_nobody_has_announced_anything_yet() -> None:
    assert not any(map(isfinite, diary(earnings.START, UNTIL).values()))
    assert values(Company(), UNTIL) == {}
