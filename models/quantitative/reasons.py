"""Why a row has no answer. A formula carries the reason as its index in `REASONS`, because it knows only numbers."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.quantitative.blocks import Floats


class Reason(IntEnum):
    """One row's reason. A row to which several apply gets the last of them in this order."""

    OK = 0
    ZERO_VEGA = 1
    """Rounding of the price alone would move the implied volatility by more than 2e-4 of itself."""
    ABOVE_BOUND = 2
    """The price is at least the discounted underlying (call) or strike (put): no volatility is high enough."""
    BELOW_INTRINSIC = 3
    """No time value is left after rounding: no volatility is low enough."""
    STALE = 4
    """The underlying's price is too old beside the quote, see `quotes.MAX_UNDERLYING_AGE_S`."""
    CROSSED = 5
    NO_BID = 6
    EXPIRED = 7
    BAD_INPUT = 8
    """A number is missing, not finite, or outside the limits of `models.quantitative.terms`."""


REASONS = tuple(reason.name.lower() for reason in Reason)


def reason_names(codes: Floats) -> NDArray[np.str_]:
    """The names of these codes, in the same shape."""
    return np.asarray(REASONS)[codes.astype(np.intp)]
