"""Sessions against what the exchanges published for past years and announced for coming ones."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil import easter  # type: ignore[import-untyped]  # ships no types
from hypothesis import given
from hypothesis import strategies as st

from contracts import sessions

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
CLOSED = {
    1994: "2-21 4-1 4-27 5-30 7-4 9-5 11-24 12-26",
    2001: "1-1 1-15 2-19 4-13 5-28 7-4 9-3 9-11 9-12 9-13 9-14 11-22 12-25",
    2004: "1-1 1-19 2-16 4-9 5-31 6-11 7-5 9-6 11-25 12-24",
    2011: "1-17 2-21 4-22 5-30 7-4 9-5 11-24 12-26",
    2012: "1-2 1-16 2-20 4-6 5-28 7-4 9-3 10-29 10-30 11-22 12-25",
    2018: "1-1 1-15 2-19 3-30 5-28 7-4 9-3 11-22 12-5 12-25",
    2021: "1-1 1-18 2-15 4-2 5-31 7-5 9-6 11-25 12-24",
    2022: "1-17 2-21 4-15 5-30 6-20 7-4 9-5 11-24 12-26",
    2024: "1-1 1-15 2-19 3-29 5-27 6-19 7-4 9-2 11-28 12-25",
    2025: "1-1 1-9 1-20 2-17 4-18 5-26 6-19 7-4 9-1 11-27 12-25",
    2026: "1-1 1-19 2-16 4-3 5-25 6-19 7-3 9-7 11-26 12-25",
}
HALF = {
    1996: "7-5 11-29 12-24",
    1997: "7-3 11-28 12-24 12-26",
    1999: "11-26 12-31",
    2002: "7-5 11-29 12-24",
    2003: "7-3 11-28 12-24 12-26",
    2007: "7-3 11-23 12-24",
    2012: "7-3 11-23 12-24",
    2013: "7-3 11-29 12-24",
    2018: "7-3 11-23 12-24",
    2019: "7-3 11-29 12-24",
    2021: "11-26",
    2024: "7-3 11-29 12-24",
    2025: "7-3 11-28 12-24",
    2026: "11-27 12-24",
}


def listed(year: int, text: str) -> set[date]:
    return {date(year, *map(int, day.split("-"))) for day in text.split()}


def weekdays(year: int) -> list[date]:
    days = [date(year, 1, 1) + timedelta(days=ahead) for ahead in range(365 + (year % 4 == 0))]
    return [day for day in days if day.weekday() < sessions.SATURDAY]


def utc(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("year", CLOSED)
def test_closed_days(year: int) -> None:
    assert {day for day in weekdays(year) if not sessions.is_open(day)} == listed(year, CLOSED[year])


@pytest.mark.parametrize("year", HALF)
def test_half_days(year: int) -> None:
    assert {day for day in weekdays(year) if sessions.is_half_day(day)} == listed(year, HALF[year])


def test_before_the_rules_began() -> None:
    assert sessions.is_open(date(1997, 1, 20))  # a third Monday of January
    assert not sessions.is_open(date(1998, 1, 19))
    assert sessions.is_open(date(2020, 6, 19))
    assert not any(sessions.is_half_day(day) for day in weekdays(1994))


@pytest.mark.parametrize(
    ("day", "opens_at", "closes_at"),
    [
        (date(2026, 1, 5), utc(2026, 1, 5, 14, 30), utc(2026, 1, 5, 21)),
        (date(2026, 3, 9), utc(2026, 3, 9, 13, 30), utc(2026, 3, 9, 20)),  # the day after clocks change
        (date(2026, 11, 27), utc(2026, 11, 27, 14, 30), utc(2026, 11, 27, 18)),
    ],
)
def test_hours_follow_the_clocks_of_new_york(day: date, opens_at: int, closes_at: int) -> None:
    found = sessions.session(day)
    assert found is not None
    assert (found.opens_at, found.closes_at) == (opens_at, closes_at)


def test_weekends_and_holidays_have_no_session() -> None:
    assert sessions.session(date(2026, 11, 26)) is None
    assert sessions.session(date(2026, 11, 28)) is None
    assert [found.day.day for found in sessions.sessions(date(2026, 11, 25), date(2026, 11, 30))] == [25, 27, 30]


@pytest.mark.parametrize(
    ("expiry", "morning", "instant"),
    [
        (date(2026, 1, 16), False, utc(2026, 1, 16, 21)),
        (date(2026, 1, 16), True, utc(2026, 1, 16, 14, 30)),
        (date(2025, 11, 28), False, utc(2025, 11, 28, 18)),  # a half day
        (date(2014, 3, 22), False, utc(2014, 3, 21, 20)),  # contracts once named the Saturday
        (date(2019, 4, 19), True, utc(2019, 4, 18, 13, 30)),  # Good Friday
    ],
)
def test_expiry(expiry: date, morning: bool, instant: int) -> None:  # noqa: FBT001 - a parameter of the test
    assert sessions.expires_at(expiry, morning_settled=morning) == instant


def test_last_trades() -> None:
    assert sessions.trades_until(date(2026, 1, 16), morning_settled=True) == utc(2026, 1, 15, 21, 15)
    assert sessions.trades_until(date(2026, 1, 16), morning_settled=False) == utc(2026, 1, 16, 21)
    # the session before is a half day: index options then trade until 13:15
    assert sessions.trades_until(date(2026, 11, 30), morning_settled=True) == utc(2026, 11, 27, 18, 15)


def test_monthly_expiries_move_off_closed_fridays() -> None:
    assert sessions.monthly_expiry(2026, 1) == date(2026, 1, 16)
    assert sessions.monthly_expiry(2026, 8) == date(2026, 8, 21)  # a month that begins on a Saturday
    assert sessions.monthly_expiry(2026, 6) == date(2026, 6, 18)  # Juneteenth
    assert sessions.monthly_expiry(2014, 4) == date(2014, 4, 17)  # Good Friday


@given(DAYS)
def test_every_session_opens_before_it_closes_on_its_own_day(day: date) -> None:
    found = sessions.at_or_before(day)
    assert 0 <= (day - found.day).days <= 6
    assert found.closes_at - found.opens_at in {int(hours * 3600) * sessions.MICROS for hours in (6.5, 3.5)}
    assert found.is_half_day == (found.closes_at - found.opens_at < 4 * 3600 * sessions.MICROS)
    assert sessions.expires_at(day, morning_settled=True) < sessions.expires_at(day, morning_settled=False)


@given(st.integers(1990, 2100))
def test_a_year_has_its_usual_number_of_holidays(year: int) -> None:
    closed = [day for day in sessions.holidays(year) if day.year == year]
    assert 7 <= len(closed) <= 10
    assert all(day.weekday() < sessions.SATURDAY for day in closed)


def test_easter_is_that_of_another_algorithm() -> None:
    for year in range(1900, 2300):
        assert sessions.easter(year) == easter.easter(year)
