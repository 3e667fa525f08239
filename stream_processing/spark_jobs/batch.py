"""The streaming queries over a recorded stretch, for training and research: the same transformations, the same rows.

What is read is either what Kafka holds between two moments, by the time at which it was appended, or a file of events,
one JSON a line in order of time, as `python -m data_ingestion.simulator` writes it. What is written is a tape: one file
a topic, `<topic>.jsonl`, in order of event time, the same bytes as in Kafka.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from contracts.errors import StateError
from stream_processing.spark_jobs.queries import QUERIES, Job, Query, kafka_options

SUFFIX: Final = ".jsonl"
_EVENT_TIME: Final = "$.event_time"
_EVENT_ID: Final = "$.event_id"
_TYPE: Final = "$.type"


class Records(Protocol):
    """Where recorded events come from."""

    def of(self, session: SparkSession, query: Query) -> DataFrame:
        """Records as Spark's Kafka source gives them, for the query's topics."""


class KafkaSpan(NamedTuple):
    """What Kafka holds of a stretch of time, milliseconds since the epoch; the end is left out."""

    job: Job
    begins_ms: int
    ends_ms: int

    def of(self, session: SparkSession, query: Query) -> DataFrame:
        """Records of the query's topics."""
        span = {"startingTimestamp": str(self.begins_ms), "endingTimestamp": str(self.ends_ms)}
        reader = session.read.format("kafka").options(**kafka_options(self.job), **span)
        # Where nothing was appended after a moment, there is nothing to read from it on.
        beyond = {"startingOffsetsByTimestampStrategy": "latest"}
        return reader.options(
            subscribe=",".join(topic.name for topic in query.sources), includeHeaders="true", **beyond
        ).load()


class RecordedFile(NamedTuple):
    """A file of events, one JSON a line."""

    path: Path

    def of(self, session: SparkSession, query: Query) -> DataFrame:
        """Its lines that belong into the query's topics."""
        kinds = {event.__name__: topic.name for topic in query.sources for event in topic.events}
        pairs = (f.lit(text) for pair in kinds.items() for text in pair)
        topic = f.create_map(*pairs)[f.get_json_object("value", _TYPE)]
        lines = session.read.text(str(self.path)).withColumn("topic", topic).where(f.col("topic").isNotNull())
        return lines.select(
            "topic",
            f.col("value").cast("binary").alias("value"),
            f.lit(None).cast("array<struct<key:string,value:binary>>").alias("headers"),
            f.timestamp_micros(f.get_json_object("value", _EVENT_TIME).cast("long")).alias("timestamp"),
            f.lit(0).alias("partition"),
            f.monotonically_increasing_id().alias("offset"),
        )


def compute(
    session: SparkSession,
    recorded: Records,
    job: Job,
    folder: Path,
    queries: Sequence[Query] = QUERIES,
    watched: Callable[[Sequence[Query]], Iterator[Query]] = iter,
) -> dict[str, int]:
    """Write the tape of all queries' results into a folder without one; rows by topic. `watched` may show progress."""
    sinks = [sink.name for query in queries for sink in query.sinks]
    taken = [name for name in sinks if (folder / f"{name}{SUFFIX}").exists()]
    if taken:
        raise StateError(f"{folder} already holds {', '.join(taken)}: name another folder, or remove that tape")
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    for query in watched(queries):
        rows |= _write(query, query.transform(recorded.of(session, query), job), folder)
    return rows


def _write(query: Query, made: DataFrame, folder: Path) -> dict[str, int]:
    """Sorted by Spark into parts, which are then put together into one file a topic."""
    topic = f.col("topic") if len(query.sinks) > 1 else f.lit(query.sinks[0].name)
    text = f.col("value").cast("string")
    order = (f.get_json_object(text, _EVENT_TIME).cast("long"), f.get_json_object(text, _EVENT_ID))
    parts = folder / f".{query.name}"
    lines = made.select(topic.alias("topic"), text.alias("value"), order[0].alias("time"), order[1].alias("id"))
    lines.orderBy("topic", "time", "id").select("topic", "value").write.partitionBy("topic").text(str(parts))
    rows = {}
    for sink in query.sinks:
        with (folder / f"{sink.name}{SUFFIX}").open("wb") as whole:
            for part in sorted((parts / f"topic={sink.name}").glob("part-*")):
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
        with (folder / f"{sink.name}{SUFFIX}").open("rb") as whole:
            rows[sink.name] = sum(1 for _ in whole)
    shutil.rmtree(parts)
    return rows
