"""Means and spreads of payoffs and their controls, and the estimate that follows.

Each part of the work gives its own, which are combined in a fixed order (Chan, Golub and LeVeque, "Algorithms for
computing the sample variance", 1983): the result has the same bits whoever computed which part, and no sum of squares
cancels.
"""

from collections.abc import Iterable
from functools import reduce
from math import sqrt
from typing import NamedTuple

import numpy as np

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.settings import Estimate


class Moments(NamedTuple):
    """Of payoffs y and controls c, the latter less their expectation."""

    size: int
    payoff: float
    """Mean."""
    control: float
    payoff_squares: float
    """Σ(y − mean)²."""
    products: float
    control_squares: float


def moments(payoffs: Floats, controls: Floats) -> Moments:
    """Of one part."""
    payoff, control = float(payoffs.mean()), float(controls.mean())
    y, c = payoffs - payoff, controls - control
    return Moments(payoffs.size, payoff, control, float((y * y).sum()), float((y * c).sum()), float((c * c).sum()))


def combined(parts: Iterable[Moments]) -> Moments:
    """Of all parts together, from the first to the last."""
    return reduce(_joined, parts)


def _joined(a: Moments, b: Moments) -> Moments:
    count = a.size + b.size
    share, weight = b.size / count, a.size * b.size / count
    payoff, control = b.payoff - a.payoff, b.control - a.control
    return Moments(
        count,
        a.payoff + share * payoff,
        a.control + share * control,
        a.payoff_squares + b.payoff_squares + weight * payoff * payoff,
        a.products + b.products + weight * payoff * control,
        a.control_squares + b.control_squares + weight * control * control,
    )


def _slope(total: Moments) -> float:
    """Of payoffs on controls."""
    return total.products / total.control_squares if total.control_squares > 0.0 else 0.0


def estimate(total: Moments, paths: int) -> Estimate:
    """Of independent payoffs."""
    slope = _slope(total)
    freedom = total.size - (2 if slope else 1)
    squares = max(total.payoff_squares - slope * total.products, 0.0)
    error = sqrt(squares / max(freedom, 1) / total.size)
    return Estimate(total.payoff - slope * total.control, error, paths, total.size)


def estimate_of_groups(groups: list[Moments], paths: int) -> Estimate:
    """Of groups that are independent of each other, but not within."""
    slope = _slope(combined(groups))
    prices = np.array([group.payoff - slope * group.control for group in groups])
    error = sqrt(float(prices.var(ddof=1)) / prices.size)
    return Estimate(float(prices.mean()), error, paths, prices.size)
