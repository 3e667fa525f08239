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
from stream_processing.feature_engineering import bars, flow, option_flow
from stream_processing.feature_engineering.chains import machine as chains
from stream_processing.feature_engineering.machine import Factory, of_part, together
from stream_processing.feature_engineering.slow import machine as slow
from stream_processing.spark_jobs import greeks, machines, microstructure

SPARE_SLOTS: Final = 2
"""Slots that Real-time queries must leave: one for micro-batches, one so that these need not wait for themselves."""
LINGER_MS: Final = "5"
"""At thousands of results a second this makes one request of several; at 0 the broker spends a core on requests."""
NICENESS: Final = 3
"""Of machines that may wait: beside a process that wants the core they get a third of it."""
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
    bars: bars.Rules
    flow: flow.FlowRules
    option_flow: option_flow.OptionFlowRules
    chains: chains.ChainRules
    slow: slow.Rules
    trigger_ms: Mapping[str, int]
    """How often a query with memory looks for new records, by its name."""


class Query(NamedTuple):
    """One row of the table. Raise `version` when a stateful plan changes: its checkpoint cannot be read on."""

    name: str
    version: int
    sources: tuple[Topic, ...]
    sinks: tuple[Topic, ...]
    """With several, each row names its own in the column `topic`."""
    transform: Callable[[DataFrame, Job], DataFrame]
    is_real_time: bool
    shape: Callable[[Job], tuple[int | str, ...]] = lambda _job: ()
    """What else the state's meaning depends on."""
    tasks: int = 1
    """In a batch. Each is a Python process and a state store, which cost more than what most do; and a single one gets
    the records without Spark writing them down between readers and machines.
    """
    may_wait: bool = False
    """Whether its machines give way to other processes: theirs is work of seconds, for results every few of them."""


def stateless(
    name: str, version: int, source: Topic, sink: Topic, transform: Callable[[DataFrame], DataFrame]
) -> Query:
    """A query in Real-time Mode: each record by itself, within milliseconds."""
    return Query(name, version, (source,), (sink,), lambda market, _job: transform(market), is_real_time=True)


def with_memory(
    name: str,
    version: int,
    sources: tuple[Topic, ...],
    sinks: tuple[Topic, ...],
    factory: Callable[[Job], Factory],
    figures: Sequence[str],
    shape: Callable[[Job], tuple[int | str, ...]],
    *,
    whole: bool = False,
    tasks: int = 1,
    may_wait: bool = False,
) -> Query:
    """A query of machines in micro-batches, which `market.clock` keeps going."""

    def transform(market: DataFrame, job: Job) -> DataFrame:
        return machines.transform(market, factory(job), query=name, figures=figures, whole=whole)

    sources = (*sources, topics.CLOCK)
    return Query(
        name, version, sources, sinks, transform, is_real_time=False, shape=shape, tasks=tasks, may_wait=may_wait
    )


QUERIES: Final = (
    stateless("microstructure", 1, topics.BOOKS, topics.MICROSTRUCTURE, microstructure.transform),
    stateless("greeks", 1, topics.OPTION_QUOTES, topics.GREEKS, greeks.transform),
    with_memory(
        "names",
        2,
        (topics.TRADES, topics.QUOTES, topics.BOOKS, topics.OPTION_TRADES, topics.OPEN_INTEREST),
        (topics.BARS, topics.OPEN_BARS, topics.INDICATORS, topics.FLOW, topics.OPTION_FLOW),
        lambda job: together(
            {
                "bars": bars.factory(job.bars),
                "flow": flow.factory(job.flow),
                "option_flow": option_flow.factory(job.option_flow),
            }
        ),
        tuple(
            of_part(name, figure)
            for name, part in (("bars", bars), ("flow", flow), ("option_flow", option_flow))
            for figure in part.FIGURES
        ),
        lambda job: (
            *(*job.bars.intervals_s, job.bars.lateness_us, *job.flow, *job.option_flow),
            *(*bars.NAMES, *flow.NAMES, *option_flow.NAMES),
        ),
    ),
    with_memory(
        "chains",
        2,
        (topics.OPTION_QUOTES, topics.OPTION_TRADES, topics.OPEN_INTEREST),
        (topics.SURFACES, topics.CHAINS),
        lambda job: chains.factory(job.chains),
        chains.FIGURES,
        lambda job: job.chains,
        tasks=2,
        may_wait=True,
    ),
    with_memory(
        "slow",
        2,
        (topics.NEWS, topics.FUNDAMENTALS, topics.CORPORATE_ACTIONS, topics.MACRO, topics.RATES, topics.BARS),
        (topics.COMPANIES, topics.NEWS_FEATURES, topics.MACRO_FEATURES),
        lambda job: slow.factory(job.slow),
        slow.FIGURES,
        lambda job: (job.slow.lateness_us, job.slow.bars_after_us),
        whole=True,
        may_wait=True,
    ),
)
"""In the order in which they begin: signals wait for the first."""


def check_slots(master: str, queries: Sequence[Query] = QUERIES) -> None:
    """Refuse a master with too few slots: the last query would wait for one for ever, and silently."""
    match = _LOCAL.fullmatch(master)
    if match is None:
        return
    held = sum(query.sources[0].partitions for query in queries if query.is_real_time)
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
            subscribe=",".join(topic.name for topic in query.sources),
            startingOffsets="earliest",
            failOnDataLoss="true",
            includeHeaders="true",
        )
        .load()
    )
    if not query.is_real_time:
        market = market.coalesce(query.tasks)
    session.sparkContext.setLocalProperty("spark.scheduler.pool", query.name)
    session.conf.set("spark.sql.shuffle.partitions", query.tasks)
    session.sparkContext.environment[machines.NICENESS] = str(NICENESS if query.may_wait else 0)
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
        trigger = {"processingTime": f"{job.trigger_ms[query.name]} milliseconds"}
    started: StreamingQuery = writer.outputMode("update").trigger(**trigger).start()
    return started


def kafka_options(job: Job) -> dict[str, str]:
    """Client settings as options of a reader or writer."""
    return {f"kafka.{name}": value for name, value in job.kafka.items()}


def claim_checkpoint(query: Query, job: Job) -> Path:
    """The query's checkpoint folder; `StateError` if another plan made what is in it."""
    folder = job.checkpoints / f"{query.name}-v{query.version}"
    mark = folder / FINGERPRINT
    topics_of = (topic.name for topic in (*query.sources, *query.sinks))
    fingerprint = make_id(query.name, query.version, *topics_of, *query.shape(job))
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
