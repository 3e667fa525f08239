"""Price and Greeks of American options by the quadratic approximation, at a given volatility.

Theory of operation
-------------------
Delta and gamma are derivatives of the formula, theta follows from the Black–Scholes equation. Vega comes from the
premium at a slightly higher volatility with the boundary as many s away as before, which is nearly where it would be;
rho from the premium at a slightly higher rate, boundary and all.
"""

from typing import Final, NamedTuple

from numpy.typing import ArrayLike

from models.quantitative.american_quadratic.premium import (
    Boundary,
    Deal,
    Premium,
    add_boundary,
    add_deal,
    add_premium,
    guessed_boundary,
    moved,
)
from models.quantitative.engines import evaluate
from models.quantitative.european import DAYS_PER_YEAR, PERCENT, EuropeanGreeks, Sensitivities, add_vol, sensitivities
from models.quantitative.formulas import MISSING, Chain, Condition, Formula, Number, exp, where
from models.quantitative.terms import Terms

STEPS: Final = 1
"""Of Newton's method to the boundary from the fitted guess."""
_BUMP: Final = 1e-4
"""Relative change of volatility and interest behind vega and rho."""


class Valued(NamedTuple):
    """Steps that `add_values` puts on a chain."""

    held: Condition
    """Not worth exercising at once."""
    price: Number
    delta: Number
    gamma: Number
    vega: Number
    theta: Number
    rho: Number
    premium: Premium


def add_values(
    chain: Chain, terms: Terms, deal: Deal, vol: Number, total_vol: Number, at: Boundary, european: Sensitivities
) -> Valued:
    """Price and Greeks from the European ones and the premium, in the units of `EuropeanGreeks`."""
    premium = add_premium(chain, "now", deal, total_vol, at)
    scale = chain.step("strike_of_put", where(terms.side > 0.0, terms.spot, terms.strike))
    exercised = chain.step("exercised", 1.0 - exp(deal.level))
    is_call = terms.side > 0.0
    bare = where(is_call, scale * premium.value, 0.0) - scale * premium.slope
    delta = chain.step("premium_delta", bare / terms.spot * where(is_call, 1.0, -1.0))
    gamma = chain.step("premium_gamma", scale * (premium.curvature - premium.slope) / (terms.spot * terms.spot))
    price = chain.step("held_price", european.price + scale * premium.value)
    held = chain.step("held", where(deal.exercisable & at.reached, deal.level - at.level, 1.0) > 0.0)
    by_vol = by_total_vol(chain, "vol_up", deal, total_vol, at, premium) * scale * terms.sqrt_years
    by_rate = (_at_more_rate(chain, terms, deal, total_vol) - premium.value) * scale / _BUMP
    carried = terms.rate * scale * premium.value - (terms.rate - terms.dividend) * terms.spot * delta
    decay = chain.step("premium_theta", carried - 0.5 * vol * vol * terms.spot * terms.spot * gamma)
    intrinsic = scale * exercised
    return Valued(
        held=held,
        price=where(held, where(price > intrinsic, price, intrinsic), intrinsic),
        delta=where(held, european.delta + delta, terms.side),
        gamma=where(held, european.gamma + gamma, 0.0),
        vega=where(held, european.vega + PERCENT * by_vol, 0.0),
        theta=where(held, european.theta + decay * (1.0 / DAYS_PER_YEAR), 0.0),
        rho=where(held, chain.step("bounded_rho", _toward_zero(chain, european.rho, PERCENT * by_rate)), 0.0),
        premium=premium,
    )


def named_steps(chain: Chain, european: Sensitivities) -> Sensitivities:
    """European price and Greeks as steps of their own, for each is used more than once."""
    greeks = (chain.step(f"european_{name}", getattr(european, name)) for name in european._fields[1:])
    return Sensitivities(european.density, *greeks)


def by_total_vol(chain: Chain, name: str, deal: Deal, total_vol: Number, at: Boundary, premium: Premium) -> Number:
    """Change of the premium with s, over the strike of the put."""
    distance = chain.step(f"{name}_distance", (0.0 - at.level) / total_vol)
    more = chain.step(f"{name}_total", (1.0 + _BUMP) * total_vol)
    farther = add_boundary(chain, f"{name}_at", deal, more, distance, 0)
    moved_premium = add_premium(chain, name, deal, more, farther)
    return (moved_premium.value - premium.value) / (_BUMP * total_vol)


def _toward_zero(chain: Chain, european: Number, change: Number) -> Number:
    """European rho moved by the premium's: early exercise never adds to it and never turns its sign."""
    moved_rho = chain.step("moved_rho", european + change)
    outside = chain.step("rho_beyond", abs(moved_rho) - abs(european))
    same_sign = chain.step("rho_sign", moved_rho * european)
    return where(same_sign > 0.0, where(outside > 0.0, european, moved_rho), 0.0)


def _at_more_rate(chain: Chain, terms: Terms, deal: Deal, total_vol: Number) -> Number:
    """The premium at a rate that is higher by _BUMP."""
    is_call = terms.side > 0.0
    step = chain.step("rate_step", _BUMP * terms.years)
    benefit = chain.step("more_benefit", where(is_call, deal.benefit, deal.benefit + step))
    cost = chain.step("more_cost", where(is_call, deal.cost + step, deal.cost))
    dearer = moved(chain, "dearer", deal, benefit, cost)
    guess = guessed_boundary(chain, "dearer_first", dearer, total_vol)
    there = add_boundary(chain, "dearer_boundary", dearer, total_vol, guess, STEPS)
    return add_premium(chain, "dearer_now", dearer, total_vol, there).value


def _formula() -> Formula:
    chain = Chain()
    given = add_vol(chain)
    european = sensitivities(chain, given.terms, given.vol, given.total_vol)
    named = named_steps(chain, european)
    deal = add_deal(chain, given.terms)
    guess = guessed_boundary(chain, "first", deal, given.total_vol)
    at = add_boundary(chain, "boundary", deal, given.total_vol, guess, STEPS)
    values = add_values(chain, given.terms, deal, given.vol, given.total_vol, at, named)
    for name in EuropeanGreeks._fields[1:]:
        chain.step(name, where(given.answered, getattr(values, name), MISSING))
    return chain.close(*EuropeanGreeks._fields)


AMERICAN_QUADRATIC = _formula()
"""`EuropeanGreeks` of American options from the inputs of `terms.add_terms` and `vol`."""


def american_quadratic(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    threads: int = 1,
) -> EuropeanGreeks:
    """Price and Greeks, in the units of `EuropeanGreeks`. Rate, yield and volatility are continuous and per year.

    >>> f"{american_quadratic(100.0, 110.0, 0.5, 0.05, 0.0, 0.3, is_call=False).price:.2f}"
    '13.39'
    """
    inputs = (underlying_price, strike, years, rate, dividend_yield, is_call, vol)
    return EuropeanGreeks(*evaluate(AMERICAN_QUADRATIC, *inputs, threads=threads))
