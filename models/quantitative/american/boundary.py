"""The price of the underlying at which an American option is exercised."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative.american.inputs import make_tools, rows
from models.quantitative.american.valuation_kernels import boundaries
from models.quantitative.blocks import Floats
from models.quantitative.reasons import Reason


class ExerciseBoundary(NamedTuple):
    """Results of `early_exercise_boundary`, each in the shape of the inputs."""

    reason_code: Floats
    """Index in `reasons.REASONS`: `ok`, `expired` or `bad_input`; the last also where there are two boundaries (a put
    with yield < rate < 0, a call with rate < yield < 0), which no single number answers."""
    underlying_price: Floats
    """A put is exercised at or below, a call at or above. 0 and ∞ where early exercise never pays."""


def early_exercise_boundary(
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    scheme: str = "accurate",
) -> ExerciseBoundary:
    """The boundary with `years` left. Rate, yield and volatility are continuous and per year; arguments broadcast.

    >>> f"{early_exercise_boundary(110.0, 0.5, 0.05, 0.0, 0.3, is_call=False).underlying_price:.2f}"
    '81.50'
    """
    given = rows(1.0, strike, years, rate, dividend_yield, vol, is_call)
    found = np.full(given.reason_code.size, np.nan)
    boundaries(given.columns, given.usable, make_tools(scheme), found)
    reason = np.where(given.usable & np.isnan(found), float(Reason.BAD_INPUT), given.reason_code)
    return ExerciseBoundary(reason.reshape(given.shape), found.reshape(given.shape))
