import numpy as np
import pytest

from models.quantitative.american.schemes import SCHEMES, make_scheme

SCHEME = make_scheme(nodes=7, points=9, newton_steps=2, chord_steps=1, premium_points=20)


def test_cardinals_reproduce_polynomials_that_vanish_at_expiry() -> None:
    powers = np.arange(1, 8)
    far = np.sqrt(1.0 - SCHEME.premium_reach[:-1] ** 2)
    for power in powers:
        np.testing.assert_allclose(SCHEME.nodes**power @ SCHEME.premium_cardinals[:, :-1], far**power, atol=1e-14)


def test_points_of_the_boundary_are_those_of_the_premium_scaled_to_each_node() -> None:
    count, inner = SCHEME.nodes.size, SCHEME.density_weights.size
    shares = (SCHEME.reach[:inner].reshape(-1, count) / SCHEME.nodes)[:, 0]
    assert (np.diff(shares) > 0.0).all()
    np.testing.assert_array_equal(SCHEME.reach[inner:], SCHEME.nodes)
    far = (SCHEME.nodes * np.sqrt(1.0 - shares[:, None] ** 2)).ravel()
    np.testing.assert_allclose(SCHEME.nodes**3 @ SCHEME.cardinals, far**3, atol=1e-14)


def test_weights_integrate_over_time() -> None:
    """∫dt/T from 0 to τ is τ/T = ξ², ∫dt/(√t·√T) is 2ξ."""
    count = SCHEME.nodes.size
    tails = SCHEME.tail_weights.reshape(-1, count).sum(axis=0)
    densities = (SCHEME.density_weights / SCHEME.reach[:-count]).reshape(-1, count)
    np.testing.assert_allclose(tails, SCHEME.nodes**2, rtol=1e-12)
    np.testing.assert_allclose(SCHEME.density_weights.reshape(-1, count).sum(axis=0), 2.0 * SCHEME.nodes, rtol=1e-12)
    assert (densities > 0.0).all()
    assert SCHEME.premium_weights[:-1].sum() == pytest.approx(1.0, rel=1e-12)


def test_coefficients_are_those_of_the_chebyshev_series() -> None:
    series = np.polynomial.chebyshev.Chebyshev(SCHEME.coefficients @ SCHEME.nodes**3, domain=[0.0, 1.0])
    places = np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(series(places), places**3, atol=1e-14)


def test_there_are_schemes_from_coarse_to_accurate() -> None:
    coarse, fast, accurate = (SCHEMES[name] for name in ("coarse", "fast", "accurate"))
    assert coarse.reach.size < fast.reach.size < accurate.reach.size
