"""The truth as events: what a name's state says about its fair price, at any moments of a minute."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from contracts.events import TruthRevealed
from contracts.ids import make_id
from data_ingestion.simulator.core import flow, grid
from data_ingestion.simulator.core.latent import Segment
from data_ingestion.simulator.options.arrays import Ints

HORIZON_S: Final = 10


def revelations(
    segment: Segment, symbols: Sequence[str], source: str, name: Ints, time: Ints
) -> Iterator[TruthRevealed]:
    """The truth about names (places among the symbols) at moments of the segment (µs), arrays of one length."""
    path, step = segment.path, (time - segment.started_at) // flow.GRID_US
    pressure, deviation = path.pressure[step, name], path.step_deviation[name]
    known = grid.truth(pressure, deviation, path.step_drift[name], flow.LEAD * segment.world.edge, HORIZON_S)
    volatility = deviation * np.sqrt(segment.steps_a_year)
    columns = (name, time, pressure, volatility, known.expected_return, known.probability_up)
    for place, moment, leading, annual, expected, probability in zip(*(c.tolist() for c in columns), strict=True):
        yield TruthRevealed(
            event_id=make_id("TruthRevealed", source, symbols[place], moment, HORIZON_S),
            event_time=moment,
            source=source,
            simulated=True,
            symbol=symbols[place],
            horizon_s=HORIZON_S,
            flow=leading,
            volatility=annual,
            expected_return=expected,
            probability_up=probability,
        )
