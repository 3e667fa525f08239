"""Levenberg and Marquardt's method for few unknowns between bounds.

Unknowns that stand on a bound and would be pushed beyond it are held; the others take a damped Gauss–Newton step that
is cut off at the bounds. The damping follows Nielsen (1999): less after a good step, more after a bad one.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from models.quantitative.blocks import Floats

Residuals = Callable[[Floats], tuple[Floats, Floats]]
"""From the unknowns, shape (n,), the residuals, shape (m,), and their slopes, shape (m, n)."""
_FIRST_DAMPING = 1e-3
_SMALLEST_STEP = 1e-10
_SMALLEST_GAIN = 1e-12
_NOTHING = 1e-26
"""Mean square that is rounding."""
_MOST_DAMPING = 1e12


class Fit(NamedTuple):
    """Where it ended."""

    unknowns: Floats
    mean_square: float
    converged: bool
    evaluations: int


def fit(residuals: Residuals, start: Floats, low: Floats, high: Floats, most_evaluations: int) -> Fit:
    """Least sum of squares from `start`, which lies between `low` and `high`."""
    here = np.clip(start, low, high)
    off, slopes = residuals(here)
    cost, damping, growth = float(off @ off), _FIRST_DAMPING, 2.0
    for evaluation in range(2, most_evaluations + 1):
        gradient, normal = slopes.T @ off, slopes.T @ slopes
        held = ((here <= low) & (gradient > 0.0)) | ((here >= high) & (gradient < 0.0))
        free = np.flatnonzero(~held)
        if cost <= _NOTHING * off.size or free.size == 0:
            return Fit(here, cost / off.size, converged=True, evaluations=evaluation - 1)
        system = normal[np.ix_(free, free)]
        system[np.diag_indices_from(system)] += damping * np.maximum(np.diag(system), 1e-12 * np.max(np.diag(normal)))
        there = here.copy()
        there[free] -= np.linalg.solve(system, gradient[free])
        there = np.clip(there, low, high)
        step = there - here
        new_off, new_slopes = residuals(there)
        new_cost = float(new_off @ new_off)
        foreseen = -float(step @ (2.0 * gradient + normal @ step))
        if new_cost < cost:
            gain = (cost - new_cost) / max(foreseen, 1e-300)
            settled = cost - new_cost <= _SMALLEST_GAIN * cost
            here, off, slopes, cost = there, new_off, new_slopes, new_cost
            damping, growth = damping * max(1.0 / 3.0, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3), 2.0
        else:
            settled = False
            damping, growth = damping * growth, 2.0 * growth
        if settled or np.max(np.abs(step)) <= _SMALLEST_STEP or damping > _MOST_DAMPING:
            return Fit(here, cost / off.size, converged=True, evaluations=evaluation)
    return Fit(here, cost / off.size, converged=False, evaluations=most_evaluations)
