"""Splits of time that keep the future out of the past.

    | train          |purge| calibrate |purge| test      |
    ----------------------------------------------------------> event time

The label of a row is known only `horizon` later, so the last labels of a part reach into what follows it. The purge
drops the rows in between; it must be at least the horizon. The test part is the latest and is looked at once.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DEFAULT_SHARES: Final = (0.6, 0.2, 0.2)


class Parts(NamedTuple):
    """Row masks, each of shape (n,)."""

    train: NDArray[np.bool_]
    calibrate: NDArray[np.bool_]
    test: NDArray[np.bool_]


def purged_time_split(
    event_time: NDArray[np.int64],
    horizon: int,
    purge: int,
    shares: tuple[float, float, float] = DEFAULT_SHARES,
) -> Parts:
    """Three parts in order of time; all times in one unit. `shares` are shares of the span of time, not of rows."""
    if purge < horizon:
        raise ValueError(f"a purge of {purge} would let labels of horizon {horizon} leak into the next part")
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:  # noqa: PLR2004 - rounding of a sum of three
        raise ValueError(f"shares must be positive and sum to one, got {shares}")
    if event_time.size == 0:
        raise ValueError("no rows to split")
    start, end = int(event_time.min()), int(event_time.max())
    first = start + round((end - start) * shares[0])
    second = start + round((end - start) * (shares[0] + shares[1]))
    parts = Parts(
        train=event_time < first,
        calibrate=(event_time >= first + purge) & (event_time < second),
        test=event_time >= second + purge,
    )
    for name, mask in parts._asdict().items():
        if not mask.any():
            raise ValueError(f"the {name} part is empty: the rows span too little time for a purge of {purge}")
    return parts
