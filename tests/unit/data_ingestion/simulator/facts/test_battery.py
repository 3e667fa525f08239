"""The search finds what was planted and nothing else; the fitted predictors and the oracle do as theory says."""

import numpy as np
import pytest
from scipy.signal import lfilter

from contracts.errors import BadInput
from data_ingestion.simulator.facts import oracle
from data_ingestion.simulator.facts.battery import Sample, past_returns, search, surprise
from data_ingestion.simulator.facts.regressions import boosted, least_squares, logistic

RANDOM = np.random.default_rng


def sample(effect: float, days: int = 100, seed: int = 1) -> Sample:
    """Rows of one day share much of their features and outcomes."""
    random = RANDOM(seed)
    day = np.repeat(np.arange(days), 60)
    features = random.standard_normal((len(day), 3)) + random.standard_normal((days, 3))[day]
    common = random.standard_normal(days)[day]
    up = effect * features[:, 0] + common + random.standard_normal(len(day)) > 0
    return Sample(("momentum", "imbalance", "sentiment"), features, up, day)


def test_nothing_is_found_in_noise() -> None:
    for seed in range(3):
        findings = search(sample(0.0, seed=seed))
        assert [found.predictor for found in findings][3:] == ["logistic regression", "boosted stumps"]
        assert surprise(findings) > 0.01


def test_a_planted_effect_is_found_by_the_feature_and_by_what_learns() -> None:
    findings = {found.predictor: found.auc for found in search(sample(0.4))}
    assert findings["momentum"].z > 4
    assert abs(findings["imbalance"].z) < 4
    assert findings["logistic regression"].z > 3
    assert findings["boosted stumps"].z > 3
    assert surprise(search(sample(0.4))) < 1e-3


def test_a_reversal_lies_on_the_other_side_of_one_half() -> None:
    findings = {found.predictor: found.auc for found in search(sample(-0.4))}
    assert findings["momentum"].z < -4
    assert findings["logistic regression"].value > 0.5


def test_z_scores_of_noise_are_standard_normal() -> None:
    z_scores = [found.auc.z for seed in range(40) for found in search(sample(0.0, 30, seed))[:3]]
    assert abs(float(np.mean(z_scores))) < 0.35
    assert 0.8 < float(np.std(z_scores)) < 1.25


def test_a_handful_of_days_is_refused() -> None:
    with pytest.raises(BadInput, match="too few"):
        search(sample(0.0, 5))


def test_past_returns_end_at_the_row() -> None:
    names, found = past_returns(np.array([[0.0], [1.0], [3.0], [6.0]]), (1, 2))
    assert names == ("return over 1", "return over 2")
    np.testing.assert_allclose(found[2, 0], [2.0, 3.0])
    assert np.isnan(found[0]).all()


def test_logistic_regression_recovers_its_coefficients() -> None:
    random = RANDOM(2)
    features = random.standard_normal((40_000, 2)) * [1.0, 5.0] + [0.0, 3.0]
    up = random.random(40_000) < 1 / (1 + np.exp(-(0.5 + features @ [0.8, -0.1])))
    found = logistic(features, up)
    np.testing.assert_allclose(found.coefficients, [0.8, -0.1], atol=0.05)
    assert found.intercept == pytest.approx(0.5, abs=0.08)


def test_least_squares_recovers_coefficients_and_spread_beside_a_constant_feature() -> None:
    random = RANDOM(3)
    features = np.column_stack([random.standard_normal(20_000), np.ones(20_000)])
    found = least_squares(features, 1 + 2 * features[:, 0] + 0.5 * random.standard_normal(20_000))
    assert found.coefficients[0] == pytest.approx(2.0, abs=0.02)
    assert found.spread == pytest.approx(0.5, abs=0.02)
    assert found.fitted(np.array([[0.0, 1.0]]))[0] == pytest.approx(1.0, abs=0.02)
    assert found.probability_up(np.array([[-0.5, 1.0]]))[0] == pytest.approx(0.5, abs=0.03)


def test_boosted_stumps_learn_a_step_that_no_line_can() -> None:
    random = RANDOM(4)
    features = random.standard_normal((8000, 2))
    up = random.random(8000) < np.where(np.abs(features[:, 0]) > 1, 0.8, 0.3)
    index = boosted(features, up).fitted(np.array([[2.0, 0.0], [0.0, 0.0], [-2.0, 0.0]]))
    assert index[0] > index[1] + 1
    assert index[2] > index[1] + 1


def test_averages_over_time_start_at_the_present_and_forget_by_half_lives() -> None:
    step = np.zeros((20, 1))
    step[10:] = 1.0
    found = oracle.over_time(step, 0.5, (0.0, 1.0))
    np.testing.assert_allclose(found[:, 0], step[:, 0])
    assert found[9, 1] == 0.0
    assert found[11, 1] == pytest.approx(0.5)


def test_the_oracle_comes_near_the_best_filter_of_a_hidden_flow() -> None:
    random = RANDOM(5)
    rows, step_s, keep = 60_000, 0.5, 2.0 ** (-0.5 / 10)
    hidden = lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], random.standard_normal(rows))
    seen = hidden[:, None] + 2 * np.sqrt(3) * random.standard_normal((rows, 3))
    gain, variance, estimate, filtered = 0.0, 1.0, 0.0, np.empty(rows)
    for row in range(rows):
        variance, estimate = keep**2 * variance + 1 - keep**2, keep * estimate
        gain = variance / (variance + 4)
        estimate, variance = estimate + gain * (seen[row].mean() - estimate), (1 - gain) * variance
        filtered[row] = estimate
    times = np.arange(rows) * 500_000
    np.testing.assert_allclose(oracle.filtered(times, seen.mean(axis=1), 1 / 4, 10.0), filtered)
    features = oracle.over_time(seen, step_s)
    later = np.roll(seen, -10, axis=0)
    returns = 0.2 * hidden + random.standard_normal(rows)
    model = oracle.fit(features[: rows // 2], later[: rows // 2], returns[: rows // 2])
    late = slice(rows // 2, None)
    reached = np.corrcoef(model.probability_up(features[late]), hidden[late])[0, 1]
    assert reached > 0.97 * np.corrcoef(filtered[late], hidden[late])[0, 1]


def test_a_book_alone_measures_the_pressure_and_a_wall_moves_it_no_further_than_its_level_may() -> None:
    lean, noise = np.array([0.0, 0.1, 0.2]), np.array([0.5, 0.1, 0.1])
    pressure = np.array([-1.5, 0.0, 2.0])
    features = 2 * (lean * pressure[:, None] + [3.0, 0.0, 0.0])
    np.testing.assert_allclose(oracle.measured(features, lean, noise), pressure, atol=1e-12)
    walls = [oracle.measured(features + np.array([0.0, height, 0.0]), lean, noise) for height in (2.0, 9.0)]
    np.testing.assert_allclose(walls[0], walls[1])
    random = RANDOM(6).standard_normal((20_000, 3))
    error = oracle.measured(2 * noise * random, lean, noise).std()
    assert error == pytest.approx(1 / np.sqrt(5.0), rel=0.02)


def test_recent_books_are_averaged_and_the_last_one_stays() -> None:
    times, features = np.array([5, 8, 9]), np.array([[1.0], [2.0], [4.0]])
    found = oracle.recent(times, features, np.array([0, 5, 10, 20]), 4)
    np.testing.assert_allclose(found[:, 0], [1.0, 1.0, 3.0, 4.0])


def test_book_features_are_log_ratios_by_level() -> None:
    found = oracle.book_features(np.array([[np.e**2, 0.0]]), np.array([[np.e, 1.0]]))
    np.testing.assert_allclose(found, [[1.0, 0.0]])
