"""Calibration of Heston's model, with or without jumps, to the quotes of a chain.

Theory of operation
-------------------
The residual of a quote is its price error over its vega at the implied volatility, in volatility points, which is the
error of its implied volatility to first order; a quoted spread divides it further, so that wide quotes count less. Vega
is not taken as less than a share of an at-the-money option's, or far wings would decide alone. The unknowns are the
logarithms of the positive parameters and ρ itself, between bounds; slopes are analytic (`calibration_kernels`), steps
those of `least_squares`. The first start is read off the chain. Only where it ends without convergence, on a bound, or
with a large error, are further starts tried, always the same ones, and the best
result is taken.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.heston.calibration_kernels import COLUMNS, chain_values
from models.quantitative.heston.characteristic_kernels import Model
from models.quantitative.heston.least_squares import Fit, fit
from models.quantitative.heston.parameters import (
    JUMP_LIMITS,
    NO_JUMPS,
    PARAM_LIMITS,
    HestonParams,
    Jumps,
    feller_ratio,
)
from models.quantitative.heston.pricing import pricing_columns
from models.quantitative.quotes import implied_vol
from models.quantitative.reasons import Reason, reason_names

Limits = dict[str, tuple[float, float]]
LIMITS: Final[Limits] = {
    "v0": (1e-4, 4.0), "kappa": (0.01, 20.0), "theta": (1e-4, 4.0), "sigma": (0.01, 5.0), "rho": (-0.99, 0.99),
    "intensity": (0.01, 10.0), "mean": (-0.5, 0.5), "std": (0.01, 0.5),
}  # fmt: skip
"""Between which parameters are looked for, unless asked otherwise."""
MOST_EVALUATIONS: Final = 100
"""Of the whole chain, from one start."""
GOOD_ERROR: Final = 1.0
"""Volatility points (spreads, where they are given), root mean square. Above this, further starts are tried."""
_STARTS: Final = ((1.0, 0.3, -0.3), (6.0, 1.5, -0.7), (0.3, 0.8, 0.3))
"""Speed, volatility of variance and correlation of the further starts."""
_FIRST_START: Final = (2.0, 0.6, -0.5)
_JUMP_START: Final = (0.5, -0.1, 0.1)
_LEAST_VEGA: Final = 0.02
"""Of an at-the-money option's."""
_LEAST_SPREAD: Final = 0.05
"""Volatility points; a narrower quote does not count more."""
_UNSCALED: Final = ("rho", "mean")
"""Parameters that may be negative, and so are not looked for by their logarithm."""


class Calibration(NamedTuple):
    """What was found, and how good it is."""

    params: HestonParams
    jumps: Jumps
    rms_vol: float
    """Root of the mean squared error of implied volatility over `used` quotes, in volatility points (0.01)."""
    rms_price: float
    """The same of the price, per share."""
    feller_ratio: float
    """2κθ/σ²."""
    is_feller: bool
    """The ratio is at least 1: variance never touches zero."""
    on_bounds: tuple[str, ...]
    """Parameters that ended on a limit, by name: the chain would have them beyond."""
    converged: bool
    evaluations: int
    """Of the whole chain with its slopes, over all starts."""
    starts: int
    used: NDArray[np.bool_]
    """Which quotes have an implied volatility and were fitted."""


class _Chain(NamedTuple):
    """The usable quotes, sorted by expiry."""

    columns: Floats
    log_strikes: Floats
    starts: NDArray[np.int64]
    price: Floats
    vol: Floats
    weight: Floats


def calibrate(
    price: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    spread: ArrayLike | None = None,
    with_jumps: bool = False,
    limits: Limits | None = None,
) -> Calibration:
    """Parameters whose prices are nearest to those of a chain of European options.

    `spread` is that of the quotes, per share; `limits` replaces entries of `LIMITS`. Quotes without an implied
    volatility are left out; BadInput says what is wrong where too few are left.
    """
    names = HestonParams._fields + (Jumps._fields if with_jumps else ())
    bounds = _bounds(limits or {}, names)
    columns, shape = pricing_columns(underlying_price, strike, years, rate, dividend_yield, is_call)
    prices = np.broadcast_to(checks.not_negative("price", price), shape).reshape(-1)
    widths = None if spread is None else np.broadcast_to(checks.not_negative("spread", spread), shape).reshape(-1)
    chain, used = _usable(columns, prices, widths, len(names))
    unknowns, fits = _search(chain, names, bounds)
    values = dict(zip(names, unknowns, strict=True))
    model = Model(*(float(value) for value in (*unknowns, *NO_JUMPS)[: len(Model._fields)]))
    found, _ = _prices(chain, model)
    vols = implied_vol(found, *chain.columns).implied_vol
    params = HestonParams(*(float(values[name]) for name in HestonParams._fields))
    best = min(fits, key=lambda one: one.mean_square)
    return Calibration(
        params=params,
        jumps=Jumps(*(float(values[name]) for name in Jumps._fields)) if with_jumps else NO_JUMPS,
        rms_vol=100.0 * float(np.sqrt(np.nanmean((vols - chain.vol) ** 2))),
        rms_price=float(np.sqrt(np.mean((found - chain.price) ** 2))),
        feller_ratio=feller_ratio(params),
        is_feller=feller_ratio(params) >= 1.0,
        on_bounds=tuple(name for name in names if _is_on(values[name], bounds[name])),
        converged=best.converged,
        evaluations=sum(one.evaluations for one in fits),
        starts=len(fits),
        used=used.reshape(shape),
    )


def _bounds(limits: Limits, names: tuple[str, ...]) -> Limits:
    widest = PARAM_LIMITS | JUMP_LIMITS
    for name, (low, high) in limits.items():
        if name not in names:
            raise BadInput(f"limits name {name!r}: must be among {', '.join(names)}")
        least, most = max(widest[name][0], -np.inf if name in _UNSCALED else 1e-6), widest[name][1]
        if not least <= low < high <= most:
            raise BadInput(f"limits of {name} are {low} and {high}: must rise and lie from {least:g} to {most:g}")
    return {name: (LIMITS | limits)[name] for name in names}


def _is_on(value: float, bounds: tuple[float, float]) -> bool:
    return bool(np.isclose(value, bounds, rtol=1e-9, atol=0.0).any())


def _usable(columns: Floats, prices: Floats, widths: Floats | None, least: int) -> tuple[_Chain, NDArray[np.bool_]]:
    """The quotes that have an implied volatility, and which they are."""
    solved = implied_vol(prices, *columns)
    used = solved.reason_code == Reason.OK
    if used.sum() < least:
        reasons, counts = np.unique(reason_names(solved.reason_code[~used]), return_counts=True)
        why = ", ".join(f"{count} {reason}" for reason, count in zip(reasons, counts, strict=True)) or "no more given"
        raise BadInput(f"{used.sum()} of {used.size} quotes have an implied volatility ({why}): give at least {least}")
    spot, strike, years, rate, dividend, _ = columns
    forward = np.log(spot) + (rate - dividend) * years
    order = np.flatnonzero(used)[np.lexsort((forward[used], years[used]))]
    chosen = np.ascontiguousarray(columns[:, order])
    starts = np.concatenate([[0], 1 + np.flatnonzero(np.diff(chosen[2])), [order.size]])
    vol = solved.implied_vol[order]
    spot, strike, years, rate, dividend, is_call = chosen
    vega = european(spot, strike, years, rate, dividend, vol, is_call).vega
    at_the_money = 0.01 * spot * np.exp(-dividend * years) * np.sqrt(years / (2.0 * np.pi))
    weight = 1.0 / np.maximum(vega, _LEAST_VEGA * at_the_money)
    if widths is not None:
        weight /= np.maximum(widths[order] * weight, _LEAST_SPREAD)
    return _Chain(chosen, np.log(strike) - forward[order], starts, prices[order], vol, weight), used


def _prices(chain: _Chain, model: Model) -> tuple[Floats, Floats]:
    """Prices of the chain, and their slopes in the fields of `Model`."""
    spot, strike, years, rate, dividend, is_call = chain.columns
    results = np.empty((strike.size, COLUMNS))
    chain_values(chain.log_strikes, years, chain.starts, model, results)
    bond, stock = strike * np.exp(-rate * years), spot * np.exp(-dividend * years)
    return bond * results[:, 0] + np.where(is_call == 1.0, stock, bond), bond[:, None] * results[:, 1:]


def _search(chain: _Chain, names: tuple[str, ...], bounds: Limits) -> tuple[Floats, list[Fit]]:
    """The best parameters, in the order of `names`, and how each start ended."""
    is_log = np.array([name not in _UNSCALED for name in names])
    low, high = (_coded(np.array([bounds[name][side] for name in names]), is_log) for side in (0, 1))
    padding = NO_JUMPS[: len(Model._fields) - len(names)]

    def residuals(unknowns: Floats) -> tuple[Floats, Floats]:
        values = _decoded(unknowns, is_log)
        found, slopes = _prices(chain, Model(*values, *padding))
        scale = np.where(is_log, values, 1.0)
        return chain.weight * (found - chain.price), chain.weight[:, None] * slopes[:, : len(names)] * scale

    years, vol = chain.columns[2], chain.vol
    near = np.abs(chain.log_strikes) <= np.sqrt(years) * vol
    near = near if near.any() else np.ones_like(near)
    first, last = (float(np.median(vol[near & (years == edge(years[near]))]) ** 2) for edge in (np.min, np.max))
    fits = []
    for kappa, sigma, rho in (_FIRST_START, *_STARTS):
        start = np.array([first, kappa, last, sigma, rho, *_JUMP_START][: len(names)])
        fits.append(fit(residuals, np.clip(_coded(start, is_log), low, high), low, high, MOST_EVALUATIONS))
        ended = fits[-1]
        inside = bool(((ended.unknowns > low) & (ended.unknowns < high)).all())
        if ended.converged and inside and ended.mean_square <= GOOD_ERROR**2:
            break
    best = min(fits, key=lambda one: one.mean_square)
    return _decoded(best.unknowns, is_log), fits


def _coded(values: Floats, is_log: NDArray[np.bool_]) -> Floats:
    return np.where(is_log, np.log(np.where(is_log, values, 1.0)), values)


def _decoded(unknowns: Floats, is_log: NDArray[np.bool_]) -> Floats:
    return np.where(is_log, np.exp(np.where(is_log, unknowns, 0.0)), unknowns)
