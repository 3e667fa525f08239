"""The truth as events: what a name's state says about its fair price, at any moments of a minute.

The mid that a book shows is held to whole and half cents, up to a tick away from the fair price, and follows it. What
the state says about the mid is therefore what it says about the fair price, from where that stands; where the mid will
stand then is taken to be spread by `BLUR` ticks around the fair price.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr

from contracts.events import TruthRevealed
from contracts.ids import make_id
from data_ingestion.simulator.core import flow, grid
from data_ingestion.simulator.core.latent import Segment
from data_ingestion.simulator.orders.touch import Touch
from data_ingestion.simulator.universe import CENTS, Ints

HORIZON_S: Final = 10
BLUR: Final = 0.4
"""Standard deviation of the distance between mid and fair price, in ticks: that of a triangle from −1 to 1."""


def revelations(
    segment: Segment, symbols: Sequence[str], source: str, name: Ints, time: Ints, mid: Touch | None = None
) -> Iterator[TruthRevealed]:
    """The truth about names (places among the symbols) at moments of the segment (µs), arrays of one length.

    About the fair price, or about the mid if the best prices are given.
    """
    path, step = segment.path, (time - segment.started_at) // flow.GRID_US
    pressure, deviation = path.pressure[step, name], path.step_deviation[name]
    known = grid.truth(pressure, deviation, path.step_drift[name], flow.LEAD * segment.world.edge, HORIZON_S)
    if mid is not None:
        tick = 1 / (CENTS * np.exp(path.log_price[step, name]))
        expected = known.expected_return + mid.stands[step, name] * tick
        spread = np.hypot(known.standard_deviation, BLUR * tick)
        known = grid.Truth(expected, spread, ndtr(expected / spread))
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
