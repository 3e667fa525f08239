from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

import pytest

from contracts.events import BookUpdated, Event, QuoteReceived, TradeReceived
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from contracts.wire import decode, encode
from data_ingestion.data_validators.judge import Judge
from data_ingestion.simulator.orders.books import book_events
from data_ingestion.simulator.orders.trades import trade_events
from data_ingestion.simulator.universe import SYMBOLS
from tests.unit.data_ingestion.simulator.orders.made import COLUMNS, FIRST, Minute, minute

SOURCE = "simulator-42-0a1b2c3d"


def of_minute(made: Minute) -> Iterator[Event]:
    return chain(
        book_events(made.segment, COLUMNS, made.books, SOURCE), trade_events(made.segment, COLUMNS, made.trades, SOURCE)
    )


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(of_minute(minute(FIRST)))


def test_every_event_is_legal_labelled_and_its_own(events: list[Event]) -> None:
    assert len({event.event_id for event in events}) == len(events) > 5_000
    for event in events:
        assert event.simulated
        assert event.source == SOURCE
        assert decode(BY_EVENT[type(event)].name, encode(event)) == event


def test_ids_follow_the_rule_of_the_contract(events: list[Event]) -> None:
    for event in events:
        assert isinstance(event, (BookUpdated, QuoteReceived, TradeReceived))
        kind = type(event).__name__
        assert event.event_id == make_id(kind, SOURCE, event.symbol, event.event_time, event.sequence)


def test_the_judge_finds_nothing_wrong_or_odd(events: list[Event]) -> None:
    judge = Judge(frozenset({BookUpdated, QuoteReceived, TradeReceived}))
    for event in chain(events, of_minute(minute(FIRST + 1))):
        verdict = judge.judge(event, event.event_time)
        assert verdict.event is event
        assert verdict.oddities == ()


def test_books_have_ten_levels_and_quotes_show_their_top(events: list[Event]) -> None:
    pairs = [event for event in events if not isinstance(event, TradeReceived)]
    for book, quote in zip(pairs[::2], pairs[1::2], strict=True):
        assert isinstance(book, BookUpdated)
        assert isinstance(quote, QuoteReceived)
        assert len(book.bid_prices) == len(book.ask_sizes) == 10
        assert (quote.bid, quote.ask, quote.event_time) == (book.bid_prices[0], book.ask_prices[0], book.event_time)
        assert (quote.bid_size, quote.ask_size) == (book.bid_sizes[0], book.ask_sizes[0])
        assert (quote.symbol, quote.sequence) == (book.symbol, book.sequence)


def test_prices_are_whole_cents(events: list[Event]) -> None:
    prices = [event.price for event in events if isinstance(event, TradeReceived)]
    prices += [price for event in events if isinstance(event, BookUpdated) for price in event.bid_prices]
    assert all(price == round(price, 2) for price in prices)


def test_all_names_are_there_and_times_lie_in_the_minute(events: list[Event]) -> None:
    start = minute(FIRST).segment.started_at
    assert {event.symbol for event in events if isinstance(event, BookUpdated)} == set(SYMBOLS)
    assert all(start <= event.event_time < start + 60_000_000 for event in events)


def test_the_same_seed_gives_the_same_bytes(events: list[Event]) -> None:
    first, again = (sha256(b"\n".join(map(encode, made))).hexdigest() for made in (events, of_minute(minute(FIRST))))
    assert first == again
