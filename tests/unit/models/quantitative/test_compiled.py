"""The compiled engine against NumPy's: the same operations, the same shapes, the same prices."""

import platform

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative import blocks, compiled
from models.quantitative.american_quadratic.prices import AMERICAN_QUADRATIC
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.blocks import Floats
from models.quantitative.european import EUROPEAN, EuropeanGreeks
from models.quantitative.formulas import Chain, Formula
from models.quantitative.implied_vol import NORMALISED
from models.quantitative.quotes import GREEKS_FROM_QUOTE, IMPLIED_VOL, QuoteGreeks
from models.quantitative.reasons import Reason
from tests.unit.models.quantitative.markets import random_market
from tests.unit.models.quantitative.test_blocks import OPERATIONS, one_step, tangle

EPSILON = 2.0**-52
ROWS = 100_000
PARITY = 1e-13
CONDITION_PARITY = 2.0
"""What two engines may differ by, in units of rounding times the condition number of the price."""
WILD = (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 5e-324, 1e-310, 1e300, 1e-9, 1.0, 205.0)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_numpys_but_for_rounding(name: str) -> None:
    build, reference = OPERATIONS[name]
    x, y = np.random.default_rng(1).uniform(0.5, 1.5, (2, 101))
    y[::10] = x[::10]
    (result,) = compiled.evaluate(one_step(build), x, y)
    np.testing.assert_allclose(result, reference(x, y), rtol=4 * EPSILON)


@pytest.mark.parametrize("name", ["less", "less_equal", "greater", "greater_equal", "within"])
def test_nothing_compares_to_nan(name: str) -> None:
    build, reference = OPERATIONS[name]
    x, y = (values.ravel() for values in np.meshgrid([np.nan, 0.0, 1.0, np.inf], [np.nan, -0.0, 1.0, -np.inf]))
    np.testing.assert_array_equal(compiled.evaluate(one_step(build), x, y)[0], reference(x, y))


@given(st.integers(0, 70), st.integers(1, 3))
def test_any_number_of_rows_on_any_number_of_threads(rows: int, threads: int) -> None:
    x, y = np.random.default_rng(rows).normal(size=(2, rows))
    results = compiled.evaluate(tangle(), x, y, threads=threads)
    for result, expected in zip(results, blocks.evaluate(tangle(), x, y), strict=True):
        assert result.shape == (rows,)
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("columns", [1, 6, 40])
def test_inputs_broadcast(columns: int) -> None:
    x, y = np.array([[1.0], [2.0], [3.0]]), np.arange(columns) + 1.0
    formula = one_step(lambda x, y: x / y)
    np.testing.assert_array_equal(compiled.evaluate(formula, x, y)[0], x / y)
    np.testing.assert_array_equal(compiled.evaluate(formula, x, y[::-1])[0], x / y[::-1])
    np.testing.assert_array_equal(compiled.evaluate(formula, 2, y)[0], 2.0 / y)


def test_a_named_product_is_rounded_whatever_uses_it() -> None:
    chain = Chain()
    x, y = chain.number("x"), chain.number("y")
    square = chain.step("square", x * x)
    chain.step("apart", square - y)
    formula = chain.close("apart")
    x_values = 1.0 + EPSILON * np.arange(1, 33)
    np.testing.assert_array_equal(compiled.evaluate(formula, x_values, 1.0)[0], x_values * x_values - 1.0)


def test_results_are_written_over_an_earlier_one() -> None:
    formula = one_step(lambda x, y: x + y)
    earlier = compiled.evaluate(formula, np.ones((4, 5)), 1.0)
    (result,) = compiled.evaluate(formula, np.full((4, 5), 2.0), 1.0, out=earlier)
    assert np.shares_memory(result, earlier[0])
    np.testing.assert_array_equal(earlier[0], np.full((4, 5), 3.0))


@pytest.fixture(scope="module")
def market() -> tuple[Floats, ...]:
    """Inputs of `EUROPEAN`."""
    return random_market(ROWS, seed=3)


@pytest.fixture(scope="module")
def model(market: tuple[Floats, ...]) -> EuropeanGreeks:
    return EuropeanGreeks(*blocks.evaluate(EUROPEAN, *market))


def test_prices_and_greeks_agree_with_numpy(market: tuple[Floats, ...], model: EuropeanGreeks) -> None:
    other = EuropeanGreeks(*compiled.evaluate(EUROPEAN, *market, threads=2))
    spot, strike, years, _, _, _, vol = market
    total = vol * np.sqrt(years)
    sizes = {"price": spot + strike, "delta": 1.0, "gamma": 1.0 / (spot * total), "vega": spot * np.sqrt(years),
             "theta": (spot + strike) * (1.0 + vol / np.sqrt(years)), "rho": strike * years}  # fmt: skip
    np.testing.assert_array_equal(other.reason_code, model.reason_code)
    for name, size in sizes.items():
        assert np.max(np.abs(getattr(other, name) - getattr(model, name)) / size) < 1e-14, name


def test_the_solver_agrees_with_numpy_on_normalised_prices() -> None:
    random = np.random.default_rng(8)
    vol = 10.0 ** random.uniform(-5.0, 0.9, ROWS)
    moneyness = np.minimum(vol * random.uniform(0.0, 36.0, ROWS), 200.0)
    bound = np.exp(-0.5 * moneyness)
    price = blocks.evaluate(EUROPEAN, bound, np.exp(0.5 * moneyness), 1.0, 0.0, 0.0, 1.0, vol)[1]
    usable = (price > 1e-290) & (price < bound)
    start = [values[usable] for values in (moneyness, price, bound - price)]
    solved, expected = (engine.evaluate(NORMALISED, *start)[0] for engine in (compiled, blocks))
    assert usable.mean() > 0.9
    assert np.max(np.abs(solved / expected - 1.0)) < PARITY


def test_implied_vols_agree_with_numpy_as_far_as_their_prices_determine_them(
    market: tuple[Floats, ...], model: EuropeanGreeks
) -> None:
    solved, expected = (engine.evaluate(IMPLIED_VOL, model.price, *market[:6]) for engine in (compiled, blocks))
    spot, strike, *_, vol = market
    condition = (spot + strike) / np.maximum(100.0 * model.vega * vol, 1e-300)
    both = (solved[0] == Reason.OK) & (expected[0] == Reason.OK)
    assert both.mean() > 0.7
    error = np.abs(solved[1][both] / expected[1][both] - 1.0)
    assert (error <= PARITY + CONDITION_PARITY * EPSILON * condition[both]).all()
    differing = solved[0] != expected[0]
    assert differing.mean() < 1e-3
    assert (condition[differing] * EPSILON > 1e-5).all(), "reasons may differ only where rounding decides"


def test_quotes_agree_with_numpy(market: tuple[Floats, ...], model: EuropeanGreeks) -> None:
    inputs = (np.floor(model.price * 99.0) / 100.0, np.ceil(model.price * 100.0) / 100.0, *market[:6], 0.0)
    solved, expected = (QuoteGreeks(*engine.evaluate(GREEKS_FROM_QUOTE, *inputs)) for engine in (compiled, blocks))
    same = solved.reason_code == expected.reason_code
    assert same.mean() > 0.999
    np.testing.assert_array_equal(solved.price, expected.price)
    for ours, theirs in zip(solved, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(ours[same]), np.isnan(theirs[same]))


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names a processor of that kind")
@pytest.mark.parametrize("processor", ["x86-64", "x86-64-v3"])
def test_older_processors_get_the_same_results(
    processor: str, market: tuple[Floats, ...], model: EuropeanGreeks
) -> None:
    """The first can neither fuse products with sums nor work on more than two rows at once."""
    for formula, inputs in ((EUROPEAN, market), (IMPLIED_VOL, (model.price, *market[:6]))):
        expected = compiled.evaluate(formula, *inputs)
        results = [np.empty(ROWS) for _ in formula.outputs]
        compiled.Kernel(formula, processor).run(inputs, results)
        same = results[0] == expected[0]
        assert same.mean() > 0.999
        np.testing.assert_allclose(np.array(results)[:, same], np.array(expected)[:, same], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("formula", [EUROPEAN, IMPLIED_VOL, GREEKS_FROM_QUOTE, AMERICAN_QUADRATIC, GREEKS_BY_STYLE])
def test_rows_that_are_no_options_get_numpys_reasons(formula: Formula) -> None:
    good = {"bid": 5.0, "ask": 5.2, "price": 5.1, "underlying_price": 100.0, "strike": 100.0, "years": 0.5,
            "rate": 0.0, "dividend_yield": 0.0, "is_call": 1.0, "vol": 0.2,
            "underlying_age_s": 0.0, "is_american": 1.0}  # fmt: skip
    names = [column.name for column in formula.inputs]
    rows = [[value if name == spoiled else good[name] for name in names] for spoiled in names for value in WILD]
    solved, expected = (engine.evaluate(formula, *np.array(rows).T) for engine in (compiled, blocks))
    np.testing.assert_array_equal(solved[0], expected[0])
    np.testing.assert_allclose(solved, expected, rtol=1e-9)
