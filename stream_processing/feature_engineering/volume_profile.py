"""At which prices a window of trades took place: volume by price, the price of most volume, and the value area.

Prices go to the nearest multiple of a tick, or of several. The value area is the range around the price of most volume
that holds 70 % of it (Steidlmayer's Market Profile), grown price by price among those that traded. Volumes are whole
numbers, so that their sums, and all but the distance of the last price, do not depend on the order of the trades.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.memory_kernels import LARGEST_PRICE, LARGEST_SIZE
from stream_processing.feature_engineering.volume_profile_kernels import value_area

Floats = NDArray[np.float64]

VALUE_SHARE: Final = 0.7
_DECIMALS: Final = 9
"""Multiples of a tick are rounded to this, so that 0.01 × 1203 is 12.03."""


class VolumeProfile(NamedTuple):
    """Volume by price; NaN where nothing traded. The fields after the arrays are the features."""

    prices: Floats
    """Those that traded, lowest first; dollars, shape (prices,)."""
    volumes: Floats
    """Shares at each, shape (prices,)."""
    point_of_control: float
    value_area_low: float
    value_area_high: float
    value_area_width: float
    control_distance: float


VOLUME_PROFILE: Final = (
    Feature(
        "point_of_control",
        "Price with the most volume; of several the one nearest to the volume-weighted mean, then the lowest",
        "dollars", "trades of a window", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_low", "Lowest price of the range around the point of control that holds 70 % of the volume",
        "dollars", "trades of a window", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_high", "Highest price of the range around the point of control that holds 70 % of the volume",
        "dollars", "trades of a window", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_width", "(highest − lowest price of the value area) / point of control",
        "1", "trades of a window", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "control_distance", "(last price − point of control) / point of control",
        "1", "trades of a window", 0, "TradeReceived", ("short", "medium"),
    ),
)  # fmt: skip


def volume_profile(price: Floats, size: Floats, tick: float, multiple: int = 1) -> VolumeProfile:
    """The profile of a window's trades in order of time; trades that cannot be are left out.

    `tick` is in dollars; prices are told apart by `multiple` ticks.
    """
    width = tick * multiple
    if not 0.0 < width < math.inf:
        raise ValueError(f"a width of {tick} × {multiple} dollars has no multiples; give a tick above 0")
    price, size = np.asarray(price, dtype=np.float64), np.asarray(size, dtype=np.float64)
    legal = (price >= 0.5 * width) & (price <= LARGEST_PRICE) & (size > 0.0) & (size <= LARGEST_SIZE)
    if not legal.any():
        return VolumeProfile(np.empty(0), np.empty(0), *[math.nan] * len(VOLUME_PROFILE))
    price, size = price[legal], size[legal]
    levels, places = np.unique(np.maximum(np.rint(price / width), 1.0), return_inverse=True)
    prices = np.round(levels * width, _DECIMALS)
    volumes = np.asarray(np.bincount(places, weights=size), dtype=np.float64)
    centre = float(prices @ volumes) / float(volumes.sum())
    peaks = np.flatnonzero(volumes == volumes.max())
    peak = int(peaks[np.argmin(np.abs(prices[peaks] - centre))])
    low, high = value_area(volumes, peak, VALUE_SHARE)
    control, lowest, highest, last = (float(value) for value in (prices[peak], prices[low], prices[high], price[-1]))
    return VolumeProfile(
        prices, volumes, control, lowest, highest, (highest - lowest) / control, (last - control) / control
    )
