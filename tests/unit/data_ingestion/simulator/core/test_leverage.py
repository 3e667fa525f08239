"""Falls raise the market's variance: at once, for weeks, and so that an index of its volatility tells of the return."""

from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours, sessions
from data_ingestion.simulator.core.components import Component, Floats, Kind
from data_ingestion.simulator.core.sessions import Course, State, World, course, expected_variance
from data_ingestion.simulator.facts import simulated, together

MARKET = Component(Kind.MARKET, "market")
YEARS, SEEDS, MONTH = 2020, 24, 21


@cache
def markets() -> tuple[Course, ...]:
    known = sessions(Hours.EXCHANGE, YEARS)
    return tuple(course(World(seed, Hours.EXCHANGE), MARKET, known) for seed in range(SEEDS))


def returns(one: Course) -> Floats:
    gap = World(0, Hours.EXCHANGE).gap
    return np.asarray(one.before_open(gap) + one.of_day(gap))


def correlation(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(first, second)[0, 1])


@pytest.mark.parametrize(("lag", "strongest", "weakest"), [(1, -0.15, -0.09), (20, -0.06, -0.02), (60, -0.04, -0.01)])
def test_a_return_leans_sizes_for_a_quarter(lag: int, strongest: float, weakest: float) -> None:
    """Recorded, 1990 to 2015: −0.124 ± 0.020, −0.065 ± 0.050 and −0.043 ± 0.030; the mean over many markets here."""
    moved = [returns(one) for one in markets()]
    told = np.mean([correlation(each[:-lag], np.abs(each[lag:])) for each in moved])
    assert strongest < told < weakest


def test_what_is_expected_of_a_month_is_told_by_the_return() -> None:
    """Recorded, 2014 and 2015: a slope of −8.2 and a correlation of −0.87, at a volatility of 0.13 a year."""
    ahead = np.arange(1.0, MONTH + 1)
    slopes, correlations, calm = [], [], []
    for one in markets():
        parts = (one.fast, one.slow, one.slow, one.stressed.astype(np.float64))
        now = State(*(part[:, None] for part in parts))
        told = np.diff(np.log(expected_variance(World(0, Hours.EXCHANGE), MARKET, now, ahead).sum(axis=1))) / 2
        for moved, change in zip(*(np.array_split(each, 15) for each in (0.16 * returns(one)[:-1], told)), strict=True):
            calm.append(np.std(moved) * np.sqrt(252))
            slopes.append(np.cov(moved, change)[0, 1] / np.var(moved))
            correlations.append(correlation(moved, change))
    alike = np.abs(np.array(calm) - 0.13) < 0.02
    assert alike.sum() > 30
    assert np.mean(np.array(slopes)[alike]) == pytest.approx(-8.2, abs=1.0)
    assert np.mean(np.array(correlations)[alike]) == pytest.approx(-0.87, abs=0.05)


def test_what_options_expect_and_returns_span_the_same_time() -> None:
    """Returns that were a night late would correlate by three quarters of that."""
    found = simulated.premium(World(42, Hours.EXCHANGE), (2012, 2013))
    changes = np.diff(np.log(found.implied)) / 2
    _, told = together.elasticity(found.returns[1:], changes, np.random.default_rng(1))
    assert told.value < -0.75
    assert correlation(found.returns[:-1], changes) > -0.2
