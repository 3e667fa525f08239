"""Which method values which contract, and the loops over many of them, compiled.

| contract                                             | method                                           |
| ---------------------------------------------------- | ------------------------------------------------ |
| a cash dividend falls before expiry                  | finite differences                               |
| exercise pays between two boundaries (yield < rate < 0 for a put, rate < yield < 0 for a call) | finite differences |
| exercise never pays early, or is not allowed         | the European formula                             |
| any other                                            | the boundary and the premium along it            |
"""

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.american.grid_kernels import Contract, Grid, GridSpace, Schedule, grid_value
from models.quantitative.american.kernels import (
    BELOW,
    BETWEEN,
    NEVER,
    Workspace,
    european_put,
    exercise_region,
    follow_boundary,
    log_cap,
    put_value,
    solve_boundary,
)
from models.quantitative.american.normal_kernels import OPTIONS
from models.quantitative.american.schemes import Scheme
from models.quantitative.american.slope_kernels import put_curve
from models.quantitative.blocks import Floats

_VOL_STEP, _RATE_STEP = 1e-4, 1e-5
"""Half the distance of the two values behind vega, as a share of the volatility, and behind rho."""
_GRID_VOL_STEP, _GRID_RATE_STEP = 1e-2, 1e-3
NEAR = 1e-3
"""Share of a number by which the next put may differ to have its boundary follow from the last one's."""
_ROUNDING = 1e-13
"""Worth less than this share of spot and strike more than exercise, an option is taken to be exercised."""
_PERCENT, _DAYS_PER_YEAR = 0.01, 365.0


class Tools(NamedTuple):
    """What contracts are valued with."""

    scheme: Scheme
    work: Workspace
    grid: Grid
    space: GridSpace
    dividends: Schedule


class _Put(NamedTuple):
    """A contract as a put, a call by symmetry as one on the strike; numbers in the units of `kernels`."""

    strike: float
    log_spot: float
    growth: float
    payout: float
    total_vol: float
    region: int


@njit(**OPTIONS)
def contract_at(columns: Floats, row: int, is_american: int) -> Contract:
    """The contract of one row; columns as in `Contract`."""
    return Contract(
        columns[0, row],
        columns[1, row],
        columns[2, row],
        columns[3, row],
        columns[4, row],
        columns[5, row],
        columns[6, row] != 0.0,
        is_american != 0,
    )


@njit(**OPTIONS)
def moved(contract: Contract, rate: float, vol: float) -> Contract:
    """The contract at another rate and volatility."""
    return Contract(
        contract.spot,
        contract.strike,
        contract.years,
        rate,
        contract.dividend_yield,
        vol,
        contract.is_call,
        contract.is_american,
    )


@njit(**OPTIONS)
def _as_put(contract: Contract) -> _Put:
    spot, strike, rate, payout = contract.spot, contract.strike, contract.rate, contract.dividend_yield
    if contract.is_call:
        spot, strike, rate, payout = strike, spot, payout, rate
    years = contract.years
    region = exercise_region(rate, payout) if contract.is_american else NEVER
    return _Put(strike, log(spot / strike), rate * years, payout * years, contract.vol * sqrt(years), region)


@njit(**OPTIONS)
def _needs_grid(contract: Contract, region: int, dividends: Schedule) -> bool:
    for k in range(dividends.years.size):
        if 0.0 < dividends.years[k] <= contract.years and dividends.amounts[k] > 0.0:
            return True
    return region == BETWEEN


@njit(**OPTIONS)
def _find_boundary(put: _Put, tools: Tools, is_near: int) -> None:
    if is_near:
        follow_boundary(put.growth, put.payout, put.total_vol, tools.scheme, tools.work)
    else:
        solve_boundary(put.growth, put.payout, put.total_vol, tools.scheme, tools.work)


@njit(**OPTIONS)
def value(contract: Contract, tools: Tools, is_near: int) -> float:
    """Value per share; `is_near` where the contract valued last differs from it by at most `NEAR`."""
    put = _as_put(contract)
    if _needs_grid(contract, put.region, tools.dividends):
        return grid_value(contract, tools.dividends, tools.grid, tools.space)[0]
    if put.region == NEVER:
        return put.strike * european_put(put.log_spot, put.growth, put.payout, put.total_vol)
    _find_boundary(put, tools, is_near)
    return put.strike * put_value(put.log_spot, put.growth, put.payout, put.total_vol, tools.scheme, tools.work)


@njit(**OPTIONS)
def _curve(contract: Contract, tools: Tools, is_near: int) -> tuple[float, float, float]:
    """Value per share and its first two derivatives in the underlying's price; `is_near` as in `value`."""
    put = _as_put(contract)
    if _needs_grid(contract, put.region, tools.dividends):
        return grid_value(contract, tools.dividends, tools.grid, tools.space)
    if put.region == BELOW:
        _find_boundary(put, tools, is_near)
    level, slope, bend = put_curve(
        put.log_spot, put.growth, put.payout, put.total_vol, put.region, tools.scheme, tools.work
    )
    spot = contract.spot
    delta = level - slope if contract.is_call else put.strike * slope / spot
    return put.strike * level, delta, put.strike * (bend - slope) / (spot * spot)


@njit(**OPTIONS)
def _greeks(contract: Contract, tools: Tools, out: Floats) -> None:
    """Fill `out`: price, delta, gamma, vega, theta, rho, in the units of `exact.AmericanGreeks`."""
    on_grid = _needs_grid(contract, _as_put(contract).region, tools.dividends)
    rate, vol, spot = contract.rate, contract.vol, contract.spot
    vol_step = vol * (_GRID_VOL_STEP if on_grid else _VOL_STEP)
    rate_step = _GRID_RATE_STEP if on_grid else _RATE_STEP
    price, delta, gamma = _curve(contract, tools, 0)
    vega = rho = 0.0
    for side in (1.0, -1.0):
        vega += side * _curve(moved(contract, rate, vol + side * vol_step), tools, 1)[0]
    for side in (1.0, -1.0):
        rho += side * _curve(moved(contract, rate + side * rate_step, vol), tools, int(rate_step <= NEAR * rate))[0]
    out[0], out[1], out[2], out[4] = price, delta, gamma, 0.0
    out[3] = vega * _PERCENT / (2.0 * vol_step)
    out[5] = rho * _PERCENT / (2.0 * rate_step)
    intrinsic = spot - contract.strike if contract.is_call else contract.strike - spot
    held = price - intrinsic > _ROUNDING * (spot + contract.strike)
    if held or not contract.is_american:  # so the pricing equation holds
        carry = rate * price - (rate - contract.dividend_yield) * spot * delta
        out[4] = (carry - 0.5 * vol * vol * spot * spot * gamma) / _DAYS_PER_YEAR
    else:
        out[1], out[2] = 1.0 if contract.is_call else -1.0, 0.0


@njit(**OPTIONS)
def values(columns: Floats, usable: NDArray[np.bool_], tools: Tools, out: Floats, is_american: int) -> None:
    """Fill `out` with the value of every usable row, leave the others alone."""
    for row in range(columns.shape[1]):
        if usable[row]:
            out[row] = value(contract_at(columns, row, is_american), tools, 0)


@njit(**OPTIONS)
def greeks(columns: Floats, usable: NDArray[np.bool_], tools: Tools, out: Floats, is_american: int) -> None:
    """The same for price and Greeks, in rows of `out`."""
    for row in range(columns.shape[1]):
        if usable[row]:
            _greeks(contract_at(columns, row, is_american), tools, out[row])


@njit(**OPTIONS)
def boundaries(columns: Floats, usable: NDArray[np.bool_], tools: Tools, out: Floats) -> None:
    """Fill `out` with the underlying's price at which every usable row is exercised, today."""
    for row in range(columns.shape[1]):
        if not usable[row]:
            continue
        put = _as_put(contract_at(columns, row, 1))
        if put.region == BETWEEN:
            continue
        log_share = -np.inf
        if put.region == BELOW:
            solve_boundary(put.growth, put.payout, put.total_vol, tools.scheme, tools.work)
            log_share = log_cap(put.growth, put.payout) + tools.work.log_boundary[0]
        out[row] = columns[1, row] * exp(-log_share if columns[6, row] != 0.0 else log_share)
