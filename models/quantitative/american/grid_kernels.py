"""Compiled finite differences for options on an underlying that pays cash dividends.

Theory of operation
-------------------
Between ex-dates the underlying is lognormal; at an ex-date it drops by the dividend (to nothing, if it was worth
less). This is the spot model: its volatility is that of the quoted price, dividends and all, so an American call can
be exercised just before an ex-date. Going backwards from expiry on a grid uniform in ln S:

* Between ex-dates Crank-Nicolson, whose first two steps after expiry and after each ex-date are four fully implicit
  half steps (Rannacher), because the values there have kinks. Both have the same matrix, factorised once a stretch.
* The right to exercise is a source term that keeps values at or above the payoff, split off and carried from step to
  step (Ikonen and Toivanen, "Operator splitting methods for American option pricing", 2004). It needs no
  knowledge of where exercise pays, so it serves the two-boundary case of negative rates too.
* At an ex-date V(S) becomes V(S − D), by cubic interpolation; then a call may be exercised.
* The spot is a node. The payoff's kink is averaged over its cell, which keeps the second order wherever it falls.
* At both ends the value is linear in S.
"""

from math import ceil, exp, log, sqrt
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from models.quantitative.american.normal_kernels import OPTIONS
from models.quantitative.blocks import Floats

_DAMPED_STEPS: Final = 2
"""Steps after each kink that are split into implicit halves."""
_LOWEST_SHARE = 0.05
"""The grid reaches down for the dividends to this share of the spot at most."""


class Contract(NamedTuple):
    """One option; rate, yield and volatility continuous, per year."""

    spot: float
    strike: float
    years: float
    rate: float
    dividend_yield: float
    vol: float
    is_call: bool
    is_american: bool


class Schedule(NamedTuple):
    """Cash dividends in the order of their ex-dates."""

    years: Floats
    """From now to the ex-date."""
    amounts: Floats


class Grid(NamedTuple):
    """How fine a grid is."""

    space_steps: int
    time_steps: int
    """Over the life of the option; each stretch between ex-dates gets its share."""
    least_steps: int
    """In any stretch."""
    width: float
    """Reach to either side in standard deviations."""


class GridSpace(NamedTuple):
    """Scratch arrays of one grid, over its nodes."""

    spots: Floats
    floors: Floats
    """The payoff where exercise is allowed, else −∞."""
    values: Floats
    sources: Floats
    """What the right to exercise adds, per year."""
    right_side: Floats
    upper: Floats
    """The factorised matrix: what is left above the diagonal, and the inverse pivots."""
    pivots: Floats


def grid_space(grid: Grid) -> GridSpace:
    """Scratch space for a grid."""
    return GridSpace(*(np.zeros(grid.space_steps + 1) for _ in GridSpace._fields))


class _Operator(NamedTuple):
    """dV/dτ on the grid: the inner rows' coefficients, and the two end rows'."""

    below: float
    here: float
    above: float
    first_here: float
    first_above: float
    last_below: float
    last_here: float


@njit(**OPTIONS)
def _operator(contract: Contract, spacing: float) -> _Operator:
    carry = contract.rate - contract.dividend_yield
    variance = contract.vol * contract.vol
    diffusion = 0.5 * variance / (spacing * spacing)
    drift = 0.5 * (carry - 0.5 * variance) / spacing
    first = carry / (exp(spacing) - 1.0)
    last = carry / (1.0 - exp(-spacing))
    rate = contract.rate
    return _Operator(
        diffusion - drift, -2.0 * diffusion - rate, diffusion + drift, -first - rate, first, -last, last - rate
    )


@njit(**OPTIONS)
def _factorise(operator: _Operator, half_step: float, space: GridSpace) -> None:
    """Thomas factors of 1 − half_step·A."""
    last = space.values.size - 1
    space.pivots[0] = 1.0 / (1.0 - half_step * operator.first_here)
    space.upper[0] = -half_step * operator.first_above * space.pivots[0]
    for i in range(1, last):
        space.pivots[i] = 1.0 / (1.0 - half_step * (operator.here - operator.below * space.upper[i - 1]))
        space.upper[i] = -half_step * operator.above * space.pivots[i]
    space.pivots[last] = 1.0 / (1.0 - half_step * (operator.last_here - operator.last_below * space.upper[last - 1]))


@njit(**OPTIONS)
def _explicit(operator: _Operator, half_step: float, space: GridSpace) -> None:
    """The right side becomes (1 + half_step·A)·values."""
    values, last = space.values, space.values.size - 1
    inner = 1.0 + half_step * operator.here
    below, above = half_step * operator.below, half_step * operator.above
    for i in range(1, last):
        space.right_side[i] = inner * values[i] + below * values[i - 1] + above * values[i + 1]
    space.right_side[0] = values[0] + half_step * (operator.first_here * values[0] + operator.first_above * values[1])
    end = operator.last_here * values[last] + operator.last_below * values[last - 1]
    space.right_side[last] = values[last] + half_step * end


@njit(**OPTIONS)
def _solve(operator: _Operator, half_step: float, space: GridSpace) -> None:
    """The values become right_side / (1 − half_step·A)."""
    values, right_side, last = space.values, space.right_side, space.values.size - 1
    below = half_step * operator.below
    values[0] = right_side[0] * space.pivots[0]
    for i in range(1, last):
        values[i] = (right_side[i] + below * values[i - 1]) * space.pivots[i]
    values[last] = (right_side[last] + half_step * operator.last_below * values[last - 1]) * space.pivots[last]
    for i in range(last - 1, -1, -1):
        values[i] -= space.upper[i] * values[i + 1]


@njit(**OPTIONS)
def _advance(operator: _Operator, half_step: float, step: float, space: GridSpace) -> None:
    """One step back in time from `right_side`: the solution without exercise, then the right to exercise."""
    for i in range(space.values.size):
        space.right_side[i] += step * space.sources[i]
    _solve(operator, half_step, space)
    for i in range(space.values.size):
        free = space.values[i] - step * space.sources[i]
        space.values[i] = max(free, space.floors[i])
        space.sources[i] = (space.values[i] - free) / step


@njit(**OPTIONS)
def _copy(values: Floats, to: Floats) -> None:
    for i in range(values.size):
        to[i] = values[i]


@njit(**OPTIONS)
def _march(operator: _Operator, years: float, steps: int, space: GridSpace) -> None:
    """Take the values back over a stretch without ex-dates."""
    step = years / steps
    half = 0.5 * step
    _factorise(operator, half, space)
    for i in range(space.values.size):
        space.sources[i] = 0.0
    for _ in range(2 * _DAMPED_STEPS):
        _copy(space.values, space.right_side)
        _advance(operator, half, half, space)
    for _ in range(steps - _DAMPED_STEPS):
        _explicit(operator, half, space)
        _advance(operator, half, step, space)


@njit(**OPTIONS)
def _drop(amount: float, worthless: float, spacing: float, space: GridSpace) -> None:
    """V(S) becomes V(S − amount); `worthless` is the value where nothing of the underlying is left."""
    spots, values, last = space.spots, space.values, space.values.size - 1
    _copy(values, space.right_side)
    old = space.right_side
    for i in range(last + 1):
        left = spots[i] - amount
        if left <= spots[0]:
            values[i] = worthless + (old[0] - worthless) * max(left, 0.0) / spots[0]
            continue
        place = log(left / spots[0]) / spacing
        k = min(max(int(place), 1), last - 2)
        t = place - k
        values[i] = (
            -t * (t - 1.0) * (t - 2.0) / 6.0 * old[k - 1]
            + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * old[k]
            - (t + 1.0) * t * (t - 2.0) / 2.0 * old[k + 1]
            + (t + 1.0) * t * (t - 1.0) / 6.0 * old[k + 2]
        )


@njit(**OPTIONS)
def _start(contract: Contract, dividends: Schedule, grid: Grid, space: GridSpace) -> tuple[float, int]:
    """Fill spots, payoffs and the values at expiry; returns the spacing in ln S and the spot's node."""
    paid = 0.0
    for k in range(dividends.years.size):
        if 0.0 < dividends.years[k] <= contract.years:
            paid += dividends.amounts[k]
    reach = grid.width * contract.vol * sqrt(contract.years)
    drift = (contract.rate - contract.dividend_yield) * contract.years
    down = reach - log(max(1.0 - paid / contract.spot, _LOWEST_SHARE)) + max(-drift, 0.0)
    spacing = (down + reach + max(drift, 0.0)) / grid.space_steps
    node = min(max(int(down / spacing), 2), grid.space_steps - 2)
    side = 1.0 if contract.is_call else -1.0
    kink = log(contract.strike / contract.spot) / spacing + node
    for i in range(space.spots.size):
        space.spots[i] = contract.spot * exp((i - node) * spacing)
        space.values[i] = max(side * (space.spots[i] - contract.strike), 0.0)
        space.floors[i] = space.values[i] if contract.is_american else -np.inf
    i = int(kink + 0.5)
    if kink > 0.0 and i < space.spots.size:
        edge = (i + side * 0.5 - kink) * spacing
        space.values[i] = contract.strike * (exp(edge) - 1.0 - edge) / spacing
    return spacing, node


@njit(**OPTIONS)
def grid_value(contract: Contract, dividends: Schedule, grid: Grid, space: GridSpace) -> tuple[float, float, float]:
    """Value per share and its first two derivatives in the underlying's price."""
    spacing, node = _start(contract, dividends, grid, space)
    operator = _operator(contract, spacing)
    end = contract.years
    for k in range(dividends.years.size - 1, -2, -1):
        start = dividends.years[k] if k >= 0 else 0.0
        if k >= 0 and not 0.0 < start <= contract.years:
            continue
        if end > start:
            steps = max(ceil(grid.time_steps * (end - start) / contract.years), grid.least_steps)
            _march(operator, end - start, steps, space)
        if k >= 0:
            worthless = 0.0 if contract.is_call else contract.strike
            if not contract.is_american:
                worthless *= exp(-contract.rate * (contract.years - start))
            _drop(dividends.amounts[k], worthless, spacing, space)
            for i in range(space.values.size):
                space.values[i] = max(space.values[i], space.floors[i])
        end = start
    return _read(contract, spacing, node, space)


@njit(**OPTIONS)
def _read(contract: Contract, spacing: float, node: int, space: GridSpace) -> tuple[float, float, float]:
    """Value at the spot, and its derivatives by differences of fourth order in ln S."""
    values = space.values
    near, far = values[node + 1] - values[node - 1], values[node + 2] - values[node - 2]
    slope = (8.0 * near - far) / (12.0 * spacing)
    near, far = values[node + 1] + values[node - 1], values[node + 2] + values[node - 2]
    bend = (16.0 * near - far - 30.0 * values[node]) / (12.0 * spacing * spacing)
    return values[node], slope / contract.spot, (bend - slope) / (contract.spot * contract.spot)
