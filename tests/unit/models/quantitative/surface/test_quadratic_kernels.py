import numpy as np
import pytest
from scipy.optimize import minimize

from models.quantitative.blocks import Floats
from models.quantitative.surface.quadratic_kernels import WIDTH, Rows, solve

UNKNOWNS = 8


def dense(rows: Rows) -> Floats:
    matrix = np.zeros((rows.starts.size, UNKNOWNS))
    for row, start in enumerate(rows.starts):
        matrix[row, start : start + WIDTH] = rows.values[row]
    return matrix


def some_rows(random: np.random.Generator, count: int) -> Rows:
    return Rows(random.integers(0, UNKNOWNS - WIDTH + 1, count), random.normal(size=(count, WIDTH)))


@pytest.mark.parametrize("seed", range(12))
def test_solution_is_scipys(seed: int) -> None:
    random = np.random.default_rng(seed)
    aims, limits = some_rows(random, 14), some_rows(random, 10)
    targets, weights = random.normal(size=14), random.uniform(0.5, 2.0, 14)
    feasible = random.normal(size=UNKNOWNS)
    bounds = dense(limits) @ feasible - random.uniform(0.0, 0.5, 10)
    soft = random.uniform(size=10) < 0.5
    bounds[soft] += random.uniform(0.0, 1.5, int(soft.sum()))
    costs = np.where(soft, 3.0, np.inf)
    x = np.zeros(UNKNOWNS)
    steps, residual = solve(aims, targets, weights, limits, bounds, costs, x)
    assert residual < 1e-7
    assert steps < 40
    a, g = dense(aims), dense(limits)
    assert (g @ x >= bounds - 1e-6)[~soft].all()

    def cost(both: Floats) -> float:
        point, short = both[:UNKNOWNS], both[UNKNOWNS:]
        return float(0.5 * np.sum(weights * (a @ point - targets) ** 2) + 3.0 * short.sum())

    def kept(both: Floats) -> Floats:
        room = g @ both[:UNKNOWNS] - bounds
        room[soft] += both[UNKNOWNS:]
        return np.concatenate([room, both[UNKNOWNS:]])

    begin = np.concatenate([feasible, np.maximum(bounds - g @ feasible, 0.0)[soft]])
    truth = minimize(
        cost, begin, constraints={"type": "ineq", "fun": kept}, method="SLSQP", options={"ftol": 1e-12, "maxiter": 500}
    )
    short = np.maximum(bounds - g @ x, 0.0)[soft]
    assert cost(np.concatenate([x, short])) <= truth.fun + 1e-6


def test_limits_that_contradict_each_other_do_not_converge() -> None:
    rows = Rows(np.zeros(2, dtype=np.int64), np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0, 0.0]]))
    aims = Rows(np.zeros(WIDTH, dtype=np.int64), np.eye(WIDTH))
    x = np.zeros(WIDTH)
    _, residual = solve(aims, np.zeros(WIDTH), np.ones(WIDTH), rows, np.array([1.0, 1.0]), np.full(2, np.inf), x)
    assert residual > 0.1
    assert np.isfinite(x).all()
    _, residual = solve(aims, np.zeros(WIDTH), np.ones(WIDTH), rows, np.array([1.0, 1.0]), np.full(2, 5.0), x)
    assert residual < 1e-7
    np.testing.assert_allclose(x, 0.0, atol=1e-5)
