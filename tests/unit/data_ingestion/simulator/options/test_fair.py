import numpy as np
import pytest

from data_ingestion.simulator.options.arrays import Bools, Floats
from data_ingestion.simulator.options.fair import NONE, Rows, Terms, fair, floors, together
from models.quantitative.american.dividends import price_with_dividends
from models.quantitative.american.exact import american_price
from models.quantitative.european import european
from tests.unit.data_ingestion.simulator.options.states import scene

YEARS = np.array([7.0, 35.0, 63.0, 180.0]) / 365


def terms(
    *,
    american: bool = True,
    dividend_yield: Floats | float = 0.0,
    vol: float = 0.3,
    eta: float = 0.0,
) -> Terms:
    """One name at 100 dollars; without bend the smile is flat."""
    full = np.ones(YEARS.size)
    return Terms(
        name=np.zeros(YEARS.size, np.int64),
        years=YEARS,
        rate=0.04 * full,
        dividend_yield=dividend_yield * full,
        theta=vol**2 * YEARS,
        rho=-0.5 * full,
        eta=eta * full,
        is_american=np.full(YEARS.size, american),
    )


def rows(strikes: Floats, expiry: int, *, calls: bool, shares: float = 1.0) -> Rows:
    size = strikes.size
    return Rows(np.full(size, expiry), np.full(size, 100.0), strikes, np.full(size, calls), np.full(size, shares))


STRIKES = np.linspace(60.0, 150.0, 46)


@pytest.mark.parametrize("calls", [True, False])
def test_european_prices_are_those_of_the_formula_at_the_volatility_of_the_strike(*, calls: bool) -> None:
    given = terms(american=False, dividend_yield=0.01, eta=1.1)
    found = fair(given, rows(STRIKES, 2, calls=calls))
    expected = european(100.0, STRIKES, YEARS[2], 0.04, 0.01, found.vol, calls).price
    np.testing.assert_allclose(found.price, expected, rtol=0, atol=1e-11)
    assert np.all(np.diff(found.vol[STRIKES < 95]) < 0)


@pytest.mark.parametrize("calls", [True, False])
@pytest.mark.parametrize("dividend_yield", [0.0, 0.03])
def test_american_prices_are_close_to_exact_ones(dividend_yield: float, *, calls: bool) -> None:
    given = terms(dividend_yield=dividend_yield)
    for expiry, years in enumerate(YEARS):
        found = fair(given, rows(STRIKES, expiry, calls=calls)).price
        exact = american_price(100.0, STRIKES, years, 0.04, dividend_yield, 0.3, calls).price
        np.testing.assert_allclose(found, exact, rtol=0, atol=0.02)


def test_adjusted_contracts_are_worth_what_they_deliver() -> None:
    given = terms()
    normal = fair(given, rows(STRIKES, 1, calls=False)).price
    adjusted = fair(given, rows(1.5 * STRIKES, 1, calls=False, shares=1.5)).price
    np.testing.assert_allclose(adjusted, 1.5 * normal, rtol=1e-9)


def test_a_call_over_a_dividend_is_worth_what_exercise_before_it_gives() -> None:
    """The dividend of two dollars falls between the second and the third expiry."""
    paid = np.array([0.0, 0.0, 0.02, 0.02])
    given = terms(dividend_yield=-np.log1p(-paid) / YEARS, vol=0.12)
    below = floors(given)
    np.testing.assert_array_equal(below[1], [NONE, NONE, 1, 1])
    strikes = np.array([70.0, 85.0, 95.0, 99.0])
    before, after = (fair(given, rows(strikes, expiry, calls=True)).price for expiry in (1, 2))
    assert np.all(after >= before)
    exact = price_with_dividends(
        100.0, strikes, YEARS[2], 0.04, 0.0, 0.12, 1.0, np.array([36.0]) / 365, np.array([2.0])
    ).price
    np.testing.assert_allclose(after, exact, atol=0.15)


def test_a_put_over_a_dividend_is_worth_what_exercise_after_it_gives() -> None:
    paid = np.array([0.0, 0.02, 0.02, 0.02])
    given = terms(dividend_yield=-np.log1p(-paid) / YEARS, vol=0.12)
    np.testing.assert_array_equal(floors(given)[0], [NONE, NONE, 1, 1])
    prices = [fair(given, rows(np.array([105.0, 120.0]), expiry, calls=False)).price for expiry in (1, 2, 3)]
    assert np.all(np.diff(prices, axis=0) >= 0)
    exact = price_with_dividends(
        100.0, [105.0, 120.0], YEARS[3], 0.04, 0.0, 0.12, 0.0, np.array([30.0]) / 365, np.array([2.0])
    ).price
    np.testing.assert_allclose(prices[2], exact, atol=0.5)


def test_a_dividend_hours_before_expiry_does_no_harm() -> None:
    """The equivalent yield is far beyond what the pricing functions take."""
    given = terms()._replace(years=np.array([2.0, 3.0, 60.0, 90.0]) / 24 / 365)
    given = given._replace(theta=0.09 * given.years, dividend_yield=0.01 / given.years)
    for calls in (True, False):
        found = fair(given, rows(STRIKES, 0, calls=calls)).price
        pays = np.where(calls, 100.0 - STRIKES, STRIKES - 100.0 * np.exp(-0.01))
        np.testing.assert_allclose(found, np.maximum(pays, 0.0), atol=0.3)


def test_several_moments_are_priced_in_one_call() -> None:
    first, second = terms(vol=0.2), terms(vol=0.4)
    both = together([first, second])
    for moment, given in enumerate((first, second)):
        asked = rows(STRIKES, 2, calls=False)
        found = fair(both, asked.at(np.arange(STRIKES.size), asked.expiry + moment * YEARS.size)).price
        np.testing.assert_array_equal(found, fair(given, asked).price)


def test_expiries_of_other_names_are_no_floors_and_the_index_has_none() -> None:
    shown = scene(3)
    below, given = floors(shown.given), shown.given
    for right in (0, 1):
        has = below[right] != NONE
        assert has.any()
        assert np.all(given.name[below[right][has]] == given.name[has])
        assert np.all(given.years[below[right][has]] < given.years[has])
        assert np.all(given.is_american[has])


def test_a_row_is_worth_the_same_alone_and_among_others() -> None:
    shown = scene(5, expiries_each=4, strikes_each=10)
    whole = fair(shown.given, shown.rows).price
    order = np.random.default_rng(0).permutation(whole.size)
    part = shown.rows.at(order, shown.rows.expiry[order])
    np.testing.assert_allclose(fair(shown.given, part).price, whole[order], rtol=1e-12)


def bounds(given: Terms, at: Rows, calls: Bools) -> tuple[Floats, Floats]:
    """What exercise and a European option are worth at least, and any option at most."""
    spot, held, owed = at.spot, at.spot * given.kept[at.expiry], at.strike * given.discount[at.expiry]
    american = given.is_american[at.expiry]
    sign = np.where(calls, 1.0, -1.0)
    least = np.maximum(sign * (held - owed), np.where(american, sign * (spot - at.strike), 0.0))
    most = np.where(calls, np.where(american, spot, held), np.where(american, at.strike, owed))
    return np.maximum(least, 0.0), most


@pytest.mark.parametrize("seed", range(12))
def test_prices_keep_their_bounds_in_random_states(seed: int) -> None:
    shown = scene(seed, expiries_each=5, strikes_each=20)
    found = fair(shown.given, shown.rows)
    least, most = bounds(shown.given, shown.rows, shown.rows.is_call)
    assert np.all(found.price >= least - 1e-9)
    assert np.all(found.price <= most + 1e-9)
    assert np.all(np.isfinite(found.vol))
    at = shown.rows.expiry
    given = shown.given
    held = european(
        shown.rows.spot, shown.rows.strike, given.years[at], given.rate[at], given.dividend_yield[at], found.vol,
        shown.rows.is_call,
    ).price  # fmt: skip
    assert np.all(found.price >= held - 1e-9)
