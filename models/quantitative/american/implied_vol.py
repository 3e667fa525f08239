"""Implied volatility of American prices, and what the European option would cost at it.

The method is told in `american.root_kernels`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative import quotes
from models.quantitative.american.dividends import schedule
from models.quantitative.american.exact import price_rows
from models.quantitative.american.inputs import Rows, make_tools, rows
from models.quantitative.american.root_kernels import implied_vols
from models.quantitative.american.valuation_kernels import Tools
from models.quantitative.blocks import Floats
from models.quantitative.quotes import ImpliedVol
from models.quantitative.reasons import Reason
from models.quantitative.terms import MAX_PRICE

_GUESS = 0.3
"""Where the price has no European volatility to start from."""


class DeAmericanised(NamedTuple):
    """Results of `de_americanised_price`, each in the shape of the inputs; NaN where the reason is not `ok`."""

    reason_code: Floats
    """Index in `reasons.REASONS`."""
    implied_vol: Floats
    """Of the American price, per year."""
    price: Floats
    """Of the European option at that volatility, per share."""


def american_implied_vol(
    price: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    dividend_years: ArrayLike = (),
    dividend_amounts: ArrayLike = (),
    scheme: str = "fast",
    grid: str = "coarse",
) -> ImpliedVol:
    """Volatility per year at which an American option has this price per share; all but the schedule broadcast.

    Reasons: `below_intrinsic` where the price is at or below that of immediate exercise or of the least volatility,
    `above_bound` where no volatility is high enough, `zero_vega` where the price hardly depends on it.

    >>> f"{american_implied_vol(13.3883, 100.0, 110.0, 0.5, 0.05, 0.0, is_call=False).implied_vol:.4f}"
    '0.3000'
    """
    given, _ = _solve(
        (price, underlying_price, strike, years, rate, dividend_yield, is_call),
        make_tools(scheme, schedule(dividend_years, dividend_amounts), grid),
    )
    return ImpliedVol(given.reason_code.reshape(given.shape), given.columns[5].reshape(given.shape))


def de_americanised_price(
    price: ArrayLike,
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    dividend_years: ArrayLike = (),
    dividend_amounts: ArrayLike = (),
    scheme: str = "fast",
    grid: str = "coarse",
) -> DeAmericanised:
    """Price of the European option with the volatility that the American price implies, for fits that know only those.

    Arguments and reasons as in `american_implied_vol`.
    """
    given, tools = _solve(
        (price, underlying_price, strike, years, rate, dividend_yield, is_call),
        make_tools(scheme, schedule(dividend_years, dividend_amounts), grid),
    )
    european = price_rows(given, tools, is_american=False)
    return DeAmericanised(european.reason_code, given.columns[5].reshape(given.shape), european.price)


def _solve(arguments: tuple[ArrayLike, ...], tools: Tools) -> tuple[Rows, Tools]:
    """Rows with the volatility found in its column and the reason for those that have none."""
    arrays = (np.asarray(values, dtype=np.float64) for values in arguments)
    price, spot, strike, years, rate, dividend_yield, is_call = np.broadcast_arrays(*arrays)
    given = rows(spot, strike, years, rate, dividend_yield, _GUESS, is_call)
    prices = price.reshape(-1)
    priced = (prices >= 0.0) & (prices <= MAX_PRICE)
    reason = np.where(priced, given.reason_code, float(Reason.BAD_INPUT))
    usable = given.usable & priced
    guesses = quotes.implied_vol(price, spot, strike, years, rate, dividend_yield, is_call).implied_vol.reshape(-1)
    guesses = np.where(np.isnan(guesses), _GUESS, guesses)
    given.columns[5, ~usable] = np.nan
    implied_vols(np.ascontiguousarray(prices), guesses, given.columns, usable, tools, reason)
    return Rows(given.columns, reason, reason == Reason.OK, given.shape), tools
