"""The order-flow model: which way the mid goes in the next seconds, from the shape of the order book.

Theory of operation
-------------------
Resting size leans the way the price is about to go: where bids outweigh asks, the ask gives way first (Cont, Kukanov,
Stoikov, "The price impact of order book events", 2014, and the literature on book imbalance around it). Imbalances over
several depths stand side by side, because near and far size differ in how honest and how lasting they are. What a lean
is worth depends on the noise it competes with, so the lead of the microprice over the mid and the last bar's return are
measured in standard deviations of the return over the horizon, taken from the last half hour's bars.

Every feature changes its sign when the market is mirrored (bids for asks, up for down), and there is no intercept. So
the model treats both directions alike by construction. Ten names that mostly move together give a tape of some hours
one drift, up or down; a free intercept, or a free weight on spread or volatility, learns that drift as if it were
knowledge. Spread and volatility act through the scaling instead.

The fit sees the earliest part of the data, Platt's calibration a later one, and the artefact's metrics come from the
last. A ridge keeps the weights of the overlapping depths from playing against each other.

Prediction is a dot product of a few numbers in plain Python: an array would cost more than it saves.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.events import MicrostructureComputed
from models.short_term import logistic
from models.short_term.artefact import Artefact
from models.short_term.bars import BarContext

MODEL: Final = "order_flow"
HORIZON_S: Final = 10
RIDGE_ROWS: Final = 10.0
MAX_SCALED: Final = 6.0
"""A scaled feature counts as at most this much either way: further out, a straight line is a guess."""
MAX_SCORE: Final = 30.0
"""Beyond it a probability is 0 or 1 to thirteen digits; the bound keeps exp() from overflowing."""

FEATURES: Final = (
    "imbalance_1",
    "imbalance_3",
    "imbalance_5",
    "imbalance_10",
    "microprice_lead",
    "last_return_scaled",
)
"""Names and order of a feature row; frozen into each artefact and checked when one is loaded."""

SIGNIFICANT_DIGITS: Final = 9
"""Numbers are frozen to this precision: the last bits of a sum depend on how a machine orders its additions."""

Row = Sequence[float]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def feature_row(micro: MicrostructureComputed, bars: BarContext) -> tuple[float, ...]:
    """One row, in the order of `FEATURES`; the same function makes the rows of training and of live scoring.

    `microprice_lead` is microprice − mid and `last_return_scaled` the last bar's return, both in standard deviations
    of the return over the horizon.
    """
    deviation = bars.volatility * sqrt(HORIZON_S)
    return (
        micro.imbalance_1,
        micro.imbalance_3,
        micro.imbalance_5,
        micro.imbalance_10,
        (micro.microprice - micro.mid) / (micro.mid * deviation),
        bars.last_return / deviation,
    )


class Trained(NamedTuple):
    """The numbers of a trained model, as they stand in the artefact's fields of the same names."""

    scales: tuple[float, ...]
    weights: tuple[float, ...]
    calibration: float


def train(features: Matrix, outcome: Vector, later_features: Matrix, later_outcome: Vector) -> Trained:
    """Fit on (n, k) `features` and (n,) `outcome`, calibrate on the later rows. A feature that is always 0 weighs 0."""
    size = np.sqrt(np.mean(features**2, axis=0))
    scales = _rounded(np.where(size > 0, size, 1.0))
    weights = _rounded(logistic.fit(_scaled(features, scales), outcome, RIDGE_ROWS))
    later_score = _scaled(later_features, scales) @ np.array(weights)
    (calibration,) = _rounded(logistic.fit(later_score[:, None], later_outcome, 0.0))
    return Trained(scales, weights, calibration)


def predict(model: Artefact | Trained, row: Row) -> float:
    """Calibrated probability that the mid is higher, and not lower, `HORIZON_S` after the book of this row."""
    score = 0.0
    for value, scale, weight in zip(row, model.scales, model.weights, strict=True):
        score += weight * max(-MAX_SCALED, min(MAX_SCALED, value / scale))
    return 1.0 / (1.0 + exp(-max(-MAX_SCORE, min(MAX_SCORE, model.calibration * score))))


def predict_all(model: Artefact | Trained, rows: Matrix) -> Vector:
    """`predict` for each row of (n, k), to rounding."""
    score = _scaled(rows, model.scales) @ np.array(model.weights)
    return logistic.sigmoid(np.clip(model.calibration * score, -MAX_SCORE, MAX_SCORE))


def _scaled(rows: Matrix, scales: Row) -> Matrix:
    scaled: Matrix = np.clip(rows / np.array(scales), -MAX_SCALED, MAX_SCALED)
    return scaled


def _rounded(values: Vector) -> tuple[float, ...]:
    return tuple(float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in values)
