"""Quadratic programs whose every row touches five neighbouring unknowns at most, such as fits of splines.

Theory of operation
-------------------
Minimise ½·Σ weight·(row·x − target)² over x, subject to row·x ≥ limit. A limit is hard, or soft at a cost: falling
short by t costs cost·t, so it is kept wherever it can be and gives way otherwise. The method is Mehrotra's
predictor–corrector (Nocedal and Wright, "Numerical Optimization", chapter 16). With slacks s, shortfalls t and
multipliers z (of the limit) and v = cost − z (of t ≥ 0), Newton's equations reduce to

    (H + Gᵀ·E·G)·dx = right-hand side,    E = 1/(s/z + t/v),

where t/v is absent for a hard limit. Rows are local, so the matrix has four bands on either side of its diagonal and is
factorised in time proportional to the number of unknowns.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WIDTH = 5
"""Unknowns a row touches."""
MAX_STEPS = 100
TOLERANCE = 1e-8
"""Of the residuals and of the mean complementarity; rows are scaled so that 1 is their natural size."""
_BACK_OFF = 0.995
"""Share of the way to the nearest boundary that a step goes."""
_GOOD_STEP, _CENTRING = 0.7, 0.2
"""After a step shorter than the first the corrector is left out and at least the second share of complementarity is
aimed for: without this the method can go in circles."""
_SINGULAR, _IMMOVABLE = 1e-15, 1e100
"""A pivot that rounding leaves below this share of its diagonal is replaced: its unknown stays where it is."""


class Rows(NamedTuple):
    """Linear functions of the unknowns: row i is Σ values[i, j]·x[starts[i] + j]."""

    starts: Integers
    values: Floats
    """Shape (rows, WIDTH)."""


class State(NamedTuple):
    """Where the search stands: the slacks, shortfalls and both multipliers of each limit."""

    slack: Floats
    short: Floats
    dual: Floats
    short_dual: Floats


@njit(cache=True, error_model="numpy")
def _dot(rows: Rows, row: int, x: Floats) -> float:
    start = rows.starts[row]
    total = 0.0
    for j in range(WIDTH):
        total += rows.values[row, j] * x[start + j]
    return total


@njit(cache=True, error_model="numpy")
def _add_outer(rows: Rows, row: int, weight: float, band: Floats) -> None:
    """Add weight·rowᵀrow to the lower band of a symmetric matrix; band[d, i] is its element (i + d, i)."""
    start = rows.starts[row]
    for j in range(WIDTH):
        scaled = weight * rows.values[row, j]
        for k in range(j, WIDTH):
            band[k - j, start + j] += scaled * rows.values[row, k]


@njit(cache=True, error_model="numpy")
def _add_row(rows: Rows, row: int, weight: float, out: Floats) -> None:
    start = rows.starts[row]
    for j in range(WIDTH):
        out[start + j] += weight * rows.values[row, j]


@njit(cache=True, error_model="numpy")
def _factorise(band: Floats) -> None:
    """Overwrite the lower band with its Cholesky factor L."""
    size = band.shape[1]
    diagonal = band[0].copy()
    for i in range(size):
        pivot = band[0, i] ** 0.5 if band[0, i] > _SINGULAR * diagonal[i] else _IMMOVABLE
        band[0, i] = pivot
        reach = min(WIDTH, size - i)
        for d in range(1, reach):
            band[d, i] /= pivot
        for d in range(1, reach):
            for e in range(d, reach):
                band[e - d, i + d] -= band[e, i] * band[d, i]


@njit(cache=True, error_model="numpy")
def _substitute(band: Floats, right: Floats) -> None:
    """Overwrite `right` with the solution of L·Lᵀ·x = right."""
    size = band.shape[1]
    for i in range(size):
        right[i] /= band[0, i]
        for d in range(1, min(WIDTH, size - i)):
            right[i + d] -= band[d, i] * right[i]
    for i in range(size - 1, -1, -1):
        for d in range(1, min(WIDTH, size - i)):
            right[i] -= band[d, i] * right[i + d]
        right[i] /= band[0, i]


@njit(cache=True, error_model="numpy")
def _mean_gap(state: State, costs: Floats, step: float, change: State) -> float:
    """Mean complementarity after a step."""
    total, count = 0.0, 0
    for i in range(costs.size):
        total += (state.slack[i] + step * change.slack[i]) * (state.dual[i] + step * change.dual[i])
        count += 1
        if costs[i] < np.inf:
            total += (state.short[i] + step * change.short[i]) * (state.short_dual[i] - step * change.dual[i])
            count += 1
    return total / count


@njit(cache=True, error_model="numpy")
def _longest_step(state: State, costs: Floats, change: State) -> float:
    """The longest step, at most 1, that keeps every slack and multiplier at or above zero."""
    step = 1.0
    for i in range(costs.size):
        if change.slack[i] < 0.0:
            step = min(step, -state.slack[i] / change.slack[i])
        if change.dual[i] < 0.0:
            step = min(step, -state.dual[i] / change.dual[i])
        if costs[i] < np.inf:
            if change.short[i] < 0.0:
                step = min(step, -state.short[i] / change.short[i])
            if change.dual[i] > 0.0:
                step = min(step, state.short_dual[i] / change.dual[i])
    return step


@njit(cache=True, error_model="numpy")
def _direction(
    limits: Rows,
    costs: Floats,
    short_of: Floats,
    gradient: Floats,
    factor: Floats,
    state: State,
    aim: float,
    last: State,
    dx: Floats,
    change: State,
) -> None:
    """Newton's direction towards complementarity `aim`, corrected by the products of the `last` direction."""
    count = costs.size
    pull = np.empty(count)
    stiffness = np.empty(count)
    for i in range(dx.size):
        dx[i] = -gradient[i]
    for i in range(count):
        hold = aim - state.slack[i] * state.dual[i] - last.slack[i] * last.dual[i]
        pull[i] = hold / state.dual[i] - short_of[i]
        loose = state.slack[i] / state.dual[i]
        if costs[i] < np.inf:
            give = aim - state.short[i] * state.short_dual[i] + last.short[i] * last.dual[i]
            pull[i] -= give / state.short_dual[i]
            loose += state.short[i] / state.short_dual[i]
        stiffness[i] = 1.0 / loose
        _add_row(limits, i, stiffness[i] * pull[i], dx)
    _substitute(factor, dx)
    for i in range(count):
        change.dual[i] = stiffness[i] * (pull[i] - _dot(limits, i, dx))
        hold = aim - state.slack[i] * state.dual[i] - last.slack[i] * last.dual[i]
        change.slack[i] = (hold - state.slack[i] * change.dual[i]) / state.dual[i]
        if costs[i] < np.inf:
            give = aim - state.short[i] * state.short_dual[i] + last.short[i] * last.dual[i]
            change.short[i] = (give + state.short[i] * change.dual[i]) / state.short_dual[i]


@njit(cache=True, error_model="numpy")
def _blank(count: int) -> State:
    return State(np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count))


@njit(cache=True, error_model="numpy")
def _start(limits: Rows, bounds: Floats, costs: Floats, x: Floats) -> State:
    state = _blank(bounds.size)
    for i in range(bounds.size):
        state.slack[i] = max(_dot(limits, i, x) - bounds[i], 1.0)
        state.dual[i] = min(1.0, 0.5 * costs[i])
        state.short[i] = 1.0
        state.short_dual[i] = costs[i] - state.dual[i]
    return state


@njit(cache=True, error_model="numpy")
def _advance(state: State, costs: Floats, step: float, change: State) -> None:
    for i in range(costs.size):
        state.slack[i] += step * change.slack[i]
        state.dual[i] += step * change.dual[i]
        if costs[i] < np.inf:
            state.short[i] += step * change.short[i]
            state.short_dual[i] -= step * change.dual[i]


@njit(cache=True, error_model="numpy")
def _measure(
    limits: Rows,
    bounds: Floats,
    costs: Floats,
    state: State,
    x: Floats,
    gradient: Floats,
    short_of: Floats,
    matrix: Floats,
) -> float:
    """Take the limits into gradient and matrix, and fill what each is short of; the largest of these."""
    worst = 0.0
    for i in range(bounds.size):
        _add_row(limits, i, -state.dual[i], gradient)
        short_of[i] = _dot(limits, i, x) - state.slack[i] - bounds[i]
        loose = state.slack[i] / state.dual[i]
        if costs[i] < np.inf:
            short_of[i] += state.short[i]
            loose += state.short[i] / state.short_dual[i]
        worst = max(worst, abs(short_of[i]))
        _add_outer(limits, i, 1.0 / loose, matrix)
    return worst


@njit(cache=True, error_model="numpy")
def _step(
    limits: Rows,
    costs: Floats,
    short_of: Floats,
    gradient: Floats,
    factor: Floats,
    state: State,
    before: float,
    x: Floats,
) -> float:
    """Predict, correct and move; the length of the step, where that of the last was `before`."""
    guess, change, none = _blank(costs.size), _blank(costs.size), _blank(costs.size)
    dx = np.empty(x.size)
    gap = _mean_gap(state, costs, 0.0, none)
    _direction(limits, costs, short_of, gradient, factor, state, 0.0, none, dx, guess)
    after = _mean_gap(state, costs, _longest_step(state, costs, guess), guess)
    aim = gap * (after / gap) ** 3
    if before > _GOOD_STEP:
        _direction(limits, costs, short_of, gradient, factor, state, aim, guess, dx, change)
    else:
        _direction(limits, costs, short_of, gradient, factor, state, max(aim, _CENTRING * gap), none, dx, change)
    step = min(1.0, _BACK_OFF * _longest_step(state, costs, change))
    x += step * dx
    _advance(state, costs, step, change)
    return step


@njit(cache=True, error_model="numpy")
def solve(
    aims: Rows, targets: Floats, weights: Floats, limits: Rows, bounds: Floats, costs: Floats, x: Floats
) -> tuple[int, float]:
    """Move x from a first guess to the solution; the steps taken, and the largest residual left.

    Soft limits have a finite cost, hard ones an infinite one.
    """
    hessian = np.zeros((WIDTH, x.size))
    for i in range(targets.size):
        _add_outer(aims, i, weights[i], hessian)
    state, none = _start(limits, bounds, costs, x), _blank(bounds.size)
    gradient, short_of = np.empty(x.size), np.empty(bounds.size)
    least, best, step = np.inf, x.copy(), 1.0
    for steps in range(MAX_STEPS):
        gradient[:] = 0.0
        for i in range(targets.size):
            _add_row(aims, i, weights[i] * (_dot(aims, i, x) - targets[i]), gradient)
        matrix = hessian.copy()
        worst = _measure(limits, bounds, costs, state, x, gradient, short_of, matrix)
        gap = _mean_gap(state, costs, 0.0, none)
        if not gap < np.inf:
            break
        worst = max(worst, gap)
        if worst < least:
            least, best[:] = worst, x
        if worst < TOLERANCE:
            return steps, worst
        _factorise(matrix)
        step = _step(limits, costs, short_of, gradient, matrix, state, step, x)
    x[:] = best
    return MAX_STEPS, least
