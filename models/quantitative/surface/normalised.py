"""Volatility of prices in units of the forward: the small calls of which a fit makes hundreds, compiled once."""

import numpy as np

from models.quantitative import compiled
from models.quantitative.blocks import Floats
from models.quantitative.quotes import IMPLIED_VOL


def total_vol(price: Floats, x: Floats) -> Floats:
    """σ√T of out-of-the-money prices at x = K/F, puts up to x = 1 and calls above; NaN where there is none.

    >>> f"{total_vol(np.array([0.03986]), np.array([1.0]))[0]:.4f}"
    '0.1000'
    """
    is_call = (x > 1.0).astype(np.float64)
    _, vol = compiled.evaluate(IMPLIED_VOL, price, 1.0, x, 1.0, 0.0, 0.0, is_call)
    return vol
