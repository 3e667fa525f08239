"""Vintages as released: by hand, revised, and cut anywhere; and the curve of rates."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import MacroReleased, RateCurvePublished
from contracts.ids import make_id
from data_ingestion.simulator.happenings import macro as simulated
from stream_processing.feature_engineering.macro import (
    CURVES_KEPT,
    INDICATORS,
    MACRO,
    RELEASES_KEPT,
    START,
    SURPRISES,
    MacroState,
    features,
    update,
)
from stream_processing.feature_engineering.point_in_time import DAY_US, replayed
from tests.unit.stream_processing.feature_engineering.happened import (
    UNTIL,
    cuts,
    events_of,
    folded,
    is_sound,
    same,
    shuffled,
    warm_ups,
)

MONTH = 30 * DAY_US
KINDS = (MacroReleased, RateCurvePublished)
AMOUNT = st.floats(allow_nan=False, allow_infinity=False)


def release(
    month: int,
    actual: float,
    *,
    revision: int = 0,
    consensus: float | None = None,
    previous: float = 0.0,
    at: int | None = None,
    indicator: str = "GDP",
) -> MacroReleased:
    known_at = (month + 1 + revision) * MONTH + 10 * DAY_US if at is None else at
    return MacroReleased(
        event_id=make_id("macro", indicator, month, revision, known_at),
        event_time=known_at,
        source="test",
        simulated=True,
        indicator=indicator,
        unit="percent",
        period_ended_at=(month + 1) * MONTH,
        revision=revision,
        actual=actual,
        previous=previous,
        consensus=consensus,
    )


def curve(at: int, tenors: tuple[int, ...], rates: tuple[float, ...], name: str = "USD") -> RateCurvePublished:
    return RateCurvePublished(
        event_id=make_id("curve", at, name),
        event_time=at,
        source="test",
        simulated=True,
        curve=name,
        tenors_days=tenors,
        rates=rates,
    )


def known(events: list[MacroReleased], at: int) -> dict[str, float]:
    values = features(folded(START, update, events), at)
    return {name.removeprefix("macro_gdp_"): value for name, value in values.items() if name.startswith("macro_gdp_")}


def test_the_indicators_are_those_that_are_released() -> None:
    rows = [(indicator.name, indicator.is_revised) for indicator in INDICATORS]
    assert rows == [(row.name, row.vintages > 1) for row in simulated.INDICATORS]


def test_values_and_changes_are_by_the_last_vintage_known() -> None:
    events = [
        release(0, 2.0, previous=1.5),
        release(1, 2.5, previous=2.0),
        release(0, 2.2, revision=1, previous=2.0),
        release(1, 2.4, revision=1, previous=2.5),
    ]
    first, second, third = (event.event_time for event in (events[0], events[1], events[3]))
    alone = known(events, first)
    assert (alone["value"], alone["change"]) == (2.0, 0.5)
    assert math.isnan(alone["revision"])
    # The revision of the first period comes out with the first vintage of the second one.
    both = known(events, second)
    assert both["value"] == 2.5
    assert both["revision"] == pytest.approx(0.2)
    assert both["change"] == pytest.approx(0.3)
    revised = known(events, third)
    assert revised["value"] == 2.4
    assert revised["revision"] == pytest.approx(-0.1)
    assert revised["change"] == pytest.approx(0.2)
    assert revised["age_days"] == pytest.approx((third - second) / DAY_US)


def test_a_revision_counts_from_its_release_on_and_never_before() -> None:
    first, later = release(0, 2.0), release(0, 3.0, revision=1, previous=2.0)
    assert known([first, later], later.event_time - 1)["value"] == 2.0
    assert known([first, later], later.event_time)["value"] == 3.0


def test_without_the_period_before_a_revision_tells_no_change() -> None:
    assert math.isnan(known([release(0, 2.0, revision=1, previous=1.9)], 9 * MONTH)["change"])


def test_surprises_are_in_deviations_of_those_before() -> None:
    sizes = [0.1, -0.1, 0.3, -0.3, 0.4]
    events = [release(month, 2.0 + size, consensus=2.0) for month, size in enumerate(sizes)]
    assert math.isnan(known(events[:4], 9 * MONTH)["surprise"])
    expected = 0.4 / np.std(sizes[:4], ddof=1)
    assert known(events, 9 * MONTH)["surprise"] == pytest.approx(expected)
    # Revisions and numbers that nobody forecast are no surprises.
    more = [*events, release(4, 9.0, revision=1), release(5, 7.0)]
    assert known(more, 9 * MONTH)["surprise"] == pytest.approx(expected)
    even = [release(month, 2.0, consensus=1.0) for month in range(6)]
    assert math.isnan(known(even, 9 * MONTH)["surprise"])


def test_only_so_many_past_surprises_count() -> None:
    sizes = [100.0, *(0.1 * (-1) ** month for month in range(SURPRISES[1])), 0.2]
    events = [release(month, size, consensus=0.0) for month, size in enumerate(sizes)]
    found = known(events, 99 * MONTH)["surprise"]
    assert found == pytest.approx(0.2 / np.std(sizes[1:-1], ddof=1))


def test_level_slope_and_curvature_by_hand() -> None:
    state = update(START, curve(5, (30, 91, 365, 1095), (0.01, 0.02, 0.035, 0.04)))
    found = features(state, 5)
    assert found["rate_level"] == 0.035
    assert found["rate_slope"] == pytest.approx(0.02)
    assert found["rate_curvature"] == pytest.approx(0.01)
    assert math.isnan(features(state, 4)["rate_level"])
    between = features(update(state, curve(6, (730, 30, 182, 1460), (0.05, 0.01, 0.03, 0.06))), 6)
    assert between["rate_level"] == pytest.approx(0.03 + 0.02 * (365 - 182) / (730 - 182))
    assert between["rate_slope"] == pytest.approx(0.055 - (0.01 + 0.02 * 61 / 152))


def test_a_curve_may_begin_and_end_at_the_tenors_that_are_read() -> None:
    found = features(update(START, curve(5, (91, 1095), (0.02, 0.03))), 5)
    assert found["rate_slope"] == pytest.approx(0.01)
    assert math.isnan(features(update(START, curve(5, (), ())), 5)["rate_level"])


def test_tenors_outside_the_curve_are_missing() -> None:
    found = features(update(START, curve(5, (182, 730), (0.02, 0.03))), 5)
    assert found["rate_level"] == pytest.approx(0.02 + 0.01 * 183 / 548)
    assert math.isnan(found["rate_slope"])
    assert math.isnan(found["rate_curvature"])


def test_what_is_not_listed_leaves_the_state_as_it_was() -> None:
    assert update(START, release(0, 1.0, indicator="SUNSPOTS")) is START
    assert update(START, curve(5, (1, 2), (0.1, 0.2), name="XYZ")) is START
    assert update(START, curve(5, (1, 2), (0.1,))) is START


def test_every_feature_warms_up_as_its_row_says() -> None:
    numbers = [1.0, 2.0, 4.0, 3.0, 5.0, 7.0]
    events = [
        release(month, number, revision=revision, consensus=2.0, indicator=row.name)
        for month, number in enumerate(numbers)
        for row in INDICATORS
        for revision in range(1 + row.is_revised)
    ]
    events.sort(key=lambda event: event.event_time)
    moments = [(month + 1) * MONTH + 10 * DAY_US for month in range(len(numbers))]
    found = warm_ups([features(state, at) for at, state in replayed(START, update, events, moments)])
    for feature in MACRO:
        if feature.source == "MacroReleased":
            assert found[feature.name] == feature.warm_up, feature.name


def test_no_later_event_changes_what_was_known() -> None:
    events = events_of(KINDS)
    moments = cuts(3)
    for at, state in replayed(START, update, events, moments):
        values = features(state, at)
        assert is_sound(MACRO, values)
        assert not any(map(math.isnan, values.values()))
        soon = [event for event in events if at < event.event_time <= min(at + 60 * DAY_US, UNTIL)]
        assert same(values, features(folded(state, update, soon), at))


def test_releases_may_run_ahead_by_a_year() -> None:
    events = events_of((MacroReleased,))
    ahead = folded(START, update, events)
    latest = [at for at in cuts(4) if at > UNTIL - 365 * DAY_US]
    assert len(latest) > 50
    for at, state in replayed(START, update, events, latest):
        assert same(features(state, at), features(ahead, at))


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_and_repeats_change_nothing(seed: int) -> None:
    events = events_of(KINDS)[:150]
    assert folded(START, update, shuffled(events, seed)) == folded(START, update, events)


def test_a_state_is_bounded_and_survives_being_written_down() -> None:
    state = folded(START, update, [release(month, 1.0) for month in range(RELEASES_KEPT + 5)])
    for at in range(CURVES_KEPT + 5):
        state = update(state, curve(at, (91, 1095), (0.01, 0.02)))
    assert len(state.releases["GDP"]) == RELEASES_KEPT
    assert len(state.curves) == CURVES_KEPT
    assert msgspec.json.decode(msgspec.json.encode(state), type=MacroState) == state
    assert START.releases == {}
    with pytest.raises(AttributeError):
        START.curves = ()  # type: ignore[misc]


@given(st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT, st.integers(0, 2)), max_size=9))
def test_no_amount_makes_an_infinity_or_an_error(rows: list[tuple[float, float, float, int]]) -> None:
    events = [
        release(month, row[0], previous=row[1], consensus=row[2], revision=row[3]) for month, row in enumerate(rows)
    ]
    assert is_sound(MACRO, features(folded(START, update, events), 99 * MONTH))
