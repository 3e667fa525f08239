"""What a machine is given of some records, and what is made of what it says; with Spark it is tested elsewhere."""

import math
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
from msgspec.structs import replace

from contracts import wire
from contracts.events import Event, QuoteReceived, TimePassed, TradeReceived
from contracts.topics import BY_EVENT, CLOCK, QUOTES, TRADES
from stream_processing.spark_jobs import machines
from tests.unit.contracts.examples import EXAMPLES

NOW = max(event.event_time for event in EXAMPLES)


class Echo:
    """Says what it reads."""

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        yield from events

    def kept(self) -> bytes:
        return b""

    def figures(self) -> Mapping[str, float]:
        return {"seen": 2.0, "never": 0.0}


def example(kind: type[Event]) -> Event:
    return next(event for event in EXAMPLES if isinstance(event, kind))


def frame(*records: tuple[str, int, bytes], appended_at: int = NOW) -> pd.DataFrame:
    rows = [(appended_at, topic == CLOCK.name, topic, 0, offset, value) for topic, offset, value in records]
    return pd.DataFrame(rows, columns=list(machines.READ))


def test_records_come_in_the_order_of_their_partitions_and_the_clock_last() -> None:
    trades = [wire.encode(replace(example(TradeReceived), sequence=number)) for number in range(3)]
    passed, quote = wire.encode(example(TimePassed)), wire.encode(example(QuoteReceived))
    quoted = frame((CLOCK.name, 0, passed), (TRADES.name, 2, trades[2]), (TRADES.name, 0, trades[0]))
    made = machines.said(Echo(), [quoted, frame((QUOTES.name, 7, quote), (TRADES.name, 1, trades[1]))]).rows
    records = made[made["topic"].notna()]
    assert records["value"].tolist() == [quote, *trades, passed]
    assert records["topic"].tolist() == [QUOTES.name, *[TRADES.name] * 3, CLOCK.name]
    assert set(records["key"]) == {b"AAPL"}
    assert (records["due"] == example(TradeReceived).event_time).all()


def test_what_kafka_got_earlier_comes_earlier() -> None:
    passed, trade = wire.encode(example(TimePassed)), wire.encode(example(TradeReceived))
    rows = pd.concat([frame((TRADES.name, 0, trade), appended_at=NOW + 1), frame((CLOCK.name, 0, passed))])
    made = machines.said(Echo(), [rows]).rows
    assert made["value"].dropna().tolist() == [passed, trade]


def test_figures_come_out_beside_and_those_of_nothing_do_not() -> None:
    made = machines.said(Echo(), [frame((TRADES.name, 0, wire.encode(example(TradeReceived))))]).rows
    told = made[made["topic"].isna()]
    assert dict(zip(told["figure"], told["amount"], strict=True)) == {
        "seen": 2.0,
        machines.REACHED: example(TradeReceived).event_time / 1e6,
    }


def test_what_is_no_event_of_its_topic_is_counted_and_passed_over() -> None:
    trade = wire.encode(example(TradeReceived))
    broken = (b"", b"{", b"\xff", trade[:-9], trade.replace(b'"price":', b'"price":-'))
    made = machines.said(Echo(), [frame(*((TRADES.name, at, value) for at, value in enumerate((*broken, trade))))]).rows
    assert made[made["topic"].notna()]["value"].tolist() == [trade]
    assert made[made["figure"] == machines.REJECTED]["amount"].tolist() == [len(broken)]
    assert {type(due) for due in made["due"]} == {int, type(None)}, "a missing number would make doubles of them"


class Shouting(Echo):
    """Says what no contract allows."""

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            yield replace(event, price=math.inf)
            yield event


def test_what_a_machine_must_not_say_is_counted_and_stops_nothing() -> None:
    trade = wire.encode(example(TradeReceived))
    made = machines.said(Shouting(), [frame((TRADES.name, 0, trade))]).rows
    assert made["value"].dropna().tolist() == [trade]
    assert made[made["figure"] == machines.UNSAID]["amount"].tolist() == [1.0]


def test_what_is_said_goes_where_its_event_belongs() -> None:
    for event in EXAMPLES:
        topic = BY_EVENT[type(event)]
        made = machines.said(Echo(), [frame((topic.name, 0, wire.encode(event)))]).rows
        assert made["topic"].dropna().tolist() == [topic.name]
        assert made["key"].dropna().tolist() == [wire.key_of(event)]
