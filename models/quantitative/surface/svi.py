"""Raw SVI: five numbers that sum up the smile of one expiry, free of butterfly arbitrage.

Theory of operation
-------------------
Gatheral's raw SVI is the total variance w(k) = a + b·(ρ·(k − m) + √((k − m)² + σ²)) at log moneyness k = ln(K/F).
Least squares on its five numbers is ill-posed on live quotes: a narrow window of strikes determines hardly more than
level, slope and bend at the money, and searches run off to infinite σ, to ρ = ±1 or to negative variances. So

* the search is over free numbers from which only smiles of positive variance and with wings inside Lee's bound
  (slope b·(1 + |ρ|) < 2) can be made, in units of the standard deviation to expiry;
* Durrleman's g(k) ≥ 0, which is the absence of butterfly arbitrage, is pushed for by a penalty along the whole line;
* a weak pull towards an ordinary smile decides what the quotes leave open. It weighs about as much as one quote missed
  by a small part of its spread;
* it starts from several places and the best end is taken;
* where the end still fails g ≥ 0 on a denser grid, checks are added there and the search goes on;
* what fails even then is moved towards the SSVI smile of the same level at the money, which
  Gatheral and Jacquier's conditions keep free of arbitrage, as little as is needed.

Errors are weighed by vega over spread, so the fit is one of prices in units of what the market leaves open.
"""

import math
from typing import NamedTuple

import numpy as np

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.surface import svi_kernels

MIN_QUOTES = 5
_LEE_BOUND = 2.0
_CHECKS = np.concatenate([np.linspace(-9.0, -5.0, 10), np.linspace(-4.9, 4.9, 99), np.linspace(5.0, 9.0, 10)])
_sinh = np.vectorize(math.sinh, otypes=[np.float64])
"""NumPy's own has other last digits, by processor."""
_REACH = _sinh(_CHECKS)
_DENSE = np.linspace(-12.0, 12.0, 1921)
_DENSE_REACH = np.sinh(_DENSE)
_PENALTY = 1000.0
_ROUNDS = 8
"""Of putting checks where the smile still has arbitrage, and searching on: dips of g can be narrow."""
_AROUND = np.array([-0.04, -0.02, 0.0, 0.02, 0.04])
_PRIOR_TILT, _PRIOR_WIDTH = -0.5, 0.0
_PULL = np.array([0.02, 0.05, 0.1, 0.05, 0.05])
_STARTS = (
    (-0.4, -0.4, 0.0, 0.0),
    (-0.4, -0.9, 0.5, -1.0),
    (-1.0, -0.3, 0.3, 0.7),
    (-0.7, 0.4, -0.3, -0.5),
)
"""First guesses: log of the least variance over that at the money, tanh⁻¹ ρ, m and log σ, the last two scaled."""
_BLENDS = 1.0 - np.concatenate([[0.0], np.geomspace(1e-3, 1.0, 20)])


class SVI(NamedTuple):
    """Parameters of raw SVI; log moneyness is ln(K/F), total variance has no unit."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def total_variance(self, log_moneyness: Floats) -> Floats:
        """w(k) = σ²T, in the shape of the input."""
        distance = log_moneyness - self.m
        wings = self.rho * distance + np.sqrt(distance**2 + self.sigma**2)
        return np.asarray(self.a + self.b * wings, dtype=np.float64)

    def derivatives(self, log_moneyness: Floats) -> tuple[Floats, Floats]:
        """w'(k) and w''(k)."""
        distance = log_moneyness - self.m
        root = np.sqrt(distance**2 + self.sigma**2)
        return self.b * (self.rho + distance / root), self.b * self.sigma**2 / root**3

    def least_variance(self) -> float:
        """The smallest total variance at any strike."""
        return float(self.a + self.b * self.sigma * np.sqrt(1.0 - self.rho**2))

    def lee_slope(self) -> float:
        """The steeper wing's slope; at most 2 by Lee's bound."""
        return self.b * (1.0 + abs(self.rho))


class SVIFit(NamedTuple):
    """A smile and how it was reached."""

    svi: SVI
    error: float
    """Root mean square of the errors in units of the quotes' own (`error` of `fit_svi`)."""
    least_durrleman: float
    """The smallest g(k) on a dense grid."""
    blended: float
    """How far the smile was moved towards SSVI to be free of arbitrage: 0 for not at all, 1 for all the way."""


def durrleman(log_moneyness: Floats, variance: Floats, slope: Floats, bend: Floats) -> Floats:
    """Durrleman's g, from total variance and its first two derivatives in log moneyness; negative is arbitrage."""
    level = 1.0 - 0.5 * log_moneyness * slope / variance
    return np.asarray(level**2 - 0.25 * slope**2 * (1.0 / variance + 0.25) + 0.5 * bend, dtype=np.float64)


def least_durrleman(svi: SVI) -> float:
    """The smallest g(k), looked for from the smile's bottom out to far beyond any quoted strike."""
    return float(_durrleman_of(svi).min())


def _durrleman_of(svi: SVI) -> Floats:
    return svi_kernels.durrlemans(tuple(svi), _DENSE_REACH)


def is_degenerate(svi: SVI) -> bool:
    """Whether the parameters are no smile: not finite, variance not positive, beyond Lee's bound, or with arbitrage."""
    sound = all(np.isfinite(svi)) and svi.least_variance() > 0.0 and svi.sigma > 0.0 and svi.b >= 0.0
    return not (sound and abs(svi.rho) < 1.0 and svi.lee_slope() <= _LEE_BOUND and least_durrleman(svi) >= 0.0)


def fit_svi(log_moneyness: Floats, variance: Floats, error: Floats) -> SVIFit:
    """The smile through total variances, each with its own error (half the spread over the vega, both in variance).

    Takes at least `MIN_QUOTES` points.
    """
    if log_moneyness.size < MIN_QUOTES:
        raise BadInput(f"{log_moneyness.size} quotes are too few for the five numbers of SVI: give {MIN_QUOTES}")
    nearest = np.argsort(np.abs(log_moneyness))[:3]
    scale = float(np.sqrt(np.median(variance[nearest])))
    floor = np.median(error)
    weight = 1.0 / np.sqrt((error**2 + floor**2) * log_moneyness.size)
    starts = [np.array([lowest, _wing(scale), tilt, shift, width]) for lowest, tilt, shift, width in _STARTS]
    smile = svi_kernels.Smile(
        np.ascontiguousarray(log_moneyness, dtype=np.float64),
        np.ascontiguousarray(variance, dtype=np.float64),
        weight,
        scale,
        _REACH,
        _PENALTY,
        np.array([-0.3, _wing(scale), _PRIOR_TILT, 0.0, _PRIOR_WIDTH]),
        _PULL,
    )
    best = starts[int(np.argmin([svi_kernels.search(start, smile) for start in starts]))]
    for _ in range(_ROUNDS):
        svi = SVI(*svi_kernels.raw(best, scale))
        if not is_degenerate(svi):
            break
        dip = _DENSE[int(np.argmin(_durrleman_of(svi)))]
        smile = smile._replace(reach=np.concatenate([smile.reach, _sinh(dip + _AROUND)]))
        svi_kernels.search(best, smile)
    svi, blended = _freed(SVI(*svi_kernels.raw(best, scale)))
    off = (svi.total_variance(log_moneyness) - variance) * weight
    return SVIFit(svi, float(np.sqrt(np.sum(off**2))), least_durrleman(svi), blended)


def _wing(scale: float) -> float:
    """Free parameter of b for a smile that bends over a standard deviation: b near half of it."""
    share = min(0.5 * scale / (_LEE_BOUND / 1.5), 0.5)
    return float(np.log(share / (1.0 - share)))


def _freed(svi: SVI) -> tuple[SVI, float]:
    """The nearest smile without butterfly arbitrage on the way from this one to an SSVI smile."""
    level = float(svi.total_variance(np.zeros(1))[0])
    far = np.array(_ssvi_like(svi, level))
    for share in _BLENDS:
        mixed = share * np.array(svi) + (1.0 - share) * far
        candidate = SVI(*(float(number) for number in mixed))
        if not is_degenerate(candidate):
            break
    return candidate, 1.0 - float(share)


def _ssvi_like(svi: SVI, level: float) -> SVI:
    """The SSVI smile with this level at the money, and tilt and bend as near to the given smile's as is free."""
    rho = svi.rho
    most = min(4.0 / (level * (1.0 + abs(rho))), 2.0 / np.sqrt(level * (1.0 + abs(rho))))
    return ssvi_slice(level, rho, float(min(2.0 * svi.b / level, 0.99 * most)))


def ssvi_slice(level: float, rho: float, phi: float) -> SVI:
    """Raw SVI of the SSVI smile θ/2·(1 + ρφk + √((φk + ρ)² + 1 − ρ²)), where θ = `level`."""
    across = np.sqrt(1.0 - rho**2)
    return SVI(0.5 * level * (1.0 - rho**2), 0.5 * level * phi, rho, -rho / phi, float(across / phi))
