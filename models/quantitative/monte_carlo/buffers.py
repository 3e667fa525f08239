"""Arrays that hold one part of the paths, filled again and again."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.random_kernels import BLOCK


class Buffers(NamedTuple):
    """Two-dimensional ones have a column for each path, the others a place."""

    normals: Floats
    """A row for each step, all of one factor before those of another."""
    logs: Floats
    """Ln(S/S₀), a row for each step; of a basket at expiry, a row for each underlying."""
    variances: Floats
    """Under Heston the mean variance of each step; where observed all the time, the variance of ln S over the step."""
    first: Floats
    second: Floats
    """Results of payoff kernels."""
    scratch: Floats
    bits: NDArray[np.int64]
    calls: NDArray[np.int64]
    words: NDArray[np.uint64]


def make_buffers(factors: int, steps: int, rows: int, paths: int) -> Buffers:
    """For so many paths; `rows` is the number of rows of `logs`."""
    return Buffers(
        np.empty((factors * steps, paths)),
        np.empty((rows, paths)),
        np.empty((rows, paths)),
        np.empty(paths),
        np.empty(paths),
        np.empty(paths),
        np.empty(paths, dtype=np.int64),
        np.empty(paths, dtype=np.int64),
        np.empty(BLOCK, dtype=np.uint64),
    )
