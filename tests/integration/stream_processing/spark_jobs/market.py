"""A stretch of simulated market, and what its features must be, worked out without Spark."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import takewhile
from typing import Final

import numpy as np

from contracts.events import BarClosed, BookUpdated, Event, OptionQuoteReceived, TradeReceived
from contracts.ids import make_id
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from models.quantitative.blocks import evaluate
from models.quantitative.quotes import QuoteGreeks, greeks_from_quote
from models.quantitative.times import years_between
from stream_processing.feature_engineering.microstructure import LEVELS, MICROSTRUCTURE

STARTED_AT: Final = 1_767_225_600_000_000
MARKET_TOPIC_EVENTS: Final = (OptionQuoteReceived, BookUpdated, TradeReceived)


def market(seconds: float) -> list[Event]:
    """Option quotes, books and trades of the first seconds of a run."""
    events = Tape(World(7), Rates(50.0, 2.0), 2026).events(STARTED_AT - 1)
    early = takewhile(lambda event: event.event_time < STARTED_AT + seconds * 1e6, events)
    return [event for event in early if isinstance(event, MARKET_TOPIC_EVENTS)]


def greeks_of(quotes: Sequence[OptionQuoteReceived]) -> dict[str, dict[str, float]]:
    """Quote's id → what NumPy makes of it."""

    def column(name: str) -> list[float]:
        return [getattr(quote, name) for quote in quotes]

    result = greeks_from_quote(
        column("bid"),
        column("ask"),
        column("underlying_price"),
        column("strike"),
        years_between(column("event_time"), column("expires_at")),
        column("rate"),
        column("dividend_yield"),
        [quote.right == "C" for quote in quotes],
    )
    names = QuoteGreeks._fields[1:]
    columns = [getattr(result, name).tolist() for name in names]
    return {quote.event_id: dict(zip(names, row, strict=True)) for quote, *row in zip(quotes, *columns, strict=True)}


def microstructure_of(book: BookUpdated) -> dict[str, float]:
    """What NumPy makes of a two-sided book."""
    sizes = [
        np.float64(size) for side in (book.bid_sizes, book.ask_sizes) for size in (*side, *[0] * (LEVELS - len(side)))
    ]
    results = evaluate(MICROSTRUCTURE, book.bid_prices[0], book.ask_prices[0], *sizes)
    return {name: float(value) for name, value in zip(MICROSTRUCTURE.outputs, results, strict=True)}


def bars_of(trades: Iterable[TradeReceived], interval_s: int, lateness_us: int) -> dict[str, BarClosed]:
    """Bars, by id, that these trades close: each trade counts once however often it is given."""
    once = {trade.event_id: trade for trade in trades}
    groups: dict[tuple[str, int], list[TradeReceived]] = defaultdict(list)
    for trade in once.values():
        groups[trade.symbol, trade.event_time // (interval_s * 1_000_000)].append(trade)
    watermark = max(trade.event_time for trade in once.values()) - lateness_us
    bars = (_bar(group, interval_s) for group in groups.values())
    return {bar.event_id: bar for bar in bars if bar.event_time <= watermark}


def _bar(trades: Sequence[TradeReceived], interval_s: int) -> BarClosed:
    ordered = sorted(trades, key=lambda trade: (trade.event_time, trade.sequence))
    first, prices = ordered[0], [trade.price for trade in ordered]
    volume = sum(trade.size for trade in ordered)
    turnover = sum(_exact(trade.price) * trade.size for trade in ordered)
    width_us = interval_s * 1_000_000
    opened_at = first.event_time // width_us * width_us
    return BarClosed(
        event_id=make_id("BarClosed", first.source, first.symbol, interval_s, opened_at),
        event_time=opened_at + width_us,
        source=first.source,
        simulated=first.simulated,
        symbol=first.symbol,
        interval_s=interval_s,
        opened_at=opened_at,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=volume,
        vwap=float(turnover) / volume if volume else prices[-1],
        trade_count=len(ordered),
    )


def _exact(price: float) -> Decimal:
    return Decimal(repr(price)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
