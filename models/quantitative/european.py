"""Price and Greeks of European options under Black, Scholes and Merton.

Theory of operation
-------------------
With d₁ = ln(F/K)/s + s/2, d₂ = d₁ − s and s = σ√T, the discounted density D = S·exp(−qT)·φ(d₁) equals
K·exp(−rT)·φ(d₂). So every tail that the formula needs is D·R(|d|) with the Mills ratio R, exact to the last digits
however far out of the money, and every Greek is made of D and of the two parts of the price, the underlying's
S·exp(−qT)·Φ(±d₁) and the strike's K·exp(−rT)·Φ(±d₂).
"""

from math import pi, sqrt
from typing import NamedTuple

from numpy.typing import ArrayLike

from models.quantitative.blocks import Floats
from models.quantitative.engines import evaluate
from models.quantitative.formulas import MISSING, Chain, Condition, Formula, Number, exp, where, within
from models.quantitative.mills import mills_ratio
from models.quantitative.reasons import Reason
from models.quantitative.terms import Terms, add_terms

DAYS_PER_YEAR = 365.0
PERCENT = 0.01
MIN_VOL, MAX_VOL = 1e-9, 1e3
"""Volatility, per year."""


class Parts(NamedTuple):
    """Steps that `add_parts` puts on a chain: what prices and Greeks are made of."""

    d1: Number
    d2: Number
    density: Number
    """The discounted density D."""
    spot_part: Number
    """S·exp(−qT)·Φ(±d₁)."""
    strike_part: Number
    """K·exp(−rT)·Φ(±d₂)."""


class Sensitivities(NamedTuple):
    """Price and Greeks as columns, in the units of `EuropeanGreeks`, with the discounted density they are made of."""

    density: Number
    price: Number
    delta: Number
    gamma: Number
    vega: Number
    theta: Number
    rho: Number


class GivenVol(NamedTuple):
    """Steps that `add_vol` puts on a chain: the terms of an option whose volatility is given."""

    terms: Terms
    answered: Condition
    """All inputs are within their limits and some time is left."""
    reason_code: Number
    vol: Number
    """Harmless where `answered` does not hold."""
    total_vol: Number


class EuropeanGreeks(NamedTuple):
    """Results of `european`, each in the shape of the inputs; NaN in all but `reason_code` where that is not `ok`."""

    reason_code: Floats
    """Index in `reasons.REASONS`: `ok`, `expired` or `bad_input`."""
    price: Floats
    """In the currency of the underlying, per share."""
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


def add_parts(chain: Chain, terms: Terms, total_vol: Number) -> Parts:
    """The parts of the price where `total_vol` is vol·√years, positive."""
    side, spot, strike = terms.side, terms.discounted_spot, terms.discounted_strike
    ratio = chain.step("ratio", terms.log_moneyness / total_vol)
    d1 = chain.step("d1", ratio + 0.5 * total_vol)
    d2 = chain.step("d2", ratio - 0.5 * total_vol)
    density = chain.step("density", spot * (1.0 / sqrt(2.0 * pi)) * exp(-0.5 * d1 * d1))
    spot_tail = chain.step("spot_tail", density * mills_ratio(chain, "mills_d1", abs(d1)))
    strike_tail = chain.step("strike_tail", density * mills_ratio(chain, "mills_d2", abs(d2)))
    spot_part = chain.step("spot_part", where(side * d1 > 0.0, spot - spot_tail, spot_tail))
    strike_part = chain.step("strike_part", where(side * d2 > 0.0, strike - strike_tail, strike_tail))
    return Parts(d1, d2, density, spot_part, strike_part)


def sensitivities(chain: Chain, terms: Terms, vol: Number, total_vol: Number) -> Sensitivities:
    """Price and Greeks at the volatility `vol` per year, where `total_vol` is vol·√years; both positive."""
    _, _, density, spot_part, strike_part = add_parts(chain, terms, total_vol)
    side = terms.side
    price = chain.step("signed_price", side * (spot_part - strike_part))
    carry = side * (terms.dividend * spot_part - terms.rate * strike_part)
    return Sensitivities(
        density=density,
        price=where(price > 0.0, price, 0.0),  # rounding may leave a worthless option just below zero
        delta=side * spot_part / terms.spot,
        gamma=density / (terms.spot * terms.spot * total_vol),
        vega=PERCENT * density * terms.sqrt_years,
        theta=(carry - 0.5 * density * vol / terms.sqrt_years) * (1.0 / DAYS_PER_YEAR),
        rho=PERCENT * side * terms.years * strike_part,
    )


def add_vol(chain: Chain) -> GivenVol:
    """Declare the inputs of `terms.add_terms` and `vol`."""
    terms = add_terms(chain)
    vol = chain.number("vol")
    sound = chain.step("sound_vol", terms.sound & within(vol, MIN_VOL, MAX_VOL))
    answered = chain.step("answered", sound & terms.alive)
    safe_vol = chain.step("safe_vol", where(answered, vol, 1.0))
    total_vol = chain.step("total_vol", safe_vol * terms.sqrt_years)
    reason = where(answered, float(Reason.OK), where(sound, float(Reason.EXPIRED), float(Reason.BAD_INPUT)))
    return GivenVol(terms, answered, chain.step("reason_code", reason), safe_vol, total_vol)


def _formula() -> Formula:
    chain = Chain()
    given = add_vol(chain)
    results = sensitivities(chain, given.terms, given.vol, given.total_vol)
    for name in EuropeanGreeks._fields[1:]:
        chain.step(name, where(given.answered, getattr(results, name), MISSING))
    return chain.close(*EuropeanGreeks._fields)


EUROPEAN = _formula()
"""`EuropeanGreeks` from the inputs of `terms.add_terms` and `vol`."""


def european(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    threads: int = 1,
    out: EuropeanGreeks | None = None,
) -> EuropeanGreeks:
    """Price and Greeks. Rate, yield and volatility are continuous and per year; arguments broadcast.

    `threads` share the rows of large arrays; `out` is an earlier result to write over.

    >>> result = european(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, is_call=True)
    >>> f"{result.price:.4f} {result.delta:.4f} {result.vega:.4f}"
    '10.4506 0.6368 0.3752'
    """
    inputs = (underlying_price, strike, years, rate, dividend_yield, is_call, vol)
    return EuropeanGreeks(*evaluate(EUROPEAN, *inputs, threads=threads, out=out))
