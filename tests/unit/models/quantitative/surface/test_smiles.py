import numpy as np
import pytest

from models.quantitative.european import european
from models.quantitative.quotes import implied_vol
from models.quantitative.surface.bands import Bands
from models.quantitative.surface.slice import Slice, fit_slice
from models.quantitative.surface.smiles import describe, total_variance, variance_swap
from models.quantitative.surface.svi import SVI, ssvi_slice

YEARS = 0.5


def exact_curve(svi: SVI) -> Slice:
    """A curve through hair-thin bands around a smile."""
    scale = float(np.sqrt(svi.total_variance(np.zeros(1))[0]))
    x = np.exp(np.linspace(-5.0, 4.0, 91) * scale)
    sigma = np.sqrt(svi.total_variance(np.log(x)))
    price = european(1.0, x, 1.0, 0.0, 0.0, sigma, x > 1.0).price
    half = 1e-7 + 1e-5 * price
    return fit_slice(Bands(x, price - half, price + half, price, sigma**2, half), svi)


def test_variance_and_derivatives_are_the_smiles() -> None:
    svi = ssvi_slice(0.02, -0.6, 6.0)
    k = np.linspace(-0.4, 0.3, 29)
    found = total_variance(exact_curve(svi), k)
    slope, bend = svi.derivatives(k)
    np.testing.assert_allclose(found.variance, svi.total_variance(k), rtol=2e-4)
    np.testing.assert_allclose(found.slope, slope, atol=2e-3)
    np.testing.assert_allclose(found.bend, bend, atol=0.08)


def test_derivatives_belong_to_the_variance() -> None:
    curve = exact_curve(ssvi_slice(0.02, -0.6, 6.0))
    k, step = np.linspace(-0.35, 0.25, 13), 1e-4
    up, here, down = (total_variance(curve, k + shift) for shift in (step, 0.0, -step))
    np.testing.assert_allclose(here.slope, (up.variance - down.variance) / (2.0 * step), atol=1e-4)
    np.testing.assert_allclose(here.bend, (up.slope - down.slope) / (2.0 * step), atol=2e-2)


def test_variance_swap_of_a_flat_smile_is_its_variance() -> None:
    flat = SVI(0.0399, 1e-6, 0.0, 0.0, 100.0)
    assert variance_swap(exact_curve(flat)) == pytest.approx(0.04, rel=1e-3)


def test_description() -> None:
    svi = ssvi_slice(0.02, -0.6, 6.0)
    smile = describe(exact_curve(svi), YEARS)
    slope, _ = (float(value[0]) for value in svi.derivatives(np.zeros(1)))
    assert smile.atm_vol == pytest.approx(0.2, rel=1e-4)
    assert smile.skew == pytest.approx(slope / (2.0 * 0.2 * YEARS), rel=1e-2)
    vols = [float(np.sqrt(svi.total_variance(np.array([k]))[0] / YEARS)) for k in (-1e-3, 0.0, 1e-3)]
    assert smile.curvature == pytest.approx((vols[0] - 2.0 * vols[1] + vols[2]) / 1e-6, rel=0.1)
    assert smile.variance_swap_vol > smile.atm_vol


def test_variance_swap_is_the_integral() -> None:
    svi = ssvi_slice(0.02, -0.6, 6.0)
    k = np.linspace(-12.0, 8.0, 400_001) * np.sqrt(0.02)
    x = np.exp(k)
    price = european(1.0, x, 1.0, 0.0, 0.0, np.sqrt(svi.total_variance(k)), x > 1.0).price
    truth = 2.0 * np.trapezoid(price / x, k)
    assert variance_swap(exact_curve(svi)) == pytest.approx(truth, rel=3e-3)


def test_no_variance_where_a_price_has_none() -> None:
    curve = exact_curve(ssvi_slice(0.0004, -0.1, 5.0))
    far = np.array([8.0])
    assert np.isnan(
        implied_vol(curve.price(np.exp(far)), 1.0, np.exp(far), 1.0, 0.0, 0.0, is_call=True).implied_vol
    ) == np.isnan(total_variance(curve, far).variance)
