from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtr

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.payoffs.legs import OptionLeg, Position, StockLeg
from models.quantitative.payoffs.odds import Density, lognormal, odds, tabulate
from models.quantitative.payoffs.profile import extent, profit_at_expiry
from models.quantitative.payoffs.strategies import STRATEGIES, Market, build_priced, needs
from models.quantitative.payoffs.valuation import profit_before_expiry

SPOT, YEARS, RATE, DIVIDEND, VOL = 100.0, 0.4, 0.05, 0.02, 0.25
MARKET = Market(SPOT, RATE, DIVIDEND, VOL)
DENSITY = lognormal(SPOT, YEARS, RATE, DIVIDEND, VOL)


def _below(price: float) -> float:
    """Probability that the underlying ends below the price."""
    total = VOL * YEARS**0.5
    return float(ndtr((np.log(price / SPOT) - (RATE - DIVIDEND) * YEARS) / total + 0.5 * total))


def _built(name: str) -> Position:
    strikes, expiries = needs(name)
    return build_priced(name, [85.0, 95.0, 105.0, 115.0][:strikes], [YEARS][:expiries], MARKET)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if needs(name)[1] <= 1])
def test_against_the_closed_forms(name: str) -> None:
    """Probability by the normal distribution between break-evens; expectation by the model's own forward prices."""
    legs = _built(name)
    profile = profit_at_expiry(legs)
    edges = [0.0, *extent(profile).break_evens, np.inf]
    chance = sum(
        (_below(high) if high < np.inf else 1.0) - (_below(low) if low > 0.0 else 0.0)
        for low, high in pairwise(edges)
        if profile.at(0.5 * (low + high) if high < np.inf else low + 1.0) > 1e-6
    )
    growth = np.exp(RATE * YEARS)
    expected = sum(
        leg.cost * (growth - 1.0) if isinstance(leg, OptionLeg)
        else leg.quantity * SPOT * (np.exp((RATE - DIVIDEND) * YEARS) - 1.0) if isinstance(leg, StockLeg) else 0.0
        for leg in legs
    )  # fmt: skip
    found = odds(profile, DENSITY)
    assert found.probability_of_profit == pytest.approx(chance, abs=1e-6)
    assert found.expected_profit == pytest.approx(expected, abs=0.02)
    assert found.mass == pytest.approx(1.0, abs=1e-5)


def test_the_spread_of_stock_is_that_of_the_lognormal() -> None:
    found = odds(profit_at_expiry((StockLeg(1, 90.0),)), DENSITY)
    forward = SPOT * np.exp((RATE - DIVIDEND) * YEARS)
    assert found.standard_deviation == pytest.approx(forward * np.sqrt(np.expm1(VOL**2 * YEARS)), rel=1e-5)


def test_straight_lines_are_integrated_without_error() -> None:
    """A triangular density on three points, a call struck inside it: worked by hand."""
    triangle = Density(np.array([90.0, 100.0, 110.0]), np.array([0.0, 0.1, 0.0]))
    found = odds(profit_at_expiry((OptionLeg(1, 104.0, "C", 0.1, multiplier=1.0),)), triangle)
    # chance to end beyond 104: ∫₁₀₄¹¹⁰ (110−x)/100 dx; payoff: ∫ (x−104)(110−x)/100 dx
    assert found.probability_of_profit == pytest.approx(6.0**2 / 200.0, rel=1e-13)
    assert found.expected_profit == pytest.approx(6.0**3 / 600.0, rel=1e-13)
    second_moment = 6.0**4 / 1200.0
    assert found.standard_deviation**2 == pytest.approx(second_moment - (6.0**3 / 600.0) ** 2, rel=1e-12)
    assert found.mass == pytest.approx(1.0, rel=1e-13)


def test_a_density_may_be_a_function() -> None:
    def uniform(prices: Floats) -> Floats:
        return np.full_like(prices, 0.05)

    found = odds(profit_at_expiry(_built("long_stock")), tabulate(uniform, np.linspace(90.0, 110.0, 5)))
    assert found.probability_of_profit == pytest.approx(0.5)
    assert found.expected_profit == pytest.approx(0.0, abs=1e-9)


def test_a_density_that_is_a_little_short_is_scaled_and_says_so() -> None:
    short = Density(DENSITY.prices, 0.97 * DENSITY.density)
    profile = profit_at_expiry(_built("iron_condor"))
    full, scaled = odds(profile, DENSITY), odds(profile, short)
    assert scaled.mass == pytest.approx(0.97, abs=1e-4)
    assert scaled[:3] == pytest.approx(full[:3])


def test_a_calendar_has_odds_at_its_horizon() -> None:
    calendar = build_priced("put_calendar", [100.0], [YEARS, 2 * YEARS], MARKET)
    profile = profit_before_expiry(calendar, np.linspace(20.0, 400.0, 2000), RATE, DIVIDEND, VOL, YEARS)
    found = odds(profile, DENSITY)
    growth = np.exp(RATE * YEARS)
    assert found.expected_profit == pytest.approx(sum(leg.cost for leg in calendar) * (growth - 1.0), abs=0.05)
    low, high = extent(profile).break_evens
    assert found.probability_of_profit == pytest.approx(_below(high) - _below(low), abs=1e-5)


def test_nothing_gained_is_no_profit() -> None:
    assert odds(profit_at_expiry(()), DENSITY)[:3] == (0.0, 0.0, 0.0)
    free_put_spread = (OptionLeg(1, 90.0, "P", YEARS), OptionLeg(-1, 80.0, "P", YEARS))
    assert odds(profit_at_expiry(free_put_spread), DENSITY).probability_of_profit == pytest.approx(
        _below(90.0), abs=1e-6
    )


@pytest.mark.parametrize(
    ("density", "named"),
    [
        (Density(np.array([90.0, 110.0]), np.array([0.01, 0.01])), "integrates to 0.2"),
        (Density(np.array([110.0, 90.0]), np.array([0.05, 0.05])), "ascending"),
        (Density(np.array([90.0]), np.array([0.05])), "at least two"),
        (Density(np.array([90.0, np.nan]), np.array([0.05, 0.05])), r"prices\[1\]"),
        (Density(np.array([90.0, 110.0]), np.array([0.05, -0.05])), r"density\[1\]"),
        (Density(np.array([90.0, 100.0, 110.0]), np.array([0.05, 0.05])), "density"),
    ],
)
def test_an_impossible_density_is_refused(density: Density, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        odds(profit_at_expiry(_built("long_call")), density)


@pytest.mark.parametrize("named", ["underlying_price", "years", "vol"])
def test_an_impossible_lognormal_is_refused(named: str) -> None:
    given = {"underlying_price": SPOT, "years": YEARS, "vol": VOL} | {named: -1.0}
    with pytest.raises(BadInput, match=named):
        lognormal(given["underlying_price"], given["years"], RATE, DIVIDEND, given["vol"])


def test_the_lognormal_prices_options() -> None:
    call = odds(profit_at_expiry((OptionLeg(1, 110.0, "C", YEARS, multiplier=1.0),)), DENSITY)
    price = european(SPOT, 110.0, YEARS, RATE, DIVIDEND, VOL, is_call=True).price
    assert call.expected_profit * np.exp(-RATE * YEARS) == pytest.approx(float(price), rel=1e-5)


def test_a_lognormal_leaves_out_less_than_a_double_can_tell_from_one() -> None:
    low, high = DENSITY.prices[[0, -1]]
    assert 2e-19 < 2.0 * _below(low) < 2.5e-19
    forward = SPOT * np.exp((RATE - DIVIDEND) * YEARS - 0.5 * VOL**2 * YEARS)
    assert low * high == pytest.approx(forward**2)


def _triangle(mass: float) -> Density:
    return Density(np.array([90.0, 100.0, 110.0]), np.array([0.0, 0.1 * mass, 0.0]))


@pytest.mark.parametrize("mass", [0.9501, 1.0499])
def test_a_density_may_be_off_by_a_twentieth(mass: float) -> None:
    assert odds(profit_at_expiry(_built("long_call")), _triangle(mass)).mass == pytest.approx(mass)


@pytest.mark.parametrize("mass", [0.9498, 1.0502])
def test_a_density_that_is_off_by_more_is_refused(mass: float) -> None:
    with pytest.raises(BadInput, match=f"integrates to {mass}"):
        odds(profit_at_expiry(_built("long_call")), _triangle(mass))


@pytest.mark.parametrize("width", [0.5, 20.0])
def test_two_prices_are_a_density_and_the_strike_between_them_counts(width: float) -> None:
    uniform = Density(np.array([90.0, 90.0 + width]), np.full(2, 1.0 / width))
    call = OptionLeg(1, 90.0 + 0.25 * width, "C", 0.1, multiplier=1.0)
    found = odds(profit_at_expiry((call,)), uniform)
    assert found.probability_of_profit == pytest.approx(0.75)
    assert found.expected_profit == pytest.approx(0.75**2 * width / 2.0)


def test_a_price_given_twice_is_not_ascending() -> None:
    with pytest.raises(BadInput, match="ascending"):
        odds(profit_at_expiry(()), Density(np.array([90.0, 100.0, 100.0]), np.full(3, 0.1)))
