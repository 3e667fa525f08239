"""Value of an American put and its first two derivatives in the logarithm of the underlying, compiled.

Theory of operation
-------------------
The boundary does not depend on the underlying, so the premium's integrand can be differentiated. But it becomes
steep: ε standard deviations above the boundary all that gamma is made of happens at √t around ε. So the points are
spread as √t = sin θ with θ = ε·sinh(a·g), a = asinh(π/2ε), g in (0, 1): evenly over all scales between ε and 1. They
differ from contract to contract, and the boundary is evaluated there from its Chebyshev coefficients.
"""

from math import asinh, cos, cosh, exp, pi, sin, sinh, sqrt

from numba import njit

from models.quantitative.american.kernels import NEVER, Workspace, log_cap
from models.quantitative.american.normal_kernels import OPTIONS, distribution
from models.quantitative.american.schemes import Scheme
from models.quantitative.blocks import Floats

_NEAREST = 1e-8
"""Least distance ε to the boundary, in standard deviations, that is told from none."""
_INVERSE_SQRT_2PI = 1.0 / sqrt(2.0 * pi)


@njit(**OPTIONS)
def _coefficients(scheme: Scheme, log_boundary: Floats, out: Floats) -> None:
    """Chebyshev coefficients of (ln B/B(0))² in √τ."""
    for k in range(scheme.coefficients.shape[0]):
        total = 0.0
        for j in range(log_boundary.size):
            total += scheme.coefficients[k, j] * log_boundary[j] * log_boundary[j]
        out[k] = total


@njit(**OPTIONS)
def _clenshaw(coefficients: Floats, count: int, node: float) -> float:
    """The series at `node` in (0, 1)."""
    z = 2.0 * node - 1.0
    after = last = 0.0
    for k in range(count - 1, 0, -1):
        after, last = 2.0 * z * after - last + coefficients[k], after
    return z * after - last + coefficients[0]


@njit(**OPTIONS)
def _place(log_spot: float, growth: float, payout: float, total_vol: float, scheme: Scheme, work: Workspace) -> None:
    """Points, weights and arguments of the normal distribution for the premium, as in `kernels.put_value`."""
    cap = log_cap(growth, payout)
    slope = (growth - payout) / total_vol - 0.5 * total_vol
    nearest = max((log_spot - cap - work.log_boundary[0]) / total_vol, _NEAREST)
    stretch = asinh(0.5 * pi / nearest)
    _coefficients(scheme, work.log_boundary, work.squares)
    for m in range(scheme.line.size):
        angle = nearest * sinh(stretch * scheme.line[m])
        reach, node = sin(angle), cos(angle)
        weight = scheme.line_weights[m] * stretch * nearest * cosh(stretch * scheme.line[m]) * 2.0 * reach * node
        depth = sqrt(max(_clenshaw(work.squares, scheme.coefficients.shape[0], node), 0.0))
        work.strike_weights[m] = growth * weight * exp(-growth * reach * reach)
        work.spot_weights[m] = payout * weight * exp(-payout * reach * reach)
        work.inverse[m] = 1.0 / (total_vol * reach)
        work.minus[m] = (cap - log_spot - depth) * work.inverse[m] - slope * reach
        work.plus[m] = work.minus[m] - total_vol * reach


@njit(**OPTIONS)
def put_curve(
    log_spot: float, growth: float, payout: float, total_vol: float, region: int, scheme: Scheme, work: Workspace
) -> tuple[float, float, float]:
    """Value in units of the strike and its derivatives in `log_spot`, ln(S/K); boundary in `work` unless `NEVER`."""
    spot = exp(log_spot)
    first = last = scheme.line.size
    if region != NEVER:
        if log_spot <= log_cap(growth, payout) + work.log_boundary[0]:
            return 1.0 - spot, -spot, -spot
        _place(log_spot, growth, payout, total_vol, scheme, work)
        first = 0
    work.strike_weights[last] = exp(-growth)
    work.spot_weights[last] = exp(-payout)
    work.inverse[last] = 1.0 / total_vol
    work.minus[last] = (payout - growth - log_spot) / total_vol + 0.5 * total_vol
    work.plus[last] = work.minus[last] - total_vol
    distribution(work.minus, work.minus_densities, work.minus_tails, work.bits, last + 1)
    distribution(work.plus, work.plus_densities, work.plus_tails, work.bits, last + 1)
    value = slope = bend = 0.0
    for m in range(first, last + 1):
        inverse = work.inverse[m]
        strike_density = work.strike_weights[m] * work.minus_densities[m] * _INVERSE_SQRT_2PI * inverse
        spot_density = spot * work.spot_weights[m] * work.plus_densities[m] * _INVERSE_SQRT_2PI * inverse
        spot_part = spot * work.spot_weights[m] * work.plus_tails[m]
        value += work.strike_weights[m] * work.minus_tails[m] - spot_part
        slope += spot_density - strike_density - spot_part
        bend += 2.0 * spot_density - spot_part
        bend += (spot_density * work.plus[m] - strike_density * work.minus[m]) * inverse
    return value, slope, bend
