"""American and European options on an underlying that pays cash dividends.

The model (the quoted price is lognormal between ex-dates and drops by the dividend) and the method are told in
`american.grid_kernels`. All rows of a call share one schedule, as the options on one underlying do.
"""

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative.american.exact import AmericanGreeks, AmericanPrice, greek_rows, price_rows
from models.quantitative.american.grid_kernels import Schedule
from models.quantitative.american.inputs import make_tools, rows
from models.quantitative.checks import finite, not_negative, one_shape


def schedule(dividend_years: ArrayLike, dividend_amounts: ArrayLike) -> Schedule:
    """Ex-dates in years from now, and the amounts per share, sorted. Bad numbers raise `contracts.errors.BadInput`.

    What is ex already (0 or less) or only after an option's expiry does not count for it.
    """
    years = finite("dividend_years", np.atleast_1d(dividend_years))
    amounts = not_negative("dividend_amounts", finite("dividend_amounts", np.atleast_1d(dividend_amounts)))
    years, amounts = one_shape(dividend_years=years, dividend_amounts=amounts)
    order = np.argsort(years.reshape(-1), kind="stable")
    return Schedule(np.ascontiguousarray(years.reshape(-1)[order]), np.ascontiguousarray(amounts.reshape(-1)[order]))


def price_with_dividends(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    dividend_years: ArrayLike,
    dividend_amounts: ArrayLike,
    *,
    is_american: bool = True,
    grid: str = "fine",
) -> AmericanPrice:
    """Price per share. Rate, yield and volatility are continuous and per year; all but the schedule broadcast.

    `grid` is a name in `inputs.GRIDS`; without a dividend before expiry no grid is needed and none is used.

    >>> f"{price_with_dividends(100.0, 95.0, 0.5, 0.03, 0.0, 0.25, True, [0.2], [2.0]).price:.2f}"
    '9.36'
    """
    given = rows(underlying_price, strike, years, rate, dividend_yield, vol, is_call)
    tools = make_tools("accurate", schedule(dividend_years, dividend_amounts), grid)
    return price_rows(given, tools, is_american=is_american)


def greeks_with_dividends(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    dividend_years: ArrayLike,
    dividend_amounts: ArrayLike,
    *,
    is_american: bool = True,
    grid: str = "fine",
) -> AmericanGreeks:
    """Price and Greeks, arguments as in `price_with_dividends`."""
    given = rows(underlying_price, strike, years, rate, dividend_yield, vol, is_call)
    tools = make_tools("accurate", schedule(dividend_years, dividend_amounts), grid)
    return greek_rows(given, tools, is_american=is_american)
