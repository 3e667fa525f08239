from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.quantitative.american.exact import american, american_price
from models.quantitative.american.schemes import SCHEMES
from models.quantitative.european import european
from models.quantitative.reasons import Reason, reason_names
from tests.unit.models.quantitative.american import reference
from tests.unit.models.quantitative.american.samples import contracts

POINTS = 40_000
SCHEME_ERRORS = {"coarse": 6e-5, "fast": 1e-6, "accurate": 3e-8}
"""Of spot, on realistic contracts."""
Columns = NDArray[np.float64]
Range = tuple[float, float]


@pytest.fixture(scope="module")
def sample() -> Columns:
    return contracts(POINTS, seed=11)


@pytest.fixture(scope="module")
def prices(sample: Columns) -> Columns:
    return american_price(*sample).price


@pytest.fixture(scope="module")
def compared() -> tuple[Columns, Columns]:
    """Contracts, and their prices by QuantLib's high-precision scheme."""
    sample = contracts(250, seed=3)
    priced = [
        reference.high_precision(s, k, round(t * 365), r, q, v, is_call=bool(c)) for s, k, t, r, q, v, c in sample.T
    ]
    return sample, np.array(priced)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_against_quantlibs_high_precision_scheme(compared: tuple[Columns, Columns], scheme: str) -> None:
    sample, truth = compared
    errors = np.abs(american_price(*sample, scheme=scheme).price - truth) / sample[0]
    assert errors.max() <= SCHEME_ERRORS[scheme]


@pytest.mark.parametrize(
    ("vols", "years", "rates", "dividends", "log_strike"),
    [
        ((0.01, 0.06), (0.01, 3.0), (0.0, 0.15), (0.0, 0.15), 0.05),
        ((0.1, 0.6), (5.0, 30.0), (0.0, 0.1), (0.0, 0.1), 0.7),
        ((1.0, 3.0), (0.1, 3.0), (0.0, 0.1), (0.0, 0.1), 0.7),
        ((0.1, 0.6), (0.1, 3.0), (0.1, 0.5), (0.0, 0.5), 0.4),
        ((0.1, 0.6), (0.1, 3.0), (0.001, 0.1), (-0.1, 0.0), 0.4),
    ],
    ids=["low vol", "long", "high vol", "high rate", "negative yield"],
)
def test_the_accurate_scheme_far_from_the_usual(
    vols: Range, years: Range, rates: Range, dividends: Range, log_strike: float
) -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        strike, days = 100.0 * np.exp(rng.uniform(-log_strike, log_strike)), round(365 * rng.uniform(*years))
        terms = rng.uniform(*rates), rng.uniform(*dividends), rng.uniform(*vols)
        is_call = bool(rng.integers(2))
        truth = reference.high_precision(100.0, strike, days, *terms, is_call=is_call)
        ours = american_price(100.0, strike, days / 365.0, *terms, is_call, scheme="accurate").price
        assert abs(float(ours) - truth) <= 5e-7 * 100.0, (strike, days, *terms, is_call)


def test_schemes_agree_on_many_points(sample: Columns, prices: Columns) -> None:
    part = sample[:, ::10]
    errors = np.abs(american_price(*part, scheme="accurate").price - prices[::10]) / part[0]
    assert errors.max() <= SCHEME_ERRORS["fast"]


def test_worth_no_less_than_exercise_now_or_at_expiry(sample: Columns, prices: Columns) -> None:
    spot, strike, *_, is_call = sample
    intrinsic = np.maximum(np.where(is_call == 1.0, spot - strike, strike - spot), 0.0)
    assert (prices >= intrinsic - 1e-13 * (spot + strike)).all()
    assert (prices >= european(*sample).price - 1e-13 * (spot + strike)).all()


def test_worth_no_more_than_what_is_received(sample: Columns, prices: Columns) -> None:
    spot, strike, *_, is_call = sample
    assert (prices <= np.where(is_call == 1.0, spot, strike)).all()


def test_monotone_and_convex_in_the_strike(sample: Columns, prices: Columns) -> None:
    spot, strike, years, rate, dividend, vol, is_call = sample
    step = 0.1 * strike * vol * np.sqrt(years)
    below = american_price(spot, strike - step, years, rate, dividend, vol, is_call).price
    above = american_price(spot, strike + step, years, rate, dividend, vol, is_call).price
    slack = SCHEME_ERRORS["fast"] * spot
    rise = np.where(is_call == 1.0, -1.0, 1.0) * (above - below)
    assert (rise >= -slack).all()
    assert (rise <= 2.0 * step + slack).all()
    assert (below + above - 2.0 * prices >= -slack).all()


def test_a_call_is_a_put_on_the_strike(sample: Columns) -> None:
    spot, strike, years, rate, dividend, vol, is_call = sample[:, ::100]
    there = american_price(spot, strike, years, rate, dividend, vol, is_call).price
    mirrored = american_price(strike, spot, years, dividend, rate, vol, 1.0 - is_call).price
    np.testing.assert_array_equal(there, mirrored)


@pytest.mark.parametrize(("rate", "dividend", "is_call"), [(0.05, 0.0, True), (0.0, 0.03, False), (-0.02, 0.01, False)])
def test_european_where_early_exercise_never_pays(rate: float, dividend: float, *, is_call: bool) -> None:
    strikes = np.linspace(50.0, 200.0, 31)
    early = american(100.0, strikes, 0.7, rate, dividend, 0.25, is_call)
    late = european(100.0, strikes, 0.7, rate, dividend, 0.25, is_call)
    for name in early._fields:
        tolerance = 2e-8 if name in {"vega", "rho"} else 1e-12
        np.testing.assert_allclose(getattr(early, name), getattr(late, name), atol=tolerance, err_msg=name)
    prices = american_price(100.0, strikes, 0.7, rate, dividend, 0.25, is_call).price
    np.testing.assert_allclose(prices, late.price, atol=1e-12)


@pytest.mark.parametrize(
    ("rate", "dividend", "is_call"),
    [
        (0.03, -0.02, False),
        (0.0, -0.03, False),
        (-0.02, 0.03, True),
        (-0.01, -0.03, False),
        (-0.04, -0.01, True),
        (0.01, 0.10, False),
    ],
)
@pytest.mark.parametrize("strike", [80.0, 100.0, 125.0])
def test_unusual_signs_of_rate_and_yield(rate: float, dividend: float, strike: float, *, is_call: bool) -> None:
    """Negative rates, two boundaries among them, against a fine grid."""
    terms = (100.0, strike, 365, rate, dividend, 0.2)
    truth = reference.finite_differences(*terms, is_call=is_call, steps=(800, 1600)).NPV()
    ours = american_price(100.0, strike, 1.0, rate, dividend, 0.2, is_call, scheme="accurate")
    assert reason_names(ours.reason_code) == "ok"
    assert float(ours.price) == pytest.approx(truth, abs=2e-3)


def _greek_cases() -> Iterator[tuple[float, ...]]:
    for strike in (60.0, 80.0, 95.0, 105.0, 120.0, 160.0):
        for years, vol in ((0.1, 0.4), (1.0, 0.25), (2.5, 0.15)):
            for rate, dividend in ((0.05, 0.01), (0.03, 0.05), (0.02, 0.0)):
                for is_call in (0.0, 1.0):
                    yield 100.0, strike, years, rate, dividend, vol, is_call


def test_greeks_are_the_slopes_of_the_accurate_price() -> None:
    spot, strike, years, rate, dividend, vol, is_call = np.array(list(_greek_cases())).T

    def price(ds: float = 0.0, dt: float = 0.0, dr: float = 0.0, dv: float = 0.0) -> Columns:
        terms = (spot + ds, strike, years + dt, rate + dr, dividend, vol + dv, is_call)
        return american(*terms).price

    def slope(step: float, **direction: float) -> Columns:
        ahead, back = ({name: sign * step * d for name, d in direction.items()} for sign in (1.0, -1.0))
        far, farther = ({name: sign * 2 * step * d for name, d in direction.items()} for sign in (1.0, -1.0))
        return (8.0 * (price(**ahead) - price(**back)) - (price(**far) - price(**farther))) / (12.0 * step)

    result = american(spot, strike, years, rate, dividend, vol, is_call)
    held = result.gamma > 0.0
    assert 0.7 < held.mean() < 1.0
    step = 0.05
    gamma = (price(ds=step) - 2.0 * result.price + price(ds=-step)) / step**2
    for name, computed, truth, tolerance in (
        ("delta", result.delta, slope(0.02, ds=1.0), 1e-6),
        ("gamma", result.gamma, gamma, 2e-5),
        ("vega", result.vega, slope(1e-3, dv=1.0) / 100.0, 1e-6),
        ("theta", result.theta, -slope(1e-4, dt=1.0) / 365.0, 1e-6),
        ("rho", result.rho, slope(1e-4, dr=1.0) / 100.0, 1e-6),
    ):
        np.testing.assert_allclose(computed[held], truth[held], atol=tolerance, err_msg=name)
    np.testing.assert_array_equal(result.delta[~held], np.where(is_call[~held] == 1.0, 1.0, -1.0))
    for name in ("gamma", "vega", "theta", "rho"):
        np.testing.assert_array_equal(getattr(result, name)[~held], 0.0)


def test_delta_and_gamma_are_smooth_up_to_the_boundary() -> None:
    """At the boundary delta reaches −1 and gamma 2(rK − qB)/(σB)², as the pricing equation asks."""
    rate, dividend, vol = 0.05, 0.02, 0.3
    spots = np.linspace(60.0, 90.0, 3001)
    result = american(spots, 100.0, 0.5, rate, dividend, vol, is_call=False)
    held = result.gamma > 0.0
    first = int(np.argmax(held))
    assert held[first:].all()
    assert result.delta[first] == pytest.approx(-1.0, abs=1e-3)
    expected = 2.0 * (rate * 100.0 - dividend * spots[first]) / (vol * spots[first]) ** 2
    assert result.gamma[first] == pytest.approx(expected, rel=5e-3)
    assert (np.diff(result.delta[first:]) > 0.0).all()
    assert np.abs(np.diff(result.gamma[first:], 2)).max() < 1e-5


def test_schemes_give_the_same_greeks() -> None:
    cases = contracts(300, seed=7)
    fast, accurate = american(*cases, scheme="fast"), american(*cases)
    for name, tolerance in (("price", 1e-6), ("vega", 1e-5), ("rho", 1e-5), ("theta", 1e-6)):
        scaled = np.abs(getattr(fast, name) - getattr(accurate, name)) / cases[0]
        assert scaled.max() <= tolerance, name
    np.testing.assert_allclose(fast.delta, accurate.delta, atol=1e-4)


TERMS: dict[str, Any] = {
    "underlying_price": 100.0, "strike": 90.0, "years": 0.5, "rate": 0.03, "dividend_yield": 0.01, "vol": 0.2,
    "is_call": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e10, -2e2])
def test_bad_input_has_its_reason(name: str, value: float) -> None:
    result = american(**(TERMS | {name: np.array([value, TERMS[name]])}))
    assert list(reason_names(result.reason_code)) == ["bad_input", "ok"]
    assert np.isnan([column[0] for column in result[1:]]).all()
    assert np.isfinite([column[1] for column in result[1:]]).all()
    assert reason_names(american_price(**(TERMS | {name: value})).reason_code) == "bad_input"


@pytest.mark.parametrize("years", [0.0, -0.1, 1e-15])
def test_expired_has_its_reason(years: float) -> None:
    result = american_price(**(TERMS | {"years": years}))
    assert reason_names(result.reason_code) == "expired"
    assert np.isnan(result.price)


ANYTHING = st.one_of(st.floats(), st.floats(0.0, 300.0), st.sampled_from([0.0, 1e-9, 1e-4, 1.0, 100.0, 1e9]))
SMALL = st.one_of(st.floats(-1.0, 1.0), st.floats(-0.1, 0.1), st.sampled_from([0.0, 1e-300, -1e-9, 0.05]))


def test_what_is_too_much_for_the_method_is_bad_input() -> None:
    result = american(1.0, 1.0, [60.0, 1.0], -1.0, 0.0, [20.0, 0.2], is_call=True)
    assert list(reason_names(result.reason_code)) == ["bad_input", "ok"]
    assert np.isnan([column[0] for column in result[1:]]).all()
    assert np.isfinite([column[1] for column in result[1:]]).all()


@given(st.tuples(ANYTHING, ANYTHING, ANYTHING, SMALL, SMALL, ANYTHING, st.sampled_from([1.0, 0.0])))
@example((1.0, 1.0, 48.0, -1.0, 0.0, 0.125, 1.0))
@settings(max_examples=300)
def test_no_input_gives_a_number_without_a_reason_or_nan_with_ok(row: tuple[float, ...]) -> None:
    result = american_price(*row)
    assert np.isfinite(result.price) == (result.reason_code == Reason.OK)


def test_results_have_the_shape_of_the_inputs() -> None:
    strikes = np.linspace(80.0, 120.0, 5)
    result = american(100.0, strikes[:, None], 0.5, 0.03, 0.01, 0.2, [[1.0, 0.0]])
    assert {column.shape for column in result} == {(5, 2)}
    one = american(100.0, strikes[3], 0.5, 0.03, 0.01, 0.2, is_call=False)
    assert one.price == result.price[3, 1]
    assert one.vega == result.vega[3, 1]


@pytest.mark.parametrize("scheme", ["fast", "accurate"])
def test_a_row_does_not_depend_on_those_before_it(sample: Columns, scheme: str) -> None:
    some = sample[:, :500]
    forth, back = american(*some, scheme=scheme), american(*some[:, ::-1], scheme=scheme)
    for ahead, behind in zip(forth, back, strict=True):
        assert (ahead == behind[::-1]).all()
