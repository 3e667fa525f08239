"""Prices and their slopes as integrals along a contour of the complex plane, compiled.

Theory of operation
-------------------
An out-of-the-money option on X = ln(S_T/F), k = ln(K/F), is worth (undiscounted, per unit of strike)

    (1/2πi) ∫ exp(m(p) − pk) / (p(p − 1)) dp,    m(p) = ln E[exp(pX)],

along any line upwards that crosses the real axis at a p where m is finite: a call for p > 1, a put for p < 0, and
between 0 and 1 the call less F/K, which is the put less 1.

* The line crosses where the integrand has its saddle, the least value on the real axis (Lord and Kahl 2007). There it
  does not oscillate and is of the size of the price, so that a price of 1e-30 has its digits as well. Where nearly all
  moments are infinite and no room is left outside [0, 1], the saddle between 0 and 1 is taken.
* The line is bent: p = c + ib·(sinh(y + iω) − i·sin ω), the sinh-acceleration of Boyarchenko and Levendorskiĭ (2019).
  b is the width of the saddle; ω turns the far end towards where exp(−pk) and the moments decay together.
* The trapezoidal rule in y then converges exponentially: halving the step squares the error. So the step is halved
  until two sums agree, at little cost: each sum uses the points of the one before.

Slopes in S, K, T and v0 multiply the integrand by p, p(p − 1) and so on: they are sums over the same points.
"""

from math import atan2, cos, cosh, exp, isfinite, log, pi, sin, sinh, sqrt

import numpy as np
from numba import njit

from models.quantitative.blocks import Floats
from models.quantitative.heston.characteristic_kernels import (
    OPTIONS,
    Model,
    coefficients,
    explosion_years,
    exponent,
    jump_rate,
    mean_variance,
)

_NARROWEST, _WIDEST = 1e-3, 1e9
"""Room outside [0, 1] that is looked for."""
_NEWTON_STEPS, _FREE_STEPS = 80, 6
_FIRST_STEP = 0.5
_HALVINGS = 8
_MATCH = 1e-9
"""Share by which sums at one step and the next may differ; the error left is mostly its square."""
_NEGLIGIBLE = 1e-17
_MOST_POINTS = 200
_QUIET_POINTS = 2
_NEAR = 0.1
_TURN = 1e-6
_MOST_TILT = 0.4
VALUE, BY_LOG_PRICE, BY_LOG_PRICE_TWICE, BY_V0, BY_YEARS = range(5)
"""Places in the sums: the integrand, times p, times p(p − 1), times ∂m/∂v0, times ∂m/∂T."""
SUMS = 5


@njit(**OPTIONS)
def room(side: float, years: float, model: Model) -> float:
    """How far beyond 1 (`side` +1) or below 0 (`side` −1) moments are finite, a few per cent to the safe side."""
    start = 0.5 + 0.5 * side
    low, high = 0.0, _NARROWEST
    while high < _WIDEST and explosion_years(start + side * high, model) > years:
        low, high = high, 2.0 * high
    for _ in range(4):
        middle = 0.5 * (low + high)
        if explosion_years(start + side * middle, model) > years:
            low = middle
        else:
            high = middle
    return low


@njit(**OPTIONS)
def _height(p: complex, sign: float, k: float, years: float, model: Model) -> complex:
    """Logarithm of the integrand; `sign` is that of p(p − 1) on the real axis nearby."""
    return exponent(p, years, model) - p * k - np.log(sign * p * (p - 1.0))


@njit(**OPTIONS)
def saddle(k: float, low: float, high: float, years: float, model: Model) -> tuple[float, float]:
    """Where the integrand is least between two real powers, and its width there: 1/√(second slope of the logarithm).

    Newton's method, held in the bracket, which every other step halves where it takes long (jumps); both slopes come
    from one step off the real axis. A tenth of the width is near enough: the integral does not depend on where the
    line crosses.
    """
    sign = -1.0 if low == 0.0 else 1.0
    variance = mean_variance(years, model)
    guess = 0.5 * (abs(k) + sqrt(k * k + 8.0 * variance)) / variance
    p = 0.5 + guess if low >= 1.0 else 0.5 - guess
    if not low < p < high:
        p = 0.5 * (low + high)
    left, right, width = low, high, 0.5 * (high - low)
    for n in range(_NEWTON_STEPS):
        aside = 0.02 * min(p - low, high - p)
        if model.intensity > 0.0:
            turn = abs(model.jump_mean) + model.jump_std * (1.0 + model.jump_std * abs(p))
            aside = min(aside, 0.02 / (_TURN + turn))
        here = _height(complex(p, 0.0), sign, k, years, model).real
        there = _height(complex(p, aside), sign, k, years, model)
        slope, second = there.imag / aside, 2.0 * (here - there.real) / (aside * aside)
        if not (isfinite(slope) and second > 0.0):
            # Moments beyond the range of doubles: too far from [0, 1].
            if low >= 1.0:
                right = p
            else:
                left = p
            p = 0.5 * (left + right)
            continue
        width = 1.0 / sqrt(second)
        if slope > 0.0:
            right = p
        else:
            left = p
        step = -slope / second
        if abs(step) < _NEAR * width:
            break
        is_crawling = n >= _FREE_STEPS and n % 2 == 0
        p = p + step if left < p + step < right and not is_crawling else 0.5 * (left + right)
    return p, width


@njit(**OPTIONS)
def tilt(k: float, centre: float, width: float, years: float, model: Model) -> float:
    """Angle by which the far ends turn: half way to where |exp(m(p) − pk)| falls fastest.

    Lognormal jumps grow in the directions near the real axis, so with them the line turns less.
    """
    far = (model.v0 + model.kappa * model.theta * years) / model.sigma
    angle = -0.5 * atan2(k + model.rho * far, sqrt(1.0 - model.rho * model.rho) * far)
    if model.intensity > 0.0:
        most = min(_MOST_TILT, 0.5 * width / abs(centre))
        return min(max(angle, -most), most)
    return angle


@njit(**OPTIONS)
def _add_point(
    y: float, contour: tuple[float, float, float], k: float, years: float, model: Model, sums: Floats
) -> tuple[float, float]:
    """Add one point of the contour; how large its parts for the price and for gamma are."""
    centre, width, angle = contour
    wide, tall = cosh(y), sinh(y)
    turned, upright = sin(angle), cos(angle)
    p = complex(centre + width * turned * (1.0 - wide), width * upright * tall)
    pace = complex(width * upright * wide, width * turned * tall)
    level, slope = coefficients(p, years, model)
    jumps = jump_rate(p, model)
    reach = model.kappa * model.theta
    density = pace * np.exp(reach * level + model.v0 * slope + years * jumps - p * k)
    curve = p * (p - 1.0)
    part = density / curve
    variance = model.sigma * model.sigma
    change = 0.5 * curve - (model.kappa - model.rho * model.sigma * p) * slope + 0.5 * variance * slope * slope
    sums[VALUE] += part.real
    sums[BY_LOG_PRICE] += (p * part).real
    sums[BY_LOG_PRICE_TWICE] += density.real
    sums[BY_V0] += (slope * part).real
    sums[BY_YEARS] += ((reach * slope + model.v0 * change + jumps) * part).real
    return abs(part), abs(density)


@njit(**OPTIONS)
def integrate(
    k: float, years: float, model: Model, low: float, high: float, use_gamma: int, sums: Floats, fresh: Floats
) -> int:
    """Fill `sums` with the integrals, `fresh` being room to work; how many points it took, negative without agreement.

    The line crosses between `low` and `high`. With `use_gamma` the integral for gamma, the slowest to decay, has to
    agree as well. Where the bent line fails, which very short jumps can make it, the straight one is tried.
    """
    centre, width = saddle(k, low, high, years, model)
    points = -1
    for angle in (tilt(k, centre, width, years, model), 0.0):
        points = _sum_along((centre, width, angle), k, years, model, use_gamma, sums, fresh)
        if points > 0:
            break
    return points


@njit(**OPTIONS)
def _sum_along(
    contour: tuple[float, float, float],
    k: float,
    years: float,
    model: Model,
    use_gamma: int,
    sums: Floats,
    fresh: Floats,
) -> int:
    step, last, largest, largest_density = _FIRST_STEP, 0, 0.0, 0.0
    sums[:] = 0.0
    fresh[:] = 0.0
    _add_point(0.0, contour, k, years, model, fresh)
    for n in range(SUMS):
        sums[n] = 0.5 * fresh[n]
    quiet = 0
    while quiet < _QUIET_POINTS and last < _MOST_POINTS:
        last += 1
        size, density = _add_point(last * step, contour, k, years, model, sums)
        largest, largest_density = max(largest, size), max(largest_density, density)
        negligible = size <= _NEGLIGIBLE * largest
        if use_gamma:
            negligible = density <= _NEGLIGIBLE * largest_density
        quiet = quiet + 1 if negligible else 0
    points = last + 1
    for n in range(SUMS):
        sums[n] *= step
    for _ in range(_HALVINGS):
        fresh[:] = 0.0
        for j in range(last):
            _add_point((j + 0.5) * step, contour, k, years, model, fresh)
        points += last
        off = abs(step * fresh[VALUE] - sums[VALUE]) - _MATCH * abs(sums[VALUE])
        if use_gamma:
            slowest = abs(step * fresh[BY_LOG_PRICE_TWICE] - sums[BY_LOG_PRICE_TWICE])
            off = max(off, slowest - _MATCH * abs(sums[BY_LOG_PRICE_TWICE]))
        for n in range(SUMS):
            sums[n] = 0.5 * (sums[n] + step * fresh[n])
        step, last = 0.5 * step, 2 * last
        if off <= 0.0:
            return points
    return -points


@njit(**OPTIONS)
def _holding(is_call: float, k: float, is_between: bool) -> tuple[float, float]:  # noqa: FBT001 - a kernel's argument
    """Shares and bonds that turn what the integral is worth into the option asked for, by put–call parity."""
    if is_between:
        return is_call, 1.0 - is_call
    if k >= 0.0:
        return is_call - 1.0, 1.0 - is_call
    return is_call, -is_call


@njit(**OPTIONS)
def _add_assets(holding: tuple[float, float], row: Floats, result: Floats) -> None:
    spot, strike, years, rate, dividend, _ = row
    stock, bond = holding[0] * spot * exp(-dividend * years), holding[1] * strike * exp(-rate * years)
    result[0] += stock + bond
    result[1] += stock / spot
    result[4] -= dividend * stock + rate * bond
    result[5] -= years * bond


@njit(**OPTIONS)
def evaluate_rows(columns: Floats, model: Model, use_gamma: int, results: Floats) -> None:
    """Price and Greeks of every row.

    `columns` has shape (6, rows): underlying price, strike, years, rate, dividend yield, 1 for a call; `results` has
    shape (rows, 6): price, delta, gamma, slope in v0, slope in years, slope in rate, each per 1.00 or per year.
    """
    sums, fresh = np.zeros(SUMS), np.zeros(SUMS)
    known_years, above, below = -1.0, 0.0, 0.0
    for row in range(columns.shape[1]):
        spot, strike, years, rate, dividend, is_call = columns[:, row]
        if years != known_years:
            known_years, above, below = years, room(1.0, years, model), room(-1.0, years, model)
        k = log(strike / spot) - (rate - dividend) * years
        low, high = (1.0, 1.0 + above) if k >= 0.0 else (-below, 0.0)
        between = above == 0.0 if k >= 0.0 else below == 0.0
        if between:
            low, high = 0.0, 1.0
        if integrate(k, years, model, low, high, use_gamma, sums, fresh) < 0:
            results[row] = np.nan
            continue
        scale = strike * exp(-rate * years) / pi
        price, per_log = scale * sums[VALUE], scale * sums[BY_LOG_PRICE]
        drift = (rate - dividend) * per_log - rate * price
        results[row, 0] = price
        results[row, 1] = per_log / spot
        results[row, 2] = scale * sums[BY_LOG_PRICE_TWICE] / (spot * spot)
        results[row, 3] = scale * sums[BY_V0]
        results[row, 4] = scale * sums[BY_YEARS] + drift
        results[row, 5] = years * (per_log - price)
        holding = _holding(is_call, k, between)
        _add_assets(holding, columns[:, row], results[row])
