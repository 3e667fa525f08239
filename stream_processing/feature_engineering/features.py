"""What a feature is: one row of the catalogue."""

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

Horizon = Literal["short", "medium", "long"]


def present(names: Iterable[str], values: Iterable[float]) -> dict[str, float]:
    """By name, those that have a value.

    >>> present(["one", "other"], [1.0, math.nan])
    {'one': 1.0}
    """
    return {name: value for name, value in zip(names, values, strict=True) if math.isfinite(value)}


class Feature(NamedTuple):
    """One feature as the models, the app and the documentation read it."""

    name: str
    meaning: str
    """One sentence, with the formula where a name has several."""
    unit: str
    """Such as "dollars", "1" for a pure number, "per year", "log return"."""
    window: str
    """What the value looks at, such as "14 bars", "one book", "50 volume buckets", "the last 4 filed quarters"."""
    warm_up: int
    """Rows before the first value; until then there is none."""
    source: str
    """The event it is made of, such as "BarClosed"."""
    horizons: tuple[Horizon, ...]
