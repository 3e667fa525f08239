"""Entry point of the streaming job: all queries in one driver, watched over until asked to stop.

    python -m stream_processing.spark_jobs.feature_extraction
    SPARK_CONF_DIR=<state>/spark/conf spark-submit stream_processing/spark_jobs/feature_extraction.py

With `--out FOLDER` the same queries run once over what is recorded, and write a tape (`spark_jobs.batch`):

    … --from 2026-03-04T14:30 --to 2026-03-04T15:30 --out FOLDER    what Kafka holds of that time (UTC)
    … --tape FILE --out FOLDER                                      a file of events, one a line

A query that ends by itself ends the process, with the reason; the supervisor starts it again and the checkpoints say
where to go on. Results computed twice have the same ids.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from pyspark.sql import SparkSession
from rich.console import Console
from rich.progress import track

from contracts.errors import PartError, StateError
from runtime.bootstrap import Context, run_service, run_task
from runtime.telemetry import LAG
from stream_processing.feature_engineering import bars
from stream_processing.feature_engineering.chains.machine import ChainRules
from stream_processing.feature_engineering.flow import FlowRules
from stream_processing.feature_engineering.option_flow import OptionFlowRules
from stream_processing.feature_engineering.slow import machine as slow
from stream_processing.spark_jobs import batch, java_client, queries, session
from stream_processing.spark_jobs.progress import Monitor

POLL_INTERVAL_S: Final = 1.0


def body(context: Context) -> None:
    """Open the session, run the queries, leave nothing behind."""
    queries.check_slots(context.settings.spark.master)
    with opened(context, context.settings.state_dir / "spark") as session:
        run(context, session, job_of(context, java_client.translate(context.kafka_client())))


def job_of(context: Context, kafka: Mapping[str, str]) -> queries.Job:
    """What the queries take from the settings."""
    spark = context.settings.spark
    lateness_us = spark.lateness_ms * 1_000
    return queries.Job(
        kafka=kafka,
        checkpoints=context.settings.state_dir / "checkpoints",
        checkpoint_interval_s=spark.checkpoint_interval_s,
        bars=bars.Rules(spark.bar_intervals_s, lateness_us),
        flow=FlowRules(lateness_us),
        option_flow=OptionFlowRules(lateness_us),
        chains=ChainRules(spark.chain_interval_s * 1_000_000, lateness_us),
        slow=slow.Rules(lateness_us, spark.bars_after_s * 1_000_000, spark.sectors),
        trigger_ms=msgspec.structs.asdict(spark.trigger_ms),
    )


@contextmanager
def opened(context: Context, folder: Path) -> Iterator[SparkSession]:
    """A session whose files are in a folder."""
    spark = context.settings.spark
    log_file = context.settings.state_dir / "logs" / "spark-jvm.log"
    options = session.prepare(folder / "conf", log_file, spark.master, spark.driver_memory, context.spark_jars())
    made = session.open_session(options, folder / "conf")
    try:
        yield made
    finally:
        session.close(made)


def compute(context: Context, arguments: argparse.Namespace) -> None:
    """Run the queries once over what is recorded."""
    if arguments.tape is not None:
        if not arguments.tape.is_file():
            raise StateError(f"{arguments.tape} is no file: record one with `python -m data_ingestion.simulator`")
        job = job_of(context, {})
        recorded: batch.Records = batch.RecordedFile(arguments.tape.resolve())
    else:
        job = job_of(context, java_client.translate(context.kafka_client()))
        recorded = batch.KafkaSpan(job, _millis(arguments.begins), _millis(arguments.ends))
    console = Console(stderr=True)
    with TemporaryDirectory(prefix="optionsai-batch-") as folder, opened(context, Path(folder) / "spark") as made:
        rows = batch.compute(
            made,
            recorded,
            job,
            arguments.out,
            watched=lambda found: iter(track(found, "queries", console=console, disable=not sys.stderr.isatty())),
        )
    context.log.info("computed", **rows)


def _millis(moment: datetime) -> int:
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)


def run(context: Context, opened: SparkSession, job: queries.Job) -> None:
    """Start all queries and watch over them until the stop is asked for.

    Once the fast ones are at work the job is ready, and those with memory begin one after the other: on a cold machine
    they would keep the fast ones, and each other, waiting for half a minute. All must be at work before the time is up.
    """
    monitor = Monitor(opened, LAG, context.log)
    deadline_s = time.monotonic() + context.settings.spark.start_timeout_s
    fast = [query for query in queries.QUERIES if query.is_real_time]
    to_begin = [query for query in queries.QUERIES if not query.is_real_time]
    running = [queries.start(opened, query, job) for query in fast]
    all_at_work = False
    while not context.stop.wait(POLL_INTERVAL_S):
        queries.raise_if_ended(running)
        monitor.observe(running)
        if all_at_work:
            continue
        if all(queries.is_at_work(opened, query) for query in running):
            context.ready()
            if to_begin:
                running.append(queries.start(opened, to_begin.pop(0), job))
            else:
                all_at_work = True
        elif time.monotonic() > deadline_s:
            raise PartError(
                f"the queries were not at work after {context.settings.spark.start_timeout_s:.0f} s. "
                "Look into logs/spark-jvm.log of the state directory; raise start_timeout_s on a slow machine"
            )
    queries.stop_all(running)


def main() -> None:
    """Stream, or compute once if told where to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="compute once and write a tape into this folder")
    parser.add_argument("--from", dest="begins", type=datetime.fromisoformat, help="first moment of append time, UTC")
    parser.add_argument("--to", dest="ends", type=datetime.fromisoformat, help="moment of append time to stop before")
    parser.add_argument("--tape", type=Path, help="a file of events, instead of Kafka")
    arguments = parser.parse_args()
    if arguments.out is None:
        run_service("spark", body)
    elif arguments.tape is None and (arguments.begins is None or arguments.ends is None):
        parser.error("--out needs --from and --to, or --tape")
    else:
        run_task("spark", lambda context: compute(context, arguments))


if __name__ == "__main__":
    main()
