"""Trends over a panel: by hand, against an ordinary regression, and the same bits from any cut of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_processing.feature_engineering.sector_trends import (
    LATEST,
    LONGEST,
    ROWS_NEEDED,
    SECTOR_TRENDS,
    WINDOWS,
    of_others,
    sector_trends,
    windowed,
)
from tests.unit.stream_processing.feature_engineering.happened import CUTS

Floats = NDArray[np.float64]
SECTORS = ("energy", "energy", "energy", "health", "health", "alone")


def panel(seed: int, days: int = 420, names: int = len(SECTORS)) -> Floats:
    random = np.random.default_rng(seed)
    market = random.standard_normal((days, 1))
    moves = 0.01 * (market * np.linspace(0.5, 1.5, names) + random.standard_normal((days, names)))
    return np.asarray(100 * np.exp(np.cumsum(moves, axis=0)))


CLOSES = panel(1)


def test_every_feature_is_there_and_warms_up_as_its_row_says() -> None:
    found = sector_trends(CLOSES, SECTORS)
    assert set(found) == {feature.name for feature in SECTOR_TRENDS}
    for feature in SECTOR_TRENDS:
        values = found[feature.name]
        assert values.shape == CLOSES.shape
        assert np.isnan(values[: feature.warm_up]).all()
        is_of_sector = "sector" in feature.name or "relative" in feature.name
        there = np.isfinite(values[feature.warm_up :])
        assert there[:, :5].all()
        assert there[:, 5].all() == (not is_of_sector)


def test_momentum_by_hand() -> None:
    found, logs, at = sector_trends(CLOSES, SECTORS), np.log(CLOSES), 300
    for days in WINDOWS:
        own = logs[at] - logs[at - days]
        np.testing.assert_allclose(found[f"momentum_{days}d"][at], own)
        assert found[f"sector_momentum_{days}d"][at, 0] == pytest.approx((own[1] + own[2]) / 2)
        assert found[f"sector_momentum_{days}d"][at, 3] == pytest.approx(own[4])
        assert found[f"relative_momentum_{days}d"][at, 4] == pytest.approx(own[4] - own[3])


def test_the_regression_is_the_ordinary_one() -> None:
    found, at = sector_trends(CLOSES, SECTORS), 350
    returns = np.diff(np.log(CLOSES), axis=0)[at - LONGEST : at]
    for name in range(len(SECTORS)):
        market = np.delete(returns, name, axis=1).mean(axis=1)
        slope, constant = np.polyfit(market, returns[:, name], 1)
        rest = returns[:, name] - slope * market - constant
        deviation = np.sqrt((rest**2).sum() / (LONGEST - 2))
        assert found["market_beta_250d"][at, name] == pytest.approx(slope)
        assert found["residual_volatility_250d"][at, name] == pytest.approx(deviation * np.sqrt(252))
        left = (returns[:, name] - slope * market)[:-LATEST]
        expected = left.sum() / (deviation * np.sqrt(LONGEST - LATEST))
        assert found["residual_momentum_250d"][at, name] == pytest.approx(expected)


def test_no_later_day_changes_a_row_and_the_last_days_alone_give_its_bits() -> None:
    whole = sector_trends(CLOSES, SECTORS)
    random = np.random.default_rng(2)
    for cut in random.integers(ROWS_NEEDED, len(CLOSES) + 1, CUTS).tolist():
        last = sector_trends(np.asfortranarray(CLOSES[cut - ROWS_NEEDED : cut]), SECTORS)
        for name, values in sector_trends(CLOSES[:cut], SECTORS).items():
            np.testing.assert_array_equal(values, whole[name][:cut])
            np.testing.assert_array_equal(last[name][-1], values[-1])


@pytest.mark.parametrize("cut", [1, 20, 21, 250, 251])
def test_a_short_panel_says_what_the_long_one_says_of_its_days(cut: int) -> None:
    whole = sector_trends(CLOSES, SECTORS)
    for name, values in sector_trends(CLOSES[:cut], SECTORS).items():
        np.testing.assert_array_equal(values, whole[name][:cut])


@pytest.mark.parametrize("hole", [np.nan, 0.0, -5.0, np.inf])
def test_a_missing_close_is_missing_for_its_windows_and_left_out_of_others_means(hole: float) -> None:
    closes = CLOSES.copy()
    closes[100, 0] = hole
    found = sector_trends(closes, SECTORS)
    momentum = found["momentum_20d"][:, 0]
    assert np.isnan(momentum[100:121]).all()
    assert np.isfinite(momentum[121:]).all()
    logs = np.log(CLOSES)
    others = logs[110] - logs[90]
    moves = np.diff(logs, axis=0)[90:110]
    alone = moves[:, 1].copy()
    held = np.ones(20, bool)
    held[[9, 10]] = False
    alone[held] = (moves[held, 0] + moves[held, 1]) / 2
    assert found["sector_momentum_20d"][110, 2] == pytest.approx(alone.sum())
    assert found["momentum_20d"][110, 1] == pytest.approx(others[1])


def test_a_name_that_never_moves_has_no_residual_momentum_and_a_dead_market_no_beta() -> None:
    closes = CLOSES.copy()
    closes[:, 0] = 50.0
    found = sector_trends(closes, SECTORS)
    assert (found["market_beta_250d"][LONGEST:, 0] == 0).all()
    assert np.isnan(found["residual_momentum_250d"][:, 0]).all()
    dead = sector_trends(np.full_like(closes, 50.0), SECTORS)
    assert np.isnan(dead["market_beta_250d"]).all()


def test_a_name_does_not_explain_itself() -> None:
    returns = np.array([[1.0, 2.0, 4.0], [np.nan, 3.0, np.nan]])
    found = of_others(returns, ("a", "a", "b"))
    np.testing.assert_array_equal(found, [[2.0, 1.0, np.nan], [3.0, np.nan, np.nan]])


def test_windows_longer_than_the_panel_are_missing() -> None:
    assert np.isnan(windowed(np.ones((3, 2)), 4)).all()
    np.testing.assert_array_equal(windowed(np.ones((3, 1)), 2, 1)[:, 0], [np.nan, 1.0, 1.0])
    assert all(values.shape == (0, 6) for values in sector_trends(np.zeros((0, 6)), SECTORS).values())


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.floats(0.01, 1e6), st.lists(st.tuples(st.integers(0, 259), st.integers(0, 2))))
def test_values_are_never_infinite_and_do_not_know_the_unit(
    seed: int, unit: float, holes: list[tuple[int, int]]
) -> None:
    closes, sectors = panel(seed, 260, 3), ("a", "a", "b")
    for hole in holes:
        closes[hole] = np.nan
    found, scaled = sector_trends(closes, sectors), sector_trends(closes * unit, sectors)
    for name, values in found.items():
        assert not np.isinf(values).any()
        np.testing.assert_allclose(values, scaled[name], rtol=1e-6, atol=1e-9)
