import pytest
from msgspec.structs import replace

from contracts.events import BookUpdated, Event, QuoteReceived
from data_ingestion.data_validators import odd
from data_ingestion.data_validators.odd import STALE_AFTER_US, Sequences, odd_prices, odd_time
from tests.unit.data_ingestion.data_validators.examples import BOOK, NOW, OPTION, QUOTE, TRADE


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (QUOTE, None),
        (TRADE, None),
        (BOOK, None),
        (replace(QUOTE, bid=10.2), "crossed"),
        (replace(QUOTE, bid=10.1), "locked"),
        (replace(OPTION, bid=2.0), "crossed"),
        (replace(OPTION, bid=0.0, ask=0.0), None),
        (replace(QUOTE, ask=0.0), None),
        (replace(BOOK, bid_prices=(10.1, 9.9)), "locked"),
        (replace(BOOK, bid_prices=(10.3, 9.9)), "crossed"),
        (replace(BOOK, ask_prices=(), ask_sizes=()), None),
    ],
)
def test_best_prices(event: Event, expected: str | None) -> None:
    assert odd_prices(event) == expected


def test_age_of_the_event_and_of_its_underlying() -> None:
    assert odd_time(QUOTE, NOW + STALE_AFTER_US) is None
    assert odd_time(QUOTE, NOW + STALE_AFTER_US + 1) == "stale"
    assert odd_time(replace(OPTION, underlying_time=NOW - STALE_AFTER_US), NOW) is None
    assert odd_time(replace(OPTION, underlying_time=NOW - STALE_AFTER_US - 1), NOW) == "stale_underlying"


def test_a_stream_that_runs_on_is_not_odd_wherever_it_begins() -> None:
    sequences = Sequences(frozenset({QuoteReceived}))
    assert [sequences.odd(replace(QUOTE, sequence=n)) for n in (7, 8, 9)] == [None, None, None]


def test_repeats_returns_and_jumps() -> None:
    sequences = Sequences(frozenset({QuoteReceived}))
    found = [sequences.odd(replace(QUOTE, sequence=n)) for n in (7, 7, 9, 8, 10)]
    assert found == [None, "duplicate", "gap", "out_of_order", None]


def test_zero_is_no_number() -> None:
    sequences = Sequences(frozenset({QuoteReceived}))
    assert [sequences.odd(replace(QUOTE, sequence=n)) for n in (7, 0, 0, 8)] == [None] * 4


def test_a_jump_is_no_gap_where_nothing_was_promised() -> None:
    sequences = Sequences(frozenset({BookUpdated}))
    assert [sequences.odd(replace(QUOTE, sequence=n)) for n in (7, 20, 20)] == [None, None, "duplicate"]


def test_streams_are_kinds_under_their_keys() -> None:
    sequences = Sequences(frozenset({QuoteReceived, BookUpdated}))
    events = (QUOTE, BOOK, replace(QUOTE, symbol="MSFT"), OPTION, replace(OPTION, contract="AAPL260116P00010000"))
    assert [sequences.odd(event) for event in events] == [None] * 5


def test_memory_of_streams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odd, "MAX_STREAMS", 2)
    sequences = Sequences(frozenset())
    symbols = ("A", "B", "C")
    assert [sequences.odd(replace(QUOTE, symbol=symbol)) for symbol in symbols] == [None] * 3
    assert sequences.odd(replace(QUOTE, symbol="C")) == "duplicate"
    assert sequences.odd(replace(QUOTE, symbol="A")) is None  # forgotten
