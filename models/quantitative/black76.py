"""Options on futures and forwards under Black (1976).

Theory of operation
-------------------
A forward grows at no rate of its own: it is an underlying whose yield equals the interest rate. So price, implied
volatility and all Greeks are those of `models.quantitative.european` with the yield set so, but for rho: the forward
stays put when the rate moves, and only the discount answers.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative import quotes
from models.quantitative.european import PERCENT, EuropeanGreeks, european
from models.quantitative.quotes import ImpliedVol


def black76(
    forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, vol: ArrayLike, is_call: ArrayLike
) -> EuropeanGreeks:
    """Price and Greeks, delta and gamma per 1.00 of the forward; other units and limits as in `european`.

    >>> result = black76(100.0, 100.0, 1.0, 0.05, 0.2, is_call=True)
    >>> f"{result.price:.4f} {result.delta:.4f} {result.rho:.4f}"
    '7.5771 0.5135 -0.0758'
    """
    found = european(forward, strike, years, rate, rate, vol, is_call)
    rho: Any = -PERCENT * np.asarray(years, dtype=np.float64) * found.price
    return found._replace(rho=rho)


def black76_implied_vol(
    price: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, is_call: ArrayLike
) -> ImpliedVol:
    """Implied volatility of a price per unit of the forward; reasons as in `quotes.implied_vol`.

    >>> f"{black76_implied_vol(7.577082146427264, 100.0, 100.0, 1.0, 0.05, is_call=True).implied_vol:.12f}"
    '0.200000000000'
    """
    return quotes.implied_vol(price, forward, strike, years, rate, rate, is_call)
