"""What a record says of whose it is, however its JSON is written."""

import json

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from stream_processing.spark_jobs import envelope

Found = tuple[str | None, ...]


def read(spark: SparkSession, value: bytes | None) -> Found:
    frame = spark.createDataFrame([(value,)], "value binary")
    frame = frame.withColumn("found", envelope.find(spark, f.col("value")))
    fields = (envelope.read(f.col("found"), f.col("value"), name).alias(name) for name in envelope.FIELDS)
    return tuple(frame.select(*fields).collect()[0])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b'{"source":"here","simulated":true,"symbol":"SPY"}', ("here", "true", None, "SPY")),
        (b'{"symbol":"","simulated":false}', (None, "false", None, "")),
        (b'{"underlying":"\xc3\xa9","price":1.5,"source":"a,b}c"}', ("a,b}c", None, "\u00e9", None)),
        (
            b'{"is":"source","in":{"source":"other","l":["symbol",{"symbol":"X"}]},"source":"s"}',
            ("s", None, None, None),
        ),
        (b'{"sources":"a","ource":"b","source":"c"}', ("c", None, None, None)),
        (b'{"source":"a\\"b","symbol":"SPY"}', ('a"b', None, None, "SPY")),
        (b'{"is":"\\\\","source":"a"}', ("a", None, None, None)),
        (b'{ "source" : "a" , "simulated" : true }', ("a", "true", None, None)),
        (b'{"source":null,"simulated":null,"symbol":7}', (None, None, None, "7")),
        (b'{"source":"a","symbol":{"is":"b"}}', ("a", None, None, '{"is":"b"}')),
        (b"", (None,) * 4),
        (b"{}", (None,) * 4),
        (b'{"source":', (None,) * 4),
        (b'{"source":"', (None,) * 4),
        (b'{"simulated":t', (None,) * 4),
        (b'"source":"a"}', (None,) * 4),
        (b"\xff\\", (None,) * 4),
        (None, (None,) * 4),
    ],
)
def test_fields_of_a_record(spark: SparkSession, value: bytes | None, found: Found) -> None:
    assert read(spark, value) == found


def test_a_record_cut_short_has_what_stands_before_the_cut(spark: SparkSession) -> None:
    text = json.dumps({"source": "a", "symbol": "SPY", "price": 1}, separators=(",", ":"))
    assert read(spark, text[:-5].encode()) == ("a", None, None, "SPY")


def test_the_first_of_several_fields_is_read(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(b'{"symbol":"SPY"}',), (b'{"underlying":"SPX"}',)], "value binary")
    frame = frame.withColumn("found", envelope.find(spark, f.col("value")))
    subject = envelope.read(f.col("found"), f.col("value"), "underlying", "symbol")
    assert [row[0] for row in frame.select(subject).collect()] == ["SPY", "SPX"]
