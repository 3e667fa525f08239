"""When things happen: random times at exact rates, so that every event's sequence number is known without its past.

A slice is a quarter of a second. After time t a name has had ⌊r · t + its phase⌋ events, whatever their times were: so
sequence numbers run on without a gap across slices, segments and restarts, and any slice can be made alone. The phases
keep the names from being due in the same slices when r is small.
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.latent import SEGMENT_US
from data_ingestion.simulator.universe import COUNT, Floats, Ints

SLICE_US: Final = 250_000
SLICES: Final = SEGMENT_US // SLICE_US
TRADES_PER_S: Final = 2
TRADES_PER_CLUSTER: Final = 3
CLUSTER_SPREAD_US: Final = 300_000.0
"""Mean delay of a trade after the start of its cluster."""
_PHASE: Final = np.arange(COUNT) / COUNT


class Arrivals(NamedTuple):
    """Events in order of time, each (events,). `sequence` counts each name's events from the start of the run."""

    name: Ints
    sequence: Ints
    offset: Ints
    """Microseconds after the start of the segment."""


def scattered(random: np.random.Generator, rates_per_s: Floats, segment: int, piece: int) -> Arrivals:
    """Events of slice `piece` of a segment, at independent times; `rates_per_s` (names,)."""
    index = segment * SLICES + piece
    first, end = (np.floor(rates_per_s * (i * SLICE_US / 1e6) + _PHASE).astype(np.int64) for i in (index, index + 1))
    counts = end - first
    offset = piece * SLICE_US + random.integers(0, SLICE_US, int(counts.sum()))
    return _in_order(counts, first, offset)


def clustered(random: np.random.Generator, segment: int) -> Arrivals:
    """The trades of a whole segment: they come in clusters, as orders are split and others follow."""
    count = TRADES_PER_S * SEGMENT_US // 1_000_000
    starts = random.integers(0, SEGMENT_US, (COUNT, count // TRADES_PER_CLUSTER))
    cluster = random.integers(0, starts.shape[1], (COUNT, count))
    delay = random.exponential(CLUSTER_SPREAD_US, (COUNT, count)).astype(np.int64)
    offset = (np.take_along_axis(starts, cluster, axis=1) + delay) % SEGMENT_US
    return _in_order(np.full(COUNT, count), np.full(COUNT, segment * count), offset.ravel())


def _in_order(counts: Ints, first: Ints, offset: Ints) -> Arrivals:
    """Number the events of each name by time; `offset` holds `counts[0]` of the first name, then the second's."""
    name = np.repeat(np.arange(COUNT), counts)
    offset = offset[np.lexsort((offset, name))]
    before = np.cumsum(counts) - counts
    sequence = np.arange(len(name)) + np.repeat(first - before, counts)
    order = np.argsort(offset, kind="stable")
    return Arrivals(name[order], sequence[order], offset[order])
