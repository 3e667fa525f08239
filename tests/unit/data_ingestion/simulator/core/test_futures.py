"""Branched futures agree with the closed forms, and with what the world went on to do."""

from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr

from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.components import Floats, mix
from data_ingestion.simulator.core.futures import Scheduled, outlook, variances
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import DRIFT
from tests.unit.data_ingestion.simulator.core.market import PRICES, SYMBOLS, USUAL, VOLATILITY, latent

market = cache(latent)
NUMBER = 9000
HORIZONS = (1, 5, 10)


def moved(found: Latent) -> Floats:
    """Log returns of all sessions with their nights, (sessions, names)."""
    gap = found.world.gap
    both = np.stack([one.before_open(gap) + one.of_day(gap) for one in found.courses], axis=1)
    return grid.mixed(both, found.mix.places, found.mix.loadings)


def test_the_variance_of_the_session_to_come_is_known() -> None:
    found = market()
    stressed = int(np.flatnonzero(found.courses[0].stressed)[50])
    for number in (NUMBER, stressed):
        each = [
            one.variance[number] * (1 + component.kind.value.jump_variance)
            for component, one in zip(found.mix.components, found.courses, strict=True)
        ]
        known = grid.mixed(np.array(each), found.mix.places, found.mix.loadings**2)
        told = variances(found.world, found.mix, found.courses, number, 3)
        np.testing.assert_allclose(told[0], known, rtol=1e-12)
        assert told.shape == (3, len(SYMBOLS))


def test_expected_variance_is_that_of_the_sessions_that_follow() -> None:
    found = market()
    squares = moved(found) ** 2
    rows = np.arange(1000, 10_000, 20)
    told = np.array([variances(found.world, found.mix, found.courses, int(row), 10).sum(axis=0) for row in rows])
    seen = np.array([squares[row : row + 10].sum(axis=0) for row in rows])
    np.testing.assert_allclose((seen / told).mean(axis=0), 1.0, atol=0.15)


def test_the_drift_is_the_markets_and_what_is_scheduled() -> None:
    found = market()
    quiet = outlook(found.world, found.mix, found.courses, NUMBER, HORIZONS, pairs=10)
    expected = np.array(HORIZONS)[:, None] * DRIFT / 252 * found.mix.loadings[:, 0]
    np.testing.assert_allclose(quiet.expected_return, expected)
    known = Scheduled(np.full((10, 3), 0.001), np.full((10, 3), 0.0004))
    busy = outlook(found.world, found.mix, found.courses, NUMBER, HORIZONS, known, pairs=10)
    np.testing.assert_allclose(busy.expected_return - expected, np.outer(HORIZONS, [0.001] * 3))
    more = busy.standard_deviation**2 - quiet.standard_deviation**2
    np.testing.assert_allclose(more, np.outer(HORIZONS, [0.0004] * 3))


def test_a_rise_is_about_as_likely_as_drift_over_deviation_says() -> None:
    found = market()
    sure = Scheduled(np.array([[0.02, 0.0, -0.05]]), np.zeros((1, 3)))
    told = outlook(found.world, found.mix, found.courses, NUMBER, (1,), sure, pairs=20_000)
    assert (told.probability_error < 0.003).all()
    likely = ndtr(told.expected_return / told.standard_deviation)
    np.testing.assert_allclose(told.probability_up, likely, atol=0.06)
    assert told.probability_up[0, 0] > 0.7
    assert told.probability_up[0, 2] < 0.05


def test_a_session_is_told_alone_and_a_name_whatever_stands_beside_it() -> None:
    found = market()
    outlook(found.world, found.mix, found.courses, NUMBER + 1, HORIZONS, pairs=100)
    full = outlook(found.world, found.mix, found.courses, NUMBER, HORIZONS, pairs=100)
    few = mix(VOLATILITY[:1], np.array([0.6]), np.array([0.4]), ("technology",), SYMBOLS[:1])
    alone = Latent(found.world, SYMBOLS[:1], few, PRICES[:1], USUAL[:1])
    one = outlook(alone.world, alone.mix, alone.courses, NUMBER, (1, 10), pairs=100)
    for wide, narrow in zip(full, one, strict=True):
        assert wide[[0, 2], :1].tobytes() == narrow.tobytes()


def test_outcomes_over_the_years_are_spread_as_told() -> None:
    found = market()
    ratios, ups, told_ups = [], [], []
    returns = moved(found)
    for number in range(2000, 10_000, 40):
        told = outlook(found.world, found.mix, found.courses, number, (5,), pairs=500)
        outcome = returns[number : number + 5].sum(axis=0)
        ratios.append((outcome - told.expected_return[0]) / told.standard_deviation[0])
        ups.append(outcome > 0)
        told_ups.append(told.probability_up[0])
    assert np.std(ratios) == pytest.approx(1.0, abs=0.1)
    assert np.mean(ups) == pytest.approx(np.mean(told_ups), abs=4 * 0.5 / np.sqrt(len(ups) * 1.5))
