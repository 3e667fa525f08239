import numpy as np
import pytest

from models.quantitative import blocks, compiled
from models.quantitative.american.exact import american
from models.quantitative.american_quadratic.prices import american_quadratic
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE, StyleGreeks, greeks_by_style
from models.quantitative.quotes import QuoteGreeks, greeks_from_quote
from models.quantitative.reasons import Reason, reason_names
from tests.unit.models.quantitative.american.samples import contracts
from tests.unit.models.quantitative.american_quadratic.listed import (
    LEAST_DELTA,
    MOST_DELTA,
    Listed,
    listed,
    off,
    wild_rows,
)

MAX_VOL_POINTS = 0.2
MAX_DELTA_OFF = 0.005


@pytest.fixture(scope="module")
def sample() -> Listed:
    return listed(4_000, seed=31)


@pytest.fixture(scope="module")
def solved(sample: Listed) -> StyleGreeks:
    return _solve(sample)


def _solve(sample: Listed) -> StyleGreeks:
    spot, strike, years, rate, dividend, _, is_call = sample.terms
    price = sample.exact.price
    return greeks_by_style(price, price, spot, strike, years, rate, dividend, is_call, is_american=True)


def test_implied_volatility_against_the_exact_engine(sample: Listed, solved: StyleGreeks) -> None:
    errors = 100.0 * off(solved.implied_vol, sample.terms[5])
    assert np.quantile(errors, 0.995) <= MAX_VOL_POINTS
    assert np.median(errors) <= 0.1 * MAX_VOL_POINTS
    usual = np.abs(sample.exact.delta) <= 0.9
    assert errors[usual].max() <= MAX_VOL_POINTS


def test_delta_against_the_exact_engine(sample: Listed, solved: StyleGreeks) -> None:
    errors = off(solved.delta, sample.exact.delta)
    assert np.quantile(errors, 0.99) <= MAX_DELTA_OFF
    assert np.median(errors) <= 0.05 * MAX_DELTA_OFF
    moderate = (np.abs(sample.exact.delta) <= 0.9) & (sample.terms[3] <= 0.05)
    assert np.quantile(errors[moderate], 0.998) <= MAX_DELTA_OFF


def test_greeks_are_those_at_the_implied_volatility(sample: Listed, solved: StyleGreeks) -> None:
    spot, strike, years, rate, dividend, _, is_call = sample.terms
    again = american_quadratic(spot, strike, years, rate, dividend, solved.implied_vol, is_call)
    assert np.quantile(off(again.delta, solved.delta), 0.98) <= MAX_DELTA_OFF
    assert np.quantile(off(again.vega, solved.vega) / solved.vega, 0.98) <= 0.05
    assert np.quantile(off(again.price, solved.price) / solved.vega, 0.98) <= 0.1 * MAX_VOL_POINTS


def test_a_european_row_is_what_the_european_formula_gives() -> None:
    spot, strike, years, rate, dividend, vol, is_call = contracts(20_000, seed=33)
    price = american_quadratic(spot, strike, years, rate, dividend, vol, is_call).price
    terms = (price * 0.99, price * 1.01, spot, strike, years, rate, dividend, is_call)
    ours, theirs = greeks_by_style(*terms, is_american=False), greeks_from_quote(*terms)
    for name in QuoteGreeks._fields:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, err_msg=name)


def test_an_american_row_that_no_one_exercises_is_european() -> None:
    strikes = np.linspace(70.0, 140.0, 36)
    for rate, dividend, is_call in ((0.05, 0.0, True), (0.0, 0.03, False)):
        terms = (100.0, strikes, 0.5, rate, dividend)
        price = american_quadratic(*terms, 0.3, is_call).price
        american_row = greeks_by_style(price, price, *terms, is_call, is_american=True)
        european_row = greeks_by_style(price, price, *terms, is_call, is_american=False)
        for name in StyleGreeks._fields:
            np.testing.assert_array_equal(getattr(american_row, name), getattr(european_row, name), err_msg=name)


GOOD = {"bid": 5.0, "ask": 5.2, "underlying_price": 100.0, "strike": 100.0, "years": 0.5, "rate": 0.05,
        "dividend_yield": 0.0, "is_call": 0.0,
        "is_american": 1.0, "underlying_age_s": 0.0}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "ok"),
        ({"bid": 0.0}, "no_bid"),
        ({"bid": 5.3}, "crossed"),
        ({"years": 0.0}, "expired"),
        ({"years": np.nan}, "bad_input"),
        ({"is_american": 0.5}, "ok"),
        ({"underlying_age_s": 61.0}, "stale"),
        ({"underlying_age_s": np.nan}, "bad_input"),
        ({"is_american": 2.0}, "bad_input"),
        ({"is_american": np.nan}, "bad_input"),
        ({"strike": 130.0, "bid": 30.0, "ask": 30.0}, "below_intrinsic"),
        ({"strike": 130.0, "bid": 29.0, "ask": 29.0}, "below_intrinsic"),
        ({"strike": 75.0, "bid": 25.5, "ask": 25.5, "is_call": 1.0, "dividend_yield": 0.005}, "below_intrinsic"),
        ({"strike": 130.0, "bid": 29.0, "ask": 29.0, "is_american": 0.0}, "ok"),
        ({"strike": 3.0, "bid": 3.0, "ask": 3.1}, "above_bound"),
    ],
)
def test_reasons(change: dict[str, float], reason: str) -> None:
    result = StyleGreeks(*blocks.evaluate(GREEKS_BY_STYLE, *(GOOD | change).values()))
    assert reason_names(result.reason_code) == reason
    assert np.isfinite(result[2:]).all() if reason == "ok" else np.isnan(result[2:]).all()
    assert np.isfinite(result.price) == (reason not in {"no_bid", "crossed", "bad_input"})


def test_engines_agree(sample: Listed) -> None:
    spot, strike, years, rate, dividend, _, is_call = sample.terms
    price = sample.exact.price
    inputs = (price, price, spot, strike, years, rate, dividend, is_call, 0.0, 1.0)
    one = StyleGreeks(*blocks.evaluate(GREEKS_BY_STYLE, *inputs))
    other = StyleGreeks(*compiled.evaluate(GREEKS_BY_STYLE, *inputs))
    np.testing.assert_array_equal(one.reason_code, other.reason_code)
    np.testing.assert_allclose(one.implied_vol, other.implied_vol, rtol=1e-7)
    np.testing.assert_allclose(one.delta, other.delta, atol=1e-7)


def test_no_input_gives_a_number_without_a_reason_or_nan_with_ok() -> None:
    *inputs, is_call, is_american = wild_rows(9, 50_000, seed=34)
    with np.errstate(all="ignore"):
        result = StyleGreeks(*blocks.evaluate(GREEKS_BY_STYLE, *inputs, is_call, is_american, 0.0))
    answered = result.reason_code == Reason.OK
    assert 0.0 < answered.mean() < 1.0
    np.testing.assert_array_equal(np.isfinite(result[1:]).all(axis=0), answered)


def test_over_a_grid_of_listed_terms() -> None:
    """Both rights, strikes up to 1.8 deviations away; what is off most in delta lies next to the boundary."""
    moneyness, years, rate, dividend, vol, is_call = map(
        np.ravel,
        np.meshgrid(
            np.linspace(-1.8, 1.8, 13),
            np.array([0.25, 1.0, 3.0, 6.0, 12.0, 24.0]) / 12.0,
            [0.03, 0.05],
            [0.0, 0.012],
            [0.12, 0.2, 0.3, 0.45, 0.7],
            [0.0, 1.0],
        ),
    )
    terms = (100.0, 100.0 * np.exp(moneyness * vol * np.sqrt(years)), years, rate, dividend)
    exact = american(*terms, vol, is_call)
    kept = (np.abs(exact.delta) >= LEAST_DELTA) & (np.abs(exact.delta) <= MOST_DELTA)
    result = greeks_by_style(exact.price, exact.price, *terms, is_call, is_american=True)
    assert (result.reason_code[kept] == Reason.OK).all()
    assert 100.0 * off(result.implied_vol, vol)[kept].max() <= MAX_VOL_POINTS
    wrong = off(result.delta, exact.delta)[kept]
    assert np.mean(wrong <= MAX_DELTA_OFF) >= 0.995
    assert wrong.max() <= 4.0 * MAX_DELTA_OFF
