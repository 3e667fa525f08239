"""Surprises as announced: by hand, corrected, over the drift's window, and cut anywhere."""

import math
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import sessions
from contracts.events import EarningsAnnounced
from contracts.ids import make_id
from stream_processing.feature_engineering.earnings import (
    DRIFT_SESSIONS,
    EARNINGS,
    KEPT,
    LONGEST_STREAK,
    START,
    EarningsState,
    features,
    update,
)
from stream_processing.feature_engineering.point_in_time import DAY_US, replayed
from tests.unit.stream_processing.feature_engineering.happened import (
    SYMBOLS,
    cuts,
    events_of,
    folded,
    is_sound,
    same,
    shuffled,
    warm_ups,
)

QUARTER = 91 * DAY_US
AMOUNT = st.floats(allow_nan=False, allow_infinity=False)


def announcement(quarter: int, surprise: float, at: int | None = None, **items: float) -> EarningsAnnounced:
    known_at = (quarter + 1) * QUARTER + 25 * DAY_US if at is None else at
    values = {"eps_expected": 1.0, "eps_actual": 1.1, "revenue_expected": 50.0, "revenue_actual": 51.0} | items
    return msgspec.convert(
        {
            "type": "EarningsAnnounced",
            "event_id": make_id("earnings", quarter, known_at, repr(surprise)),
            "event_time": known_at,
            "source": "test",
            "simulated": True,
            "symbol": "ACME",
            "period_ended_at": (quarter + 1) * QUARTER,
            "timing": "after_close",
            "surprise": surprise,
            "next_at": known_at + QUARTER,
            **values,
        },
        EarningsAnnounced,
    )


def surprises(*sizes: float) -> list[EarningsAnnounced]:
    return [announcement(quarter, size) for quarter, size in enumerate(sizes)]


def told(events: list[EarningsAnnounced], later_us: int = 0, price: float | None = 20.0) -> dict[str, float]:
    return features(folded(START, update, events), events[-1].event_time + later_us, price)


def test_the_last_announcement_by_hand() -> None:
    found = told(surprises(0.5, -1.0, 2.0, 1.5), 10 * DAY_US)
    assert found["earnings_surprise"] == 1.5
    assert found["earnings_surprise_to_price"] == pytest.approx(0.1 / 20)
    assert found["revenue_surprise"] == pytest.approx(0.02)
    assert found["earnings_surprise_mean"] == pytest.approx(0.75)
    assert found["earnings_streak"] == 2
    assert found["earnings_age_days"] == 10
    assert found["earnings_next_days"] == pytest.approx(81)


@pytest.mark.parametrize(
    ("sizes", "streak"),
    [
        ((1.0,), 1), ((-1.0,), -1), ((0.0,), 0), ((1.0, -1.0), -1), ((-1.0, -2.0, -0.1), -3), ((1.0, 0.0, 2.0), 1),
        ((1.0, 1.0, 0.0), 0), ((1.0,) * 12, LONGEST_STREAK),
    ],
)  # fmt: skip
def test_streaks_have_one_sign(sizes: tuple[float, ...], streak: int) -> None:
    assert told(surprises(*sizes))["earnings_streak"] == streak


def test_a_missing_quarter_ends_the_streak_and_the_mean() -> None:
    found = told([announcement(quarter, 1.0) for quarter in (0, 1, 3, 4)])
    assert found["earnings_streak"] == 2
    assert math.isnan(found["earnings_surprise_mean"])


def test_a_correction_counts_from_its_own_moment_on() -> None:
    first = surprises(1.0, 2.0)
    at = first[-1].event_time + DAY_US
    state = folded(START, update, [*first, announcement(1, -0.5, at)])
    assert features(state, at - 1, None)["earnings_surprise"] == 2.0
    assert features(state, at, None)["earnings_surprise"] == -0.5
    assert features(state, at, None)["earnings_streak"] == -1


def test_a_date_that_has_passed_is_no_longer_ahead() -> None:
    assert told(surprises(1.0), QUARTER)["earnings_next_days"] == 0.0
    assert math.isnan(told(surprises(1.0), QUARTER + 1)["earnings_next_days"])


@given(st.dates(date(2000, 1, 3), date(2030, 1, 1)), st.sampled_from([time(7), time(16, 5)]), st.integers(0, 105))
def test_drift_days_are_sessions_opened_since(day: date, clock: time, later: int) -> None:
    announced, at = sessions.instant(day, clock), sessions.instant(day + timedelta(days=later), time(12))
    opened = [one.opens_at for one in sessions.sessions(day, day + timedelta(days=later))]
    expected = sum(announced < opens <= at for opens in opened)
    found = told([announcement(0, 2.0, announced)], at - announced)
    if expected <= DRIFT_SESSIONS and at >= announced:
        assert found["earnings_drift_day"] == expected
        assert found["earnings_drift_left"] == pytest.approx(2 * (1 - expected / DRIFT_SESSIONS))
    elif at >= announced:
        assert math.isnan(found["earnings_drift_day"])
        assert math.isnan(found["earnings_drift_left"])


def test_the_drift_is_over_after_sixty_sessions() -> None:
    announced = sessions.instant(date(2026, 3, 2), time(7))
    opened = [one.opens_at for one in sessions.sessions(date(2026, 3, 2), date(2026, 7, 1))]
    assert told([announcement(0, 2.0, announced)], opened[59] - announced)["earnings_drift_left"] == 0.0
    assert math.isnan(told([announcement(0, 2.0, announced)], opened[60] - announced)["earnings_drift_day"])


def test_the_first_day_is_the_session_that_can_react() -> None:
    noon = sessions.instant(date(2026, 3, 4), time(12))
    for day, clock, expected in ((4, time(7), 1), (3, time(16, 5), 1), (3, time(7), 2), (4, time(11), 0)):
        announced = sessions.instant(date(2026, 3, day), clock)
        assert told([announcement(0, 1.0, announced)], noon - announced)["earnings_drift_day"] == expected
    assert datetime.fromtimestamp(noon / 1e6, UTC).day == 4


def test_every_feature_warms_up_as_its_row_says() -> None:
    events = surprises(1.0, 2.0, -1.0, 0.5, 0.1)
    moments = [event.event_time for event in events]
    found = warm_ups([features(state, at, 10.0) for at, state in replayed(START, update, events, moments)])
    assert found == {feature.name: feature.warm_up for feature in EARNINGS}


def test_before_the_first_announcement_there_is_nothing() -> None:
    assert all(math.isnan(value) for value in features(START, QUARTER, 10.0).values())


def test_no_later_event_changes_what_was_known() -> None:
    for symbol, mine in zip(SYMBOLS, np.array_split(cuts(2), len(SYMBOLS)), strict=True):
        events = events_of((EarningsAnnounced,), symbol)
        ahead = folded(START, update, events)
        for at, state in replayed(START, update, events, mine.tolist()):
            known = features(state, at, 30.0)
            assert is_sound(EARNINGS, known)
            assert same(known, features(ahead, at, 30.0))
            assert known["earnings_next_days"] >= 0
            assert not math.isnan(known["earnings_surprise_mean"])


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_arrival_and_repeats_change_nothing(seed: int) -> None:
    events = events_of((EarningsAnnounced,), SYMBOLS[seed])
    assert folded(START, update, shuffled(events, seed)) == folded(START, update, events)


def test_a_state_is_bounded_and_survives_being_written_down() -> None:
    state = folded(START, update, surprises(*[1.0] * (KEPT + 5)))
    assert len(state.announcements) == KEPT
    assert msgspec.json.decode(msgspec.json.encode(state), type=EarningsState) == state
    with pytest.raises(AttributeError):
        START.announcements = ()  # type: ignore[misc]


@given(st.lists(st.tuples(*[AMOUNT] * 5), min_size=1, max_size=5), st.floats(), st.integers(0, 10**14))
def test_no_amount_makes_an_infinity_or_an_error(rows: list[tuple[float, ...]], price: float, later_us: int) -> None:
    events = [
        announcement(
            quarter, row[0], eps_expected=row[1], eps_actual=row[2], revenue_expected=row[3], revenue_actual=row[4]
        )
        for quarter, row in enumerate(rows)
    ]
    assert is_sound(EARNINGS, told(events, later_us, price))
