"""Metrics of probability forecasts of a yes/no outcome. Shapes: `probability` and `outcome` are (n,), outcome 0 or 1.

Brier and log score mix how sharp and how calibrated a forecast is; AUC sees only the ranking. Calibration proper is
what `reliability` and `expected_calibration_error` show, so they are reported beside the scores and never replaced by
them (Murphy 1973, the decomposition of the Brier score).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

PROBABILITY_FLOOR: Final = 1e-12
"""A forecast of exactly 0 or 1 that fails would have an infinite log score; it counts as this close to certain."""


class ReliabilityBin(NamedTuple):
    """Forecasts of similar probability beside how often they came true."""

    rows: int
    mean_probability: float
    observed_rate: float


def auc(probability: Vector, outcome: Vector) -> float:
    """Chance that a random positive ranks above a random negative; ties count one half (Mann-Whitney).

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]))
    0.75
    """
    _check(probability, outcome)
    positives = int(outcome.sum())
    negatives = len(outcome) - positives
    if positives == 0 or negatives == 0:
        raise ValueError("AUC needs both outcomes among the rows")
    _, group, count = np.unique(probability, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    rank_sum = float(mean_rank[group] @ outcome)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def brier(probability: Vector, outcome: Vector) -> float:
    """Mean squared error of the probability: 0 is perfect, 0.25 is a coin that says one half.

    >>> round(brier(np.array([0.5, 0.9]), np.array([1.0, 1.0])), 3)
    0.13
    """
    _check(probability, outcome)
    return float(np.mean((probability - outcome) ** 2))


def log_score(probability: Vector, outcome: Vector) -> float:
    """Mean negative log likelihood in nats: 0 is perfect, ln 2 ≈ 0.693 is a coin that says one half."""
    _check(probability, outcome)
    sure = np.clip(probability, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return float(-np.mean(outcome * np.log(sure) + (1 - outcome) * np.log1p(-sure)))


def reliability(probability: Vector, outcome: Vector, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """At most `bins` groups of about equal size in order of probability; equal forecasts stay together."""
    _check(probability, outcome)
    if bins < 1:
        raise ValueError("reliability needs at least one bin")
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    group = np.searchsorted(edges, probability, side="left")
    return tuple(
        ReliabilityBin(int(inside.sum()), float(probability[inside].mean()), float(outcome[inside].mean()))
        for inside in (group == index for index in range(len(edges) + 1))
        if inside.any()
    )


def expected_calibration_error(table: tuple[ReliabilityBin, ...]) -> float:
    """Mean gap between forecast and observed rate over the bins of a reliability table, weighted by rows."""
    rows = sum(row.rows for row in table)
    return sum(row.rows * abs(row.mean_probability - row.observed_rate) for row in table) / rows


def _check(probability: Vector, outcome: Vector) -> None:
    if probability.shape != outcome.shape or probability.ndim != 1 or probability.size == 0:
        raise ValueError(f"need two equal, non-empty vectors, got {probability.shape} and {outcome.shape}")
    if not (np.all(probability >= 0) and np.all(probability <= 1)):
        raise ValueError("probabilities must lie in [0, 1]")
    if not np.all((outcome == 0) | (outcome == 1)):
        raise ValueError("outcomes must be 0 or 1")
