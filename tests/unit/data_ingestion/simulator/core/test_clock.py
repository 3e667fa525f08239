"""Sessions are numbered without a gap, and activity is a density whose integral is exact."""

import itertools
from datetime import date

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import (
    ACTIVITY,
    DAY_US,
    MICROS,
    VARIANCE,
    Hours,
    Pattern,
    activity,
    elapsed,
    minute_shares,
    session_at,
    sessions,
    sessions_a_year,
)

NOON = 1_767_355_200 * MICROS
"""2026-01-02, 12:00 UTC: half past seven in New York."""


def test_the_market_that_never_closes_has_a_session_a_day_and_no_gap() -> None:
    found = sessions(Hours.ALWAYS, 1991)
    assert found[0].day == date(1990, 1, 2)
    assert len(found) == 364 + 365
    assert all(a.closes_at == b.opens_at for a, b in itertools.pairwise(found))
    assert {session.closes_at - session.opens_at for session in found} == {DAY_US}
    assert {session.minutes for session in found} == {1440}


def test_exchange_sessions_follow_the_calendar_half_days_included() -> None:
    found = {session.day: session for session in sessions(Hours.EXCHANGE, 2025)}
    assert found[date(2025, 11, 28)].minutes == 210
    assert found[date(2025, 11, 26)].minutes == 390
    assert date(2025, 11, 27) not in found


@pytest.mark.parametrize("hours", Hours)
def test_sessions_are_numbered_and_know_the_seconds_before_them(hours: Hours) -> None:
    found = sessions(hours, 1992)
    assert [session.number for session in found] == list(range(len(found)))
    assert found[0].begun_s == 0
    for before, after in itertools.pairwise(found):
        assert after.begun_s == before.begun_s + (before.closes_at - before.opens_at) // MICROS


def test_a_moment_belongs_to_the_session_it_lies_in_or_the_next_one() -> None:
    always, exchange = (session_at(hours, NOON) for hours in (Hours.ALWAYS, Hours.EXCHANGE))
    assert always.day == exchange.day == date(2026, 1, 2)
    assert always.opens_at < NOON < exchange.opens_at
    assert session_at(Hours.EXCHANGE, exchange.closes_at).day == date(2026, 1, 5)
    assert session_at(Hours.EXCHANGE, exchange.closes_at - 1) == exchange
    assert session_at(Hours.EXCHANGE, exchange.opens_at) == exchange


def test_sessions_a_year_are_what_volatilities_count() -> None:
    assert sessions_a_year(Hours.ALWAYS) == 365
    assert sessions_a_year(Hours.EXCHANGE) == 252


@pytest.mark.parametrize("pattern", [ACTIVITY, VARIANCE])
def test_elapsed_is_the_integral_of_activity_from_nothing_to_all(pattern: Pattern) -> None:
    share = np.linspace(0.0, 1.0, 100_001)
    height = activity(share, pattern)
    steps = (height[:-1] + height[1:]) / 2 * np.diff(share)
    assert elapsed(np.array([0.0, 1.0]), pattern).tolist() == pytest.approx([0.0, 1.0], abs=1e-15)
    np.testing.assert_allclose(np.cumsum(steps), elapsed(share, pattern)[1:], atol=2e-9)


@pytest.mark.parametrize(("pattern", "first", "last"), [(ACTIVITY, 2.4, 2.4), (VARIANCE, 5.6, 2.0)])
def test_the_first_and_the_last_half_hour_over_the_middle_third(pattern: Pattern, first: float, last: float) -> None:
    shares = minute_shares(390, pattern)
    assert shares.sum() == pytest.approx(1.0)
    middle = shares[130:260].mean()
    assert shares[:30].mean() / middle == pytest.approx(first, abs=0.15)
    assert shares[-30:].mean() / middle == pytest.approx(last, abs=0.15)
