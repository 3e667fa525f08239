"""The producer against a real broker: nothing is lost under back-pressure, and what fails is said."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from contracts import topics
from contracts.errors import PartError, RejectedRecord
from contracts.events import Event, OptionQuoteReceived, QuoteReceived
from contracts.ports import Message
from contracts.stages import DUE, SENT
from contracts.wire import decode
from data_ingestion.kafka_producers import idempotent
from data_ingestion.kafka_producers.idempotent import KafkaSink
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from runtime.kafka_source import KafkaSource
from tests.streaming_job import running_broker

NOWHERE: dict[str, Any] = {"bootstrap.servers": "127.0.0.1:9", "log_level": 0}


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("producer")) as address:
        yield address


def market(seed: int, count: int) -> list[Event]:
    return list(islice(Tape(World(seed), Rates(5_000.0, 4.0), 2026).events(1_767_225_600_000_000), count))


def held(bootstrap: str, topic: topics.Topic, source: str) -> list[Message]:
    reader = KafkaSource({"bootstrap.servers": bootstrap}, "tests", [topic], "earliest")
    left = {(end.topic, end.partition): end.offset for end in reader.ends() if end.offset}
    found: list[Message] = []
    while left:
        for message in reader.poll(1_000, 5.0):
            found.append(message)
            if message.offset + 1 >= left[message.topic, message.partition]:
                del left[message.topic, message.partition]
                if not left:
                    break
    reader.close()
    return [message for message in found if decode(topic.name, message.value).source == source]


def client(bootstrap: str, **further: str | int) -> dict[str, Any]:
    return {"bootstrap.servers": bootstrap, "log_level": 3, **further}


def test_events_arrive_with_their_stamps_in_order_for_each_key(bootstrap: str) -> None:
    events = market(1, 2_000)
    sink = KafkaSink(client(bootstrap))
    for event in events:
        sink.send(event, {DUE: event.event_time, SENT: event.event_time + 5})
    sink.flush(30.0)
    for topic in (topics.OPTION_QUOTES, topics.QUOTES, topics.BOOKS, topics.TRADES, topics.TRUTH):
        sent = [event for event in events if isinstance(event, topic.events)]
        messages = held(bootstrap, topic, events[0].source)
        received = [decode(topic.name, message.value) for message in messages]
        assert sorted(received, key=lambda e: e.event_id) == sorted(sent, key=lambda e: e.event_id)
        for message, event in zip(messages, received, strict=True):
            assert message.stamps == {DUE: event.event_time, SENT: event.event_time + 5}
        for key in {getattr(event, topic.key) for event in sent}:
            ordered = [event.event_id for event in received if getattr(event, topic.key) == key]
            assert ordered == [event.event_id for event in sent if getattr(event, topic.key) == key]


def test_a_full_queue_holds_the_sender_back_and_loses_nothing(bootstrap: str) -> None:
    quotes = [event for event in market(2, 6_000) if isinstance(event, OptionQuoteReceived)]
    sink = KafkaSink(client(bootstrap, **{"queue.buffering.max.messages": 50, "linger.ms": 20}))
    for event in quotes:
        sink.send(event, {DUE: event.event_time})
    sink.flush(30.0)
    received = [
        decode("market.option_quotes", m.value) for m in held(bootstrap, topics.OPTION_QUOTES, quotes[0].source)
    ]
    assert {event.event_id for event in received} == {event.event_id for event in quotes}
    assert len(received) == len(quotes)


def test_an_illegal_event_is_refused_before_it_is_queued(bootstrap: str) -> None:
    sink = KafkaSink(client(bootstrap))
    bad = QuoteReceived(
        event_id="0" * 32, event_time=1, source="x", simulated=True, symbol="AAPL", bid=float("nan"), ask=1.0,
        bid_size=1, ask_size=1, sequence=0,
    )  # fmt: skip
    with pytest.raises(RejectedRecord):
        sink.send(bad, {})
    sink.flush(5.0)
    assert held(bootstrap, topics.QUOTES, "x") == []


def test_an_absent_broker_is_an_error_that_says_what_to_do() -> None:
    sink = KafkaSink(NOWHERE)
    sink.send(market(3, 1)[0], {})
    with pytest.raises(PartError, match=r"1 events are not acknowledged after 0\.2 s.*optionsai status"):
        sink.flush(0.2)


def test_events_that_kafka_finally_did_not_take_are_reported_once() -> None:
    sink = KafkaSink(NOWHERE | {"message.timeout.ms": 100})
    for event in market(3, 3):
        sink.send(event, {})
    with pytest.raises(PartError, match=r"did not take 3 events, the last because: .*timed out"):
        sink.flush(20.0)
    sink.flush(1.0)


def test_a_queue_that_stays_full_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotent, "FULL_QUEUE_TIMEOUT_S", 0.2)
    sink = KafkaSink(NOWHERE | {"queue.buffering.max.messages": 2})
    first, second, third = market(3, 3)
    sink.send(first, {})
    sink.send(second, {})
    with pytest.raises(PartError, match="its queue stayed full"):
        sink.send(third, {})
