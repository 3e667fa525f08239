import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative.black76 import black76, black76_implied_vol
from models.quantitative.reasons import reason_names


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("strike", [60.0, 95.0, 100.0, 140.0])
def test_against_quantlib(strike: float, is_call: bool) -> None:  # noqa: FBT001 - a parameter of the test
    forward, years, rate, vol = 100.0, 0.75, 0.04, 0.3
    right = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    reference = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(right, strike), forward, vol * np.sqrt(years), np.exp(-rate * years)
    )
    found = black76(forward, strike, years, rate, vol, is_call)
    assert found.price == pytest.approx(reference.value(), rel=1e-12)
    assert found.delta == pytest.approx(reference.deltaForward(), rel=1e-12)
    assert found.gamma == pytest.approx(reference.gammaForward(), rel=1e-12)
    assert found.vega == pytest.approx(reference.vega(years) / 100.0, rel=1e-12)


@given(st.floats(50.0, 200.0), st.floats(0.02, 3.0), st.floats(-0.02, 0.1), st.floats(0.05, 1.0))
def test_theta_and_rho_hold_the_forward(forward: float, years: float, rate: float, vol: float) -> None:
    step = 1e-5
    sides = np.array([-step, step])
    found = black76(forward, 100.0, years, rate, vol, is_call=True)
    by_time = black76(forward, 100.0, years - sides, rate, vol, is_call=True).price
    by_rate = black76(forward, 100.0, years, rate + sides, vol, is_call=True).price
    assert found.theta == pytest.approx(np.diff(by_time)[0] / (2 * step * 365.0), rel=1e-5, abs=1e-7)
    assert found.rho == pytest.approx(np.diff(by_rate)[0] / (2 * step * 100.0), rel=1e-5, abs=1e-7)


@given(st.floats(100.0, 140.0), st.floats(0.05, 3.0), st.floats(-0.02, 0.1), st.floats(0.1, 1.0))
def test_implied_volatility_is_the_way_back(forward: float, years: float, rate: float, vol: float) -> None:
    price = black76(forward, 100.0, years, rate, vol, is_call=False).price
    found = black76_implied_vol(price, forward, 100.0, years, rate, is_call=False)
    assert found.implied_vol == pytest.approx(vol, rel=1e-11)


def test_reasons() -> None:
    found = black76([100.0, np.inf], 100.0, 1.0, 0.0, 0.2, is_call=True)
    assert reason_names(found.reason_code).tolist() == ["ok", "bad_input"]
    assert np.isnan(found.rho).tolist() == [False, True]
