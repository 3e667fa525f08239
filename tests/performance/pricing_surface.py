"""Surfaces: time and quality of fits on made-up chains, and on the recorded ones where they are at hand."""

import os
from time import perf_counter

import numpy as np

from models.quantitative.surface.bands import clean
from models.quantitative.surface.forward import ExpiryQuotes, ToEuropean
from models.quantitative.surface.surface import Surface, fit_surface
from models.quantitative.surface.svi import MIN_QUOTES, fit_svi, is_degenerate
from tests.performance.figures import emit, median
from tests.unit.models.quantitative.surface.chains import (
    FUND_RATE,
    RECORDED,
    SPOT,
    VOLS,
    WINDOWS,
    made_up,
    recorded,
    to_european,
)

REPETITIONS = 5
MIN_INSIDE = 0.95
MAX_EXPIRY_MS = 50.0


def _timed(
    chain: list[ExpiryQuotes], spot: float, rate: float | None = None, convert: ToEuropean | None = None
) -> tuple[Surface, float]:
    """The surface, and milliseconds an expiry: the median after one fit that compiles."""
    surface = fit_surface(chain, spot, rate=rate, to_european=convert)
    seconds = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        fit_surface(chain, spot, rate=rate, to_european=convert)
        seconds.append(perf_counter() - start)
    return surface, 1e3 * median(seconds) / len(surface.expiries)


def _report(name: str, surface: Surface, expiry_ms: float) -> None:
    reports = [expiry.quality for expiry in surface.expiries]
    used = [report.reasons["used"] for report in reports]
    emit(f"surface.{name}.expiry_ms", expiry_ms, "ms an expiry", MAX_EXPIRY_MS)
    emit(f"surface.{name}.expiries", len(reports), "fitted")
    emit(f"surface.{name}.skipped", len(surface.skipped), "expiries", 0)
    inside, svi = (
        float(np.average([getattr(r, part) for r in reports], weights=used)) for part in ("inside", "svi_inside")
    )
    emit(f"surface.{name}.inside", inside, "share of quotes", MIN_INSIDE, at_least=True, peers={"SVI summary": svi})
    emit(f"surface.{name}.arbitrage", sum(r.butterfly + r.calendar for r in reports), "expiries", 0)
    emit(f"surface.{name}.degenerate", sum(r.svi_degenerate for r in reports), "smiles", 0)


def _windows(name: str, surface: Surface) -> tuple[int, int]:
    """Smiles of narrow windows, and how many of them are degenerate."""
    chain = recorded(name)
    convert = to_european if chain.is_american else None
    smiles = []
    for quotes, expiry in zip(chain.expiries, surface.expiries, strict=True):
        bands = clean(quotes, expiry.forward, chain.underlying_price, convert).bands
        for window in WINDOWS:
            rows = np.abs(bands.x - 1.0) <= window
            if rows.sum() >= MIN_QUOTES:
                smiles.append(fit_svi(np.log(bands.x[rows]), bands.variance[rows], bands.error[rows]).svi)
    return len(smiles), sum(map(is_degenerate, smiles))


def run() -> None:
    """Print every figure."""
    _report("made_up", *_timed([made_up(years, vol, seed) for seed, (years, vol) in enumerate(VOLS)], SPOT))
    if not os.environ.get("MARKET_DATA_DIR"):
        return
    fitted = degenerate = 0
    for name in RECORDED:
        chain = recorded(name)
        terms = (FUND_RATE, to_european) if chain.is_american else (None, None)
        surface, expiry_ms = _timed(chain.expiries, chain.underlying_price, *terms)
        _report(name.removesuffix(".csv").lower(), surface, expiry_ms)
        counted = _windows(name, surface)
        fitted, degenerate = fitted + counted[0], degenerate + counted[1]
    emit("surface.windows.smiles", fitted, "smiles in windows of 5 to 20 %", 1000, at_least=True)
    emit("surface.windows.degenerate", degenerate, "smiles", 0)
