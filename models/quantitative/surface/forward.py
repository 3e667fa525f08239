"""Forward price, discount factor and dividend yield of an expiry, from its own calls and puts.

Theory of operation
-------------------
European calls and puts of one strike keep C − P = D·(F − K): a straight line in K, whose slope is the discount factor D
and whose zero is the forward F. The line is fitted to the middles of the quotes by weighted least squares. A pair
weighs by the inverse square of its joint spread, pairs quoted much wider than the best ones (those far from the money,
whose middles are biased besides) are left out, and Huber's weights take the power from stale pairs.

D from the slope of a short expiry is poor, 1e-4 of D being 3 % of rate over a day: so its error is told, and where the
rate is known better it is given, and only F is found.

American pairs do not keep parity. Given a function that turns American prices into European ones at a dividend yield,
the yield is found by repetition: each round de-Americanises the pairs nearest to the money at the last round's yield.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from contracts.errors import BadInput
from models.quantitative.blocks import Floats

MIN_PAIRS = 3
NEAREST_PAIRS = 12
"""Pairs that are de-Americanised: those nearest to the money."""
ROUNDS = 6
"""Of de-Americanisation; each leaves about a tenth of the error in the yield."""
_YIELD_TOLERANCE = 1e-6
_WIDEST = 3.0
"""Pairs are used up to this multiple of the tightest quarter's joint spread."""
_REWEIGHTINGS = 8
_HUBER = 1.5
_LEAST_SPREAD = 1e-6
"""Of the underlying price: locked quotes are not taken for exact."""

ToEuropean = Callable[[Floats, float, Floats, float, float, float, Floats], Floats]
"""European prices from price, underlying_price, strike, years, rate, dividend_yield, is_call; NaN where none is."""


class ExpiryQuotes(NamedTuple):
    """Quotes of one expiry, a row a contract; prices per share."""

    years: float
    """Time to expiry, actual/365."""
    strike: Floats
    is_call: Floats
    """1 for a call, 0 for a put."""
    bid: Floats
    ask: Floats


class Forward(NamedTuple):
    """What put–call parity says about an expiry."""

    forward: float
    """Per share; NaN where there are too few pairs and none is carried."""
    forward_error: float
    """Standard error, per share; NaN where it is carried."""
    discount: float
    rate: float
    """Continuous, per year."""
    rate_error: float
    """Standard error; 0 where the rate was given."""
    dividend_yield: float
    """Continuous, per year, from the underlying price; holds borrow costs as well."""
    pairs: int
    """Pairs of call and put that were used."""


class _Pairs(NamedTuple):
    strike: Floats
    call: Floats
    put: Floats
    spread: Floats
    """Half of both spreads together."""


_NOTHING = Forward(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)


def implied_forward(
    quotes: ExpiryQuotes, underlying_price: float, *, rate: float | None = None, to_european: ToEuropean | None = None
) -> Forward:
    """The forward of one expiry; American quotes need `rate` and `to_european`.

    >>> strike, price = np.array([95.0, 100.0, 105.0]), np.array([8.0, 5.0, 3.0, 3.1, 4.8, 7.5])
    >>> quotes = ExpiryQuotes(0.5, np.tile(strike, 2), np.repeat([1.0, 0.0], 3), price - 0.05, price + 0.05)
    >>> f"{implied_forward(quotes, 100.0, rate=0.04).forward:.2f}"
    '100.20'
    """
    pairs = _tight(_pairs(quotes), underlying_price)
    if to_european is None:
        return _fit(pairs, quotes.years, underlying_price, rate)
    if rate is None:
        raise BadInput("American quotes do not tell the rate: give `rate`")
    nearest = np.sort(np.argsort(np.abs(pairs.strike - underlying_price))[:NEAREST_PAIRS])
    pairs = _Pairs(*(column[nearest] for column in pairs))
    return _american(pairs, quotes.years, underlying_price, rate, to_european)


def _american(pairs: _Pairs, years: float, spot: float, rate: float, to_european: ToEuropean) -> Forward:
    found, dividend = _NOTHING, 0.0
    for _ in range(ROUNDS):
        terms = (spot, pairs.strike, years, rate, dividend)
        call = to_european(pairs.call, *terms, np.ones(pairs.strike.size))
        put = to_european(pairs.put, *terms, np.zeros(pairs.strike.size))
        good = np.isfinite(call) & np.isfinite(put)
        european = _Pairs(pairs.strike[good], call[good], put[good], pairs.spread[good])
        found = _fit(european, years, spot, rate)
        if not np.isfinite(found.forward) or abs(found.dividend_yield - dividend) < _YIELD_TOLERANCE:
            break
        dividend = found.dividend_yield
    return found


def is_quoted(quotes: ExpiryQuotes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows with a bid above zero and an ask at or above it."""
    finite = np.isfinite(quotes.bid) & np.isfinite(quotes.ask) & (quotes.strike > 0.0)
    return np.asarray(finite & (quotes.bid > 0.0) & (quotes.ask >= quotes.bid), dtype=np.bool_)


def _pairs(quotes: ExpiryQuotes) -> _Pairs:
    good = is_quoted(quotes)
    mid, half = 0.5 * (quotes.bid + quotes.ask), 0.5 * (quotes.ask - quotes.bid)
    calls, puts = (np.flatnonzero(good & (quotes.is_call == right)) for right in (1.0, 0.0))
    strike, call_at, put_at = np.intersect1d(quotes.strike[calls], quotes.strike[puts], return_indices=True)
    calls, puts = calls[call_at], puts[put_at]
    return _Pairs(strike, mid[calls], mid[puts], half[calls] + half[puts])


def _tight(pairs: _Pairs, spot: float) -> _Pairs:
    """The pairs whose quotes are not much wider than those of the best."""
    spread = np.maximum(pairs.spread, _LEAST_SPREAD * spot)
    if spread.size < MIN_PAIRS:
        return pairs
    kept = spread <= _WIDEST * np.quantile(spread, 0.25)
    return _Pairs(pairs.strike[kept], pairs.call[kept], pairs.put[kept], spread[kept])


def _fit(pairs: _Pairs, years: float, spot: float, rate: float | None) -> Forward:
    count = pairs.strike.size
    if count < MIN_PAIRS:
        return _NOTHING
    apart = pairs.call - pairs.put
    weight = 1.0 / pairs.spread**2
    columns = np.ones((count, 1)) if rate is not None else np.stack([np.ones(count), spot - pairs.strike], axis=1)
    known = 0.0 if rate is None else np.exp(-rate * years) * (spot - pairs.strike)
    solution, covariance = _robust_line(columns, apart - known, weight)
    discount = float(solution[1]) if rate is None else float(np.exp(-rate * years))
    if discount <= 0.0:
        return _NOTHING
    forward = spot + float(solution[0]) / discount
    found_rate = -float(np.log(discount)) / years
    return Forward(
        forward=forward,
        forward_error=float(np.sqrt(covariance[0, 0])) / discount,
        discount=discount,
        rate=found_rate,
        rate_error=0.0 if rate is not None else float(np.sqrt(covariance[1, 1])) / (discount * years),
        dividend_yield=found_rate - float(np.log(forward / spot)) / years if forward > 0.0 else np.nan,
        pairs=count,
    )


def _robust_line(columns: Floats, values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Coefficients by Huber's reweighting, and their covariance."""
    trust = np.ones(values.size)
    for _ in range(_REWEIGHTINGS):
        both = weight * trust
        normal = columns.T @ (both[:, None] * columns)
        solution = np.linalg.solve(normal, columns.T @ (both * values))
        off = np.abs(values - columns @ solution) * np.sqrt(weight)
        size = max(1.4826 * float(np.median(off)), 1e-12)
        trust = np.minimum(1.0, _HUBER * size / np.maximum(off, 1e-300))
    freedom = max(values.size - columns.shape[1], 1)
    noise = float(np.sum(trust * off**2)) / freedom
    return np.asarray(solution), np.asarray(np.linalg.inv(normal) * noise)
