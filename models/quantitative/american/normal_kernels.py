"""The exponential and the normal distribution over short arrays, compiled.

Loops over short flat arrays that each do one thing and write one array are what the compiler turns into vector
instructions; a call into the C library for each number would keep it from that. So both functions are our own.
"""

from math import log, pi, sqrt
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.blocks import Floats
from models.quantitative.mills import FINE, SHIFT

OPTIONS: Final = {"cache": True, "error_model": "numpy", "fastmath": {"contract"}, "_nrt": False}
"""`contract` allows fused multiply-adds and nothing else: no sum is reordered, NaN stays NaN. The kernels allocate
nothing, so they go without numba's reference counting, which costs more than half their time otherwise."""

_NUMERATOR = FINE.numerator[::-1]
_DENOMINATOR = FINE.denominator[::-1]
_INVERSE_SQRT_2PI = 1.0 / sqrt(2.0 * pi)
_LOG2_E = 1.0 / log(2.0)
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOWEST_EXPONENT = -700.0
"""exp of less is taken to be exp of this, 1e-304."""
_SERIES = (
    1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0,
    1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0,
)  # fmt: skip
"""exp(f) for |f| ≤ ln(2)/2 to 2e-16, highest power first."""


@njit(**OPTIONS)
def exponentials(values: Floats, bits: NDArray[np.int64], size: int) -> None:
    """The first `size` values become their exponentials; none may be above 700."""
    for m in range(size):
        value = max(values[m], _LOWEST_EXPONENT)
        power = np.floor(value * _LOG2_E + 0.5)
        rest = value - power * _LN2_HIGH - power * _LN2_LOW
        bits[m] = (np.int64(power) + 1023) << 52  # the double 2**power
        total = 0.0
        for coefficient in _SERIES:
            total = total * rest + coefficient
        values[m] = total
    powers = bits.view(np.float64)
    for m in range(size):
        values[m] *= powers[m]


@njit(**OPTIONS)
def distribution(values: Floats, densities: Floats, tails: Floats, bits: NDArray[np.int64], size: int) -> None:
    """For each value z: exp(−z²/2), and the probability of less than z by the Mills ratio."""
    for m in range(size):
        densities[m] = -0.5 * values[m] * values[m]
    exponentials(densities, bits, size)
    for m in range(size):
        shifted = abs(values[m]) + SHIFT
        top = bottom = 1.0
        for coefficient in _NUMERATOR:
            top = top * shifted + coefficient
        for coefficient in _DENOMINATOR:
            bottom = bottom * shifted + coefficient
        tail = densities[m] * _INVERSE_SQRT_2PI * top / bottom
        tails[m] = tail if values[m] < 0.0 else 1.0 - tail
