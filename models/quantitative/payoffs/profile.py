"""Profit of a position as straight lines over the underlying's price: exact at expiry, on a grid before it."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative.blocks import Floats
from models.quantitative.payoffs.legs import (
    Leg,
    OptionLeg,
    Position,
    StockLeg,
    common_expiry,
    net_cost,
    options_of,
    shares_of,
)

ROUNDING: Final = 1e-9
"""Profits and slopes smaller than this share of what they are made of are nothing but rounding."""


class Profile(NamedTuple):
    """Profit in dollars, linear between `prices` and beyond the last of them; constant below the first."""

    prices: Floats
    """Of the underlying, ascending."""
    profits: Floats
    """At `prices`."""
    last_slope: float
    """Dollars per 1.00 of the underlying beyond the last price."""

    def at(self, prices: ArrayLike) -> Floats:
        """Profit at these prices, in their shape."""
        wanted = np.asarray(prices, dtype=np.float64)
        beyond = np.maximum(wanted - self.prices[-1], 0.0)
        return np.asarray(np.interp(wanted, self.prices, self.profits) + self.last_slope * beyond)


class Extent(NamedTuple):
    """How a profile lies about zero."""

    break_evens: Floats
    """Positive prices where profit is zero, ascending; of a stretch where it stays zero, the ends."""
    max_profit: float
    """Dollars, infinite where unlimited; negative where every outcome is a loss."""
    max_loss: float
    """Dollars lost at worst, as a positive number, infinite where unlimited; negative where every outcome is a gain."""


def profit_at_expiry(legs: Position) -> Profile:
    """Profit when the options, all of one expiry, are settled at their intrinsic value; from price 0 on, and exact.

    >>> profit_at_expiry((OptionLeg(1, 100.0, "C", 0.5, premium=4.0),)).at([90.0, 104.0, 120.0]).tolist()
    [-400.0, 0.0, 1600.0]
    """
    common_expiry(legs)
    nodes = np.unique([0.0, *(leg.strike for leg in options_of(legs))])
    profits = sum((settled(leg, nodes) for leg in legs), np.zeros_like(nodes)) - net_cost(legs)
    slope = shares_of(legs) + sum(leg.shares for leg in options_of(legs) if leg.is_call)
    return Profile(nodes, profits, last_slope(slope, legs))


def last_slope(slope: float, legs: Position) -> float:
    """The slope, or 0 where it is nothing but the rounding of legs that cancel."""
    size = abs(shares_of(legs)) + sum(abs(leg.shares) for leg in options_of(legs))
    return float(slope) if abs(slope) > ROUNDING * size else 0.0


def settled(leg: Leg, prices: Floats) -> Floats:
    """What a leg is worth in dollars at these prices of the underlying, options at their intrinsic value."""
    match leg:
        case OptionLeg():
            return leg.shares * np.maximum(prices - leg.strike if leg.is_call else leg.strike - prices, 0.0)
        case StockLeg():
            return leg.quantity * prices
        case _:
            return np.full_like(prices, leg.amount)


def extent(profile: Profile) -> Extent:
    """Break-evens, largest profit and largest loss of a profile.

    >>> found = extent(profit_at_expiry((OptionLeg(1, 100.0, "C", 0.5, premium=4.0),)))
    >>> found.break_evens.tolist(), found.max_profit, found.max_loss
    ([104.0], inf, 400.0)
    """
    return Extent(_break_evens(profile), _highest(profile, 1.0), _highest(profile, -1.0))


def _highest(profile: Profile, sign: float) -> float:
    return float("inf") if sign * profile.last_slope > 0.0 else float(np.max(sign * profile.profits))


def _break_evens(profile: Profile) -> Floats:
    prices, slope = profile.prices, profile.last_slope
    profits = np.where(np.abs(profile.profits) <= ROUNDING * np.max(np.abs(profile.profits)), 0.0, profile.profits)
    # A zero is an end of its stretch unless profit stays zero on both of its sides: below the first price it is
    # constant, and beyond the last one constant if the slope is zero.
    zero = profits == 0.0
    inside = np.concatenate([[True], zero[:-1]]) & np.concatenate([zero[1:], [slope == 0.0]])
    at_nodes = prices[zero & ~inside & (prices > 0.0)]
    crossing = np.flatnonzero(profits[:-1] * profits[1:] < 0.0)
    low, high = profits[crossing], profits[crossing + 1]
    between = prices[crossing] + (prices[crossing + 1] - prices[crossing]) * (low / (low - high))
    beyond = [prices[-1] - profits[-1] / slope] if profits[-1] * slope < 0.0 else []
    return np.sort(np.concatenate([at_nodes, between, beyond]))
