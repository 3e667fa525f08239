"""What stands at the best prices: two queues, which orders change a little at a time, and in runs.

Theory of operation
-------------------
A book does not show what would stand there, but what orders have made of it so far. Each update is an order of one
sign: one that buys adds to the bid or takes from the ask, one that sells does the opposite. It moves both queues a
share of the way to what would stand there, where that lies in its direction, and else leaves them. After a trade the
queue is as the trade has left it: that update has the sign of the trade and goes the whole way.

Other signs come in runs and lean to the slow habit of the name, as those of its trades do. So the signs of order flow
remember, queues lean for as long as a habit lasts, and a third of the updates of the best prices change nothing there.
When a best price moves, both queues are new.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.universe import Ints

HABIT: Final = 0.25
RUN: Final = 0.94
"""Weights in the sign of an order; noise has the rest."""
RUN_KEEP: Final = 0.90
"""From one update to the next."""
SHARE: Final = 0.30
"""Of the way to what would stand there that an update goes."""


class Orders(NamedTuple):
    """What the updates of a book come from, each (updates,)."""

    buys: NDArray[np.bool_]
    share: Floats
    """Of the way that it goes."""


def orders(random: np.random.Generator, habit: Floats, offset: Ints, traded_at: Ints, side: Ints) -> Orders:
    """Orders behind updates at some times (updates,), among trades (trades,); both in order of time."""
    drawn = random.standard_normal((2, len(habit)))
    gain = np.full(len(habit), np.sqrt(1 - RUN_KEEP**2))
    gain[:1] = 1.0
    run = lfilter([1.0], [1.0, -RUN_KEEP], gain * drawn[0])
    buys = HABIT * habit + RUN * run + np.sqrt(1 - HABIT**2 - RUN**2) * drawn[1] > 0
    share = np.full(len(habit), SHARE)
    seen = np.searchsorted(traded_at, offset, side="right")
    after = np.diff(seen, prepend=0) > 0
    share[after] = 1.0
    buys[after] = side[seen[after] - 1] > 0
    return Orders(buys, share)


def shown(bid: Floats, ask: Floats, fresh: NDArray[np.bool_], made_by: Orders) -> tuple[Floats, Floats]:
    """Sizes after each update, from those that would stand there (updates,); `fresh`: a best price has moved."""
    bids, asks = [], []
    bid_now = ask_now = 0.0
    columns = (bid, ask, fresh, *made_by)
    for bid_due, ask_due, new, buys, share in zip(*(column.tolist() for column in columns), strict=True):
        if new:
            bid_now, ask_now = bid_due, ask_due
        elif buys:
            bid_now += share * max(bid_due - bid_now, 0.0)
            ask_now += share * min(ask_due - ask_now, 0.0)
        else:
            bid_now += share * min(bid_due - bid_now, 0.0)
            ask_now += share * max(ask_due - ask_now, 0.0)
        bids.append(bid_now)
        asks.append(ask_now)
    return np.array(bids), np.array(asks)
