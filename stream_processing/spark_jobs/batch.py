"""The streaming queries over a recorded stretch, for training and research: the same transformations, the same rows.

What is read is either what Kafka holds between two moments, by the time at which it was appended, or a file of events,
one JSON a line in order of time, as `python -m data_ingestion.simulator` writes it. What is written is a tape: one file
a topic, `<topic>.jsonl`, in order of event time, the same bytes as in Kafka. A query that reads what another one makes
reads it from there.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from contracts.errors import StateError
from contracts.topics import Topic
from stream_processing.spark_jobs.queries import QUERIES, Job, Query, kafka_options

SUFFIX: Final = ".jsonl"
_EVENT_TIME: Final = "$.event_time"
_EVENT_ID: Final = "$.event_id"
_TYPE: Final = "$.type"
RECORD: Final = ("topic", "value", "headers", "timestamp", "partition", "offset")


class Records(Protocol):
    """Where recorded events come from."""

    def of(self, session: SparkSession, topics: Sequence[Topic]) -> DataFrame:
        """Records of topics as Spark's Kafka source gives them, the columns `RECORD` of them."""


class KafkaSpan(NamedTuple):
    """What Kafka holds of a stretch of time, milliseconds since the epoch; the end is left out."""

    job: Job
    begins_ms: int
    ends_ms: int

    def of(self, session: SparkSession, topics: Sequence[Topic]) -> DataFrame:
        """Records of these topics."""
        span = {"startingTimestamp": str(self.begins_ms), "endingTimestamp": str(self.ends_ms)}
        reader = session.read.format("kafka").options(**kafka_options(self.job), **span)
        # Where nothing was appended after a moment, there is nothing to read from it on.
        beyond = {"startingOffsetsByTimestampStrategy": "latest"}
        names = ",".join(topic.name for topic in topics)
        return reader.options(subscribe=names, includeHeaders="true", **beyond).load().select(*RECORD)


class RecordedFile(NamedTuple):
    """A file of events, one JSON a line."""

    path: Path

    def of(self, session: SparkSession, topics: Sequence[Topic]) -> DataFrame:
        """Its lines that belong into these topics."""
        kinds = {event.__name__: topic.name for topic in topics for event in topic.events}
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
        made_here = [topic for topic in query.sources if topic.name in rows]
        found = recorded.of(session, [topic for topic in query.sources if topic not in made_here])
        for topic in made_here:
            found = found.unionByName(RecordedFile(folder / f"{topic.name}{SUFFIX}").of(session, [topic]))
        rows |= _write(query, query.transform(found, job), folder)
    return rows


def _write(query: Query, made: DataFrame, folder: Path) -> dict[str, int]:
    """Each topic sorted as a whole: by ranges, Spark would compute everything twice, the first time to find them."""
    topic = f.col("topic") if len(query.sinks) > 1 else f.lit(query.sinks[0].name)
    text = f.col("value").cast("string")
    order = (f.get_json_object(text, _EVENT_TIME).cast("long"), f.get_json_object(text, _EVENT_ID))
    parts = folder / f".{query.name}"
    lines = made.select(topic.alias("topic"), text.alias("value"), order[0].alias("time"), order[1].alias("id"))
    whole = lines.repartition(len(query.sinks), "topic").sortWithinPartitions("topic", "time", "id")
    whole.select("topic", "value").write.partitionBy("topic").text(str(parts))
    rows = {}
    for sink in query.sinks:
        tape = folder / f"{sink.name}{SUFFIX}"
        tape.touch()
        for part in (parts / f"topic={sink.name}").glob("part-*"):
            part.replace(tape)
        with tape.open("rb") as written:
            rows[sink.name] = sum(1 for _ in written)
    shutil.rmtree(parts)
    return rows
