"""Calendars and clocks as arrays, against the calendar of `contracts.sessions`."""

from datetime import date, time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts import sessions
from data_ingestion.simulator.happenings import days

DAYS = st.dates(date(1990, 1, 1), date(2035, 12, 31))


@given(DAYS, st.integers(3 * 60, 1439))
def test_new_yorks_clock_is_that_of_the_exchange(day: date, minute: int) -> None:
    expected = sessions.instant(day, time(minute // 60, minute % 60))
    assert days.at_new_york(np.array([days.number(day)]), minute)[0] == expected


@given(DAYS)
def test_the_next_session_is_the_first_open_day(day: date) -> None:
    found = days.day_of(int(days.session_on_or_after(np.array([days.number(day)]))[0]))
    assert found == next(sessions.sessions(day, date(2036, 2, 1))).day


@given(DAYS, st.integers(0, 6))
def test_weekdays_come_within_the_week(day: date, weekday: int) -> None:
    numbered = days.number(day)
    found = int(days.weekday_on_or_after(np.array([numbered]), weekday)[0])
    assert 0 <= found - numbered < 7
    assert days.day_of(found).weekday() == weekday


def test_quarters_end_as_the_next_begin() -> None:
    found = [[days.day_of(day) for day in year] for year in days.quarter_ends(2024, 2025).tolist()]
    assert found[0] == [date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1)]
    assert found[1][3] == date(2026, 1, 1)


def test_months_begin_on_their_first() -> None:
    found = [days.day_of(day) for day in days.month_starts(2025, 2025).tolist()]
    assert found == [date(2025, month, 1) for month in range(1, 13)]
