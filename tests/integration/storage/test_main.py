"""The writer as a service of its own, between a real broker and a real database."""

import signal as signals
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts.events import Event
from contracts.topics import TRADES
from data_ingestion.kafka_producers.idempotent import KafkaSink
from storage.timescaledb_client.schema import BY_RECORD
from tests.integration.storage.database import Database
from tests.integration.storage.service import TIMEOUT_S, Service
from tests.integration.storage.test_writer import FULL_DISK
from tests.servers.influx import BUCKET, ORG, TOKEN, InfluxServerDouble
from tests.streaming_job import running_broker
from tests.unit.models.market import bar
from tests.unit.storage.market import BEGAN, option_quote, signal, trade
from tests.waiting import wait_until


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


def test_a_full_disk_shows_in_metrics_and_log_until_there_is_room(
    broker: str, database: Database, tmp_path: Path
) -> None:
    service = Service(tmp_path, broker, database)
    service.start()
    disk_full = "optionsai_writer_disk_full"
    with database.connect() as connection:
        connection.execute(FULL_DISK)
        publish(broker, trade(50))
        wait_until(lambda: service.metric(disk_full) == 1.0, TIMEOUT_S, "the full disk shows")
        assert not hold(database, trade(50))
        connection.execute("UPDATE disk SET full_now = false")
    wait_until(lambda: hold(database, trade(50)), TIMEOUT_S, "the row is stored")
    wait_until(lambda: service.metric(disk_full) == 0.0, TIMEOUT_S, "the disk is no longer full")
    assert "PostgreSQL's disk is full while writing" in service.log.read_text()
    assert service.end(signals.SIGTERM) == 0


def test_time_series_go_beside_the_rows_and_neither_waits_for_the_other(
    broker: str, database: Database, tmp_path: Path
) -> None:
    with InfluxServerDouble() as double:
        section: dict[str, str | float] = {
            "url": double.url, "org": ORG, "bucket": BUCKET, "flush_interval_s": 0.1, "timeout_s": 1.0,
        }  # fmt: skip
        service = Service(tmp_path, broker, database, section)
        service.start({"INFLUXDB_TOKEN": TOKEN})
        publish(broker, signal(100), bar(BEGAN, 100.0), trade(100))
        wait_until(lambda: {"signals", "bars"} <= names(double), TIMEOUT_S, "points have arrived")
        wait_until(lambda: hold(database, signal(100), trade(100)), TIMEOUT_S, "rows are stored")

        double.stop()
        publish(broker, signal(101))
        wait_until(lambda: hold(database, signal(101)), TIMEOUT_S, "rows do not wait for the series")
        interruptions = "optionsai_series_interruptions_total"
        wait_until(lambda: service.metric(interruptions) > 0, TIMEOUT_S, "the outage is noticed")
        assert service.end(signals.SIGKILL) == -signals.SIGKILL

        double.start()
        service.start({"INFLUXDB_TOKEN": TOKEN})
        wait_until(lambda: count(double, "signals") >= 2, TIMEOUT_S, "the point of the outage has arrived")
        assert service.metric("optionsai_series_points_total") > 0
        assert service.end(signals.SIGTERM) == 0


def test_without_its_token_the_service_does_not_start_and_says_which(
    broker: str, database: Database, tmp_path: Path
) -> None:
    service = Service(tmp_path, broker, database, {"url": "http://127.0.0.1:1"})
    service.launch()
    assert service.wait() == 1
    assert "INFLUXDB_TOKEN: missing, needed for database_config.yaml: influxdb.url" in service.log.read_text()


def names(double: InfluxServerDouble) -> set[str]:
    return {name for name, _, _ in list(double.points)}


def count(double: InfluxServerDouble, measurement: str) -> int:
    return sum(1 for name, _, _ in list(double.points) if name == measurement)
