"""Trades of one name in one minute: when, at what price, how many shares, who was the aggressor.

Theory of operation
-------------------
Trades are the prints of orders. Most orders print once; some are split over a second, some sweep several levels within
a millisecond, and some meet an iceberg, which shows the same small size again and again at one price. Orders come in
bunches.

The sign of an order is that of a sum of normals: the pressure (a little), the habit and a run of the last seconds
(which together make the autocorrelation of signs fall like a power law over a thousand trades), and the move of the
price over the last step, which weighs the more the larger the order is, but less than in proportion: so the price
impact that an observer measures is concave in size. Trades tell of the move that has just happened and never of one
to come, but for the pressure.

Sizes are heavy-tailed shares of what the minute trades in all, mostly below a round lot, and add up to it.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter

from data_ingestion.simulator.core.clock import MINUTE_US
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import GRID_US
from data_ingestion.simulator.universe import Ints


class Kind(IntEnum):
    """What an order is; the order of rows in the table below."""

    SINGLE = 0
    SPLIT = 1
    SWEEP = 2
    ICEBERG = 3


CHANCE: Final = (0.86, 0.07, 0.04, 0.03)
"""Of an order to be of each kind."""
FEWEST, MOST = np.array([1, 2, 2, 3]), np.array([1, 4, 5, 7])
"""Prints of an order of each kind."""
GAP_US: Final = np.array([0.0, 250_000.0, 120.0, 35_000.0])
"""Mean time between prints; at most LONGEST gaps' worth."""
LONGEST: Final = 4.0
SWEEP_GAP_US: Final = 180
"""Longest time between two prints of a sweep: five prints stay within a millisecond."""
WEIGHT: Final = np.array([1.0, 3.0, 6.0, 4.0])
"""Relative size of a whole order."""
ORDERS_A_BUNCH: Final = 2
BUNCH_US: Final = 400_000.0
"""Mean delay of an order after the start of its bunch."""
TAIL: Final = 1.7
"""Exponent of the tail of sizes: their variance does not exist."""
LARGEST_WEIGHT: Final = 300.0
BODY: Final = 0.8
"""Spread of the log of sizes apart from the tail."""
LOT: Final = 100
LOTS: Final = 0.75
"""Share of trades above a lot that are whole lots."""
RAISED: Final = 0.25
"""Share of trades between half a lot and a lot that are a lot."""
PRESSURE: Final = 0.20
HABIT: Final = 0.32
RUN: Final = 0.36
RUN_KEEP: Final = 0.85
"""From one order to the next."""
IMPACT: Final = 0.25
"""Weight of the last step's move in the sign of a median order."""
IMPACT_POWER: Final = 0.4
MOST_IMPACT: Final = 0.7


class Prints(NamedTuple):
    """Trades in order of time, each (trades,)."""

    offset: Ints
    """Microseconds after the minute's start."""
    quoted_at: Ints
    """Step of the grid whose best prices the trade met."""
    level: Ints
    """Place of the level it took, the best being zero."""
    side: Ints
    """+1 bought, −1 sold."""
    size: Ints
    kind: Ints
    order: Ints
    """Number of its order within the minute."""


class Mood(NamedTuple):
    """What leans the signs of one name, on the grid of the minute, each (STEPS,)."""

    pressure: Floats
    habit: Floats
    shock: Floats


def prints(random: np.random.Generator, count: int, volume: int, mood: Mood) -> Prints:
    """Exactly `count` trades of `volume` shares in all; of one share each where there are more trades than shares."""
    order, kind, place = _orders(random, count)
    orders = int(order[-1]) + 1 if count else 0
    offset, start = _times(random, orders, order, kind, place)
    own = start[order] // GRID_US
    quoted_at = np.where((kind == Kind.SWEEP) | (kind == Kind.ICEBERG), own, offset // GRID_US)
    first = np.flatnonzero(place == 0)
    weight = _weights(random, orders) * WEIGHT[kind[first]]
    side = _signs(random, start, weight, mood)[order]
    size = _sizes(random, weight, order, kind, max(volume, count))
    chosen = np.argsort(offset, kind="stable")
    level = np.where(kind == Kind.SWEEP, place, 0)
    columns = (offset, quoted_at, level, side, size, kind, order)
    return Prints(*(values[chosen] for values in columns))


def _orders(random: np.random.Generator, count: int) -> tuple[Ints, Ints, Ints]:
    """Order, its kind and the place in it of each print, (prints,); the last order is cut to the exact count."""
    kinds = np.searchsorted(np.cumsum(CHANCE)[:-1], random.random(count), side="right")
    lengths = random.integers(FEWEST[kinds], MOST[kinds] + 1)
    ends = np.cumsum(lengths)
    used = int(np.searchsorted(ends, count)) + 1 if count else 0
    lengths = lengths[:used]
    order = np.repeat(np.arange(used), lengths)[:count]
    place = np.arange(count) - (ends[:used] - lengths)[order]
    return order, kinds[:used][order], place


def _times(random: np.random.Generator, orders: int, order: Ints, kind: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Offset of each print and the start of each order."""
    bunches = random.integers(0, MINUTE_US, max(1, orders // ORDERS_A_BUNCH))
    start = bunches[random.integers(0, len(bunches), orders)] + BUNCH_US * random.standard_exponential(orders)
    gap = np.minimum(random.standard_exponential(len(order)), LONGEST) * GAP_US[kind]
    gap = np.where(kind == Kind.SWEEP, np.minimum(np.maximum(gap, 1.0), SWEEP_GAP_US), gap).astype(np.int64)
    gap[place == 0] = 0
    total = np.cumsum(gap)
    since = total - total[place == 0][order] if len(order) else total
    span = np.zeros(orders, np.int64)
    np.maximum.at(span, order, since)
    begins = np.sort(start.astype(np.int64) % (MINUTE_US - span))
    begins = np.minimum(begins, MINUTE_US - 1 - span)
    return begins[order] + since, begins


def _weights(random: np.random.Generator, orders: int) -> Floats:
    """Relative sizes of orders; the median is about one."""
    tail = (2 * (1 - random.random(orders))) ** (-1 / TAIL)
    return np.minimum(tail * np.exp(BODY * random.standard_normal(orders)), LARGEST_WEIGHT)


def _signs(random: np.random.Generator, start: Ints, weight: Floats, mood: Mood) -> Ints:
    """+1 or −1 for each order; orders in order of time."""
    step = start // GRID_US
    drawn = random.standard_normal((2, len(start)))
    gain = np.full(len(start), np.sqrt(1 - RUN_KEEP**2))
    gain[:1] = 1.0
    run = lfilter([1.0], [1.0, -RUN_KEEP], gain * drawn[0])
    impact = np.minimum(IMPACT * weight**IMPACT_POWER, MOST_IMPACT)
    moved = np.where(step > 0, mood.shock[step - 1], 0.0)
    rest = np.sqrt(1 - PRESSURE**2 - HABIT**2 - RUN**2 - impact**2)
    lean = PRESSURE * mood.pressure[step] + HABIT * mood.habit[step] + RUN * run + impact * moved + rest * drawn[1]
    return np.where(lean > 0, 1, -1)


def _sizes(random: np.random.Generator, weight: Floats, order: Ints, kind: Ints, volume: int) -> Ints:
    """Whole shares of each print, which add up to the volume; an iceberg shows the same size each time."""
    if not len(order):
        return np.zeros(0, np.int64)
    part = np.where(kind == Kind.ICEBERG, 1.0, 0.3 + random.random(len(order)))
    share = weight[order] * part / np.bincount(order, part)[order]
    size = np.maximum(1, np.rint(share * (volume / share.sum()))).astype(np.int64)
    coin = np.where(kind == Kind.ICEBERG, 0.0, random.random(len(order)))
    size = np.where((size >= LOT) & (coin < LOTS), (size + LOT // 2) // LOT * LOT, size)
    size = np.where((size >= LOT // 2) & (size < LOT) & (coin < RAISED), LOT, size)
    return _adding_up(size, kind, volume)


def _adding_up(size: Ints, kind: Ints, volume: int) -> Ints:
    """Sizes changed to add up to the volume, from the largest on; icebergs last, and never below one share."""
    rank = np.argsort(np.where(kind == Kind.ICEBERG, 0, -size), kind="stable")
    excess = int(size.sum()) - volume
    size = size.copy()
    if excess < 0:
        size[rank[0]] -= excess
        return size
    room = size[rank] - 1
    before = np.cumsum(room) - room
    size[rank] -= np.clip(excess - before, 0, room)
    return size
