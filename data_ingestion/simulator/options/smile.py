"""Implied volatility of every strike: one surface for each name, free of static arbitrage at every moment.

Theory of operation
-------------------
Gatheral and Jacquier's SSVI ("Arbitrage-free SVI volatility surfaces", 2014): the total variance at the log-moneyness
k = ln(K / F) is w = θ/2 · (1 + ρφk + √((φk + ρ)² + 1 − ρ²)), with θ the total variance at the money of the expiry and
φ(θ) = η / (θ^c (1 + θ)^(1 − c)), c being their gamma. θ comes from the market's variance and is an argument here, ρ and
η are the name's and the same for all its expiries, c is one for all. There is no arbitrage if θ does not fall with
time, 0 ≤ ∂(θφ)/∂θ ≤ φ (1 + √(1 − ρ²)) / ρ², θφ (1 + |ρ|) < 4 and θφ² (1 + |ρ|) ≤ 4 (their theorems 4.1 and 4.2). With
this φ the second holds always, and the others up to the η that `highest_bend` gives: θφ is at most η, and θφ² is
largest at θ = 1 − 2c. `is_free_of_arbitrage` checks the conditions as they stand.

Skew moves with the market. At the money dσ/dk = ρφθ/(2√(θT)): with c a little below one half it steepens with the
root of time towards expiry, and rises a little with the level of volatility. Stress leans the smile further and bends
it more: fear is dearest where it is far away.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats
from data_ingestion.simulator.options.classes import OptionClass, column

GAMMA: Final = 0.36
"""How fast the smile flattens with total variance."""
STRESS_LEAN, STRESS_BEND = -0.10, 0.15
"""Change of ρ, and relative change of η, at a stress of one."""
STEEPEST: Final = -0.90
_LARGEST: Final = (1 - 2 * GAMMA) ** (1 - 2 * GAMMA) / (2 - 2 * GAMMA) ** (2 - 2 * GAMMA)
"""Of θφ², relative to η²."""
_INSIDE: Final = 0.999


class Smile(NamedTuple):
    """Parameters of the surface, one for each row."""

    rho: Floats
    eta: Floats


def smiles(classes: Sequence[OptionClass], stress: Floats) -> Smile:
    """Each name's surface at a stress between 0 (calm) and about 1 (the worst weeks of a decade), shape (names,)."""
    rho = np.maximum(column(tuple(classes), "rho") + STRESS_LEAN * stress, STEEPEST)
    eta = column(tuple(classes), "eta") * (1 + STRESS_BEND * stress)
    return Smile(rho, np.minimum(eta, highest_bend(rho)))


def highest_bend(rho: Floats) -> Floats:
    """The η up to which there is no arbitrage at any total variance."""
    weight = 1 + np.abs(rho)
    return np.asarray(_INSIDE * np.minimum(4 / weight, 2 / np.sqrt(weight * _LARGEST)))


def bend(theta: Floats, eta: Floats) -> Floats:
    """φ(θ)."""
    return np.asarray(eta / (theta**GAMMA * (1 + theta) ** (1 - GAMMA)))


def total_variance(log_moneyness: Floats, theta: Floats, rho: Floats, phi: Floats) -> Floats:
    """Implied volatility squared times the years to expiry, at k = ln(K / F)."""
    leaning = phi * log_moneyness
    return np.asarray(theta / 2 * (1 + rho * leaning + np.sqrt((leaning + rho) ** 2 + 1 - rho**2)))


def implied_vol(log_moneyness: Floats, years: Floats, theta: Floats, smile: Smile) -> Floats:
    """Implied volatility per year."""
    variance = total_variance(log_moneyness, theta, smile.rho, bend(theta, smile.eta))
    return np.asarray(np.sqrt(variance / years))


def is_free_of_arbitrage(theta: Floats, smile: Smile) -> Bools:
    """Whether each name's surface meets sufficient conditions at its total variances.

    `theta` is (names, expiries) by rising time.
    """
    rho = smile.rho[:, None]
    phi = bend(theta, smile.eta[:, None])
    weight = 1 + np.abs(rho)
    butterfly = (theta * phi * weight < 4.0) & (theta * phi**2 * weight <= 4.0)  # noqa: PLR2004 - the theorem's number
    growth = (1 - GAMMA) / (1 + theta)  # of ln θφ by ln θ
    calendar = (growth >= 0.0) & (growth * rho**2 <= 1 + np.sqrt(1 - rho**2))
    rising = np.all(np.diff(theta, axis=1) >= 0.0, axis=1)
    return np.asarray(np.all(butterfly & calendar, axis=1) & rising)
