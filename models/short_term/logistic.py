"""Logistic regression through the origin, with a ridge penalty, by Newton's method (reweighted least squares).

No intercept, on purpose: with features that change sign when the market is mirrored, P(up) of the mirrored market is
1 − P(up), and what a tape happened to drift cannot be learned as an opinion.

The penalised log likelihood is concave, so Newton converges in a handful of steps from zero; a step that does not
improve it is halved, which guards against overshooting on almost separable data.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MAX_STEPS: Final = 50
"""Newton needs 5 to 10; more means that the data are broken."""
MAX_HALVINGS: Final = 30
"""A billionth of the step: far beyond any overshoot."""
TOLERANCE: Final = 1e-10
"""Largest change of a weight, in units of the (standardised) features, at which the fit is done."""


def fit(features: Matrix, outcome: Vector, ridge: float) -> Vector:
    """Weights (k,) of P(y = 1 | x) = 1 / (1 + exp(−weights · x)) for `features` (n, k) and `outcome` (n,) in {0, 1}.

    `ridge` adds ½ · ridge · |weights|² to the negative log likelihood: with features of unit size, about as much as
    four times that many rows of indifference.
    """
    if features.shape[0] == 0:
        raise ValueError("no rows to fit")
    if outcome.min() == outcome.max():
        raise ValueError("all outcomes are the same: there is nothing to learn")
    weights = np.zeros(features.shape[1])
    for _ in range(MAX_STEPS):
        probability = sigmoid(features @ weights)
        gradient = features.T @ (outcome - probability) - ridge * weights
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features
        newton = np.asarray(np.linalg.solve(curvature + ridge * np.eye(len(weights)), gradient), dtype=np.float64)
        step = _improving(newton, weights, features, outcome, ridge)
        weights += step
        if float(np.max(np.abs(step))) < TOLERANCE:
            return weights
    raise ValueError(f"no convergence in {MAX_STEPS} Newton steps: raise the ridge or check the features")


def sigmoid(score: Vector) -> Vector:
    """1 / (1 + e^−score) without overflow at either end."""
    small = np.exp(-np.abs(score))
    return np.where(score >= 0, 1.0, small) / (1.0 + small)


def _improving(step: Vector, weights: Vector, features: Matrix, outcome: Vector, ridge: float) -> Vector:
    """The Newton step, halved until it does not lower the penalised log likelihood."""
    before = _objective(weights, features, outcome, ridge)
    for _ in range(MAX_HALVINGS):
        # The slack is the rounding of a sum over all rows: at the optimum no step improves visibly.
        if _objective(weights + step, features, outcome, ridge) >= before - 1e-12 * abs(before):
            break
        step = step / 2
    return step


def _objective(weights: Vector, features: Matrix, outcome: Vector, ridge: float) -> float:
    score = features @ weights
    return float(outcome @ score - np.logaddexp(0.0, score).sum() - 0.5 * ridge * (weights @ weights))
