from msgspec.structs import replace

from contracts.events import Event, RecordRejected
from contracts.stages import DUE, SENT
from data_ingestion.data_validators.judge import Judge
from data_ingestion.publisher import Publisher
from tests.unit.data_ingestion.data_validators.examples import BOOK, NOW, QUOTE
from tests.unit.data_ingestion.memory_sink import Figures, MemorySink


def publish(*events: Event, due: int = NOW - 250) -> tuple[MemorySink, Figures]:
    sink, figures = MemorySink(), Figures()
    publisher = Publisher(sink, Judge(), figures, lambda: NOW)
    for event in events:
        publisher.publish(event, due)
    return sink, figures


def test_an_event_goes_out_with_when_it_was_due_and_when_it_was_sent() -> None:
    sink, figures = publish(QUOTE)
    assert sink.sent == [(QUOTE, {DUE: NOW - 250, SENT: NOW})]
    assert figures.late_us == [250]
    assert figures.oddities == []


def test_an_odd_event_goes_out_and_is_noticed() -> None:
    sink, figures = publish(replace(QUOTE, bid=11.0))
    assert len(sink.events) == 1
    assert figures.oddities == ["crossed"]


def test_an_impossible_event_goes_out_as_its_rejection() -> None:
    sink, figures = publish(replace(BOOK, ask_sizes=()), QUOTE)
    rejected, kept = sink.events
    assert isinstance(rejected, RecordRejected)
    assert rejected.reason == "ragged_book"
    assert kept == QUOTE
    assert len(figures.late_us) == 2


def test_an_event_against_the_contract_goes_out_as_its_rejection() -> None:
    sink, figures = publish(replace(QUOTE, bid=float("nan")), replace(QUOTE, bid=-1.0))
    assert [type(event) for event in sink.events] == [RecordRejected, RecordRejected]
    assert {event.reason for event in sink.events if isinstance(event, RecordRejected)} == {"impossible"}
    assert figures.oddities == []


def test_a_rejection_made_by_a_parser_passes_through() -> None:
    made = publish(replace(BOOK, ask_sizes=()))[0].events[0]
    assert publish(made)[0].events == [made]
