"""Attainable skill from a truth that is known, and what forecasts have of it."""

import numpy as np
import pytest
from scipy.special import ndtr

from contracts.errors import BadInput
from data_ingestion.simulator.facts import skill
from data_ingestion.simulator.facts.scores import area, clustered_mean, clustered_ratio
from tests.unit.data_ingestion.simulator.facts.test_returns import inside

RANDOM = np.random.default_rng
ROWS = 40_000


def truth(spread: float = 0.3, rows: int = ROWS, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = RANDOM(seed)
    probability = ndtr(spread * random.standard_normal(rows))
    return probability, random.random(rows) < probability, np.arange(rows) // 40


def test_the_attainable_is_what_the_truth_attains_on_outcomes() -> None:
    probability, up, cluster = truth()
    best, got = skill.attainable(probability, cluster), skill.achieved(probability, up, cluster)
    assert abs(best.brier.value - got.brier.value) < 4 * got.brier.error
    assert abs(best.log_score.value - got.log_score.value) < 4 * got.log_score.error
    assert abs(best.auc - got.auc.value) < 4 * got.auc.error
    assert best.brier.error < got.brier.error / 1.5
    assert best.brier_skill.value == pytest.approx(1 - 4 * best.brier.value)


def test_no_forecast_scores_better_than_the_truth() -> None:
    probability, _, cluster = truth()
    for forecast in (np.full(ROWS, 0.5), 0.5 + 2 * (probability - 0.5), probability**1.2):
        bounded = np.clip(forecast, 0.01, 0.99)
        assert skill.share_of_attainable(bounded, probability, cluster).value < 1
        assert skill.share_of_log_skill(bounded, probability, cluster).value < 1
    assert skill.share_of_attainable(probability, probability, cluster).value == pytest.approx(1.0)
    assert skill.share_of_log_skill(probability, probability, cluster).value == pytest.approx(1.0)


def test_half_of_the_signal_is_half_of_the_skill() -> None:
    random = RANDOM(2)
    seen, hidden = random.standard_normal((2, ROWS))
    probability = 0.5 + 0.01 * (seen + hidden)
    found = skill.share_of_attainable(0.5 + 0.01 * seen, probability, np.arange(ROWS) // 10)
    assert inside(found, 0.5)
    assert found.error < 0.01


def test_a_constant_truth_leaves_nothing_to_rank() -> None:
    assert skill.expected_auc(np.ones(10), np.full(10, 0.5)) == 0.5
    assert skill.expected_auc(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 1.0


def test_calibration_is_one_for_the_truth_and_less_where_it_boasts() -> None:
    probability, up, cluster = truth()
    assert inside(skill.calibration(probability, up, cluster), 1.0)
    assert skill.calibration(0.5 + 2 * (probability - 0.5), up, cluster).high < 0.7


def test_qlike_is_least_for_the_expected_variance() -> None:
    random = RANDOM(3)
    expected = np.exp(0.5 * random.standard_normal(ROWS))
    realised = expected * random.chisquare(20, ROWS) / 20
    cluster = np.arange(ROWS)
    best = skill.qlike(expected, realised, cluster)
    assert best.value == pytest.approx(np.log(10) - 2.25175258906672, abs=4 * best.error)  # ln 10 − ψ(10)
    worse = skill.qlike(1.3 * expected, realised, cluster)
    assert worse.value - best.value == pytest.approx(
        skill.excess_qlike(1.3 * expected, expected, cluster).value, abs=0.002
    )


def test_the_area_counts_pairs_and_ties() -> None:
    score, up = np.array([0.1, 0.4, 0.35, 0.8, 0.4]), np.array([False, False, True, True, True])
    pairs = [(a > b) + 0.5 * (a == b) for a in score[up] for b in score[~up]]
    assert area(score, up, np.arange(5)).value == pytest.approx(np.mean(pairs))


def test_errors_grow_with_dependence_inside_clusters() -> None:
    random = RANDOM(4)
    z_scores = []
    for _ in range(60):
        shock = np.repeat(random.standard_normal(100), 50)
        score = np.repeat(random.standard_normal(100), 50) + 0.1 * random.standard_normal(5000)
        up = shock + 0.5 * random.standard_normal(5000) > 0
        z_scores.append(area(score, up, np.repeat(np.arange(100), 50)).z)
        naive = area(score, up, np.arange(5000))
    assert 0.7 < float(np.std(z_scores)) < 1.4
    assert naive.error < 0.01


def test_one_kind_of_outcome_has_no_area() -> None:
    with pytest.raises(BadInput, match="both kinds"):
        area(np.arange(3.0), np.ones(3, dtype=np.bool_), np.arange(3))


def test_clustered_means_and_ratios_know_their_errors() -> None:
    random = RANDOM(5)
    shared = np.repeat(random.standard_normal(400), 25)
    assert clustered_mean(shared, np.repeat(np.arange(400), 25)).error == pytest.approx(0.05, rel=0.15)
    below = 2 + 0.1 * random.standard_normal(10_000)
    assert inside(clustered_ratio(3 * below + random.standard_normal(10_000), below, np.arange(10_000)), 3.0)
