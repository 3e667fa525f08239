import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.surface import DEAR_CENTS, Market, fair_cents, moneyness, quotes_around, smile
from data_ingestion.simulator.universe import RATE, SYMBOLS, UNIVERSE, column

MONTH = 1 / 12


def market(
    symbol: str,
    strikes: list[float],
    years: float = MONTH,
    *,
    calls: bool = True,
    spot: float | None = None,
    volatility: float | None = None,
) -> Market:
    """One name's strikes, given relative to its price."""
    place = SYMBOLS.index(symbol)
    rows = len(strikes)
    return Market(
        name=np.full(rows, place),
        spot=np.full(rows, spot or UNIVERSE[place].price),
        strike=np.array(strikes) * UNIVERSE[place].price,
        is_call=np.full(rows, calls),
        years=np.full(rows, years),
        volatility=np.full(rows, volatility or UNIVERSE[place].volatility),
    )


def test_the_smile_is_at_its_level_near_the_money_and_leans_to_the_downside() -> None:
    vols = smile(market("SPX", [0.9, 0.95, 1.0, 1.05]))
    assert vols[2] == pytest.approx(0.16, rel=0.02)
    assert vols[0] > vols[1] > vols[2] > vols[3] * 0.95
    stock = smile(market("TSLA", [0.9, 1.0]))
    assert stock[0] / stock[1] < vols[0] / vols[2]


def test_short_expiries_follow_the_volatility_of_the_moment_and_long_ones_hardly() -> None:
    calm, wild = (smile(market("SPY", [1.0], years, volatility=0.32))[0] for years in (1.0, 0.5 / 365))
    assert 0.16 < calm < 0.17
    assert wild > 0.3


def test_moneyness_is_measured_in_standard_deviations() -> None:
    at_the_money, m = moneyness(market("AMZN", [1.0, 1.1, 1.2]))
    assert np.all(np.diff(m) > 0)
    assert m[0] == pytest.approx(-RATE * MONTH / (at_the_money[0] * np.sqrt(MONTH)), rel=0.15)
    assert at_the_money[0] == at_the_money[2]


@given(
    symbol=st.sampled_from(SYMBOLS),
    strike=st.floats(0.7, 1.3),
    years=st.floats(1e-5, 1.0),
    calls=st.booleans(),
    volatility=st.floats(0.05, 1.5),
    mood=st.floats(0.4, 2.5),
)
def test_quotes_are_uncrossed_on_their_ticks_around_the_fair_price(
    symbol: str, strike: float, years: float, volatility: float, mood: float, *, calls: bool
) -> None:
    rows = market(symbol, [strike], years, calls=calls, volatility=volatility)
    cents = fair_cents(rows)
    quotes = quotes_around(cents, rows, np.array([mood]))
    small, large = UNIVERSE[SYMBOLS.index(symbol)].option_ticks
    tick = small if cents[0] < DEAR_CENTS else large
    assert 0 <= quotes.bid[0] < quotes.ask[0]
    assert quotes.bid[0] % tick == quotes.ask[0] % tick == 0
    assert quotes.bid[0] <= cents[0] <= quotes.ask[0]
    if symbol != "SPX":
        exercise = (rows.spot[0] - rows.strike[0]) * (1 if calls else -1) * 100
        assert cents[0] >= exercise - 1e-9


def test_put_call_parity_holds_for_the_european_index() -> None:
    strikes = [0.9, 1.0, 1.1]
    calls, puts = (fair_cents(market("SPX", strikes, calls=calls)) for calls in (True, False))
    rows = market("SPX", strikes)
    dividend_yield = column("dividend_yield")[SYMBOLS.index("SPX")]
    forward = rows.spot * np.exp(-dividend_yield * MONTH) - rows.strike * np.exp(-RATE * MONTH)
    np.testing.assert_allclose(calls - puts, 100 * forward, rtol=1e-10, atol=1e-7)


def test_calls_fall_with_the_strike_and_all_options_gain_with_volatility() -> None:
    strikes = np.linspace(0.85, 1.15, 25).tolist()
    assert np.all(np.diff(fair_cents(market("NVDA", strikes))) < 0)
    calm, wild = (fair_cents(market("NVDA", strikes, volatility=v)) for v in (0.3, 0.6))
    assert np.all(wild > calm)


def test_spreads_grow_with_price_and_distance_and_far_options_have_no_bid() -> None:
    rows = market("AAPL", [1.0, 0.85, 1.3])
    cents = fair_cents(rows)
    bid, ask = quotes_around(cents, rows, np.ones(3))
    assert ask[1] - bid[1] > ask[0] - bid[0]
    assert bid[2] == 0
    assert ask[2] > 0
