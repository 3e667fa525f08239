"""Where the dealers' gamma changes its sign, found by repricing the chain at other prices of the underlying.

A straight line through the gamma of today's strikes says nothing about gamma at another price: a contract's gamma
moves with the underlying. So the whole chain is repriced with the European formulas over a grid of prices, each strike
keeping its volatility and each contract its time, and every change of sign is then closed in on by repricing again.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.exposure.dealers import DEALERS_LONG_CALLS_SHORT_PUTS, PERCENT, Convention
from models.quantitative.payoffs.legs import SHARES_PER_CONTRACT
from models.quantitative.reasons import Reason

ROWS_AT_ONCE: Final = 2**19
"""Contracts times prices priced in one go: 30 MB of results."""
ROUNDING: Final = 1e-12
"""Net gamma below this share of gross gamma is no gamma: calls and puts that cancel leave noise of either sign."""


class GammaProfile(NamedTuple):
    """Dealers' gamma over prices of the underlying, volatilities staying with their strikes."""

    underlying_price: Floats
    """The grid, ascending."""
    gamma_dollars_per_percent: Floats
    """Net gamma of the chain at each price of the grid: dollars of delta per 1 % of that price."""
    flip_levels: Floats
    """Every price within the grid where net gamma changes its sign, ascending."""
    flip_level: float | None
    """The one nearest to the underlying's price now; none where net gamma keeps its sign over the grid."""
    left_out: int
    """Contracts without an answer: expired, or with a number that is missing or impossible."""
    convention: Convention


def gamma_profile(
    underlying_price: float,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    open_interest: ArrayLike,
    multiplier: ArrayLike = SHARES_PER_CONTRACT,
    convention: Convention = DEALERS_LONG_CALLS_SHORT_PUTS,
    width: float = 0.25,
    points: int = 101,
) -> GammaProfile:
    """Gamma of the chain at `points` prices from −`width` to +`width` (shares of the price now), and its flip levels.

    The chain's columns broadcast against each other. Two flip levels closer than a step of the grid may be missed.
    """
    spot = float(checks.positive("underlying_price", underlying_price))
    checks.within("width", width, 1e-6, 1.0 - 1e-6)
    checks.within("points", points, 2, 100_000)
    strikes, times, rates, yields, vols, call, contracts, shares = checks.one_shape(
        strike=strike,
        years=years,
        rate=rate,
        dividend_yield=dividend_yield,
        vol=vol,
        is_call=is_call,
        open_interest=open_interest,
        multiplier=multiplier,
    )
    reason = european(spot, strikes, times, rates, yields, vols, call).reason_code
    sound = (reason == Reason.OK) & np.isfinite(contracts + shares) & (contracts >= 0.0) & (shares > 0.0)
    chain = [column[sound] for column in (strikes, times, rates, yields, vols, call)]
    side = np.where(chain[-1] == 1.0, convention.call_side, convention.put_side)
    weights = PERCENT * side * contracts[sound] * shares[sound]
    # Γ·S² = S·exp(−qT)·φ(d₁)/s: the other Greeks would take ten times as long.
    total_vol = chain[4] * np.sqrt(chain[1])
    carry = (chain[2] - chain[3]) * chain[1]
    offset = (carry - np.log(chain[0])) / total_vol + 0.5 * total_vol
    weights = weights * np.exp(-chain[3] * chain[1]) / (total_vol * np.sqrt(2.0 * np.pi))

    def net(prices: Floats) -> Floats:
        d1 = np.log(prices)[:, None] / total_vol + offset
        gamma = np.exp(-0.5 * d1 * d1) * prices[:, None]
        sums: Floats = gamma @ weights
        sums[np.abs(sums) <= ROUNDING * (gamma @ np.abs(weights))] = 0.0
        return sums

    grid = np.linspace(spot * (1.0 - width), spot * (1.0 + width), points)
    prices_at_once = max(1, ROWS_AT_ONCE // max(1, weights.size))
    profile = np.concatenate([net(grid[i : i + prices_at_once]) for i in range(0, points, prices_at_once)])
    levels = _changes_of_sign(net, grid, profile)
    nearest = float(levels[np.argmin(np.abs(levels - spot))]) if levels.size else None
    return GammaProfile(grid, profile, levels, nearest, int(sound.size - np.count_nonzero(sound)), convention)


def _changes_of_sign(function: Callable[[Floats], Floats], grid: Floats, values: Floats) -> Floats:
    known = np.flatnonzero(values)
    pairs = [(i, j) for i, j in pairwise(known) if np.signbit(values[i]) != np.signbit(values[j])]
    return np.array([brentq(lambda x: float(function(np.array([x]))[0]), grid[i], grid[j]) for i, j in pairs])
