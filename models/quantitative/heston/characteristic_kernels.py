"""The moment generating function of Heston's model with Bates's jumps, compiled.

Theory of operation
-------------------
With X = ln(S_T/F) and a complex power p, E[exp(pX)] = exp(κθ·A + v0·B + jumps). With β = κ − ρσp, N = p² − p and
d = √(β² − σ²N), the root with the positive real part,

    E = 1 − exp(−dT),   B = N·E / (d(2 − E) + βE),   A = ∫B dT = qT − (2/σ²)·ln(1 + σ²qE/2d),   q = (β − d)/σ².

Only decaying exponentials appear, so nothing overflows at long maturities and the logarithm stays on its principal
branch (the form of Albrecher, Mayer, Schoutens and Tistaert 2007; B as Cui, del Baño Rollin and Germano 2017 write
it). Nothing cancels as T or σ goes to zero: E and the logarithm are computed as `expm1` and `log1p` are, and
q = N/(β + d) wherever β and d do not have opposite signs.

Off the real axis β² − σ²N is never a negative number: on a vertical line through the parabola's vertex its imaginary
part vanishes, but there it is positive. So no branch of the root is crossed either.
"""

from math import atan2, cos, expm1, inf, log, log1p, sin, sqrt
from typing import Final, NamedTuple

import numpy as np
from numba import njit

OPTIONS: Final = {"cache": True, "error_model": "numpy"}
_NO_DECAY = 1e-12
_TINY = 1e-150
"""Stands for a root that is exactly zero: all results are even in the root and smooth there."""


class Model(NamedTuple):
    """Parameters as the kernels take them; see `parameters` for what they mean."""

    v0: float
    kappa: float
    theta: float
    sigma: float
    rho: float
    intensity: float
    jump_mean: float
    jump_std: float


@njit(**OPTIONS)
def square_root(z: complex) -> complex:
    """The root with a real part of at least zero; never exactly zero."""
    size = sqrt(z.real * z.real + z.imag * z.imag)
    if size == 0.0:
        return complex(_TINY, 0.0)
    if z.real >= 0.0:
        real = sqrt(0.5 * (size + z.real))
        return complex(real, 0.5 * z.imag / real)
    imaginary = sqrt(0.5 * (size - z.real))
    if z.imag < 0.0:
        imaginary = -imaginary
    return complex(0.5 * z.imag / imaginary, imaginary)


@njit(**OPTIONS)
def one_less_decay(z: complex) -> complex:
    """1 − exp(−z) with all its digits however small z is."""
    shrink = expm1(-z.real)
    half_sine, half_cosine = sin(0.5 * z.imag), cos(0.5 * z.imag)
    bend = 2.0 * half_sine * half_sine
    return complex(bend - shrink * (1.0 - bend), (1.0 + shrink) * 2.0 * half_sine * half_cosine)


@njit(**OPTIONS)
def log_of_one_more(z: complex) -> complex:
    """ln(1 + z) with all its digits however small z is."""
    return complex(0.5 * log1p(z.real * (2.0 + z.real) + z.imag * z.imag), atan2(z.imag, 1.0 + z.real))


@njit(**OPTIONS)
def coefficients(p: complex, years: float, model: Model) -> tuple[complex, complex]:
    """A and B: what κθ and v0 are multiplied with in the exponent."""
    variance = model.sigma * model.sigma
    curve = p * (p - 1.0)
    beta = model.kappa - model.rho * model.sigma * p
    root = square_root(beta * beta - variance * curve)
    rate = curve / (beta + root) if beta.real >= 0.0 else (beta - root) / variance
    gone = one_less_decay(root * years)
    slope = curve * gone / (root * (2.0 - gone) + beta * gone)
    level = rate * years - 2.0 / variance * log_of_one_more(0.5 * variance * rate * gone / root)
    return level, slope


@njit(**OPTIONS)
def jump_rate(p: complex, model: Model) -> complex:
    """What jumps add to the exponent per year; their mean is taken out of the drift."""
    if model.intensity == 0.0:
        return complex(0.0, 0.0)
    half = 0.5 * model.jump_std * model.jump_std
    drift = np.exp(model.jump_mean + half) - 1.0
    return model.intensity * (np.exp(p * (model.jump_mean + half * p)) - 1.0 - p * drift)


@njit(**OPTIONS)
def exponent(p: complex, years: float, model: Model) -> complex:
    """The logarithm of E[exp(pX)]."""
    level, slope = coefficients(p, years, model)
    return model.kappa * model.theta * level + model.v0 * slope + years * jump_rate(p, model)


@njit(**OPTIONS)
def explosion_years(p: float, model: Model) -> float:
    """Time from which on E[exp(pX)] is infinite, for a real p outside [0, 1] (Andersen and Piterbarg 2007)."""
    beta = model.kappa - model.rho * model.sigma * p
    inner = beta * beta - model.sigma * model.sigma * p * (p - 1.0)
    if inner < 0.0:
        root = sqrt(-inner)
        return 2.0 / root * atan2(root, -beta)
    if beta >= 0.0:
        return inf
    root = sqrt(inner)
    if root < 1e-8 * -beta:
        return -2.0 / beta
    return log((beta - root) / (beta + root)) / root


@njit(**OPTIONS)
def mean_variance(years: float, model: Model) -> float:
    """Expected variance of X, jumps included."""
    decay = model.kappa * years
    weight = 1.0 if decay < _NO_DECAY else -expm1(-decay) / decay
    jumps = model.intensity * (model.jump_mean * model.jump_mean + model.jump_std * model.jump_std)
    return years * (model.theta + (model.v0 - model.theta) * weight + jumps)
