"""Surfaces of recorded chains: three of S&P 500 index options, and of two funds, whose options are American."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from models.quantitative.surface.bands import clean
from models.quantitative.surface.surface import Surface, fit_surface
from models.quantitative.surface.svi import MIN_QUOTES, fit_svi, is_degenerate
from tests.unit.models.quantitative.surface.chains import (
    FUND_RATE,
    RECORDED,
    WINDOWS,
    RecordedChain,
    recorded,
    to_european,
)


@lru_cache(maxsize=len(RECORDED))
def fitted(name: str) -> tuple[RecordedChain, Surface]:
    chain = recorded(name)
    if chain.is_american:
        return chain, fit_surface(chain.expiries, chain.underlying_price, rate=FUND_RATE, to_european=to_european)
    return chain, fit_surface(chain.expiries, chain.underlying_price)


@pytest.mark.parametrize("name", RECORDED)
def test_every_expiry_fits_without_arbitrage_inside_the_quotes(name: str) -> None:
    chain, surface = fitted(name)
    assert len(surface.expiries) == len(chain.expiries)
    reports = [expiry.quality for expiry in surface.expiries]
    assert all(report.converged for report in reports)
    assert not any(report.butterfly or report.calendar or report.svi_degenerate for report in reports)
    used = [report.reasons["used"] for report in reports]
    inside = np.average([report.inside for report in reports], weights=used)
    assert inside >= 0.95
    assert inside > np.average([report.svi_inside for report in reports], weights=used)


def windows() -> Iterator[tuple[str, bool]]:
    """Each smile of a window of strikes with enough quotes, and whether it is degenerate."""
    for name in RECORDED:
        chain, surface = fitted(name)
        for quotes, expiry in zip(chain.expiries, surface.expiries, strict=True):
            to = to_european if chain.is_american else None
            bands = clean(quotes, expiry.forward, chain.underlying_price, to).bands
            for window in WINDOWS:
                rows = np.abs(bands.x - 1.0) <= window
                if rows.sum() >= MIN_QUOTES:
                    svi = fit_svi(np.log(bands.x[rows]), bands.variance[rows], bands.error[rows]).svi
                    silly = abs(svi.rho) > 0.9985 or svi.lee_slope() > 1.98
                    yield f"{name} {expiry.years:.3f} ±{window}: {svi}", silly or is_degenerate(svi)


def test_narrow_windows_are_never_degenerate() -> None:
    found = list(windows())
    assert len(found) >= 1000
    assert [text for text, degenerate in found if degenerate] == []
