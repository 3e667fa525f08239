"""The order books of a minute: of all names, in order of time, as arrays and as events with the quotes of their tops.

A minute's arrays are made at once and its events as they are asked for. Each name draws from its own generator, so a
book is the same whatever other names, minutes or trades are made; only the best levels remember the trades before them.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from contracts.events import BookUpdated, QuoteReceived
from contracts.ids import ID_LENGTH
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US
from data_ingestion.simulator.core.flow import GRID_US
from data_ingestion.simulator.core.latent import SECONDS, Segment
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.orders import depth, queues
from data_ingestion.simulator.orders.listing import Listed, excitement, numbers
from data_ingestion.simulator.orders.touch import Touch
from data_ingestion.simulator.orders.trades import Trades
from data_ingestion.simulator.universe import CENTS, Ints

BOOKS_PER_S: Final = 4.0
"""Of each name, on average over a session."""
_USE: Final = 2
_LEVELS: Final[Ints] = np.arange(depth.LEVELS)


class Books(NamedTuple):
    """Books in order of time, arrays (books,); sizes (books, LEVELS), best first."""

    name: Ints
    sequence: Ints
    offset: Ints
    """Microseconds after the minute's start."""
    bid: Ints
    """Best price in whole cents."""
    ask: Ints
    bid_sizes: Ints
    ask_sizes: Ints


def books(segment: Segment, columns: Listed, best: Touch, traded: Trades, rate_per_s: float = BOOKS_PER_S) -> Books:
    """Books of a minute. `best` and `traded` are that minute's."""
    lively = excitement(segment, columns) ** depth.DEPTH_BY_VOLATILITY
    usual = columns.depth * np.clip(lively, depth.SHALLOWEST, 1 / depth.SHALLOWEST)
    by_name = [_of_name(segment, columns, best, traded, name, rate_per_s, float(usual[name])) for name in _all(columns)]
    joined = Books(*(np.concatenate(column) for column in zip(*by_name, strict=True)))
    order = np.argsort(joined.offset, kind="stable")
    return Books(*(column[order] for column in joined))


def book_events(segment: Segment, columns: Listed, made: Books, source: str) -> Iterator[BookUpdated | QuoteReceived]:
    """The books as events, each followed by the quote of its best level; made one by one as they are asked for."""
    # The ids are `make_id` of the same parts, joined at once: that function's own joining takes as long as its hash.
    prefixes = [f"|{source}|{symbol}|" for symbol in columns.symbols]
    steps = columns.level_ticks[made.name][:, None] * _LEVELS
    rows = zip(
        made.name.tolist(),
        (segment.started_at + made.offset).tolist(),
        made.sequence.tolist(),
        ((made.bid[:, None] - steps) / CENTS).tolist(),
        made.bid_sizes.tolist(),
        ((made.ask[:, None] + steps) / CENTS).tolist(),
        made.ask_sizes.tolist(),
        strict=True,
    )
    for name, time, sequence, bid_prices, bid_sizes, ask_prices, ask_sizes in rows:
        symbol, fact = columns.symbols[name], f"{prefixes[name]}{time}|{sequence}"
        yield BookUpdated(
            event_id=sha256(f"BookUpdated{fact}".encode()).hexdigest()[:ID_LENGTH],
            event_time=time,
            source=source,
            simulated=True,
            symbol=symbol,
            bid_prices=tuple(bid_prices),
            bid_sizes=tuple(bid_sizes),
            ask_prices=tuple(ask_prices),
            ask_sizes=tuple(ask_sizes),
            sequence=sequence,
        )
        yield QuoteReceived(
            event_id=sha256(f"QuoteReceived{fact}".encode()).hexdigest()[:ID_LENGTH],
            event_time=time,
            source=source,
            simulated=True,
            symbol=symbol,
            bid=bid_prices[0],
            ask=ask_prices[0],
            bid_size=bid_sizes[0],
            ask_size=ask_sizes[0],
            sequence=sequence,
        )


def _all(columns: Listed) -> range:
    return range(len(columns.symbols))


def _of_name(
    segment: Segment, columns: Listed, best: Touch, traded: Trades, name: int, rate_per_s: float, usual: float
) -> Books:
    due = numbers(rate_per_s, segment.session, segment.minute, float(columns.phase[name]))
    address = columns.keys[name], segment.session.number, segment.minute, _USE
    random = generator(segment.world.seed, Stream.BOOKS, *address)
    offset = np.sort(random.integers(0, MINUTE_US, len(due)))
    step, path = offset // GRID_US, segment.path
    thick = usual * np.exp(depth.THIN * (0.5 - best.thinness[offset // MICROS, name]))
    walls = depth.walls(random, offset, MINUTE_US)
    lean = depth.leans(*(column[step, name] for column in (path.pressure, path.decoy, path.habit, best.stands)))
    sides = depth.sizes(random, lean, thick, SECONDS / max(1, len(due)))
    bid_sizes, ask_sizes = (side * np.exp(wall) for side, wall in zip(sides, walls, strict=True))
    own = traded.name == name
    for side, sizes in ((-1, bid_sizes), (1, ask_sizes)):
        taken = own & (traded.side == side)
        sizes[:, 0] *= depth.left(offset, traded.offset[taken], traded.size[taken] / usual)
    bid, ask = best.bid[step, name], best.ask[step, name]
    fresh = (np.diff(bid, prepend=0) != 0) | (np.diff(ask, prepend=0) != 0)
    made_by = queues.orders(random, path.habit[step, name], offset, traded.offset[own], traded.side[own])
    bid_sizes[:, 0], ask_sizes[:, 0] = queues.shown(bid_sizes[:, 0], ask_sizes[:, 0], fresh, made_by)
    return Books(
        name=np.full(len(due), name),
        sequence=np.arange(due.start, due.stop),
        offset=offset,
        bid=bid,
        ask=ask,
        bid_sizes=depth.whole(bid_sizes),
        ask_sizes=depth.whole(ask_sizes),
    )
