"""Order books, measured: spreads, depth, imbalance, order flow, and what these say of the next move of the mid.

Prices are in dollars, sizes in shares or contracts, (rows,) at the best level or (rows, levels), best first.
"""

from typing import Final

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats, Interval, of_means
from data_ingestion.simulator.facts.scores import Area, Ints, area

BLOCK_S: Final = 60
"""Seconds of a book that are resampled together, where clusters are spans of time."""


def spread_shares(bid: Floats, ask: Floats, tick: float, random: np.random.Generator, most: int = 3) -> list[Interval]:
    """Share of the rows with a spread of 1, 2, … ticks, the last with `most` or more."""
    ticks = np.clip(np.rint((ask - bid) / tick), 1, most)
    held = np.stack([ticks == count for count in range(1, most + 1)], axis=1).astype(np.float64)
    return [of_means(held[:, i : i + 1], lambda means: means[:, 0], len(bid) // 30, random) for i in range(most)]


def depth_profile(bid_sizes: Floats, ask_sizes: Floats) -> Floats:
    """Mean size of each level relative to the best's, (levels,)."""
    mean = (bid_sizes + ask_sizes).mean(axis=0)
    return np.asarray(mean / mean[0])


def size_spread(sizes: Floats) -> Floats:
    """Standard deviation of the log size of each level, (levels,)."""
    return np.asarray(np.log(np.maximum(sizes, 1)).std(axis=0))


def imbalance(bid_sizes: Floats, ask_sizes: Floats, levels: int = 1) -> Floats:
    """Bid less ask size over their sum in the best levels, between −1 and 1, (rows,)."""
    bids, asks = bid_sizes[:, :levels].sum(axis=1), ask_sizes[:, :levels].sum(axis=1)
    return np.asarray((bids - asks) / np.maximum(bids + asks, 1))


def order_flow(bid: Floats, bid_size: Floats, ask: Floats, ask_size: Floats) -> Floats:
    """Net size that each update adds on the bid's side (Cont, Kukanov and Stoikov 2014), (rows − 1,)."""
    added = (bid[1:] >= bid[:-1]) * bid_size[1:] - (bid[1:] <= bid[:-1]) * bid_size[:-1]
    taken = (ask[1:] <= ask[:-1]) * ask_size[1:] - (ask[1:] >= ask[:-1]) * ask_size[:-1]
    return np.asarray(added - taken)


def as_of(times_s: Floats, values: Floats, every_s: float) -> Floats:
    """Values at equal steps, each the last one seen by then."""
    grid = np.arange(times_s[0], times_s[-1], every_s)
    return np.asarray(values[np.searchsorted(times_s, grid, side="right") - 1])


def next_change(mid: Floats) -> Floats:
    """The next change of the mid after each row, dollars; zero after the last one."""
    changes = np.diff(mid)
    places = np.flatnonzero(changes)
    following = np.searchsorted(places, np.arange(len(mid)))
    known = following < len(places)
    found = np.zeros(len(mid))
    found[known] = changes[places[following[known]]]
    return found


def change_within(times_s: Floats, mid: Floats, horizon_s: float) -> Floats:
    """Change of the mid over the horizon, dollars; undefined where the record ends before."""
    later = np.searchsorted(times_s, times_s + horizon_s, side="right") - 1
    return np.where(times_s + horizon_s <= times_s[-1], mid[later] - mid, np.nan)


def foretold(score: Floats, change: Floats, times_s: Floats) -> Area:
    """How well a score tells the sign of changes; rows without a change are left out, clusters are spans of time."""
    moved = np.isfinite(change) & (change != 0)
    return area(score[moved], change[moved] > 0, spans(times_s[moved]))


def spans(times_s: Floats, length_s: float = BLOCK_S) -> Ints:
    """The span of time that each row lies in."""
    return np.asarray((times_s - times_s[0]) // length_s).astype(np.int64)


def slope(score: Floats, change: Floats, random: np.random.Generator) -> Interval:
    """Change expected per unit of the score, by regression; in the unit of `change`."""
    known = np.isfinite(change)
    one, two = score[known], change[known]
    rows = np.stack([one, two, one**2, one * two], axis=1)

    def ratio(means: Floats) -> Floats:
        return np.asarray((means[:, 3] - means[:, 0] * means[:, 1]) / (means[:, 2] - means[:, 0] ** 2))

    return of_means(rows, ratio, len(one) // 30, random)
