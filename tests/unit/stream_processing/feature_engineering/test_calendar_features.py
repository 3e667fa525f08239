from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import sessions
from contracts.sessions import instant
from stream_processing.feature_engineering.calendar_features import (
    CALENDAR,
    CLOCK,
    END,
    FIRST,
    Diary,
    Phase,
    Times,
    calendar_features,
    calendar_values,
    day_of,
)

NOTHING = np.empty(0, dtype=np.int64)
EMPTY = Diary(NOTHING, NOTHING, NOTHING)
DAY = 86_400_000_000
SECOND = 1_000_000
years = st.integers(FIRST, instant(date(2060, 1, 1), time()))


def micros(*instants: int) -> Times:
    return np.array(instants, dtype=np.int64)


def at(*times: int, diary: Diary = EMPTY) -> dict[str, list[float]]:
    out = calendar_features(micros(*times), diary)
    return {feature.name: out[:, place].tolist() for place, feature in enumerate(CALENDAR)}


@pytest.mark.parametrize(
    ("clock", "minute", "phase"),
    [
        (time(3, 59), None, Phase.CLOSED), (time(4), None, Phase.BEFORE), (time(9, 29), None, Phase.BEFORE),
        (time(9, 30), 0, Phase.OPENING), (time(9, 59), 29, Phase.OPENING), (time(10), 30, Phase.MIDDLE),
        (time(15, 30), 360, Phase.CLOSING), (time(15, 59), 389, Phase.CLOSING), (time(16), None, Phase.AFTER),
        (time(19, 59), None, Phase.AFTER), (time(20), None, Phase.CLOSED), (time(23, 59), None, Phase.CLOSED),
    ],
)  # fmt: skip
@pytest.mark.parametrize("day", [date(2026, 1, 14), date(2026, 7, 15)], ids=["winter", "summer"])
def test_a_session_by_the_clock_of_new_york(day: date, clock: time, minute: int | None, phase: Phase) -> None:
    out = at(instant(day, clock))
    assert out["session_phase"] == [phase]
    np.testing.assert_array_equal(out["session_minute"], [np.nan if minute is None else minute])
    np.testing.assert_array_equal(out["session_elapsed"], [np.nan if minute is None else minute / 390])
    assert out["day_of_week"] == [2.0]


def test_a_half_day_closes_and_ends_early() -> None:
    day = date(2026, 11, 27)
    clocks = (time(12, 29), time(12, 30), time(13), time(16, 59), time(17))
    out = at(*(instant(day, clock) for clock in clocks))
    assert out["session_phase"] == [Phase.MIDDLE, Phase.CLOSING, Phase.AFTER, Phase.AFTER, Phase.CLOSED]
    assert out["session_elapsed"][1] == 180 / 210


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 28)])
def test_holidays_and_weekends_have_no_session(day: date) -> None:
    out = at(*(instant(day, time(hour)) for hour in range(24)))
    assert set(out["session_phase"]) == {Phase.CLOSED}
    assert np.isnan(out["session_minute"]).all()
    assert set(out["day_of_week"]) == {float(day.weekday())}


def test_sessions_to_the_end_of_the_month() -> None:
    days = [date(2026, 11, day) for day in (1, 25, 26, 27, 28, 30)]
    assert at(*(instant(day, time(12)) for day in days))["sessions_to_month_end"] == [20.0, 2.0, 2.0, 1.0, 1.0, 0.0]


def test_monthly_expiry_counts_to_its_close_and_then_to_the_next() -> None:
    friday = sessions.session(date(2026, 11, 20))
    assert friday is not None
    close = friday.closes_at
    december = sessions.expires_at(date(2026, 12, 18), morning_settled=False)
    out = at(close - DAY, close - SECOND, close)["days_to_monthly_expiry"]
    np.testing.assert_allclose(out, [1.0, SECOND / DAY, (december - close) / DAY])


def test_results_are_expected_when_the_company_last_said() -> None:
    announced, following = micros(100 * DAY, 190 * DAY) + FIRST, micros(191 * DAY, 280 * DAY) + FIRST
    diary = Diary(announced, following, NOTHING)
    days = (99, 100, 150, 189, 190, 279, 281)
    out = at(*(FIRST + day * DAY for day in days), diary=diary)
    np.testing.assert_array_equal(out["days_to_earnings"], [np.nan, 91, 41, 2, 90, 1, np.nan])
    np.testing.assert_array_equal(out["days_since_earnings"], [np.nan, 0, 50, 89, 0, 89, 91])


def test_releases_before_and_to_come() -> None:
    diary = Diary(NOTHING, NOTHING, micros(10 * DAY, 40 * DAY) + FIRST)
    out = at(*(FIRST + day * DAY for day in (9, 10, 39, 41)), diary=diary)
    np.testing.assert_array_equal(out["days_to_release"], [1, 30, 1, np.nan])
    np.testing.assert_array_equal(out["days_since_release"], [np.nan, 0, 29, 1])


def test_nothing_in_the_diary_and_no_times() -> None:
    assert calendar_features(NOTHING, EMPTY).shape == (0, len(CALENDAR))
    out = at(FIRST)
    for name in ("days_to_earnings", "days_since_earnings", "days_to_release", "days_since_release"):
        assert np.isnan(out[name]).all()


def test_times_outside_the_calendar_have_no_features() -> None:
    out = calendar_features(micros(-1, 0, FIRST - 1, FIRST, END - 1, END, 253_402_300_799_999_999), EMPTY)
    assert np.isnan(out[[0, 1, 2, 5, 6]]).all()
    assert np.isfinite(out[[3, 4]][:, [2, 3, 4, 5, 6, 7]]).all()


@given(moment=years)
@settings(deadline=None)
def test_features_agree_with_the_sessions(moment: int) -> None:
    out = {name: values[0] for name, values in at(moment).items()}
    local = datetime.fromtimestamp(moment // SECOND, sessions.NEW_YORK)
    found = sessions.session(local.date())
    is_trading = found is not None and found.opens_at <= moment < found.closes_at
    assert np.isfinite(out["session_minute"]) == is_trading
    assert (out["session_phase"] in {Phase.OPENING, Phase.MIDDLE, Phase.CLOSING}) == is_trading
    if found is not None and is_trading:
        assert out["session_minute"] == (moment - found.opens_at) // (60 * SECOND)
    assert out["day_of_week"] == local.weekday()
    assert 0.0 < out["days_to_monthly_expiry"] < 36.0
    left = [
        day for ahead in range(1, 31)
        if (day := local.date() + timedelta(days=ahead)).month == local.month and sessions.is_open(day)
    ]  # fmt: skip
    assert out["sessions_to_month_end"] == len(left)
    np.testing.assert_allclose(out["year_sine"] ** 2 + out["year_cosine"] ** 2, 1.0)


@given(moments=st.lists(years, max_size=12), later=st.lists(years, max_size=4))
@settings(deadline=None, max_examples=40)
def test_each_time_is_told_by_itself_and_by_what_was_known(moments: list[int], later: list[int]) -> None:
    """Announcements that come later change nothing before them."""
    middle = instant(date(2025, 1, 1), time())
    early, late = sorted(x for x in later if x < middle), sorted(x for x in later if x >= middle)

    def diary(announced: list[int]) -> Diary:
        return Diary(micros(*announced), micros(*(x + 91 * DAY for x in announced)), NOTHING)

    together = calendar_features(micros(*moments), diary(early + late))
    for row, moment in enumerate(moments):
        known = early if moment < middle else early + late
        np.testing.assert_array_equal(together[row], calendar_features(micros(moment), diary(known))[0])


@given(moment=st.integers(FIRST - DAY, instant(date(2060, 1, 1), time())), is_whole=st.booleans())
@settings(deadline=None, max_examples=50)
def test_the_clock_alone_says_what_the_calendar_says_without_a_diary(moment: int, is_whole: bool) -> None:  # noqa: FBT001 - drawn
    moment -= moment % SECOND if is_whole else 0
    full = {name: values[0] for name, values in at(moment).items()}
    assert calendar_values(moment) == {name: value for name, value in full.items() if np.isfinite(value)}
    assert set(calendar_values(moment)) <= {feature.name for feature in CLOCK}


def test_the_clock_is_the_calendar_without_the_diary() -> None:
    assert CALENDAR[: len(CLOCK)] == CLOCK
    diary = ("days_to_earnings", "days_since_earnings", "days_to_release", "days_since_release")
    assert tuple(feature.name for feature in CALENDAR[len(CLOCK) :]) == diary


@given(moment=st.integers(0, instant(date(2090, 1, 1), time())))
@settings(deadline=None)
def test_the_day_is_that_of_new_york(moment: int) -> None:
    assert day_of(moment) == datetime.fromtimestamp(moment // SECOND, sessions.NEW_YORK).date()
