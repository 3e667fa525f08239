import msgspec
from msgspec.structs import replace

from contracts.events import BookUpdated, QuoteReceived, RecordRejected
from contracts.wire import decode, encode
from data_ingestion.data_validators.judge import TEXT_LIMIT, Judge
from tests.unit.data_ingestion.data_validators.examples import BOOK, NOW, QUOTE


def test_a_good_event_stands_as_it_is() -> None:
    verdict = Judge().judge(QUOTE, NOW)
    assert verdict.event is QUOTE
    assert verdict.oddities == ()


def test_an_odd_event_stands_and_everything_odd_is_told() -> None:
    judge = Judge(frozenset({QuoteReceived}))
    judge.judge(QUOTE, NOW)
    verdict = judge.judge(replace(QUOTE, bid=11.0, sequence=9), NOW + 31_000_000)
    assert verdict.event.event_id == QUOTE.event_id
    assert verdict.oddities == ("crossed", "stale", "gap")


def test_an_impossible_event_becomes_its_rejection() -> None:
    bad = replace(BOOK, bid_sizes=())
    rejected = Judge().judge(bad, NOW + 7).event
    assert isinstance(rejected, RecordRejected)
    assert rejected.reason == "ragged_book"
    assert rejected.topic == "market.books"
    assert rejected.event_time == NOW + 7
    assert rejected.offset == bad.sequence
    assert msgspec.json.decode(rejected.record, type=BookUpdated) == bad
    assert decode("market.rejected", encode(rejected)) == rejected


def test_a_rejection_is_the_same_whenever_it_is_made_and_fits_its_limits() -> None:
    huge = replace(BOOK, bid_prices=tuple(float(n) for n in range(2_000, 0, -1)), bid_sizes=())
    first, again = (Judge().judge(huge, now).event for now in (NOW, NOW + 5))
    assert first.event_id == again.event_id != huge.event_id
    assert isinstance(first, RecordRejected)
    assert len(first.record) == TEXT_LIMIT
    encode(first)


def test_a_rejected_event_does_not_move_its_stream_on() -> None:
    judge = Judge(frozenset({QuoteReceived}))
    judge.judge(QUOTE, NOW)
    judge.judge(replace(QUOTE, sequence=6, event_time=1), NOW)
    assert judge.judge(replace(QUOTE, sequence=6), NOW).oddities == ()
