"""The storage writer as a service: `python -m storage.main`. Rows always, time series if there is a place for them."""

import gc
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

from contracts.ports import Position
from runtime.bootstrap import Context, run_service
from storage.influxdb_client.series import DRAWN_TOPICS
from storage.influxdb_client.server import InfluxServer
from storage.influxdb_client.writer import SeriesWriter
from storage.timescaledb_client.connection import DiskFull
from storage.timescaledb_client.store import Retention, Store
from storage.writer import STORED_TOPICS, Writer

GARBAGE_AFTER: Final = 500_000
"""Objects made before cycles among them are looked for. Two batches in hand are two hundred thousand live objects, none
of them in a cycle: looking through them at the usual 700 takes a fifth of the writer's time."""
GATHER_MS: Final = 100
"""Rows are stored a few times a second; fetching them one by one would cost the broker as much as serving Spark."""

ROWS = Counter("optionsai_writer_rows_total", "Rows stored that were not there before", ["table"])
FLUSH = Histogram(
    "optionsai_writer_flush_seconds",
    "Time to store one batch and its offsets",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
AGE = Gauge("optionsai_writer_lag_seconds", "Age of the oldest record of the last batch when it was stored", ["topic"])
REJECTED = Counter("optionsai_writer_rejected_total", "Records that broke their contract", ["topic", "reason"])
EXPIRED = Counter("optionsai_writer_expired_total", "Rows left out because they are older than retention keeps")
LOST = Counter("optionsai_writer_lost_records_total", "Records that Kafka removed before they were stored", ["topic"])
GAPS = Counter("optionsai_writer_gaps_total", "Times that reading could not go on where it had stopped", ["topic"])
DROPPED = Counter("optionsai_writer_partitions_dropped_total", "Partitions removed by retention")
INTERRUPTIONS = Counter("optionsai_writer_interruptions_total", "Times the writer started over after a failure")
DISK_FULL = Gauge("optionsai_writer_disk_full", "1 while the database has no room for rows that wait in Kafka, else 0")

POINTS = Counter("optionsai_series_points_total", "Points that the time-series database has taken")
POINTS_REFUSED = Counter("optionsai_series_refused_total", "Points that it would not have")
POINTS_LEFT_OUT = Gauge("optionsai_series_left_out", "Records and points passed over since the start", ["reason"])
POINTS_GAPS = Counter("optionsai_series_gaps_total", "Times that Kafka had removed records before they were drawn")
POINTS_INTERRUPTIONS = Counter("optionsai_series_interruptions_total", "Times that points had to be offered again")


class Telemetry:
    """The writer's reports as metrics and log lines."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log: Any = context.log

    def reading(self) -> None:
        """Serving from here on."""
        self._context.ready()

    def stored(self, rows: Mapping[str, int], lag_us: Mapping[str, int], duration_s: float) -> None:
        """Count rows by table, set ages by topic."""
        DISK_FULL.set(0)
        for table, count in rows.items():
            ROWS.labels(table).inc(count)
        for topic in STORED_TOPICS:
            AGE.labels(topic.name).set(lag_us.get(topic.name, 0) / 1e6)
        FLUSH.observe(duration_s)

    def rejected(self, topic: str, reason: str) -> None:
        """Count; the record itself is on `market.rejected`."""
        REJECTED.labels(topic, reason).inc()

    def expired(self, count: int) -> None:
        """Count."""
        EXPIRED.inc(count)

    def gap(self, at: Position, found: Position) -> None:
        """Say loudly that records are missing, or that the topic is not the one that was read before."""
        GAPS.labels(at.topic).inc()
        LOST.labels(at.topic).inc(max(found.offset - at.offset, 0))
        self._log.error("gap", topic=at.topic, partition=at.partition, wanted=at.offset, reading_on_at=found.offset)

    def dropped(self, partitions: Sequence[str]) -> None:
        """Log what retention removed."""
        if partitions:
            DROPPED.inc(len(partitions))
            self._log.info("partitions_dropped", count=len(partitions), first=partitions[0], last=partitions[-1])

    def interrupted(self, error: Exception, pause_s: float) -> None:
        """Log the reason."""
        INTERRUPTIONS.inc()
        DISK_FULL.set(isinstance(error, DiskFull))
        tell = self._log.error if isinstance(error, DiskFull) else self._log.warning
        tell("interrupted", explanation=str(error), again_in_s=pause_s)


class SeriesTelemetry:
    """The reports of the writer of time series as metrics and log lines."""

    def __init__(self, context: Context) -> None:
        self._log: Any = context.log

    def written(self, points: int) -> None:
        """Count."""
        POINTS.inc(points)

    def refused(self, points: int, explanation: str) -> None:
        """Count, and say what the server says."""
        POINTS_REFUSED.inc(points)
        self._log.warning("points_refused", points=points, explanation=explanation)

    def left_out(self, unreadable: int, too_many: int) -> None:
        """Both since the start."""
        POINTS_LEFT_OUT.labels("unreadable").set(unreadable)
        POINTS_LEFT_OUT.labels("too_many_series").set(too_many)

    def gap(self) -> None:
        """Points of some time are missing for good."""
        POINTS_GAPS.inc()
        self._log.error("series_gap", explanation="Kafka removed records before they were read")

    def interrupted(self, error: Exception, pause_s: float) -> None:
        """Log the reason."""
        POINTS_INTERRUPTIONS.inc()
        self._log.warning("series_interrupted", explanation=str(error), again_in_s=pause_s)


def write_rows(context: Context) -> None:
    """Rows into PostgreSQL until asked to stop."""
    settings = context.settings.database
    retention = Retention(settings.retention_hours, settings.facts_retention_days, settings.minutes_retention_days)
    source = context.open_source("writer", STORED_TOPICS, start="earliest", gather_ms=GATHER_MS)
    try:
        Writer(
            source,
            context.open_sink(),
            lambda: Store.open(context.database_dsn(), retention),
            Telemetry(context),
            context.now,
            settings.flush_interval_s,
        ).run(context.stop)
    finally:
        source.close()


def write_series(context: Context, url: str, token: str) -> None:
    """Points into InfluxDB until asked to stop."""
    settings = context.settings.database.influxdb
    source = context.open_source("series", DRAWN_TOPICS, gather_ms=GATHER_MS)
    try:
        with InfluxServer(url, token, settings.org, settings.bucket, settings.timeout_s) as server:
            SeriesWriter(source, server, SeriesTelemetry(context), settings.flush_interval_s).run(context.stop)
    finally:
        source.close()


def body(context: Context) -> None:
    """Write until asked to stop: rows here, points beside them; what ends one of the two for good ends both."""
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    url = context.settings.database.influxdb.url
    if url is None:
        write_rows(context)
        return
    token = context.secret("INFLUXDB_TOKEN", "database_config.yaml: influxdb.url")
    with ThreadPoolExecutor(1, "series") as beside:
        series = beside.submit(write_series, context, url, token)
        series.add_done_callback(lambda _: context.stop.set())
        try:
            write_rows(context)
        finally:
            context.stop.set()
        series.result()


if __name__ == "__main__":
    run_service("writer", body)
