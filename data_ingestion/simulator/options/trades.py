"""Option trades of a minute: a session's volume of every contract, cut into trades that arrive through the day.

Theory of operation
-------------------
How much each contract trades in a session is known (see `interest`). It is cut into trades of a usual size on average,
larger ones where that would be more trades than the wanted rate. A contract's trades share its day evenly by activity,
one in each share at a random moment of it, so any minute's trades can be told alone. Sizes are skewed: trades come in
blocks, each of its part of the volume, which is divided by heavy-tailed weights. So the sizes of a contract add up to
its volume exactly; a contract whose whole volume is less than a usual size trades all of it, or by chance nothing.

What somebody buys out of the ordinary comes beside that, in large trades at the ask or just below it.

A trade meets the bid and ask that the market maker shows at its moment, made like any quote. Most trades take one of
them, some stand on a tick between. A contract does not trade in the minute in which it expires: there is no quote then.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from contracts.events import OptionTraded
from contracts.ids import ID_LENGTH
from data_ingestion.simulator.core.clock import DAY_US, MICROS, MINUTE_US, Session, elapsed
from data_ingestion.simulator.core.flow import GRID_US
from data_ingestion.simulator.core.latent import Latent, Segment
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.board import State, board
from data_ingestion.simulator.options.hashing import combined, uniforms
from data_ingestion.simulator.options.interest import Bought, keys
from data_ingestion.simulator.options.quotes import habits, tick
from data_ingestion.simulator.options.stream import Day, Lumps, no_lumps, state_of
from data_ingestion.simulator.orders.touch import Touch
from data_ingestion.simulator.universe import CENTS

OPTION_TRADES_PER_S: Final = 50.0
"""Over all contracts, at most, on average over a session."""
USUAL_SIZE: Final = 5.0
"""Contracts of a trade, on average, where the rate does not ask for fewer trades."""
LARGE: Final = 150.0
"""The same of what is bought out of the ordinary."""
BLOCK: Final = 64
"""Trades that share one part of the volume."""
TAIL: Final = 0.8
"""Exponent of the tail of the weights within it."""
AT_ASK, AT_BID = 0.43, 0.38
"""Shares of the trades; the others stand on any tick from the bid to the ask."""
PIECE_US: Final = 20 * MICROS
"""Of a minute, priced at once."""
PLACES: Final = 1 << 20
"""More than a minute has trades: a sequence number is the minute's, times this, plus the place in it."""
_CHANCE, _WHEN, _SIZE = 21, 22, 23
_SIDES, _PRICES = 4, 2


class Schedule(NamedTuple):
    """The trades of a session, as far as they are known before it, by contract: arrays (rows,).

    A contract of which somebody buys out of the ordinary has another row for that.
    """

    place: Ints
    """Of the contract in the chain."""
    key: Ints
    """Of its random numbers."""
    contracts: Ints
    """What all its trades add up to."""
    trades: Ints
    """At least one, and no more than contracts."""
    ends: Floats
    """Share of the session's activity after which it no longer trades."""
    is_bought: Bools


class Trades(NamedTuple):
    """Trades of a minute in order of time, each (trades,)."""

    row: Ints
    """Of the schedule."""
    offset: Ints
    """Microseconds after the minute's start."""
    size: Ints


def schedule(seed: int, day: Day, volume: Ints, bought: Bought, rate_per_s: float) -> Schedule:
    """How the session's volume (contracts,), which includes what is `bought` in it, is cut into trades."""
    own = keys(day.chain)
    special = np.flatnonzero(np.isin(own, bought.key))
    extra = np.zeros(own.size, np.int64)
    order = np.argsort(bought.key)
    of_special = order[np.searchsorted(bought.key[order], own[special])]
    extra[special] = np.minimum(bought.contracts[of_special], volume[special])
    place = np.concatenate([np.arange(own.size), special])
    key = np.concatenate([own, combined(own[special], 1)])
    contracts = np.concatenate([volume - extra, extra[special]])
    is_bought = np.arange(place.size) >= own.size
    most = rate_per_s * day.session.minutes * MINUTE_US / MICROS
    usual = max(USUAL_SIZE, contracts.sum() / most) if most else np.inf
    size = np.where(is_bought, np.maximum(LARGE, usual), usual)
    trades = np.floor(contracts / size + uniforms(seed, _CHANCE, key, day.session.number)).astype(np.int64)
    ends = _ends(day.session, day.chain.expires_at)[place]
    kept = (trades > 0) & (contracts > 0) & (ends > 0.0)
    return Schedule(place[kept], key[kept], contracts[kept], trades[kept], ends[kept], is_bought[kept])


def trades_of(plan: Schedule, seed: int, session: Session, minute: int) -> Trades:
    """What trades in a minute of the session that the plan is of."""
    begins, ends = _shares(session, np.array([minute, minute + 1])).tolist()
    first, last = (np.floor(at / plan.ends * plan.trades).astype(np.int64) for at in (begins, ends))
    first = np.minimum(first, plan.trades)
    count = np.minimum(last + 1, plan.trades) - first
    row = np.repeat(np.arange(count.size), count)
    number = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count) + first[row]
    drawn = uniforms(seed, _WHEN, plan.key[row], session.number, number)
    at = (number + drawn) / plan.trades[row] * plan.ends[row]
    now = np.flatnonzero((at >= begins) & (at < ends))
    offset = ((at[now] - begins) / (ends - begins) * MINUTE_US).astype(np.int64)
    order = np.argsort(offset, kind="stable")
    row, number = row[now][order], number[now][order]
    return Trades(row, np.minimum(offset[order], MINUTE_US - 1), _sizes(plan, seed, session.number, row, number))


def option_trades(
    segment: Segment, latent: Latent, day: Day, plan: Schedule, best: Touch, source: str, lumps: Lumps = no_lumps
) -> Iterator[OptionTraded]:
    """Trades of a minute in order of time."""
    if not plan.place.size:
        return
    made = trades_of(plan, segment.world.seed, segment.session, segment.minute)
    state = state_of(segment, latent, day, lumps)
    random = generator(segment.world.seed, Stream.OPTION_TRADES, segment.session.number, segment.minute)
    noise, prices = (random.standard_normal((_SIDES, made.row.size)), random.random((_PRICES, made.row.size)))
    number = (segment.session.number * (DAY_US // MINUTE_US) + segment.minute) * PLACES
    ends = np.searchsorted(made.offset, np.arange(PIECE_US, MINUTE_US + 1, PIECE_US)).tolist()
    for first, end in zip([0, *ends], ends, strict=False):
        part = slice(first, end)
        rows = Trades(*(column[part] for column in made))
        if rows.row.size:
            met = _met(day, plan, state, best, rows, noise[:, part], prices[:, part])
            yield from _events(segment, day, plan.place[rows.row], rows, met, number + first, source)


class _Met(NamedTuple):
    """What trades meet, and at what price, whole cents."""

    bid: Ints
    ask: Ints
    price: Ints


def _shares(session: Session, minute: Ints) -> Floats:
    """Share of the session's activity before a minute."""
    return elapsed(minute / session.minutes)


def _ends(session: Session, expires_at: Ints) -> Floats:
    """Share of the session's activity before the minute in which each contract expires."""
    minute = np.clip((expires_at - session.opens_at - 1) // MINUTE_US, 0, session.minutes)
    return _shares(session, minute)


def _sizes(plan: Schedule, seed: int, session: int, row: Ints, number: Ints) -> Ints:
    """Contracts of trades, by their row and their number in it: at least one, adding up to the row's contracts."""
    contracts, trades = plan.contracts[row], plan.trades[row]
    begins = number // BLOCK * BLOCK
    ends = np.minimum(begins + BLOCK, trades)
    shared = ends * contracts // trades - begins * contracts // trades - (ends - begins)
    each = begins[:, None] + np.arange(BLOCK)
    weight = uniforms(seed, _SIZE, plan.key[row][:, None], session, each) ** (-1 / TAIL)
    running = np.cumsum(np.where(each < ends[:, None], weight, 0.0), axis=1)
    given = np.floor(shared[:, None] * (running / running[:, -1:])).astype(np.int64)
    place = (np.arange(row.size), number - begins)
    return np.asarray(1 + np.diff(given, axis=1, prepend=0)[place])


def _met(day: Day, plan: Schedule, state: State, best: Touch, rows: Trades, noise: Floats, prices: Floats) -> _Met:
    place, step = plan.place[rows.row], rows.offset // GRID_US
    name = day.chain.name[place]
    spot = (best.bid[step, name] + best.ask[step, name]) / (2 * CENTS)
    shown = board(day.chain, day.classes, day.known, state, noise, place, spot)
    bid, ask = shown.quotes.bid_cents, shown.quotes.ask_cents
    legal = np.rint(tick(habits(day.classes, name), shown.fair.price)).astype(np.int64)
    steps = (ask - bid) // legal
    where, between = prices
    inside = bid + legal * np.floor(between * (steps + 1)).astype(np.int64)
    price = np.where(where < AT_ASK, ask, np.where(where < AT_ASK + AT_BID, bid, inside))
    eager = np.where(where < AT_ASK + AT_BID, ask, np.maximum(ask - legal, bid))
    price = np.where(plan.is_bought[rows.row], eager, price)
    return _Met(bid, ask, np.maximum(price, legal))


def _events(
    segment: Segment, day: Day, place: Ints, rows: Trades, met: _Met, number: int, source: str
) -> Iterator[OptionTraded]:
    columns = zip(
        (segment.started_at + rows.offset).tolist(),
        [day.contracts[one] for one in place.tolist()],
        *((column / CENTS).tolist() for column in met),
        rows.size.tolist(),
        strict=True,
    )
    for sequence, (time, contract, bid, ask, price, size) in enumerate(columns, number):
        fact = f"OptionTraded|{source}|{contract.symbol}|{time}|{sequence}"
        yield OptionTraded(
            event_id=sha256(fact.encode()).hexdigest()[:ID_LENGTH],
            event_time=time,
            source=source,
            simulated=True,
            contract=contract.symbol,
            underlying=contract.underlying,
            expires_at=contract.expires_at,
            strike=contract.strike,
            right=contract.right,
            multiplier=100,
            price=price,
            size=size,
            bid=bid,
            ask=ask,
            sequence=sequence,
        )
