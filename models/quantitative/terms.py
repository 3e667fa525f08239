"""The inputs that every European formula shares, their limits, and what follows from them.

Rows outside the limits are given harmless terms, an at-the-money option of one year at no interest, so that no later
step can divide by zero or overflow; the formulas mask them at the end. The limits are wide enough for any listed
option and narrow enough that no intermediate result leaves the range of a double.
"""

from typing import NamedTuple

from models.quantitative.formulas import Chain, Condition, Number, exp, log, sqrt, where, within

MIN_PRICE, MAX_PRICE = 1e-9, 1e9
"""Underlying price and strike."""
MAX_RATE = 1.0
"""Interest rate and dividend yield, of either sign, continuous per year."""
MIN_YEARS, MAX_YEARS = 1e-14, 100.0
"""Less than the lower one, a third of a microsecond, is expired."""


class Terms(NamedTuple):
    """Steps that `add_terms` puts on a chain."""

    sound: Condition
    """All inputs are within their limits."""
    alive: Condition
    """Sound, and some time is left. All numbers below are the row's own where this holds, harmless elsewhere."""
    side: Number
    """+1 for a call, −1 for a put."""
    spot: Number
    strike: Number
    years: Number
    rate: Number
    dividend: Number
    discounted_spot: Number
    discounted_strike: Number
    log_moneyness: Number
    """ln(F/K)."""
    sqrt_years: Number


def add_terms(chain: Chain) -> Terms:
    """Declare the inputs `underlying_price strike years rate dividend_yield is_call` and derive the rest."""
    spot, strike = chain.number("underlying_price"), chain.number("strike")
    years, rate, dividend = chain.number("years"), chain.number("rate"), chain.number("dividend_yield")
    is_call = chain.number("is_call")
    side = chain.step("call_or_put", 2.0 * is_call - 1.0)
    sound = chain.step(
        "sound",
        within(spot, MIN_PRICE, MAX_PRICE)
        & within(strike, MIN_PRICE, MAX_PRICE)
        & within(years, -MAX_YEARS, MAX_YEARS)
        & within(rate, -MAX_RATE, MAX_RATE)
        & within(dividend, -MAX_RATE, MAX_RATE)
        & within(abs(side), 1.0, 1.0),
    )
    alive = chain.step("alive", sound & (years >= MIN_YEARS))
    spot = chain.step("safe_spot", where(alive, spot, 1.0))
    strike = chain.step("safe_strike", where(alive, strike, 1.0))
    years = chain.step("safe_years", where(alive, years, 1.0))
    rate = chain.step("safe_rate", where(alive, rate, 0.0))
    dividend = chain.step("safe_dividend", where(alive, dividend, 0.0))
    return Terms(
        sound=sound,
        alive=alive,
        side=chain.step("side", where(alive, side, 1.0)),
        spot=spot,
        strike=strike,
        years=years,
        rate=rate,
        dividend=dividend,
        discounted_spot=chain.step("discounted_spot", spot * exp((0.0 - dividend) * years)),
        discounted_strike=chain.step("discounted_strike", strike * exp((0.0 - rate) * years)),
        log_moneyness=chain.step("log_moneyness", log(spot / strike) + (rate - dividend) * years),
        sqrt_years=chain.step("sqrt_years", sqrt(years)),
    )
