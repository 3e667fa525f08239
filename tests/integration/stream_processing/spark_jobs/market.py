"""A stretch of simulated market, and what its features must be, worked out without Spark."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from contracts.events import (
    BookUpdated,
    Event,
    OpenInterestReported,
    OptionQuoteReceived,
    OptionTraded,
    TimePassed,
)
from contracts.ids import make_id
from contracts.topics import BARS, BY_EVENT, Topic
from data_ingestion.simulator.core.clock import MICROS
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.publishing import published
from data_ingestion.simulator.tape import Rates, Tape
from models.quantitative.american_quadratic.quotes import StyleGreeks, greeks_by_style
from models.quantitative.blocks import evaluate
from models.quantitative.reasons import reason_names
from models.quantitative.times import years_between
from stream_processing.feature_engineering.machine import Factory, Stream
from stream_processing.feature_engineering.microstructure import LEVELS, MICROSTRUCTURE
from stream_processing.spark_jobs.queries import QUERIES

STARTED_AT: Final = 1_767_225_600_000_000
DAYS_BEFORE: Final = 60
"""Of which there are news, filings and the like."""
DAY_US: Final = 86_400_000_000
READ: Final = frozenset(topic for query in QUERIES for topic in query.sources) - {BARS}


def market(seconds: int) -> list[Event]:
    """What the queries read of the first seconds of a run, and what was slowly told before it."""
    tape = Tape(World(7), Rates(50.0, 2.0), 2026)
    told = published(tape.happened, tape.source, STARTED_AT - DAYS_BEFORE * DAY_US, STARTED_AT)
    run = [event for event in tape.run(STARTED_AT, STARTED_AT + seconds * MICROS) if BY_EVENT[type(event)] in READ]
    quoted = {event.contract for event in run if isinstance(event, OptionQuoteReceived | OptionTraded)}
    return [
        event for event in chain(told, run) if not isinstance(event, OpenInterestReported) or event.contract in quoted
    ]


def said(factory: Factory, sources: Collection[Topic], events: Sequence[Event], *, whole: bool = False) -> list[Event]:
    """What the machines of a query say of some events, each subject's in one go."""
    once = {event.event_id: event for event in events if BY_EVENT[type(event)] in sources or type(event) is TimePassed}
    subjects: dict[str, list[Event]] = defaultdict(list)
    for event in once.values():
        name = getattr(event, "underlying", "") or getattr(event, "symbol", "")
        subjects[event.source if whole else name].append(event)
    return [
        event
        for subject, own in subjects.items()
        for event in factory(Stream(own[0].source, subject, simulated=True), None).read(own)
    ]


METHODS: Final = {"european": "european-bsm", "american": "american-quadratic"}


def greeks_id(quote: OptionQuoteReceived) -> str:
    """The id of the quote's Greeks."""
    return make_id("GreeksComputed", quote.event_id, METHODS[quote.style])


def greeks_of(quotes: Sequence[OptionQuoteReceived]) -> dict[str, dict[str, float | str]]:
    """Quote's id → what NumPy makes of it."""

    def column(name: str) -> list[float]:
        return [getattr(quote, name) for quote in quotes]

    result = greeks_by_style(
        column("bid"),
        column("ask"),
        column("underlying_price"),
        column("strike"),
        years_between(column("event_time"), column("expires_at")),
        column("rate"),
        column("dividend_yield"),
        [quote.right == "C" for quote in quotes],
        [quote.style == "american" for quote in quotes],
        underlying_age_s=_ages_s(quotes),
    )
    names = ("reason", *StyleGreeks._fields[1:], "relative_spread", "size_imbalance", "underlying_age_s")
    columns: list[Any] = [
        reason_names(result.reason_code),
        *result[1:],
        (np.array(column("ask")) - column("bid")) / result.price,
        [_share(quote.bid_size, quote.ask_size) for quote in quotes],
        _ages_s(quotes),
    ]
    rows = zip(quotes, *columns, strict=True)
    return {quote.event_id: dict(zip(names, row, strict=True)) for quote, *row in rows}


def _ages_s(quotes: Sequence[OptionQuoteReceived]) -> list[float]:
    return [(quote.event_time - quote.underlying_time) / 1e6 for quote in quotes]


def _share(bids: int, asks: int) -> float:
    return (bids - asks) / (bids + asks) if bids + asks else np.nan


def microstructure_of(book: BookUpdated) -> dict[str, float]:
    """What NumPy makes of a two-sided book."""
    sizes = [
        np.float64(size) for side in (book.bid_sizes, book.ask_sizes) for size in (*side, *[0] * (LEVELS - len(side)))
    ]
    results = evaluate(MICROSTRUCTURE, book.bid_prices[0], book.ask_prices[0], *sizes)
    return {name: float(value) for name, value in zip(MICROSTRUCTURE.outputs, results, strict=True)}
