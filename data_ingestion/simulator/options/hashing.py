"""Random numbers by address for whole arrays of contracts: a hash instead of a generator for each.

A generator for each of fifty thousand contracts and every session would cost a second a session. The mixing function
is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), applied once for each part of the address.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from data_ingestion.simulator.options.arrays import Floats, Ints

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_TO_UNIT: Final = 2.0**-53
_WORD: Final = (1 << 64) - 1


def combined(*address: int | Ints) -> Ints:
    """One number for an address, itself fit to be part of one."""
    return np.asarray(_mixed(*address).view(np.int64))


def uniforms(*address: int | Ints) -> Floats:
    """Numbers strictly between 0 and 1; the parts of the address broadcast against each other."""
    return np.asarray(((_mixed(*address) >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT)


def normals(*address: int | Ints) -> Floats:
    """Standard normal numbers."""
    return np.asarray(ndtri(uniforms(*address)))


def _mixed(*address: int | Ints) -> NDArray[np.uint64]:
    state = np.zeros(1, np.uint64)
    for part in address:
        word = np.atleast_1d(np.asarray(part & _WORD if isinstance(part, int) else part)).astype(np.uint64)
        state = (state ^ word) + _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _FIRST
        state = (state ^ (state >> np.uint64(27))) * _SECOND
        state = state ^ (state >> np.uint64(31))
    return state
