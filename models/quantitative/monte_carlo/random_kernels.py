"""Standard normal numbers by place instead of by turn, compiled.

Theory of operation
-------------------
Number i of a seed is a function of the seed and i alone (SplitMix64: Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", 2014): the bits of key + i·golden, mixed. So any part of the sequence can be made
anywhere, in any order. The keys of two seeds are far-off places on one cycle of 2**64.

Two such words become two normal numbers by Box and Muller's transform, whose only functions are a logarithm, a root,
a sine and a cosine. They are written out as polynomials over short flat arrays, which the compiler turns into vector
instructions; the angle is taken from an eighth of the circle on either side, and two further bits turn it.
The radius has 52 bits, so that numbers reach out to 8.5 standard deviations.
"""

from math import log, pi, sqrt
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.quantitative.american import normal_kernels
from models.quantitative.blocks import Floats

OPTIONS: Final = {**normal_kernels.OPTIONS, "nogil": True}
"""Threads share the work, so kernels release the interpreter's lock."""
BLOCK: Final = 256
"""Pairs made at a time: their arrays stay in the first cache."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR: Final = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
_SHIFT_12, _ONE, _TWO = np.uint64(12), np.uint64(1), np.uint64(2)
_CELL: Final = 2.0**-52
_MANTISSA, _EXPONENT_OF_HALF = (1 << 52) - 1, 1022 << 52
_LN_2: Final = log(2.0)
_SQRT_HALF: Final = sqrt(0.5)
_LOGARITHM: Final = (1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0)
"""artanh(s)/s in s², highest power first; to 3e-15 where |s| ≤ 0.172."""
_SINE: Final = (1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0)
_COSINE: Final = (
    -1.0 / 87178291200.0, 1.0 / 479001600.0, -1.0 / 3628800.0, 1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0,
)  # fmt: skip
"""sin(a)/a and cos(a) in a², highest power first; to 3e-14 where |a| ≤ π/4."""


@njit(**OPTIONS)
def mixed(word: np.uint64) -> np.uint64:
    """The bits of a word, mixed: each bit of the result depends on all of them."""
    word = (word ^ (word >> _SHIFT_30)) * _FIRST_FACTOR
    word = (word ^ (word >> _SHIFT_27)) * _SECOND_FACTOR
    return word ^ (word >> _SHIFT_31)


@njit(**OPTIONS)
def fill_words(key: np.uint64, first: np.uint64, stride: np.uint64, words: NDArray[np.uint64]) -> None:
    """Words `first`, `first` + `stride`, … of a key."""
    start, step = key + first * _GOLDEN, stride * _GOLDEN
    for j in range(words.size):
        words[j] = mixed(start + np.uint64(j) * step)


@njit(**OPTIONS)
def logarithms(values: Floats, powers: NDArray[np.int64]) -> None:
    """Values become their logarithms; all must be positive and normal. `powers` is scratch of the same size."""
    bits = values.view(np.int64)
    for j in range(values.size):
        pattern = bits[j]
        powers[j] = pattern >> 52
        bits[j] = (pattern & _MANTISSA) | _EXPONENT_OF_HALF
    for j in range(values.size):
        share, power = values[j], np.float64(powers[j]) - 1022.0
        is_small = share < _SQRT_HALF
        share = 2.0 * share if is_small else share
        power = power - 1.0 if is_small else power
        s = (share - 1.0) / (share + 1.0)
        total = 0.0
        for coefficient in _LOGARITHM:
            total = total * (s * s) + coefficient
        values[j] = 2.0 * s * total + power * _LN_2


@njit(**OPTIONS)
def _to_radii(words: NDArray[np.uint64], radii: Floats) -> None:
    """√(−2 ln u) of the uniform numbers u that the words stand for; the words are used up."""
    for j in range(radii.size):
        radii[j] = (np.float64(np.int64(words[j] >> _SHIFT_12)) + 0.5) * _CELL
    logarithms(radii, words.view(np.int64))
    for j in range(radii.size):
        radii[j] = np.sqrt(max(-2.0 * radii[j], 0.0))


@njit(**OPTIONS)
def _turn(words: NDArray[np.uint64], radii: Floats, others: Floats) -> None:
    """Each radius becomes two normal numbers, at the angle that its word stands for."""
    for j in range(radii.size):
        word = words[j]
        angle = ((np.float64(np.int64(word >> _SHIFT_12)) + 0.5) * _CELL - 0.5) * (0.5 * pi)
        square = angle * angle
        sine = cosine = 0.0
        for coefficient in _SINE:
            sine = sine * square + coefficient
        for coefficient in _COSINE:
            cosine = cosine * square + coefficient
        radius = radii[j] if (word & _ONE) == _ONE else -radii[j]
        across, along = radius * sine * angle, radius * cosine
        is_turned = (word & _TWO) == _TWO
        radii[j] = across if is_turned else along
        others[j] = -along if is_turned else across


@njit(**OPTIONS)
def fill_normals(key: np.uint64, first: int, words: NDArray[np.uint64], normals: Floats) -> None:
    """Numbers from `first` on, an even place; `normals` is flat and even in size, `words` scratch of `BLOCK`."""
    key, place = np.uint64(key), np.uint64(first)  # else a small key would be a signed number
    for start in range(0, normals.size, 2 * BLOCK):
        count = min(BLOCK, (normals.size - start) // 2)
        radii = normals[start : start + count]
        others = normals[start + count : start + 2 * count]
        block = words[:count]
        fill_words(key, place, _TWO, block)
        _to_radii(block, radii)
        fill_words(key, place + _ONE, _TWO, block)
        _turn(block, radii, others)
        place += np.uint64(2 * count)
