"""What a fitted price curve says in volatilities: total variance and its slopes, skew, and variance-swap level."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from models.quantitative.blocks import Floats
from models.quantitative.surface.normalised import total_vol
from models.quantitative.surface.slice import Slice
from models.quantitative.surface.svi import durrleman

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


class Variance(NamedTuple):
    """Total implied variance at some log moneyness k = ln(K/F), and its derivatives in k; NaN where there is none."""

    variance: Floats
    slope: Floats
    bend: Floats


class Smile(NamedTuple):
    """An expiry in a few numbers."""

    years: float
    atm_vol: float
    """At the forward, per year."""
    skew: float
    """dσ/dk at the forward."""
    curvature: float
    """d²σ/dk² at the forward."""
    variance_swap_vol: float
    """Square root of the fair strike of a variance swap, per year."""


def total_variance(curve: Slice, log_moneyness: Floats) -> Variance:
    """Variance of the curve, with derivatives from the curve's own slope and density."""
    k = np.asarray(log_moneyness, dtype=np.float64)
    x = np.exp(k)
    price, slope, density = curve.curve(x)
    vol = total_vol(price, x)
    d2 = -k / vol - 0.5 * vol
    weight = np.exp(-0.5 * (d2 + vol) ** 2) / np.sqrt(2.0 * np.pi)
    side = np.where(x > 1.0, slope + ndtr(d2), slope + 1.0 - ndtr(-d2))
    first = 2.0 * vol * x * side / weight
    w = vol**2
    g = density * x**2 * vol / weight
    second = 2.0 * (g - durrleman(k, w, first, np.zeros_like(k)))
    return Variance(np.asarray(w), np.asarray(first), np.asarray(second))


def variance_swap(curve: Slice) -> float:
    """Total variance by the log contract: 2·∫ out-of-the-money price / x² dx over all strikes.

    Wings beyond the last knots are integrated in closed form.
    """
    edges = np.unique(np.concatenate([curve.knots, [1.0]]))
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    x = (middle[:, None] + half[:, None] * _NODES).ravel()
    inner = np.sum(curve.price(x) / x**2 * (half[:, None] * _WEIGHTS).ravel())
    ends = curve.price(edges[[0, -1]]) / edges[[0, -1]]
    return float(2.0 * (inner + ends[0] / (curve.left_power - 1.0) + ends[1] / (curve.right_power + 1.0)))


def describe(curve: Slice, years: float) -> Smile:
    """The expiry's numbers."""
    w, slope, bend = (float(value[0]) for value in total_variance(curve, np.zeros(1)))
    root = np.sqrt(w * years)
    return Smile(
        years,
        float(np.sqrt(w / years)),
        float(0.5 * slope / root),
        float(0.5 * bend / root - 0.25 * slope**2 / (w * root)),
        float(np.sqrt(variance_swap(curve) / years)),
    )
