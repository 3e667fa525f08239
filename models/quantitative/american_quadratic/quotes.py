"""Implied volatility and Greeks of quotes by the exercise style of each contract: what the live stream runs.

Theory of operation
-------------------
A European row gets the exact European volatility. That of an American price lies above the American one, because the
premium is in the price, and price is convex in volatility between the two, so Newton's method does not overshoot from
there. Each step improves the boundary too; the last correction goes into the volatility that is reported, and leaves
less than the approximation's own error. Exercise at once is worth what it pays, and a promise to exercise at expiry
what that pays without volatility: an American price at or below either has no volatility.
"""

from typing import Final, NamedTuple

from numpy.typing import ArrayLike

from models.quantitative.american_quadratic.premium import (
    Boundary,
    Deal,
    add_boundary,
    add_deal,
    add_premium,
    add_put,
    guessed_boundary,
)
from models.quantitative.american_quadratic.prices import STEPS, add_values, by_total_vol, named_steps
from models.quantitative.american_quadratic.second_order import add_second_order
from models.quantitative.blocks import Floats
from models.quantitative.engines import evaluate
from models.quantitative.european import PERCENT, sensitivities
from models.quantitative.formulas import MISSING, Chain, Condition, Formula, Number, exp, where, within
from models.quantitative.quotes import Solved, add_european_vol, add_quote, add_reason, is_sharp
from models.quantitative.reasons import Reason
from models.quantitative.terms import MAX_PRICE, add_terms

NEWTON_STEPS: Final = 3
LEAST_OVER_EXERCISE: Final = 1e-9
"""Least time value of an American option over exercise at once, as a share of the put's strike."""
START: Final = 2.0
"""s to start from where no European option is that dear."""
LEAST_STEP: Final = 0.3
"""One step leaves at least this share of the volatility."""
LEAST_VEGA: Final = 1e-9
"""Per volatility point, as a share of the put's strike."""
_SMALL: Final = 1e-12


class StyleGreeks(NamedTuple):
    """Results of `greeks_by_style`, each in the shape of the inputs.

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
    vanna: Floats
    """Change of delta per volatility point (0.01)."""
    volga: Floats
    """Change of vega (per volatility point) per volatility point."""
    charm: Floats
    """Change of delta per calendar day (1/365 year) that passes."""


def _formula() -> Formula:
    chain = Chain()
    bid, ask = chain.number("bid"), chain.number("ask")
    terms = add_terms(chain)
    style = chain.number("is_american")
    quote = add_quote(chain, terms, bid, ask, within(style, 0.0, 1.0))
    mid = quote.mid
    solved = add_european_vol(chain, terms, quote.usable, mid)
    deal = add_deal(chain, terms, style > 0.5)  # noqa: PLR2004 - the middle between no and yes
    scale = chain.step("quoted_scale", where(terms.side > 0.0, terms.spot, terms.strike))
    target = chain.step("target", mid / scale)
    over = chain.step("over_exercise", target - 1.0 + exp(deal.level))
    over_exercise = where(deal.exercisable, over, 1.0) > LEAST_OVER_EXERCISE
    worth = chain.step("worth_holding", over_exercise & solved.has_time_value)
    bounded = chain.step("bounded", where(deal.exercisable, 1.0 - target, 1.0) > 0.0)
    solvable = chain.step("american_solvable", terms.alive & quote.usable & worth & bounded)
    start = chain.step("start", where(solved.solvable, solved.total_vol, START))
    total, at = _american_vol(chain, deal, start, target)
    chosen = chain.step("chosen_total", where(deal.exercisable, total, solved.total_vol))
    vol = chain.step("solved_vol", chosen / terms.sqrt_years)
    european = sensitivities(chain, terms, vol, chosen)
    named = named_steps(chain, european)
    values = add_values(chain, terms, deal, vol, chosen, at, named)
    sharp = chain.step("sharp", is_sharp(named.density, chosen, solved.size))
    firm = chain.step("firm", where(values.held & within(values.vega, LEAST_VEGA * scale, MAX_PRICE), 1.0, 0.0))
    exact = where(solved.solvable & sharp, 1.0, 0.0)
    near = where(solvable, firm, 0.0)
    answered = chain.step("answered", where(deal.exercisable, near, exact) > 0.0)
    unsolved = _unsolved(chain, deal, solved, worth, bounded)
    add_reason(chain, terms, quote, where(answered, float(Reason.OK), unsolved))
    vega = chain.step("answered_vega", where(answered, values.vega, 1.0))
    missed = (values.price - mid) / vega * PERCENT
    chain.step("implied_vol", where(answered, where(deal.exercisable, vol - missed, vol), MISSING))
    moves = add_second_order(chain, terms, deal, vol, chosen, at, values, named)
    for name, value in (values._asdict() | moves._asdict()).items():
        if name in StyleGreeks._fields[3:]:
            chain.step(name, where(answered, value, MISSING))
    return chain.close(*StyleGreeks._fields)


def _american_vol(chain: Chain, deal: Deal, start: Number, target: Number) -> tuple[Number, Boundary]:
    """σ√T after some of Newton's steps from above, and the boundary there."""
    total = start
    distance = guessed_boundary(chain, "first", deal, total)
    at = add_boundary(chain, "boundary", deal, total, distance, STEPS)
    for number in range(NEWTON_STEPS):
        name = f"newton_{number}"
        premium = add_premium(chain, name, deal, total, at)
        put = add_put(chain, f"{name}_here", deal, deal.level, total)
        slope = chain.step(f"{name}_rise", put.density + by_total_vol(chain, f"{name}_up", deal, total, at, premium))
        gap = put.price + premium.value - target
        share = chain.step(f"{name}_share_left", 1.0 - gap / (where(slope > _SMALL, slope, _SMALL) * total))
        kept = chain.step(f"{name}_kept_share", where(share < 1.0, share, 1.0))
        distance = chain.step(f"{name}_away", (0.0 - at.level) / total)
        total = chain.step(f"{name}_next", total * where(kept > LEAST_STEP, kept, LEAST_STEP))
        at = add_boundary(chain, f"{name}_boundary", deal, total, distance, 1)
    return total, at


def _unsolved(chain: Chain, deal: Deal, solved: Solved, worth: Condition, bounded: Condition) -> Number:
    """Why a row that is alive and priced has no volatility, if it has none."""
    high = where(bounded, 1.0, 0.0)
    high = chain.step("low_enough", where(deal.exercisable, high, where(solved.has_headroom, 1.0, 0.0)))
    code = where(high > 0.0, float(Reason.ZERO_VEGA), float(Reason.ABOVE_BOUND))
    return where(worth, code, float(Reason.BELOW_INTRINSIC))


GREEKS_BY_STYLE: Final = _formula()
"""`StyleGreeks` from `bid`, `ask`, the inputs of `terms.add_terms`, `is_american` (1 or 0) and `underlying_age_s`."""


def greeks_by_style(
    bid: ArrayLike,
    ask: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    is_american: ArrayLike,
    *,
    underlying_age_s: ArrayLike = 0.0,
    threads: int = 1,
) -> StyleGreeks:
    """Implied volatility at the middle of the quote, and the Greeks at it, by the contract's exercise style.

    Prices are per share; rate and yield are continuous and per year; arguments broadcast. `underlying_age_s` says by
    how many seconds the underlying's price is older than the quote.

    >>> result = greeks_by_style(13.38, 13.40, 100.0, 110.0, 0.5, 0.05, 0.0, is_call=False, is_american=True)
    >>> f"{result.implied_vol:.3f}"
    '0.300'
    """
    inputs = (bid, ask, underlying_price, strike, years, rate, dividend_yield, is_call)
    return StyleGreeks(*evaluate(GREEKS_BY_STYLE, *inputs, is_american, underlying_age_s, threads=threads))
