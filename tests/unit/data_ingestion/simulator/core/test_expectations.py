"""Expected variance is what futures branched from the state have on average, and rises with time to expiry."""

from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core import expectations
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.components import STRESS_BEGINS, STRESS_ENDS, Component, Kind
from data_ingestion.simulator.core.expectations import Expiry
from data_ingestion.simulator.core.sessions import State, World, expected_variance
from tests.unit.data_ingestion.simulator.core.market import VOLATILITY, latent

market = cache(latent)
BRANCHES = 200_000


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("fast", "slow", "market_slow", "stressed"), [(0.0, 0.0, 0.0, 0.0), (1.0, -0.8, 0.5, 1.0)])
def test_expected_variance_is_the_mean_over_futures(
    kind: Kind, fast: float, slow: float, market_slow: float, stressed: float
) -> None:
    dynamics, market, random = kind.value, Kind.MARKET.value, np.random.default_rng(5)
    fasts, slows, market_slows = (np.full(BRANCHES, value) for value in (fast, slow, market_slow))
    stress = np.full(BRANCHES, stressed > 0)
    now = State(*(np.array([value]) for value in (fast, slow, market_slow, stressed)))
    for ahead in range(1, 31):
        ends, begins = random.random(BRANCHES) < STRESS_ENDS, random.random(BRANCHES) < STRESS_BEGINS
        stress = np.where(stress, ~ends, begins)
        if ahead in (1, 5, 30):
            parts = fasts + slows + dynamics.shared * market_slows + dynamics.stress * stress
            seen = np.exp(dynamics.level + parts) / 252
            world = World(1, Hours.EXCHANGE)
            told = expected_variance(world, Component(kind, "any"), now, np.array([float(ahead)]))
            assert told[0] == pytest.approx(seen.mean(), abs=1e-15 + 4 * seen.std() / np.sqrt(BRANCHES))
        fasts, slows, market_slows = (
            keep * values + spread * np.sqrt(1 - keep**2) * random.standard_normal(BRANCHES)
            for values, keep, spread in (
                (fasts, dynamics.fast, dynamics.fast_spread),
                (slows, dynamics.slow, dynamics.slow_spread),
                (market_slows, market.slow, market.slow_spread),
            )
        )


def test_a_component_has_an_expected_variance_of_one_a_year() -> None:
    for kind in Kind:
        far = expected_variance(World(1), Component(kind, "any"), State(*[np.zeros(1)] * 4), np.array([1e5]))
        assert far[0] * 365 == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("hours", Hours)
def test_total_variance_rises_with_expiry_and_falls_to_nothing_at_it(hours: Hours) -> None:
    found = market(hours=hours)
    number = found.sessions[-3000].number
    last = found.sessions[number].minutes - 1
    expiries = (Expiry(0, 0.5), Expiry(0, 1.0), Expiry(1, 0.3), Expiry(1, 1.0), Expiry(5, 0.1), Expiry(250, 1.0))
    told = found.total_variance(number, np.array([0, 100, last]), expiries)
    assert told.shape == (3, len(expiries), len(VOLATILITY))
    assert (np.diff(told, axis=1) >= 0).all()
    assert (told[2, 0] == 0).all()
    assert (told[2, 1] < 0.01 * told[0, 1]).all()
    years = 252 if hours is Hours.EXCHANGE else 365
    premium = 1 + np.array([kind.value.premium for kind in Kind])
    assert (premium >= 1).all()
    assert (np.sqrt(told[0, -1] * years / 250) < 2.5 * VOLATILITY).all()
    assert (np.sqrt(told[0, -1] * years / 250) > 0.4 * VOLATILITY).all()


def test_what_is_expected_moves_with_the_price_within_the_day() -> None:
    """A fall raises the variance expected of tomorrow: the leverage shows before the session is over."""
    found = market()
    moves, changes = [], []
    for number in range(9000, 9120):
        filled = found.session_minutes(number)
        if filled.session.minutes != 390:
            continue
        told = found.total_variance(number, np.array([30, 330]), (Expiry(0, 1.0), Expiry(5, 1.0)))
        coming = told[:, 1] - told[:, 0]
        moves.append(filled.log_price[330, 2] - filled.log_price[30, 2])
        changes.append(np.log(coming[1, 2] / coming[0, 2]))
    assert np.corrcoef(moves, changes)[0, 1] < -0.4


def test_the_session_that_follows_begins_with_what_the_last_minute_knew() -> None:
    found = market(hours=Hours.ALWAYS)
    number = found.sessions[-3000].number
    tomorrow = Expiry(1, 1.0)
    last = found.sessions[number].minutes - 1
    before = found.total_variance(number, np.array([last]), (tomorrow,))[0, 0]
    after = found.total_variance(number + 1, np.array([0]), (Expiry(0, 1.0),))[0, 0]
    np.testing.assert_allclose(before, after, rtol=0.1)


def test_places_of_expiries() -> None:
    found = market()
    now, later = found.sessions[100], found.sessions[103]
    world = found.world
    assert expectations.place(world, now, later, later.closes_at) == Expiry(3, 1.0)
    assert tuple(expectations.place(world, now, later, later.opens_at)) == pytest.approx((3, world.gap))
    assert expectations.place(world, now, now, now.closes_at) == Expiry(0, 1.0)
    assert tuple(expectations.place(world, now, later, later.opens_at - 5)) == pytest.approx((3, world.gap))
