"""Plans the Real-time queries over and over before their first checkpoint needs it.

A checkpoint ends the running batch and plans the next, and nothing flows meanwhile. That is every few minutes, too
seldom for Java to compile the planner: interpreted it takes many times as long. So it is rehearsed while the queries
are young.
"""

import threading
from collections.abc import Sequence
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from stream_processing.spark_jobs.queries import Job, Query
from stream_processing.spark_jobs.session import jvm

TIMES: Final = 12
"""After about ten plans the next takes as long as the one before."""


def rehearse(session: SparkSession, queries: Sequence[Query], job: Job, stop: threading.Event) -> None:
    """Rehearse the plans of those that are Real-time queries, until asked to stop."""
    for query in queries:
        if query.is_real_time:
            _plan(session, query, job, stop)


def _plan(session: SparkSession, query: Query, job: Job, stop: threading.Event) -> None:
    """Plan what a query does to a record; nothing runs."""
    text = f.col("id").cast("string")
    records = session.range(1).select(
        text.cast("binary").alias("key"),
        text.cast("binary").alias("value"),
        f.timestamp_micros("id").alias("timestamp"),
        f.array(f.struct(text.alias("key"), text.cast("binary").alias("value"))).alias("headers"),
    )
    analysed = query.transform(records, job)._jdf.queryExecution().analyzed()  # noqa: SLF001 - pyspark plans only once
    state = session._jsparkSession  # noqa: SLF001
    for _ in range(TIMES):
        if stop.is_set():
            return
        jvm(session).org.apache.spark.sql.classic.Dataset.ofRows(state, analysed).queryExecution().executedPlan()
