import numpy as np
import pytest

from models.quantitative.american.exact import american_price
from models.quantitative.european import european
from models.quantitative.surface.bands import REASONS, USED, Cleaned, clean
from models.quantitative.surface.forward import ExpiryQuotes, implied_forward
from tests.unit.models.quantitative.surface.chains import DIVIDEND, RATE, SPOT, made_up, smile, to_european


def cleaned(quotes: ExpiryQuotes) -> Cleaned:
    return clean(quotes, implied_forward(made_up(0.5, 0.2), SPOT), SPOT, None)


def test_bands_hold_the_truth() -> None:
    for seed in range(5):
        bands = cleaned(made_up(0.5, 0.2, seed)).bands
        k = np.log(bands.x)
        truth = smile(0.5, 0.2).total_variance(k)
        assert (np.diff(bands.x) > 0.0).all()
        assert (bands.low <= bands.high).all()
        assert np.mean(np.abs(bands.variance - truth) <= 1.5 * bands.error) == 1.0


def test_the_other_side_narrows() -> None:
    quotes = made_up(0.5, 0.2, 1)
    both = cleaned(quotes).bands
    outside = np.where(quotes.is_call == 1.0, quotes.strike > 101.3, quotes.strike < 101.2)
    one = cleaned(ExpiryQuotes(0.5, *(column[outside] for column in quotes[1:]))).bands
    assert np.isin(one.x, both.x).all()
    widths = dict(zip(one.x, one.high - one.low, strict=True))
    narrowed = [
        high - low < widths[x] - 1e-12 for x, low, high in zip(both.x, both.low, both.high, strict=True) if x in widths
    ]
    assert any(narrowed)


def test_every_row_has_its_reason() -> None:
    quotes = made_up(0.5, 0.2)
    strike, is_call, bid, ask = (column.copy() for column in quotes[1:])
    puts = np.flatnonzero((is_call == 0.0) & (strike < 99.0))
    calls = np.flatnonzero((is_call == 1.0) & (strike < 90.0))
    bid[puts[3]] = 0.0
    bid[puts[5]] = ask[puts[5]] + 1.0
    ask[puts[7]] = np.nan
    bid[calls[-1]] += 3.0
    ask[calls[-1]] += 3.0
    strike[puts[9]] = strike[puts[10]]
    bid[puts[12]], ask[puts[12]] = 200.0, 201.0
    reason = cleaned(ExpiryQuotes(0.5, strike, is_call, bid, ask)).reason
    names = [REASONS[reason[row]] for row in (puts[3], puts[5], puts[7], calls[-1], puts[12])]
    assert names == ["no_bid", "crossed", "bad_input", "parity", "no_vol"]
    assert "duplicate" in {REASONS[reason[puts[9]]], REASONS[reason[puts[10]]]}
    lonely = (strike == strike[puts[5]]) & (is_call == 1.0)
    assert REASONS[reason[lonely][0]] == "in_the_money"


def test_a_put_struck_at_the_forward_is_out_of_the_money() -> None:
    strike = np.array([95.0, 100.0, 105.0, 100.0])
    is_call = np.array([0.0, 0.0, 1.0, 1.0])
    price = np.array([3.4, 5.6, 3.5, 5.6])
    quotes = ExpiryQuotes(0.5, strike, is_call, price - 0.1, price + 0.1)
    forward = implied_forward(made_up(0.5, 0.2), SPOT)._replace(forward=100.0, discount=1.0)
    found = clean(quotes, forward, SPOT, None)
    assert found.bands.x.tolist() == [0.95, 1.0, 1.05]
    assert [REASONS[code] for code in found.reason] == [USED] * 4
    vol = np.sqrt(found.bands.variance)
    vega = 100.0 * european(1.0, found.bands.x, 1.0, 0.0, 0.0, vol, is_call=True).vega
    assert found.bands.error * vega / (2.0 * vol) == pytest.approx(0.001)  # half of the spread, over the forward


def test_american_bands_hold_the_european_price() -> None:
    """Early exercise is worth several times the spread here, and comes off bid and ask alike."""
    years, vol = 1.0, 0.2
    forward = implied_forward(made_up(years, vol), SPOT)._replace(
        forward=SPOT * np.exp((RATE - DIVIDEND) * years), rate=RATE, dividend_yield=DIVIDEND, discount=np.exp(-RATE)
    )
    strike, is_call = np.arange(90.0, 101.0, 2.0), np.zeros(6)
    terms = (SPOT, strike, years, RATE, DIVIDEND, vol, is_call)
    american, held = american_price(*terms).price, european(*terms).price
    assert (american - held > 0.02).all()
    quotes = ExpiryQuotes(years, strike, is_call, american - 0.01, american + 0.01)
    found = clean(quotes, forward, SPOT, to_european)
    unit = forward.forward * forward.discount
    np.testing.assert_allclose(found.low * unit, held - 0.01, atol=1e-4)
    np.testing.assert_allclose(found.high * unit, held + 0.01, atol=1e-4)
