"""Area under the ROC curve, with standard errors that know of days and overlaps.

Theory of operation
-------------------
Outcomes that share a day, or overlap in time, are no independent witnesses. The area is an average over pairs (up,
down); each observation's part in it is its placement among the other class (DeLong). Parts are summed within clusters,
and the spread of the clusters' sums is the error (Obuchowski 1997). A cluster must be longer than an outcome's horizon.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from contracts.errors import BadInput
from data_ingestion.simulator.facts.intervals import Floats, Interval, around

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Area(NamedTuple):
    """An area under the curve, its standard error, and its distance from one half in standard errors."""

    value: float
    error: float

    @property
    def z(self) -> float:
        """Of the hypothesis that nothing is foreseen."""
        return (self.value - 0.5) / self.error if self.error > 0 else 0.0

    @property
    def interval(self) -> Interval:
        """With its 95 % interval."""
        return around(self.value, self.error)


def area(score: Floats, up: Bools, cluster: Ints) -> Area:
    """Area of a score (rows,) for outcomes (rows,), rows of one cluster being dependent."""
    ups = int(up.sum())
    downs = len(up) - ups
    if not ups or not downs:
        raise BadInput("an area needs outcomes of both kinds: give a longer sample")
    ranks = rankdata(score)
    own = np.empty(len(score))
    own[up], own[~up] = rankdata(score[up]), rankdata(score[~up])
    placement = np.where(up, (ranks - own) / downs, 1 - (ranks - own) / ups)
    value = float(placement[up].mean())
    parts = (placement - value) / np.where(up, ups, downs)
    _, place = np.unique(cluster, return_inverse=True)
    sums = np.bincount(place, parts)
    clusters = len(sums)
    variance = float((sums**2).sum()) * clusters / max(1, clusters - 1)
    return Area(value, float(np.sqrt(variance)))


def clustered_mean(values: Floats, cluster: Ints) -> Interval:
    """Mean of values (rows,), its error from the spread of the clusters' sums."""
    _, place = np.unique(cluster, return_inverse=True)
    value = float(values.mean())
    sums = np.bincount(place, values - value) / len(values)
    clusters = len(sums)
    return around(value, float(np.sqrt((sums**2).sum() * clusters / max(1, clusters - 1))))


def clustered_ratio(above: Floats, below: Floats, cluster: Ints) -> Interval:
    """Ratio of two means over the same rows, by the delta method."""
    value = float(above.mean() / below.mean())
    spread = clustered_mean((above - value * below) / float(below.mean()), cluster)
    return around(value, spread.error)
