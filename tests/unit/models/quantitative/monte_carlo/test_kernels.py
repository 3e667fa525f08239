"""The kernels one by one; quick enough to run uncompiled."""

from math import erfc, log, sqrt

import numpy as np
import pytest

from models.quantitative.monte_carlo import path_kernels, payoff_kernels
from models.quantitative.monte_carlo.dynamics import Heston
from models.quantitative.monte_carlo.path_kernels import Scratch
from models.quantitative.monte_carlo.plans import heston_steps
from models.quantitative.monte_carlo.random_kernels import BLOCK, fill_normals, fill_words, logarithms, mixed
from models.quantitative.monte_carlo.schedules import bridge

_MASK = (1 << 64) - 1


def splitmix(state: int) -> int:
    """The generator's output function over Python's whole numbers."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def normals(key: int, first: int, size: int) -> np.ndarray:
    numbers = np.empty(size)
    fill_normals(np.uint64(key), first, np.empty(BLOCK, dtype=np.uint64), numbers)
    return numbers


def test_words_are_those_of_splitmix() -> None:
    golden = 0x9E3779B97F4A7C15
    words = np.empty(5, dtype=np.uint64)
    fill_words(np.uint64(77), np.uint64(3), np.uint64(2), words)
    assert [int(word) for word in words] == [splitmix((77 + (3 + 2 * j) * golden) & _MASK) for j in range(5)]
    assert int(mixed(np.uint64(1))) == splitmix(1)


def test_normal_numbers_are_box_and_mullers() -> None:
    words = np.empty(2, dtype=np.uint64)
    for key in range(40):
        fill_words(np.uint64(key), np.uint64(6), np.uint64(1), words)
        first, second = (int(word) for word in words)
        radius = sqrt(-2.0 * log(((first >> 12) + 0.5) * 2.0**-52))
        angle = (((second >> 12) + 0.5) * 2.0**-52 - 0.5) * np.pi / 2.0
        radius = radius if second & 1 else -radius
        pair = (radius * np.cos(angle), radius * np.sin(angle))
        expected = (pair[1], -pair[0]) if second & 2 else pair
        np.testing.assert_allclose(normals(key, 6, 2), expected, rtol=1e-13)


def test_a_part_of_the_sequence_is_that_part() -> None:
    whole = normals(9, 0, 4 * BLOCK + 10)
    np.testing.assert_array_equal(whole[2 * BLOCK :], normals(9, 2 * BLOCK, 2 * BLOCK + 10))
    assert np.unique(whole).size == whole.size


def test_small_keys_are_keys_like_any_other() -> None:
    words = np.empty(BLOCK, dtype=np.uint64)
    numbers = np.empty(4)
    fill_normals(5, 0, words, numbers)
    np.testing.assert_array_equal(numbers, normals(5, 0, 4))


def test_logarithms() -> None:
    values = np.concatenate([np.geomspace(1e-300, 1e300, 201), [1.0, sqrt(0.5), 2.0, 1.0 - 2.0**-53]])
    results = values.copy()
    logarithms(results, np.empty(values.size, dtype=np.int64))
    np.testing.assert_allclose(results, np.log(values), rtol=4e-15, atol=1e-15)


def test_black_scholes_paths_are_running_sums() -> None:
    numbers = np.arange(6.0).reshape(3, 2)
    drifts, deviations, logs = np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0]), np.empty((3, 2))
    for sign in (1.0, -1.0):
        path_kernels.black_scholes_paths(numbers, drifts, deviations, sign, logs)
        np.testing.assert_allclose(
            logs, np.cumsum(drifts[:, None] + sign * deviations[:, None] * numbers, axis=0), rtol=1e-15
        )


def _heston_by_the_paper(
    model: Heston, years: float, variance: float, z_variance: float, z: float
) -> tuple[float, float, bool]:
    """One step of Andersen's scheme with his correction, formula by formula: change of ln S, variance, branch."""
    k, t, x, rho = model.mean_reversion, model.long_variance, model.vol_of_variance, model.correlation
    e = np.exp(-k * years)
    m = t + (variance - t) * e
    s2 = variance * x * x * e / k * (1.0 - e) + t * x * x / (2.0 * k) * (1.0 - e) ** 2
    psi = s2 / m**2
    k1 = 0.5 * years * (k * rho / x - 0.5) - rho / x
    k2 = 0.5 * years * (k * rho / x - 0.5) + rho / x
    k3 = k4 = 0.5 * years * (1.0 - rho**2)
    a_ = k2 + 0.5 * k4
    if psi <= 1.5:
        b2 = 2.0 / psi - 1.0 + sqrt(2.0 / psi) * sqrt(2.0 / psi - 1.0)
        a = m / (1.0 + b2)
        after = a * (sqrt(b2) + z_variance) ** 2
        k0 = -a_ * b2 * a / (1.0 - 2.0 * a_ * a) + 0.5 * log(1.0 - 2.0 * a_ * a) - (k1 + 0.5 * k3) * variance
    else:
        p = (psi - 1.0) / (psi + 1.0)
        beta = (1.0 - p) / m
        u = 1.0 - 0.5 * erfc(z_variance / sqrt(2.0))
        after = log((1.0 - p) / (1.0 - u)) / beta if u > p else 0.0
        k0 = -log(p + beta * (1.0 - p) / (beta - a_)) - (k1 + 0.5 * k3) * variance
    change = (model.rate - model.dividend_yield) * years + k0 + k1 * variance + k2 * after
    return change + sqrt(k3 * variance + k4 * after) * z, after, psi <= 1.5


def _scratch(paths: int) -> Scratch:
    return Scratch(np.empty(paths), np.empty(paths), np.empty(paths), np.empty(paths, dtype=np.int64))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_heston_follows_the_paper(sign: float) -> None:
    model = Heston(100.0, 0.05, 0.01, 0.02, 1.5, 0.05, 0.9, -0.7)
    years, paths = np.array([0.1, 0.3, 0.02]), 60
    numbers = np.random.default_rng(4).normal(size=(6, paths))
    logs, variances = np.empty((3, paths)), np.empty((3, paths))
    path_kernels.heston_paths(numbers, heston_steps(model, years), 0.02, sign, logs, variances, _scratch(paths))
    branches = set()
    for j in range(paths):
        level, variance = 0.0, 0.02
        for i in range(3):
            z_variance, z = sign * numbers[i, j], sign * numbers[3 + i, j]
            change, after, is_quadratic = _heston_by_the_paper(model, years[i], variance, z_variance, z)
            level += change
            assert logs[i, j] == pytest.approx(level, rel=1e-11, abs=1e-12)
            assert variances[i, j] == pytest.approx(0.5 * (variance + after), rel=1e-11, abs=1e-15)
            branches.add((is_quadratic, after == 0.0))
            variance = after
    assert branches == {(True, False), (False, False), (False, True)}


def test_heston_without_a_correction_that_does_not_exist() -> None:
    """With a high positive correlation and a long step exp(A·v) has no mean: K₀ is that of the plain scheme."""
    for long_variance in (4.0, 0.06):  # either branch
        model = Heston(100.0, 0.0, 0.0, long_variance, 5.0, long_variance, 1.0, 0.95)
        steps = heston_steps(model, np.array([10.0]))
        assert steps[0, 8] == pytest.approx(-0.95 * 5.0 * long_variance * 10.0)
        numbers, logs, variances = np.array([[2.5], [0.0]]), np.empty((1, 1)), np.empty((1, 1))
        path_kernels.heston_paths(numbers, steps, long_variance, 1.0, logs, variances, _scratch(1))
        after = 2.0 * variances[0, 0] - long_variance
        assert logs[0, 0] == pytest.approx(steps[0, 8] + steps[0, 4] * long_variance + steps[0, 5] * after, rel=1e-12)


def test_ends_are_correlated() -> None:
    correlations = np.array([[1.0, 0.6], [0.6, 1.0]])
    numbers, logs = np.array([[1.0, -2.0], [0.5, 3.0]]), np.empty((2, 2))
    drifts, deviations = np.array([0.1, -0.2]), np.array([0.3, 0.4])
    path_kernels.correlated_ends(numbers, np.linalg.cholesky(correlations), drifts, deviations, -1.0, logs)
    np.testing.assert_allclose(logs[0], 0.1 - 0.3 * numbers[0], rtol=1e-14)
    np.testing.assert_allclose(logs[1], -0.2 - 0.4 * (0.6 * numbers[0] + 0.8 * numbers[1]), rtol=1e-14)


def test_the_bridge_is_a_rotation() -> None:
    """Steps stay independent with variance 1, and the first points decide where the path ends."""
    years = np.array([0.1, 0.4, 0.2, 0.5, 0.05])
    points = np.zeros((10, 10))
    np.fill_diagonal(points, 1.0)
    numbers = np.empty((10, 10))
    path_kernels.bridge_normals(points, 2, bridge(years), numbers)
    np.testing.assert_allclose(numbers @ numbers.T, np.eye(10), atol=1e-14)
    ends = np.sqrt(years) @ numbers[:5], np.sqrt(years) @ numbers[5:]
    np.testing.assert_allclose(ends, sqrt(1.25) * np.eye(10)[:2], atol=1e-14)


LOGS = np.array([[0.1, -0.3, 0.0], [0.5, -0.1, 0.2], [-0.2, 0.4, 0.1]])
ROWS = np.array([0, 2])


def _places() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return np.empty(3), np.empty(3), np.empty(3), np.empty(3, dtype=np.int64)


def test_averages_over_the_observations() -> None:
    arithmetic, mean, scratch, bits = _places()
    payoff_kernels.averages(LOGS, ROWS, scratch, bits, arithmetic, mean)
    np.testing.assert_allclose(arithmetic, np.exp(LOGS[ROWS]).mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(mean, LOGS[ROWS].mean(axis=0), rtol=1e-15)


def test_extremes_over_the_observations() -> None:
    lowest, highest, _, _ = _places()
    payoff_kernels.extremes(LOGS, ROWS, lowest, highest)
    np.testing.assert_array_equal(lowest, [-0.2, -0.3, 0.0])
    np.testing.assert_array_equal(highest, [0.1, 0.4, 0.1])


def test_barriers_are_reached_at_the_level_itself() -> None:
    survival, _, _, _ = _places()
    for barrier, side, expected in ((0.1, 1.0, [0, 0, 0]), (0.2, 1.0, [1, 0, 1]), (-0.2, -1.0, [0, 0, 1])):
        payoff_kernels.survivals(LOGS, ROWS, barrier, side, survival)
        np.testing.assert_array_equal(survival, expected)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_survival_between_the_points(side: float) -> None:
    survival, scratch, _, bits = _places()
    variances = np.array([[0.04], [0.09], [0.02]]) * np.ones(3)
    barrier = side * 0.45
    payoff_kernels.bridge_survivals(LOGS, variances, barrier, side, scratch, bits, survival)
    before, after = np.vstack([np.zeros(3), LOGS[:-1]]), LOGS
    distances = np.maximum(side * (barrier - before), 0.0) * np.maximum(side * (barrier - after), 0.0)
    np.testing.assert_allclose(survival, np.prod(1.0 - np.exp(-2.0 * distances / variances), axis=0), rtol=1e-13)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_extremes_between_the_points(side: float) -> None:
    extreme = np.empty(3)
    variances = np.array([[0.04], [0.09], [0.02]]) * np.ones(3)
    numbers = np.random.default_rng(1).normal(size=(9, 3))
    payoff_kernels.bridge_extreme(LOGS, variances, numbers, side, extreme)
    before, after = side * np.vstack([np.zeros(3), LOGS[:-1]]), side * LOGS
    waits = 0.5 * (numbers[3:6] ** 2 + numbers[6:] ** 2)
    tops = 0.5 * (before + after + np.sqrt((after - before) ** 2 + 2.0 * variances * waits))
    np.testing.assert_allclose(extreme, side * tops.max(axis=0), rtol=1e-14)


def test_the_first_call_ends_the_note() -> None:
    first = np.empty(3, dtype=np.int64)
    for level, expected in ((0.1, [0, 2, 1]), (0.2, [1, 2, 1]), (0.45, [1, 3, 3])):
        payoff_kernels.first_calls(LOGS, np.array([0, 1, 2]), level, first)
        np.testing.assert_array_equal(first, expected)
