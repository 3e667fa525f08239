"""Paths of the underlying from normal numbers, compiled. Arrays have a row for each step and a column for each path.

Theory of operation
-------------------
Black-Scholes is exact at any length of step. Heston follows Andersen, "Simple and efficient simulation of the Heston
stochastic volatility model" (2008): the next variance has the right mean and variance, as a squared normal number
where it is unlikely to touch zero (ψ ≤ 1.5) and as an exponential with a mass at zero elsewhere; the underlying's
step follows from the variance at both ends. His correction of the drift makes the discounted underlying a martingale
in the scheme itself, not only in its limit.

`sign` −1 takes every normal number from the other side: the antithetic path.
"""

from math import erfc, log, sqrt
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.random_kernels import OPTIONS, logarithms

_LARGEST_PSI: Final = 1.5
_SQRT_HALF: Final = sqrt(0.5)
UNREAD_STEPS: Final = 16
"""After so many steps the logarithm is taken anyway: a longer product might leave the range of a double."""


@njit(**OPTIONS)
def black_scholes_paths(normals: Floats, drifts: Floats, deviations: Floats, sign: float, logs: Floats) -> None:
    """Ln(S/S₀) after each step, from the mean and standard deviation of each step's change."""
    for j in range(logs.shape[1]):
        logs[0, j] = drifts[0] + sign * deviations[0] * normals[0, j]
    for i in range(1, logs.shape[0]):
        drift, deviation = drifts[i], sign * deviations[i]
        for j in range(logs.shape[1]):
            logs[i, j] = logs[i - 1, j] + drift + deviation * normals[i, j]


class HestonStep(NamedTuple):
    """What a step of given length needs; names as in Andersen (2008), whose half-and-half weights it takes."""

    decay: float
    """exp(−κΔ)."""
    pull: float
    """θ·(1 − decay), the long variance's part of the mean."""
    variance_slope: float
    variance_floor: float
    """The next variance's variance is slope·v + floor."""
    k1: float
    k2: float
    k3: float
    growth: float
    """(r − q)·Δ."""
    uncorrected: float
    """K₀ without the correction, for steps so long that it does not exist."""
    is_read: float
    """1 where somebody looks at the price after the step: until then logarithms are put off."""


class Scratch(NamedTuple):
    """For one step, a place for each path."""

    psi: Floats
    after: Floats
    """The variance at the end."""
    left: Floats
    powers: NDArray[np.int64]


@njit(**OPTIONS)
def _exponential(step: HestonStep, before: float, psi: float, normal: float) -> tuple[float, float]:
    """The variance after a step that may end at zero, and K₀ with the martingale correction."""
    mean = before * step.decay + step.pull
    at_zero = (psi - 1.0) / (psi + 1.0)
    beta = (1.0 - at_zero) / mean
    reach = step.k2 + 0.5 * step.k3
    correction = step.uncorrected
    if reach < beta:
        known = (step.k1 + 0.5 * step.k3) * before
        correction = -log(at_zero + beta * (1.0 - at_zero) / (beta - reach)) - known
    above = 0.5 * erfc(normal * _SQRT_HALF)
    return (log((1.0 - at_zero) / above) / beta if above < 1.0 - at_zero else 0.0), correction


@njit(**OPTIONS)
def _next_variances(
    step: HestonStep, before: Floats, normals: Floats, sign: float, corrections: Floats, work: Scratch
) -> None:
    """The variances after a step, in `work.after`, and K₀ with the martingale correction but for half of a logarithm:
    its argument goes into the product `work.left`.

    First all paths as if none came near zero, without a branch; then those that do, one by one.
    """
    reach, first = step.k2 + 0.5 * step.k3, step.k1 + 0.5 * step.k3  # reach is A in the paper
    for j in range(before.size):
        mean = before[j] * step.decay + step.pull
        psi = (before[j] * step.variance_slope + step.variance_floor) / (mean * mean)
        inverse = 2.0 / min(psi, _LARGEST_PSI)
        b_squared = inverse - 1.0 + np.sqrt(inverse * (inverse - 1.0))
        a = mean / (1.0 + b_squared)
        root = np.sqrt(b_squared) + sign * normals[j]
        left = 1.0 - 2.0 * reach * a
        exists = left > 0.0
        corrections[j] = -reach * b_squared * a / left - first * before[j] if exists else step.uncorrected
        work.after[j] = a * root * root
        work.left[j] *= left if exists and psi <= _LARGEST_PSI else 1.0
        work.psi[j] = psi
    for j in range(before.size):
        if work.psi[j] > _LARGEST_PSI:
            work.after[j], corrections[j] = _exponential(step, before[j], work.psi[j], sign * normals[j])


@njit(**OPTIONS)
def heston_paths(
    normals: Floats,
    steps: Floats,
    first_variance: float,
    sign: float,
    logs: Floats,
    variances: Floats,
    work: Scratch,
) -> None:
    """Ln(S/S₀) after each step that is read, and the mean variance during each.

    The first half of `normals` moves the variance, the second the underlying. `steps` has a row for each step: the
    fields of `HestonStep`.
    """
    count, paths = logs.shape
    for j in range(paths):
        variances[0, j] = first_variance
        work.left[j] = 1.0
    for i in range(count):
        row = steps[i]
        step = HestonStep(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9])
        # Until a step is done, its row of variances holds those it starts from, and its row of logarithms K₀.
        _next_variances(step, variances[i], normals[i], sign, logs[i], work)
        for j in range(paths):
            before, after = variances[i, j], work.after[j]
            change = logs[i, j] + step.growth + step.k1 * before + step.k2 * after
            change += np.sqrt(step.k3 * (before + after)) * sign * normals[count + i, j]
            logs[i, j] = change + (logs[i - 1, j] if i > 0 else 0.0)
            variances[i, j] = 0.5 * (before + after)
        if step.is_read > 0.0:
            logarithms(work.left, work.powers)
            for j in range(paths):
                logs[i, j] += 0.5 * work.left[j]
                work.left[j] = 1.0
        if i + 1 < count:
            for j in range(paths):
                variances[i + 1, j] = work.after[j]


@njit(**OPTIONS)
def correlated_ends(
    normals: Floats, factor: Floats, drifts: Floats, deviations: Floats, sign: float, logs: Floats
) -> None:
    """Ln(S/S₀) at expiry of each of several underlyings; `factor` is the lower root of their correlations."""
    for i in range(logs.shape[0]):
        for j in range(logs.shape[1]):
            logs[i, j] = drifts[i]
        for k in range(i + 1):
            weight = sign * deviations[i] * factor[i, k]
            for j in range(logs.shape[1]):
                logs[i, j] += weight * normals[k, j]


class Bridge(NamedTuple):
    """In which order a path is pinned down: each place from its two neighbours that are known. −1 is the start."""

    place: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    left_weight: Floats
    right_weight: Floats
    deviation: Floats
    step_roots: Floats
    """√ of each step's years."""


@njit(**OPTIONS)
def bridge_normals(points: Floats, factors: int, bridge: Bridge, normals: Floats) -> None:
    """Normal numbers of steps in the order of time from `points` in the order of the bridge.

    Row k·`factors` + f of the points is the k-th choice of factor f; rows of `normals` are all steps of one factor
    after those of another. The early choices, which points of low discrepancy cover best, decide the most.
    """
    steps = bridge.place.size
    for f in range(factors):
        for k in range(steps):
            here, left, right = f * steps + bridge.place[k], bridge.left[k], bridge.right[k]
            for j in range(points.shape[1]):
                level = bridge.deviation[k] * points[k * factors + f, j]
                if left >= 0:
                    level += bridge.left_weight[k] * normals[f * steps + left, j]
                if right >= 0:
                    level += bridge.right_weight[k] * normals[f * steps + right, j]
                normals[here, j] = level
        for i in range(steps - 1, -1, -1):
            here = f * steps + i
            for j in range(points.shape[1]):
                before = normals[here - 1, j] if i > 0 else 0.0
                normals[here, j] = (normals[here, j] - before) / bridge.step_roots[i]
