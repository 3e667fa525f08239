"""Products, models and settings refuse what cannot be; schedules, moments and closed forms on their own."""

from collections.abc import Callable
from math import exp, log, sqrt

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.monte_carlo import closed_forms, moments, products
from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes, Heston
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    DigitalOption,
    EuropeanOption,
    LookbackOption,
    evenly_spaced,
)
from models.quantitative.monte_carlo.schedules import bridge, schedule
from models.quantitative.monte_carlo.settings import Settings
from tests.unit.models.quantitative.monte_carlo import reference
from tests.unit.models.quantitative.monte_carlo.cases import ASIAN_DAYS, BASKET, MARKET, WEIGHTS

NAN = float("nan")


def _heston(**change: float) -> Heston:
    good = {
        "underlying_price": 100.0, "rate": 0.0, "dividend_yield": 0.0, "variance": 0.04, "mean_reversion": 1.0,
        "long_variance": 0.04, "vol_of_variance": 0.5, "correlation": -0.5,
    }  # fmt: skip
    return Heston(**(good | change))


def _pair(correlation: tuple[tuple[float, ...], ...], vols: tuple[float, ...] = (0.2, 0.3)) -> CorrelatedBlackScholes:
    return CorrelatedBlackScholes((100.0, 90.0), 0.0, (0.0, 0.0), vols, correlation)


BAD: tuple[tuple[Callable[[], object], str], ...] = (
    (lambda: EuropeanOption(0.0, 1.0, is_call=True), r"strike is 0\.0: must be from 1e-09"),
    (lambda: EuropeanOption(NAN, 1.0, is_call=True), "strike is nan"),
    (lambda: EuropeanOption(100.0, -1.0, is_call=True), r"years is -1\.0"),
    (lambda: DigitalOption(100.0, 101.0, is_call=True), r"years is 101\.0"),
    (lambda: DigitalOption(100.0, 1.0, is_call=True, cash=-1.0), r"cash is -1\.0"),
    (lambda: AsianOption(100.0, (), is_call=True), "observation_years has 0 places"),
    (lambda: AsianOption(100.0, (0.5, 0.5), is_call=True), r"observation_years\[1\] is 0\.5: must be after"),
    (lambda: AsianOption(100.0, (0.1, 0.3, 0.2), is_call=True), r"observation_years\[2\] is 0\.2: must be after"),
    (lambda: AsianOption(100.0, (0.0, 0.5), is_call=True), r"observation_years\[0\] is 0\.0"),
    (lambda: AsianOption(100.0, (1.0,), True, "harmonic"), "average is 'harmonic'"),  # type: ignore[arg-type]  # noqa: FBT003
    (lambda: BarrierOption(100.0, 0.0, 1.0, True, "up-in"), r"barrier is 0\.0"),  # noqa: FBT003
    (lambda: BarrierOption(100.0, 90.0, 1.0, True, "up"), "kind is 'up': must be one of up-in"),  # type: ignore[arg-type]  # noqa: FBT003
    (lambda: BarrierOption(100.0, 90.0, 1.0, True, "up-in", (0.5,)), r"observation_years ends at 0\.5: must end"),  # noqa: FBT003
    (lambda: LookbackOption(1.0, is_call=True, strike=-5.0), r"strike is -5\.0"),
    (lambda: LookbackOption(0.0, is_call=True), r"years is 0\.0"),
    (lambda: BasketOption(100.0, 1.0, is_call=True, weights=(1.0, 0.0)), r"weights\[1\] is 0\.0: must be above 0"),
    (lambda: Autocallable((1.0,), 0.0, 0.1, 0.0), r"call_level is 0\.0"),
    (lambda: Autocallable((1.0,), 1.0, -0.1, 0.5), r"coupon is -0\.1"),
    (lambda: Autocallable((1.0,), 1.0, 0.1, -0.5), r"protection_level is -0\.5"),
    (lambda: Autocallable((1.0,), 1.0, 0.1, 1.01), r"protection_level is 1\.01: must be at most call_level"),
    (lambda: Autocallable((1.0,), 1.0, 0.1, 0.5, -1.0), r"notional is -1\.0"),
    (lambda: evenly_spaced(1.0, 0), "count is 0"),
    (lambda: BlackScholes(-100.0, 0.0, 0.0, 0.2), r"underlying_price is -100\.0"),
    (lambda: BlackScholes(100.0, 2.0, 0.0, 0.2), r"rate is 2\.0"),
    (lambda: BlackScholes(100.0, 0.0, NAN, 0.2), "dividend_yield is nan"),
    (lambda: BlackScholes(100.0, 0.0, 0.0, -0.2), r"vol is -0\.2"),
    (lambda: _heston(variance=-0.1), r"variance is -0\.1"),
    (lambda: _heston(mean_reversion=0.0), r"mean_reversion is 0\.0: must be above 0"),
    (lambda: _heston(long_variance=0.0), r"long_variance is 0\.0: must be above 0"),
    (lambda: _heston(vol_of_variance=0.0), r"vol_of_variance is 0\.0"),
    (lambda: _heston(correlation=1.1), r"correlation is 1\.1"),
    (lambda: CorrelatedBlackScholes((), 0.0, (), (), ()), "underlying_prices has 0 places"),
    (lambda: _pair(((1.0, 0.5), (0.5, 1.0)), vols=(0.2,)), "vols has 1 places: must have 2"),
    (lambda: _pair(((1.0, 0.5),)), r"correlations has rows of \[2\]: must have 2 rows of 2"),
    (lambda: _pair(((1.0, 0.5), (0.4, 1.0))), r"correlations\[0, 1\] is 0\.5: must be symmetric"),
    (lambda: _pair(((1.0, 0.5), (0.5, 0.9))), r"correlations\[1, 1\] is 0\.9"),
    (lambda: _pair(((1.0, 1.0), (1.0, 1.0))), "correlations has the eigenvalue"),
    (lambda: Settings(paths=1), "paths is 1: must be a whole number from 2"),
    (lambda: Settings(paths=1e5), r"paths is 100000\.0"),  # type: ignore[arg-type]
    (lambda: Settings(seed=-1), "seed is -1"),
    (lambda: Settings(seed=True), "seed is True"),
    (lambda: Settings(method="halton"), "method is 'halton'"),  # type: ignore[arg-type]
    (lambda: Settings(steps_per_year=0), "steps_per_year is 0"),
    (lambda: Settings(scrambles=3), "scrambles is 3: must be a whole number from 4"),
    (lambda: Settings(threads=0), "threads is 0"),
)


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make()


def test_limits_themselves_are_allowed() -> None:
    assert Settings(paths=2, seed=2**63 - 1, scrambles=4).paths == 2
    assert EuropeanOption(1e-9, 100.0, is_call=True).years == 100.0
    assert Autocallable((1.0,), 1.0, 0.0, 1.0).protection_level == 1.0
    assert len(evenly_spaced(1.0, products.MAX_OBSERVATIONS)) == products.MAX_OBSERVATIONS


def test_steps_end_at_observations_and_are_short_enough() -> None:
    steps = schedule((0.1, 0.5, 1.0), 0.2)
    np.testing.assert_allclose(steps.years, [0.1, 0.2, 0.2, 1 / 6, 1 / 6, 1 / 6])
    np.testing.assert_array_equal(steps.rows, [0, 2, 5])
    np.testing.assert_array_equal(schedule((0.1, 0.5), float("inf")).rows, [0, 1])


def test_the_bridge_takes_every_place_once_after_its_neighbours() -> None:
    order = bridge(np.full(13, 0.1))
    assert sorted(order.place) == list(range(13))
    known = {-1}
    for place, left, right in zip(order.place, order.left, order.right, strict=True):
        assert left in known
        assert right in known
        known.add(place)
    assert order.place[0] == 12
    assert order.deviation[0] == pytest.approx(sqrt(1.3))


def test_moments_of_parts_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(2)
    controls = rng.normal(size=1000)
    payoffs = 1e6 + 2.0 * controls + rng.normal(size=1000)
    whole = moments.moments(payoffs, controls)
    parts = moments.combined(
        moments.moments(y, c) for y, c in zip(np.split(payoffs, [10, 400]), np.split(controls, [10, 400]), strict=True)
    )
    np.testing.assert_allclose(parts, whole, rtol=1e-9)
    assert whole.payoff_squares == pytest.approx(999 * payoffs.var(ddof=1), rel=1e-9)
    slope, intercept = np.polyfit(controls, payoffs, 1)
    result = moments.estimate(parts, 2000)
    assert result.price == pytest.approx(intercept, rel=1e-12)
    residuals = payoffs - slope * controls - intercept
    assert result.standard_error == pytest.approx(sqrt(residuals @ residuals / 998 / 1000), rel=1e-9)
    assert result[2:] == (2000, 1000)


def test_estimates_without_a_control_and_of_groups() -> None:
    payoffs = np.array([1.0, 2.0, 4.0, 9.0])
    plain = moments.estimate(moments.moments(payoffs, np.zeros(4)), 4)
    assert plain.price == 4.0
    assert plain.standard_error == pytest.approx(payoffs.std(ddof=1) / 2.0)
    groups = [moments.moments(np.array([x, x + 1.0]), np.zeros(2)) for x in payoffs]
    grouped = moments.estimate_of_groups(groups, 8)
    assert grouped.price == 4.5
    assert grouped.standard_error == pytest.approx(payoffs.std(ddof=1) / 2.0)
    assert grouped[2:] == (8, 4)


@pytest.mark.parametrize("is_call", [True, False])
def test_closed_forms(is_call: bool) -> None:  # noqa: FBT001
    discount = exp(-0.05)
    vanilla = closed_forms.option_value(closed_forms.price_at(MARKET, 1.0), 105.0, discount, is_call=is_call)
    assert vanilla == pytest.approx(reference.black_scholes(MARKET, 105.0, 365, is_call=is_call), rel=1e-12)
    average = closed_forms.geometric_average(MARKET, np.array(ASIAN_DAYS) / 365.0)
    asian = closed_forms.option_value(average, 102.0, discount, is_call=is_call)
    assert asian == pytest.approx(reference.geometric_asian(MARKET, 102.0, ASIAN_DAYS, is_call=is_call), rel=1e-11)
    product = closed_forms.geometric_basket(BASKET, np.array(WEIGHTS), 2.0)
    basket = closed_forms.option_value(product, 95.0, exp(-0.1), is_call=is_call)
    assert basket == pytest.approx(reference.geometric_basket(BASKET, WEIGHTS, 95.0, 2.0, is_call=is_call), rel=1e-9)


def test_closed_form_without_uncertainty() -> None:
    still = closed_forms.Lognormal(110.0, 0.0)
    assert closed_forms.option_value(still, 100.0, 0.5, is_call=True) == 5.0
    assert closed_forms.option_value(still, 100.0, 0.5, is_call=False) == 0.0
    assert log(closed_forms.price_at(MARKET, 2.0).forward / 100.0) == pytest.approx(0.06)
