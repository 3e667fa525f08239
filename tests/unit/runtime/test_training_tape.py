"""The training tape against the contracts and, event by event, against the simulator it is made of."""

from itertools import takewhile

import msgspec
import pytest

from contracts import wire
from contracts.events import BarClosed, BookUpdated, Event, MicrostructureComputed, TradeReceived, TruthRevealed
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from runtime import training_tape

MINUTE = 60_000_000


@pytest.fixture(scope="module")
def two_minutes() -> list[Event]:
    return [event for minute in training_tape.simulated(seed=3, minutes=2) for event in minute]


@pytest.fixture(scope="module")
def market() -> list[Event]:
    made = Tape(World(3), Rates(0.0, training_tape.BOOKS_PER_S), 2026).events(training_tape.STARTED_AT - 1)
    return list(takewhile(lambda event: event.event_time < training_tape.STARTED_AT + 2 * MINUTE, made))


def test_features_belong_to_the_books_of_the_same_run(two_minutes: list[Event], market: list[Event]) -> None:
    books = {event.event_id: event for event in market if isinstance(event, BookUpdated)}
    features = [event for event in two_minutes if isinstance(event, MicrostructureComputed)]
    assert {event.book_id for event in features} == books.keys()
    for event in features:
        book = books[event.book_id]
        bids, asks = sum(book.bid_sizes), sum(book.ask_sizes)
        assert event.event_id == make_id("MicrostructureComputed", book.event_id)
        assert (event.event_time, event.symbol, event.source) == (book.event_time, book.symbol, book.source)
        assert event.mid == pytest.approx((book.bid_prices[0] + book.ask_prices[0]) / 2)
        assert event.spread == pytest.approx(book.ask_prices[0] - book.bid_prices[0])
        assert event.imbalance_10 == pytest.approx((bids - asks) / (bids + asks))
        assert event.imbalance_1 == pytest.approx(
            (book.bid_sizes[0] - book.ask_sizes[0]) / (book.bid_sizes[0] + book.ask_sizes[0])
        )


def test_bars_hold_the_trades_of_their_minute(two_minutes: list[Event], market: list[Event]) -> None:
    trades = [event for event in market if isinstance(event, TradeReceived)]
    bars = [event for event in two_minutes if isinstance(event, BarClosed)]
    assert len(bars) == 20
    assert sum(one.volume for one in bars) == sum(trade.size for trade in trades)
    for one in bars:
        inside = [t for t in trades if t.symbol == one.symbol and one.opened_at <= t.event_time < one.event_time]
        prices = [trade.price for trade in sorted(inside, key=lambda t: (t.event_time, t.sequence))]
        assert (one.open, one.high, one.low, one.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert one.vwap == pytest.approx(sum(t.price * t.size for t in inside) / one.volume)
        assert one.trade_count == len(inside)
        assert one.event_time - one.opened_at == MINUTE
        assert one.event_id == make_id("BarClosed", one.source, one.symbol, 60, one.opened_at)


def test_the_truth_agrees_with_what_the_simulator_reveals(two_minutes: list[Event], market: list[Event]) -> None:
    """At each book instead of each second, and of the mid: within what flow, volatility and half a tick can do."""
    revealed = {(e.symbol, e.event_time): e for e in market if isinstance(e, TruthRevealed)}
    truths = [event for event in two_minutes if isinstance(event, TruthRevealed)]
    assert len(truths) == sum(isinstance(event, MicrostructureComputed) for event in two_minutes)
    gaps = [
        abs(event.probability_up - revealed[event.symbol, event.event_time // 1_000_000 * 1_000_000].probability_up)
        for event in truths
    ]
    assert sum(gaps) / len(gaps) < 0.1
    assert all((event.expected_return > 0) == (event.probability_up > 0.5) for event in truths)


def test_every_event_is_legal_and_simulated(two_minutes: list[Event]) -> None:
    for event in two_minutes:
        assert wire.decode(BY_EVENT[type(event)].name, wire.encode(event)) == event
        assert event.simulated


def test_the_same_seed_gives_the_same_tape_and_another_does_not() -> None:
    def tape(seed: int) -> list[list[Event]]:
        return list(training_tape.simulated(seed, minutes=1))

    assert tape(1) == tape(1)
    assert tape(1) != tape(2)


def test_a_book_with_few_levels_has_features_too(market: list[Event]) -> None:
    book = next(event for event in market if isinstance(event, BookUpdated))
    thin = msgspec.structs.replace(
        book,
        bid_prices=book.bid_prices[:2],
        bid_sizes=(300, 100),
        ask_prices=book.ask_prices[:1],
        ask_sizes=(100,),
    )
    (features,) = training_tape.microstructure([thin])
    assert features.imbalance_1 == pytest.approx(0.5)
    assert features.imbalance_10 == pytest.approx(0.6)
