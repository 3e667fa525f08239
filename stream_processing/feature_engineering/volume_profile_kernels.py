"""The value area of a volume profile."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def value_area(volumes: Floats, peak: int, share: float) -> tuple[int, int]:
    """First and last of the prices around the peak that hold at least a share of the volume.

    The range grows by whichever neighbour traded more, upwards if both traded the same.
    """
    total = 0.0
    for volume in volumes:
        total += volume
    low, high, held, last = peak, peak, volumes[peak], len(volumes) - 1
    while held < share * total and high - low < last:
        above = volumes[high + 1] if high < last else -1.0
        below = volumes[low - 1] if low > 0 else -1.0
        if above >= below:
            high += 1
            held += above
        else:
            low -= 1
            held += below
    return low, high
