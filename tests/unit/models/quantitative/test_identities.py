"""Identities of the European core on a hundred thousand random points, each without exception.

Bounds are stated in units of rounding, of what a figure is made of: a price of S·exp(−qT) + K·exp(−rT).
"""

from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from models.quantitative.blocks import Floats
from models.quantitative.engines import COMPILED_ROWS
from models.quantitative.european import EuropeanGreeks, european
from models.quantitative.exposure.dealers import Exposures, exposures, sum_by, total
from tests.unit.models.quantitative import exact

POINTS = 100_000
EPSILON = 2.0**-52


class Market(NamedTuple):
    """Random options in the order of the arguments of `european`."""

    spot: Floats
    strike: Floats
    years: Floats
    rate: Floats
    dividend: Floats
    vol: Floats
    is_call: Floats

    @property
    def spot_now(self) -> Floats:
        """Underlying less its dividends until expiry."""
        return self.spot * np.exp(-self.dividend * self.years)

    @property
    def strike_now(self) -> Floats:
        """Present value of the strike."""
        return self.strike * np.exp(-self.rate * self.years)

    @property
    def size(self) -> Floats:
        """What a price is made of."""
        return self.spot_now + self.strike_now


def _market(points: int, seed: int) -> Market:
    """Spots over four decades, minutes to ten years, rates of both signs, volatility 2 % to 300 %, all moneyness."""
    rng = np.random.default_rng(seed)
    spot = 10.0 ** rng.uniform(0.0, 4.0, points)
    years = 10.0 ** rng.uniform(-5.0, 1.0, points)
    rate, dividend = rng.uniform(-0.05, 0.15, (2, points))
    vol = 10.0 ** rng.uniform(np.log10(0.02), np.log10(3.0), points)
    distance = np.clip(rng.normal(0.0, 2.5, points) * vol * np.sqrt(years), -5.0, 5.0)
    strike = spot * np.exp((rate - dividend) * years + distance)
    return Market(spot, strike, years, rate, dividend, vol, rng.integers(0, 2, points).astype(float))


MARKET = _market(POINTS, seed=1)


def _in_parts(*columns: ArrayLike) -> EuropeanGreeks:
    """`european` on parts so short that NumPy's blocks evaluate them, not compiled code."""
    rows = range(0, POINTS, COMPILED_ROWS // 2)
    parts = [european(*(np.asarray(column)[k : k + rows.step] for column in columns)) for k in rows]
    return EuropeanGreeks(*map(np.concatenate, zip(*parts, strict=True)))


Pricing = Callable[..., EuropeanGreeks]


@pytest.fixture(scope="module", params=[european, _in_parts], ids=["compiled", "blocks"])
def pricing(request: pytest.FixtureRequest) -> Pricing:
    chosen: Pricing = request.param
    return chosen


@pytest.fixture(scope="module")
def here(pricing: Pricing) -> EuropeanGreeks:
    return pricing(*MARKET)


def _complex_price(market: Market, **steps: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The textbook price with complex arguments: its imaginary part over the step is an exact slope."""
    terms = {name: value + steps.get(name, 0.0) for name, value in market._asdict().items()}
    spot, strike, years, rate, dividend, vol, is_call = terms.values()
    side = 2.0 * is_call - 1.0
    total = vol * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate - dividend) * years) / total + 0.5 * total
    spot_part = spot * np.exp(-dividend * years) * 0.5 * erfc(-side * d1 / np.sqrt(2.0))
    strike_part = strike * np.exp(-rate * years) * 0.5 * erfc(-side * (d1 - total) / np.sqrt(2.0))
    price: NDArray[np.complex128] = side * (spot_part - strike_part)
    return price


def _slope(name: str) -> Floats:
    """Derivative by a complex step: no difference is taken, so no digits are lost, whatever the step's size."""
    step = 1e-20 * getattr(MARKET, name)
    step = np.where(step == 0.0, 1e-20, step)
    slope: Floats = _complex_price(MARKET, **{name: 1j * step}).imag / step
    return slope


def test_every_point_is_answered(here: EuropeanGreeks) -> None:
    assert not here.reason_code.any()
    assert np.isfinite(here).all()


def test_put_call_parity(pricing: Pricing, here: EuropeanGreeks) -> None:
    other = pricing(*MARKET._replace(is_call=1.0 - MARKET.is_call))
    side = 2.0 * MARKET.is_call - 1.0
    gap = side * (here.price - other.price) - (MARKET.spot_now - MARKET.strike_now)
    assert np.max(np.abs(gap) / MARKET.size) <= 4 * EPSILON
    dividend_factor = np.exp(-MARKET.dividend * MARKET.years)
    assert np.max(np.abs(side * (here.delta - other.delta) - dividend_factor)) <= 8 * EPSILON
    rho = MARKET.years * MARKET.strike_now / 100.0
    assert np.max(np.abs(side * (here.rho - other.rho) / rho - 1.0)) <= 8 * EPSILON
    np.testing.assert_array_equal(here.gamma, other.gamma)
    np.testing.assert_array_equal(here.vega, other.vega)


def test_prices_lie_between_discounted_forward_intrinsic_and_the_bound(here: EuropeanGreeks) -> None:
    side = 2.0 * MARKET.is_call - 1.0
    slack = 4 * EPSILON * MARKET.size
    assert (here.price >= np.maximum(side * (MARKET.spot_now - MARKET.strike_now), 0.0) - slack).all()
    assert (here.price <= np.where(side > 0.0, MARKET.spot_now, MARKET.strike_now) + slack).all()


def test_monotony_and_convexity_in_strike(pricing: Pricing) -> None:
    """Three strikes a small step apart: prices fall (calls) or rise (puts), never by more than the discounted step."""
    step = MARKET.strike * np.minimum(0.01, 0.1 * MARKET.vol * np.sqrt(MARKET.years))
    low, mid, high = (pricing(*MARKET._replace(strike=MARKET.strike + k * step)).price for k in (-1.0, 0.0, 1.0))
    side = 2.0 * MARKET.is_call - 1.0
    slack = 8 * EPSILON * MARKET.size
    for left, right in ((low, mid), (mid, high)):
        fall = side * (left - right)
        assert (fall >= -slack).all()
        assert (fall <= step * np.exp(-MARKET.rate * MARKET.years) + slack).all()
    assert (low - 2.0 * mid + high >= -2.0 * slack).all()


def test_volatility_only_adds(pricing: Pricing, here: EuropeanGreeks) -> None:
    dearer = pricing(*MARKET._replace(vol=1.01 * MARKET.vol))
    assert (dearer.price >= here.price - 4 * EPSILON * MARKET.size).all()


def _bounds(market: Market) -> dict[str, Floats]:
    """What each Greek is made of, times ε: the rounding of S/K alone moves d₁ by ε/σ√T, and each Greek with it."""
    total = market.vol * np.sqrt(market.years)
    rounding = EPSILON * (1.0 + 1.0 / total) * market.size
    return {
        "delta": rounding / market.spot,
        "gamma": rounding / (market.spot * market.spot * total),
        "vega": 0.01 * rounding * np.sqrt(market.years),
        "theta": rounding * (0.2 + market.vol / np.sqrt(market.years)) / 365.0,
        "rho": 0.01 * rounding * market.years,
    }


@pytest.mark.parametrize(
    ("greek", "argument", "unit"),
    [("delta", "spot", 1.0), ("vega", "vol", 0.01), ("rho", "rate", 0.01), ("theta", "years", -1.0 / 365.0)],
)
def test_first_greeks_are_the_slopes_of_the_price(here: EuropeanGreeks, greek: str, argument: str, unit: float) -> None:
    """Against complex steps through another formula of the price."""
    error = np.abs(getattr(here, greek) - unit * _slope(argument))
    assert np.max(error / _bounds(MARKET)[greek]) <= 8.0


def test_gamma_is_the_slope_of_delta(here: EuropeanGreeks) -> None:
    """Delta by the same complex formula, differentiated along a complex step."""
    step = 1e-20 * MARKET.spot
    total = MARKET.vol * np.sqrt(MARKET.years)
    moneyness = np.log((MARKET.spot + 1j * step) / MARKET.strike) + (MARKET.rate - MARKET.dividend) * MARKET.years
    side = 2.0 * MARKET.is_call - 1.0
    chance = 0.5 * erfc(-side * (moneyness / total + 0.5 * total) / np.sqrt(2.0))
    gamma = (side * np.exp(-MARKET.dividend * MARKET.years) * chance).imag / step
    assert np.max(np.abs(here.gamma - gamma) / _bounds(MARKET)["gamma"]) <= 8.0


SAMPLE = _market(150, seed=2)


def test_greeks_are_fifty_digit_finite_differences() -> None:
    """Central differences of the fifty-digit price; their own error is below 1e-20 of each Greek."""
    found, bounds = european(*SAMPLE), _bounds(SAMPLE)
    for point, (*arguments, is_call) in enumerate(zip(*(column.tolist() for column in SAMPLE), strict=True)):
        with mpmath.workdps(exact.DIGITS):
            places = {"delta": 0, "theta": 2, "rho": 3, "vega": 5}
            steps = {greek: mpmath.mpf(arguments[place]) * mpmath.mpf(10) ** -16 for greek, place in places.items()}
            ends = {greek: [_moved(arguments, place, k * steps[greek], is_call) for k in (-1, 0, 1)]
                    for greek, place in places.items()}  # fmt: skip
            slopes = {greek: (high - low) / (2 * steps[greek]) for greek, (low, _, high) in ends.items()}
            low, mid, high = ends["delta"]
            truth = {
                "delta": slopes["delta"], "gamma": (low - 2 * mid + high) / steps["delta"] ** 2,
                "vega": slopes["vega"] / 100, "theta": -slopes["theta"] / 365, "rho": slopes["rho"] / 100,
            }  # fmt: skip
        for greek, value in truth.items():
            assert abs(float(getattr(found, greek)[point] - value)) <= 8.0 * bounds[greek][point], (point, greek)


def _moved(arguments: list[float], place: int, shift: mpmath.mpf, is_call: float) -> mpmath.mpf:
    """Fifty-digit price with one argument moved."""
    moved = [mpmath.mpf(value) for value in arguments]
    moved[place] += shift
    return exact.greeks(*moved, is_call=bool(is_call))["price"]


@pytest.mark.parametrize("measure", Exposures._fields[1:5])
def test_exposures_by_strike_and_by_expiry_sum_to_the_total(here: EuropeanGreeks, measure: str) -> None:
    """Every tenth contract has no open interest figure and is left out of each sum alike."""
    rng = np.random.default_rng(3)
    open_interest = np.where(np.arange(POINTS) % 10 == 0, np.nan, rng.integers(0, 10_000, POINTS))
    parts = exposures(
        MARKET.spot, MARKET.is_call, open_interest, here.delta, here.gamma, vanna=here.vega, charm=here.theta
    )
    whole = total(parts)
    assert whole.left_out[0] == POINTS // 10
    size = np.nansum(np.abs(getattr(parts, measure)))
    for keys in (np.round(MARKET.strike, -1), np.round(MARKET.years, 2)):
        sums = sum_by(keys, parts)
        assert sums.keys.size > 100
        assert sums.left_out.sum() == POINTS // 10
        assert abs(getattr(sums, measure).sum() - getattr(whole, measure)[0]) <= 1e-13 * size
