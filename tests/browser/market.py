"""A market that plays in real time into topics in memory, with Greeks and signals made on the spot.

Prices, books and option quotes are the simulator's; Greeks are computed by the library; signals follow the imbalance
of the book. It stands in for ingestion, Spark, scoring and the engine where a test is about the application alone.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Literal

from contracts import stages
from contracts.events import BookUpdated, Event, GreeksComputed, Lineage, OptionQuoteReceived, SignalIssued
from contracts.ids import make_id
from data_ingestion.simulator.core.clock import MINUTE_US, year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import HISTORY_MINUTES, Rates, Tape
from models.quantitative.quotes import greeks_from_quote
from models.quantitative.reasons import reason_names
from models.quantitative.times import years_between
from tests.memory_topics import MemoryTopics

RATES = Rates(option_quotes_per_s=800.0, books_per_s=4.0)
STEP_S = 0.1
HOLDS_US = 4_000_000
"""A signal on a symbol is followed by the next one after this much time."""


def greeks_of(quotes: Sequence[OptionQuoteReceived]) -> list[GreeksComputed]:
    """What stream processing would make of option quotes."""
    columns = list(
        zip(
            *((q.bid, q.ask, q.underlying_price, q.strike, q.rate, q.dividend_yield, q.right == "C") for q in quotes),
            strict=True,
        )
    )
    bid, ask, price, strike, rate, dividend_yield, is_call = columns
    years = years_between([q.event_time for q in quotes], [q.expires_at for q in quotes])
    found = greeks_from_quote(bid, ask, price, strike, years, rate, dividend_yield, is_call)
    names = reason_names(found.reason_code)
    return [
        _greeks(quote, str(names[row]), [float(values[row]) for values in found[1:]])
        for row, quote in enumerate(quotes)
    ]


def _greeks(quote: OptionQuoteReceived, reason: str, values: Sequence[float]) -> GreeksComputed:
    price, implied_vol, delta, gamma, vega, theta, rho = [v if reason == "ok" else None for v in values]
    return GreeksComputed(
        event_id=make_id("GreeksComputed", quote.event_id),
        event_time=quote.event_time,
        source="tests",
        simulated=quote.simulated,
        quote_id=quote.event_id,
        contract=quote.contract,
        underlying=quote.underlying,
        expires_at=quote.expires_at,
        strike=quote.strike,
        right=quote.right,
        method="european-bsm",
        reason=reason,  # type: ignore[arg-type]  # the library's names are the contract's
        bid=quote.bid,
        ask=quote.ask,
        underlying_price=quote.underlying_price,
        underlying_time=quote.underlying_time,
        price=price,
        implied_vol=implied_vol,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=theta,
        rho=rho,
    )


def signal_of(book: BookUpdated) -> SignalIssued:
    """A recommendation from the imbalance of a book."""
    bids, asks = sum(book.bid_sizes[:3]), sum(book.ask_sizes[:3])
    imbalance = (bids - asks) / (bids + asks)
    action: Literal["Buy", "Sell", "Hold"] = "Buy" if imbalance > 0.2 else "Sell" if imbalance < -0.2 else "Hold"
    heavier = "bids" if imbalance > 0 else "asks"
    return SignalIssued(
        event_id=make_id("SignalIssued", book.event_id),
        event_time=book.event_time,
        source="tests",
        simulated=book.simulated,
        symbol=book.symbol,
        action=action,
        confidence=min(0.5 + abs(imbalance) / 4, 0.7),
        horizon_s=10,
        reference_price=(book.bid_prices[0] + book.ask_prices[0]) / 2,
        reason=f"{heavier} outweigh the other side by {abs(imbalance):.0%} over three levels",
        lineage=Lineage(
            tick_ids=(book.event_id,),
            feature_ids=(make_id("MicrostructureComputed", book.event_id), make_id("BarClosed", book.symbol)),
            prediction_ids=(make_id("PredictionMade", book.event_id),),
            model="order_flow",
            model_version="1a2b3c4d",
            settings_id=make_id("settings"),
        ),
    )


class Player:
    """Plays a run that starts now, in a thread, until it is stopped."""

    def __init__(self, topics: MemoryTopics) -> None:
        self._topics = topics
        self._started_at = time.time_ns() // 1000 // MINUTE_US * MINUTE_US
        self._tape = Tape(World(42), RATES, year_of(self._started_at))
        self._signalled: dict[str, int] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        """Return once the market is made: on a busy machine that takes longer than a page waits for its prices."""
        for bar in self._tape.bars(self._started_at, HISTORY_MINUTES):
            self._topics.append(bar)
        events = self._tape.events(self._started_at)
        self._thread = threading.Thread(target=self._play, args=(next(events), events), name="player", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _play(self, held: Event, events: Iterator[Event]) -> None:
        while not self._stop.wait(STEP_S):
            now = time.time_ns() // 1000
            due: list[Event] = []
            while held.event_time <= now:
                due.append(held)
                held = next(events)
            for event in self._made_of(due):
                self._topics.append(event, _stamps(event), appended_at=event.event_time + _TOOK_US)

    def _made_of(self, due: list[Event]) -> Iterator[Event]:
        quotes = [event for event in due if isinstance(event, OptionQuoteReceived)]
        if quotes:
            yield from greeks_of(quotes)
        for event in due:
            if isinstance(event, OptionQuoteReceived):
                continue
            yield event
            if isinstance(event, BookUpdated) and event.event_time - self._signalled.get(event.symbol, 0) > HOLDS_US:
                self._signalled[event.symbol] = event.event_time
                yield signal_of(event)


_STEPS_US = {
    stages.DUE: 0, stages.SENT: 900, stages.MARKET: 3_000, stages.FEATURES: 11_000, stages.SCORED: 13_400,
    stages.PREDICTED: 15_000, stages.DECIDED: 16_100,
}  # fmt: skip
_TOOK_US = 18_000


def _stamps(event: Event) -> dict[str, int]:
    """Times as a quick machine has them."""
    return {name: event.event_time + step for name, step in _STEPS_US.items()}
