"""At which prices a window of trades took place: volume by price, the price of most volume, and the value area.

Prices go to the nearest multiple of a tick, or of several. The value area is the range around the price of most volume
that holds 70 % of it (Steidlmayer's Market Profile), grown price by price among those that traded. Volumes are whole
numbers, so that their sums, and all but the distance of the last price, do not depend on the order of the trades.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.memory_kernels import LARGEST_PRICE, LARGEST_SIZE
from stream_processing.feature_engineering.volume_profile_kernels import value_area

Floats = NDArray[np.float64]

VALUE_SHARE: Final = 0.7
MOST_PRICES: Final = 2_048
"""Of a profile that grows: twenty dollars in cents; a name that ranges wider is told apart less finely."""
_DECIMALS: Final = 9
"""Multiples of a tick are rounded to this, so that 0.01 × 1203 is 12.03."""
_EMPTY: Final = np.empty(0)


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
        "dollars", "the session so far", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_low", "Lowest price of the range around the point of control that holds 70 % of the volume",
        "dollars", "the session so far", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_high", "Highest price of the range around the point of control that holds 70 % of the volume",
        "dollars", "the session so far", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "value_area_width", "(highest − lowest price of the value area) / point of control",
        "1", "the session so far", 0, "TradeReceived", ("short", "medium"),
    ),
    Feature(
        "control_distance", "(last price − point of control) / point of control",
        "1", "the session so far", 0, "TradeReceived", ("short", "medium"),
    ),
)  # fmt: skip


class Grown(NamedTuple):
    """Volume by price so far."""

    levels: Floats = _EMPTY
    """Prices that traded as multiples of the width, lowest first, shape (prices,)."""
    volumes: Floats = _EMPTY
    """Shares at each, shape (prices,)."""
    multiple: int = 1
    """The width in ticks."""


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
    levels, volumes = _summed(_multiples(price, width), size)
    return profile_of(Grown(levels, volumes, multiple), float(price[-1]), tick)


def grown(before: Grown, price: Floats, size: Floats, tick: float) -> Grown:
    """A profile and further trades, all of which can be.

    Beyond `MOST_PRICES` prices its width becomes three times what it was, and thrice nearest is nearest: no price lies
    halfway between two multiples of an odd number of ticks.
    """
    multiples = np.concatenate([before.levels, _multiples(price, tick * before.multiple)])
    return _bounded(multiples, np.concatenate([before.volumes, size]), before.multiple)


def together(profiles: Sequence[Grown]) -> Grown:
    """One profile of the trades of at least one, as wide as the widest."""
    multiple = max(one.multiple for one in profiles)
    levels = [
        one.levels if one.multiple == multiple else _multiples(one.levels, multiple / one.multiple) for one in profiles
    ]
    return _bounded(np.concatenate(levels), np.concatenate([one.volumes for one in profiles]), multiple)


def profile_of(so_far: Grown, last: float, tick: float) -> VolumeProfile:
    """The profile of at least one trade, the last of them at a price of `last` dollars."""
    volumes = so_far.volumes
    prices = np.round(so_far.levels * (tick * so_far.multiple), _DECIMALS)
    centre = float(prices @ volumes) / float(volumes.sum())
    peaks = np.flatnonzero(volumes == volumes.max())
    peak = int(peaks[np.argmin(np.abs(prices[peaks] - centre))])
    low, high = value_area(volumes, peak, VALUE_SHARE)
    control, lowest, highest = (float(price) for price in (prices[peak], prices[low], prices[high]))
    return VolumeProfile(
        prices, volumes, control, lowest, highest, (highest - lowest) / control, (last - control) / control
    )


def _multiples(values: Floats, width: float) -> Floats:
    """The nearest multiple of the width, at least one."""
    return np.maximum(np.rint(values / width), 1.0)


def _bounded(multiples: Floats, size: Floats, multiple: int) -> Grown:
    levels, volumes = _summed(multiples, size)
    while len(levels) > MOST_PRICES:
        multiple *= 3
        levels, volumes = _summed(_multiples(levels, 3.0), volumes)
    return Grown(levels, volumes, multiple)


def _summed(multiples: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Distinct multiples, lowest first, and the shares at each."""
    levels, places = np.unique(multiples, return_inverse=True)
    return levels, np.asarray(np.bincount(places, weights=size), dtype=np.float64)
