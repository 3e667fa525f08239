"""The best bid and ask of every name at each step of a minute.

Theory of operation
-------------------
How wide the spread is depends on the name, on how volatile the minute is, on how far the session is from its open, and
on the mood of the second: in the same seconds in which a book is wide it is also thin.

The mid price stands until the fair price is a tick away from it, or half a tick where the spread is to become wider or
narrower by one, and then goes there. Were it simply rounded, every tick would find the fair price still near where it
came from, and the next tick would more often lead back: prices of whole cents would foretell each other in a market in
which nothing can be foretold. Held this way, the mid is where the fair price is whenever it moves, and has no memory.
As steps take the fair price past the tick, the mid moves a little sooner: by what a step overshoots on average. Each
minute begins with a rounded mid.
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import MICROS
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import STEPS, STEPS_PER_S
from data_ingestion.simulator.core.latent import SECONDS, Segment
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.orders.depth import LEVELS
from data_ingestion.simulator.orders.listing import Listed, excitement
from data_ingestion.simulator.universe import CENTS, Ints

WIDE: Final = 0.12
"""Share of the seconds of a usual minute in which a spread of whole ticks is to be a tick wider."""
WIDENING: Final = 0.5
"""Power of relative volatility with which spreads grow."""
OPENING, OPENING_SHARE = 0.5, 0.02
"""How much wider spreads are at the open, and the share of the session over which that fades by a factor e."""
OVERSHOOT: Final = 0.5826
"""By how many standard deviations of a step a walk is past a barrier, on average, when it is first seen there."""
WIDEST: Final = 5.0
"""Largest factor on a usual spread."""
_BASIS, _MOOD = 0, 1
_OF_SECOND: Final[Ints] = np.arange(STEPS) // STEPS_PER_S


class Touch(NamedTuple):
    """Best prices on the grid, (STEPS, names), whole cents."""

    bid: Ints
    ask: Ints
    thinness: Floats
    """Uniform between 0 and 1, one number a second, (seconds, names): where it is large books are wide and thin."""
    stands: Floats
    """How far the fair price is above the mid, in ticks: (STEPS, names)."""


def touch(segment: Segment, columns: Listed) -> Touch:
    """Best prices of a minute."""
    thinness = np.stack([_drawn(segment, key, segment.minute, _MOOD).random(SECONDS) for key in columns.keys], axis=1)
    width = np.maximum(1.0, columns.spread_ticks * _widening(segment, columns)) + WIDE
    wanted = np.floor(width + thinness).astype(np.int64)[_OF_SECOND]
    halves = 2 * CENTS * np.exp(segment.path.log_price + _basis(segment, columns))
    early = OVERSHOOT * halves[0] * segment.path.step_deviation
    held = [
        _held(fair.tolist(), each.tolist(), sooner)
        for fair, each, sooner in zip(halves.T, wanted.T, early.tolist(), strict=True)
    ]
    middle, spread = np.array(held, dtype=np.int64).transpose(1, 2, 0)
    bid = np.maximum((middle - spread) // 2, LEVELS * columns.level_ticks)
    return Touch(bid, bid + spread, thinness, (halves - middle) / 2)


def _held(fair: list[float], wanted: list[int], early: float) -> tuple[list[int], list[int]]:
    """The mid in half cents and the spread in cents at each step.

    `fair` and `early`, by how much sooner than at a tick the mid moves, in half cents; `wanted`: the spread to be.
    """
    by_one, by_two = max(1 - early, 0.5), max(2 - early, 1.0)
    middle, spread = -2, wanted[0]
    middles, spreads = [], []
    for price, width in zip(fair, wanted, strict=True):
        reach = by_one if (width - spread) & 1 else by_two
        if not -reach < price - middle < reach:
            odd = width & 1  # a mid of whole cents goes with an even spread
            middle, spread = odd + 2 * round((price - odd) / 2), width
        middles.append(middle)
        spreads.append(spread)
    return middles, spreads


def _widening(segment: Segment, columns: Listed) -> Floats:
    """Factor on the usual spreads, (names,)."""
    seconds = (segment.started_at - segment.session.opens_at) / MICROS
    length = (segment.session.closes_at - segment.session.opens_at) / MICROS
    opening = 1 + OPENING * np.exp(-seconds / length / OPENING_SHARE)
    return np.asarray(np.minimum(WIDEST, opening * excitement(segment, columns) ** WIDENING))


def _basis(segment: Segment, columns: Listed) -> Floats:
    """Distance of each name from its fair price, as a log: from minute to minute along straight lines."""
    share = (np.arange(STEPS) / STEPS)[:, None]
    if not columns.basis.any():
        return np.zeros((1, len(columns.keys)))
    ends = np.zeros((2, len(columns.keys)))
    for name in np.flatnonzero(columns.basis).tolist():
        for later in (0, 1):
            drawn = _drawn(segment, columns.keys[name], segment.minute + later, _BASIS)
            ends[later, name] = drawn.standard_normal()
    first, last = columns.basis * ends
    return np.asarray(first + (last - first) * share)


def _drawn(segment: Segment, key: int, minute: int, use: int) -> np.random.Generator:
    return generator(segment.world.seed, Stream.BOOKS, key, segment.session.number, minute, use)
