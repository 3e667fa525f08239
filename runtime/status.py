"""What runs, how it is and how fast: the facts behind `optionsai status`."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException

import msgspec
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient
from prometheus_client.parser import text_string_to_metric_families

from contracts.errors import OptionsAIError
from runtime import endpoints
from runtime.settings import Settings
from runtime.supervisor.processes import is_alive
from runtime.supervisor.records import is_held, read_run
from runtime.supervisor.system import reachable_host

SAMPLE_S = 1.0
"""Rates are counted over this long."""
SCRAPE_TIMEOUT_S = 2.0
KAFKA_TIMEOUT_S = 5.0
EVENTS_IN, EVENTS_OUT, LAG = "optionsai_events_in_total", "optionsai_events_out_total", "optionsai_lag_records"

Totals = Mapping[str, float]
"""Metric → its sum over all labels."""


class PartStatus(msgspec.Struct, kw_only=True):
    """One part. None: it does not say, or cannot be asked."""

    state: str
    pid: int | None
    uptime_s: float | None
    restarts: int
    ready_after_s: float | None
    message: str
    events_in_per_s: float | None = None
    events_out_per_s: float | None = None
    lag_records: int | None = None


class Status(msgspec.Struct, kw_only=True):
    """The whole system."""

    state_dir: str
    running: bool
    phase: str
    pid: int | None
    uptime_s: float | None
    parts: dict[str, PartStatus]
    group_lag_records: dict[str, int] = {}
    """Consumer group → records its members have still to read."""

    @property
    def healthy(self) -> bool:
        """Whether everything does its work."""
        return self.running and all(part.state == "ready" for part in self.parts.values())


def totals(exposition: str) -> dict[str, float]:
    """The sums that a status needs, of a `/metrics` page."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            if sample.name in {EVENTS_IN, EVENTS_OUT, LAG}:
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def rate(name: str, before: Totals, after: Totals, elapsed_s: float) -> float | None:
    """Growth a second of a counter; None where it is not counted or has started anew meanwhile."""
    if name not in before or name not in after or after[name] < before[name]:
        return None
    return round((after[name] - before[name]) / elapsed_s, 1)


def collect(settings: Settings, environment: Mapping[str, str]) -> Status:
    """Ask everything that can be asked; takes a little longer than the sampling time while the system runs."""
    run = read_run(settings.state_dir)
    running = is_held(settings.state_dir) and run is not None and is_alive(run.pid, run.created_at)
    status = Status(
        state_dir=str(settings.state_dir), running=running, phase="stopped", pid=None, uptime_s=None, parts={}
    )  # fmt: skip
    if run is None or not running:
        return status
    now = time.time()
    status.phase, status.pid, status.uptime_s = run.phase, run.pid, round(now - run.started_at, 1)
    for name, part in run.parts.items():
        status.parts[name] = PartStatus(
            state=part.state,
            pid=part.pid,
            uptime_s=round(now - part.created_at, 1) if part.created_at is not None else None,
            restarts=part.restarts,
            ready_after_s=part.ready_after_s,
            message=part.message,
        )
    _add_flow(status, settings)
    status.group_lag_records = group_lag(settings, environment)
    return status


def _add_flow(status: Status, settings: Settings) -> None:
    """Rates and lags, as each service tells them."""
    found = endpoints.read(settings)
    if found is None:
        return
    host = reachable_host(settings.serving.host)
    ports = {name: port for name, port in found.metrics_ports.items() if name in status.parts}
    with ThreadPoolExecutor(max(1, len(ports))) as pool:
        began = time.monotonic()
        before = dict(zip(ports, pool.map(lambda port: scrape(host, port), ports.values()), strict=True))
        time.sleep(SAMPLE_S)
        elapsed_s = time.monotonic() - began
        after = dict(zip(ports, pool.map(lambda port: scrape(host, port), ports.values()), strict=True))
    for name in ports:
        part = status.parts[name]
        part.events_in_per_s = rate(EVENTS_IN, before[name], after[name], elapsed_s)
        part.events_out_per_s = rate(EVENTS_OUT, before[name], after[name], elapsed_s)
        part.lag_records = int(after[name][LAG]) if LAG in after[name] else None


def scrape(host: str, port: int) -> Totals:
    """The sums of a service's `/metrics`; empty when it does not answer."""
    connection = HTTPConnection(host, port, timeout=SCRAPE_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        return totals(connection.getresponse().read().decode())
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()


def group_lag(settings: Settings, environment: Mapping[str, str]) -> dict[str, int]:
    """Consumer group → records after its last commit; empty when the broker does not answer."""
    try:
        client = endpoints.kafka_client(settings, environment, "optionsai-status") | {"log_level": 0}
        admin = AdminClient(client)
        listed = admin.list_consumer_groups(request_timeout=KAFKA_TIMEOUT_S).result(KAFKA_TIMEOUT_S)
        reader = Consumer(client | {"group.id": "optionsai-status"})
        try:
            return {group.group_id: _lag_of(admin, reader, group.group_id) for group in listed.valid}
        finally:
            reader.close()
    except (KafkaException, OptionsAIError, TimeoutError):
        return {}


def _lag_of(admin: AdminClient, reader: Consumer, group: str) -> int:
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=KAFKA_TIMEOUT_S)
    committed = [place for place in asked[group].result(KAFKA_TIMEOUT_S).topic_partitions or [] if place.offset >= 0]
    ends = [reader.get_watermark_offsets(place, KAFKA_TIMEOUT_S)[1] for place in committed]
    return sum(max(0, end - place.offset) for end, place in zip(ends, committed, strict=True))
