"""Random numbers that depend on nothing but their address: (run, stream, index).

Any part of a run can be made alone, in any order and in any process, and is the same. The generators and the seeding
are NumPy's documented ones; the lock file pins NumPy, because their output may change between its versions.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

_WORD: Final = (1 << 64) - 1


class Stream(IntEnum):
    """What the numbers are for; a new use gets a new number, so that the others stay as they were."""

    LATENT = 0
    BOOKS = 1
    TRADES = 2
    OPTIONS = 3
    HISTORY = 4


class Run(NamedTuple):
    """A run of the simulator. `started_at`: microseconds since the epoch."""

    seed: int
    started_at: int

    @property
    def source(self) -> str:
        """Name of the run in its events: other seeds and starts have other ids."""
        return f"simulator-{self.seed}-{self.started_at // 1_000_000}"

    def generator(self, stream: Stream, index: int) -> np.random.Generator:
        """The generator of one piece of one stream."""
        entropy = (self.seed & _WORD, self.started_at, int(stream), index)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
