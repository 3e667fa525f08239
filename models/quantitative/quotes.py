"""Implied volatility and Greeks of quoted European options, with a reason for every row that has none.

Theory of operation
-------------------
The quote's price is reduced to what `models.quantitative.implied_vol` solves: the out-of-the-money side (an
in-the-money price minus its intrinsic value) over √(F·K). The headroom to the upper bound is taken from the price as
it was quoted, which put–call parity allows and which does not cancel. Rows that cannot be solved are given harmless
prices and masked at the end; `models.quantitative.reasons` says which reason wins.
"""

from typing import NamedTuple

from numpy.typing import ArrayLike

from models.quantitative.blocks import Floats
from models.quantitative.engines import evaluate
from models.quantitative.european import Sensitivities, sensitivities
from models.quantitative.formulas import MISSING, Chain, Condition, Formula, Number, sqrt, where, within
from models.quantitative.implied_vol import total_vol
from models.quantitative.reasons import Reason
from models.quantitative.terms import MAX_PRICE, Terms, add_terms

MIN_TIME_VALUE = 1e-230
"""Less than this would leave the range of doubles when normalised; no quote comes near it."""
MIN_SHARPNESS = 1e-12
"""Least vega·σ over the size of the numbers that the price was made from, see `Reason.ZERO_VEGA`."""
MAX_UNDERLYING_AGE_S = 60.0
"""A quote beside an older price of its underlying says nothing about volatility."""
_LARGE = 1e300


class QuoteGreeks(NamedTuple):
    """Results of `greeks_from_quote`, each in the shape of the inputs.

    Where `reason_code` is not `ok` all others are NaN, except `price`, which is there for every uncrossed quote with
    a bid and usable inputs.
    """

    reason_code: Floats
    """Index in `reasons.REASONS`."""
    price: Floats
    """The middle of bid and ask."""
    implied_vol: Floats
    """Per year."""
    delta: Floats
    """Per 1.00 of the underlying."""
    gamma: Floats
    """Change of delta per 1.00 of the underlying."""
    vega: Floats
    """Per volatility point (0.01)."""
    theta: Floats
    """Per calendar day (1/365 year)."""
    rho: Floats
    """Per percentage point of rate (0.01)."""


class ImpliedVol(NamedTuple):
    """Results of `implied_vol`, each in the shape of the inputs; the volatility is NaN where the reason is not `ok`."""

    reason_code: Floats
    """Index in `reasons.REASONS`."""
    implied_vol: Floats
    """Per year."""


class Solved(NamedTuple):
    """Steps that `add_european_vol` puts on a chain."""

    total_vol: Number
    """σ√T; harmless where `solvable` does not hold."""
    solvable: Condition
    has_time_value: Condition
    has_headroom: Condition
    size: Number
    """Of the numbers that the time value was made from."""


class _Solution(NamedTuple):
    """Steps of `_solve`."""

    vol: Number
    answered: Condition
    reason_code: Number
    """Valid for rows that are alive and priced."""


def add_european_vol(chain: Chain, terms: Terms, priced: Condition, price: Number) -> Solved:
    """σ√T of `price`, which is harmless where `priced` fails."""
    spot, strike = terms.discounted_spot, terms.discounted_strike
    intrinsic = chain.step("intrinsic", terms.side * (spot - strike))
    time_value = chain.step("time_value", where(intrinsic > 0.0, price - intrinsic, price))
    headroom = chain.step("headroom", where(terms.side > 0.0, spot, strike) - price)
    has_time_value = chain.step("has_time_value", time_value >= MIN_TIME_VALUE)
    has_headroom = chain.step("has_headroom", headroom > 0.0)
    solvable = chain.step("solvable", terms.alive & priced & has_time_value & has_headroom)
    scale = chain.step("scale", sqrt(spot * strike))
    total = total_vol(
        chain,
        moneyness=chain.step("moneyness", where(solvable, abs(terms.log_moneyness), 0.0)),
        price=chain.step("normal_price", where(solvable, time_value / scale, 0.25)),
        headroom=chain.step("normal_headroom", where(solvable, headroom / scale, 0.75)),
    )
    # The time value of an in-the-money price carries the rounding of spot and strike, any other only its own.
    return Solved(total, solvable, has_time_value, has_headroom, where(intrinsic > 0.0, spot + strike, price))


def is_sharp(density: Number, total_vol: Number, size: Number) -> Condition:
    """Whether the price's rounding leaves the volatility its digits, see `Reason.ZERO_VEGA`."""
    return within(density * total_vol, MIN_SHARPNESS * size, _LARGE)


def _solve(chain: Chain, terms: Terms, priced: Condition, price: Number) -> tuple[_Solution, Sensitivities]:
    """Implied volatility of `price`, which is harmless where `priced` fails, and the Greeks at it."""
    solved = add_european_vol(chain, terms, priced, price)
    vol = chain.step("solved_vol", solved.total_vol / terms.sqrt_years)
    greeks = sensitivities(chain, terms, vol, solved.total_vol)
    sharp = chain.step("sharp", is_sharp(greeks.density, solved.total_vol, solved.size))
    answered = chain.step("answered", solved.solvable & sharp)
    code = where(solved.solvable, float(Reason.ZERO_VEGA), float(Reason.ABOVE_BOUND))
    code = where(solved.has_time_value, code, float(Reason.BELOW_INTRINSIC))
    return _Solution(vol, answered, where(answered, float(Reason.OK), code)), greeks


class Quote(NamedTuple):
    """Steps that `add_quote` puts on a chain."""

    sound: Condition
    has_bid: Condition
    priced: Condition
    usable: Condition
    """Priced, beside a price of the underlying that is young enough."""
    mid: Number
    """Harmless where the quote is not priced."""


def add_quote(chain: Chain, terms: Terms, bid: Number, ask: Number, more: Condition | None = None) -> Quote:
    """Declare `underlying_age_s` and tell what the quote is worth; `more` is what else a sound row needs."""
    age = chain.number("underlying_age_s")
    in_range = within(bid, 0.0, MAX_PRICE) & within(ask, 0.0, MAX_PRICE) & within(age, -_LARGE, _LARGE)
    fits = terms.sound & in_range
    sound = chain.step("sound_quote", fits if more is None else fits & more)
    has_bid = chain.step("has_bid", sound & (bid > 0.0))
    priced = chain.step("priced", has_bid & (ask >= bid))
    usable = chain.step("usable", priced & (age <= MAX_UNDERLYING_AGE_S))
    mid = chain.step("mid", 0.5 * (where(priced, bid, 1.0) + where(priced, ask, 1.0)))
    return Quote(sound, has_bid, priced, usable, mid)


def add_reason(chain: Chain, terms: Terms, quote: Quote, solved: Number) -> None:
    """The steps `reason_code` and `price`; `solved` is the reason where the quote is usable."""
    code = where(quote.usable, solved, float(Reason.STALE))
    code = where(quote.priced, code, where(quote.has_bid, float(Reason.CROSSED), float(Reason.NO_BID)))
    code = where(terms.alive, code, float(Reason.EXPIRED))
    chain.step("reason_code", where(quote.sound, code, float(Reason.BAD_INPUT)))
    chain.step("price", where(quote.priced, quote.mid, MISSING))


def _quote_formula() -> Formula:
    chain = Chain()
    bid, ask = chain.number("bid"), chain.number("ask")
    terms = add_terms(chain)
    quote = add_quote(chain, terms, bid, ask)
    solution, greeks = _solve(chain, terms, quote.usable, quote.mid)
    add_reason(chain, terms, quote, solution.reason_code)
    chain.step("implied_vol", where(solution.answered, solution.vol, MISSING))
    for name in QuoteGreeks._fields[3:]:
        chain.step(name, where(solution.answered, getattr(greeks, name), MISSING))
    return chain.close(*QuoteGreeks._fields)


def _price_formula() -> Formula:
    chain = Chain()
    price = chain.number("price")
    terms = add_terms(chain)
    sound = chain.step("sound_price", terms.sound & within(price, 0.0, MAX_PRICE))
    solution, _ = _solve(chain, terms, sound, chain.step("safe_price", where(sound, price, 1.0)))
    code = where(terms.alive, solution.reason_code, float(Reason.EXPIRED))
    chain.step("reason_code", where(sound, code, float(Reason.BAD_INPUT)))
    chain.step("implied_vol", where(solution.answered, solution.vol, MISSING))
    return chain.close(*ImpliedVol._fields)


GREEKS_FROM_QUOTE = _quote_formula()
"""`QuoteGreeks` from `bid`, `ask`, the inputs of `terms.add_terms` and `underlying_age_s`."""
IMPLIED_VOL = _price_formula()
"""`ImpliedVol` from `price` and the inputs of `terms.add_terms`."""


def greeks_from_quote(
    bid: ArrayLike,
    ask: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    underlying_age_s: ArrayLike = 0.0,
    threads: int = 1,
    out: QuoteGreeks | None = None,
) -> QuoteGreeks:
    """Implied volatility at the middle of the quote, and the Greeks at it.

    Prices are per share; rate and yield are continuous and per year; arguments broadcast. `underlying_age_s` says by
    how many seconds the underlying's price is older than the quote. `threads` share the rows of large arrays; `out` is
    an earlier result to write over.

    >>> result = greeks_from_quote(10.40, 10.50, 100.0, 100.0, 1.0, 0.05, 0.0, is_call=True)
    >>> f"{result.implied_vol:.4f} {result.delta:.4f}"
    '0.2000 0.6368'
    """
    inputs = (bid, ask, underlying_price, strike, years, rate, dividend_yield, is_call, underlying_age_s)
    return QuoteGreeks(*evaluate(GREEKS_FROM_QUOTE, *inputs, threads=threads, out=out))


def implied_vol(
    price: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    threads: int = 1,
    out: ImpliedVol | None = None,
) -> ImpliedVol:
    """Implied volatility of a price per share; rate and yield are continuous and per year; arguments broadcast.

    `threads` share the rows of large arrays; `out` is an earlier result to write over.

    >>> f"{implied_vol(10.450583572185565, 100.0, 100.0, 1.0, 0.05, 0.0, is_call=True).implied_vol:.12f}"
    '0.200000000000'
    """
    inputs = (price, underlying_price, strike, years, rate, dividend_yield, is_call)
    return ImpliedVol(*evaluate(IMPLIED_VOL, *inputs, threads=threads, out=out))
