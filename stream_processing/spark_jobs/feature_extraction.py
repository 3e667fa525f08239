"""Entry point of the streaming job: all queries in one driver, watched over until asked to stop.

    python -m stream_processing.spark_jobs.feature_extraction
    SPARK_CONF_DIR=<state>/spark/conf spark-submit stream_processing/spark_jobs/feature_extraction.py

A query that ends by itself ends the process, with the reason; the supervisor starts it again and the checkpoints say
where to go on. Results computed twice have the same ids.
"""

import time
from typing import Final

from pyspark.sql import SparkSession

from contracts.errors import PartError
from runtime.bootstrap import Context, run_service
from runtime.telemetry import LAG
from stream_processing.spark_jobs import java_client, queries, session
from stream_processing.spark_jobs.progress import Monitor

POLL_INTERVAL_S: Final = 1.0


def body(context: Context) -> None:
    """Open the session, run the queries, leave nothing behind."""
    spark = context.settings.spark
    state_dir = context.settings.state_dir
    queries.check_slots(spark.master)
    job = queries.Job(
        kafka=java_client.translate(context.kafka_client()),
        checkpoints=state_dir / "checkpoints",
        checkpoint_interval_s=spark.checkpoint_interval_s,
        bar_interval_s=spark.bar_interval_s,
        bar_trigger_ms=spark.bar_trigger_ms,
        lateness_ms=spark.lateness_ms,
    )
    conf_dir = state_dir / "spark" / "conf"
    log_file = state_dir / "logs" / "spark-jvm.log"
    options = session.prepare(conf_dir, log_file, spark.master, spark.driver_memory, context.spark_jars())
    opened = session.open_session(options, conf_dir)
    try:
        run(context, opened, job)
    finally:
        session.close(opened)


def run(context: Context, opened: SparkSession, job: queries.Job) -> None:
    """Start all queries and watch over them until the stop is asked for."""
    monitor = Monitor(opened, LAG, context.log)
    deadline_s = time.monotonic() + context.settings.spark.start_timeout_s
    running = [queries.start(opened, query, job) for query in queries.QUERIES if not context.stop.is_set()]
    while not context.stop.wait(POLL_INTERVAL_S):
        queries.raise_if_ended(running)
        monitor.observe(running)
        if not context.is_ready.is_set():
            if all(queries.is_at_work(opened, query) for query in running):
                context.ready()
            elif time.monotonic() > deadline_s:
                raise PartError(
                    f"the queries were not at work after {context.settings.spark.start_timeout_s:.0f} s. "
                    "Look into logs/spark-jvm.log of the state directory; raise start_timeout_s on a slow machine"
                )
    queries.stop_all(running)


if __name__ == "__main__":
    run_service("spark", body)
