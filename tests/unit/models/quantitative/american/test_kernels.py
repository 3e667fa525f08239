import numpy as np
import pytest

from models.quantitative.american.kernels import (
    BELOW,
    BETWEEN,
    NEVER,
    european_put,
    exercise_region,
    follow_boundary,
    log_cap,
    log_floor,
    solve_boundary,
    workspace,
)
from models.quantitative.american.schemes import SCHEMES


@pytest.mark.parametrize(
    ("growth", "payout", "region"),
    [
        (0.05, 0.0, BELOW),
        (0.05, 0.1, BELOW),
        (0.05, -0.02, BELOW),
        (0.0, 0.0, NEVER),
        (0.0, 0.05, NEVER),
        (0.0, -0.05, BELOW),
        (-0.01, 0.0, NEVER),
        (-0.02, -0.01, NEVER),
        (-0.02, -0.02, NEVER),
        (-0.01, -0.02, BETWEEN),
    ],
)
def test_region_of_exercise(growth: float, payout: float, region: int) -> None:
    assert exercise_region(growth, payout) == region


def test_boundary_lies_between_that_of_the_perpetual_put_and_that_at_expiry() -> None:
    scheme = SCHEMES["accurate"]
    work = workspace(scheme)
    rng = np.random.default_rng(5)
    for growth, payout, total_vol in zip(
        rng.uniform(1e-3, 0.3, 50), rng.uniform(-0.1, 0.3, 50), rng.uniform(0.02, 1.5, 50), strict=True
    ):
        solve_boundary(growth, payout, total_vol, scheme, work)
        boundary = work.log_boundary + log_cap(growth, payout)
        assert (np.diff(boundary) > -1e-6).all()  # the longest time first
        assert boundary[0] >= log_floor(growth, payout, total_vol) - 1e-15
        assert boundary[-1] < log_cap(growth, payout)


def test_the_perpetual_put() -> None:
    """Its boundary solves ½σ²·β(β − 1) + (r − q)·β − r = 0, B/K = β/(β − 1), with the negative root."""
    growth, payout, total_vol = 0.06, 0.02, 0.4
    roots = np.roots([0.5 * total_vol**2, growth - payout - 0.5 * total_vol**2, -growth])
    beta = roots[roots < 0.0][0]
    assert np.exp(log_floor(growth, payout, total_vol)) == pytest.approx(beta / (beta - 1.0), rel=1e-13)
    work = workspace(SCHEMES["accurate"])
    solve_boundary(200.0 * growth, 200.0 * payout, np.sqrt(200.0) * total_vol, SCHEMES["accurate"], work)
    assert np.exp(work.log_boundary[0]) == pytest.approx(beta / (beta - 1.0), rel=1e-3)


def test_european_put_of_no_value_is_not_negative() -> None:
    assert european_put(5.0, 0.01, 0.0, 0.1) == 0.0
    assert european_put(0.0, 0.05, 0.02, 0.3) == pytest.approx(0.10123356, abs=1e-8)


@pytest.mark.parametrize(
    ("numbers", "near"),
    [
        ((0.02, 0.006, 0.1), (0.02, 0.006, 0.1001)),
        ((0.02, 0.006, 0.1), (0.02001, 0.006, 0.1)),
        ((0.01, 0.03, 0.4), (0.01, 0.03002, 0.4)),
        ((8.2e-6, 8.1997e-6, 0.03), (8.2e-6, 8.1997e-6, 0.030003)),  # turns sharply near expiry: begun anew
    ],
)
def test_a_boundary_that_follows_another_is_the_one_solved_from_nothing(
    numbers: tuple[float, float, float], near: tuple[float, float, float]
) -> None:
    scheme = SCHEMES["fast"]
    alone, following = workspace(scheme), workspace(scheme)
    solve_boundary(*near, scheme, alone)
    solve_boundary(*numbers, scheme, following)
    follow_boundary(*near, scheme, following)
    moved = np.abs(following.log_boundary - alone.log_boundary)
    assert (moved <= 1e-6 * np.abs(alone.log_boundary)).all()


def test_solving_after_following_begins_from_nothing() -> None:
    scheme = SCHEMES["fast"]
    alone, after = workspace(scheme), workspace(scheme)
    solve_boundary(0.02, 0.006, 0.1, scheme, alone)
    solve_boundary(0.02, 0.006, 0.1001, scheme, after)
    follow_boundary(0.02, 0.006, 0.1, scheme, after)
    solve_boundary(0.02, 0.006, 0.1, scheme, after)
    assert (after.log_boundary == alone.log_boundary).all()
