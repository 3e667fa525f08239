import numpy as np
import pytest

from models.quantitative.american.exact import american
from models.quantitative.american_quadratic.quotes import StyleGreeks, greeks_by_style
from models.quantitative.second_order import Moves, second_order
from tests.unit.models.quantitative.american_quadratic.listed import Listed, listed, off

STEP = 5e-3
MOST_OFF = {
    "vanna": ((0.5, 1e-5), (0.9, 1.5e-4), (0.99, 2e-3)),
    "volga": ((0.5, 5e-5), (0.9, 8e-4), (0.99, 1e-2)),
    "charm": ((0.5, 6e-7), (0.9, 6e-6), (0.99, 8e-5)),
}
"""Share of the contracts → the most that they may be off. Usual sizes: 5e-3, 5e-3 and 2e-4."""


@pytest.fixture(scope="module")
def sample() -> Listed:
    return listed(1_200, seed=36)


@pytest.fixture(scope="module")
def solved(sample: Listed) -> StyleGreeks:
    spot, strike, years, rate, dividend, _, is_call = sample.terms
    return greeks_by_style(
        sample.exact.price, sample.exact.price, spot, strike, years, rate, dividend, is_call, is_american=True
    )


@pytest.fixture(scope="module")
def exact(sample: Listed) -> Moves:
    """Differences of the exact engine's Greeks."""
    spot, strike, years, rate, dividend, vol, is_call = sample.terms
    high, low = (
        american(spot, strike, years, rate, dividend, vol * factor, is_call) for factor in (1.0 + STEP, 1.0 - STEP)
    )
    more, less = (
        american(spot, strike, years * factor, rate, dividend, vol, is_call) for factor in (1.0 + STEP, 1.0 - STEP)
    )
    by_vol, by_time = 0.01 / (2.0 * STEP * vol), 1.0 / (2.0 * STEP * years * 365.0)
    return Moves(
        vanna=(high.delta - low.delta) * by_vol,
        volga=(high.vega - low.vega) * by_vol,
        charm=(less.delta - more.delta) * by_time,
    )


@pytest.mark.parametrize("name", MOST_OFF)
def test_against_differences_of_the_exact_engine(name: str, solved: StyleGreeks, exact: Moves) -> None:
    answered = solved.reason_code == 0.0
    assert answered.mean() > 0.99
    errors = off(getattr(solved, name), getattr(exact, name))[answered]
    for share, most in MOST_OFF[name]:
        assert np.quantile(errors, share) <= most, share


@pytest.mark.parametrize("name", MOST_OFF)
def test_they_are_far_nearer_than_those_of_the_european_formula(
    name: str, sample: Listed, solved: StyleGreeks, exact: Moves
) -> None:
    spot, strike, years, rate, dividend, vol, is_call = sample.terms
    european = getattr(second_order(spot, strike, years, rate, dividend, vol, is_call), name)
    truth, answered = getattr(exact, name), solved.reason_code == 0.0
    ours, theirs = (np.quantile(off(values, truth)[answered], 0.9) for values in (getattr(solved, name), european))
    assert ours < 0.2 * theirs


def test_those_of_european_rows_are_exact(sample: Listed) -> None:
    spot, strike, years, rate, dividend, vol, is_call = sample.terms
    price = sample.exact.price
    ours = greeks_by_style(price, price, spot, strike, years, rate, dividend, is_call, is_american=False)
    answered = ours.reason_code == 0.0
    vol = np.where(answered, ours.implied_vol, 0.2)
    theirs = second_order(spot, strike, years, rate, dividend, vol, is_call)
    for name in Moves._fields:
        np.testing.assert_allclose(getattr(ours, name)[answered], getattr(theirs, name)[answered], rtol=1e-11)


def test_an_option_to_be_exercised_moves_no_more() -> None:
    """Where the quote is worth little more than exercise, its answer is the payoff's or none."""
    at_once = greeks_by_style(30.0, 30.4, 100.0, 130.0, 0.5, 0.08, 0.0, is_call=False, is_american=True)
    assert np.isfinite(at_once.vanna) == (at_once.reason_code == 0.0)
    assert abs(np.nan_to_num(at_once.charm)) < 0.05
