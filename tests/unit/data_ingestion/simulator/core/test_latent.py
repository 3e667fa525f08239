"""Every level adds up to the one above it, any piece can be made alone, and the whole has its stated law."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core import flow as flows
from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.components import mix
from data_ingestion.simulator.core.latent import ANCHOR, Latent
from data_ingestion.simulator.core.sessions import World
from tests.unit.data_ingestion.simulator.core.market import PRICES, SYMBOLS, USUAL, VOLATILITY, latent

market = cache(latent)


def number_of(day: date, found: Latent) -> int:
    return next(session.number for session in found.sessions if session.day == day)


ORDINARY, HALF = date(2025, 11, 26), date(2025, 11, 28)


@pytest.mark.parametrize("day", [ORDINARY, HALF])
def test_the_minutes_of_a_session_lead_to_the_next_ones_open(day: date) -> None:
    found = market()
    number = number_of(day, found)
    filled = found.session_minutes(number)
    night = np.array([one.before_open(found.world.gap)[number + 1] for one in found.courses])
    overnight = grid.mixed(night, found.mix.places, found.mix.loadings)
    assert len(filled.log_price) == filled.session.minutes + 1
    np.testing.assert_allclose(filled.log_price[0], found.log_opens[number], rtol=1e-13)
    np.testing.assert_allclose(filled.log_price[-1] + overnight, found.log_opens[number + 1], rtol=1e-12)


def test_without_a_night_the_close_is_the_next_open() -> None:
    found = market(hours=Hours.ALWAYS)
    number = number_of(ORDINARY, found)
    close = found.session_minutes(number).log_price[-1]
    np.testing.assert_allclose(close, found.log_opens[number + 1], rtol=1e-12)


@pytest.mark.parametrize("minute", [0, 17, 388])
def test_the_grid_of_a_minute_leads_to_the_next_minutes_start(minute: int) -> None:
    found = market()
    number = number_of(ORDINARY, found)
    filled = found.session_minutes(number)
    here, after = found.segment(number, minute).path, found.segment(number, minute + 1).path
    np.testing.assert_array_equal(here.log_price[0], filled.log_price[minute])
    np.testing.assert_array_equal(after.log_price[0], filled.log_price[minute + 1])
    for name in range(len(SYMBOLS)):
        last = after.log_price[0, name] - here.log_price[-1, name]
        assert abs(last) < 6 * here.step_deviation[name]
    assert np.abs(after.pressure[0] - here.pressure[-1]).max() < 6 * flows.GAIN
    assert np.abs(after.decoy[0] - here.decoy[-1]).max() < 6 * np.sqrt(1 - flows.coefficient(3.0) ** 2)
    assert np.abs(after.habit[0] - here.habit[-1]).max() < 0.01


def test_a_jump_stands_in_its_minute_and_on_its_grid() -> None:
    found = market()
    place = int(found.mix.places[0, 2])
    own = found.courses[place]
    number = int(np.flatnonzero(own.jump)[-1])
    minute = int(np.argmax(np.abs(found.session_minutes(number).components[place].jump[0])))
    path = found.segment(number, minute).path
    moved = np.diff(path.log_price[:, 0])
    size = own.jump[number] * found.mix.loadings[0, 2]
    assert abs(size) > 100 * path.step_deviation[0]
    assert moved[np.argmax(np.abs(moved))] == pytest.approx(size, abs=8 * path.step_deviation[0])


def test_prices_are_the_tables_on_the_anchor_session() -> None:
    found = market()
    np.testing.assert_allclose(np.exp(found.log_opens[number_of(ANCHOR, found)]), PRICES, rtol=1e-12)


def test_any_minute_made_alone_is_the_same() -> None:
    found, alone = market(), latent()
    number = number_of(ORDINARY, found)
    for minute in (30, 3):
        found.segment(number - 1, minute)
        found.segment(number, minute + 1)
    for name, (one, two) in zip(
        grid.Path._fields,
        zip(found.segment(number, 200).path, alone.segment(number, 200).path, strict=True),
        strict=True,
    ):
        assert one.tobytes() == two.tobytes(), name


def test_another_seed_is_another_market() -> None:
    assert not np.isclose(market().log_opens[100], market(seed=8).log_opens[100]).any()


def test_a_name_is_the_same_whatever_names_stand_beside_it() -> None:
    full = market()
    alone = Latent(
        World(7, Hours.EXCHANGE),
        SYMBOLS[:1],
        mix(VOLATILITY[:1], np.array([0.6]), np.array([0.4]), ("technology",), SYMBOLS[:1]),
        PRICES[:1],
        USUAL[:1],
    )
    assert full.log_opens[:, 0].tobytes() == alone.log_opens[:, 0].tobytes()


def test_long_run_volatility_is_the_tables() -> None:
    """The mean over worlds: in one of them even four decades are a fifth off, so long does variance remember."""
    variance = np.mean([np.diff(latent(seed).log_opens, axis=0).var(axis=0) for seed in range(32)], axis=0)
    np.testing.assert_allclose(np.sqrt(variance * 252), VOLATILITY, rtol=0.08)


def test_variance_within_a_day_is_spread_as_activity_says() -> None:
    found = market()
    squares = np.mean([found.session_minutes(number).deviation[:, 0] ** 2 for number in _full_days(found, 250)], axis=0)
    opening, middle, closing = squares[:30].mean(), squares[130:260].mean(), squares[-30:].mean()
    assert 4 < opening / middle < 6.5
    assert 1.7 < closing / middle < 2.3


def test_the_morning_s_volume_is_raised_by_less_than_its_variance() -> None:
    found = market()
    volume = np.mean([found.session_minutes(number).volume.sum(axis=1) for number in _full_days(found, 60)], axis=0)
    opening, middle, closing = volume[:30].mean(), volume[130:260].mean(), volume[-30:].mean()
    assert opening / middle == pytest.approx(2.4, abs=0.25)
    assert closing / middle == pytest.approx(2.4, abs=0.25)


def _full_days(found: Latent, count: int) -> list[int]:
    return [session.number for session in found.sessions[5000 : 5000 + count] if session.minutes == 390]


def test_pressure_is_standard_normal_and_leads_the_price_as_the_truth_says() -> None:
    found = market()
    starts, outcomes, expected, deviations = [], [], [], []
    ten_s = 10 * flows.STEPS_PER_S
    for number in _full_days(found, 60):
        for minute in (50, 200, 350):
            path = found.segment(number, minute).path
            known = grid.truth(path.pressure[::ten_s][:-1], path.step_deviation, path.step_drift, flows.LEAD, 10.0)
            starts.append(path.pressure[0])
            outcomes.append(np.diff(path.log_price[::ten_s], axis=0))
            expected.append(known.expected_return)
            deviations.append(np.broadcast_to(known.standard_deviation, known.expected_return.shape))
    pressure, outcome, mean, deviation = (
        np.concatenate(each).ravel() for each in (starts, outcomes, expected, deviations)
    )
    assert abs(pressure.mean()) < 0.15
    assert pressure.std() == pytest.approx(1.0, abs=0.1)
    standardised = (outcome - mean) / deviation
    calm = np.abs(standardised) < 6  # jumps left out
    assert standardised[calm].std() == pytest.approx(1.0, abs=0.03)
    skill = np.corrcoef(mean / deviation, outcome / deviation)[0, 1]
    assert skill == pytest.approx(0.22, abs=0.05)


def test_stress_is_none_in_calm_sessions_and_full_in_the_wildest() -> None:
    found = market()
    told = np.array([found.stress(number) for number in range(0, 9000, 5)])
    assert ((told >= 0.0) & (told <= 1.0)).all()
    assert 0.3 < (told == 0.0).mean() < 0.9
    assert told.max() > 0.7
    variance = np.array([one.variance[:9000:5] for one in found.courses])[found.mix.places[2, 0]]
    assert np.corrcoef(np.log(variance), told[:, 2])[0, 1] > 0.5


def test_without_edge_nothing_leads() -> None:
    found = market(edge=0.0)
    number = number_of(ORDINARY, found)
    path = found.segment(number, 100).path
    told = grid.truth(path.pressure, path.step_deviation, path.step_drift, 0.0, 10.0).expected_return
    assert (told == told[0]).all()
    assert np.diff(path.log_price, axis=0)[:, 0] == pytest.approx(
        (path.shock * path.step_deviation)[:-1, 0], abs=1e-3 * path.step_deviation[0]
    )
