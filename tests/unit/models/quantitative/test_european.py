import itertools

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.quantitative.european import EuropeanGreeks, european
from models.quantitative.reasons import Reason, reason_names
from tests.unit.models.quantitative import exact

EPSILON = 2.0**-52
SPOTS, STRIKES = st.floats(1.0, 1000.0), st.floats(1.0, 1000.0)
YEARS, RATES, VOLS = st.floats(0.003, 3.0), st.floats(-0.05, 0.15), st.floats(0.05, 2.0)
RIGHTS = st.sampled_from([1.0, 0.0])
REFERENCE = [
    (100.0, strike, years, rate, dividend, vol, is_call)
    for strike, years, (rate, dividend), vol, is_call in itertools.product(
        (20.0, 80.0, 99.0, 100.0, 101.0, 130.0, 700.0),
        (1.0 / 365.0, 0.25, 5.0),
        ((0.0, 0.0), (0.05, 0.02), (-0.01, 0.08)),
        (0.05, 0.2, 1.5),
        (True, False),
    )
]


@pytest.fixture(scope="module")
def computed() -> EuropeanGreeks:
    return european(*np.array(REFERENCE, dtype=float).T)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("price", 1e-13), ("delta", 4e-15), ("gamma", 4e-15), ("vega", 1e-15), ("theta", 2e-15), ("rho", 2e-14)],
)
def test_against_fifty_digits(computed: EuropeanGreeks, name: str, tolerance: float) -> None:
    """At an underlying of 100; `tolerance` grows with the strike where that is larger."""
    for row, value in zip(REFERENCE, getattr(computed, name), strict=True):
        truth = exact.greeks(*row[:6], is_call=row[6])[name]
        assert abs(float(value - truth)) <= tolerance * max(1.0, row[1] / row[0]), row


@pytest.mark.parametrize(("moneyness", "vol"), [(0.5, 0.05), (0.2, 0.2), (0.01, 0.3), (1e-4, 0.5)])
def test_deep_out_of_the_money_keeps_its_digits(moneyness: float, vol: float) -> None:
    """Where a price is 1e-50 of the underlying, its digits are right, not just its smallness."""
    call = european(100.0 * moneyness, 100.0, 1.0, 0.0, 0.0, vol, is_call=True)
    truth = exact.greeks(100.0 * moneyness, 100.0, 1.0, 0.0, 0.0, vol, is_call=True)
    assert 0.0 < truth["price"] < 1e-10
    for name in ("price", "delta", "gamma", "vega"):
        assert float(getattr(call, name) / truth[name]) == pytest.approx(1.0, rel=2e-12)


@given(SPOTS, STRIKES, YEARS, RATES, RATES, VOLS)
def test_put_call_parity(spot: float, strike: float, years: float, rate: float, dividend: float, vol: float) -> None:
    call, put = (european(spot, strike, years, rate, dividend, vol, is_call=right) for right in (True, False))
    spot_now, strike_now = spot * np.exp(-dividend * years), strike * np.exp(-rate * years)
    size = spot_now + strike_now
    assert call.price - put.price == pytest.approx(spot_now - strike_now, abs=8 * EPSILON * size)
    assert call.delta - put.delta == pytest.approx(spot_now / spot, abs=1e-14)
    assert call.rho - put.rho == pytest.approx(years * strike_now / 100.0, rel=1e-14)
    np.testing.assert_array_equal([call.gamma, call.vega], [put.gamma, put.vega])


@given(SPOTS, STRIKES, YEARS, RATES, RATES, VOLS, RIGHTS)
def test_bounds_and_monotony(
    spot: float, strike: float, years: float, rate: float, dividend: float, vol: float, is_call: float
) -> None:
    vols = vol * np.array([1.0, 1.01, 1.5])
    result = european(spot, strike, years, rate, dividend, vols, is_call)
    spot_now, strike_now = spot * np.exp(-dividend * years), strike * np.exp(-rate * years)
    slack = 8 * EPSILON * (spot_now + strike_now)
    intrinsic = max(spot_now - strike_now if is_call else strike_now - spot_now, 0.0)
    assert (np.diff(result.price) >= -slack).all()
    assert (result.price >= intrinsic - slack).all()
    assert (result.price <= (spot_now if is_call else strike_now) + slack).all()
    assert (np.abs(result.delta) <= spot_now / spot * (1 + EPSILON)).all()
    assert (np.sign(result.delta) == (1 if is_call else -1)).all() or np.abs(result.delta).min() < 1e-300
    assert (result.gamma >= 0.0).all()
    assert (result.vega >= 0.0).all()


@given(st.floats(50.0, 150.0), st.floats(0.1, 2.0), st.floats(0.0, 0.1), st.floats(0.1, 1.0), RIGHTS)
def test_greeks_are_the_slopes_of_the_price(spot: float, years: float, rate: float, vol: float, is_call: float) -> None:
    step = 1e-4
    nodes = np.array([-1.0, 1.0]) * step

    def slope(ds: float = 0.0, dt: float = 0.0, dr: float = 0.0, dv: float = 0.0) -> float:
        low, high = european(
            spot + ds * nodes, 100.0, years + dt * nodes, rate + dr * nodes, 0.02, vol + dv * nodes, is_call
        ).price
        return float((high - low) / (2.0 * step))

    here = european(spot, 100.0, years, rate, 0.02, vol, is_call)
    up, down = (european(spot + h, 100.0, years, rate, 0.02, vol, is_call).delta for h in (step, -step))
    assert slope(ds=1.0) == pytest.approx(here.delta, abs=1e-6)
    assert (up - down) / (2.0 * step) == pytest.approx(here.gamma, abs=1e-6)
    assert slope(dv=1.0) / 100.0 == pytest.approx(here.vega, abs=1e-6)
    assert -slope(dt=1.0) / 365.0 == pytest.approx(here.theta, abs=1e-6)
    assert slope(dr=1.0) / 100.0 == pytest.approx(here.rho, abs=1e-6)


@pytest.mark.parametrize(("spot", "delta"), [(120.0, 1.0), (80.0, 0.0)])
def test_without_volatility_only_intrinsic_value_is_left(spot: float, delta: float) -> None:
    result = european(spot, 100.0, 0.5, 0.0, 0.0, 1e-8, is_call=True)
    assert result.price == max(spot - 100.0, 0.0)
    assert result.delta == delta
    assert result.gamma == result.vega == 0.0


def test_with_endless_volatility_a_call_is_the_underlying() -> None:
    result = european(100.0, 100.0, 1.0, 0.05, 0.0, 100.0, is_call=True)
    assert result.price == pytest.approx(100.0, rel=1e-14)
    assert result.delta == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("is_call", [True, False])
def test_against_quantlib(*, is_call: bool) -> None:
    spot, strike, years, rate, dividend, vol = 417.3, 430.0, 37.0 / 365.0, 0.043, 0.013, 0.187
    right = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    forward = spot * np.exp((rate - dividend) * years)
    black = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(right, strike), forward, vol * years**0.5, np.exp(-rate * years)
    )
    result = european(spot, strike, years, rate, dividend, vol, is_call)
    assert result.price == pytest.approx(black.value(), rel=1e-13)
    assert result.delta == pytest.approx(black.delta(spot), rel=1e-13)
    assert result.gamma == pytest.approx(black.gamma(spot), rel=1e-13)
    assert result.vega == pytest.approx(black.vega(years) / 100.0, rel=1e-13)
    assert result.theta == pytest.approx(black.theta(spot, years) / 365.0, rel=1e-12)
    assert result.rho == pytest.approx(black.rho(years) / 100.0, rel=1e-13)


def _row(**changes: float) -> NDArray[np.float64]:
    terms = {"spot": 100.0, "strike": 90.0, "years": 0.5, "rate": 0.03, "dividend": 0.01, "vol": 0.2, "is_call": 1.0}
    return np.array(list((terms | changes).values()))


@pytest.mark.parametrize("name", ["spot", "strike", "years", "rate", "dividend", "vol", "is_call"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e10, -2e2])
def test_bad_input_has_its_reason(name: str, value: float) -> None:
    reason, *values = european(*_row(**{name: value}))
    assert reason == Reason.BAD_INPUT
    assert np.isnan(values).all()


@pytest.mark.parametrize("years", [0.0, -0.1, 1e-15])
def test_expired_has_its_reason(years: float) -> None:
    reason, *values = european(*_row(years=years))
    assert reason_names(reason) == "expired"
    assert np.isnan(values).all()
