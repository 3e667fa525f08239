"""Both engines against fifty digits: prices, Greeks, implied volatilities, and prices deep out of the money."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from models.quantitative import blocks, compiled
from models.quantitative.blocks import Floats
from models.quantitative.european import EUROPEAN, EuropeanGreeks
from models.quantitative.quotes import IMPLIED_VOL
from models.quantitative.reasons import Reason
from tests.unit.models.quantitative import exact
from tests.unit.models.quantitative.markets import Market, random_market, stress_market

EPSILON = 2.0**-52
ROWS = 1_500
CONDITION_ERROR = 2.0
"""Largest error of an implied volatility, in units of rounding times the condition number of its price."""


@pytest.fixture(scope="module", params=[blocks, compiled], ids=["blocks", "compiled"])
def engine(request: pytest.FixtureRequest) -> ModuleType:
    assert isinstance(request.param, ModuleType)
    return request.param


@pytest.fixture(scope="module")
def market() -> Market:
    return random_market(ROWS, seed=11)


@pytest.fixture(scope="module")
def truth(market: Market) -> dict[str, list[float]]:
    """Price and Greeks of the market in fifty digits, rounded once."""
    rows = [
        exact.greeks(spot, strike, years, rate, dividend, vol, is_call=bool(is_call))
        for spot, strike, years, rate, dividend, is_call, vol in np.array(market).T.tolist()
    ]
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


UNITS: dict[str, Callable[[Market], Floats]] = {
    "price": lambda m: m.underlying_price,
    "delta": lambda m: np.ones_like(m.vol),
    "gamma": lambda m: 1.0 / (m.underlying_price * m.vol * np.sqrt(m.years)),
    "vega": lambda m: 0.01 * m.underlying_price * np.sqrt(m.years),
    "theta": lambda m: m.underlying_price * (0.1 + m.vol / np.sqrt(m.years)) / 365.0,
    "rho": lambda m: 0.01 * m.strike * m.years,
}
"""What each result is measured by."""


@pytest.mark.parametrize("name", UNITS)
def test_prices_and_greeks(engine: ModuleType, market: Market, truth: dict[str, list[float]], name: str) -> None:
    """The aim is 1e-12 of the underlying; what is reached is ten times less, even an hour before expiry."""
    computed = EuropeanGreeks(*engine.evaluate(EUROPEAN, *market))
    error = np.abs(getattr(computed, name) - truth[name]) / UNITS[name](market)
    assert np.max(error) < 1e-13


def test_implied_vols_from_raw_prices(engine: ModuleType, market: Market, truth: dict[str, list[float]]) -> None:
    reason, vol = engine.evaluate(IMPLIED_VOL, truth["price"], *market[:6])
    condition = (market.underlying_price + market.strike) / (100.0 * np.array(truth["vega"]) * market.vol)
    ok = reason == Reason.OK
    assert ok.mean() > 0.9
    assert (np.abs(vol / market.vol - 1.0)[ok] <= 1e-14 + CONDITION_ERROR * EPSILON * condition[ok]).all()
    assert (condition[~ok] * EPSILON > 1e-7).all(), "only prices that say nothing about volatility may go unanswered"


@pytest.fixture(scope="module")
def stress() -> tuple[Market, Floats]:
    return stress_market()


def test_no_price_deep_out_of_the_money_fails(engine: ModuleType, stress: tuple[Market, Floats]) -> None:
    stressed, prices = stress
    reason, vol = engine.evaluate(IMPLIED_VOL, prices, *stressed[:6])
    assert prices.size == 3_950
    assert prices.min() < 1e-220
    assert not reason.any()
    assert np.max(np.abs(vol / stressed.vol - 1.0)) < 3e-14
