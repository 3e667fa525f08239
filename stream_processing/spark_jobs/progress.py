"""What the queries are doing, as Prometheus gauges and JSON log lines.

Theory of operation
-------------------
Spark keeps its offsets in the checkpoint, so tools that look at consumer groups see nothing; it has to be said here.
There are two sources. After each batch a query reports its progress: offsets, durations, state, watermark. A batch of
a Real-time query lasts minutes, so rates and lag are read from the Kafka clients inside the virtual machine as well
(their JMX beans). Both are polled by the loop that watches over the queries: one thread, no callbacks from Java.

Spark offers no latency percentiles here; whoever reads the results measures latency from the stage times in their
headers.
"""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from prometheus_client import Gauge
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from contracts.topics import TOPICS
from stream_processing.spark_jobs.session import jvm

LOG_INTERVAL_S: Final = 30.0
"""A query's progress is logged at most this often; the bars query alone reports every second."""

BATCH_DURATION = Gauge("optionsai_spark_batch_duration_seconds", "Duration of the last batch", ["query"])
STATE_ROWS = Gauge("optionsai_spark_state_rows", "Rows of state that a query holds", ["query"])
WATERMARK_DELAY = Gauge("optionsai_spark_watermark_delay_seconds", "How far the watermark is behind now", ["query"])
OFFSET = Gauge("optionsai_spark_checkpointed_offset", "Next offset a restart would read", ["query", "partition"])
ROWS_IN = Gauge("optionsai_spark_rows_in_per_second", "Rows a query reads", ["topic"])
ROWS_OUT = Gauge("optionsai_spark_rows_out_per_second", "Rows a query publishes", ["topic"])

_BEANS: Final = (
    ("kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=*", "records-consumed-rate", "in"),
    ("kafka.producer:type=producer-topic-metrics,client-id=*,topic=*", "record-send-rate", "out"),
    ("kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=*,partition=*", "records-lag", "lag"),
)
"""JMX pattern, attribute, reading. Values of one topic are summed."""
_TOPIC_OF_TAG: Final = {topic.name.replace(".", "_"): topic.name for topic in TOPICS}
"""The clients replace dots in these names."""


class LagGauge(Protocol):
    """The system's gauge of records still to read, by topic."""

    def labels(self, topic: str) -> Gauge:
        """The gauge of one topic."""


class Progress(NamedTuple):
    """One batch of a query, as Spark reports it. Times in seconds, rates per second; the watermark in epoch seconds."""

    query: str
    batch: int
    rows: int
    duration_s: float
    state_rows: int
    watermark_s: float | None
    offsets: Mapping[str, int]
    """Partition → next offset to read."""


def read_progress(text: str) -> Progress:
    """The parts of Spark's report, a JSON text, that we use."""
    report = json.loads(text)
    watermark = report.get("eventTime", {}).get("watermark")
    offsets = (source.get("endOffset") or {} for source in report["sources"])
    return Progress(
        query=report["name"],
        batch=report["batchId"],
        rows=report["numInputRows"],
        duration_s=report["batchDuration"] / 1000,
        state_rows=sum(operator["numRowsTotal"] for operator in report["stateOperators"]),
        watermark_s=None if watermark is None else datetime.fromisoformat(watermark).timestamp(),
        offsets={
            partition: offset
            for topics in offsets
            for partitions in topics.values()
            for partition, offset in partitions.items()
        },
    )


class Monitor:
    """Publishes what the queries do; `observe` is called from one thread."""

    def __init__(self, session: SparkSession, lag: LagGauge, log: Any) -> None:  # noqa: ANN401 - structlog's logger
        self._session = session
        self._lag = lag
        self._log = log
        self._seen: dict[str, int] = {}
        self._logged_s: dict[str, float] = {}

    def observe(self, queries: Iterable[StreamingQuery]) -> None:
        """Read everything once."""
        for query in queries:
            if (report := query.lastProgress) is not None:
                self._publish(read_progress(report.json))
        for topic, readings in self._client_readings().items():
            for name, gauge in (("in", ROWS_IN), ("out", ROWS_OUT), ("lag", self._lag)):
                if name in readings:
                    gauge.labels(topic=topic).set(readings[name])

    def _publish(self, progress: Progress) -> None:
        name = progress.query
        if progress.watermark_s is not None:
            WATERMARK_DELAY.labels(name).set(max(0.0, time.time() - progress.watermark_s))
        if self._seen.get(name) == progress.batch:
            return
        self._seen[name] = progress.batch
        BATCH_DURATION.labels(name).set(progress.duration_s)
        STATE_ROWS.labels(name).set(progress.state_rows)
        for partition, offset in progress.offsets.items():
            OFFSET.labels(name, partition).set(offset)
        now_s = time.monotonic()
        if now_s - self._logged_s.get(name, -LOG_INTERVAL_S) >= LOG_INTERVAL_S:
            self._logged_s[name] = now_s
            self._log.info("progress", **progress._asdict())

    def _client_readings(self) -> dict[str, dict[str, float]]:
        """Topic → readings of the Kafka clients that read or write it."""
        machine = jvm(self._session)
        server = machine.java.lang.management.ManagementFactory.getPlatformMBeanServer()
        readings: dict[str, dict[str, float]] = {}
        for pattern, attribute, reading in _BEANS:
            for bean in server.queryNames(machine.javax.management.ObjectName(pattern), None):
                try:
                    value = server.getAttribute(bean, attribute)
                except Py4JJavaError:  # the client was closed since it was listed
                    continue
                topic = _TOPIC_OF_TAG.get(bean.getKeyProperty("topic").strip('"').replace(".", "_"))
                if topic is not None and value == value:  # noqa: PLR0124 - NaN until the first fetch
                    ours = readings.setdefault(topic, {})
                    ours[reading] = ours.get(reading, 0.0) + value
        return readings
