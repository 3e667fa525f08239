"""The table of streaming queries, and what it takes to start one: source, sink, trigger, checkpoint and slots.

Theory of operation
-------------------
A Real-time query keeps one task for each partition of its topic running for ever; the slots of `local[N]` that are
left run the micro-batches. Offsets live in the checkpoint: `<state>/checkpoints/<query>-v<N>`. It is bound to what made
it by a fingerprint beside it, so that a changed query is refused with a remedy instead of failing somewhere inside, or
worse, starting over.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from contracts import topics
from contracts.errors import ConfigError, PartError, StateError
from contracts.ids import make_id
from contracts.topics import Topic
from stream_processing.feature_engineering.bars import NAMES, Rules
from stream_processing.spark_jobs import bars, greeks, microstructure

SPARE_SLOTS: Final = 2
"""Slots that Real-time queries must leave: one for micro-batches, one so that these need not wait for themselves."""
LINGER_MS: Final = "2"
"""At thousands of results a second this makes one request of several; at 0 the broker spends a core on requests."""
FINGERPRINT: Final = "made_by"
RUNBOOK: Final = "See 'A changed streaming query' in docs/operations.md"
MAX_EXPLANATION: Final = 600
GAP: Final = "Retention removed records before they were read. See 'A retention gap' in docs/operations.md"
_UNUSABLE_STATE: Final = {
    "KAFKA_DATA_LOSS": GAP,
    "OffsetOutOfRangeException": GAP,
    "[CANNOT_LOAD_STATE_STORE": RUNBOOK,
    "[STATE_STORE_": RUNBOOK,
    "[STREAMING_STATEFUL_OPERATOR": RUNBOOK,
    "[STREAMING_CHECKPOINT": RUNBOOK,
}
"""What in Spark's explanation says that state or log cannot be read on, and what the operator does then."""
_LOCAL: Final = re.compile(r"local\[(\d+)\]")


class Job(NamedTuple):
    """What the queries take from the settings."""

    kafka: Mapping[str, str]
    """Client settings as the Java client names them."""
    checkpoints: Path
    checkpoint_interval_s: int
    bars: Rules
    bar_trigger_ms: int


class Query(NamedTuple):
    """One row of the table. Raise `version` when a stateful plan changes: its checkpoint cannot be read on."""

    name: str
    version: int
    source: Topic
    sinks: tuple[Topic, ...]
    """With several, each row names its own in the column `topic`."""
    transform: Callable[[DataFrame, Job], DataFrame]
    is_real_time: bool = True
    shape: Callable[[Job], tuple[int | str, ...]] = lambda _job: ()
    """What else the state's meaning depends on."""


QUERIES: Final = (
    Query("greeks", 1, topics.OPTION_QUOTES, (topics.GREEKS,), lambda market, _job: greeks.transform(market)),
    Query(
        "microstructure",
        1,
        topics.BOOKS,
        (topics.MICROSTRUCTURE,),
        lambda market, _job: microstructure.transform(market),
    ),
    Query(
        "bars",
        2,
        topics.TRADES,
        (topics.BARS, topics.OPEN_BARS, topics.INDICATORS),
        lambda market, job: bars.transform(market, job.bars),
        is_real_time=False,
        shape=lambda job: (*job.bars.intervals_s, job.bars.lateness_us, *NAMES),
    ),
)


def check_slots(master: str, queries: Sequence[Query] = QUERIES) -> None:
    """Refuse a master with too few slots: the last query would wait for one for ever, and silently."""
    match = _LOCAL.fullmatch(master)
    if match is None:
        return
    held = sum(query.source.partitions for query in queries if query.is_real_time)
    if int(match[1]) < held + SPARE_SLOTS:
        raise ConfigError(
            "spark_config.yaml",
            "master",
            f"{master} has {match[1]} slots, but Real-time queries hold {held} for good and {SPARE_SLOTS} must be left",
            f"Set local[{held + SPARE_SLOTS}] or more; slots may outnumber cores",
        )


def start(session: SparkSession, query: Query, job: Job) -> StreamingQuery:
    """Start one query in a scheduler pool of its own."""
    checkpoint = claim_checkpoint(query, job)
    market = (
        session.readStream.format("kafka")
        .options(**kafka_options(job))
        .options(
            subscribe=query.source.name,
            startingOffsets="earliest",
            failOnDataLoss="true",
            includeHeaders="true",
        )
        .load()
    )
    session.sparkContext.setLocalProperty("spark.scheduler.pool", query.name)
    writer = (
        query.transform(market, job)
        .writeStream.format("kafka")
        .queryName(query.name)
        .options(**kafka_options(job), **{"kafka.linger.ms": LINGER_MS})
        .options(includeHeaders="true", checkpointLocation=str(checkpoint))
    )
    if len(query.sinks) == 1:
        writer = writer.option("topic", query.sinks[0].name)
    if query.is_real_time:
        trigger = {"realTime": f"{job.checkpoint_interval_s} seconds"}
    else:
        trigger = {"processingTime": f"{job.bar_trigger_ms} milliseconds"}
    started: StreamingQuery = writer.outputMode("update").trigger(**trigger).start()
    return started


def kafka_options(job: Job) -> dict[str, str]:
    """Client settings as options of a reader or writer."""
    return {f"kafka.{name}": value for name, value in job.kafka.items()}


def claim_checkpoint(query: Query, job: Job) -> Path:
    """The query's checkpoint folder; `StateError` if another plan made what is in it."""
    folder = job.checkpoints / f"{query.name}-v{query.version}"
    mark = folder / FINGERPRINT
    fingerprint = make_id(
        query.name, query.version, query.source.name, *(sink.name for sink in query.sinks), *query.shape(job)
    )
    if not (folder / "offsets").exists():
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(fingerprint)
    elif not mark.exists() or mark.read_text() != fingerprint:
        raise StateError(
            f"{folder} was made by a different form of the query {query.name}. Restore the settings it was made with, "
            f"or move the folder away to compute again from what Kafka still holds. {RUNBOOK}"
        )
    return folder


def is_at_work(session: SparkSession, query: StreamingQuery) -> bool:
    """Whether a query has finished a batch, or has tasks running on one."""
    if query.lastProgress is not None:
        return True
    tracker = session.sparkContext.statusTracker()
    jobs = (tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(query.runId))
    stages = (tracker.getStageInfo(int(stage)) for job in jobs if job is not None for stage in job.stageIds)
    return any(stage is not None and stage.numActiveTasks > 0 for stage in stages)


def raise_if_ended(running: Sequence[StreamingQuery]) -> None:
    """Raise the reason if a query is no longer running."""
    for query in running:
        if not query.isActive:
            raise _reason(query.name, str(query.exception() or "it ended without a reason"))


def _reason(name: str, explanation: str) -> StateError | PartError:
    for marker, remedy in _UNUSABLE_STATE.items():
        if marker in explanation:
            return StateError(f"query {name}: {explanation[:MAX_EXPLANATION]}. {remedy}")
    return PartError(f"query {name} ended: {explanation[:MAX_EXPLANATION]}. Details are in logs/spark-jvm.log")


def stop_all(running: Sequence[StreamingQuery]) -> None:
    """Ask every query to stop. What a Real-time query did since its last checkpoint is done again by the next run."""
    for query in running:
        with suppress(Exception):  # a query or machine that died on its own is stopped too
            query.stop()
