import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation import metrics


def vector(*values: float) -> metrics.Vector:
    return np.array(values, dtype=np.float64)


FORECASTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(y for _, y in rows) < len(rows)
)


@given(FORECASTS)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, int]]) -> None:
    probability, outcome = vector(*(p / 20 for p, _ in rows)), vector(*(y for _, y in rows))
    pairs = [(p > q) + 0.5 * (p == q) for p, y in rows for q, z in rows if y > z]
    assert metrics.auc(probability, outcome) == pytest.approx(sum(pairs) / len(pairs))
    assert metrics.auc(1 - probability, outcome) == pytest.approx(1 - metrics.auc(probability, outcome))


def test_auc_of_known_rankings() -> None:
    outcome = vector(0, 0, 1, 1)
    assert metrics.auc(vector(0.1, 0.2, 0.3, 0.4), outcome) == 1.0
    assert metrics.auc(vector(0.5, 0.5, 0.5, 0.5), outcome) == 0.5
    with pytest.raises(ValueError, match="both outcomes"):
        metrics.auc(vector(0.1, 0.2), vector(1, 1))


def test_brier_and_log_score_by_hand() -> None:
    probability, outcome = vector(0.8, 0.3), vector(1, 0)
    assert metrics.brier(probability, outcome) == pytest.approx((0.04 + 0.09) / 2)
    assert metrics.log_score(probability, outcome) == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)
    assert metrics.log_score(vector(0.5, 0.5), outcome) == pytest.approx(math.log(2))


def test_a_certain_forecast_that_fails_costs_much_but_not_infinity() -> None:
    assert 20 < metrics.log_score(vector(0.0), vector(1)) < 30


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_scores_are_proper(truth: float, stated: float) -> None:
    """On average nobody gains by stating another probability than the true one."""

    def expected(score: metrics.Vector, p: float) -> float:
        return truth * float(score[0]) + (1 - truth) * float(score[1]) if p else 0.0

    for score in (metrics.brier, metrics.log_score):
        honest = vector(score(vector(truth), vector(1)), score(vector(truth), vector(0)))
        other = vector(score(vector(stated), vector(1)), score(vector(stated), vector(0)))
        assert expected(honest, truth) <= expected(other, truth) + 1e-12


def test_reliability_groups_equal_numbers_and_keeps_equal_forecasts_together() -> None:
    probability, outcome = np.linspace(0, 1, 100), np.tile([0.0, 1.0], 50)
    table = metrics.reliability(probability, outcome, bins=4)
    assert [row.rows for row in table] == [25, 25, 25, 25]
    assert all(row.observed_rate == pytest.approx(0.5, abs=0.03) for row in table)
    (same,) = metrics.reliability(np.full(10, 0.3), np.array([1.0] * 4 + [0.0] * 6))
    assert same == pytest.approx((10, 0.3, 0.4))


def test_expected_calibration_error_weighs_gaps_by_rows() -> None:
    table = (metrics.ReliabilityBin(30, 0.6, 0.5), metrics.ReliabilityBin(10, 0.2, 0.4))
    assert metrics.expected_calibration_error(table) == pytest.approx((30 * 0.1 + 10 * 0.2) / 40)


@given(FORECASTS, st.integers(1, 12))
def test_reliability_loses_no_row(rows: list[tuple[int, int]], bins: int) -> None:
    table = metrics.reliability(vector(*(p / 20 for p, _ in rows)), vector(*(y for _, y in rows)), bins)
    assert sum(row.rows for row in table) == len(rows)
    assert sum(row.rows * row.observed_rate for row in table) == pytest.approx(sum(y for _, y in rows))
    assert [row.mean_probability for row in table] == sorted(row.mean_probability for row in table)


@pytest.mark.parametrize(
    ("probability", "outcome", "complaint"),
    [
        (vector(), vector(), "non-empty"),
        (vector(0.5), vector(1, 0), "equal"),
        (vector(1.5), vector(1), "lie in"),
        (vector(float("nan")), vector(1), "lie in"),
        (vector(0.5), vector(0.5), "0 or 1"),
    ],
)
def test_nonsense_is_refused(probability: metrics.Vector, outcome: metrics.Vector, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        metrics.brier(probability, outcome)


def test_reliability_needs_a_bin() -> None:
    with pytest.raises(ValueError, match="at least one bin"):
        metrics.reliability(vector(0.5), vector(1), bins=0)
