"""How much stands at each of the ten levels of a book.

Theory of operation
-------------------
Half the log of a level's bid size over its ask size is its lean. The pressure, which leads the price, leans every level
and the deep ones most; the decoy, which moves nothing, leans only the best two, and these are also the noisiest. So the
best level alone misleads, and who weighs the whole book and remembers it for a few seconds sees the pressure nearly
as well as the truth does. A book of a few a second tells `INFORMATION` about the pressure: the inverse of the variance
with which it alone measures it. Filtered at rate r, the remaining variance P of a pressure of half-life h solves
r·INFORMATION·P² + 2θP = 2θ, θ = ln 2 / h: 0.07 at four books a second.

Levels are otherwise disturbed by noise of the moment; by walls, large orders deep in the book that stand for seconds
and go again untraded; and by trades, which take from the best level until it is replenished.
"""

from typing import Final

import numpy as np
from scipy.signal import lfilter

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.universe import Ints

LEVELS: Final = 10
SHAPE: Final[Floats] = np.array([1.0, 1.8, 2.3, 2.5, 2.6, 2.6, 2.6, 2.6, 2.6, 2.6])
"""Median depth of the levels, in depths of the best."""
LEAN: Final[Floats] = 0.165 * -np.expm1(-(np.arange(LEVELS) + 2.0) / 3.0)
"""By how much a pressure of one leans each level."""
DECOY: Final[Floats] = np.array([0.45, 0.30] + [0.0] * (LEVELS - 2))
"""By how much a decoy of one leans each level."""
NOISE: Final[Floats] = np.array([0.50, 0.32, 0.25, 0.20, 0.17, 0.16, 0.16, 0.15, 0.15, 0.15])
"""Standard deviation of each level's lean around that."""
LASTING: Final = 2
"""At so many of the best levels that noise lasts; further away it is new in every book."""
LASTS_S: Final = 2.0
"""Its half-life."""
COMMON: Final[Floats] = np.array([0.6, 0.45, 0.35, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
"""Standard deviation of what the logs of both sides of a level share."""
INFORMATION: Final = float((LEAN[2:] ** 2 / NOISE[2:] ** 2).sum())
"""About the pressure in one book, in the levels that the decoy does not touch."""
THIN: Final = 0.5
"""By how much the log of depth falls from the thickest to the thinnest second."""
DEPTH_BY_VOLATILITY: Final = -0.5
"""Power of relative volatility with which depth falls."""
SHALLOWEST: Final = 0.2
WALLS: Final = 2
"""A minute and name."""
WALL_LEVELS: Final = (3, 9)
"""Places between which walls stand, counted from the best, which is zero; the last is left out."""
WALL_S: Final = 3.0
"""Mean time that a wall stands; at most WALL_LONGEST_S."""
WALL_LONGEST_S: Final = 15.0
WALL_LOG_SIZE: Final = 1.0
"""Rise of the log of the level's size."""
REPLENISHED_US: Final = 700_000.0
"""Time in which what a trade took of the best level comes back but for a share of 1/e."""
MOST_TAKEN: Final = 0.8
"""Largest share of a best level that a trade leaves missing."""


def sizes(random: np.random.Generator, lean: Floats, usual: Floats, gap_s: float) -> tuple[Floats, Floats]:
    """Bid and ask sizes before rounding, (books, LEVELS) each, of books `gap_s` apart.

    `lean` (books, LEVELS) is without noise, `usual` (books,) the depth.
    """
    noise, common = random.standard_normal((2, *lean.shape))
    keep = 2.0 ** (-gap_s / LASTS_S)
    gain = np.full((len(lean), 1), np.sqrt(1 - keep**2))
    gain[:1] = 1.0
    noise[:, :LASTING] = lfilter([1.0], [1.0, -keep], gain * noise[:, :LASTING], axis=0)
    lean = lean + NOISE * noise
    common = usual[:, None] * SHAPE * np.exp(COMMON * common)
    ratio = np.exp(lean)
    return common * ratio, common / ratio


def leans(pressure: Floats, decoy: Floats) -> Floats:
    """Expected lean of each level, (books, LEVELS)."""
    return np.asarray(LEAN * pressure[:, None] + DECOY * decoy[:, None])


def walls(random: np.random.Generator, offset: Ints, length_us: int) -> Floats:
    """What walls add to the logs of sizes at some times of a minute, (2 sides, books, LEVELS)."""
    raised = np.zeros((2, len(offset), LEVELS))
    starts = random.integers(0, length_us, WALLS)
    spans = np.minimum(WALL_S * random.standard_exponential(WALLS), WALL_LONGEST_S) * 1e6
    levels, sides = random.integers(*WALL_LEVELS, WALLS), random.integers(0, 2, WALLS)
    for start, span, level, side in zip(starts.tolist(), spans.tolist(), levels.tolist(), sides.tolist(), strict=True):
        raised[side, (offset >= start) & (offset < start + span), level] = WALL_LOG_SIZE
    return raised


def left(offset: Ints, traded_at: Ints, share: Floats) -> Floats:
    """Share of a best level still there: the last trade took `share` of it, and it comes back. Times in order."""
    if not len(traded_at):
        return np.ones(len(offset))
    last = np.searchsorted(traded_at, offset, side="right") - 1
    age = offset - traded_at[last]
    missing = np.minimum(share, MOST_TAKEN)[last] * np.exp(-age / REPLENISHED_US)
    return np.asarray(np.where(last >= 0, 1 - missing, 1.0))


def whole(size: Floats) -> Ints:
    """At least one share."""
    return np.maximum(1, np.rint(size)).astype(np.int64)
