from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import BadInput
from models.quantitative.payoffs.legs import CashLeg, Leg, OptionLeg, Position, StockLeg
from models.quantitative.payoffs.profile import Profile, extent, profit_at_expiry
from models.quantitative.payoffs.strategies import STRATEGIES, build, needs

OPTIONS = st.builds(
    OptionLeg,
    quantity=st.integers(-5, 5),
    strike=st.integers(50, 150).map(float),
    right=st.sampled_from(["C", "P"]),
    years=st.just(0.25),
    premium=st.integers(0, 2000).map(lambda cents: cents / 100.0),
)
STOCK = st.builds(StockLeg, quantity=st.integers(-300, 300), price=st.integers(80, 120).map(float))
POSITIONS = st.lists(st.one_of(OPTIONS, OPTIONS, STOCK), min_size=1, max_size=6).map(tuple)


def _profit(legs: Position, price: float) -> float:
    """One price, one leg after another, as a clerk would."""
    total = 0.0
    for leg in legs:
        if isinstance(leg, OptionLeg):
            intrinsic = max(price - leg.strike, 0.0) if leg.is_call else max(leg.strike - price, 0.0)
            total += leg.quantity * leg.multiplier * (intrinsic - leg.premium)
        elif isinstance(leg, StockLeg):
            total += leg.quantity * (price - leg.price)
    return total


@given(POSITIONS, st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=10))
def test_profit_is_that_of_the_legs_at_any_price(legs: Position, prices: list[float]) -> None:
    expected = [_profit(legs, price) for price in prices]
    assert profit_at_expiry(legs).at(prices) == pytest.approx(expected, abs=1e-6)


@given(POSITIONS)
def test_break_evens_are_all_the_changes_of_sign(legs: Position) -> None:
    found = extent(profit_at_expiry(legs)).break_evens
    assert (np.diff(found) > 0.0).all()
    assert [_profit(legs, price) for price in found] == pytest.approx(np.zeros(found.size), abs=1e-6)
    edges = np.concatenate([[0.0], found, [1e6 + 2e3]])
    for low, high in pairwise(edges.tolist()):
        inside = [_profit(legs, float(price)) for price in np.linspace(low, high, 97)[1:-1]]
        assert not (max(inside) > 1e-4 and min(inside) < -1e-4)


@given(POSITIONS)
def test_extremes_bound_every_outcome_and_are_attained(legs: Position) -> None:
    found = extent(profit_at_expiry(legs))
    strikes = [leg.strike for leg in legs if isinstance(leg, OptionLeg)]
    at_kinks = [_profit(legs, price) for price in [0.0, *strikes]]
    far = _profit(legs, 1e9)
    assert found.max_profit == pytest.approx(inf if far > 1e7 else max(at_kinks), abs=1e-6)
    assert found.max_loss == pytest.approx(inf if far < -1e7 else -min(at_kinks), abs=1e-6)


KNOWN: dict[str, tuple[list[float], list[float], list[float], float, float]] = {
    # strikes, premiums, break-evens, largest profit, largest loss
    "long_call": ([100.0], [4.0], [104.0], inf, 400.0),
    "short_put": ([100.0], [4.0], [96.0], 400.0, 9600.0),
    "long_put": ([100.0], [4.0], [96.0], 9600.0, 400.0),
    "short_call": ([100.0], [4.0], [104.0], 400.0, inf),
    "covered_call": ([105.0], [2.0], [98.0], 700.0, 9800.0),
    "cash_secured_put": ([95.0], [2.0], [93.0], 200.0, 9300.0),
    "collar": ([95.0, 105.0], [2.0, 1.5], [100.5], 450.0, 550.0),
    "bull_call_spread": ([95.0, 105.0], [8.0, 3.0], [100.0], 500.0, 500.0),
    "bear_call_spread": ([95.0, 105.0], [8.0, 3.0], [100.0], 500.0, 500.0),
    "bull_put_spread": ([95.0, 105.0], [2.0, 6.0], [101.0], 400.0, 600.0),
    "long_straddle": ([100.0], [4.0, 3.0], [93.0, 107.0], inf, 700.0),
    "short_strangle": ([90.0, 110.0], [1.0, 2.0], [87.0, 113.0], 300.0, inf),
    "call_butterfly": ([90.0, 100.0, 110.0], [12.0, 5.0, 2.0], [94.0, 106.0], 600.0, 400.0),
    "iron_condor": ([80.0, 90.0, 110.0, 120.0], [0.5, 2.0, 2.0, 0.5], [87.0, 113.0], 300.0, 700.0),
    "iron_butterfly": ([90.0, 100.0, 110.0], [1.0, 4.0, 4.0, 1.0], [94.0, 106.0], 600.0, 400.0),
    "call_ratio_spread": ([100.0, 110.0], [5.0, 2.0], [101.0, 119.0], 900.0, inf),
    "put_backspread": ([90.0, 100.0], [2.0, 5.0], [81.0, 99.0], 8100.0, 900.0),
    "conversion": ([100.0], [3.0, 3.0], [], 0.0, 0.0),
    "jade_lizard": ([90.0, 110.0, 115.0], [2.0, 4.0, 1.0], [85.0, 115.0], 500.0, 8500.0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_textbook_positions(name: str) -> None:
    strikes, premiums, break_evens, max_profit, max_loss = KNOWN[name]
    found = extent(profit_at_expiry(build(name, strikes, [0.25], premiums, stock_price=100.0)))
    assert found.break_evens == pytest.approx(break_evens)
    assert found.max_profit == pytest.approx(max_profit)
    assert found.max_loss == pytest.approx(max_loss)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if needs(name)[1] == 1])
def test_every_strategy_of_one_expiry_has_a_profile(name: str) -> None:
    legs = build(name, [85.0, 95.0, 105.0, 115.0][: needs(name)[0]], [0.25], stock_price=100.0)
    prices = np.linspace(0.0, 300.0, 301)
    assert profit_at_expiry(legs).at(prices) == pytest.approx([_profit(legs, price) for price in prices])


def test_stock_alone_breaks_even_at_its_price() -> None:
    found = extent(profit_at_expiry((StockLeg(100, 42.0),)))
    assert found.break_evens.tolist() == [42.0]
    assert (found.max_profit, found.max_loss) == (inf, 4200.0)
    short = extent(profit_at_expiry((StockLeg(-100, 42.0),)))
    assert (short.max_profit, short.max_loss) == (4200.0, inf)


def test_cash_earns_nothing_and_no_legs_earn_nothing() -> None:
    for legs in ((CashLeg(1e4),), ()):
        found = extent(profit_at_expiry(legs))
        assert (found.break_evens.size, found.max_profit, found.max_loss) == (0, 0.0, 0.0)


def test_of_a_stretch_without_profit_both_ends_break_even() -> None:
    strangle: tuple[Leg, ...] = (OptionLeg(1, 90.0, "P", 0.1), OptionLeg(1, 110.0, "C", 0.1))
    assert extent(profit_at_expiry(strangle)).break_evens.tolist() == [90.0, 110.0]
    middle = (*strangle, OptionLeg(1, 100.0, "C", 0.1), OptionLeg(-1, 100.0, "C", 0.1))
    assert extent(profit_at_expiry(middle)).break_evens.tolist() == [90.0, 110.0]


def test_calls_that_cancel_in_fractions_are_not_unlimited() -> None:
    legs = tuple(OptionLeg(n, 100.0 + k, "C", 0.1, 1.0) for k, n in enumerate((0.1, 0.2, -0.3)))
    assert extent(profit_at_expiry(legs)).max_profit < inf


def test_several_expiries_need_a_horizon() -> None:
    with pytest.raises(BadInput, match="give a horizon"):
        profit_at_expiry(build("call_calendar", [100.0], [0.1, 0.2]))


def test_a_break_even_is_a_positive_price() -> None:
    assert extent(profit_at_expiry((StockLeg(100, 0.0),))).break_evens.size == 0


def test_below_its_first_price_a_profile_is_constant() -> None:
    profile = Profile(np.array([50.0, 60.0, 70.0]), np.array([0.0, 0.0, 5.0]), 0.0)
    assert profile.at([40.0, 55.0, 65.0, 90.0]).tolist() == [0.0, 0.0, 2.5, 5.0]
    assert extent(profile).break_evens.tolist() == [60.0]
