"""Quick enough to run uncompiled as well."""

import numpy as np
import pytest

from models.quantitative.heston.calibration_kernels import COLUMNS, chain_values
from models.quantitative.heston.characteristic_kernels import (
    Model,
    coefficients,
    explosion_years,
    exponent,
    jump_rate,
    log_of_one_more,
    mean_variance,
    one_less_decay,
    square_root,
)
from models.quantitative.heston.contour_kernels import room
from models.quantitative.heston.parameters import HestonParams, Jumps
from models.quantitative.heston.pricing import heston_price

MODEL = Model(0.04, 2.0, 0.05, 0.4, -0.7, 0.5, -0.1, 0.15)
RISING = Model(0.04, 0.5, 0.04, 1.0, 0.9, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("z", [3 + 4j, 3 - 4j, -3 + 4j, -3 - 4j, 1e-80 + 0j, -4 + 0j])
def test_root(z: complex) -> None:
    root = square_root(z)
    assert root.real >= 0.0
    assert root == pytest.approx(np.sqrt(z), rel=1e-15)


def test_the_root_of_zero_can_be_divided_by() -> None:
    assert square_root(0j) == 1e-150


@pytest.mark.parametrize("z", [1e-12 + 2e-12j, 0.3 - 2.0j, 50 + 3j])
def test_small_numbers_keep_their_digits(z: complex) -> None:
    decay = z - z * z / 2.0 if abs(z) < 1e-6 else 1.0 - np.exp(-z)
    assert one_less_decay(z) == pytest.approx(decay, rel=1e-14)
    logarithm = z - z * z / 2.0 if abs(z) < 1e-6 else np.log(1.0 + z)
    assert log_of_one_more(z) == pytest.approx(logarithm, rel=1e-14)


@pytest.mark.parametrize("years", [0.001, 1.0, 30.0])
def test_the_exponent_is_that_of_a_martingale(years: float) -> None:
    assert abs(exponent(0j, years, MODEL)) < 1e-14
    assert abs(exponent(1 + 0j, years, MODEL)) < 1e-14
    assert jump_rate(1 + 0j, RISING) == 0.0


def test_coefficients_solve_their_equations() -> None:
    p, step = 1.5 + 3.0j, 1e-4
    (level, slope), (later, steeper) = (coefficients(p, 0.5 + sign * step, MODEL) for sign in (-1.0, 1.0))
    _, here = coefficients(p, 0.5, MODEL)
    assert (later - level) / (2.0 * step) == pytest.approx(here, rel=1e-7)
    beta = MODEL.kappa - MODEL.rho * MODEL.sigma * p
    riccati = 0.5 * p * (p - 1.0) - beta * here + 0.5 * MODEL.sigma**2 * here**2
    assert (steeper - slope) / (2.0 * step) == pytest.approx(riccati, rel=1e-6)


@pytest.mark.parametrize(("p", "model"), [(5.0, RISING), (-12.0, RISING), (40.0, MODEL)])
def test_moments_explode_when_they_should(p: float, model: Model) -> None:
    years = explosion_years(p, model)
    before = [coefficients(complex(p), share * years, model)[1].real for share in (0.9, 0.999, 0.99999)]
    assert 0.0 < before[0] < before[1] < before[2]
    assert before[2] > 50.0 * before[1]


def test_room_is_inside_the_finite_moments() -> None:
    for side, start in ((1.0, 1.0), (-1.0, 0.0)):
        width = room(side, 1.0, RISING)
        assert explosion_years(start + side * width, RISING) > 1.0
        assert explosion_years(start + side * 1.1 * width, RISING) <= 1.0


def test_mean_variance() -> None:
    expected = 0.05 - 0.01 * -np.expm1(-2.0) / 2.0 + 0.5 * (0.1**2 + 0.15**2)
    assert mean_variance(1.0, MODEL) == pytest.approx(expected, rel=1e-14)


def test_calibration_prices_and_slopes_are_those_of_pricing() -> None:
    k, years = np.array([-0.2, 0.0, 0.15]), np.array([0.5, 0.5, 2.0])

    def values(model: Model) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        results = np.empty((3, COLUMNS))
        assert chain_values(k, years, np.array([0, 2, 3]), model, results)
        return results

    here = values(MODEL)
    params, jumps = HestonParams(*MODEL[:5]), Jumps(*MODEL[5:])
    prices = heston_price(1.0, np.exp(k), years, 0.0, 0.0, params, is_call=True, jumps=jumps)
    np.testing.assert_allclose(np.exp(k) * here[:, 0] + 1.0, prices, rtol=1e-10)
    for place, name in enumerate(Model._fields):
        up, down = (values(MODEL._replace(**{name: getattr(MODEL, name) + move}))[:, 0] for move in (1e-4, -1e-4))
        np.testing.assert_allclose(here[:, 1 + place], (up - down) / 2e-4, rtol=1e-4, atol=1e-7, err_msg=name)
