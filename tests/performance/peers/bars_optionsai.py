"""Our bars by themselves: what the streaming job does with trades, by given intervals, in a session like the job's."""

import sys
from pathlib import Path

import structlog

from contracts import topics
from runtime.context import Context
from runtime.settings import load_settings
from stream_processing.feature_engineering import bars
from stream_processing.spark_jobs import feature_extraction, queries

NAME = "bars"
LIVE = "names"
"""The query that makes bars in the streaming job, among other things."""


def main(bootstrap: str, folder: str, *intervals_s: str) -> None:
    """Read, compute and write until killed."""
    settings = load_settings({"OPTIONSAI_STATE_DIR": folder, "OPTIONSAI_CONFIG_DIR": folder})
    context = Context("spark", settings, structlog.get_logger())
    # Trades become visible all at once, with the transaction that published them.
    kafka = {"bootstrap.servers": bootstrap, "isolation.level": "read_committed"}
    job = feature_extraction.job_of(context, kafka)
    rules = job.bars._replace(intervals_s=tuple(map(int, intervals_s)))
    query = queries.with_memory(
        NAME,
        1,
        (topics.TRADES,),
        (topics.BARS, topics.OPEN_BARS, topics.INDICATORS),
        lambda _job: bars.factory(rules),
        bars.FIGURES,
        lambda _job: rules.intervals_s,
    )
    with feature_extraction.opened(context, Path(folder, "spark")) as session:
        job = job._replace(trigger_ms={NAME: job.trigger_ms[LIVE]})
        queries.start(session, query, job).awaitTermination()


if __name__ == "__main__":
    main(*sys.argv[1:])
