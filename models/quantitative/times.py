"""Time to expiry in years, actual/365. When an option expires is the business of `contracts.instruments`."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MICROS_PER_YEAR: Final = 365 * 24 * 3600 * 1_000_000


def years_between(event_time_us: ArrayLike, expires_at_us: ArrayLike) -> NDArray[np.float64]:
    """Years from an event to an expiry, negative once it has expired; both in whole microseconds since the epoch.

    >>> float(years_between(0, 365 * 86_400_000_000))
    1.0
    """
    remaining = np.asarray(expires_at_us, dtype=np.int64) - np.asarray(event_time_us, dtype=np.int64)
    return np.asarray(remaining / MICROS_PER_YEAR, dtype=np.float64)
