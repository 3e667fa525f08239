"""Vanna, volga and charm of American options by the quadratic approximation.

Theory of operation
-------------------
Each is the European one and what the premium adds to it, by differences of the premium and of its slope: at a
volatility somewhat higher and lower, and at a little more time. The boundary moves along, by one step of Newton's
method from as many s away as before. The steps of volatility are wide, because a second difference divides by their
square what the two branches of the tail's function differ by.
"""

from typing import Final

from models.quantitative.american_quadratic.premium import (
    Boundary,
    Deal,
    Premium,
    add_boundary,
    add_premium,
    moved,
)
from models.quantitative.american_quadratic.prices import STEPS, Valued
from models.quantitative.european import DAYS_PER_YEAR, PERCENT, Sensitivities
from models.quantitative.formulas import Chain, Number, where
from models.quantitative.second_order import Moves, moves
from models.quantitative.terms import Terms

VOL_STEP: Final = 1e-2
"""Relative, to either side."""
TIME_STEP: Final = 1e-3
"""Relative."""


def add_second_order(
    chain: Chain,
    terms: Terms,
    deal: Deal,
    vol: Number,
    total_vol: Number,
    at: Boundary,
    values: Valued,
    european: Sensitivities,
) -> Moves:
    """What `european` says and what the premium adds to it; zero where the option is not held."""
    now = values.premium
    distance = chain.step("bumped_distance", (0.0 - at.level) / total_vol)
    up, down = (
        _premium(chain, name, deal, chain.step(f"{name}_total", factor * total_vol), distance)
        for name, factor in (("upper", 1.0 + VOL_STEP), ("lower", 1.0 - VOL_STEP))
    )
    later = _with_more_time(chain, deal, total_vol, distance)
    width = chain.step("vol_width", VOL_STEP * total_vol)
    scale = where(terms.side > 0.0, terms.spot, terms.strike)
    vanna = (_delta(terms, up) - _delta(terms, down)) * terms.sqrt_years * (0.5 * PERCENT) / width
    bend = (up.value - now.value) + (down.value - now.value)
    volga = bend * scale * terms.years * (PERCENT * PERCENT) / (width * width)
    charm = (_delta(terms, now) - _delta(terms, later)) * (1.0 / (TIME_STEP * DAYS_PER_YEAR)) / terms.years
    ratio = chain.step("ratio_here", terms.log_moneyness / total_vol)
    d1, d2 = chain.step("d1_here", ratio + 0.5 * total_vol), chain.step("d2_here", ratio - 0.5 * total_vol)
    plain = moves(terms, vol, total_vol, european.density, european.delta, d1, d2)
    return Moves(*(where(values.held, one + more, 0.0) for one, more in zip(plain, (vanna, volga, charm), strict=True)))


def _premium(chain: Chain, name: str, deal: Deal, total_vol: Number, distance: Number) -> Premium:
    """The premium with the boundary somewhere near `distance` times s away."""
    at = add_boundary(chain, f"{name}_at", deal, total_vol, distance, STEPS)
    return add_premium(chain, name, deal, total_vol, at)


def _with_more_time(chain: Chain, deal: Deal, total_vol: Number, distance: Number) -> Premium:
    longer = 1.0 + TIME_STEP
    benefit, cost = chain.step("later_benefit", longer * deal.benefit), chain.step("later_cost", longer * deal.cost)
    total = chain.step("later_total", longer**0.5 * total_vol)
    return _premium(chain, "later", moved(chain, "later_deal", deal, benefit, cost), total, distance)


def _delta(terms: Terms, premium: Premium) -> Number:
    """What the premium adds to delta, in size."""
    return where(terms.side > 0.0, premium.value - premium.slope, premium.slope * terms.strike / terms.spot)
