"""Price and Greeks of European options under Heston's model, with or without jumps.

The method is told in `contour_kernels` and `characteristic_kernels`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.heston.contour_kernels import evaluate_rows
from models.quantitative.heston.parameters import NO_JUMPS, HestonParams, Jumps, make_model
from models.quantitative.terms import MAX_PRICE, MAX_RATE, MAX_YEARS, MIN_PRICE

MIN_YEARS = 1e-7
"""Three seconds."""
_RESULTS = 6
_DAYS_PER_YEAR = 365.0


class HestonGreeks(NamedTuple):
    """Price and Greeks, each in the shape of the inputs."""

    price: Floats
    """In the currency of the underlying, per share."""
    delta: Floats
    """Per 1.00 of the underlying, at unmoved variance."""
    gamma: Floats
    """Change of delta per 1.00 of the underlying."""
    vega: Floats
    """Per volatility point (0.01) of √v0, the volatility now."""
    theta: Floats
    """Per calendar day (1/365 year)."""
    rho: Floats
    """Per percentage point of rate (0.01)."""


def heston_price(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    params: HestonParams,
    is_call: ArrayLike,
    *,
    jumps: Jumps = NO_JUMPS,
) -> Floats:
    """Price per share. Rate and yield are continuous and per year; arguments broadcast.

    BadInput names what is wrong. NaN marks a row whose integral did not settle (see docs/pricing.md).

    >>> params = HestonParams(v0=0.04, kappa=2.0, theta=0.05, sigma=0.4, rho=-0.7)
    >>> f"{heston_price(100.0, 110.0, 0.5, 0.05, 0.0, params, is_call=True):.6f}"
    '2.434619'
    """
    columns, shape = pricing_columns(underlying_price, strike, years, rate, dividend_yield, is_call)
    results = np.empty((columns.shape[1], _RESULTS))
    evaluate_rows(columns, make_model(params, jumps), 0, results)
    return results[:, 0].reshape(shape)


def heston(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    params: HestonParams,
    is_call: ArrayLike,
    *,
    jumps: Jumps = NO_JUMPS,
) -> HestonGreeks:
    """Price and Greeks. Rate and yield are continuous and per year; arguments broadcast.

    BadInput names what is wrong. NaN marks a row whose integral did not settle (see docs/pricing.md).

    >>> params = HestonParams(v0=0.04, kappa=2.0, theta=0.05, sigma=0.4, rho=-0.7)
    >>> result = heston(100.0, 110.0, 0.5, 0.05, 0.0, params, is_call=True)
    >>> f"{result.price:.4f} {result.delta:.4f}"
    '2.4346 0.3728'
    """
    columns, shape = pricing_columns(underlying_price, strike, years, rate, dividend_yield, is_call)
    results = np.empty((columns.shape[1], _RESULTS))
    evaluate_rows(columns, make_model(params, jumps), 1, results)
    price, delta, gamma, by_v0, by_years, by_rate = results.T.reshape(_RESULTS, *shape)
    per_point = 0.02 * np.sqrt(params.v0)
    return HestonGreeks(price, delta, gamma, per_point * by_v0, -by_years / _DAYS_PER_YEAR, 0.01 * by_rate)


def pricing_columns(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
) -> tuple[Floats, tuple[int, ...]]:
    """The arguments as rows of one array, and the shape they broadcast to."""
    arrays = checks.one_shape(
        underlying_price=checks.within("underlying_price", underlying_price, MIN_PRICE, MAX_PRICE),
        strike=checks.within("strike", strike, MIN_PRICE, MAX_PRICE),
        years=checks.within("years", years, MIN_YEARS, MAX_YEARS),
        rate=checks.within("rate", rate, -MAX_RATE, MAX_RATE),
        dividend_yield=checks.within("dividend_yield", dividend_yield, -MAX_RATE, MAX_RATE),
        is_call=checks.is_call(is_call),
    )
    return np.stack([array.reshape(-1) for array in arrays]), arrays[0].shape
