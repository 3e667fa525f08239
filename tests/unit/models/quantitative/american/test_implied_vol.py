from typing import Any

import numpy as np
import pytest

from models.quantitative.american.dividends import price_with_dividends
from models.quantitative.american.exact import american_price
from models.quantitative.american.implied_vol import american_implied_vol, de_americanised_price
from models.quantitative.european import european
from models.quantitative.reasons import reason_names

STRIKES = np.linspace(70.0, 140.0, 15)
DIVIDENDS: dict[str, Any] = {"dividend_years": [0.2, 0.45], "dividend_amounts": [1.0, 1.1]}


def test_round_trip() -> None:
    rng = np.random.default_rng(2)
    count = 5000
    vol, years = rng.uniform(0.05, 1.2, count), rng.uniform(0.01, 3.0, count)
    strike = 100.0 * np.exp(rng.normal(0.0, 0.8, count) * vol * np.sqrt(years))
    terms = (100.0, strike, years, rng.uniform(0.0, 0.08, count), rng.uniform(0.0, 0.06, count))
    is_call = rng.integers(0, 2, count)
    price = american_price(*terms, vol, is_call).price
    solved = american_implied_vol(price, *terms, is_call)
    answered = solved.reason_code == 0.0
    exercised = price <= np.maximum(np.where(is_call == 1, 100.0 - strike, strike - 100.0), 0.0)
    assert set(reason_names(solved.reason_code[exercised])) == {"below_intrinsic"}
    assert (answered | exercised).mean() > 0.99
    again = american_price(*terms, np.where(answered, solved.implied_vol, 0.2), is_call).price
    np.testing.assert_allclose(again[answered], price[answered], atol=1e-8)
    off = np.abs(solved.implied_vol - vol)[answered]
    assert np.quantile(off, 0.95) < 1e-8


def test_round_trip_with_dividends() -> None:
    for is_call in (True, False):
        price = price_with_dividends(
            100.0, STRIKES, 0.6, 0.04, 0.0, 0.3, is_call, *DIVIDENDS.values(), grid="coarse"
        ).price
        solved = american_implied_vol(price, 100.0, STRIKES, 0.6, 0.04, 0.0, is_call, **DIVIDENDS)
        assert set(reason_names(solved.reason_code)) == {"ok"}
        np.testing.assert_allclose(solved.implied_vol, 0.3, atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "ok"),
        ({"price": 10.0}, "below_intrinsic"),
        ({"price": 9.0}, "below_intrinsic"),
        ({"price": 0.0, "strike": 90.0}, "below_intrinsic"),
        ({"price": 110.0}, "above_bound"),
        ({"price": 109.99999}, "above_bound"),
        ({"price": -1.0}, "bad_input"),
        ({"price": np.nan}, "bad_input"),
        ({"underlying_price": np.inf}, "bad_input"),
        ({"years": 0.0}, "expired"),
        ({"is_call": 2.0}, "bad_input"),
        ({"is_call": 1.0, "price": 100.0}, "above_bound"),
        ({"is_call": 1.0, "price": 1e-5, "strike": 99.0, "rate": 0.05}, "below_intrinsic"),
    ],
)
def test_every_reason(changes: dict[str, Any], reason: str) -> None:
    terms: dict[str, Any] = {
        "price": 12.0, "underlying_price": 100.0, "strike": 110.0, "years": 0.5, "rate": 0.03, "dividend_yield": 0.0,
        "is_call": 0.0,
    }  # fmt: skip
    solved = american_implied_vol(**(terms | changes))
    assert reason_names(solved.reason_code) == reason
    assert np.isfinite(solved.implied_vol) == (reason == "ok")


def test_de_americanised_is_european_at_the_volatility_found() -> None:
    price = american_price(100.0, STRIKES, 0.6, 0.05, 0.02, 0.3, is_call=False).price
    result = de_americanised_price(price, 100.0, STRIKES, 0.6, 0.05, 0.02, is_call=False)
    assert set(reason_names(result.reason_code)) == {"ok"}
    truth = european(100.0, STRIKES, 0.6, 0.05, 0.02, result.implied_vol, is_call=False).price
    np.testing.assert_allclose(result.price, truth, rtol=1e-12)
    assert (result.price < price).all()


def test_de_americanised_with_dividends_keeps_them() -> None:
    price = price_with_dividends(100.0, STRIKES, 0.6, 0.04, 0.0, 0.3, 1.0, *DIVIDENDS.values(), grid="coarse").price
    result = de_americanised_price(price, 100.0, STRIKES, 0.6, 0.04, 0.0, 1.0, **DIVIDENDS)
    truth = price_with_dividends(
        100.0, STRIKES, 0.6, 0.04, 0.0, 0.3, 1.0, *DIVIDENDS.values(), is_american=False, grid="coarse"
    ).price
    np.testing.assert_allclose(result.price, truth, atol=1e-6)


def test_rows_without_a_volatility_have_no_price() -> None:
    result = de_americanised_price([9.0, 12.0], 100.0, 110.0, 0.5, 0.03, 0.0, is_call=False)
    assert list(np.isnan(result.price)) == [True, False]


def test_a_row_does_not_depend_on_those_before_it() -> None:
    terms = 100.0, STRIKES, 0.6, 0.04, 0.01
    price = american_price(*terms, 0.3, is_call=False).price
    forth = american_implied_vol(price, *terms, is_call=False).implied_vol
    back = american_implied_vol(price[::-1], 100.0, STRIKES[::-1], *terms[2:], is_call=False).implied_vol
    np.testing.assert_array_equal(forth, back[::-1])
