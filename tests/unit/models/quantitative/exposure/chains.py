"""A made-up chain: a skewed smile, more open calls above the forward and more open puts below it."""

from typing import NamedTuple

import numpy as np

from models.quantitative.blocks import Floats

SPOT, RATE, DIVIDEND = 100.0, 0.03, 0.01


class Chain(NamedTuple):
    """Columns of a chain, one row a contract."""

    strike: Floats
    years: Floats
    is_call: Floats
    vol: Floats
    open_interest: Floats


def chain() -> Chain:
    """Thirty-one strikes, two expiries, both rights."""
    strike, years, is_call = (
        axis.ravel() for axis in np.meshgrid(np.arange(70.0, 131.0, 2.0), [0.05, 0.3], [1.0, 0.0], indexing="ij")
    )
    distance = np.log(strike / SPOT)
    vol = 0.2 - 0.3 * distance + 0.5 * distance**2
    centre = np.where(is_call == 1.0, 108.0, 94.0)
    open_interest = np.round(5000.0 * np.exp(-0.5 * ((strike - centre) / 8.0) ** 2))
    return Chain(strike, years, is_call, vol, open_interest)
