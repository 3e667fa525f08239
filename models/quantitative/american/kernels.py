"""Compiled core of the American price with a continuous yield.

Theory of operation
-------------------
After Andersen, Lake and Offengenden, "High-performance American option pricing" (2016). A put is exercised once the
underlying falls to a boundary B(τ), τ being the time left. With the strike as the unit, ρ = rT, κ = qT, s = σ√T and
times as shares of T, the put is worth its European price plus what exercise earns below the boundary,

    ∫ [ρ·exp(−ρt)·Φ(−d₋) − κ·(S/K)·exp(−κt)·Φ(−d₊)] dt,    d± = ln(S / B(1 − t))/(s√t) + ((ρ − κ)/s ± s/2)·√t.

That its slope is −1 at the boundary itself gives one equation for each B(τ), B/K = N/D, where N and D are the
same kind of integrals over φ(d₋), φ(d₊) and Φ(d₊); the term at expiry, where the strike stands in for the
boundary, is just one more point of the sum. Between the nodes (ln B/B(0))² is interpolated, which is nearly linear in
√τ. The equations of all nodes are solved together by Newton's method: the authors' fixed-point iteration oscillates
near expiry where rate and yield are close, the whole derivative costs less than one more round of it, and its condition
number is about 2.

A call is a put on the strike: C(S, K, r, q) = P(K, S, q, r).
"""

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.american.normal_kernels import OPTIONS, distribution, exponentials
from models.quantitative.american.schemes import Scheme
from models.quantitative.blocks import Floats

NEVER, BELOW, BETWEEN = 0, 1, 2
"""Where early exercise of a put may pay: nowhere, below one boundary, or between two."""

_SQRT_2PI = sqrt(2.0 * pi)
_SQRT_HALF = sqrt(0.5)
_TINY = 1e-300
_NEAR_CAP = 1e-7
"""Where ln(B/B(0)) is smaller than this, it is taken not to move with the nodes."""
_HIGHEST_LOG = -1e-12
"""The boundary stays this far below where it ends at expiry, so that its slope there has a sign."""
_SETTLED = 1e-8
"""A boundary whose last step was no longer than this is a place to start from."""
_CONVERGING = 1e-2
"""From there, the second step may be this share of the first."""


class _Guess(NamedTuple):
    """Numbers fitted to boundaries of realistic contracts, for `_guess`."""

    base: float
    slope: float
    scale: float
    width: float
    blend: float
    cap: float
    slowest: float


_GUESS = _Guess(base=2.474, slope=0.928, scale=0.0090, width=0.0297, blend=0.1667, cap=0.704, slowest=0.64)


class Workspace(NamedTuple):
    """Scratch arrays, allocated once for many contracts, and the boundary that was solved last."""

    log_boundary: Floats
    """ln(B/B(0)) at the nodes."""
    squares: Floats
    """Its square, interpolated."""
    inverse: Floats
    drift: Floats
    strike_weights: Floats
    spot_weights: Floats
    tail_weights: Floats
    minus: Floats
    plus: Floats
    """Arguments of the normal distribution."""
    minus_densities: Floats
    plus_densities: Floats
    minus_tails: Floats
    plus_tails: Floats
    bits: NDArray[np.int64]
    residuals: Floats
    top_inverses: Floats
    bottom_inverses: Floats
    diagonal: Floats
    jacobian: Floats
    solved: Floats
    """Growth, payout and total volatility that `log_boundary` belongs to, and the last step towards it."""


def workspace(scheme: Scheme) -> Workspace:
    """Scratch space for a scheme."""
    size = max(scheme.reach.size, scheme.premium_reach.size)
    count = scheme.nodes.size
    kinds = {"bits": np.zeros(size, np.int64), "jacobian": np.zeros((count, count)), "solved": np.full(4, np.nan)}
    per_node = {"log_boundary", "residuals", "top_inverses", "bottom_inverses", "diagonal"}
    fields = Workspace._fields
    return Workspace._make(kinds.get(name, np.zeros(count if name in per_node else size)) for name in fields)


@njit(**OPTIONS)
def exercise_region(growth: float, payout: float) -> int:
    """Where early exercise of a put may pay, by the signs of rate and yield."""
    if growth > 0.0 or (growth == 0.0 and payout < 0.0):
        return BELOW
    return BETWEEN if payout < growth else NEVER


@njit(**OPTIONS)
def log_cap(growth: float, payout: float) -> float:
    """ln(B(0)/K): the boundary just before expiry."""
    return log(growth / payout) if payout > growth else 0.0


@njit(**OPTIONS)
def log_floor(growth: float, payout: float, total_vol: float) -> float:
    """ln(B(∞)/K): the boundary of the perpetual put, below which none lies."""
    variance = total_vol * total_vol
    tilt = (growth - payout) / variance - 0.5
    root = sqrt(tilt * tilt + 2.0 * growth / variance)
    exponent = tilt + root if tilt > 0.0 else 2.0 * growth / variance / (root - tilt)
    return -log(1.0 + 1.0 / max(exponent, _TINY))


@njit(**OPTIONS)
def _floor(growth: float, payout: float, total_vol: float) -> float:
    """The lowest that ln(B/B(0)) may be."""
    return min(log_floor(growth, payout, total_vol) - log_cap(growth, payout), 2.0 * _HIGHEST_LOG)


@njit(**OPTIONS)
def _guess(growth: float, payout: float, total_vol: float, scheme: Scheme, log_boundary: Floats) -> float:
    """A first boundary, to some 5 % of its distance from B(0). Returns the lowest one possible.

    It decays from B(0) to B(∞) as exp(−c·σ√τ·B(0)/(B(0) − B(∞))). Near expiry c is 0.64 where B(0) is below the strike
    and grows like √(ln(1/τ)) where it is the strike, from what is known of B there; the blend between was fitted.
    """
    cap = log_cap(growth, payout)
    floor = _floor(growth, payout, total_vol)
    lowest = exp(floor)
    fit = _GUESS
    for i in range(scheme.nodes.size):
        vol = total_vol * scheme.nodes[i]
        tilt = (growth - payout) * scheme.nodes[i] / total_vol
        tilt = tilt * tilt + fit.width * max(payout, 0.0) * scheme.nodes[i] * scheme.nodes[i] + _TINY
        pace = sqrt(fit.base + fit.slope * log(1.0 + fit.scale / tilt)) + fit.cap * cap / vol - fit.slowest
        pace = fit.slowest + 0.5 * (pace + sqrt(pace * pace + fit.blend))
        log_boundary[i] = min(log(lowest + (1.0 - lowest) * exp(-pace * vol / (1.0 - lowest))), _HIGHEST_LOG)
    return floor


@njit(**OPTIONS)
def _lay_out(growth: float, payout: float, total_vol: float, reach: Floats, work: Workspace) -> None:
    """What d± are made of at √t = `reach`, and the discount factors, which go where the densities will be."""
    size = reach.size
    slope = (growth - payout) / total_vol - 0.5 * total_vol
    scale = 1.0 / total_vol
    for m in range(size):
        work.inverse[m] = scale / reach[m]
    for m in range(size):
        work.drift[m] = slope * reach[m]
    for m in range(size):
        work.minus_densities[m] = -growth * reach[m] * reach[m]
    for m in range(size):
        work.plus_densities[m] = -payout * reach[m] * reach[m]
    exponentials(work.minus_densities, work.bits, size)
    exponentials(work.plus_densities, work.bits, size)


@njit(**OPTIONS)
def _interpolate(cardinals: Floats, size: int, work: Workspace) -> None:
    """The square of the boundary's logarithm at the points of these cardinals."""
    for m in range(size):
        work.squares[m] = 0.0
    for j in range(work.log_boundary.size):
        square = work.log_boundary[j] * work.log_boundary[j]
        row = cardinals[j]
        for m in range(size):
            work.squares[m] += row[m] * square
    for m in range(size):
        work.squares[m] = sqrt(max(work.squares[m], 0.0))


@njit(**OPTIONS)
def solve_boundary(growth: float, payout: float, total_vol: float, scheme: Scheme, work: Workspace) -> None:
    """Leave ln(B/B(0)) at the nodes in `work.log_boundary`, for a put whose region is `BELOW`. Contracts of
    one expiry and volatility in a row share it.
    """
    solved = work.solved
    if solved[0] == growth and solved[1] == payout and solved[2] == total_vol:
        return
    solved[0], solved[1], solved[2] = growth, payout, total_vol
    cap, floor = log_cap(growth, payout), _guess(growth, payout, total_vol, scheme, work.log_boundary)
    _weigh(growth, payout, total_vol, scheme, work)
    for step in range(scheme.newton_steps + scheme.chord_steps):
        _improve(cap, floor, total_vol, step < scheme.newton_steps, scheme, work)
    solved[3] = _largest(work.residuals)


@njit(**OPTIONS)
def follow_boundary(growth: float, payout: float, total_vol: float, scheme: Scheme, work: Workspace) -> None:
    """The same for a put that is near the one solved last, up to a thousandth in each number and of the same region:
    from that one's boundary and derivative, for a third of the work where the steps are seen to converge.
    """
    step = 1.0
    if work.solved[3] <= _SETTLED:
        work.solved[0] = np.nan
        cap, floor = log_cap(growth, payout), _floor(growth, payout, total_vol)
        _weigh(growth, payout, total_vol, scheme, work)
        _improve(cap, floor, total_vol, 0, scheme, work)
        first = _largest(work.residuals)
        _improve(cap, floor, total_vol, 0, scheme, work)
        step = _largest(work.residuals) / (first + _TINY)
    if step > _CONVERGING:
        solve_boundary(growth, payout, total_vol, scheme, work)


@njit(**OPTIONS)
def _largest(steps: Floats) -> float:
    largest = 0.0
    for i in range(steps.size):
        largest = max(largest, abs(steps[i]))
    return largest


@njit(**OPTIONS)
def _weigh(growth: float, payout: float, total_vol: float, scheme: Scheme, work: Workspace) -> None:
    """The weights of the terms of N and D."""
    count, inner = scheme.nodes.size, scheme.density_weights.size
    _lay_out(growth, payout, total_vol, scheme.reach, work)
    for m in range(inner):
        work.strike_weights[m] = growth / total_vol * scheme.density_weights[m] * work.minus_densities[m]
    for m in range(inner):
        work.spot_weights[m] = payout / total_vol * scheme.density_weights[m] * work.plus_densities[m]
    for m in range(inner):
        work.tail_weights[m] = payout * _SQRT_2PI * scheme.tail_weights[m] * work.plus_densities[m]
    for m in range(inner, inner + count):
        work.strike_weights[m] = work.minus_densities[m] * work.inverse[m]
        work.spot_weights[m] = work.plus_densities[m] * work.inverse[m]
        work.tail_weights[m] = work.plus_densities[m] * _SQRT_2PI


@njit(**OPTIONS)
def _evaluate(cap: float, total_vol: float, scheme: Scheme, work: Workspace) -> None:
    """The terms of N in `minus_densities` and those of D in `plus_densities` and `plus_tails`; d₋ in `minus`."""
    count, inner, size = scheme.nodes.size, scheme.density_weights.size, scheme.reach.size
    _interpolate(scheme.cardinals, inner, work)
    minus, plus, squares = work.minus, work.plus, work.squares
    for m in range(inner, size):
        squares[m] = cap
    for i in range(count):
        here = work.log_boundary[i]
        for k in range(size // count):
            minus[i + k * count] = here + squares[i + k * count]
    for m in range(size):
        minus[m] = minus[m] * work.inverse[m] + work.drift[m]
    for m in range(size):
        plus[m] = minus[m] + total_vol * scheme.reach[m]
    for m in range(size):
        work.minus_densities[m] = -0.5 * minus[m] * minus[m]
    exponentials(work.minus_densities, work.bits, size)
    distribution(plus, work.plus_densities, work.plus_tails, work.bits, size)
    for m in range(size):
        work.minus_densities[m] *= work.strike_weights[m]
    for m in range(size):
        work.plus_tails[m] *= work.tail_weights[m]
    for m in range(size):
        work.plus_densities[m] *= work.spot_weights[m]


@njit(**OPTIONS)
def _improve(cap: float, floor: float, total_vol: float, newton: int, scheme: Scheme, work: Workspace) -> None:
    """One Newton step, or one with the derivative of the last."""
    count, inner, size = scheme.nodes.size, scheme.density_weights.size, scheme.reach.size
    rows = size // count
    _evaluate(cap, total_vol, scheme, work)
    _residuals(cap, work.minus_densities, work.plus_densities, work.plus_tails, rows, work)
    if newton:
        for m in range(size):
            work.minus[m] *= work.inverse[m]
        for m in range(inner):
            work.squares[m] = 1.0 / work.squares[m] if work.squares[m] > _NEAR_CAP else 0.0
        _differentiate(work.minus_densities, work.plus_densities, rows, scheme, work)
        _factorise(work.jacobian)
    _substitute(work.jacobian, work.residuals)
    for i in range(count):
        here = work.log_boundary[i]
        work.log_boundary[i] = min(max(here - work.residuals[i], floor), 0.5 * here)


@njit(**OPTIONS)
def _residuals(cap: float, tops: Floats, bottoms: Floats, tails: Floats, rows: int, work: Workspace) -> None:
    """ln(N/D) − ln(B/K) at every node, and the inverses of N and D."""
    count = work.residuals.size
    for i in range(count):
        top = bottom = 0.0
        for k in range(rows):
            m = i + k * count
            top += tops[m]
            bottom += bottoms[m] + tails[m]
        if top > 0.0 and bottom > 0.0:
            work.residuals[i] = log(top / bottom) - cap - work.log_boundary[i]
            work.top_inverses[i], work.bottom_inverses[i] = 1.0 / top, 1.0 / bottom
        else:  # far below the solution, only met on the way where the yield is negative: half way up
            work.residuals[i] = -0.5 * work.log_boundary[i]
            work.top_inverses[i] = work.bottom_inverses[i] = 0.0


@njit(**OPTIONS)
def _differentiate(tops: Floats, bottoms: Floats, rows: int, scheme: Scheme, work: Workspace) -> None:
    """The derivative of every residual by every node: through the other nodes' shares, and by the node itself."""
    count, inner, bends, shares = scheme.nodes.size, scheme.density_weights.size, work.minus, work.squares
    for i in range(count):
        top, bottom = work.top_inverses[i], work.bottom_inverses[i]
        own = -1.0
        for k in range(rows):
            m = i + k * count
            bends[m] *= bottoms[m] * bottom - tops[m] * top
            own += bends[m]
        work.diagonal[i] = own
    for m in range(inner):
        bends[m] *= shares[m]
    for j in range(count):
        row, here = scheme.cardinals[j], work.log_boundary[j]
        for i in range(count):
            total = 0.0
            for k in range(rows - 1):
                total += bends[i + k * count] * row[i + k * count]
            work.jacobian[i, j] = total * here
        work.jacobian[j, j] += work.diagonal[j]


@njit(**OPTIONS)
def _factorise(matrix: Floats) -> None:
    """LU factors in place, without pivoting: the matrix is close to −1 plus a triangular one, its condition about 2.

    The diagonal becomes that of U⁻¹.
    """
    count = matrix.shape[0]
    for k in range(count):
        inverse = 1.0 / matrix[k, k]
        matrix[k, k] = inverse
        for i in range(k + 1, count):
            factor = matrix[i, k] * inverse
            matrix[i, k] = factor
            for j in range(k + 1, count):
                matrix[i, j] -= factor * matrix[k, j]


@njit(**OPTIONS)
def _substitute(matrix: Floats, values: Floats) -> None:
    """The solution of the factorised system, in place."""
    count = values.size
    for i in range(1, count):
        for k in range(i):
            values[i] -= matrix[i, k] * values[k]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            values[i] -= matrix[i, k] * values[k]
        values[i] *= matrix[i, i]


@njit(**OPTIONS)
def put_value(
    log_spot: float, growth: float, payout: float, total_vol: float, scheme: Scheme, work: Workspace
) -> float:
    """Value of a put in units of the strike, with the boundary in `work`; `log_spot` is ln(S/K)."""
    cap = log_cap(growth, payout)
    intrinsic = 1.0 - exp(log_spot)
    if log_spot <= cap + work.log_boundary[0]:
        return intrinsic
    size = scheme.premium_reach.size
    last = size - 1
    _lay_out(growth, payout, total_vol, scheme.premium_reach, work)
    for m in range(size):
        work.strike_weights[m] = growth * scheme.premium_weights[m] * work.minus_densities[m]
    for m in range(size):
        work.spot_weights[m] = payout * scheme.premium_weights[m] * work.plus_densities[m]
    work.strike_weights[last] = work.minus_densities[last]
    work.spot_weights[last] = work.plus_densities[last]
    _interpolate(scheme.premium_cardinals, size, work)
    work.squares[last] = cap
    for m in range(size):
        work.minus[m] = (cap - log_spot - work.squares[m]) * work.inverse[m] - work.drift[m]
    for m in range(size):
        work.plus[m] = work.minus[m] - total_vol * scheme.premium_reach[m]
    distribution(work.minus, work.minus_densities, work.minus_tails, work.bits, size)
    distribution(work.plus, work.plus_densities, work.plus_tails, work.bits, size)
    strike_part = spot_part = 0.0
    for m in range(size):
        strike_part += work.strike_weights[m] * work.minus_tails[m]
        spot_part += work.spot_weights[m] * work.plus_tails[m]
    return max(strike_part - exp(log_spot) * spot_part, intrinsic)


@njit(**OPTIONS)
def european_put(log_spot: float, growth: float, payout: float, total_vol: float) -> float:
    """Value in units of the strike where exercise never pays early."""
    minus = (log_spot + growth - payout) / total_vol - 0.5 * total_vol
    strike_part = exp(-growth) * 0.5 * erfc(minus * _SQRT_HALF)
    spot_part = exp(log_spot - payout) * 0.5 * erfc((minus + total_vol) * _SQRT_HALF)
    return max(strike_part - spot_part, 0.0)
