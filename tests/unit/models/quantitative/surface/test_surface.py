import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.american.exact import american_price
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.surface.forward import ExpiryQuotes
from models.quantitative.surface.surface import Surface, fit_surface
from tests.unit.models.quantitative.surface.chains import (
    DIVIDEND,
    RATE,
    SPOT,
    VOLS,
    made_up,
    smile,
    to_european,
)

CHAIN = [made_up(years, vol, seed) for seed, (years, vol) in enumerate(VOLS)]


@pytest.fixture(scope="module")
def surface() -> Surface:
    return fit_surface(CHAIN, SPOT)


def carry(years: Floats | float) -> Floats:
    return np.asarray(SPOT * np.exp((RATE - DIVIDEND) * np.asarray(years)))


def test_every_expiry_has_a_clean_report(surface: Surface) -> None:
    assert len(surface.expiries) == len(VOLS)
    assert surface.skipped == ()
    for expiry, quotes in zip(surface.expiries, CHAIN, strict=True):
        report = expiry.quality
        assert sum(report.reasons.values()) == quotes.strike.size
        assert report.inside >= 0.95
        assert report.rms_vol < 2.0
        assert report.converged
        assert not any((report.butterfly, report.calendar, report.svi_degenerate))


def test_vols_are_those_of_the_truth(surface: Surface) -> None:
    for years, vol in VOLS:
        k = np.linspace(-1.5, 1.0, 11) * vol * np.sqrt(years)
        truth = np.sqrt(smile(years, vol).total_variance(k) / years)
        found = surface.implied_vol(carry(years) * np.exp(k), years)
        np.testing.assert_allclose(found, truth, atol=0.006)


def test_forward_follows_the_carry(surface: Surface) -> None:
    years = np.array([0.01, 0.1, 0.4, 1.0, 1.5])
    np.testing.assert_allclose(surface.forward(years), carry(years), rtol=1e-3)


def test_variance_is_linear_in_time_between_expiries(surface: Surface) -> None:
    k = np.linspace(-0.1, 0.1, 5)
    early, late = (surface.total_variance(k, years) for years in (0.25, 0.5))
    middle = surface.total_variance(k, 0.35)
    for a, b, found in zip(early, late, middle, strict=True):
        np.testing.assert_allclose(found, 0.6 * a + 0.4 * b, rtol=1e-10)
    np.testing.assert_allclose(surface.total_variance(k, 2.0).variance, 2.0 * surface.total_variance(k, 1.0).variance)
    np.testing.assert_allclose(
        surface.total_variance(0.0, 0.01).variance, 0.5 * surface.total_variance(0.0, 0.02).variance
    )


def test_variance_never_falls_with_time(surface: Surface) -> None:
    years = np.linspace(0.01, 1.5, 80)
    k = np.linspace(-0.12, 0.1, 12)
    variance = surface.total_variance(k[:, None], years).variance
    assert (np.diff(variance, axis=1) > -1e-6).all()


def test_density_is_a_distribution(surface: Surface) -> None:
    strike = np.linspace(30.0, 220.0, 20_001)
    for years in (0.25, 0.4, 1.0):
        density = np.nan_to_num(surface.density(strike, years))
        assert density.min() > -1e-4
        assert np.trapezoid(density, strike) == pytest.approx(1.0, abs=3e-3)
        assert np.trapezoid(density * strike, strike) == pytest.approx(float(surface.forward(years)), rel=3e-3)


def test_local_vol_of_a_flat_surface_is_flat() -> None:
    chain = []
    for years in (0.1, 0.3, 0.6, 1.0):
        quotes = made_up(years, 0.2)
        price = _flat_price(quotes, 0.2)
        chain.append(quotes._replace(bid=price - 1e-4, ask=price + 1e-4))
    flat = fit_surface(chain, SPOT)
    local = flat.local_vol(np.linspace(-0.1, 0.1, 7)[:, None], np.array([0.05, 0.2, 0.5, 0.9, 1.3]))
    np.testing.assert_allclose(local, 0.2, atol=0.01)


def _flat_price(quotes: ExpiryQuotes, vol: float) -> Floats:
    return european(SPOT, quotes.strike, quotes.years, RATE, DIVIDEND, vol, quotes.is_call).price


def test_term_structure(surface: Surface) -> None:
    for found, (years, vol) in zip(surface.term_structure(), VOLS, strict=True):
        assert found.years == years
        assert found.atm_vol == pytest.approx(vol, abs=0.004)
        assert found.skew < 0.0
        assert found.variance_swap_vol > found.atm_vol


def test_ssvi_is_near_the_truth(surface: Surface) -> None:
    assert surface.ssvi().rho == pytest.approx(-0.6, abs=0.08)
    assert surface.ssvi().eta == pytest.approx(1.1, abs=0.25)


def test_american_chain() -> None:
    chain = []
    for years, vol in VOLS[1:4]:
        quotes = made_up(years, vol)
        sigma = np.sqrt(smile(years, vol).total_variance(np.log(quotes.strike / carry(years))) / years)
        price = american_price(SPOT, quotes.strike, years, RATE, DIVIDEND, sigma, quotes.is_call).price
        chain.append(quotes._replace(bid=price - 0.02, ask=price + 0.02))
    found = fit_surface(chain, SPOT, rate=RATE, to_european=to_european)
    for expiry, (years, vol) in zip(found.expiries, VOLS[1:4], strict=True):
        assert expiry.forward.dividend_yield == pytest.approx(DIVIDEND, abs=1e-3)
        assert expiry.quality.inside > 0.95
        k = np.linspace(-1.0, 1.0, 9) * vol * np.sqrt(years)
        truth = np.sqrt(smile(years, vol).total_variance(k) / years)
        np.testing.assert_allclose(found.implied_vol(carry(years) * np.exp(k), years), truth, atol=0.003)


def test_what_cannot_be_fitted_is_told() -> None:
    few = ExpiryQuotes(0.3, *(column[:4] for column in CHAIN[2][1:]))
    near = np.abs(CHAIN[3].strike - SPOT) < 3.4
    thin = ExpiryQuotes(0.4, *(column[near] for column in CHAIN[3][1:]))
    expired = CHAIN[0]._replace(years=0.0)
    surface = fit_surface([few, thin, expired, CHAIN[4]], SPOT)
    assert len(surface.expiries) == 1
    assert sorted(surface.skipped) == [(0.0, "expired"), (0.3, "no_forward"), (0.4, "few_quotes")]
    with pytest.raises(BadInput, match="no expiry can be fitted"):
        fit_surface([expired], SPOT)


def test_a_carried_forward_stands_in_for_pairs() -> None:
    quotes = CHAIN[2]
    calls_only = ExpiryQuotes(quotes.years, *(column[quotes.is_call == 1.0] for column in quotes[1:]))
    with pytest.raises(BadInput, match="no_forward"):
        fit_surface([calls_only], SPOT, rate=RATE)
    forward = SPOT * np.exp((RATE - DIVIDEND) * quotes.years)
    surface = fit_surface([calls_only], SPOT, rate=RATE, carried={quotes.years: forward})
    found = surface.expiries[0].forward
    assert (found.forward, found.pairs) == (forward, 0)
    assert found.dividend_yield == pytest.approx(DIVIDEND)
    assert found.discount == pytest.approx(np.exp(-RATE * quotes.years))


def test_a_short_expiry_takes_its_neighbours_rate(surface: Surface) -> None:
    shortest = surface.expiries[0].forward
    assert shortest.rate_error == 0.0
    assert shortest.rate == pytest.approx(RATE, abs=0.003)
