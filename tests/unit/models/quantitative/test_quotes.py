from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events import GreeksReason
from models.quantitative.european import european
from models.quantitative.quotes import QuoteGreeks, greeks_from_quote, implied_vol
from models.quantitative.reasons import REASONS, Reason, reason_names
from tests.unit.models.quantitative import exact

EPSILON = 2.0**-52
ANYTHING = st.one_of(
    st.floats(), st.floats(0.0, 300.0), st.sampled_from([0.0, -0.0, 5e-324, 1e-9, 1.0, 100.0, 1e9, 1e308])
)
TERMS: dict[str, Any] = {"underlying_price": 100.0, "strike": 100.0, "years": 0.5, "rate": 0.0, "dividend_yield": 0.0}


def test_reasons_are_those_of_the_contract() -> None:
    assert set(REASONS) == set(get_args(GreeksReason))


@pytest.mark.parametrize(
    ("changes", "bid", "ask", "is_call", "reason"),
    [
        ({}, 5.0, 5.2, True, "ok"),
        ({}, 5.0, 5.0, False, "ok"),
        ({}, 0.0, 0.05, True, "no_bid"),
        ({}, 0.0, 0.0, True, "no_bid"),
        ({}, 5.2, 5.0, True, "crossed"),
        ({}, 5.2, 0.0, True, "crossed"),
        ({"years": 0.0}, 5.0, 5.2, True, "expired"),
        ({"years": -0.1}, 0.0, 5.2, True, "expired"),
        ({"strike": 90.0}, 9.0, 10.5, True, "below_intrinsic"),
        ({"strike": 90.0}, 10.0, 10.0, True, "below_intrinsic"),
        ({"strike": 110.0}, 9.0, 10.5, False, "below_intrinsic"),
        ({"strike": 1.0}, 99.0, 99.0 + 2e-13, True, "zero_vega"),
        ({}, 100.0, 100.0, True, "above_bound"),
        ({}, 99.0, 103.0, True, "above_bound"),
        ({"rate": 0.05}, 99.0, 99.0, False, "above_bound"),
        ({"underlying_price": np.nan}, 5.0, 5.2, True, "bad_input"),
        ({"rate": 1.5}, 5.0, 5.2, True, "bad_input"),
        ({"years": 200.0}, 5.0, 5.2, True, "bad_input"),
        ({}, np.nan, 5.2, True, "bad_input"),
        ({}, 5.0, np.inf, True, "bad_input"),
        ({}, -1.0, 5.2, True, "bad_input"),
        ({}, 5.0, 5.2, np.nan, "bad_input"),
    ],
)
def test_every_reason(changes: dict[str, float], bid: float, ask: float, is_call: float, reason: str) -> None:
    result = greeks_from_quote(bid, ask, **(TERMS | changes), is_call=is_call)
    assert reason_names(result.reason_code) == reason
    assert np.isfinite(result[2:]).all() == (reason == "ok")
    priced = reason not in {"no_bid", "crossed", "bad_input"} and bid > 0.0
    assert float(result.price) == pytest.approx((bid + ask) / 2.0 if priced else np.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("age_s", "reason"),
    [
        (0.0, "ok"), (60.0, "ok"), (float(np.nextafter(60.0, 61.0)), "stale"), (-5.0, "ok"), (1e300, "stale"),
        (np.nan, "bad_input"), (np.inf, "bad_input"),
    ],
)  # fmt: skip
def test_a_quote_is_stale_beside_an_underlying_price_of_more_than_a_minute(age_s: float, reason: str) -> None:
    result = greeks_from_quote(5.0, 5.2, **TERMS, is_call=True, underlying_age_s=age_s)
    assert reason_names(result.reason_code) == reason
    assert np.isnan(result.implied_vol) == (reason != "ok")
    assert float(result.price) == pytest.approx(5.1 if reason != "bad_input" else np.nan, nan_ok=True)


@given(st.tuples(*[ANYTHING] * 7, st.sampled_from([1.0, 0.0])))
@settings(max_examples=500)
def test_no_input_gives_a_number_without_a_reason_or_nan_with_ok(row: tuple[float, ...]) -> None:
    result = greeks_from_quote(*row)
    assert REASONS[int(result.reason_code)]
    if result.reason_code == Reason.OK:
        assert np.isfinite(result).all()
        assert result.implied_vol > 0.0
    else:
        assert np.isnan(result[2:]).all()


@given(
    st.floats(50.0, 500.0),
    st.floats(-0.7, 0.7),
    st.floats(0.003, 3.0),
    st.floats(-0.02, 0.1),
    st.floats(0.0, 0.05),
    st.floats(0.03, 3.0),
    st.sampled_from([1.0, 0.0]),
)
def test_round_trip_to_the_accuracy_that_the_price_carries(
    spot: float, log_strike: float, years: float, rate: float, dividend: float, vol: float, is_call: float
) -> None:
    strike = spot * np.exp(log_strike)
    model = european(spot, strike, years, rate, dividend, vol, is_call)
    solved = implied_vol(model.price, spot, strike, years, rate, dividend, is_call)
    condition = (spot + strike) / max(100.0 * float(model.vega) * vol, 1e-300)
    if solved.reason_code == Reason.OK:
        assert abs(float(solved.implied_vol) / vol - 1.0) <= 1e-14 + 8.0 * EPSILON * condition
    else:
        assert condition * EPSILON > 1e-7, "only prices that say nothing about volatility may go unanswered"


@pytest.mark.parametrize("vol", [0.05, 0.2, 0.7])
@pytest.mark.parametrize("log_strike", [0.05, 0.3, 1.0])
def test_deep_out_of_the_money_prices_are_solved(vol: float, log_strike: float) -> None:
    strike = 100.0 * np.exp(log_strike)
    price = float(exact.greeks(100.0, strike, 0.1, 0.0, 0.0, vol, is_call=True)["price"])
    solved = implied_vol(price, 100.0, strike, 0.1, 0.0, 0.0, is_call=True)
    if price > 1e-230:
        assert solved.implied_vol == pytest.approx(vol, rel=1e-13)
    else:
        assert reason_names(solved.reason_code) == "below_intrinsic"


def test_greeks_are_those_at_the_implied_volatility() -> None:
    strikes = np.linspace(60.0, 160.0, 101)
    rights = strikes > 105.0
    terms = (100.0, strikes, 0.4, 0.04, 0.015)
    model = european(*terms, 0.3, rights)
    quote = greeks_from_quote(model.price * 0.99, model.price * 1.01, *terms, rights)
    again = european(*terms, quote.implied_vol, rights)
    np.testing.assert_allclose(quote.price, model.price, rtol=1e-14)
    for name in QuoteGreeks._fields[3:]:
        np.testing.assert_allclose(getattr(quote, name), getattr(again, name), rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(getattr(quote, name), getattr(model, name), rtol=1e-10, err_msg=name)


@pytest.mark.parametrize(
    ("price", "reason"), [(0.0, "below_intrinsic"), (-1.0, "bad_input"), (np.nan, "bad_input"), (100.0, "above_bound")]
)
def test_a_price_without_a_volatility_has_its_reason(price: float, reason: str) -> None:
    solved = implied_vol(price, **TERMS, is_call=True)
    assert reason_names(solved.reason_code) == reason
    assert np.isnan(solved.implied_vol)


def test_the_smallest_price_that_is_solved() -> None:
    prices = [1e-230, float(np.nextafter(1e-230, 0.0))]
    solved = implied_vol(prices, 100.0, 200.0, 0.1, 0.0, 0.0, is_call=True)
    assert reason_names(solved.reason_code).tolist() == ["ok", "below_intrinsic"]


@pytest.mark.parametrize(("spot", "is_call"), [(130.0, 1.0), (70.0, 0.0)])
def test_where_an_in_the_money_price_stops_saying_anything(spot: float, is_call: float) -> None:
    """One part in 10¹² of underlying and strike is the least that a relative change of volatility must be worth."""
    vols = np.geomspace(0.05, 0.2, 4_000)
    model = european(spot, 100.0, 0.25, 0.0, 0.0, vols, is_call)
    solved = implied_vol(model.price, spot, 100.0, 0.25, 0.0, 0.0, is_call)
    worth = 100.0 * model.vega * vols / (spot + 100.0)
    has_time_value = model.price - 30.0 > 0.0
    names = reason_names(solved.reason_code)
    assert set(names[worth > 1.005e-12]) == {"ok"}
    assert set(names[(worth < 0.995e-12) & has_time_value]) == {"zero_vega"}
    assert set(names[~has_time_value]) == {"below_intrinsic"}
