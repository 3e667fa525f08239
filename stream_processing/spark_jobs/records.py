"""Kafka records in and out of a query: parsed, checked and stamped with the stage times that travel in headers."""

from collections.abc import Mapping
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from contracts.events import Event
from contracts.topics import BY_EVENT
from stream_processing.spark_jobs import schema

HEADERS: Final = "headers"
APPENDED_AT: Final = "appended_at"
"""When Kafka appended the record, as a timestamp."""
FUTURE_US: Final = 60_000_000
"""An event dated so far after Kafka had it is passed over: whatever comes after it would be late beside it."""


def legal_events(records: DataFrame, event: type[Event]) -> DataFrame:
    """One row for each record that keeps the contract of `event`: its fields, `appended_at` and `headers`.

    The generator is there for the optimiser: it moves conditions through a projection, and would then parse the JSON
    once for every field that a condition looks at, but not through a generator.
    """
    parsed = records.where(f.octet_length("value") <= BY_EVENT[event].largest_bytes).select(
        f.inline(f.array(schema.parse(event, f.col("value")))),
        f.col("timestamp").alias(APPENDED_AT),
        f.col(HEADERS),
    )
    complete = parsed.withColumns(schema.with_defaults(event))
    is_event = (f.col("type") == event.__name__) & f.col(schema.UNREADABLE).isNull()
    is_timely = f.col("event_time") <= f.unix_micros(APPENDED_AT) + f.lit(FUTURE_US)
    return complete.where(is_event & schema.is_legal(event) & is_timely).drop("type", schema.UNREADABLE)


def outgoing(rows: DataFrame, event: type[Event], values: Mapping[str, Column], headers: Column) -> DataFrame:
    """Records of `event` made from `values`: columns `key`, `value` and `headers`."""
    key = values[BY_EVENT[event].key].cast("binary")
    return rows.select(key.alias("key"), schema.wire(event, values).alias("value"), headers.alias(HEADERS))


def stamped(headers: Column, stage: str, moment: Column) -> Column:
    """Headers and one more: the stage's moment in microseconds since the epoch, decimal."""
    return f.concat(f.coalesce(headers, f.array().cast("array<struct<key:string,value:binary>>")), stamp(stage, moment))


def stamp(stage: str, moment: Column) -> Column:
    """Headers that hold one stage's moment."""
    micros = f.unix_micros(moment).cast("string").cast("binary")
    return f.array(f.struct(f.lit(stage).alias("key"), micros.alias("value")))
