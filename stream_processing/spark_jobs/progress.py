"""What the queries are doing, as Prometheus gauges and JSON log lines.

Theory of operation
-------------------
Spark keeps its offsets in the checkpoint, so tools that look at consumer groups see nothing; it has to be said here.
There are two sources. After each batch a query reports its progress: offsets, durations, state, what its machines
counted. A batch of a Real-time query lasts minutes, so rates and lag are read from the Kafka clients inside the virtual
machine as well (their JMX beans). Both are polled by the loop that watches over the queries: one thread, no callbacks
from Java.

Spark offers no latency percentiles here; whoever reads the results measures latency from the stage times in their
headers.
"""

import json
import time
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, Final, NamedTuple, Protocol

from prometheus_client import Counter, Gauge
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from contracts.topics import TOPICS
from stream_processing.spark_jobs.machines import MAXIMUM, REACHED
from stream_processing.spark_jobs.session import jvm

CLIENTS_INTERVAL_S: Final = 5.0
"""How often the Kafka clients are looked at: what they tell are means over half a minute, at a few hundred calls."""
LOG_INTERVAL_S: Final = 30.0
"""A query's progress is logged at most this often; some report every second."""

BATCH_DURATION = Gauge("optionsai_spark_batch_duration_seconds", "Duration of the last batch", ["query"])
STATE_ROWS = Gauge("optionsai_spark_state_rows", "Rows of state that a query holds", ["query"])
WATERMARK_DELAY = Gauge(
    "optionsai_spark_watermark_delay_seconds", "How long before the last batch its newest event was dated", ["query"]
)
STATE_BYTES = Gauge("optionsai_spark_state_bytes", "Memory that a query's state takes", ["query"])
COUNTED = Counter("optionsai_stream_counted_total", "What a query's machines counted", ["query", "figure"])
LARGEST = Gauge(
    "optionsai_stream_largest", "The largest that a query's machines saw in the last batch", ["query", "figure"]
)
OFFSET = Gauge(
    "optionsai_spark_checkpointed_offset", "Next offset a restart would read", ["query", "topic", "partition"]
)
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
    """One batch of a query, as Spark reports it."""

    query: str
    batch: int
    rows: int
    duration_s: float
    state_rows: int
    state_bytes: int
    offsets: Mapping[str, int]
    """`topic/partition` → next offset to read."""
    figures: Mapping[str, float]
    """What the query's machines counted, by name."""


def read_progress(text: str) -> Progress:
    """The parts of Spark's report, a JSON text, that we use."""
    report = json.loads(text)
    figures = report.get("observedMetrics", {}).get(report["name"]) or {}
    offsets = (source.get("endOffset") or {} for source in report["sources"])
    return Progress(
        query=report["name"],
        batch=report["batchId"],
        rows=report["numInputRows"],
        duration_s=report["batchDuration"] / 1000,
        state_rows=sum(operator["numRowsTotal"] for operator in report["stateOperators"]),
        state_bytes=sum(operator["memoryUsedBytes"] for operator in report["stateOperators"]),
        offsets={
            f"{topic}/{partition}": offset
            for topics in offsets
            for topic, partitions in topics.items()
            for partition, offset in partitions.items()
        },
        figures={name: amount for name, amount in figures.items() if amount is not None},
    )


class Monitor:
    """Publishes what the queries do; `observe` is called from one thread.

    Java's objects are looked up once: by a name, each part of it is searched for in three hundred jars.
    """

    def __init__(self, session: SparkSession, lag: LagGauge, log: Any) -> None:  # noqa: ANN401 - structlog's logger
        java = jvm(session).java.lang.management.ManagementFactory
        self._beans = java.getPlatformMBeanServer()
        self._patterns = [(jvm(session).javax.management.ObjectName(pattern), *rest) for pattern, *rest in _BEANS]
        self._lag = lag
        self._log = log
        self._clients_due_s = 0.0
        self._seen: dict[str, int] = {}
        self._logged_s: dict[str, float] = {}

    def observe(self, queries: Iterable[StreamingQuery]) -> None:
        """Read what is new."""
        for query in queries:
            for report in self._new_reports(query):
                self._publish(read_progress(report))
        if time.monotonic() < self._clients_due_s:
            return
        self._clients_due_s = time.monotonic() + CLIENTS_INTERVAL_S
        for topic, readings in self._client_readings().items():
            for name, gauge in (("in", ROWS_IN), ("out", ROWS_OUT), ("lag", self._lag)):
                if name in readings:
                    gauge.labels(topic=topic).set(readings[name])

    def _new_reports(self, query: StreamingQuery) -> list[str]:
        """What the query reported since the last time, oldest first: each is made into text once."""
        seen = self._seen.get(query.name, -1)
        kept = query._jsq.recentProgress()  # noqa: SLF001 - pyspark's own makes all of them into text each time
        fresh = takewhile(lambda report: report.batchId() > seen, (kept[at] for at in reversed(range(len(kept)))))
        return [report.json() for report in fresh][::-1]

    def _publish(self, progress: Progress) -> None:
        name = progress.query
        self._seen[name] = progress.batch
        BATCH_DURATION.labels(name).set(progress.duration_s)
        STATE_ROWS.labels(name).set(progress.state_rows)
        STATE_BYTES.labels(name).set(progress.state_bytes)
        for figure, amount in progress.figures.items():
            if figure == REACHED:
                WATERMARK_DELAY.labels(name).set(max(0.0, time.time() - amount))
            elif figure.endswith(MAXIMUM):
                LARGEST.labels(name, figure).set(amount)
            else:
                COUNTED.labels(name, figure).inc(amount)
        for place, offset in progress.offsets.items():
            topic, _, partition = place.rpartition("/")
            OFFSET.labels(name, topic, partition).set(offset)
        now_s = time.monotonic()
        if now_s - self._logged_s.get(name, -LOG_INTERVAL_S) >= LOG_INTERVAL_S:
            self._logged_s[name] = now_s
            self._log.info("progress", **progress._asdict())

    def _client_readings(self) -> dict[str, dict[str, float]]:
        """Topic → readings of the Kafka clients that read or write it."""
        readings: dict[str, dict[str, float]] = {}
        for pattern, attribute, reading in self._patterns:
            for bean in self._beans.queryNames(pattern, None):
                try:
                    value = self._beans.getAttribute(bean, attribute)
                except Py4JJavaError:  # the client was closed since it was listed
                    continue
                topic = _TOPIC_OF_TAG.get(bean.getKeyProperty("topic").strip('"').replace(".", "_"))
                if topic is not None and value == value:  # noqa: PLR0124 - NaN until the first fetch
                    ours = readings.setdefault(topic, {})
                    ours[reading] = ours.get(reading, 0.0) + value
        return readings
