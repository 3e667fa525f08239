"""Probability of profit and expected profit under a density of the underlying's price.

The density is given at grid points and taken as linear between them; a profile is linear between its own. On the union
of both grids and the break-evens every integrand is at most cubic, so Simpson's rule is exact and the only error is
that of the straight lines between the density's points.
"""

from collections.abc import Callable
from math import pi
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.payoffs.profile import ROUNDING, Profile, extent

WIDTH_STANDARD_DEVIATIONS: Final = 9.0
"""How far `lognormal` reaches: beyond lies a probability of 2e-19."""
MASS_TOLERANCE: Final = 0.05
"""A density whose integral differs by more from 1 is refused: its prices leave out too much."""


class Density(NamedTuple):
    """Probability density of the underlying's price at a horizon."""

    prices: Floats
    """Ascending."""
    density: Floats
    """Per 1.00 of the underlying, at `prices`."""


class Odds(NamedTuple):
    """What a position may expect under a density."""

    probability_of_profit: float
    """Of a profit above zero."""
    expected_profit: float
    """Dollars at the horizon, not discounted."""
    standard_deviation: float
    """Of the profit, dollars."""
    mass: float
    """Integral of the density as given; the figures above are divided by it."""


def lognormal(
    underlying_price: float, years: float, rate: float, dividend_yield: float, vol: float, points: int = 4001
) -> Density:
    """Density of the price in the Black–Scholes model; put a view in place of the rate for a real-world one."""
    spot = float(checks.positive("underlying_price", underlying_price))
    time, sigma = float(checks.positive("years", years)), float(checks.positive("vol", vol))
    drift = float(checks.finite("rate", rate)) - float(checks.finite("dividend_yield", dividend_yield))
    deviations = np.linspace(-WIDTH_STANDARD_DEVIATIONS, WIDTH_STANDARD_DEVIATIONS, points)
    total = sigma * time**0.5
    prices = spot * np.exp(drift * time - 0.5 * total * total + total * deviations)
    return Density(prices, np.exp(-0.5 * deviations**2) / ((2.0 * pi) ** 0.5 * total * prices))


def tabulate(function: Callable[[Floats], ArrayLike], prices: ArrayLike) -> Density:
    """A density given as a function of an array of prices, at these prices."""
    grid = checks.positive("prices", prices)
    return Density(grid, checks.not_negative("density", function(grid)))


def odds(profile: Profile, density: Density) -> Odds:
    """Probability of profit and moments of the profit of a profile."""
    prices, values = _checked(density)
    breaks = np.concatenate([profile.prices, extent(profile).break_evens])
    nodes = np.union1d(prices, breaks[(breaks > prices[0]) & (breaks < prices[-1])])
    middles = 0.5 * (nodes[:-1] + nodes[1:])
    weight = np.interp(nodes, prices, values), np.interp(middles, prices, values)
    profit = profile.at(nodes), profile.at(middles)
    chance = _integral(nodes, *weight)
    mass = float(chance.sum())
    if abs(mass - 1.0) > MASS_TOLERANCE:
        raise BadInput(f"density integrates to {mass:.4f} over its prices: must be near 1; widen its prices")
    mean = _integral(nodes, weight[0] * profit[0], weight[1] * profit[1]).sum() / mass
    spread = [w * (p - mean) ** 2 for w, p in zip(weight, profit, strict=True)]
    variance = _integral(nodes, *spread).sum() / mass
    gains = profit[1] > ROUNDING * np.max(np.abs(profit[0]))  # between two nodes profit keeps its sign
    return Odds(float(chance[gains].sum() / mass), float(mean), float(variance**0.5), mass)


def _integral(nodes: Floats, at_nodes: Floats, at_middles: Floats) -> Floats:
    """Simpson's rule between each two nodes."""
    return np.diff(nodes) / 6.0 * (at_nodes[:-1] + 4.0 * at_middles + at_nodes[1:])


def _checked(density: Density) -> tuple[Floats, Floats]:
    prices, values = checks.one_shape(
        prices=checks.finite("prices", density.prices), density=checks.not_negative("density", density.density)
    )
    if prices.ndim != 1 or prices.size < 2 or np.any(np.diff(prices) <= 0.0):  # noqa: PLR2004 - a line has two ends
        raise BadInput("prices of a density must be at least two, ascending")
    return prices, values
