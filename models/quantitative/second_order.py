"""Second-order Greeks of European options: how the Greeks themselves move.

Theory of operation
-------------------
All follow from three derivatives of d₁: by the underlying 1/(S·s), by volatility −d₂/σ, and by the time left
(r − q)/s − d₂/2T, with s = σ√T. Charm and color are given as time passes, so with the sign of the latter turned.
"""

from typing import NamedTuple

from numpy.typing import ArrayLike

from models.quantitative.blocks import Floats
from models.quantitative.engines import evaluate
from models.quantitative.european import DAYS_PER_YEAR, PERCENT, add_parts, add_vol
from models.quantitative.formulas import MISSING, Chain, Formula, Number, where
from models.quantitative.terms import Terms


class SecondOrderGreeks(NamedTuple):
    """Results of `second_order`, each in the shape of the inputs; NaN where the reason is not `ok`."""

    reason_code: Floats
    """Index in `reasons.REASONS`: `ok`, `expired` or `bad_input`."""
    vanna: Floats
    """Change of delta per volatility point (0.01); as well, of vega per 1.00 of the underlying."""
    volga: Floats
    """Change of vega (per volatility point) per volatility point."""
    charm: Floats
    """Change of delta per calendar day (1/365 year) that passes."""
    speed: Floats
    """Change of gamma per 1.00 of the underlying."""
    color: Floats
    """Change of gamma per calendar day (1/365 year) that passes."""
    zomma: Floats
    """Change of gamma per volatility point (0.01)."""


class Moves(NamedTuple):
    """Columns in the units of `SecondOrderGreeks`: those of its Greeks that are of second order in the strict sense."""

    vanna: Number
    volga: Number
    charm: Number


def moves(
    terms: Terms, vol: Number, total_vol: Number, density: Number, delta: Number, d1: Number, d2: Number
) -> Moves:
    """Vanna, volga and charm of European options, from what `european` makes steps of."""
    return Moves(
        vanna=(-1.0 * PERCENT) * density * d2 / (terms.spot * vol),
        volga=(PERCENT * PERCENT) * density * terms.sqrt_years * d1 * d2 / vol,
        charm=(terms.dividend * delta - density / terms.spot * _drift(terms, total_vol, d2)) * (1.0 / DAYS_PER_YEAR),
    )


def _drift(terms: Terms, total_vol: Number, d2: Number) -> Number:
    """Change of d₁ with the time left."""
    return (terms.rate - terms.dividend) / total_vol - 0.5 * d2 / terms.years


def _formula() -> Formula:
    chain = Chain()
    terms, answered, _, vol, total_vol = add_vol(chain)
    d1, d2, density, spot_part, _ = add_parts(chain, terms, total_vol)
    delta = terms.side * spot_part / terms.spot
    gamma = chain.step("gamma", density / (terms.spot * terms.spot * total_vol))
    drift = _drift(terms, total_vol, d2)
    results = {
        **moves(terms, vol, total_vol, density, delta, d1, d2)._asdict(),
        "speed": -1.0 * gamma / terms.spot * (d1 / total_vol + 1.0),
        "color": gamma * (terms.dividend + d1 * drift + 0.5 / terms.years) * (1.0 / DAYS_PER_YEAR),
        "zomma": PERCENT * gamma * (d1 * d2 - 1.0) / vol,
    }
    for name, value in results.items():
        chain.step(name, where(answered, value, MISSING))
    return chain.close(*SecondOrderGreeks._fields)


SECOND_ORDER = _formula()
"""`SecondOrderGreeks` from the inputs of `terms.add_terms` and `vol`."""


def second_order(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
) -> SecondOrderGreeks:
    """Second-order Greeks. Rate, yield and volatility are continuous and per year; arguments broadcast.

    >>> result = second_order(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, is_call=True)
    >>> f"{result.vanna:.6f} {result.volga:.6f} {result.charm:.6f}"
    '-0.002814 0.000985 -0.000180'
    """
    inputs = (underlying_price, strike, years, rate, dividend_yield, is_call, vol)
    return SecondOrderGreeks(*evaluate(SECOND_ORDER, *inputs))
