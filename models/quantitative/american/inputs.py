"""Arguments of the American functions, checked and broadcast: each row gets a reason code, and none raises."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.quantitative.american.grid_kernels import Grid, Schedule, grid_space
from models.quantitative.american.kernels import workspace
from models.quantitative.american.schemes import SCHEMES
from models.quantitative.american.valuation_kernels import Tools
from models.quantitative.blocks import Floats
from models.quantitative.reasons import Reason
from models.quantitative.terms import MAX_PRICE, MAX_RATE, MAX_YEARS, MIN_PRICE, MIN_YEARS

MIN_VOL, MAX_VOL = 1e-4, 20.0
"""Volatility, per year."""
_LIMITS = (
    (MIN_PRICE, MAX_PRICE),
    (MIN_PRICE, MAX_PRICE),
    (-MAX_YEARS, MAX_YEARS),
    (-MAX_RATE, MAX_RATE),
    (-MAX_RATE, MAX_RATE),
    (MIN_VOL, MAX_VOL),
)
_YEARS, _IS_CALL = 2, 6
GRIDS = {
    "coarse": Grid(space_steps=300, time_steps=80, least_steps=8, width=5.0),
    "fine": Grid(space_steps=800, time_steps=250, least_steps=20, width=6.0),
}
"""Finite-difference grids; against a grid of 1,000 × 2,000 steps they are off by 2.5e-5 and 1.5e-6 of the spot."""
NO_DIVIDENDS = Schedule(np.empty(0), np.empty(0))


class Rows(NamedTuple):
    """Arguments as rows, in the order of `grid_kernels.Contract`."""

    columns: Floats
    """Shape (7, rows)."""
    reason_code: Floats
    usable: NDArray[np.bool_]
    shape: tuple[int, ...]


def rows(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
) -> Rows:
    """The arguments broadcast, and the reason of each row: `ok`, `expired` or `bad_input`."""
    arguments = (underlying_price, strike, years, rate, dividend_yield, vol, is_call)
    arrays = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in arguments))
    shape = arrays[0].shape
    columns = np.stack([array.reshape(-1) for array in arrays])
    sound = (columns[_IS_CALL] == 0.0) | (columns[_IS_CALL] == 1.0)
    for column, (low, high) in zip(columns, _LIMITS, strict=False):
        sound &= (column >= low) & (column <= high)
    alive = columns[_YEARS] >= MIN_YEARS
    reason = np.where(sound, np.where(alive, float(Reason.OK), float(Reason.EXPIRED)), float(Reason.BAD_INPUT))
    return Rows(columns, reason, sound & alive, shape)


def make_tools(scheme: str, dividends: Schedule = NO_DIVIDENDS, grid: str = "fine") -> Tools:
    """What the kernels need, by the names in `SCHEMES` and `GRIDS`."""
    tables, steps = SCHEMES[scheme], GRIDS[grid]
    return Tools(tables, workspace(tables), steps, grid_space(steps), dividends)
