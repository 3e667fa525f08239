from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import BadInput
from models.quantitative.european import european
from models.quantitative.exposure.sentiment import (
    expected_move_from_straddle,
    expected_move_from_vol,
    max_pain,
    put_call_ratios,
    vol_standing,
)


@given(st.integers(0, 2**32 - 1))
def test_max_pain_pays_holders_least_of_all_strikes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strike = rng.choice(np.arange(80.0, 121.0, 5.0), 30)
    is_call, contracts = rng.integers(0, 2, 30), rng.integers(0, 500, 30)

    def payout(settled: float) -> float:
        rows = zip(strike, is_call, contracts, strict=True)
        return sum(float(100 * n * max((settled - k) if call else (k - settled), 0.0)) for k, call, n in rows)

    found = max_pain(strike, is_call, contracts)
    assert found.strike in strike
    assert payout(found.strike) == min(payout(k) for k in strike)
    assert found.payout_dollars.tolist() == [payout(k) for k in found.strikes]


def test_no_price_between_strikes_is_less_painful() -> None:
    """The payout is convex with kinks at strikes, so that the least of all prices is among them."""
    strike, is_call, contracts = [90.0, 95.0, 100.0, 105.0, 110.0], [1, 0, 1, 0, 0], [3, 10, 4, 7, 2]
    found = max_pain(strike, is_call, contracts)
    prices = np.linspace(80.0, 120.0, 4001)
    side = np.where(np.array(is_call) == 1, 1.0, -1.0)
    payouts = np.maximum(side * (prices[:, None] - strike), 0.0) @ (100.0 * np.array(contracts))
    assert found.payout_dollars.min() == pytest.approx(payouts.min())


def test_max_pain_takes_the_lower_of_equals_and_each_contract_at_its_multiplier() -> None:
    assert max_pain([90.0, 110.0], [1, 0], [5, 5]).strike == 90.0
    assert max_pain([90.0, 110.0], [1, 0], [5, 5], multiplier=[100.0, 150.0]).strike == 110.0


def test_ratios_divide_puts_by_calls() -> None:
    found = put_call_ratios([1, 1, 0, 0], [10, 20, 30, 15], [100, 300, 50, 50])
    assert found.by_volume == 45 / 30
    assert found.by_open_interest == 100 / 400
    assert put_call_ratios([0], [1], [1]) == (None, None)
    assert put_call_ratios([0, 1], [3, 1], [1, 2]) == (3.0, 0.5)


def test_the_straddle_next_to_the_forward_is_read() -> None:
    strikes, forward = np.array([90.0, 99.0, 101.0, 110.0]), 100.6
    calls, puts = (european(100.0, strikes, 0.1, 0.06, 0.0, 0.2, right).price for right in (True, False))
    found = expected_move_from_straddle(100.0, forward, strikes, calls, puts)
    assert found.amount == calls[2] + puts[2]
    assert (found.low, found.high) == (100.0 - found.amount, 100.0 + found.amount)
    assert found.percent == pytest.approx(found.amount)
    calls[2] = np.nan
    assert expected_move_from_straddle(100.0, forward, strikes, calls, puts).amount == calls[1] + puts[1]


def test_a_worthless_side_is_a_price_and_a_negative_one_is_not() -> None:
    found = expected_move_from_straddle(100.0, 100.0, [100.0, 101.0, 110.0], [-1.0, 1.0, 0.0], [1.0, -0.5, 10.0])
    assert found.amount == 10.0
    assert expected_move_from_straddle(100.0, 90.0, [90.0], [10.0], [0.0]).amount == 10.0


def test_straddle_and_volatility_differ_by_the_mean_of_a_normal_variable() -> None:
    """The mean absolute value of a normal variable is √(2/π) standard deviations."""
    one_sigma = expected_move_from_vol(100.0, 0.05, 0.2)
    call, put = (european(100.0, [100.0], 0.05, 0.0, 0.0, 0.2, right).price for right in (True, False))
    mean = expected_move_from_straddle(100.0, 100.0, [100.0], call, put)
    assert mean.amount == pytest.approx(one_sigma.amount * np.sqrt(2.0 / np.pi), rel=1e-3)
    assert mean.meaning != one_sigma.meaning


def test_rank_and_percentile() -> None:
    history = np.array([0.10, 0.30, 0.12, 0.14, 0.16])
    found = vol_standing(0.15, history)
    assert found.rank_percent == pytest.approx(25.0)
    assert found.percentile_percent == 60.0
    assert vol_standing(0.4, history).rank_percent == pytest.approx(150.0)
    assert vol_standing(0.10, history) == (0.0, 0.0)
    assert vol_standing(0.2, [0.15, 0.15]) == (None, 100.0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: max_pain([], [], []), "strike"),
        (lambda: max_pain([90.0, -1.0], [1, 0], [1, 1]), r"strike\[1\]"),
        (lambda: max_pain([90.0, 95.0], [1, 0], [1, -1]), r"open_interest\[1\]"),
        (lambda: max_pain([90.0, 95.0], ["C", "X"], [1, 1]), r"is_call\[1\]"),
        (lambda: put_call_ratios([1, 0], [1, np.nan], [1, 1]), r"volume\[1\]"),
        (lambda: expected_move_from_straddle(100.0, 100.0, [100.0], [np.nan], [1.0]), "no strike has both"),
        (lambda: expected_move_from_straddle(0.0, 100.0, [100.0], [1.0], [1.0]), "underlying_price"),
        (lambda: expected_move_from_vol(100.0, 0.0, 0.2), "years"),
        (lambda: vol_standing(0.2, []), "history is empty"),
        (lambda: vol_standing(0.2, [0.1, np.inf]), r"history\[1\]"),
        (lambda: vol_standing(-0.2, [0.1]), "current_vol"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        call()
