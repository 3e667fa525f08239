"""What the books and trades of some names depend on, as columns, and how often things happen to them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import MICROS, Session, elapsed
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.latent import Segment
from data_ingestion.simulator.core.seeding import number_of
from data_ingestion.simulator.universe import Ints, Name

BASIS: Final = {"SPY": 3e-6}
"""Standard deviation of a name's distance from its factor, as a log. SPY's from a tenth of SPX: 0.2 cents."""
_LARGEST: Final = 2.0**64


class Listed(NamedTuple):
    """Columns of a table of names, each (names,). A name is the same whatever stands beside it."""

    symbols: tuple[str, ...]
    keys: tuple[int, ...]
    """Of each name's random numbers."""
    phase: Floats
    """Between 0 and 1: keeps names from being due at the same moments."""
    volatility: Floats
    spread_ticks: Floats
    level_ticks: Ints
    depth: Floats
    basis: Floats


def listed(names: Sequence[Name]) -> Listed:
    """Columns of a table of names."""

    def column(field: str) -> Floats:
        return np.array([getattr(name, field) for name in names], dtype=np.float64)

    symbols = tuple(name.symbol for name in names)
    keys = tuple(number_of(symbol) for symbol in symbols)
    return Listed(
        symbols=symbols,
        keys=keys,
        phase=np.array([(key + 0.5) / _LARGEST for key in keys]),
        volatility=column("volatility"),
        spread_ticks=column("spread_ticks"),
        level_ticks=column("level_ticks").astype(np.int64),
        depth=column("depth"),
        basis=np.array([BASIS.get(symbol, 0.0) for symbol in symbols]),
    )


def numbers(rate_per_s: float, session: Session, minute: int, phase: float) -> range:
    """Sequence numbers of the minute's events: one event for each whole number that rate times activity passes.

    They run on without a gap from minute to minute and session to session, whatever was made before.
    """
    first, end = (int(np.floor(rate_per_s * _passed_s(session, each) + phase)) for each in (minute, minute + 1))
    return range(first, end)


def _passed_s(session: Session, minute: int) -> float:
    """Seconds since the first session's open, counted by activity."""
    seconds = (session.closes_at - session.opens_at) // MICROS
    if minute >= session.minutes:
        return float(session.begun_s + seconds)  # the very number at which the next session begins
    return session.begun_s + float(elapsed(np.array(minute / session.minutes))) * seconds


def excitement(segment: Segment, columns: Listed) -> Floats:
    """Volatility of the minute relative to the name's long-run level, (names,): time of day included."""
    return np.asarray(segment.path.step_deviation * np.sqrt(segment.steps_a_year) / columns.volatility)
