import numpy as np
import pytest

from contracts.errors import OptionsAIError
from models.quantitative.american.dividends import greeks_with_dividends, price_with_dividends, schedule
from models.quantitative.american.exact import american
from models.quantitative.american.inputs import GRIDS
from models.quantitative.european import european
from models.quantitative.reasons import reason_names
from tests.unit.models.quantitative.american import reference

QUARTERLY = [(40, 1.2), (131, 1.2), (222, 1.3)]
YEARS = np.array([day / 365.0 for day, _ in QUARTERLY])
AMOUNTS = np.array([amount for _, amount in QUARTERLY])
GRID_ERRORS = {"coarse": 1e-4, "fine": 1e-5}
"""Of spot."""
CASES = [
    (100.0, strike, days, 0.045, 0.0, vol, is_call)
    for strike in (80.0, 100.0, 118.0)
    for days, vol in ((60, 0.35), (300, 0.2))
    for is_call in (True, False)
]


@pytest.fixture(scope="module")
def fine_grid() -> list[float]:
    return [
        reference.finite_differences(*case[:6], is_call=case[6], dividends=_before(case[2])).NPV() for case in CASES
    ]


def _before(days: int) -> list[tuple[int, float]]:
    return [dividend for dividend in QUARTERLY if dividend[0] <= days]


@pytest.mark.parametrize("grid", GRIDS)
def test_against_a_fine_grid_of_quantlib(grid: str, fine_grid: list[float]) -> None:
    spot, strike, days, rate, dividend, vol, is_call = np.array(CASES, dtype=float).T
    ours = price_with_dividends(spot, strike, days / 365.0, rate, dividend, vol, is_call, YEARS, AMOUNTS, grid=grid)
    np.testing.assert_allclose(ours.price, fine_grid, atol=GRID_ERRORS[grid] * 100.0)


def test_european_exercise_against_a_fine_grid_of_quantlib() -> None:
    terms = (100.0, 100.0, 300, 0.045, 0.01, 0.25)
    for is_call in (True, False):
        truth = reference.finite_differences(*terms, is_call=is_call, dividends=QUARTERLY, is_american=False).NPV()
        ours = price_with_dividends(
            100.0, 100.0, 300 / 365.0, 0.045, 0.01, 0.25, is_call, YEARS, AMOUNTS, is_american=False
        )
        assert float(ours.price) == pytest.approx(truth, abs=1e-3)


def test_parity_of_european_calls_and_puts() -> None:
    """C − P = S·exp(−qT) − K·exp(−rT) − the dividends' present value (no path here is worth less than a dividend)."""
    strikes, years, rate = np.linspace(80.0, 120.0, 9), 300 / 365.0, 0.045
    call, put = (
        price_with_dividends(100.0, strikes, years, rate, 0.0, 0.2, right, YEARS, AMOUNTS, is_american=False).price
        for right in (True, False)
    )
    present = (AMOUNTS * np.exp(-rate * YEARS)).sum()
    np.testing.assert_allclose(call - put, 100.0 - present - strikes * np.exp(-rate * years), atol=2e-4)


def test_a_grid_without_dividends_is_the_exact_price() -> None:
    """A dividend too small to matter makes the grid do the work."""
    strikes = np.linspace(75.0, 130.0, 12)
    for is_call in (True, False):
        exact = american(100.0, strikes, 0.8, 0.05, 0.03, 0.25, is_call)
        grid = greeks_with_dividends(100.0, strikes, 0.8, 0.05, 0.03, 0.25, is_call, [0.4], [1e-12])
        for name, tolerance in (
            ("price", 1e-3),
            ("delta", 2e-4),
            ("gamma", 1e-4),
            ("vega", 2e-4),
            ("theta", 2e-4),
            ("rho", 5e-4),
        ):
            np.testing.assert_allclose(getattr(grid, name), getattr(exact, name), atol=tolerance, err_msg=name)


def test_dividends_that_are_past_or_too_late_do_not_count() -> None:
    plain = american(100.0, 95.0, 0.5, 0.03, 0.0, 0.25, is_call=True)
    late = greeks_with_dividends(100.0, 95.0, 0.5, 0.03, 0.0, 0.25, 1.0, [-0.1, 0.0, 0.51], [1.0, 2.0, 3.0])
    for name in plain._fields:
        assert getattr(late, name) == getattr(plain, name), name


def test_a_call_may_be_exercised_just_before_a_large_dividend() -> None:
    early = price_with_dividends(100.0, 80.0, 0.5, 0.0, 0.0, 0.2, 1.0, [0.25], [15.0]).price
    until_then = european(100.0, 80.0, 0.25, 0.0, 0.0, 0.2, is_call=True).price
    held = price_with_dividends(100.0, 80.0, 0.5, 0.0, 0.0, 0.2, 1.0, [0.25], [15.0], is_american=False).price
    assert early >= until_then - 1e-4
    assert early > held + 5.0


def test_schedules_are_sorted_and_checked() -> None:
    np.testing.assert_array_equal(schedule([0.5, 0.2], [1.0, 2.0]).years, [0.2, 0.5])
    np.testing.assert_array_equal(schedule([0.5, 0.2], [1.0, 2.0]).amounts, [2.0, 1.0])
    np.testing.assert_array_equal(schedule([0.5, 0.2], 1.5).amounts, [1.5, 1.5])
    assert schedule((), ()).years.size == 0
    with pytest.raises(OptionsAIError, match=r"dividend_amounts\[1\]"):
        schedule([0.1, 0.2], [1.0, -1.0])
    with pytest.raises(OptionsAIError, match=r"dividend_years\[0\]"):
        schedule([np.nan, 0.2], [1.0, 1.0])


def test_greeks_against_slopes_of_the_price() -> None:
    strikes = np.array([90.0, 105.0])
    for is_call in (1.0, 0.0):

        def price(spot: float = 100.0, rate: float = 0.045, vol: float = 0.25, right: float = is_call) -> np.ndarray:
            return price_with_dividends(spot, strikes, 0.6, rate, 0.0, vol, right, YEARS, AMOUNTS).price

        result = greeks_with_dividends(100.0, strikes, 0.6, 0.045, 0.0, 0.25, is_call, YEARS, AMOUNTS)
        np.testing.assert_allclose(result.delta, (price(101.0) - price(99.0)) / 2.0, atol=1e-3)
        np.testing.assert_allclose(result.gamma, price(102.0) / 4 + price(98.0) / 4 - price() / 2, atol=5e-4)
        np.testing.assert_allclose(result.vega, (price(vol=0.26) - price(vol=0.24)) / 2.0, atol=1e-3)
        np.testing.assert_allclose(result.rho, (price(rate=0.05) - price(rate=0.04)), atol=2e-3)


def test_bad_rows_have_their_reason() -> None:
    result = price_with_dividends([100.0, -1.0], 100.0, 0.5, 0.03, 0.0, 0.2, 1.0, [0.2], [1.0])
    assert list(reason_names(result.reason_code)) == ["ok", "bad_input"]
    assert list(np.isnan(result.price)) == [False, True]
