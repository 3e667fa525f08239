"""A stretch of simulated market, and what its features must be, worked out without Spark."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, takewhile
from math import log
from typing import Any, Final

import numpy as np

from contracts.events import BarClosed, BookUpdated, Event, OptionQuoteReceived, TradeReceived
from contracts.ids import make_id
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from models.quantitative.american_quadratic.quotes import StyleGreeks, greeks_by_style
from models.quantitative.blocks import evaluate
from models.quantitative.reasons import reason_names
from models.quantitative.times import years_between
from stream_processing.feature_engineering.microstructure import LEVELS, MICROSTRUCTURE

STARTED_AT: Final = 1_767_225_600_000_000
MARKET_TOPIC_EVENTS: Final = (OptionQuoteReceived, BookUpdated, TradeReceived)


def market(seconds: float) -> list[Event]:
    """Option quotes, books and trades of the first seconds of a run."""
    events = Tape(World(7), Rates(50.0, 2.0), 2026).events(STARTED_AT - 1)
    early = takewhile(lambda event: event.event_time < STARTED_AT + seconds * 1e6, events)
    return [event for event in early if isinstance(event, MARKET_TOPIC_EVENTS)]


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


def bars_of(trades: Iterable[TradeReceived], intervals_s: Sequence[int], lateness_us: int) -> dict[str, BarClosed]:
    """Bars, by id, that these trades close: each trade counts once however often it is given.

    A symbol's bar is closed once a trade of the symbol lies the lateness beyond its end.
    """
    once = {trade.event_id: trade for trade in trades}
    groups: dict[tuple[str, int, int], list[TradeReceived]] = defaultdict(list)
    latest: dict[str, int] = defaultdict(int)
    for trade in once.values():
        latest[trade.symbol] = max(latest[trade.symbol], trade.event_time)
        for interval_s in intervals_s:
            groups[trade.symbol, interval_s, trade.event_time // (interval_s * 1_000_000)].append(trade)
    bars = (_bar(group, interval_s) for (_, interval_s, _), group in groups.items())
    return {bar.event_id: bar for bar in bars if bar.event_time <= latest[bar.symbol] - lateness_us}


def _bar(trades: Sequence[TradeReceived], interval_s: int) -> BarClosed:
    ordered = sorted(trades, key=lambda trade: (trade.event_time, trade.sequence))
    first, prices = ordered[0], [trade.price for trade in ordered]
    volume = sum(trade.size for trade in ordered)
    turnover = sum(_exact(trade.price) * trade.size for trade in ordered)
    width_us = interval_s * 1_000_000
    opened_at = first.event_time // width_us * width_us
    seconds = {trade.event_time // 1_000_000: trade.price for trade in ordered}
    closes = [prices[0], *seconds.values()]
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
        signed_volume=sum(trade.side * trade.size for trade in ordered),
        realised_variance=sum(log(after / before) ** 2 for before, after in pairwise(closes)),
    )


def _exact(price: float) -> Decimal:
    return Decimal(repr(price)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
