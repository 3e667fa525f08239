"""Random numbers that depend on nothing but their address.

Any piece of the market can be made alone, in any order and in any process, and is the same. The SHA-256 of the address
is the state of NumPy's PCG64 (through its documented seeding interface: five times as fast as NumPy's own mixing, which
matters where a decade of five hundred names takes millions of generators). The lock file pins NumPy, because the
numbers made from that state may change between its versions.
"""

from enum import IntEnum
from functools import lru_cache
from hashlib import sha256

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray


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
    GENERIC = 9
    HAPPENINGS = 10
    SNAPSHOTS = 11
    TRUTH = 12
    OPTION_TRADES = 13


@lru_cache(maxsize=4096)
def number_of(key: str) -> int:
    """A number for a name, the same everywhere and always."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "little")


class _Words(ISeedSequence):
    """Hands out the words it was given: a seed that is mixed already."""

    __slots__ = ("_words",)

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: object = np.uint64) -> NDArray[np.uint64]:
        """The words; PCG64 asks for four of 64 bits."""
        if n_words != len(self._words) or dtype is not np.uint64:
            raise ValueError(f"asked for {n_words} words of {dtype}, but the address has {len(self._words)} of 64 bits")
        return self._words


def generator(seed: int, stream: Stream, *address: int) -> np.random.Generator:
    """The generator of one piece of one stream."""
    digest = sha256(repr((seed, int(stream), *address)).encode()).digest()
    words = _Words(np.frombuffer(digest, np.uint64))
    return np.random.Generator(np.random.PCG64(words))  # type: ignore[arg-type]  # not in its stubs
