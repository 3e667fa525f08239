"""How good a forecast could be, and how near to that one is.

Theory of operation
-------------------
The truth of a simulated market is the probability of a rise given everything. Its own expected scores are the best that
anybody can attain. Scores are taken in expectation over the outcome, given the truth: the expected Brier score of a
forecast f is p(1 − p) + (f − p)², so its skill lacks exactly the mean of (f − p)². That has far less noise than scores
of drawn outcomes, which are there as well, to check that the truth is calibrated.
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats, Interval
from data_ingestion.simulator.facts.scores import Area, Bools, Ints, area, clustered_mean, clustered_ratio

_SMALLEST: Final = 1e-12


class Attainable(NamedTuple):
    """The best expected scores: Brier and log score are losses, the area is not."""

    brier: Interval
    log_score: Interval
    auc: float
    brier_skill: Interval
    """Share of the Brier score of one half that knowledge of the truth takes away."""


class Achieved(NamedTuple):
    """Scores of a forecast on drawn outcomes."""

    brier: Interval
    log_score: Interval
    auc: Area


def attainable(probability: Floats, cluster: Ints) -> Attainable:
    """Best scores, from true probabilities of a rise (rows,)."""
    brier = probability * (1 - probability)
    return Attainable(
        clustered_mean(brier, cluster),
        clustered_mean(_log_loss(probability, probability), cluster),
        expected_auc(probability, probability),
        clustered_mean(1 - 4 * brier, cluster),
    )


def achieved(forecast: Floats, up: Bools, cluster: Ints) -> Achieved:
    """Scores of a forecast probability (rows,) of what then happened."""
    return Achieved(
        clustered_mean((forecast - up) ** 2, cluster),
        clustered_mean(_log_loss(up.astype(np.float64), forecast), cluster),
        area(forecast, up, cluster),
    )


def expected_auc(score: Floats, probability: Floats) -> float:
    """Area that a score has, outcomes being drawn with these probabilities; ties count one half."""
    _, place = np.unique(score, return_inverse=True)
    ups, downs = np.bincount(place, probability), np.bincount(place, 1 - probability)
    below = np.cumsum(downs) - downs
    return float((ups * (below + downs / 2)).sum() / (ups.sum() * downs.sum()))


def share_of_attainable(forecast: Floats, probability: Floats, cluster: Ints, base: float = 0.5) -> Interval:
    """Share of the attainable Brier skill over a constant forecast that a forecast has; one is all of it."""
    best = (probability - base) ** 2
    return clustered_ratio(best - (forecast - probability) ** 2, best, cluster)


def share_of_log_skill(forecast: Floats, probability: Floats, cluster: Ints, base: float = 0.5) -> Interval:
    """The same for the log score."""
    constant = _log_loss(probability, np.full_like(probability, base))
    best = constant - _log_loss(probability, probability)
    return clustered_ratio(constant - _log_loss(probability, forecast), best, cluster)


def calibration(probability: Floats, up: Bools, cluster: Ints) -> Interval:
    """Slope of outcomes on true probabilities around one half: one where the truth is the truth."""
    lean = probability - 0.5
    return clustered_ratio(lean * (up - 0.5), lean**2, cluster)


def qlike(forecast: Floats, realised: Floats, cluster: Ints) -> Interval:
    """Mean of x − ln x − 1, x being realised over forecast variance: zero at best. With forecasts that are the true
    expected variance this is the best attainable.
    """
    ratio = realised / forecast
    return clustered_mean(ratio - np.log(np.maximum(ratio, _SMALLEST)) - 1, cluster)


def excess_qlike(forecast: Floats, expected: Floats, cluster: Ints) -> Interval:
    """What a forecast loses against the true expected variance, in expectation over what is realised."""
    ratio = expected / forecast
    return clustered_mean(ratio - np.log(ratio) - 1, cluster)


def _log_loss(probability: Floats, forecast: Floats) -> Floats:
    """Expected −ln of the probability that a forecast gave to what happens, in nats."""
    bounded = np.clip(forecast, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(-probability * np.log(bounded) - (1 - probability) * np.log1p(-bounded))
