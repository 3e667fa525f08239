from collections import Counter

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.payoffs.legs import CashLeg, OptionLeg, Position, StockLeg, net_cost
from models.quantitative.payoffs.profile import profit_at_expiry
from models.quantitative.payoffs.strategies import STRATEGIES, Market, build, build_priced, needs

LADDER = [90.0, 95.0, 105.0, 110.0]


def _at_expiry(name: str, prices: list[float], strikes: list[float] | None = None) -> list[float]:
    """Payoff per share without premiums, of a strategy without stock."""
    legs = build(name, strikes or LADDER[: needs(name)[0]], [0.5], multiplier=1.0)
    found: list[float] = profit_at_expiry(legs).at(prices).tolist()
    return found


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_row_builds(name: str) -> None:
    strikes, expiries = needs(name)
    legs = build(name, LADDER[:strikes], [0.25, 0.5][:expiries], stock_price=100.0, contracts=2, multiplier=10.0)
    assert len(legs) == len(STRATEGIES[name])
    options = [leg for leg in legs if isinstance(leg, OptionLeg)]
    assert {leg.strike for leg in options} == set(LADDER[:strikes])
    assert {leg.years for leg in options} == set([0.25, 0.5][:expiries])
    assert all(leg.multiplier == 10.0 and abs(leg.quantity) >= 2 for leg in options)


def test_no_two_rows_are_the_same() -> None:
    assert len(set(STRATEGIES.values())) == len(STRATEGIES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("long_call", "short_call"), ("long_put", "short_put"), ("long_straddle", "short_straddle"),
        ("long_strangle", "short_strangle"), ("long_guts", "short_guts"), ("long_box", "short_box"),
        ("bull_call_spread", "bear_call_spread"), ("bull_put_spread", "bear_put_spread"),
        ("synthetic_long", "synthetic_short"), ("bullish_risk_reversal", "bearish_risk_reversal"),
        ("call_butterfly", "short_call_butterfly"), ("put_butterfly", "short_put_butterfly"),
        ("call_condor", "short_call_condor"), ("put_condor", "short_put_condor"),
        ("iron_condor", "reverse_iron_condor"), ("iron_butterfly", "reverse_iron_butterfly"),
        ("call_ratio_spread", "call_backspread"), ("put_ratio_spread", "put_backspread"),
    ],
)  # fmt: skip
def test_opposites_cancel(one: str, other: str) -> None:
    prices = [0.0, 85.0, 92.0, 100.0, 107.0, 130.0]
    assert np.add(_at_expiry(one, prices), _at_expiry(other, prices)).tolist() == [0.0] * len(prices)


COMPOSED: dict[str, list[tuple[str, list[int], list[int]]]] = {
    # made of other strategies, at these of the strikes and expiries
    "strap": [("long_straddle", [0], [0]), ("long_call", [0], [0])],
    "strip": [("long_straddle", [0], [0]), ("long_put", [0], [0])],
    "long_straddle": [("long_call", [0], [0]), ("long_put", [0], [0])],
    "long_strangle": [("long_put", [0], [0]), ("long_call", [1], [0])],
    "long_guts": [("long_call", [0], [0]), ("long_put", [1], [0])],
    "synthetic_long": [("long_call", [0], [0]), ("short_put", [0], [0])],
    "bullish_risk_reversal": [("short_put", [0], [0]), ("long_call", [1], [0])],
    "bull_call_spread": [("long_call", [0], [0]), ("short_call", [1], [0])],
    "bull_put_spread": [("long_put", [0], [0]), ("short_put", [1], [0])],
    "long_box": [("bull_call_spread", [0, 1], [0]), ("bear_put_spread", [0, 1], [0])],
    "covered_call": [("long_stock", [], []), ("short_call", [0], [0])],
    "covered_put": [("short_stock", [], []), ("short_put", [0], [0])],
    "protective_put": [("long_stock", [], []), ("long_put", [0], [0])],
    "protective_call": [("short_stock", [], []), ("long_call", [0], [0])],
    "collar": [("long_stock", [], []), ("bearish_risk_reversal", [0, 1], [0])],
    "covered_strangle": [("long_stock", [], []), ("short_strangle", [0, 1], [0])],
    "conversion": [("long_stock", [], []), ("synthetic_short", [0], [0])],
    "reversal": [("short_stock", [], []), ("synthetic_long", [0], [0])],
    "call_butterfly": [("bull_call_spread", [0, 1], [0]), ("bear_call_spread", [1, 2], [0])],
    "put_butterfly": [("bull_put_spread", [0, 1], [0]), ("bear_put_spread", [1, 2], [0])],
    "call_condor": [("bull_call_spread", [0, 1], [0]), ("bear_call_spread", [2, 3], [0])],
    "put_condor": [("bull_put_spread", [0, 1], [0]), ("bear_put_spread", [2, 3], [0])],
    "iron_butterfly": [("bull_put_spread", [0, 1], [0]), ("bear_call_spread", [1, 2], [0])],
    "iron_condor": [("bull_put_spread", [0, 1], [0]), ("bear_call_spread", [2, 3], [0])],
    "jade_lizard": [("short_put", [0], [0]), ("bear_call_spread", [1, 2], [0])],
    "call_ratio_spread": [("bull_call_spread", [0, 1], [0]), ("short_call", [1], [0])],
    "put_ratio_spread": [("bear_put_spread", [0, 1], [0]), ("short_put", [0], [0])],
    "call_ladder": [("bull_call_spread", [0, 1], [0]), ("short_call", [2], [0])],
    "put_ladder": [("bear_put_spread", [1, 2], [0]), ("short_put", [0], [0])],
    "call_calendar": [("short_call", [0], [0]), ("long_call", [0], [1])],
    "put_calendar": [("short_put", [0], [0]), ("long_put", [0], [1])],
    "straddle_calendar": [("call_calendar", [0], [0, 1]), ("put_calendar", [0], [0, 1])],
    "call_diagonal": [("long_call", [0], [1]), ("short_call", [1], [0])],
    "put_diagonal": [("short_put", [0], [0]), ("long_put", [1], [1])],
    "double_diagonal": [("long_strangle", [0, 3], [1]), ("short_strangle", [1, 2], [0])],
    "jelly_roll": [("synthetic_short", [0], [0]), ("synthetic_long", [0], [1])],
}


def _contents(legs: Position) -> Counter[tuple[object, ...]]:
    """Quantities by what they are of, whatever the order of the legs."""
    found: Counter[tuple[object, ...]] = Counter()
    for leg in legs:
        if isinstance(leg, OptionLeg):
            found[leg.right, leg.strike, leg.years] += int(leg.quantity)
        elif isinstance(leg, StockLeg):
            found["stock",] += int(leg.quantity)
    return found


@pytest.mark.parametrize("name", COMPOSED)
def test_strategies_are_made_of_one_another(name: str) -> None:
    years, made = [0.25, 0.5], Counter[tuple[object, ...]]()
    for part, strikes, expiries in COMPOSED[name]:
        made.update(_contents(build(part, [LADDER[i] for i in strikes], [years[i] for i in expiries])))
    strikes_needed, expiries_needed = needs(name)
    assert _contents(build(name, LADDER[:strikes_needed], years[:expiries_needed])) == made


def test_equal_payoffs_by_parity() -> None:
    prices, even = np.linspace(80.0, 120.0, 81).tolist(), [90.0, 100.0, 110.0]
    butterfly = pytest.approx(_at_expiry("put_butterfly", prices, even))
    assert _at_expiry("call_butterfly", prices, even) == butterfly
    assert _at_expiry("call_condor", prices) == pytest.approx(_at_expiry("put_condor", prices))
    assert _at_expiry("iron_condor", prices) == pytest.approx(np.subtract(_at_expiry("call_condor", prices), 5.0))
    assert _at_expiry("long_box", prices) == pytest.approx([5.0] * 81)
    assert _at_expiry("synthetic_long", prices) == pytest.approx(np.subtract(prices, 90.0))


def test_covered_positions_hold_what_covers_them() -> None:
    stock, call = build("covered_call", [105.0], [0.5], [2.0], stock_price=100.0, contracts=3)
    assert stock == StockLeg(300.0, 100.0)
    assert call == OptionLeg(-3.0, 105.0, "C", 0.5, 2.0)
    cash, put = build("cash_secured_put", [95.0], [0.5], [2.0])
    assert cash == CashLeg(9500.0)
    assert put == OptionLeg(-1.0, 95.0, "P", 0.5, 2.0)


def test_model_premiums_obey_put_call_parity() -> None:
    market = Market(100.0, 0.05, 0.02, 0.3)
    cost = net_cost(build_priced("synthetic_long", [95.0], [0.5], market, multiplier=1.0))
    assert cost == pytest.approx(100.0 * np.exp(-0.01) - 95.0 * np.exp(-0.025), abs=1e-12)
    box = build_priced("long_box", [95.0, 105.0], [0.5], market)
    assert net_cost(box) == pytest.approx(1000.0 * np.exp(-0.025), abs=1e-10)
    assert net_cost(build_priced("covered_call", [200.0], [0.01], market)) == pytest.approx(1e4, abs=1e-6)
    assert net_cost(build_priced("call_calendar", [100.0], [0.1, 0.4], market)) > 0.0
    smile = build_priced("long_strangle", [90.0, 110.0], [0.5], market._replace(vol=[0.4, 0.3]))
    flat = build_priced("long_strangle", [90.0, 110.0], [0.5], market)
    assert smile[0].cost > flat[0].cost
    assert smile[1] == flat[1]


@pytest.mark.parametrize(
    ("strikes", "years", "premiums", "named"),
    [
        ([100.0], [0.5], None, "strikes"), ([100.0, 90.0], [0.5], None, "strikes"),
        ([90.0, 90.0], [0.5], None, "strikes"), ([90.0, -1.0], [0.5], None, r"strikes\[1\]"),
        ([90.0, 100.0], [0.5, 0.6], None, "years"), ([90.0, 100.0], [0.5], [1.0], "premiums"),
        ([90.0, 100.0], [0.5], [1.0, float("nan")], "premium"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    strikes: list[float], years: list[float], premiums: list[float] | None, named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        build("bull_call_spread", strikes, years, premiums)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'iron_swan'.*iron_condor"):
        build("iron_swan", [], [])
