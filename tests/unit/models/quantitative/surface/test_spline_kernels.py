"""The compiled splines against SciPy's."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from models.quantitative.blocks import Floats
from models.quantitative.surface.quadratic_kernels import WIDTH
from models.quantitative.surface.spline_kernels import DEGREE, design, evaluate


def padded(knots: Floats) -> Floats:
    return np.concatenate([np.repeat(knots[0], DEGREE), knots, np.repeat(knots[-1], DEGREE)])


@pytest.mark.parametrize("count", [2, 3, 9])
def test_values_and_derivatives_are_scipys(count: int) -> None:
    random = np.random.default_rng(count)
    knots = np.sort(random.uniform(0.5, 1.5, count))
    t = padded(knots)
    put, call = random.normal(size=(2, count + DEGREE - 1))
    x = np.concatenate([knots, random.uniform(knots[0], knots[-1], 40)])
    out = np.empty((3, x.size))
    evaluate(x, t, put, call, 1.0, 1.0, out)
    for order, found in enumerate(out):
        expected = np.where(x <= 1.0, BSpline(t, put, DEGREE)(x, order), BSpline(t, call, DEGREE)(x, order))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())
    alone = np.empty((1, x.size))
    evaluate(x, t, put, call, 1.0, 1.0, alone)
    np.testing.assert_array_equal(alone[0], out[0])


def test_wings_follow_their_powers() -> None:
    t = padded(np.array([0.8, 0.9, 1.1, 1.2]))
    coefficients = np.linspace(0.5, 1.0, 6)
    x = np.array([0.4, 2.4])
    out = np.empty((3, 2))
    evaluate(x, t, coefficients, coefficients, 2.0, 3.0, out)
    np.testing.assert_allclose(out[0], [0.5 / 4.0, 1.0 / 8.0])
    np.testing.assert_allclose(out[1], out[0] * np.array([2.0, -3.0]) / x)
    np.testing.assert_allclose(out[2], out[0] * np.array([2.0, 12.0]) / x**2)


def test_design_rows_are_scipys() -> None:
    knots = np.array([0.7, 0.8, 1.0, 1.05, 1.3])
    t = padded(knots)
    x = np.linspace(0.7, 1.3, 31)
    starts, values = np.empty(x.size, dtype=np.int64), np.zeros((x.size, WIDTH))
    design(x, t, starts, values)
    dense = np.zeros((x.size, knots.size + DEGREE - 1))
    for row, start in enumerate(starts):
        dense[row, start : start + DEGREE + 1] = values[row, : DEGREE + 1]
    np.testing.assert_allclose(dense, BSpline.design_matrix(x, t, DEGREE).toarray(), atol=1e-14)
    assert not values[:, DEGREE + 1 :].any()
