"""Random numbers that depend on nothing but their address.

Any piece of the market can be made alone, in any order and in any process, and is the same. The generators and the
seeding are NumPy's documented ones; the lock file pins NumPy, because their output may change between its versions.
"""

from enum import IntEnum
from functools import lru_cache
from hashlib import sha256

import numpy as np

_WORD = (1 << 64) - 1


class Stream(IntEnum):
    """What the numbers are for; a new use gets a new number, so that the others stay as they were."""

    SESSIONS = 0
    MINUTES = 1
    GRID = 2
    NAME_MINUTES = 3
    NAME_GRID = 4
    BOOKS = 5
    TRADES = 6
    OPTIONS = 7
    VOLUMES = 8


@lru_cache(maxsize=4096)
def number_of(key: str) -> int:
    """A number for a name, the same everywhere and always."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "little")


def generator(seed: int, stream: Stream, *address: int) -> np.random.Generator:
    """The generator of one piece of one stream."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed & _WORD, int(stream), *address))))
