import numpy as np
import pytest
from scipy.integrate import quad

from models.quantitative.surface.bands import Bands, clean
from models.quantitative.surface.forward import implied_forward
from models.quantitative.surface.slice import Slice, fit_slice
from models.quantitative.surface.surface import has_butterfly, has_calendar
from models.quantitative.surface.svi import SVI, fit_svi
from tests.unit.models.quantitative.surface.chains import SPOT, VOLS, made_up

FLAT = SVI(0.04, 1e-4, 0.0, 0.0, 1.0)


def bands(years: float, vol: float, seed: int | None) -> Bands:
    quotes = made_up(years, vol, seed)
    return clean(quotes, implied_forward(quotes, SPOT), SPOT, None).bands


def fitted(years: float, vol: float, seed: int | None = None, before: Slice | None = None) -> tuple[Bands, Slice]:
    given = bands(years, vol, seed)
    svi = fit_svi(np.log(given.x), given.variance, given.error)
    return given, fit_slice(given, svi.svi, before)


@pytest.mark.parametrize(("years", "vol"), VOLS)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_fits_are_inside_and_without_arbitrage(years: float, vol: float, seed: int | None) -> None:
    given, curve = fitted(years, vol, seed)
    price = curve.price(given.x)
    assert curve.converged
    assert np.mean((price >= given.low) & (price <= given.high)) >= 0.97
    assert not has_butterfly(curve)


def test_prices_are_near_the_truth_between_quotes() -> None:
    given, curve = fitted(0.5, 0.2)
    sparse = Bands(*(column[::4] for column in given))
    svi = fit_svi(np.log(sparse.x), sparse.variance, sparse.error)
    thin = fit_slice(sparse, svi.svi)
    x = np.linspace(sparse.x[0], sparse.x[-1], 200)
    np.testing.assert_allclose(thin.price(x), curve.price(x), atol=3e-4)


def test_wings_continue_value_and_slope() -> None:
    _, curve = fitted(0.25, 0.19, 4)
    for end in curve.knots[[0, -1]]:
        inside, outside = (curve.curve(np.array([end * (1.0 + side * 1e-9)])) for side in (1.0, -1.0))
        np.testing.assert_allclose(inside.price, outside.price, rtol=1e-6)
        np.testing.assert_allclose(inside.slope, outside.slope, rtol=1e-6, atol=1e-12)


def test_density_is_a_distribution_with_the_forward_as_mean() -> None:
    _, curve = fitted(0.5, 0.2, 5)
    edges = np.concatenate([[1e-6], curve.knots, np.geomspace(1.1, 1e3, 60) * curve.knots[-1]])
    x, weight = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)
    points = (0.5 * (edges[1:] + edges[:-1]))[:, None] + half[:, None] * x
    density = curve.curve(points.ravel()).density.reshape(points.shape) * half[:, None] * weight
    # Slopes of the put and call wings need not meet those of the spline in curvature, but do in slope: mass is kept.
    assert density.sum() == pytest.approx(1.0, abs=1e-4)
    assert (density * points).sum() == pytest.approx(1.0, abs=2e-3)


def test_price_is_the_integral_of_density() -> None:
    _, curve = fitted(0.5, 0.2, 6)
    a, b = curve.knots[[5, 9]]
    change = quad(lambda x: float(curve.curve(np.array([x])).density[0]), a, b, epsabs=1e-13, limit=200)[0]
    slopes = curve.curve(np.array([a, b])).slope
    assert change == pytest.approx(slopes[1] - slopes[0], abs=1e-9)


def test_a_later_curve_is_held_above() -> None:
    _, early = fitted(0.5, 0.22, 7)
    alone_given, alone = fitted(0.55, 0.2, 8)
    _, held = fitted(0.55, 0.2, 8, early)
    assert has_calendar(early, alone)
    assert held.converged
    assert not has_calendar(early, held)
    assert not has_butterfly(held)
    assert held.price(alone_given.x).sum() > alone.price(alone_given.x).sum()


def test_bids_that_contradict_convexity_give_way() -> None:
    given = bands(0.5, 0.2, None)
    low, high = given.low.copy(), given.high.copy()
    middle = given.x.size // 2
    low[middle] += 0.01
    high[middle] += 0.01
    svi = fit_svi(np.log(given.x), given.variance, given.error)
    curve = fit_slice(given._replace(low=low, high=high), svi.svi)
    price = curve.price(given.x)
    inside = (price >= low) & (price <= high)
    assert curve.converged
    assert not inside[middle]
    assert inside.mean() > 0.9
    assert not has_butterfly(curve)


def test_a_penny_bid_at_every_strike_makes_no_endless_wing() -> None:
    given = bands(0.02, 0.17, None)
    x = np.concatenate([np.linspace(0.3, 0.8, 12), given.x[given.x > 0.8]])
    kept = given.x > 0.8
    pad = np.full(12, np.nan)
    low = np.concatenate([np.full(12, 1e-5), given.low[kept]])
    high = np.concatenate([np.full(12, 2e-5), given.high[kept]])
    svi = fit_svi(np.log(given.x), given.variance, given.error)
    curve = fit_slice(Bands(x, low, high, *[np.concatenate([pad, c[kept]]) for c in given[3:]]), svi.svi)
    assert curve.converged
    assert curve.left_power > 2.0
    assert not has_butterfly(curve)


def test_five_quotes_are_enough() -> None:
    x = np.array([0.8, 0.9, 1.0, 1.1, 1.2])
    given = bands(0.5, 0.2, None)
    low, high = (np.interp(x, given.x, column) for column in (given.low, given.high))
    curve = fit_slice(Bands(x, low, high, low, low, low), FLAT)
    assert curve.converged
    assert ((curve.price(x) >= low) & (curve.price(x) <= high)).all()


def test_arbitrage_is_seen() -> None:
    _, curve = fitted(0.5, 0.2)
    bent = curve._replace(call=curve.call + 0.02 * (np.arange(curve.call.size) == curve.call.size - 8))
    assert has_butterfly(bent)
    assert has_butterfly(curve._replace(left_power=0.5))
