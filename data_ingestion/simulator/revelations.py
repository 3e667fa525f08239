"""The truth of a segment, second by second: what an evaluation may compare forecasts with, and no model may read."""

from collections.abc import Iterator

from contracts.events import TruthRevealed
from contracts.ids import make_id
from data_ingestion.simulator.latent import HORIZON_S, MICROS, STEPS_PER_S, truth
from data_ingestion.simulator.segment import Segment
from data_ingestion.simulator.universe import SYMBOLS


def revelations(segment: Segment) -> Iterator[TruthRevealed]:
    """Every symbol's state at each full second of the segment, and what follows from it for the fair price."""
    flow, volatility = segment.path.flow[::STEPS_PER_S], segment.path.volatility[::STEPS_PER_S]
    known = truth(flow, volatility)
    columns = (flow, volatility, known.expected_return, known.probability_up)
    source = segment.run.source
    for second, rows in enumerate(zip(*(values.tolist() for values in columns), strict=True)):
        time = segment.started_at + second * MICROS
        for symbol, pressure, deviation, expected, probability in zip(SYMBOLS, *rows, strict=True):
            yield TruthRevealed(
                event_id=make_id("TruthRevealed", source, symbol, time, HORIZON_S),
                event_time=time,
                source=source,
                simulated=True,
                symbol=symbol,
                horizon_s=HORIZON_S,
                flow=pressure,
                volatility=deviation,
                expected_return=expected,
                probability_up=probability,
            )
