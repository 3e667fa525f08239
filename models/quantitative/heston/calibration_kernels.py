"""Prices of one expiry and their slopes in all parameters, compiled.

Theory of operation
-------------------
All strikes of an expiry share one contour, p = 1/2 + ib·sinh(y), so that the moments, the dear part, are computed
once a point; a strike adds a sine and a cosine. What the integral is worth there is the call less F/K (see
`contour_kernels`), and the trapezoidal step is halved in the same way. Slopes of the exponent are those of Cui, del
Baño Rollin and Germano (2017), brought to the form of `characteristic_kernels`.
"""

from math import cos, cosh, exp, pi, sin, sinh

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.blocks import Floats
from models.quantitative.heston.characteristic_kernels import (
    OPTIONS,
    Model,
    jump_rate,
    log_of_one_more,
    one_less_decay,
    square_root,
)

Complexes = NDArray[np.complex128]
COLUMNS = 9
"""Of the results: the price, then its slope in each field of `Model`."""
_WITHOUT_JUMPS = 6
_WIDTH = 0.4
_FIRST_STEP = 0.4
_HALVINGS = 5
_MATCH = 1e-7
_NEGLIGIBLE = 1e-15
_MOST_POINTS = 120


@njit(**OPTIONS)
def slopes(p: complex, years: float, model: Model, results: Complexes) -> None:
    """The exponent, then its slope in each parameter."""
    sigma, variance, curve = model.sigma, model.sigma * model.sigma, p * (p - 1.0)
    beta = model.kappa - model.rho * sigma * p
    root = square_root(beta * beta - variance * curve)
    gone = one_less_decay(root * years)
    left = 1.0 - gone
    rate = curve / (beta + root)
    below = root * (1.0 + left) + beta * gone
    slope = curve * gone / below
    logarithm = log_of_one_more(0.5 * variance * rate * gone / root)
    level = rate * years - 2.0 / variance * logarithm
    results[0] = model.kappa * model.theta * level + model.v0 * slope + years * jump_rate(p, model)
    results[1] = slope
    results[3] = model.kappa * level
    for place, beta_slope, inner in (
        (2, complex(1.0, 0.0), beta),
        (4, -model.rho * p, -model.rho * p * beta - sigma * curve),
        (5, -sigma * p, -sigma * p * beta),
    ):
        root_slope = inner / root
        gone_slope = years * left * root_slope
        below_slope = root_slope * (1.0 + left) - root * gone_slope + beta_slope * gone + beta * gone_slope
        of_slope = curve * (gone_slope - gone * below_slope / below) / below
        of_rate = -rate * (beta_slope + root_slope) / (beta + root)
        of_level = of_rate * years - 2.0 / variance * (below_slope / below - root_slope / root)
        results[place] = model.kappa * model.theta * of_level + model.v0 * of_slope
    results[2] += model.theta * level
    results[4] += model.kappa * model.theta * 4.0 * logarithm / (variance * sigma)
    if model.intensity > 0.0:
        half = 0.5 * model.jump_std * model.jump_std
        mean, grown = exp(model.jump_mean + half), np.exp(p * (model.jump_mean + half * p))
        results[6] = years * (grown - 1.0 - p * (mean - 1.0))
        results[7] = years * model.intensity * p * (grown - mean)
        results[8] = years * model.intensity * model.jump_std * p * (p * grown - mean)


@njit(**OPTIONS)
def _add_point(y: float, k: Floats, years: float, model: Model, parts: Complexes, sums: Floats) -> float:
    """Add one point of the contour to the sums of all strikes; how large it is."""
    height = _WIDTH * sinh(y)
    p = complex(0.5, height)
    slopes(p, years, model, parts)
    density = _WIDTH * cosh(y) * np.exp(parts[0]) / (p * (p - 1.0))
    used = COLUMNS if model.intensity > 0.0 else _WITHOUT_JUMPS
    parts[0] = density
    for n in range(1, used):
        parts[n] *= density
    for i in range(k.size):
        turned, upright = sin(height * k[i]), cos(height * k[i])
        for n in range(used):
            sums[i, n] += parts[n].real * upright + parts[n].imag * turned
    return abs(density)


@njit(**OPTIONS)
def expiry_values(k: Floats, years: float, model: Model, sums: Floats, fresh: Floats, parts: Complexes) -> bool:
    """Fill `sums` with the call less F/K per unit of strike, undiscounted, and its slopes; whether steps agreed.

    `k` are ln(K/F); `sums` and `fresh` have shape (strikes, COLUMNS).
    """
    sums[:] = 0.0
    fresh[:] = 0.0
    largest = _add_point(0.0, k, years, model, parts, sums)
    sums *= 0.5
    step, last = _FIRST_STEP, 0
    while last < _MOST_POINTS:
        last += 1
        size = _add_point(last * step, k, years, model, parts, sums)
        largest = max(largest, size)
        if size <= _NEGLIGIBLE * largest:
            break
    sums *= step
    agreed = False
    for _ in range(_HALVINGS):
        fresh[:] = 0.0
        for j in range(last):
            _add_point((j + 0.5) * step, k, years, model, parts, fresh)
        off = 0.0
        for i in range(k.size):
            off = max(off, abs(step * fresh[i, 0] - sums[i, 0]) - _MATCH * abs(sums[i, 0]))
            for n in range(COLUMNS):
                sums[i, n] = 0.5 * (sums[i, n] + step * fresh[i, n])
        step, last = 0.5 * step, 2 * last
        agreed = off <= 0.0
        if agreed:
            break
    for i in range(k.size):
        weight = exp(-0.5 * k[i]) / pi
        for n in range(COLUMNS):
            sums[i, n] *= weight
    return agreed


@njit(**OPTIONS)
def chain_values(k: Floats, years: Floats, starts: NDArray[np.int64], model: Model, results: Floats) -> bool:
    """`expiry_values` of every expiry; expiry n has the rows from `starts[n]` to `starts[n + 1]`."""
    fresh, parts = np.zeros((k.size, COLUMNS)), np.zeros(COLUMNS, dtype=np.complex128)
    agreed = True
    for n in range(starts.size - 1):
        rows = slice(starts[n], starts[n + 1])
        agreed &= expiry_values(k[rows], years[starts[n]], model, results[rows], fresh[rows], parts)
    return agreed
