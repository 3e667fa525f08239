import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.american.exact import american_price
from models.quantitative.surface.forward import ExpiryQuotes, implied_forward
from tests.unit.models.quantitative.surface.chains import DIVIDEND, RATE, SPOT, VOLS, made_up, to_european


@pytest.mark.parametrize(("years", "vol"), VOLS)
def test_exact_quotes_give_forward_rate_and_yield(years: float, vol: float) -> None:
    found = implied_forward(made_up(years, vol), SPOT)
    np.testing.assert_allclose(found.forward, SPOT * np.exp((RATE - DIVIDEND) * years), rtol=1e-9)
    np.testing.assert_allclose([found.rate, found.dividend_yield], [RATE, DIVIDEND], atol=1e-7)
    assert found.pairs > 10


def test_errors_are_those_of_the_noise() -> None:
    truth = SPOT * np.exp((RATE - DIVIDEND) * 0.5)
    found = [implied_forward(made_up(0.5, 0.2, seed), SPOT) for seed in range(200)]
    off = np.array([(f.forward - truth) / f.forward_error for f in found])
    assert 0.7 < off.std() < 1.5
    assert abs(off.mean()) < 0.3
    rates = np.array([(f.rate - RATE) / f.rate_error for f in found])
    assert 0.7 < rates.std() < 1.5


def test_known_rate_is_kept() -> None:
    found = implied_forward(made_up(0.02, 0.17, 1), SPOT, rate=RATE)
    assert found.rate == pytest.approx(RATE)
    assert found.rate_error == 0.0
    assert found.forward == pytest.approx(SPOT * np.exp((RATE - DIVIDEND) * 0.02), abs=0.01)


def test_stale_pairs_hardly_move_it() -> None:
    quotes = made_up(0.25, 0.19, 3)
    sound = implied_forward(quotes, SPOT)
    bid, ask = quotes.bid.copy(), quotes.ask.copy()
    near = np.flatnonzero((np.abs(quotes.strike - SPOT) < 6.0) & (quotes.is_call == 1.0))[:3]
    bid[near] += 2.0
    ask[near] += 2.0
    stale = implied_forward(quotes._replace(bid=bid, ask=ask), SPOT)
    assert abs(stale.forward - sound.forward) < 0.05


def test_american_quotes() -> None:
    years, strike = 0.5, np.arange(80.0, 121.0, 2.5)
    strike, is_call = np.tile(strike, 2), np.repeat([1.0, 0.0], strike.size)
    price = american_price(SPOT, strike, years, RATE, DIVIDEND, 0.25, is_call).price
    quotes = ExpiryQuotes(years, strike, is_call, price - 0.02, price + 0.02)
    found = implied_forward(quotes, SPOT, rate=RATE, to_european=to_european)
    assert found.dividend_yield == pytest.approx(DIVIDEND, abs=2e-5)
    naive = implied_forward(quotes, SPOT, rate=RATE)
    assert abs(naive.dividend_yield - DIVIDEND) > 20.0 * abs(found.dividend_yield - DIVIDEND)
    with pytest.raises(BadInput, match="give `rate`"):
        implied_forward(quotes, SPOT, to_european=to_european)


def test_too_few_pairs_give_nothing() -> None:
    quotes = made_up(0.25, 0.19)
    few = ExpiryQuotes(0.25, *(column[:4] for column in quotes[1:]))
    found = implied_forward(few, SPOT)
    assert np.isnan(found.forward)
    assert found.pairs == 0
    american = implied_forward(few, SPOT, rate=RATE, to_european=to_european)
    assert np.isnan(american.forward)


def test_prices_that_rise_with_strike_give_nothing() -> None:
    strike = np.array([90.0, 100.0, 110.0])
    price = np.array([1.0, 10.0, 20.0, 20.0, 10.0, 1.0])
    quotes = ExpiryQuotes(0.5, np.tile(strike, 2), np.repeat([1.0, 0.0], 3), price - 0.1, price + 0.1)
    assert np.isnan(implied_forward(quotes, SPOT).forward)


def test_a_quote_without_an_ask_is_no_pair() -> None:
    quotes = made_up(0.25, 0.19)
    ask = quotes.ask.copy()
    ask[np.argmin(np.abs(quotes.strike - SPOT))] = np.inf
    whole, lacking = implied_forward(quotes, SPOT), implied_forward(quotes._replace(ask=ask), SPOT)
    assert lacking.pairs == whole.pairs - 1
    assert lacking.forward == pytest.approx(whole.forward, rel=1e-9)
