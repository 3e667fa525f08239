"""One minute of a run: where it lies, and the latent path its events are made from."""

from typing import NamedTuple

from data_ingestion.simulator.latent import GRID_US, SEGMENT_US, Path
from data_ingestion.simulator.randomness import Run
from data_ingestion.simulator.universe import Ints


class Segment(NamedTuple):
    """Segment `number` of a run, counted from zero."""

    run: Run
    number: int
    path: Path

    @property
    def started_at(self) -> int:
        """Microseconds since the epoch."""
        return self.run.started_at + self.number * SEGMENT_US

    def steps(self, offset: Ints) -> Ints:
        """Grid row that holds at each offset (µs) into the segment: the last one not after it."""
        return offset // GRID_US
