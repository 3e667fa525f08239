"""Price and Greeks of American options with a continuous dividend yield.

The method is told in `american.kernels`, the cases of rate and yield in `american.valuation_kernels`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative.american.inputs import Rows, make_tools, rows
from models.quantitative.american.valuation_kernels import Tools, greeks, values
from models.quantitative.blocks import Floats
from models.quantitative.reasons import Reason


class AmericanPrice(NamedTuple):
    """Results of `american_price`, each in the shape of the inputs."""

    reason_code: Floats
    """Index in `reasons.REASONS`: `ok`, `expired` or `bad_input`."""
    price: Floats
    """In the currency of the underlying, per share; NaN where the reason is not `ok`."""


class AmericanGreeks(NamedTuple):
    """Price and Greeks, each in the shape of the inputs; NaN in all but `reason_code` where that is not `ok`.

    Where immediate exercise is best they are those of the payoff: delta ±1, all others 0.
    """

    reason_code: Floats
    """Index in `reasons.REASONS`: `ok`, `expired` or `bad_input`."""
    price: Floats
    """In the currency of the underlying, per share."""
    delta: Floats
    """Per 1.00 of the underlying."""
    gamma: Floats
    """Change of delta per 1.00 of the underlying."""
    vega: Floats
    """Per volatility point (0.01)."""
    theta: Floats
    """Per calendar day (1/365 year)."""
    rho: Floats
    """Per percentage point of rate (0.01)."""


def american_price(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    scheme: str = "fast",
) -> AmericanPrice:
    """Price per share. Rate, yield and volatility are continuous and per year; arguments broadcast.

    `scheme` is a name in `schemes.SCHEMES`. Rows of one expiry and volatility in a row are faster: they share their
    exercise boundary.

    >>> f"{american_price(100.0, 110.0, 0.5, 0.05, 0.0, 0.3, is_call=False).price:.4f}"
    '13.3883'
    """
    given = rows(underlying_price, strike, years, rate, dividend_yield, vol, is_call)
    return price_rows(given, make_tools(scheme), is_american=True)


def american(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    scheme: str = "accurate",
) -> AmericanGreeks:
    """Price and Greeks. Rate, yield and volatility are continuous and per year; arguments broadcast.

    >>> result = american(100.0, 110.0, 0.5, 0.05, 0.0, 0.3, is_call=False)
    >>> f"{result.price:.4f} {result.delta:.4f}"
    '13.3883 -0.6257'
    """
    given = rows(underlying_price, strike, years, rate, dividend_yield, vol, is_call)
    return greek_rows(given, make_tools(scheme), is_american=True)


def price_rows(given: Rows, tools: Tools, *, is_american: bool) -> AmericanPrice:
    """Prices of checked rows."""
    prices = np.full((given.reason_code.size, 1), np.nan)
    values(given.columns, given.usable, tools, prices[:, 0], int(is_american))
    return AmericanPrice(*_answered(given, prices))


def greek_rows(given: Rows, tools: Tools, *, is_american: bool) -> AmericanGreeks:
    """Price and Greeks of checked rows."""
    results = np.full((given.reason_code.size, len(AmericanGreeks._fields) - 1), np.nan)
    greeks(given.columns, given.usable, tools, results, int(is_american))
    return AmericanGreeks(*_answered(given, results))


def _answered(given: Rows, results: Floats) -> Iterator[Floats]:
    """Reason codes and results in the shape of the inputs.

    Each argument is within its limits, but in a few far corners, such as half a century at a rate of −100 %, they are
    too much for the method together: such a row is bad input.
    """
    is_beyond = given.usable & ~np.isfinite(results).all(axis=1)
    results[is_beyond] = np.nan
    yield np.where(is_beyond, float(Reason.BAD_INPUT), given.reason_code).reshape(given.shape)
    yield from (np.ascontiguousarray(column).reshape(given.shape) for column in results.T)
