"""The derived types and conditions against the contract: Spark must read and write what `contracts.wire` does."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from contracts import stages, wire
from contracts.errors import RejectedRecord
from contracts.events import BookUpdated, Event, GreeksComputed, OptionQuoteReceived, TradeReceived
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from stream_processing.spark_jobs import greeks, microstructure, records, schema
from tests.unit.contracts.examples import EXAMPLES

APPENDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "key binary, value binary, timestamp timestamp, headers array<struct<key:string,value:binary>>"
MAX_METHOD_BYTES = 65_535
"""The limit of the class file format; above it Spark falls back to interpreting row by row."""


def market(spark: SparkSession, values: Sequence[bytes | None]) -> DataFrame:
    """Records as the Kafka source gives them."""
    return spark.createDataFrame([(b"key", value, APPENDED_AT, None) for value in values], COLUMNS)


def example(kind: type[Event]) -> Event:
    return next(event for event in EXAMPLES if type(event) is kind)


def changed(event: Event, **values: object) -> bytes:
    return json.dumps(json.loads(wire.encode(event)) | values).encode()


def is_accepted_by_the_contract(topic: str, value: bytes | None) -> bool:
    try:
        wire.decode(topic, value or b"")
    except RejectedRecord:
        return False
    return True


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_every_event_goes_through_spark_unchanged(spark: SparkSession, event: Event) -> None:
    kind = type(event)
    rows = records.legal_events(market(spark, [wire.encode(event)]), kind)
    written = rows.select(schema.wire(kind, {name: f.col(name) for name in kind.__struct_fields__})).collect()
    assert [wire.decode(BY_EVENT[kind].name, row[0].encode()) for row in written] == [event]


def test_spark_accepts_what_the_contract_accepts(spark: SparkSession) -> None:
    quote, book = example(OptionQuoteReceived), example(BookUpdated)
    cases: dict[type[Event], list[bytes | None]] = {
        OptionQuoteReceived: [
            wire.encode(quote),
            changed(quote, bid=0),
            changed(quote, rate=-0.01),
            changed(quote, bid=-0.01),
            changed(quote, ask=1e10),
            changed(quote, strike=0.0),
            changed(quote, strike="190"),
            changed(quote, right="X"),
            changed(quote, multiplier=0),
            changed(quote, event_id="0" * 31),
            changed(quote, event_id="G" * 32),
            changed(quote, event_id=None),
            changed(quote, event_time=-1),
            changed(quote, event_time=1.5),
            changed(quote, event_time=10**18),
            changed(quote, contract=""),
            changed(quote, contract="x" * 33),
            changed(quote, simulated="true"),
            changed(quote, schema_version=2),
            changed(quote, type="TradeReceived"),
            wire.encode(quote).replace(b'"schema_version":1,', b""),
            wire.encode(quote).replace(b'"underlying":"AAPL",', b""),
            wire.encode(quote).replace(b'"bid":4.1', b'"bid":NaN'),
            wire.encode(quote).replace(b'"bid":4.1', b'"bid":1e999'),
            wire.encode(example(TradeReceived)),
            b"", b"{", b"null", b"7", b"\xff", None,
        ],
        BookUpdated: [
            wire.encode(book),
            changed(book, bid_prices=[], bid_sizes=[]),
            changed(book, bid_prices=[1.0] * 11),
            changed(book, bid_prices=[1.0, None]),
            changed(book, bid_prices=[1.0, -1.0]),
            changed(book, ask_sizes=[10**16]),
            changed(book, ask_sizes=None),
            changed(book, ask_sizes=7),
        ],
    }  # fmt: skip
    for kind, values in cases.items():
        numbered = [(str(number).encode(), value, APPENDED_AT, None) for number, value in enumerate(values)]
        # The key is not part of a legal event, so the number of the case travels as a header.
        frame = spark.createDataFrame(numbered, COLUMNS).withColumn(
            "headers", f.array(f.struct(f.lit("case").alias("key"), f.col("key").alias("value")))
        )
        passed = {int(row.headers[0].value) for row in records.legal_events(frame, kind).collect()}
        topic = BY_EVENT[kind].name
        wanted = {number for number, value in enumerate(values) if is_accepted_by_the_contract(topic, value)}
        assert passed == wanted, [values[number] for number in passed ^ wanted]


def test_identities_are_those_of_the_contract(spark: SparkSession) -> None:
    row = spark.range(1).select(schema.make_id("GreeksComputed", f.lit("ab"), 1), schema.make_id("é", f.col("id")))
    assert tuple(row.collect()[0]) == (make_id("GreeksComputed", "ab", 1), make_id("é", 0))


def test_a_number_that_json_cannot_hold_is_written_as_null(spark: SparkSession) -> None:
    event = example(GreeksComputed)
    rows = records.legal_events(market(spark, [wire.encode(event)]), GreeksComputed)
    values = {name: f.col(name) for name in GreeksComputed.__struct_fields__}
    spoiled = {"implied_vol": f.lit(float("nan")), "delta": f.lit(float("inf")), "rho": f.lit(None)}
    text = rows.select(schema.wire(GreeksComputed, values | spoiled)).collect()[0][0]
    written = wire.decode("features.greeks", text.encode())
    assert isinstance(written, GreeksComputed)
    assert (written.implied_vol, written.delta, written.rho) == (None, None, None)
    assert '"implied_vol":null' in text


def test_a_field_without_value_or_default_is_refused(spark: SparkSession) -> None:
    assert spark is not None  # columns need a running machine
    with pytest.raises(ValueError, match="event_id"):
        schema.wire(TradeReceived, {})


def test_stage_times_are_added_to_the_headers_there_are(spark: SparkSession) -> None:
    headers = records.stamped(f.col("headers"), stages.MARKET, f.col("timestamp"))
    frame = spark.createDataFrame([(b"", b"", APPENDED_AT, [("t.due", b"5")]), (b"", b"", APPENDED_AT, None)], COLUMNS)
    micros = str(int(APPENDED_AT.timestamp()) * 1_000_000).encode()
    stamp = ("t.market", micros)
    found = [[(header.key, bytes(header.value)) for header in row[0]] for row in frame.select(headers).collect()]
    assert found == [[("t.due", b"5"), stamp], [stamp]]


def test_a_one_sided_book_has_no_microstructure(spark: SparkSession) -> None:
    book = example(BookUpdated)
    one_sided = changed(book, ask_prices=[], ask_sizes=[])
    result = microstructure.transform(market(spark, [wire.encode(book), one_sided])).collect()
    assert len(result) == 1


def test_the_greeks_fit_into_generated_code(spark: SparkSession) -> None:
    plan = greeks.transform(market(spark, [wire.encode(example(OptionQuoteReceived))]))
    stages_of_code = plan._jdf.queryExecution().debug().codegenToSeq()
    sizes = [stages_of_code.apply(place)._3().maxMethodCodeSize() for place in range(stages_of_code.size())]
    assert sizes
    assert all(0 < size < MAX_METHOD_BYTES for size in sizes), sizes
