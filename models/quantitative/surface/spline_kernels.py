"""Cubic splines of a fitted price curve at many points, compiled: values, derivatives, and the rows of a fit.

Theory of operation
-------------------
On each span between knots four B-splines are positive and sum to one. They follow from those of lower degree by de
Boor's recurrence, which adds positive terms only: so a price that is small keeps its digits. Derivatives are splines of
lower degree in the differences of the coefficients. Knots at the ends stand four times.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DEGREE = 3


@njit(cache=True, error_model="numpy")
def _span(t: Floats, x: float) -> int:
    """The last span that begins at or before x, of those that are not empty."""
    low, high = DEGREE, t.size - DEGREE - 1
    while high - low > 1:
        middle = (low + high) // 2
        if x < t[middle]:
            high = middle
        else:
            low = middle
    return low


@njit(cache=True, error_model="numpy")
def _basis(t: Floats, m: int, x: float, work: Floats) -> None:
    """The splines of degree one, two and three that are positive on span m, in two, three and four places of `work`."""
    second = (x - t[m]) / (t[m + 1] - t[m])
    work[0], work[1] = 1.0 - second, second
    left, right = work[0] / (t[m + 1] - t[m - 1]), work[1] / (t[m + 2] - t[m])
    work[2] = (t[m + 1] - x) * left
    work[3] = (x - t[m - 1]) * left + (t[m + 2] - x) * right
    work[4] = (x - t[m]) * right
    left, middle = work[2] / (t[m + 1] - t[m - 2]), work[3] / (t[m + 2] - t[m - 1])
    right = work[4] / (t[m + 3] - t[m])
    work[5] = (t[m + 1] - x) * left
    work[6] = (x - t[m - 2]) * left + (t[m + 2] - x) * middle
    work[7] = (x - t[m - 1]) * middle + (t[m + 3] - x) * right
    work[8] = (x - t[m]) * right


@njit(cache=True, error_model="numpy")
def design(x: Floats, t: Floats, starts: Integers, values: Floats) -> None:
    """The splines that are positive at each x: the first of them, and their values in the row's first four columns."""
    work = np.empty(9)
    for i in range(x.size):
        m = _span(t, x[i])
        _basis(t, m, x[i], work)
        starts[i] = m - DEGREE
        for k in range(DEGREE + 1):
            values[i, k] = work[5 + k]


@njit(cache=True, error_model="numpy")
def evaluate(
    x: Floats, t: Floats, put: Floats, call: Floats, left_power: float, right_power: float, out: Floats
) -> None:
    """The put's price where x ≤ 1, the call's elsewhere, and as many derivatives as `out` has further rows (two).

    Beyond the outer knots they follow the powers.
    """
    work, slopes = np.empty(9), np.empty(3)
    first, last = t[0], t[-1]
    for i in range(x.size):
        is_put = x[i] <= 1.0
        c = put if is_put else call
        near = min(max(x[i], first), last)
        m = _span(t, near)
        _basis(t, m, near, work)
        level = 0.0
        for k in range(DEGREE + 1):
            level += c[m - DEGREE + k] * work[5 + k]
        if x[i] != near:
            power = left_power if is_put else -right_power
            level *= (x[i] / near) ** power
            out[0, i] = level
            if out.shape[0] > 1:
                out[1, i] = level * power / x[i]
                out[2, i] = level * power * (power - 1.0) / x[i] ** 2
            continue
        out[0, i] = level
        if out.shape[0] > 1:
            slope = 0.0
            for k in range(DEGREE):
                j = m - 2 + k
                slopes[k] = DEGREE * (c[j] - c[j - 1]) / (t[j + DEGREE] - t[j])
                slope += slopes[k] * work[2 + k]
            bend = 0.0
            for k in range(DEGREE - 1):
                j = m - 1 + k
                bend += (DEGREE - 1) * (slopes[k + 1] - slopes[k]) / (t[j + DEGREE - 1] - t[j]) * work[k]
            out[1, i], out[2, i] = slope, bend
