"""Small fitted predictors, for reference: least squares, logistic regression and boosted stumps."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.scores import Bools

RIDGE: Final = 1e-6
"""Penalty on standardised coefficients, per row."""
NEWTON_STEPS: Final = 25
BINS: Final = 16


class Linear(NamedTuple):
    """A fitted linear index of features (rows, k)."""

    intercept: float
    coefficients: Floats
    spread: float
    """Standard deviation of what it leaves unexplained."""

    def fitted(self, features: Floats) -> Floats:
        """The fitted value of each row."""
        return np.asarray(self.intercept + np.einsum("rk,k->r", features, self.coefficients))

    def probability_up(self, features: Floats) -> Floats:
        """Of a positive value, what is left unexplained being normal."""
        return np.asarray(ndtr(self.fitted(features) / self.spread))


def least_squares(features: Floats, values: Floats, ridge: float = RIDGE) -> Linear:
    """Values (rows,) on features (rows, k) and a constant."""
    centre, scale = _scale(features)
    scaled = (features - centre) / scale
    mean = float(values.mean())
    square = scaled.T @ scaled + ridge * len(values) * np.eye(features.shape[1])
    solved = np.linalg.solve(square, scaled.T @ (values - mean))
    coefficients = solved / scale
    spread = float((values - mean - scaled @ solved).std())
    return Linear(mean - float(coefficients @ centre), coefficients, spread)


def logistic(features: Floats, up: Bools, ridge: float = RIDGE) -> Linear:
    """Log odds of a rise on features (rows, k) and a constant, by Newton's steps."""
    centre, scale = _scale(features)
    design = np.column_stack([np.ones(len(features)), (features - centre) / scale])
    penalty = ridge * len(up) * np.diag([0.0, *np.ones(features.shape[1])])
    found = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = expit(design @ found)
        slope = design.T @ (up - probability) - penalty @ found
        curve = (design * (probability * (1 - probability))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < RIDGE:
            break
    coefficients = found[1:] / scale
    return Linear(float(found[0] - coefficients @ centre), coefficients, 1.0)


class Stumps(NamedTuple):
    """A sum of steps, each in one feature: gradient boosting of depth one."""

    feature: NDArray[np.int64]
    threshold: Floats
    below: Floats
    above: Floats

    def fitted(self, features: Floats) -> Floats:
        """Log odds of a rise, but for a constant."""
        over = features[:, self.feature] > self.threshold
        return np.asarray(np.where(over, self.above, self.below).sum(axis=1))


def boosted(features: Floats, up: Bools, rounds: int = 100, rate: float = 0.1) -> Stumps:
    """Stumps fitted one after the other to what the sum so far leaves of the log score's gradient."""
    edges = np.quantile(features, np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
    binned = np.stack([np.searchsorted(edges[:, k], features[:, k]) for k in range(features.shape[1])], axis=1)
    counts = np.stack([np.bincount(column, minlength=BINS) for column in binned.T])
    index = np.zeros(len(up))
    grown: list[tuple[int, float, float, float]] = []
    for _ in range(rounds):
        probability = expit(index)
        rest, weight = up - probability, float((probability * (1 - probability)).mean())
        sums = np.stack([np.bincount(column, rest, minlength=BINS) for column in binned.T])
        left, number = np.cumsum(sums, axis=1)[:, :-1], np.cumsum(counts, axis=1)[:, :-1]
        right, others = rest.sum() - left, len(up) - number
        gain = left**2 / np.maximum(number, 1) + right**2 / np.maximum(others, 1)
        k, cut = (int(i) for i in np.unravel_index(int(np.argmax(gain)), gain.shape))
        low = rate * float(left[k, cut]) / max(1, int(number[k, cut])) / weight
        high = rate * float(right[k, cut]) / max(1, int(others[k, cut])) / weight
        index += np.where(binned[:, k] <= cut, low, high)
        grown.append((k, float(edges[cut, k]), low, high))
    feature, threshold, below, above = (np.array(column) for column in zip(*grown, strict=True))
    return Stumps(feature.astype(np.int64), threshold, below, above)


def _scale(features: Floats) -> tuple[Floats, Floats]:
    spread = features.std(axis=0)
    return features.mean(axis=0), np.where(spread > 0, spread, 1.0)
