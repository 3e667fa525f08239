"""Features that carry a state from row to row, written once for live rows and for whole tapes.

Theory of operation
-------------------
A scan reads rows in order of time and carries a vector of doubles between them. Its kernel walks over any number of
rows, so that a row at a time, a batch, and a whole tape give the same bits: what came later cannot change what was said
before. The state starts as zeros and is nothing but numbers, so it is kept and restored as it is. A window is a ring in
the state, summed anew for every row: running sums would drift, and remember a NaN for ever.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_processing.feature_engineering.features import Feature

Floats = NDArray[np.float64]
Kernel = Callable[[Floats, Floats, Floats], None]
"""`kernel(state, rows, out)`: rows (n, inputs) in order of time; changes state (size,) and fills out (n, features)."""


class Scan(NamedTuple):
    """A kernel and what goes in and out of it. NaN out means that there is no value."""

    inputs: tuple[str, ...]
    features: tuple[Feature, ...]
    size: int
    """Numbers in the state."""
    kernel: Kernel

    def start(self) -> Floats:
        """The state before the first row."""
        return np.zeros(self.size)

    def advance(self, state: Floats, columns: Mapping[str, Floats]) -> Floats:
        """The features of rows that follow those behind `state`, (n, features); `state` moves on."""
        rows = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in self.inputs])
        out = np.full((len(rows), len(self.features)), np.nan)
        self.kernel(state, rows, out)
        return out
