"""How much stands at each of the ten levels of a book.

Theory of operation
-------------------
Half the log of a level's bid size over its ask size is its lean. The pressure, which leads the price, leans every
level. The best two lean most, but for more reasons: a decoy and the slow habit of the name, which move nothing, noise
that lasts for seconds, and, the best one, for where the fair price stands.

The mid stands still while the fair price goes from one tick to the next. Where it is on that way is where the mid will
go, and it shows: who knows takes from the queue that the fair price comes near to and waits in the other, so that one
is thin and the other thick. It tells the next move of the *mid*, in any market, and nothing of the fair price's, which
can be read from the book as it is. No round trip earns it either: the fair price is less than a tick from the mid when
one buys, as often above as below it when one sells, and two halves of a spread cost a tick at least.

So the best level alone misleads who asks for more than the next tick, and who weighs the whole book and remembers it
for a few seconds sees the pressure nearly as well as the truth does. A book of a few a second tells `INFORMATION` about
the pressure: the inverse of the variance with which its deep levels alone measure it. Filtered at rate r, the remaining
variance P of a pressure of half-life h solves r·INFORMATION·P² + 2θP = 2θ, θ = ln 2 / h: 0.04 at four books a second.

Levels are otherwise disturbed by noise of the moment; by walls, large orders deep in the book that stand for seconds
and go again untraded; and by trades, which take from the best level until it is replenished.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.universe import Ints

LEVELS: Final = 10
SHAPE: Final[Floats] = np.array([1.0, 2.0, 2.7, 2.8, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9])
"""Median depth of the levels, in depths of the best."""
LEAN: Final[Floats] = np.array([0.35, 0.22, 0.11, 0.11, 0.12, 0.125, 0.13, 0.135, 0.135, 0.135])
"""By how much a pressure of one leans each level."""
DECOY: Final[Floats] = np.array([0.20, 0.20] + [0.0] * (LEVELS - 2))
"""By how much a decoy of one leans each level."""
HABIT: Final[Floats] = np.array([0.35, 0.25] + [0.0] * (LEVELS - 2))
"""By how much a habit of one leans each level."""
STANDS: Final[Floats] = np.array([1.7] + [0.0] * (LEVELS - 1))
"""By how much a fair price one tick above the mid leans each level."""
NOISE: Final[Floats] = np.array([0.25, 0.30, 0.22, 0.14, 0.09, 0.07, 0.065, 0.06, 0.06, 0.06])
"""Standard deviation of each level's lean around that."""
LASTING: Final = 2
"""At so many of the best levels that noise lasts; further away it is new in every book."""
LASTS_S: Final = 6.0
"""Its half-life."""
COMMON: Final[Floats] = np.array([0.85, 0.74, 0.52, 0.40, 0.35, 0.30, 0.28, 0.26, 0.25, 0.25])
"""Standard deviation of what the logs of both sides of a level share."""
COMMON_LASTS_S: Final = 10.0
"""Its half-life."""
OTHERWISE_LEANT: Final[NDArray[np.bool_]] = (DECOY != 0) | (HABIT != 0) | (STANDS != 0)
"""Whether something else than the pressure leans each level."""
INFORMATION: Final = float(((LEAN / NOISE) ** 2)[~OTHERWISE_LEANT].sum())
"""About the pressure in one book, in the levels that nothing else leans."""
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
    noise[:, :LASTING] = _lasting(noise[:, :LASTING], 2.0 ** (-gap_s / LASTS_S))
    lean = lean + NOISE * noise
    common = usual[:, None] * SHAPE * np.exp(COMMON * _lasting(common, 2.0 ** (-gap_s / COMMON_LASTS_S)))
    ratio = np.exp(lean)
    return common * ratio, common / ratio


def leans(pressure: Floats, decoy: Floats, habit: Floats, stands: Floats) -> Floats:
    """Expected lean of each level, (books, LEVELS); `stands`: ticks from the mid to the fair price."""
    weighted = ((LEAN, pressure), (DECOY, decoy), (HABIT, habit), (STANDS, stands))
    return np.asarray(sum(weights * column[:, None] for weights, column in weighted))


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


def _lasting(normals: Floats, keep: float) -> Floats:
    """Autoregressions of variance one from normals (books, levels)."""
    gain = np.full((len(normals), 1), np.sqrt(1 - keep**2))
    gain[:1] = 1.0
    return np.asarray(lfilter([1.0], [1.0, -keep], gain * normals, axis=0))
