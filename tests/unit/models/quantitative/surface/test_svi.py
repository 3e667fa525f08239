import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.surface.svi import SVI, _freed, durrleman, fit_svi, is_degenerate, least_durrleman, ssvi_slice

SMILES = (
    SVI(0.01, 0.1, -0.5, 0.02, 0.15),
    SVI(0.002, 0.04, -0.3, 0.0, 0.08),
    SVI(0.04, 0.2, -0.7, 0.1, 0.4),
    SVI(0.001, 0.02, 0.2, -0.01, 0.05),
)
AXEL_VOGT = SVI(-0.041, 0.1331, 0.306, 0.3586, 0.4153)
"""Gatheral and Jacquier's example of a smile with butterfly arbitrage."""


@pytest.mark.parametrize("truth", SMILES)
def test_a_smile_is_recovered(truth: SVI) -> None:
    k = np.linspace(-3.0, 2.0, 60) * np.sqrt(truth.total_variance(np.zeros(1))[0])
    w = truth.total_variance(k)
    found = fit_svi(k, w, 1e-3 * w)
    np.testing.assert_allclose(found.svi.total_variance(k), w, rtol=2e-3)
    assert found.blended == 0.0
    assert found.least_durrleman > 0.0


def test_derivatives_are_those_of_the_variance() -> None:
    k, step = np.linspace(-1.0, 1.0, 21), 1e-5
    svi = SMILES[0]
    up, here, down = (svi.total_variance(k + shift) for shift in (step, 0.0, -step))
    slope, bend = svi.derivatives(k)
    np.testing.assert_allclose(slope, (up - down) / (2.0 * step), atol=1e-9)
    np.testing.assert_allclose(bend, (up - 2.0 * here + down) / step**2, atol=1e-5)


def test_least_variance_and_wings() -> None:
    svi = SMILES[0]
    k = np.linspace(-2.0, 2.0, 100_001)
    assert svi.least_variance() == pytest.approx(svi.total_variance(k).min(), rel=1e-8)
    far = np.array([-1e6, -2e6])
    assert -np.diff(svi.total_variance(far))[0] / np.diff(far)[0] == pytest.approx(svi.lee_slope(), rel=1e-6)


def test_arbitrage_is_seen() -> None:
    assert least_durrleman(AXEL_VOGT) < -0.01
    assert is_degenerate(AXEL_VOGT)
    assert not any(is_degenerate(svi) for svi in SMILES)


@pytest.mark.parametrize(
    "svi",
    [
        SVI(np.nan, 0.1, 0.0, 0.0, 0.1),
        SVI(-0.1, 0.1, 0.0, 0.0, 0.1),
        SVI(0.1, 1.9, 0.5, 0.0, 0.1),
        SVI(0.1, -0.1, 0.5, 0.0, 0.1),
        SVI(0.1, 0.1, 1.0, 0.0, 0.1),
        SVI(0.1, 0.1, 0.5, 0.0, 0.0),
    ],
)
def test_what_is_no_smile(svi: SVI) -> None:
    assert is_degenerate(svi)


def test_quotes_with_arbitrage_get_a_smile_without() -> None:
    k = np.linspace(-1.5, 1.5, 61)
    w = AXEL_VOGT.total_variance(k)
    found = fit_svi(k, w, 0.01 * w)
    assert found.least_durrleman >= 0.0
    assert np.sqrt(np.mean((found.svi.total_variance(k) / w - 1.0) ** 2)) < 0.1


@pytest.mark.parametrize("broken", [AXEL_VOGT, SVI(-0.00060426, 0.02336558, -0.968, -0.12125, 0.1103)])
def test_a_smile_with_arbitrage_is_moved_as_little_as_needed(broken: SVI) -> None:
    assert is_degenerate(broken)
    freed, share = _freed(broken)
    assert not is_degenerate(freed)
    assert 0.0 < share <= 1.0
    at_the_money = np.zeros(1)
    assert freed.total_variance(at_the_money) == pytest.approx(broken.total_variance(at_the_money), rel=0.3)


def test_narrow_dips_are_found_and_filled() -> None:
    steep = SVI(-0.00060426, 0.02336558, -0.968, -0.12125, 0.1103)
    k = np.linspace(-0.28, 0.048, 150)
    w = steep.total_variance(k)
    found = fit_svi(k, w, np.full(150, 2e-5))
    assert found.least_durrleman >= 0.0
    assert found.error < 2.0


def test_noisy_windows_are_never_degenerate() -> None:
    random = np.random.default_rng(7)
    for trial in range(150):
        level, width = random.uniform(0.0003, 0.2), random.uniform(0.05, 0.2)
        svi = ssvi_slice(
            level, random.uniform(-0.8, 0.3), 0.9 * min(1.0 / np.sqrt(level), 2.0 / level) * random.uniform(0.1, 1.0)
        )
        k = np.sort(random.uniform(-width, width, random.integers(5, 40)))
        w = svi.total_variance(k)
        error = w * random.uniform(0.002, 0.1)
        found = fit_svi(k, np.maximum(w + random.normal(size=k.size) * error, 0.2 * w), error)
        assert not is_degenerate(found.svi), f"trial {trial}: {found}"
        truth = np.sqrt(np.mean((svi.total_variance(k) - w) ** 2 / (2.0 * error**2)))
        assert found.error < truth + 2.0, f"trial {trial}: {found}"


def test_ssvi_slice_is_the_formula() -> None:
    k = np.linspace(-1.0, 1.0, 11)
    theta, rho, phi = 0.05, -0.4, 3.0
    formula = 0.5 * theta * (1.0 + rho * phi * k + np.sqrt((phi * k + rho) ** 2 + 1.0 - rho**2))
    np.testing.assert_allclose(ssvi_slice(theta, rho, phi).total_variance(k), formula, rtol=1e-12)


def test_flat_smile_has_unit_durrleman() -> None:
    k = np.linspace(-1.0, 1.0, 5)
    np.testing.assert_array_equal(durrleman(k, np.full(5, 0.04), np.zeros(5), np.zeros(5)), 1.0)


def test_too_few_quotes() -> None:
    with pytest.raises(BadInput, match="4 quotes are too few"):
        fit_svi(np.zeros(4), np.ones(4), np.ones(4))
