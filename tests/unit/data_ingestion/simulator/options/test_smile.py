import numpy as np
import pytest
from scipy.stats import norm

from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.smile import (
    Smile,
    bend,
    highest_bend,
    implied_vol,
    is_free_of_arbitrage,
    smiles,
    total_variance,
)

SYMBOLS = [options.symbol for options in CLASSES]
YEARS = np.array([0.5, 1, 5, 30, 91, 365, 900]) / 365
STRESSES = np.array([0.0, 0.5, 1.0, 3.0])


def surface(stress: float) -> Smile:
    return smiles(CLASSES, np.full(len(CLASSES), stress))


def thetas(vol: float) -> Floats:
    return np.tile(vol**2 * YEARS, (len(CLASSES), 1))


@pytest.mark.parametrize("stress", STRESSES)
@pytest.mark.parametrize("vol", [0.05, 0.16, 0.6, 1.5, 4.0])
def test_no_name_has_arbitrage_at_any_level_of_volatility_and_stress(vol: float, stress: float) -> None:
    assert np.all(is_free_of_arbitrage(thetas(vol), surface(stress)))


@pytest.mark.parametrize("rho", [0.0, -0.3, -0.9, 0.9])
def test_the_highest_bend_is_the_highest_without_arbitrage(rho: float) -> None:
    theta = np.geomspace(1e-6, 30.0, 400)[None, :]
    most = highest_bend(np.array([rho]))
    assert is_free_of_arbitrage(theta, Smile(np.array([rho]), most))[0]
    assert not is_free_of_arbitrage(theta, Smile(np.array([rho]), 1.01 * most))[0]


def test_the_conditions_refuse_what_breaks_them() -> None:
    rho, eta = np.array([-0.7]), np.array([1.1])
    theta = np.array([[0.01, 0.02, 0.04]])
    assert is_free_of_arbitrage(theta, Smile(rho, eta))[0]
    assert not is_free_of_arbitrage(theta[:, ::-1], Smile(rho, eta))[0]
    assert not is_free_of_arbitrage(np.array([[1.0]]), Smile(rho, np.array([4.0])))[0]


def test_prices_are_convex_in_the_strike_and_rise_with_time() -> None:
    log_moneyness = np.linspace(-2.0, 1.5, 1401)
    for stress in STRESSES:
        smile = surface(stress)
        for name in range(len(CLASSES)):
            before = np.zeros(log_moneyness.size)
            for theta in np.geomspace(1e-6, 3.0, 25):
                phi = bend(np.array([theta]), smile.eta[name : name + 1])
                deviation = np.sqrt(total_variance(log_moneyness, np.array([theta]), smile.rho[name : name + 1], phi))
                d1 = -log_moneyness / deviation + deviation / 2
                call = norm.cdf(d1) - np.exp(log_moneyness) * norm.cdf(d1 - deviation)
                slopes = np.diff(call) / np.diff(np.exp(log_moneyness))
                assert np.all(np.diff(slopes) > -1e-9)
                assert np.all(call >= before - 1e-13)
                before = call


def test_at_the_money_the_volatility_is_what_was_given() -> None:
    vol = implied_vol(np.zeros(7), YEARS, 0.25**2 * YEARS, Smile(np.full(7, -0.6), np.full(7, 1.1)))
    np.testing.assert_allclose(vol, 0.25, rtol=1e-12)


def skew(symbol: str, years: float, vol: float, stress: float = 0.0) -> float:
    """Volatility points by which a put five percent below is dearer than at the money."""
    place = SYMBOLS.index(symbol)
    smile = surface(stress)
    row = Smile(smile.rho[place : place + 1], smile.eta[place : place + 1])
    at = np.array([-0.05, 0.0])
    found = implied_vol(at, np.full(2, years), np.full(2, vol**2 * years), Smile(*(np.tile(one, 2) for one in row)))
    return float(100 * (found[0] - found[1]))


def test_skew_is_steeper_for_the_index_for_short_times_and_in_stress() -> None:
    assert 2.0 < skew("SPX", 30 / 365, 0.16) < 6.0
    assert skew("SPX", 30 / 365, 0.16) > 1.5 * skew("TSLA", 30 / 365, 0.16)
    assert skew("SPX", 7 / 365, 0.16) > skew("SPX", 30 / 365, 0.16) > 2 * skew("SPX", 1.0, 0.16)
    assert skew("SPX", 30 / 365, 0.16, stress=1.0) > 1.1 * skew("SPX", 30 / 365, 0.16)
    assert skew("SPX", 1.0, 0.32) > skew("SPX", 1.0, 0.16)
