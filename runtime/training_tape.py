"""What to train on: features out of the database, or a tape simulated for the purpose.

A simulated tape is made of books and trades, turned into feature events by the formulas that run live. That stands in
`runtime` because it joins what nothing else may: the simulator, the feature formulas and, through the entry point that
calls it, the models. The events are those of the stream, with the same ids; only their rates are set here. The truth is
revealed at each book instead of each second, so that a model's score has an exact counterpart.
"""

import os
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import numpy as np

from contracts.events import BarClosed, BookUpdated, Event, MicrostructureComputed, TradeReceived, TruthRevealed
from contracts.ids import make_id
from data_ingestion.simulator import latent, order_books
from data_ingestion.simulator.arrivals import SLICES
from data_ingestion.simulator.randomness import Run
from data_ingestion.simulator.segment import Segment
from data_ingestion.simulator.universe import SYMBOLS
from models.quantitative import blocks
from runtime import endpoints
from runtime.settings import REPOSITORY, load_settings
from storage.timescaledb_client.feature_rows import feature_rows
from stream_processing.feature_engineering.microstructure import LEVELS, MICROSTRUCTURE

STARTED_AT: Final = 1_767_225_600_000_000
"""2026-01-01T00:00Z. Any full minute serves; a fixed one makes the tape the same whenever it is made."""
BOOKS_PER_S: Final = 1.0
"""A symbol. Live there are more, but the rows of one second tell nearly the same."""
BAR_S: Final = 60
PRICE_MICROS: Final = 1_000_000
"""Prices count to a millionth in the volume-weighted sum, as in the live bars."""


def artefact_path() -> Path:
    """The artefact that scoring loads, as the settings say."""
    return REPOSITORY / load_settings(os.environ).model.short_term_artefact


def stored(hours: float) -> Iterator[Event]:
    """Features of the last hours from the database that runs, or that the settings name."""
    dsn = endpoints.database_dsn(load_settings(os.environ), os.environ)
    yield from feature_rows(dsn, time.time_ns() // 1000 - round(hours * 3.6e9))


def simulated(seed: int, minutes: int) -> Iterator[list[Event]]:
    """One list a minute: features of its books, its bars, and the truth behind each book."""
    run, state = Run(seed, STARTED_AT), latent.first_state()
    for index in range(minutes):
        path, state = latent.advance(run, index, state)
        segment = Segment(run, index, path)
        books = [
            event
            for piece in range(SLICES)
            for event in order_books.books(segment, piece, BOOKS_PER_S)
            if isinstance(event, BookUpdated)
        ]
        yield [*microstructure(books), *bars(list(order_books.trades(segment))), *_truth(segment, books)]


def microstructure(books: Sequence[BookUpdated]) -> Iterator[MicrostructureComputed]:
    """Features of two-sided books."""
    prices = [np.array([getattr(book, f"{side}_prices")[0] for book in books]) for side in ("bid", "ask")]
    sizes = [
        np.array([_level(getattr(book, f"{side}_sizes"), level) for book in books], dtype=np.float64)
        for side in ("bid", "ask")
        for level in range(LEVELS)
    ]
    names = ("best_bid", "best_ask", *(f"{side}_size_{n}" for side in ("bid", "ask") for n in range(1, LEVELS + 1)))
    by_name = dict(zip(names, [*prices, *sizes], strict=True))
    columns = blocks.evaluate(MICROSTRUCTURE, *(by_name[column.name] for column in MICROSTRUCTURE.inputs))
    for book, *values in zip(books, *(column.tolist() for column in columns), strict=True):
        yield MicrostructureComputed(
            event_id=make_id(MicrostructureComputed.__name__, book.event_id),
            event_time=book.event_time,
            source=book.source,
            simulated=book.simulated,
            book_id=book.event_id,
            symbol=book.symbol,
            **dict(zip(MICROSTRUCTURE.outputs, values, strict=True)),
        )


def bars(trades: Sequence[TradeReceived]) -> Iterator[BarClosed]:
    """One-minute bars of these trades, which must hold whole minutes."""
    ordered = sorted(trades, key=attrgetter("symbol", "event_time", "sequence", "event_id"))
    width = BAR_S * latent.MICROS
    for (symbol, opened_at), group in groupby(ordered, lambda t: (t.symbol, t.event_time // width * width)):
        inside = list(group)
        first, last = inside[0], inside[-1]
        volume = sum(trade.size for trade in inside)
        turnover = sum(round(trade.price * PRICE_MICROS) * trade.size for trade in inside)
        yield BarClosed(
            event_id=make_id(BarClosed.__name__, first.source, symbol, BAR_S, opened_at),
            event_time=opened_at + width,
            source=first.source,
            simulated=first.simulated,
            symbol=symbol,
            interval_s=BAR_S,
            opened_at=opened_at,
            open=first.price,
            high=max(trade.price for trade in inside),
            low=min(trade.price for trade in inside),
            close=last.price,
            volume=volume,
            vwap=turnover / volume / PRICE_MICROS if volume else last.price,
            trade_count=len(inside),
        )


def _truth(segment: Segment, books: Sequence[BookUpdated]) -> Iterator[TruthRevealed]:
    name = np.array([SYMBOLS.index(book.symbol) for book in books])
    step = segment.steps(np.array([book.event_time for book in books]) - segment.started_at)
    flow, volatility = segment.path.flow[step, name], segment.path.volatility[step, name]
    known = latent.truth(flow, volatility)
    columns = (flow, volatility, known.expected_return, known.probability_up)
    for book, pressure, deviation, expected, up in zip(books, *(c.tolist() for c in columns), strict=True):
        yield TruthRevealed(
            event_id=make_id(TruthRevealed.__name__, book.source, book.symbol, book.event_time, latent.HORIZON_S),
            event_time=book.event_time,
            source=book.source,
            simulated=True,
            symbol=book.symbol,
            horizon_s=latent.HORIZON_S,
            flow=pressure,
            volatility=deviation,
            expected_return=expected,
            probability_up=up,
        )


def _level(sizes: Sequence[int], level: int) -> int:
    return sizes[level] if level < len(sizes) else 0
