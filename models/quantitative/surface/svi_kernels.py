"""The least-squares search of `surface.svi`, compiled; the method is told there.

Parameters are free numbers p: any five of them are a smile whose variance is positive and whose wings keep Lee's bound.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIZE = 5
MAX_STEPS = 80
_ENOUGH = 1e-7
"""Relative fall of the sum of squares below which the search ends."""
_NUDGE = 1e-6
"""Step of the finite differences; the parameters are of order 1."""
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-2, 1e-9, 1e9
_MAX_TILT = 0.999
"""Largest |ρ|."""
_MAX_LEE = 1.99
"""Largest slope of total variance in log moneyness; Lee's bound is 2."""
_DURRLEMAN_FLOOR = 1e-3
"""Durrleman's g is pushed above this, so that it stays above 0 between the points where it is looked at."""
_TINY_VARIANCE = 1e-12


class Smile(NamedTuple):
    """What the search fits: see `surface.svi`."""

    log_moneyness: Floats
    variance: Floats
    """Total implied variances."""
    weight: Floats
    """Inverse error of each variance."""
    scale: float
    """Square root of the total variance at the money: the natural unit of log moneyness."""
    reach: Floats
    """Where g is looked at: k = m + σ·reach."""
    penalty: float
    """Weight of g below its floor."""
    prior: Floats
    """Centre of a weak pull on p, shape (5,), for what the quotes leave open."""
    pull: Floats
    """Its strength, shape (5,)."""


@njit(cache=True, error_model="numpy")
def raw(p: Floats, scale: float) -> tuple[float, float, float, float, float]:
    """SVI's a, b, ρ, m, σ from the free parameters."""
    rho = _MAX_TILT * math.tanh(p[2])
    b = _MAX_LEE / (1.0 + abs(rho)) / (1.0 + math.exp(-p[1]))
    sigma = scale * math.exp(p[4])
    least = scale * scale * math.exp(p[0])
    return least - b * sigma * math.sqrt(1.0 - rho * rho), b, rho, scale * p[3], sigma


@njit(cache=True, error_model="numpy")
def durrleman(k: float, a: float, b: float, rho: float, m: float, sigma: float) -> float:
    """g(k); the density of the underlying is negative where this is."""
    root = math.sqrt((k - m) ** 2 + sigma * sigma)
    w = max(a + b * (rho * (k - m) + root), _TINY_VARIANCE)
    slope = b * (rho + (k - m) / root)
    bend = b * sigma * sigma / root**3
    return (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend


@njit(cache=True, error_model="numpy")
def durrlemans(raw_svi: tuple[float, float, float, float, float], reach: Floats) -> Floats:
    """g(k) at each k = m + σ·reach."""
    a, b, rho, m, sigma = raw_svi
    found = np.empty(reach.size)
    for i in range(reach.size):
        found[i] = durrleman(m + sigma * reach[i], a, b, rho, m, sigma)
    return found


@njit(cache=True, error_model="numpy")
def _residuals(p: Floats, smile: Smile, out: Floats) -> float:
    """Fill the residuals; their sum of squares."""
    a, b, rho, m, sigma = raw(p, smile.scale)
    count = smile.variance.size
    total = 0.0
    for i in range(count):
        x = smile.log_moneyness[i] - m
        w = a + b * (rho * x + math.sqrt(x * x + sigma * sigma))
        out[i] = smile.weight[i] * (w - smile.variance[i])
        total += out[i] ** 2
    for i in range(smile.reach.size):
        g = durrleman(m + sigma * smile.reach[i], a, b, rho, m, sigma)
        out[count + i] = smile.penalty * min(g - _DURRLEMAN_FLOOR, 0.0)
        total += out[count + i] ** 2
    for i in range(SIZE):
        out[count + smile.reach.size + i] = smile.pull[i] * (p[i] - smile.prior[i])
        total += out[count + smile.reach.size + i] ** 2
    return total


@njit(cache=True, error_model="numpy")
def _solve_damped(normal: Floats, gradient: Floats, damping: float) -> Floats:
    """(N + damping·diag(N))·step = −gradient, by Cholesky."""
    factor = normal.copy()
    step = -gradient
    for i in range(SIZE):
        factor[i, i] *= 1.0 + damping
    for i in range(SIZE):
        for j in range(i + 1):
            total = factor[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            factor[i, j] = math.sqrt(max(total, 1e-300)) if i == j else total / factor[j, j]
    for i in range(SIZE):
        for k in range(i):
            step[i] -= factor[i, k] * step[k]
        step[i] /= factor[i, i]
    for i in range(SIZE - 1, -1, -1):
        for k in range(i + 1, SIZE):
            step[i] -= factor[k, i] * step[k]
        step[i] /= factor[i, i]
    return step


@njit(cache=True, error_model="numpy")
def _linearise(p: Floats, smile: Smile, base: Floats, moved: Floats, jacobian: Floats) -> None:
    for j in range(SIZE):
        kept = p[j]
        p[j] = kept + _NUDGE
        _residuals(p, smile, moved)
        p[j] = kept
        for i in range(base.size):
            jacobian[j, i] = (moved[i] - base[i]) / _NUDGE


@njit(cache=True, error_model="numpy")
def search(p: Floats, smile: Smile) -> float:
    """Levenberg and Marquardt's search from p, which it moves; the sum of squares reached."""
    size = smile.variance.size + smile.reach.size + SIZE
    base, moved, jacobian = np.empty(size), np.empty(size), np.empty((SIZE, size))
    normal, gradient = np.empty((SIZE, SIZE)), np.empty(SIZE)
    cost = _residuals(p, smile, base)
    damping = _FIRST_DAMPING
    for _ in range(MAX_STEPS):
        _linearise(p, smile, base, moved, jacobian)
        for i in range(SIZE):
            gradient[i] = np.dot(jacobian[i], base)
            for j in range(i + 1):
                normal[i, j] = normal[j, i] = np.dot(jacobian[i], jacobian[j])
        fallen = -1.0
        while damping < _MOST_DAMPING:
            trial = p + _solve_damped(normal, gradient, damping)
            reached = _residuals(trial, smile, moved)
            if reached < cost:
                fallen = cost - reached
                p[:] = trial
                base[:] = moved
                damping = max(0.2 * damping, _LEAST_DAMPING)
                break
            damping *= 5.0
        if fallen < 0.0 or fallen < _ENOUGH * cost:
            return cost if fallen < 0.0 else reached
        cost = reached
    return cost
