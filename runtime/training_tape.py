"""What to train on: features out of the database, or a tape simulated for the purpose.

A simulated tape is made of books and trades, turned into feature events by the formulas that run live. That stands in
`runtime` because it joins what nothing else may: the simulator, the feature formulas and, through the entry point that
calls it, the models. The events are those of the stream, with the same ids; only their rates are set here. The truth is
that of the mid at each book, instead of the fair price at each second, so that a model's score has a counterpart.
"""

import os
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from contracts.events import BookUpdated, Event, MicrostructureComputed
from contracts.ids import make_id
from data_ingestion.simulator.core.clock import year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
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


def artefact_path() -> Path:
    """The artefact that scoring loads, as the settings say."""
    return REPOSITORY / load_settings(os.environ).model.short_term_artefact


def stored(hours: float) -> Iterator[Event]:
    """Features of the last hours from the database that runs, or that the settings name."""
    dsn = endpoints.database_dsn(load_settings(os.environ), os.environ)
    yield from feature_rows(dsn, time.time_ns() // 1000 - round(hours * 3.6e9))


def simulated(seed: int, minutes: int) -> Iterator[list[Event]]:
    """One list a minute: features of its books, its bars, and the truth behind each book."""
    tape = Tape(World(seed), Rates(0.0, BOOKS_PER_S), year_of(STARTED_AT))
    for segment in islice(tape.segments(STARTED_AT), minutes):
        books = [event for event in tape.parts(segment).books if isinstance(event, BookUpdated)]
        name = np.array([SYMBOLS.index(book.symbol) for book in books])
        moment = np.array([book.event_time for book in books])
        yield [*microstructure(books), *tape.bars_of(segment), *tape.truth_of_mids(segment, name, moment)]


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


def _level(sizes: Sequence[int], level: int) -> int:
    return sizes[level] if level < len(sizes) else 0
