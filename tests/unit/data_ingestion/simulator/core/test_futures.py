"""Branched futures agree with the closed forms, and with what the world went on to do."""

from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core.futures import outlook
from data_ingestion.simulator.core.sessions import DRIFT, State, expected_variance
from tests.unit.data_ingestion.simulator.core.market import VOLATILITY, latent

market = cache(latent)
NUMBER = 9000


def test_branches_have_the_expected_variance_and_drift() -> None:
    found = market()
    told = outlook(found.world, found.mix, found.courses, NUMBER, 10, np.random.default_rng(1), pairs=20_000)
    variances = []
    for component, one in zip(found.mix.components, found.courses, strict=True):
        parts = (one.fast, one.slow, found.courses[0].slow, one.stressed)
        # The first session's variance is known; `expected_variance` counts from the one before it.
        now = State(*(np.array([float(part[NUMBER])]) for part in parts))
        coming = expected_variance(found.world, component, now, np.arange(1.0, 11.0))
        variances.append(coming.sum())
    expected = (np.array(variances)[found.mix.places] * found.mix.loadings**2).sum(axis=1)
    np.testing.assert_allclose(told.standard_deviation, np.sqrt(expected), rtol=0.05)
    np.testing.assert_allclose(told.expected_return, 10 * DRIFT / 252 * found.mix.loadings[:, 0])


def test_a_rise_is_about_as_likely_as_drift_over_deviation_says() -> None:
    found = market()
    told = outlook(found.world, found.mix, found.courses, NUMBER, 1, np.random.default_rng(2), pairs=20_000)
    assert (told.probability_error < 0.003).all()
    assert told.probability_up == pytest.approx(0.5, abs=0.05)


def test_outcomes_over_the_years_are_spread_as_told() -> None:
    found = market()
    ratios, ups, told_ups = [], [], []
    for number in range(2000, 10_000, 40):
        told = outlook(found.world, found.mix, found.courses, number, 5, np.random.default_rng(number), pairs=500)
        nights = np.array([one.before_open(found.world.gap)[[number, number + 5]] for one in found.courses])
        moved = found.log_opens[number + 5] - found.log_opens[number]
        night = (nights[found.mix.places] * found.mix.loadings[..., None]).sum(axis=1)
        outcome = moved + night[:, 0] - night[:, 1]
        ratios.append((outcome - told.expected_return) / told.standard_deviation)
        ups.append(outcome > 0)
        told_ups.append(told.probability_up)
    assert np.std(ratios) == pytest.approx(1.0, abs=0.1)
    assert np.mean(ups) == pytest.approx(np.mean(told_ups), abs=4 * 0.5 / np.sqrt(len(ups) * 1.5))
    assert VOLATILITY.shape == told.probability_up.shape
