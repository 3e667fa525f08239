"""The trades of a minute: of all names, in order of time, as arrays and as events."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from contracts.events import TradeReceived
from contracts.ids import ID_LENGTH
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.latent import Segment
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.orders.listing import Listed, numbers
from data_ingestion.simulator.orders.prints import Mood, Prints, prints
from data_ingestion.simulator.orders.touch import Touch
from data_ingestion.simulator.universe import CENTS, Ints

TRADES_PER_S: Final = 2.0
"""Of each name, on average over a session."""


class Trades(NamedTuple):
    """Trades in order of time, each (trades,)."""

    name: Ints
    sequence: Ints
    offset: Ints
    """Microseconds after the minute's start."""
    cents: Ints
    size: Ints
    side: Ints
    kind: Ints
    """`prints.Kind` of the order that it is part of."""
    order: Ints
    """Number of that order within its name and minute."""


def trades(segment: Segment, columns: Listed, best: Touch, volume: Floats, rate_per_s: float = TRADES_PER_S) -> Trades:
    """Trades of a minute in which each name trades `volume` (names,) whole shares."""
    by_name = []
    for name, key in enumerate(columns.keys):
        due = numbers(rate_per_s, segment.session, segment.minute, float(columns.phase[name]))
        random = generator(segment.world.seed, Stream.TRADES, key, segment.session.number, segment.minute)
        path = segment.path
        mood = Mood(path.pressure[:, name], path.habit[:, name], path.shock[:, name])
        made = prints(random, len(due), int(volume[name]), mood)
        by_name.append(_of_name(name, due, made, best, int(columns.level_ticks[name])))
    joined = Trades(*(np.concatenate(column) for column in zip(*by_name, strict=True)))
    order = np.argsort(joined.offset, kind="stable")
    return Trades(*(column[order] for column in joined))


def trade_events(segment: Segment, columns: Listed, made: Trades, source: str) -> Iterator[TradeReceived]:
    """The trades as events, made one by one as they are asked for."""
    # The id is `make_id` of the same parts, joined at once: that function's own joining takes as long as its hash.
    prefixes = [f"TradeReceived|{source}|{symbol}|" for symbol in columns.symbols]
    rows = zip(
        made.name.tolist(),
        (segment.started_at + made.offset).tolist(),
        made.sequence.tolist(),
        (made.cents / CENTS).tolist(),
        made.size.tolist(),
        made.side.tolist(),
        strict=True,
    )
    for name, time, sequence, price, size, side in rows:
        yield TradeReceived(
            event_id=sha256(f"{prefixes[name]}{time}|{sequence}".encode()).hexdigest()[:ID_LENGTH],
            event_time=time,
            source=source,
            simulated=True,
            symbol=columns.symbols[name],
            price=price,
            size=size,
            side=side,
            sequence=sequence,
        )


def _of_name(name: int, due: range, made: Prints, best: Touch, level_ticks: int) -> Trades:
    bought = made.side > 0
    touched = np.where(bought, best.ask[made.quoted_at, name], best.bid[made.quoted_at, name])
    return Trades(
        name=np.full(len(due), name),
        sequence=np.arange(due.start, due.stop),
        offset=made.offset,
        cents=np.maximum(1, touched + made.side * made.level * level_ticks),
        size=made.size,
        side=made.side,
        kind=made.kind,
        order=made.order,
    )
