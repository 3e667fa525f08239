import numpy as np
import pytest
from numpy.typing import NDArray

from models.quantitative.heston.least_squares import fit

Floats = NDArray[np.float64]
LOW, HIGH = np.full(2, -10.0), np.full(2, 10.0)


def valley(x: Floats) -> tuple[Floats, Floats]:
    """Rosenbrock's: zero at (1, 1)."""
    return np.array([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]]), np.array([[-20.0 * x[0], 10.0], [-1.0, 0.0]])


def test_finds_the_bottom_of_a_curved_valley() -> None:
    result = fit(valley, np.array([-1.2, 1.0]), LOW, HIGH, 100)
    np.testing.assert_allclose(result.unknowns, [1.0, 1.0], rtol=1e-10)
    assert result.converged
    assert result.mean_square < 1e-24
    assert result.evaluations <= 40


def test_stops_on_a_bound_at_the_best_point_there() -> None:
    result = fit(valley, np.array([-1.2, 1.0]), LOW, np.array([0.5, 10.0]), 200)
    np.testing.assert_allclose(result.unknowns, [0.5, 0.25], rtol=1e-6)
    assert result.unknowns[0] == 0.5
    assert result.mean_square == pytest.approx(0.125, rel=1e-9)
    assert result.converged


def test_says_when_evaluations_ran_out() -> None:
    result = fit(valley, np.array([-1.2, 1.0]), LOW, HIGH, 4)
    assert not result.converged
    assert result.evaluations == 4


def test_starts_inside_the_bounds_and_stops_where_all_are_held() -> None:
    result = fit(valley, np.array([-50.0, 50.0]), np.array([2.0, -10.0]), np.array([10.0, 1.0]), 50)
    assert list(result.unknowns) == [2.0, 1.0]
    assert result.converged
