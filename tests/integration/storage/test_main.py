"""The writer as a service of its own, between a real broker and a real database."""

import os
import signal as signals
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts.events import Event
from contracts.topics import TRADES
from data_ingestion.kafka_producers.idempotent import KafkaSink
from runtime.services import metrics_port
from runtime.supervisor.ports import LOOPBACK, any_free
from runtime.supervisor.probes import http_probe
from storage.timescaledb_client.schema import BY_RECORD
from tests.integration.storage.database import Database
from tests.streaming_job import running_broker
from tests.unit.storage.market import option_quote, signal, trade
from tests.waiting import wait_until

TIMEOUT_S = 60.0
LONG_RETENTION_HOURS = 10_000_000
"""The events of these tests are dated when they were written."""


class Service:
    """`python -m storage.main`, configured for one broker and one database."""

    def __init__(self, folder: Path, bootstrap: str, database: Database) -> None:
        config = folder / "config"
        config.mkdir()
        self._metrics_port = any_free()
        sections = {
            "kafka": {"bootstrap_servers": bootstrap},
            "database": {**database.settings, "retention_hours": LONG_RETENTION_HOURS},
            "serving": {"metrics_port": self._metrics_port - metrics_port("writer", 0)},
        }
        for name, values in sections.items():
            (config / f"{name}_config.yaml").write_text(yaml.safe_dump(values))
        self._environment = os.environ | {
            "OPTIONSAI_CONFIG_DIR": str(config),
            "OPTIONSAI_STATE_DIR": str(folder / "state"),
            "DATABASE_PASSWORD": database.password,
        }
        self.log = folder / "writer.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "storage.main"], env=self._environment, stdout=log, stderr=log
            )
        wait_until(
            lambda: http_probe(LOOPBACK, self._metrics_port) is None, TIMEOUT_S, f"the writer is ready; see {self.log}"
        )

    def end(self, how: signals.Signals) -> int:
        """Send a signal; the exit status."""
        self._process.send_signal(how)
        return self._process.wait(TIMEOUT_S)

    def metric(self, line: str) -> float:
        """A sample of `/metrics`, by its name and labels; zero while there is none."""
        connection = HTTPConnection(LOOPBACK, self._metrics_port, timeout=5)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return next((float(found.rsplit(" ", 1)[1]) for found in lines if found.startswith(line + " ")), 0.0)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker")) as bootstrap:
        yield bootstrap


def publish(bootstrap: str, *found: Event) -> None:
    sink = KafkaSink({"bootstrap.servers": bootstrap})
    for event in found:
        sink.send(event, {"t.due": event.event_time})
    sink.flush(TIMEOUT_S)


def hold(database: Database, *found: Event) -> bool:
    """Whether the tables hold these events, and nothing twice."""
    with database.connect() as connection:
        for kind in {type(event) for event in found}:
            query = f"SELECT replace(event_id::text, '-', '') FROM {BY_RECORD[kind].name}"  # noqa: S608
            ids = [row[0] for row in connection.execute(query)]
            assert len(ids) == len(set(ids))
            if not {event.event_id for event in found if type(event) is kind} <= set(ids):
                return False
    return True


def test_the_service_stores_survives_a_kill_reports_a_gap_and_stops_in_order(
    broker: str, database: Database, tmp_path: Path
) -> None:
    service = Service(tmp_path, broker, database)
    service.start()
    first: list[Event] = [trade(0), trade(1), option_quote(0), option_quote(1), signal(0), trade(1)]
    publish(broker, *first)
    wait_until(lambda: hold(database, *first), TIMEOUT_S, "the first events are stored")
    assert service.metric('optionsai_writer_rows_total{table="trades"}') == 2.0

    producer = Producer({"bootstrap.servers": broker})
    producer.produce(TRADES.name, b"{")
    producer.flush(TIMEOUT_S)
    rejected = f'optionsai_writer_rejected_total{{reason="malformed",topic="{TRADES.name}"}}'
    wait_until(lambda: service.metric(rejected) == 1.0, TIMEOUT_S, "a malformed record is rejected")
    stored = 'optionsai_writer_rows_total{table="rejected_records"}'
    wait_until(lambda: service.metric(stored) == 1.0, TIMEOUT_S, "and stored as such")

    database.kill()
    publish(broker, trade(6))
    interruptions = "optionsai_writer_interruptions_total"
    wait_until(lambda: service.metric(interruptions) > 0, TIMEOUT_S, "the writer has noticed")
    database.start()
    wait_until(lambda: hold(database, *first, trade(6)), TIMEOUT_S, "the writer is back at work")
    assert service.end(signals.SIGKILL) == -signals.SIGKILL

    second = [trade(2), trade(3)]
    publish(broker, *second)
    service.start()
    wait_until(lambda: hold(database, *first, *second), TIMEOUT_S, "what came while it was dead is stored")
    assert service.end(signals.SIGTERM) == 0

    third = [trade(4), trade(5)]
    publish(broker, *third)
    admin = AdminClient({"bootstrap.servers": broker})
    for removed in admin.delete_records([TopicPartition(TRADES.name, 0, 8)]).values():
        removed.result(TIMEOUT_S)
    service.start()
    wait_until(lambda: hold(database, trade(5)), TIMEOUT_S, "reading has gone on after the gap")
    assert not hold(database, trade(4))
    assert service.metric(f'optionsai_writer_lost_records_total{{topic="{TRADES.name}"}}') == 1.0
    assert '"event": "gap"' in service.log.read_text()
    assert service.end(signals.SIGTERM) == 0
