import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.short_term import logistic


def sample(seed: int, rows: int, weights: list[float]) -> tuple[logistic.Matrix, logistic.Vector]:
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, len(weights)))
    return features, (random.random(rows) < logistic.sigmoid(features @ np.array(weights))).astype(np.float64)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 5), st.floats(0.1, 100))
def test_the_gradient_is_zero_at_the_fit(seed: int, columns: int, ridge: float) -> None:
    features, outcome = sample(seed, 200, [0.5] * columns)
    weights = logistic.fit(features, outcome, ridge)
    gradient = features.T @ (outcome - logistic.sigmoid(features @ weights)) - ridge * weights
    assert np.abs(gradient).max() < 1e-6


def test_known_weights_are_recovered() -> None:
    truth = [0.8, -0.3, 0.0]
    features, outcome = sample(3, 100_000, truth)
    assert logistic.fit(features, outcome, 1.0) == pytest.approx(truth, abs=0.03)


def test_one_feature_has_a_closed_form() -> None:
    """With x = 1 throughout the fit is the log odds of the outcome."""
    outcome = np.array([1.0] * 75 + [0.0] * 25)
    assert logistic.fit(np.ones((100, 1)), outcome, 0.0) == pytest.approx([np.log(3)])


def test_the_ridge_keeps_separable_and_redundant_features_finite() -> None:
    features = np.array([[-2.0, -2.0], [-1.0, -1.0], [1.0, 1.0], [2.0, 2.0]])
    weights = logistic.fit(features, np.array([0.0, 0.0, 1.0, 1.0]), 0.1)
    assert 0 < weights[0] == pytest.approx(weights[1])
    assert weights[0] < 10


def test_mirrored_rows_give_the_same_weights() -> None:
    features, outcome = sample(5, 500, [0.4, 0.2])
    assert logistic.fit(-features, 1 - outcome, 1.0) == pytest.approx(logistic.fit(features, outcome, 1.0))


def test_a_step_that_overshoots_is_halved() -> None:
    """The full Newton step lowers the likelihood here on the way: found by search among rows of very unequal size."""
    features = np.array([[-69.0, 51.0], [0.61, 0.28], [-0.066, -0.057], [-1.49, 6.71], [0.039, 0.023]])
    outcome = np.array([1.0, 0.0, 0.0, 0.0, 1.0])
    weights = logistic.fit(features, outcome, 1.6e-3)
    gradient = features.T @ (outcome - logistic.sigmoid(features @ weights)) - 1.6e-3 * weights
    assert np.abs(gradient).max() < 1e-6


@pytest.mark.parametrize(
    ("features", "outcome", "complaint"),
    [
        (np.empty((0, 2)), np.empty(0), "no rows"),
        (np.ones((3, 1)), np.ones(3), "nothing to learn"),
        (np.array([[-1.0], [1.0]]), np.array([0.0, 1.0]), "no convergence"),
    ],
)
def test_what_has_no_fit_is_refused(features: logistic.Matrix, outcome: logistic.Vector, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        logistic.fit(features, outcome, 0.0)


def test_sigmoid_neither_overflows_nor_loses_symmetry() -> None:
    score = np.array([-1e4, -3.0, 0.0, 3.0, 1e4])
    assert logistic.sigmoid(score).tolist() == pytest.approx([0.0, 0.0474258731775668, 0.5, 0.952574126822433, 1.0])
