from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import BadInput
from models.quantitative.european import european
from models.quantitative.heston.parameters import HestonParams, Jumps, feller_ratio
from models.quantitative.heston.pricing import HestonGreeks, heston, heston_price
from tests.unit.models.quantitative.heston import reference
from tests.unit.models.quantitative.heston.samples import RATE, SPOT, Floats

USUAL = HestonParams(0.04, 2.0, 0.05, 0.4, -0.7)
WILD = HestonParams(0.01, 0.5, 0.02, 2.0, -0.9)
RISING = HestonParams(0.04, 0.5, 0.04, 1.0, 0.9)
CALM = HestonParams(0.5, 5.0, 0.3, 0.05, 0.5)
JUMPS = Jumps(1.5, -0.1, 0.15)
EXACT = [
    # log strike, years, parameters, a power where the moment is finite, jumps
    (0.0, 1 / 365, USUAL, 100.0, Jumps(0.0, 0.0, 0.0)),
    (0.03, 1 / 365, USUAL, 600.0, Jumps(0.0, 0.0, 0.0)),
    (-0.3, 0.1, USUAL, -31.0, Jumps(0.0, 0.0, 0.0)),
    (0.2, 10.0, USUAL, 3.0, Jumps(0.0, 0.0, 0.0)),
    (-0.5, 10.0, RISING, -1.4, Jumps(0.0, 0.0, 0.0)),
    (-0.5, 1.0, CALM, -2.5, Jumps(0.0, 0.0, 0.0)),
    (0.1, 0.25, USUAL, 9.0, JUMPS),
]


@pytest.mark.parametrize(("log_strike", "years", "params", "power", "jumps"), EXACT)
def test_against_twenty_five_digits(
    log_strike: float, years: float, params: HestonParams, power: float, jumps: Jumps
) -> None:
    strike = SPOT * np.exp(log_strike + RATE * years)
    exact = reference.exact_price(log_strike, years, params, jumps, power=power) * strike * np.exp(-RATE * years)
    price = heston_price(SPOT, strike, years, RATE, 0.0, params, log_strike >= 0.0, jumps=jumps)
    assert float(price) == pytest.approx(exact, rel=2e-12, abs=0.0)
    assert 0.0 < price < SPOT


@pytest.mark.parametrize("params", [USUAL, WILD, RISING, CALM])
def test_against_quantlib(params: HestonParams) -> None:
    rng = np.random.default_rng(4)
    strikes, days = SPOT * np.exp(rng.normal(0.0, 0.25, 40)), rng.integers(2, 3650, 40)
    is_call = rng.integers(0, 2, 40).astype(np.float64)
    _, truth = reference.prices(params, strikes, days, is_call, points=0)
    ours = heston_price(SPOT, strikes, days / 365.0, RATE, 0.0, params, is_call)
    np.testing.assert_allclose(ours, truth, rtol=0.0, atol=1e-8 * SPOT)


def test_jumps_against_quantlib() -> None:
    rng = np.random.default_rng(4)
    strikes, days = SPOT * np.exp(rng.normal(0.0, 0.2, 20)), rng.integers(20, 1000, 20)
    truth = reference.jump_prices(USUAL, JUMPS, strikes, days)
    ours = heston_price(SPOT, strikes, days / 365.0, RATE, 0.0, USUAL, is_call=True, jumps=JUMPS)
    np.testing.assert_allclose(ours, truth, rtol=0.0, atol=1e-8 * SPOT)


@pytest.mark.parametrize("years", [0.01, 0.5, 5.0])
def test_hardly_moving_variance_is_black_and_scholes(years: float) -> None:
    params = HestonParams(0.04, 2.0, 0.09, 1e-3, 0.0)
    variance = 0.09 - 0.05 * -np.expm1(-2.0 * years) / (2.0 * years)
    strikes = SPOT * np.exp(np.linspace(-2.0, 2.0, 9) * np.sqrt(variance * years))
    truth = european(SPOT, strikes, years, 0.05, 0.02, np.sqrt(variance), is_call=True)
    ours = heston(SPOT, strikes, years, 0.05, 0.02, params, is_call=True)
    np.testing.assert_allclose(ours.price, truth.price, atol=1e-5 * SPOT)
    np.testing.assert_allclose(ours.delta, truth.delta, atol=1e-5)
    np.testing.assert_allclose(ours.gamma, truth.gamma, rtol=1e-4)
    np.testing.assert_allclose(ours.rho, truth.rho, atol=1e-5)


def _sample(count: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Strikes, years and rights."""
    rng = np.random.default_rng(seed)
    years = np.exp(rng.uniform(np.log(0.003), np.log(10.0), count))
    strikes = SPOT * np.exp(rng.normal(0.0, 0.3, count) * np.sqrt(years))
    return strikes, years, rng.integers(0, 2, count).astype(np.float64)


@pytest.mark.parametrize("jumps", [Jumps(0.0, 0.0, 0.0), JUMPS], ids=["no jumps", "jumps"])
@pytest.mark.parametrize("params", [USUAL, WILD, RISING])
def test_parity_bounds_and_shape_in_the_strike(params: HestonParams, jumps: Jumps) -> None:
    strikes, years, _ = _sample(1000 if jumps.intensity == 0.0 else 150, 5)
    terms = (years, 0.04, 0.01, params)
    call = heston_price(SPOT, strikes, *terms, is_call=True, jumps=jumps)
    put = heston_price(SPOT, strikes, *terms, is_call=False, jumps=jumps)
    stock, bond = SPOT * np.exp(-0.01 * years), strikes * np.exp(-0.04 * years)
    slack = 1e-13 * (stock + bond)
    assert (np.abs(call - put - stock + bond) <= slack).all()
    assert (call >= np.maximum(stock - bond, 0.0) - slack).all()
    assert (call <= stock).all()
    step = 0.02 * strikes * np.sqrt(years)
    above = heston_price(SPOT, strikes + step, *terms, is_call=True, jumps=jumps)
    below = heston_price(SPOT, strikes - step, *terms, is_call=True, jumps=jumps)
    assert (above <= call + slack).all()
    assert (above + below - 2.0 * call >= -4.0 * slack).all()


def test_prices_scale_with_the_underlying_and_with_time() -> None:
    strikes, years, is_call = _sample(300, 6)
    price = heston_price(SPOT, strikes, years, 0.04, 0.01, USUAL, is_call)
    larger = heston_price(7.0 * SPOT, 7.0 * strikes, years, 0.04, 0.01, USUAL, is_call)
    np.testing.assert_allclose(larger, 7.0 * price, rtol=1e-11)
    faster = HestonParams(3.0 * USUAL.v0, 3.0 * USUAL.kappa, 3.0 * USUAL.theta, 3.0 * USUAL.sigma, USUAL.rho)
    sooner = heston_price(SPOT, strikes, years / 3.0, 0.12, 0.03, faster, is_call)
    np.testing.assert_allclose(sooner, price, rtol=1e-11)


def test_deep_wings_keep_their_digits() -> None:
    """The logarithm is concave far out: no noise from one strike to the next, down to prices of 1e-100."""
    strikes = SPOT * np.exp(np.linspace(0.05, 0.25, 60))
    price = heston_price(SPOT, strikes, 2 / 365, 0.0, 0.0, USUAL, is_call=True)
    assert price[-1] < 1e-50
    assert (np.diff(np.log(price), 2) < 0.0).all()


@pytest.mark.parametrize("jumps", [Jumps(0.0, 0.0, 0.0), JUMPS], ids=["no jumps", "jumps"])
@pytest.mark.parametrize("params", [USUAL, WILD, RISING, CALM])
def test_greeks_are_the_slopes_of_the_price(params: HestonParams, jumps: Jumps) -> None:
    strikes, years, is_call = _sample(60, 7)
    years = np.maximum(years, 0.05)
    here = {"spot": SPOT, "years": years, "rate": 0.04, "vol": np.sqrt(params.v0)}

    def price(**moved: Floats | float) -> Floats:
        at = here | moved
        model = params._replace(v0=float(at["vol"] ** 2))
        return heston_price(at["spot"], strikes, at["years"], at["rate"], 0.01, model, is_call, jumps=jumps)

    def slope(name: str, step: float) -> Floats:
        near = price(**{name: here[name] + step}) - price(**{name: here[name] - step})
        far = price(**{name: here[name] + 2 * step}) - price(**{name: here[name] - 2 * step})
        return (8.0 * near - far) / (12.0 * step)

    result = heston(SPOT, strikes, years, 0.04, 0.01, params, is_call, jumps=jumps)
    np.testing.assert_allclose(result.price, price(), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(result.delta, slope("spot", 0.002), atol=1e-7)
    np.testing.assert_allclose(result.vega, slope("vol", 2e-4) / 100.0, atol=1e-7)
    np.testing.assert_allclose(result.theta, -slope("years", 1e-4) / 365.0, atol=1e-7)
    np.testing.assert_allclose(result.rho, slope("rate", 1e-4) / 100.0, atol=1e-7)

    def delta(step: float) -> Floats:
        return heston(SPOT + step, strikes, years, 0.04, 0.01, params, is_call, jumps=jumps).delta

    gamma = (8.0 * (delta(0.002) - delta(-0.002)) - (delta(0.004) - delta(-0.004))) / 0.024
    np.testing.assert_allclose(result.gamma, gamma, atol=1e-7)


def test_results_have_the_shape_of_the_inputs() -> None:
    strikes = np.linspace(80.0, 120.0, 5)
    result = heston(100.0, strikes[:, None], 0.5, 0.03, 0.01, USUAL, [["C", "P"]])
    assert isinstance(result, HestonGreeks)
    assert {column.shape for column in result} == {(5, 2)}
    one = heston(100.0, strikes[3], 0.5, 0.03, 0.01, USUAL, is_call=False)
    assert one.vega.shape == ()
    assert one.vega == result.vega[3, 1]


@settings(max_examples=200, deadline=None)
@given(
    params=st.builds(
        HestonParams, st.floats(1e-4, 2.0), st.floats(0.01, 20.0), st.floats(1e-4, 2.0), st.floats(0.01, 5.0),
        st.floats(-0.99, 0.99),
    ),
    moves=st.floats(-3.0, 3.0),
    years=st.floats(1e-4, 10.0),
)  # fmt: skip
def test_no_parameters_leave_the_bounds(params: HestonParams, moves: float, years: float) -> None:
    strike = SPOT * np.exp(moves * np.sqrt(max(params.v0, params.theta) * years))
    price = heston_price(SPOT, strike, years, 0.0, 0.0, params, is_call=True)
    assert max(SPOT - strike, 0.0) - 1e-10 * (SPOT + strike) <= price <= SPOT


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("strike", [90.0, -1.0], r"^strike\[1\] is -1.0: must be from 1e-09 to 1e\+09$"),
        ("years", 0.0, r"^years is 0.0: must be from 1e-07 to 100$"),
        ("rate", np.nan, "^rate is nan: must be a finite number$"),
        ("dividend_yield", 2.0, "^dividend_yield is 2.0: must be from -1 to 1$"),
        ("is_call", "X", '^is_call is X: must be "C" or "P"$'),
        ("params", USUAL._replace(rho=1.0), "^rho is 1.0: must be from -0.9999 to 0.9999$"),
        ("params", USUAL._replace(sigma=0.0), "^sigma is 0.0: must be from 0.001 to 20$"),
        ("jumps", JUMPS._replace(std=-0.1), "^std is -0.1: must be from 0 to 2$"),
    ],
)
def test_bad_input_is_named(argument: str, value: object, message: str) -> None:
    terms: dict[str, Any] = {
        "underlying_price": 100.0, "strike": 90.0, "years": 0.5, "rate": 0.03, "dividend_yield": 0.0, "params": USUAL,
        "is_call": True,
    }  # fmt: skip
    for function in (heston_price, heston):
        with pytest.raises(BadInput, match=message):
            function(**(terms | {argument: value}))


def test_feller_ratio() -> None:
    assert feller_ratio(HestonParams(0.04, 2.0, 0.05, 0.5, -0.7)) == pytest.approx(0.8, rel=1e-15)
