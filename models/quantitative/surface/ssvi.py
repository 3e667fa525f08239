"""SSVI: one smile for all expiries, free of butterfly and calendar arbitrage.

Theory of operation
-------------------
Gatheral and Jacquier's surface is w(k, θ) = θ/2·(1 + ρφk + √((φk + ρ)² + 1 − ρ²)) with θ the total variance at the
money and φ(θ) = η / (θ^c·(1 + θ)^(1 − c)), c being their gamma. It is free of arbitrage if θ never falls with time,
0 < c ≤ ½ and η·(1 + |ρ|) ≤ 2. The search is over free numbers from which nothing else can be made. θ is taken from the
fitted curves, with falls levelled out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from models.quantitative.blocks import Floats
from models.quantitative.surface.bands import Bands
from models.quantitative.surface.svi import SVI, ssvi_slice

_MAX_TILT, _MAX_ETA, _MAX_GAMMA = 0.999, 1.999, 0.5
_STARTS = ((-0.8, 0.0, 0.0), (0.0, -1.0, 1.0), (-1.5, 1.0, -1.0))
_POINTS_PER_EXPIRY = 40
"""Quotes of an expiry that are fitted, evenly chosen: three numbers need no more."""


class SSVI(NamedTuple):
    """Parameters of the surface, and the total variances at the money it was fitted with."""

    rho: float
    eta: float
    gamma: float
    years: Floats
    theta: Floats
    """Never falling."""
    error: float
    """Root mean square of the errors in units of the quotes' own."""

    def phi(self, theta: Floats) -> Floats:
        """Bend over level."""
        return np.asarray(self.eta / (theta**self.gamma * (1.0 + theta) ** (1.0 - self.gamma)), dtype=np.float64)

    def total_variance(self, log_moneyness: Floats, years: Floats) -> Floats:
        """w(k, T); θ is linear in time between the expiries and proportional to it before and after."""
        return _variance(log_moneyness, self._level(np.asarray(years)), self.rho, self.eta, self.gamma)

    def smile(self, years: float) -> SVI:
        """Raw SVI of the smile at this time."""
        theta = self._level(np.asarray(years, dtype=np.float64))
        return ssvi_slice(float(theta), self.rho, float(self.phi(theta)))

    def _level(self, years: Floats) -> Floats:
        inside = np.interp(years, np.concatenate([[0.0], self.years]), np.concatenate([[0.0], self.theta]))
        beyond = self.theta[-1] * years / self.years[-1]
        return np.asarray(np.where(years > self.years[-1], beyond, inside), dtype=np.float64)


def fit_ssvi(years: Floats, theta: Floats, bands: Sequence[Bands]) -> SSVI:
    """The surface through the quotes of all expiries, given their total variances at the money; by rising time."""
    levelled = np.maximum.accumulate(theta)
    chosen = [np.unique(np.linspace(0, b.x.size - 1, _POINTS_PER_EXPIRY).astype(int)) for b in bands]
    k = np.concatenate([np.log(b.x[rows]) for b, rows in zip(bands, chosen, strict=True)])
    w = np.concatenate([b.variance[rows] for b, rows in zip(bands, chosen, strict=True)])
    error = np.concatenate([np.hypot(b.error, np.median(b.error))[rows] for b, rows in zip(bands, chosen, strict=True)])
    level = np.concatenate([np.full(rows.size, t) for t, rows in zip(levelled, chosen, strict=True)])
    weight = 1.0 / (error * np.sqrt(k.size))

    def off(free: Floats) -> Floats:
        return np.asarray((_variance(k, level, *_bounded(free)) - w) * weight, dtype=np.float64)

    best = min((least_squares(off, start, max_nfev=60) for start in _STARTS), key=lambda found: float(found.cost))
    return SSVI(*_bounded(best.x), years, levelled, float(np.sqrt(2.0 * best.cost)))


def _bounded(free: Floats) -> tuple[float, float, float]:
    """The parameters from free numbers."""
    rho = _MAX_TILT * float(np.tanh(free[0]))
    eta, gamma = (0.5 * (1.0 + float(np.tanh(0.5 * number))) for number in free[1:])
    return rho, _MAX_ETA / (1.0 + abs(rho)) * eta, max(_MAX_GAMMA * gamma, 1e-6)


def _variance(k: Floats, theta: Floats, rho: float, eta: float, gamma: float) -> Floats:
    bend = k * eta / (theta**gamma * (1.0 + theta) ** (1.0 - gamma))
    return np.asarray(0.5 * theta * (1.0 + rho * bend + np.sqrt((bend + rho) ** 2 + 1.0 - rho**2)), dtype=np.float64)
