"""The steps of a path: how long they are, which are observed, and in which order a Brownian bridge takes them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.path_kernels import Bridge
from models.quantitative.monte_carlo.settings import MAX_STEPS


class Schedule(NamedTuple):
    """Steps from now to expiry."""

    years: Floats
    """Length of each step."""
    rows: NDArray[np.int64]
    """The steps at whose end the product is observed."""


def schedule(observation_years: tuple[float, ...], longest_years: float) -> Schedule:
    """As few steps as end at every observation and are not longer than given; equal between two observations.

    >>> schedule((0.5, 1.0), 0.25)
    Schedule(years=array([0.25, 0.25, 0.25, 0.25]), rows=array([1, 3]))
    """
    gaps = np.diff(np.array(observation_years), prepend=0.0)
    # A gap that is a whole number of steps but for rounding gets no step more.
    counts = np.maximum(np.ceil(gaps / longest_years - 1e-9), 1.0)
    if counts.sum() > MAX_STEPS:
        raise BadInput(f"steps_per_year asks for {counts.sum():.0f} steps: must be at most {MAX_STEPS}; choose fewer")
    whole = counts.astype(np.int64)
    return Schedule(np.repeat(gaps / whole, whole), np.cumsum(whole) - 1)


def bridge(step_years: Floats) -> Bridge:
    """Expiry first, then the middle of every stretch, the longer stretches before the shorter."""
    times = np.cumsum(step_years)
    last = times.size - 1
    chosen: list[tuple[int, int, int]] = [(last, -1, -1)]
    stretches = [(-1, last)]
    for left, right in stretches:
        if right - left > 1:
            middle = (left + right) // 2
            chosen.append((middle, left, right))
            stretches += [(left, middle), (middle, right)]
    place, low, high = np.array(chosen, dtype=np.int64).T.copy()
    start = np.where(low < 0, 0.0, times[low])
    span = times[high] - start
    share = np.where(high < 0, 0.0, (times[place] - start) / np.where(high < 0, 1.0, span))
    variance = np.where(high < 0, times[place], (times[place] - start) * (1.0 - share))
    return Bridge(place, low, high, 1.0 - share, share, np.sqrt(variance), np.sqrt(step_years))
