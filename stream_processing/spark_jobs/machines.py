"""Machines with memory in Spark: records of some topics, by subject, to the records that their machines say.

Theory of operation
-------------------
Each subject of a source has one row of state, the bytes that its machine keeps. A micro-batch brings it the records
since the last one in the order in which Kafka got them, so that it matters little where a batch ends; of one
millisecond `market.clock` comes last, for it was sent after what it vouches for. Records are decoded by the wire's own
rule, and what breaks it is passed over: the database's writer is the judge that reports it. A batch that is computed
again has the same results, with the same ids.

A machine's figures come out as rows without a topic: they are summed into the query's progress and go no further.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, count
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

from contracts import stages, topics, wire
from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering.machine import Factory, Machine, Stream
from stream_processing.spark_jobs import envelope, records

STREAM: Final = ("source", "subject", "simulated")
PLACE: Final = ("appended_at", "is_clock", "topic", "partition", "offset")
MAXIMUM: Final = "_max"
"""Figures whose names end so are maxima; the others are added up."""
REJECTED: Final = "rejected_records"
UNSAID: Final = "unsaid_events"
"""What a machine said that breaks its contract: published, it would be rejected by every reader."""
REACHED: Final = f"reached_s{MAXIMUM}"
"""Time of the newest event, seconds since the epoch."""
STATE: Final = "size int, packed binary"
NICENESS: Final = "QUERY_NICENESS"
"""Of a query's Python processes, in their environment: Spark lends one only to queries of the same environment."""
SETTLING_CALLS: Final = 50
"""Compiled kernels are loaded by then. Later freezes would keep what each batch leaves behind."""
READ: Final = (*PLACE, "value")
MADE: Final = "topic string, key binary, value binary, due long, figure string, amount double"
COLUMNS: Final = [column.split()[0] for column in MADE.split(", ")]
_calls: Final = count()


@cache
def _packing() -> pa.Codec:
    """A fourth to a seventh is left of a state. Spark takes each byte in its hands several times on the way to disk."""
    return pa.Codec("zstd", compression_level=1)


def _settle() -> None:
    """In a worker's first calls: take the place that its query has among processes, and have the collector pass over
    what is loaded. Spark runs it after each batch, and looking through everything again took longer than the batch.
    """
    call = next(_calls)
    if call == 0:
        os.nice(int(os.environ.get(NICENESS, "0")))
    if call < SETTLING_CALLS:
        gc.freeze()


def transform(market: DataFrame, factory: Factory, *, query: str, figures: Sequence[str], whole: bool) -> DataFrame:
    """Records of market topics to records of the machines' topics.

    Subjects are names, and underlyings of contracts; `whole` makes each source one subject. Of a frame that is no
    stream, each subject is read as a whole and must fit the memory of a Python process.
    """
    subjects = ("source",) if whole else ("underlying", "symbol")
    scanned = market.withColumn("scanned", envelope.find(market.sparkSession, f.col("value")))
    source, subject, simulated = (
        envelope.read(f.col("scanned"), f.col("value"), *names) for names in (("source",), subjects, ("simulated",))
    )
    found = scanned.select(
        source.alias("source"),
        subject.alias("subject"),
        simulated.try_cast("boolean").alias("simulated"),
        "value",
        f.unix_micros("timestamp").alias("appended_at"),
        (f.col("topic") == topics.CLOCK.name).alias("is_clock"),
        *PLACE[2:],
    )
    told = found.where(" AND ".join(f"{name} IS NOT NULL" for name in STREAM)).groupBy(*STREAM)
    if market.isStreaming:
        made = told.applyInPandasWithState(_of_subject(factory), MADE, STATE, "update", GroupStateTimeout.NoTimeout)
        made = made.observe(query, *(_summed(name) for name in (*figures, REJECTED, UNSAID, REACHED)))
    else:
        made = told.applyInPandas(lambda key, rows: said(factory(_stream(key), None), [rows]).rows, MADE)
    headers = records.stamp(stages.DUE, f.timestamp_micros("due"))
    return made.where(f.col("topic").isNotNull()).select("topic", "key", "value", headers.alias(records.HEADERS))


def _of_subject(factory: Factory) -> Callable[..., Iterator[pd.DataFrame]]:
    """What Spark calls with the records of one subject."""

    def read_on(key: tuple[Any, ...], frames: Iterable[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        _settle()
        kept = None
        if state.exists:
            size, packed = state.get
            kept = _packing().decompress(packed, size, asbytes=True)
        made = said(factory(_stream(key), kept), frames)
        state.update((len(made.kept), _packing().compress(made.kept, asbytes=True)))
        yield made.rows

    return read_on


def _stream(key: Sequence[Any]) -> Stream:
    source, subject, simulated = key
    return Stream(source, subject, bool(simulated))


def _summed(figure: str) -> Column:
    amount = f.when(f.col("figure") == figure, f.col("amount"))
    return (f.max(amount) if figure.endswith(MAXIMUM) else f.sum(amount)).alias(figure)


class Said(NamedTuple):
    """What a machine made of some records."""

    rows: pd.DataFrame
    """Records, and figures, as `MADE` has them."""
    kept: bytes


def said(machine: Machine, frames: Iterable[pd.DataFrame]) -> Said:
    """Have a machine read some records. A batch has a dozen subjects: whatever pandas does for each adds up."""
    rows = sorted(chain.from_iterable(zip(*(frame[name].tolist() for name in READ), strict=True) for frame in frames))
    figures = {REJECTED: 0.0, UNSAID: 0.0, REACHED: 0.0}
    made: list[tuple[Any, ...]] = []
    for event in machine.read(decoded(rows, figures)):
        try:
            value = wire.encode(event)
        except RejectedRecord:  # such as a sum of the largest sizes that there may be
            figures[UNSAID] += 1
            continue
        made.append((BY_EVENT[type(event)].name, wire.key_of(event), value, event.event_time, None, None))
    kept = machine.kept()
    told: Mapping[str, float] = {**machine.figures(), **figures}
    made.extend((None, None, None, None, figure, float(amount)) for figure, amount in told.items() if amount)
    return Said(pd.DataFrame(made, columns=COLUMNS, dtype=object), kept)


def decoded(rows: Iterable[Sequence[Any]], figures: dict[str, float]) -> Iterator[Event]:
    """The events of records; those that are none are counted, and how far they reach is noted."""
    reached = 0
    for appended_at, _, topic, _, _, value in rows:
        try:
            event: Event | None = wire.decode(topic, bytes(value))
        except RejectedRecord:
            event = None
        if event is None or event.event_time > appended_at + records.FUTURE_US:
            figures[REJECTED] += 1
            continue
        reached = max(reached, event.event_time)
        yield event
    figures[REACHED] = reached / 1e6
