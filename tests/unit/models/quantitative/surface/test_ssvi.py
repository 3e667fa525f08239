import numpy as np
import pytest

from models.quantitative.surface.bands import Bands
from models.quantitative.surface.ssvi import SSVI, fit_ssvi
from models.quantitative.surface.svi import is_degenerate

TRUTH = SSVI(-0.55, 1.2, 0.35, np.array([0.05, 0.25, 1.0]), np.array([0.002, 0.01, 0.045]), 0.0)


def bands(years: float, theta: float) -> Bands:
    k = np.linspace(-3.0, 2.0, 30) * np.sqrt(theta)
    w = TRUTH.total_variance(k, np.full(30, years))
    nothing = np.zeros(30)
    return Bands(np.exp(k), nothing, nothing, nothing, w, 0.01 * w)


def test_parameters_are_recovered() -> None:
    found = fit_ssvi(TRUTH.years, TRUTH.theta, [bands(t, v) for t, v in zip(TRUTH.years, TRUTH.theta, strict=True)])
    np.testing.assert_allclose(found[:3], TRUTH[:3], rtol=1e-3)
    assert found.error < 1e-3


def test_falls_at_the_money_are_levelled() -> None:
    theta = np.array([0.002, 0.012, 0.011])
    found = fit_ssvi(TRUTH.years, theta, [bands(t, v) for t, v in zip(TRUTH.years, TRUTH.theta, strict=True)])
    np.testing.assert_array_equal(found.theta, [0.002, 0.012, 0.012])


@pytest.mark.parametrize("seed", range(5))
def test_no_fit_has_arbitrage(seed: int) -> None:
    random = np.random.default_rng(seed)
    noisy = []
    for years, theta in zip(TRUTH.years, TRUTH.theta, strict=True):
        exact = bands(years, theta)
        noisy.append(exact._replace(variance=exact.variance * random.uniform(0.5, 2.0, 30)))
    found = fit_ssvi(TRUTH.years, TRUTH.theta * random.uniform(0.7, 1.4, 3), noisy)
    assert 0.0 < found.gamma <= 0.5
    assert found.eta * (1.0 + abs(found.rho)) <= 2.0
    assert not any(is_degenerate(found.smile(years)) for years in (0.01, 0.05, 0.3, 1.0, 2.0))
    k = np.linspace(-1.0, 1.0, 201)
    times = np.linspace(0.01, 2.0, 50)
    assert (np.diff(found.total_variance(k[:, None], times), axis=1) >= -1e-14).all()


def test_smile_is_the_surface() -> None:
    k = np.linspace(-0.5, 0.5, 11)
    for years in (0.02, 0.05, 0.6, 1.0, 3.0):
        surface = TRUTH.total_variance(k, np.full(11, years))
        np.testing.assert_allclose(TRUTH.smile(years).total_variance(k), surface, rtol=1e-12)
