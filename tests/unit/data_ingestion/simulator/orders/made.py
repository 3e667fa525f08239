"""Minutes of the market with their trades and books, made once for all tests of this folder."""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import MINUTE_US, Hours
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import GRID_US
from data_ingestion.simulator.core.latent import Latent, Segment
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders.books import Books, books
from data_ingestion.simulator.orders.listing import Listed, listed
from data_ingestion.simulator.orders.touch import Touch, touch
from data_ingestion.simulator.orders.trades import Trades, trades
from data_ingestion.simulator.universe import UNIVERSE, Ints

SESSION: Final = 13_000
FIRST: Final = 300
"""Minute at which the tape begins."""
LENGTH: Final = 120
COLUMNS: Final[Listed] = listed(UNIVERSE)


class Minute(NamedTuple):
    segment: Segment
    best: Touch
    volume: Floats
    trades: Trades
    books: Books


class Tape(NamedTuple):
    """Two hours. Offsets count from its start; the grid is (steps, names)."""

    trades: Trades
    books: Books
    log_price: Floats
    pressure: Floats
    middle: Ints
    """Twice the mid price in cents."""
    deviation: Floats


@lru_cache(maxsize=4)
def latent(hours: Hours = Hours.ALWAYS, seed: int = 42) -> Latent:
    return latent_of(World(seed, hours), UNIVERSE)


def minute(number: int, session: int = SESSION, market: Latent | None = None) -> Minute:
    """One minute made alone."""
    of = market or latent()
    segment = of.segment(session, number)
    best = touch(segment, COLUMNS)
    volume = of.session_minutes(session).volume[number]
    traded = trades(segment, COLUMNS, best, volume)
    return Minute(segment, best, volume, traded, books(segment, COLUMNS, best, traded))


@lru_cache(maxsize=1)
def tape() -> Tape:
    """Two hours of all names."""
    made = [minute(FIRST + place) for place in range(LENGTH)]
    paths = [each.segment.path for each in made]
    return Tape(
        trades=Trades(*_joined([tuple(each.trades) for each in made])),
        books=Books(*_joined([tuple(each.books) for each in made])),
        log_price=np.concatenate([path.log_price for path in paths]),
        pressure=np.concatenate([path.pressure for path in paths]),
        middle=np.concatenate([each.best.bid + each.best.ask for each in made]),
        deviation=np.concatenate([np.broadcast_to(path.step_deviation, path.pressure.shape) for path in paths]),
    )


def steps(offset: Ints) -> Ints:
    """Row of the grid that holds at each offset."""
    return np.asarray(offset // GRID_US)


def autocorrelation(values: Floats, lag: int) -> float:
    """Of a series with its mean taken off."""
    away = values - values.mean()
    return float((away[lag:] * away[:-lag]).mean() / away.var())


def imbalance(bid: Ints, ask: Ints, levels: int) -> Floats:
    """Of the best levels, (books,)."""
    bought, sold = bid[:, :levels].sum(axis=1), ask[:, :levels].sum(axis=1)
    return np.asarray((bought - sold) / (bought + sold))


def _joined(minutes: list[tuple[Ints, ...]]) -> list[Ints]:
    """Columns of all minutes, one after the other; the third is the offset, which counts on."""
    joined = []
    for place, column in enumerate(zip(*minutes, strict=True)):
        shift = MINUTE_US if place == 2 else 0
        joined.append(np.concatenate([values + shift * number for number, values in enumerate(column)]))
    return joined
