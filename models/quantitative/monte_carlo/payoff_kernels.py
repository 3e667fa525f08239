"""What payoffs need to know of paths, compiled.

`logs` is ln(S/S₀), a row for each step and a column for each path; `rows` are the steps that are observed. Results
have a place for each path. Between two known points a path under Black-Scholes is a Brownian bridge, whose chance to
reach a level and whose extremes are known in closed form, so continuous observation costs no steps.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.american.normal_kernels import exponentials
from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.random_kernels import OPTIONS

_LEAST_VARIANCE: Final = 1e-300


@njit(**OPTIONS)
def averages(
    logs: Floats, rows: NDArray[np.int64], scratch: Floats, bits: NDArray[np.int64], arithmetic: Floats, mean: Floats
) -> None:
    """Mean of S/S₀ over the rows, and mean of its logarithm."""
    paths = logs.shape[1]
    for j in range(paths):
        arithmetic[j] = mean[j] = 0.0
    for i in rows:
        for j in range(paths):
            scratch[j] = logs[i, j]
            mean[j] += logs[i, j]
        exponentials(scratch, bits, paths)
        for j in range(paths):
            arithmetic[j] += scratch[j]
    share = 1.0 / rows.size
    for j in range(paths):
        arithmetic[j] *= share
        mean[j] *= share


@njit(**OPTIONS)
def extremes(logs: Floats, rows: NDArray[np.int64], lowest: Floats, highest: Floats) -> None:
    """Least and greatest logarithm over the rows."""
    for j in range(logs.shape[1]):
        lowest[j], highest[j] = np.inf, -np.inf
    for i in rows:
        for j in range(logs.shape[1]):
            lowest[j] = min(lowest[j], logs[i, j])
            highest[j] = max(highest[j], logs[i, j])


@njit(**OPTIONS)
def bridge_extreme(logs: Floats, variances: Floats, normals: Floats, side: float, extreme: Floats) -> None:
    """Greatest (`side` +1) or least (−1) logarithm on the way, the start included, of paths observed all the time.

    Half the sum of two squared normal numbers is the exponential that the bridge's extreme needs. They are the rows
    of the second and third third of `normals`.
    """
    steps = logs.shape[0]
    for j in range(logs.shape[1]):
        extreme[j] = 0.0
    for i in range(steps):
        for j in range(logs.shape[1]):
            before = side * logs[i - 1, j] if i > 0 else 0.0
            after = side * logs[i, j]
            first, second = normals[steps + i, j], normals[2 * steps + i, j]
            exponential = 0.5 * (first * first + second * second)
            spread = (after - before) * (after - before) + 2.0 * variances[i, j] * exponential
            extreme[j] = max(extreme[j], 0.5 * (before + after + np.sqrt(spread)))
    for j in range(logs.shape[1]):
        extreme[j] *= side


@njit(**OPTIONS)
def survivals(logs: Floats, rows: NDArray[np.int64], barrier: float, side: float, survival: Floats) -> None:
    """1 where no observed logarithm is at the barrier or beyond it (above with `side` +1), else 0."""
    for j in range(logs.shape[1]):
        survival[j] = 1.0
    for i in rows:
        for j in range(logs.shape[1]):
            survival[j] = survival[j] if side * (barrier - logs[i, j]) > 0.0 else 0.0


@njit(**OPTIONS)
def bridge_survivals(
    logs: Floats, variances: Floats, barrier: float, side: float, scratch: Floats, bits: NDArray[np.int64], out: Floats
) -> None:
    """Probability that the path between its points has not reached the barrier; `variances` are those of steps."""
    paths = logs.shape[1]
    for j in range(paths):
        out[j] = 1.0
    for i in range(logs.shape[0]):
        for j in range(paths):
            before = max(side * (barrier - (logs[i - 1, j] if i > 0 else 0.0)), 0.0)
            after = max(side * (barrier - logs[i, j]), 0.0)
            scratch[j] = -2.0 * before * after / max(variances[i, j], _LEAST_VARIANCE)
        exponentials(scratch, bits, paths)
        for j in range(paths):
            out[j] *= 1.0 - scratch[j]


@njit(**OPTIONS)
def first_calls(logs: Floats, rows: NDArray[np.int64], level: float, first: NDArray[np.int64]) -> None:
    """Which observation is the first at the level or above it; their number where none is."""
    for j in range(logs.shape[1]):
        first[j] = rows.size
    for k in range(rows.size - 1, -1, -1):
        i = rows[k]
        for j in range(logs.shape[1]):
            first[j] = k if logs[i, j] >= level else first[j]
