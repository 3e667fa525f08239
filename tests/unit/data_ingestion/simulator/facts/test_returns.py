"""Facts of shape, on returns whose answer is known."""

import numpy as np
import pytest

from contracts.errors import BadInput
from data_ingestion.simulator.facts import returns
from data_ingestion.simulator.facts.intervals import Interval, around, of_means, resampled


def inside(found: Interval, wanted: float, errors: float = 4.0) -> bool:
    return abs(found.value - wanted) < errors * found.error


def panel(seed: int = 1, rows: int = 8000, names: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, names)) * 0.01


def test_a_normal_law_has_no_tails_and_no_skew() -> None:
    random = np.random.default_rng(0)
    assert inside(returns.excess_kurtosis(panel(), random), 0.0)
    assert inside(returns.clipped_kurtosis(panel(), random), 0.0)
    assert inside(returns.skewness(panel(), random), 0.0)
    assert inside(returns.gain_loss(panel(), random), 1.0)


def test_kurtosis_of_a_laplace_law_is_three_and_a_fifth_of_that_over_five_days() -> None:
    random = np.random.default_rng(0)
    drawn = np.random.default_rng(2).laplace(size=(40_000, 4))
    assert inside(returns.excess_kurtosis(drawn, random), 3.0)
    assert inside(returns.excess_kurtosis(returns.aggregated(drawn, 5), random, 12), 0.6)


def test_the_tail_index_of_student_returns_is_their_degrees_of_freedom() -> None:
    drawn = np.random.default_rng(3).standard_t(3, size=(20_000, 4))
    found = returns.tail_index(drawn, np.random.default_rng(0), share=0.005)
    assert abs(found.value - 3.0) < 0.35


def test_losses_larger_than_gains_show_as_negative_skew_and_a_ratio_above_one() -> None:
    random = np.random.default_rng(0)
    drawn = -np.random.default_rng(4).gamma(4.0, size=(20_000, 2))
    assert inside(returns.skewness(drawn, random), -1.0)
    assert returns.gain_loss(drawn, random).low > 1.5


def test_planted_jumps_are_counted() -> None:
    drawn = panel(5, 5040, 4)
    drawn[100::252] = 0.2
    found = returns.jumps_a_year(drawn, np.random.default_rng(0), size=6.0)
    assert found.value == pytest.approx(1.0, abs=0.05)


def test_aggregation_sums_whole_spans_and_drops_the_rest() -> None:
    np.testing.assert_allclose(returns.aggregated(np.arange(7.0)[:, None], 3), [[3.0], [12.0]])


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(100):
        drawn = np.random.default_rng(seed).standard_normal((600, 1))
        found = of_means(drawn, lambda means: means[:, 0], 10, np.random.default_rng(seed))
        covered += found.low < 0 < found.high
    assert covered >= 86


def test_resampling_and_moments_agree_on_the_error_of_a_mean() -> None:
    drawn = np.random.default_rng(1).standard_normal((2000, 1))
    one = of_means(drawn, lambda means: means[:, 0], 10, np.random.default_rng(0))
    two = resampled(drawn, lambda rows: float(rows.mean()), 10, np.random.default_rng(0), draws=400)
    assert one.value == pytest.approx(two.value)
    assert one.error == pytest.approx(two.error, rel=0.2)
    assert around(1.0, 0.5).error == pytest.approx(0.5)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(BadInput, match="too few"):
        of_means(np.zeros((3, 1)), lambda means: means[:, 0], 1, np.random.default_rng(0))


def test_the_same_seed_gives_the_same_interval() -> None:
    first, again = (returns.skewness(panel(), np.random.default_rng(9)) for _ in range(2))
    assert first == again
