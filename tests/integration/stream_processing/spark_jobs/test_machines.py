"""Whose event a record is, however its JSON is written."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from pyspark.sql import SparkSession
from pyspark.sql import types as t

from contracts import wire
from contracts.events import Event, OptionTraded, TradeReceived
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering.machine import Stream
from stream_processing.spark_jobs import machines
from tests.unit.contracts.examples import EXAMPLES

SCHEMA = t.StructType(
    [
        t.StructField("topic", t.StringType()),
        t.StructField("value", t.BinaryType()),
        t.StructField("partition", t.IntegerType()),
        t.StructField("offset", t.LongType()),
        t.StructField("timestamp", t.TimestampType()),
    ]
)
TRADE = next(event for event in EXAMPLES if isinstance(event, TradeReceived))
OPTION_TRADE = next(event for event in EXAMPLES if isinstance(event, OptionTraded))


class Owned:
    """Says the trades that it reads, as of whom it was made for."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        source, subject, simulated = self._stream
        for event in events:
            if isinstance(event, OptionTraded):
                yield replace(event, source=source, underlying=subject, simulated=simulated)
            elif isinstance(event, TradeReceived):
                yield replace(event, source=source, symbol=subject, simulated=simulated)

    def kept(self) -> bytes:
        return b""

    def figures(self) -> Mapping[str, float]:
        return {}


def owned(stream: Stream, _kept: bytes | None) -> Owned:
    return Owned(stream)


def wide(event: Event) -> bytes:
    """With spaces, and the other way round."""
    return json.dumps(dict(reversed(json.loads(wire.encode(event)).items())), indent=1).encode()


def escaped(event: Event) -> bytes:
    """With an escape in the source's name."""
    return wire.encode(event).replace(b'"source":"', b'"source":"\\u0061')


@pytest.mark.parametrize("event", [TRADE, OPTION_TRADE, replace(TRADE, simulated=not TRADE.simulated)])
def test_an_event_belongs_to_its_source_and_subject(spark: SparkSession, event: Event) -> None:
    values = [wire.encode(event), wide(event), escaped(event), b"{}", b"", b"\xff\\", wire.encode(event)[:-40]]
    topic, now = BY_EVENT[type(event)].name, datetime.now(UTC)
    rows = [(topic, value, 0, offset, now) for offset, value in enumerate(values)]
    made = machines.transform(
        spark.createDataFrame(rows, SCHEMA), owned, query="owned", figures=(), whole=False
    ).collect()
    told = sorted((wire.decode(row.topic, bytes(row.value)) for row in made), key=lambda one: one.source)
    assert told == sorted([event, event, replace(event, source="a" + event.source)], key=lambda one: one.source)
