from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import BadInput
from models.quantitative.payoffs.legs import CashLeg, OptionLeg, Position, StockLeg, options_of
from models.quantitative.payoffs.margin import Margin, initial_margin
from models.quantitative.payoffs.margin_rules import BROAD_INDEX_BASIC, RULES, Underlying
from models.quantitative.payoffs.strategies import build


def _rules(found: Margin) -> list[str]:
    return sorted(item.rule for item in found.items)


def test_a_naked_put_as_brokers_work_it() -> None:
    """Underlying 209, short put 200 at 1.20: 20 % less 9 out of the money, and the premium: 3,400; to deposit 3,280."""
    found = initial_margin(build("short_put", [200.0], [0.2], [1.20]), Underlying(209.0))
    assert found.requirement == pytest.approx(3400.0)
    assert found.proceeds == pytest.approx(120.0)
    assert found.deposit == pytest.approx(3280.0)


def test_a_strangle_as_brokers_work_it() -> None:
    """Underlying 45, short call 47 at 2.10 and put 43 at 1.20: the call's 910 and the put's premium of 120."""
    found = initial_margin(build("short_strangle", [43.0, 47.0], [0.2], [1.20, 2.10]), Underlying(45.0))
    assert found.requirement == pytest.approx(1030.0)
    assert _rules(found) == ["short straddle or strangle"]


def test_a_straddle_of_the_manual() -> None:
    found = initial_margin(build("short_straddle", [90.0], [0.2], [7.0, 3.7]), Underlying(92.63))
    assert found.requirement == pytest.approx(2922.60)


def test_an_iron_condor_as_brokers_work_it() -> None:
    """A hundred of them, 10 wide on both sides, one of which can lose: 32,300 to deposit."""
    legs = build("iron_condor", [115.0, 125.0, 130.0, 140.0], [0.2], [2.83, 6.33, 6.65, 3.38], contracts=100)
    found = initial_margin(legs, Underlying(128.0))
    assert found.deposit == pytest.approx(32_300.0)
    assert _rules(found) == ["iron condor, iron butterfly or box"]


def test_a_credit_spread_as_brokers_work_it() -> None:
    """Long put 120 at 0.80, short put 125 at 1.24: 580 required, 456 to deposit."""
    found = initial_margin(build("bull_put_spread", [120.0, 125.0], [0.2], [0.80, 1.24]), Underlying(130.0))
    assert found.requirement == pytest.approx(580.0)
    assert found.deposit == pytest.approx(456.0)


@pytest.mark.parametrize(
    ("right", "strike", "price", "basic", "per_share"),
    [
        ("short_call", 100.0, 100.0, 0.20, 3.0 + 20.0),
        ("short_call", 110.0, 100.0, 0.20, 3.0 + 10.0),
        ("short_call", 150.0, 100.0, 0.20, 3.0 + 10.0),
        ("short_call", 60.0, 100.0, 0.20, 3.0 + 20.0),
        ("short_put", 90.0, 100.0, 0.20, 3.0 + 10.0),
        ("short_put", 50.0, 100.0, 0.20, 3.0 + 5.0),
        ("short_put", 130.0, 100.0, 0.20, 3.0 + 20.0),
        ("short_call", 100.0, 100.0, BROAD_INDEX_BASIC, 3.0 + 15.0),
    ],
)
def test_naked_options_have_their_share_and_their_least(
    right: str, strike: float, price: float, basic: float, per_share: float
) -> None:
    found = initial_margin(build(right, [strike], [0.2], [3.0], contracts=2), Underlying(price, basic))
    assert found.requirement == pytest.approx(200.0 * per_share)


@pytest.mark.parametrize(
    ("name", "strikes", "premiums", "requirement", "rule"),
    [
        ("long_call", [100.0], [4.0], 400.0, "long call"),
        ("long_put", [100.0], [4.0], 400.0, "long put"),
        ("long_stock", [], [], 5000.0, "long stock"),
        ("short_stock", [], [], 15_000.0, "short stock"),
        ("covered_call", [105.0], [2.0], 5000.0, "covered call"),
        ("covered_call", [90.0], [12.0], 6000.0, "covered call"),
        ("covered_put", [95.0], [2.0], 15_000.0, "covered put"),
        ("covered_put", [110.0], [12.0], 16_000.0, "covered put"),
        ("bull_call_spread", [95.0, 105.0], [8.0, 3.0], 800.0, "call spread"),
        ("bear_call_spread", [95.0, 105.0], [8.0, 3.0], 1300.0, "call spread"),
        ("bear_put_spread", [95.0, 105.0], [3.0, 8.0], 800.0, "put spread"),
        ("call_butterfly", [90.0, 100.0, 110.0], [12.0, 5.0, 2.0], 1400.0, "call butterfly or condor"),
        ("short_put_butterfly", [90.0, 100.0, 110.0], [2.0, 5.0, 12.0], 2000.0, "put butterfly or condor"),
        ("put_condor", [85.0, 95.0, 105.0, 115.0], [1.0, 3.0, 8.0, 16.0], 1700.0, "put butterfly or condor"),
        ("long_box", [95.0, 105.0], [8.0, 3.0, 2.5, 7.3], 1530.0, "iron condor, iron butterfly or box"),
        ("short_box", [95.0, 105.0], [8.0, 3.0, 2.5, 7.3], 1550.0, "iron condor, iron butterfly or box"),
    ],
)
def test_combinations_at_an_underlying_of_100(
    name: str, strikes: list[float], premiums: list[float], requirement: float, rule: str
) -> None:
    found = initial_margin(
        build(name, strikes, [0.2] if strikes else [], premiums, stock_price=100.0), Underlying(100.0)
    )
    assert found.requirement == pytest.approx(requirement)
    assert _rules(found) == [rule]
    assert found.items[0].source


def test_what_is_sold_pays_into_the_deposit() -> None:
    short = initial_margin(build("short_stock", [], [], stock_price=100.0), Underlying(101.0))
    assert (short.requirement, short.proceeds, short.deposit) == pytest.approx((15_150.0, 10_100.0, 5050.0))
    put = initial_margin(build("covered_put", [95.0], [0.2], [2.0], stock_price=100.0), Underlying(100.0))
    assert put.proceeds == pytest.approx(10_200.0)
    long = initial_margin(build("protective_put", [95.0], [0.2], [2.0], stock_price=100.0), Underlying(100.0))
    assert (long.requirement, long.proceeds) == pytest.approx((5200.0, 0.0))


def test_a_calendar_costs_its_debit_and_its_reverse_is_naked() -> None:
    found = initial_margin(build("call_calendar", [100.0], [0.1, 0.3], [3.0, 5.0]), Underlying(100.0))
    assert found.deposit == pytest.approx(200.0)
    assert _rules(found) == ["call spread"]
    reverse = (OptionLeg(1, 100.0, "C", 0.1, 3.0), OptionLeg(-1, 100.0, "C", 0.3, 5.0))
    assert _rules(initial_margin(reverse, Underlying(100.0))) == ["long call", "naked call"]


def test_a_diagonal_adds_what_its_strikes_can_lose() -> None:
    legs = (OptionLeg(-1, 95.0, "C", 0.1, 7.0), OptionLeg(1, 100.0, "C", 0.3, 5.0))
    assert initial_margin(legs, Underlying(100.0)).requirement == pytest.approx(500.0 + 500.0)


def test_options_of_more_than_nine_months_are_lent_a_quarter_unless_they_cover() -> None:
    far = OptionLeg(1, 100.0, "C", 1.5, 20.0)
    assert initial_margin((far,), Underlying(100.0)).requirement == pytest.approx(1500.0)
    spread = (far, OptionLeg(-1, 110.0, "C", 1.5, 16.0))
    assert initial_margin(spread, Underlying(100.0)).requirement == pytest.approx(2000.0)


def test_a_ratio_spread_is_a_spread_and_a_naked_call() -> None:
    found = initial_margin(build("call_ratio_spread", [100.0, 110.0], [0.2], [5.0, 2.0]), Underlying(100.0))
    assert _rules(found) == ["call spread", "naked call"]
    assert found.requirement == pytest.approx(500.0 + 100.0 * (2.0 + 10.0))


def test_stock_covers_as_many_calls_as_it_has_lots() -> None:
    legs = (StockLeg(250, 100.0), OptionLeg(-3, 105.0, "C", 0.2, 2.0))
    found = initial_margin(legs, Underlying(100.0))
    units = {item.rule: item.units for item in found.items}
    assert units == {"covered call": 2.0, "naked call": 1.0, "long stock": pytest.approx(0.5)}


def test_of_all_divisions_the_cheapest_is_taken() -> None:
    """Two longs for two shorts: crossing the pairs would cost 2,000 where the straight way costs nothing more."""
    legs: Position = tuple(
        OptionLeg(quantity, strike, "C", 0.2, 1.0)
        for quantity, strike in ((1, 100.0), (-1, 100.0), (1, 120.0), (-1, 120.0))
    )
    assert initial_margin(legs, Underlying(100.0)).requirement == pytest.approx(200.0)


def test_a_cash_account_pays_and_secures_in_full() -> None:
    stock = Underlying(100.0)
    put = build("cash_secured_put", [95.0], [0.2], [2.0])
    assert initial_margin(put, stock, "cash").deposit == pytest.approx(9300.0)
    assert _rules(initial_margin(put, stock, "cash")) == ["cash-secured put"]
    assert initial_margin(put, stock).requirement == pytest.approx(100.0 * (2.0 + 15.0))
    covered = build("covered_call", [105.0], [0.2], [2.0], stock_price=100.0)
    assert initial_margin(covered, stock, "cash").deposit == pytest.approx(9800.0)
    assert initial_margin(build("long_call", [100.0], [1.5], [20.0]), stock, "cash").requirement == 2000.0


@pytest.mark.parametrize("name", ["short_call", "short_stock", "short_strangle"])
def test_a_cash_account_refuses_what_is_not_covered(name: str) -> None:
    legs = build(name, [95.0, 105.0][: 2 if name == "short_strangle" else int(name == "short_call")],
                 [] if name == "short_stock" else [0.2], stock_price=100.0)  # fmt: skip
    with pytest.raises(BadInput, match="cash account"):
        initial_margin(legs, Underlying(100.0), "cash")


def test_a_cash_account_refuses_more_calls_than_its_stock_covers() -> None:
    legs = (StockLeg(100, 100.0), OptionLeg(-2, 105.0, "C", 0.2, 2.0))
    with pytest.raises(BadInput, match="cash account"):
        initial_margin(legs, Underlying(100.0), "cash")


def test_cash_and_nothing_require_nothing() -> None:
    assert initial_margin((CashLeg(1e4),), Underlying(100.0)) == Margin(0.0, 0.0, 0.0, ())
    assert initial_margin((), Underlying(100.0)).requirement == 0.0
    assert initial_margin((OptionLeg(0, 100.0, "C", 0.2, 3.0),), Underlying(100.0)).items == ()


CONTRACTS = st.builds(
    OptionLeg,
    quantity=st.integers(-4, 4),
    strike=st.integers(80, 120).map(float),
    right=st.sampled_from(["C", "P"]),
    years=st.sampled_from([0.1, 0.3]),
    premium=st.integers(0, 2000).map(lambda cents: cents / 100.0),
)
SHARES = st.builds(StockLeg, quantity=st.integers(-3, 3).map(lambda lots: 100 * lots), price=st.just(100.0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(CONTRACTS, CONTRACTS, SHARES), max_size=5).map(tuple), st.floats(60.0, 140.0))
def test_a_division_uses_every_leg_once_and_is_no_dearer_than_leg_by_leg(legs: Position, price: float) -> None:
    found = initial_margin(legs, Underlying(price))
    used = [0.0] * len(legs)
    sizes = [leg.quantity / 100 if isinstance(leg, StockLeg) else options_of((leg,))[0].quantity for leg in legs]
    for item in found.items:
        for place in item.legs:
            used[place] += item.units
    assert used == pytest.approx(np.abs(sizes))
    alone = sum(initial_margin((leg,), Underlying(price)).requirement for leg in legs)
    assert found.requirement <= alone + 1e-6
    assert found.requirement == pytest.approx(sum(item.requirement for item in found.items))


def test_legs_that_cannot_be_margined_are_named() -> None:
    stock = Underlying(100.0)
    with pytest.raises(BadInput, match=r"legs\[1\].quantity is 0.5"):
        initial_margin((StockLeg(1, 1.0), OptionLeg(0.5, 100.0, "C", 0.2)), stock)
    with pytest.raises(BadInput, match="multipliers"):
        initial_margin((OptionLeg(1, 100.0, "C", 0.2), OptionLeg(1, 100.0, "C", 0.2, multiplier=10.0)), stock)
    assert initial_margin((CashLeg(1.0),) * 24, stock).items == ()
    with pytest.raises(BadInput, match="the position has 25 legs: at most 24"):
        initial_margin((CashLeg(1.0),) * 25, stock)
    with pytest.raises(BadInput, match=r"underlying\.price"):
        initial_margin((CashLeg(1.0),), Underlying(0.0))


def test_equal_slots_of_a_rule_stand_side_by_side() -> None:
    """The search for candidates relies on it."""
    for rule in RULES:
        runs = [slot for slot, after in pairwise((*rule.slots, None)) if slot != after]
        assert len(runs) == len(set(runs)), rule.name


def test_rounding_makes_no_contract_but_a_share_may_be_a_part() -> None:
    stock = Underlying(100.0)
    assert initial_margin((OptionLeg(1e-9, 100.0, "C", 0.2, 3.0),), stock) == Margin(0.0, 0.0, 0.0, ())
    with pytest.raises(BadInput, match=r"legs\[0\]\.quantity"):
        initial_margin((OptionLeg(float(np.nextafter(1e-9, 1.0)), 100.0, "C", 0.2),), stock)
    assert initial_margin((StockLeg(0.5, 100.0),), stock)[:3] == pytest.approx((25.0, 0.0, 25.0))
    assert initial_margin((StockLeg(-0.5, 100.0),), stock)[:3] == pytest.approx((75.0, 50.0, 25.0))


def test_nine_months_to_the_day_are_not_long_term() -> None:
    at, beyond = (OptionLeg(1, 100.0, "P", years, 20.0) for years in (0.75, float(np.nextafter(0.75, 1.0))))
    assert initial_margin((at,), Underlying(100.0)).requirement == pytest.approx(2000.0)
    assert initial_margin((beyond,), Underlying(100.0)).requirement == pytest.approx(1500.0)


def test_a_long_option_covers_if_it_expires_at_the_same_time_but_for_rounding() -> None:
    rules = [
        _rules(
            initial_margin(
                (OptionLeg(1, 95.0, "C", 0.0, 7.0), OptionLeg(-1, 100.0, "C", years, 3.0)), Underlying(100.0)
            )
        )
        for years in (1e-9, float(np.nextafter(1e-9, 1.0)))
    ]
    assert rules == [["call spread"], ["long call", "naked call"]]


def test_a_cash_account_pays_its_stock_in_full() -> None:
    stock = build("long_stock", [], [], stock_price=100.0)
    found = initial_margin(stock, Underlying(101.0), "cash")
    assert (found.requirement, found.deposit) == pytest.approx((10_100.0, 10_100.0))
