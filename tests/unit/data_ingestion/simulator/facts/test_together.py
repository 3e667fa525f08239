"""Facts of names together, of the day, and of the variance premium."""

import numpy as np
import pytest

from data_ingestion.simulator.facts import together
from tests.unit.data_ingestion.simulator.facts.test_returns import inside

RANDOM = np.random.default_rng


def factor_market(rows: int, loading: float, spread: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = RANDOM(seed)
    market = random.standard_normal(rows) * np.exp(
        spread * np.repeat(random.standard_normal(rows // 22 + 1), 22)[:rows]
    )
    own = random.standard_normal((rows, 10))
    return loading * market[:, None] + np.sqrt(1 - loading**2) * own, market


def test_one_factor_gives_its_squared_loading_as_correlation() -> None:
    panel, _ = factor_market(6000, 0.6, 0.0)
    assert inside(together.pairwise_correlation(panel, RANDOM(0), 20), 0.36)
    assert together.mean_correlation(panel) == pytest.approx(np.corrcoef(panel.T)[np.triu_indices(10, 1)].mean())


def test_correlation_rises_with_the_markets_variance() -> None:
    panel, market = factor_market(22 * 200, 0.6, 0.6)
    groups = together.correlation_by_variance(panel, market, RANDOM(0))
    assert len(groups) == 5
    assert groups[0].high < groups[2].value < groups[4].low


def test_the_night_has_the_share_that_it_was_given() -> None:
    random = RANDOM(2)
    night, day = 0.5 * random.standard_normal(4000), np.sqrt(0.75) * random.standard_normal(4000)
    assert inside(together.overnight_share(night, day, RANDOM(0), 20), 0.25)


def test_a_u_shape_shows_at_both_edges() -> None:
    variance = np.full(390, 1.0)
    variance[:30], variance[-30:] = 3.0, 2.0
    squares = (RANDOM(3).standard_normal((300, 390)) * np.sqrt(variance)) ** 2
    first, last = together.edges_over_middle(squares, RANDOM(0))
    assert inside(first, 3.0)
    assert inside(last, 2.0)
    shape = together.profile(squares, 13)
    assert shape.mean() == pytest.approx(1.0)
    assert shape[0] == max(shape)


def test_the_premium_is_the_log_of_the_markup() -> None:
    returns = 0.01 * RANDOM(4).standard_normal(20_000)
    implied = np.full(20_000, 1.3 * 0.01**2 * 252)
    found = together.variance_premium(implied, returns, RANDOM(0))
    chance = np.log(1.3) + 1 / 21
    assert inside(found, chance)


def test_elasticity_is_slope_and_correlation() -> None:
    random = RANDOM(5)
    returns = random.standard_normal(5000)
    slope, correlation = together.elasticity(returns, -3 * returns + 4 * random.standard_normal(5000), RANDOM(0))
    assert inside(slope, -3.0)
    assert inside(correlation, -0.6)
