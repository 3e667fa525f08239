"""Implied volatility of American prices, compiled.

Theory of operation
-------------------
An American price rises with volatility, but not everywhere: below some volatility immediate exercise is best and
the price is the intrinsic value. So the root is bracketed first, from the volatility at which the European formula
gives the price (never too low, since an American option is worth at least as much), by a Newton step with the European
vega and doubled steps after it. Inside the bracket works Chandrupatla's method ("A new hybrid quadratic/bisection
algorithm", 1997): inverse quadratic interpolation where that is safe, bisection where not. Each value is a boundary to
solve, so the last step is taken without looking whether it leads to the root once steps are so small that it must.
"""

from math import exp, log, pi, sqrt
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.american.grid_kernels import Contract
from models.quantitative.american.normal_kernels import OPTIONS
from models.quantitative.american.valuation_kernels import NEAR, Tools, contract_at, moved, value
from models.quantitative.blocks import Floats
from models.quantitative.reasons import Reason

LOWEST_VOL, HIGHEST_VOL = 1e-3, 20.0
"""Searched, per year."""
_OK, _ZERO_VEGA = int(Reason.OK), int(Reason.ZERO_VEGA)
_ABOVE_BOUND, _BELOW_INTRINSIC = int(Reason.ABOVE_BOUND), int(Reason.BELOW_INTRINSIC)
_MOST_STEPS: Final = 60
"""Of either search; bisection alone would need 45."""
_TOLERANCE = 1e-11
"""Of the volatility, relative."""
_LAST_STEP = 1e-6
"""An interpolated step this small, relative, is the last: 999 in 1,000 miss the root by less than 3e-8."""
_FLAT = 1e-10
"""Vega·σ below this share of spot + strike cannot be told from the error of the price."""
_STEEP = 1e-6
"""Where the secants at the root rise by this share, no closer look is needed."""
_SLOPE_STEP = 1e-3
_LEAST_STEP = 1e-6
"""Both as shares of the volatility."""
_TINY = 1e-300
_HALF = 0.5
_NUDGE = 1.05
"""Steps go this much beyond where the root is expected, so that they cross it."""


@njit(**OPTIONS)
def _upper_bound(contract: Contract) -> float:
    """What no American price exceeds."""
    if contract.is_call:
        return contract.spot * exp(max(-contract.dividend_yield * contract.years, 0.0))
    return contract.strike * exp(max(-contract.rate * contract.years, 0.0))


@njit(**OPTIONS)
def _european_vega(contract: Contract, vol: float) -> float:
    total = vol * sqrt(contract.years)
    carry = (contract.rate - contract.dividend_yield) * contract.years
    d1 = (log(contract.spot / contract.strike) + carry) / total + 0.5 * total
    spot = contract.spot * exp(-contract.dividend_yield * contract.years)
    return spot * exp(-0.5 * d1 * d1) * sqrt(contract.years / (2.0 * pi))


@njit(**OPTIONS)
def _excess(contract: Contract, vol: float, last_vol: float, price: float, tools: Tools) -> float:
    """Of value over price at a volatility; `last_vol` is the one that the contract was valued at last, 0 if at none."""
    is_near = int(abs(vol - last_vol) <= NEAR * vol)
    return value(moved(contract, contract.rate, vol), tools, is_near) - price


@njit(**OPTIONS)
def _bracket(contract: Contract, price: float, guess: float, tools: Tools) -> tuple[float, float, float, float]:
    """Two volatilities and the excess of value over price at each; of one sign if the search ran out of range."""
    near = far = guess
    near_excess = far_excess = step = 0.0
    for k in range(_MOST_STEPS):
        excess = _excess(contract, far, near if k > 0 else 0.0, price, tools)
        if k == 0:
            step = -_NUDGE * excess / max(_european_vega(contract, guess), _TINY)
            step = min(max(step, -0.5 * guess), guess)
            if abs(step) < _LEAST_STEP * guess:
                step = -_LEAST_STEP * guess if excess > 0.0 else _LEAST_STEP * guess
            near_excess = excess
        far_excess = excess
        if near_excess * far_excess <= 0.0 or (k > 0 and far in (LOWEST_VOL, HIGHEST_VOL)):
            break
        near, near_excess = far, far_excess
        far = min(max(near + step, 0.5 * near, LOWEST_VOL), HIGHEST_VOL)
        step *= 2.0
    return near, near_excess, far, far_excess


@njit(**OPTIONS)
def _root(
    contract: Contract, price: float, bracket: tuple[float, float, float, float], tools: Tools
) -> tuple[float, float]:
    """Chandrupatla's method from a bracket: the root, and the value's least rise there for a rise of the whole
    volatility, by the last two secants.
    """
    other, other_excess, here, here_excess = bracket
    old, old_excess = other, other_excess
    share = here_excess / (here_excess - other_excess) if other_excess != here_excess else 0.5
    is_last, rise = False, 0.0
    for _ in range(_MOST_STEPS):
        best = here if abs(here_excess) < abs(other_excess) else other
        least = _TOLERANCE * best / max(abs(other - here), _TINY)
        if least > _HALF or here_excess == 0.0 or other_excess == 0.0:
            return best, rise
        trial = here + min(max(share, least), 1.0 - least) * (other - here)
        if is_last and abs(trial - here) <= _LAST_STEP * trial:
            return trial, rise
        excess = _excess(contract, trial, here, price, tools)
        if (excess > 0.0) == (here_excess > 0.0):
            old, old_excess = here, here_excess
        else:
            old, old_excess = other, other_excess
            other, other_excess = here, here_excess
        here, here_excess = trial, excess
        share, is_last = 0.5, False
        rise = here * min((here_excess - other_excess) / (here - other), (here_excess - old_excess) / (here - old))
        xi = (here - other) / (old - other)
        phi = (here_excess - other_excess) / (old_excess - other_excess)
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            is_last = True
            share = here_excess / (other_excess - here_excess) * old_excess / (other_excess - old_excess)
            share += (
                (old - here)
                / (other - here)
                * here_excess
                / (old_excess - here_excess)
                * other_excess
                / (old_excess - other_excess)
            )
    return here, rise


@njit(**OPTIONS)
def _solve(contract: Contract, price: float, guess: float, tools: Tools) -> tuple[int, float]:
    """Reason and volatility."""
    exercise = contract.spot - contract.strike if contract.is_call else contract.strike - contract.spot
    if price <= max(exercise, 0.0):
        return _BELOW_INTRINSIC, np.nan
    if price >= _upper_bound(contract):
        return _ABOVE_BOUND, np.nan
    bracket = _bracket(contract, price, min(max(guess, 2.0 * LOWEST_VOL), 0.5 * HIGHEST_VOL), tools)
    if bracket[1] * bracket[3] > 0.0:
        return (_BELOW_INTRINSIC if bracket[3] > 0.0 else _ABOVE_BOUND), np.nan
    vol, rise = _root(contract, price, bracket, tools)
    if not rise > _STEEP * (contract.spot + contract.strike):
        rise = 0.0
        for side in (1.0, -1.0):
            rise += side * _excess(contract, vol * (1.0 + side * _SLOPE_STEP), 0.0, price, tools)
        rise /= 2.0 * _SLOPE_STEP
    if rise < _FLAT * (contract.spot + contract.strike):
        return _ZERO_VEGA, np.nan
    return _OK, vol


@njit(**OPTIONS)
def implied_vols(
    prices: Floats, guesses: Floats, columns: Floats, usable: NDArray[np.bool_], tools: Tools, reasons: Floats
) -> None:
    """Volatilities into row 5 of `columns`, reasons into `reasons`, where usable."""
    for row in range(prices.size):
        if usable[row]:
            reason, vol = _solve(contract_at(columns, row, 1), prices[row], guesses[row], tools)
            columns[5, row] = vol
            reasons[row] = reason
