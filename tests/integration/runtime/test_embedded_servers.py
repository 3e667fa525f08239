"""The real broker and the real database under the real supervisor: start, kill, recover, stop."""

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from contracts.errors import StateError
from contracts.topics import TOPICS, TRADES
from runtime import endpoints
from runtime.embedded import kafka, postgres
from runtime.settings import Settings
from runtime.status import group_lag
from runtime.supervisor.ports import any_free
from runtime.supervisor.processes import creation_time, launched
from runtime.supervisor.records import PartRecord, read_run
from runtime.supervisor.system import assemble, password_file
from runtime.topics import ensure_topics
from tests.integration.runtime.loop import SupervisorLoop
from tests.waiting import wait_until

SERVERS = {"kafka", "topics", "postgres"}
START_LIMIT_S = 90.0


class Servers:
    """Broker, topics and database of one state folder, under a supervisor."""

    def __init__(self, state: Path, java: str = "auto") -> None:
        self.settings = Settings(state_dir=state, config_dir=state / "no-config")
        self._environment = os.environ | {"OPTIONSAI_JAVA": java}
        self.loop: SupervisorLoop | None = None

    def start(self) -> None:
        parts = [part for part in assemble(self.settings, self._environment).parts if part.name in SERVERS]
        self.loop = SupervisorLoop(parts, self.settings.state_dir)
        wait_until(lambda: all(self.part(name).state == "ready" for name in SERVERS), START_LIMIT_S, "servers ready")

    def stop(self) -> None:
        assert self.loop is not None
        self.loop.stop()

    def part(self, name: str) -> PartRecord:
        run = read_run(self.settings.state_dir)
        return run.parts[name] if run else PartRecord(stop_signal=0)

    def kill(self, name: str) -> None:
        victim = self.part(name).pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        wait_until(
            lambda: self.part(name).pid not in {victim, None} and self.part(name).state == "ready",
            START_LIMIT_S,
            f"{name} back",
        )

    def client(self) -> dict[str, Any]:
        return endpoints.kafka_client(self.settings, {}, "tests") | {"log_level": 0}

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(endpoints.database_dsn(self.settings, {}), autocommit=True)

    def publish(self, *values: bytes) -> None:
        producer = Producer(self.client() | {"enable.idempotence": True})
        for value in values:
            producer.produce(TRADES.name, value, "AAPL")
        assert producer.flush(30) == 0

    def published(self) -> list[bytes]:
        consumer = Consumer(self.client() | {"group.id": "tests", "auto.offset.reset": "earliest"})
        place = TopicPartition(TRADES.name, 0, 0)
        consumer.assign([place])
        end = consumer.get_watermark_offsets(place, 30)[1]
        values: list[bytes] = []
        while len(values) < end:
            record = consumer.poll(10)
            assert record is not None
            assert record.error() is None
            values.append(record.value() or b"")
        consumer.close()
        return values


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers(tmp_path_factory.mktemp("servers") / "state")
    running.start()
    yield running
    running.stop()
    left = [part.pid for part in (running.part(name) for name in SERVERS) if part.pid and creation_time(part.pid)]
    assert left == []


def test_all_topics_are_there_and_a_second_look_changes_nothing(servers: Servers) -> None:
    assert ensure_topics(servers.client()) == []


def test_an_existing_topic_that_differs_is_told_not_changed(servers: Servers) -> None:
    other = TRADES._replace(retention_hours=1, partitions=3)
    assert len(ensure_topics(servers.client(), [other])) == 2
    assert ensure_topics(servers.client(), TOPICS) == []


def test_records_survive_a_killed_broker(servers: Servers) -> None:
    servers.publish(b"one", b"two")
    servers.kill("kafka")
    servers.publish(b"three")
    assert servers.published()[-3:] == [b"one", b"two", b"three"]


def test_the_lag_of_a_group_is_what_it_has_not_committed(servers: Servers) -> None:
    servers.publish(b"a", b"b", b"c")
    consumer = Consumer(servers.client() | {"group.id": "slow"})
    place = TopicPartition(TRADES.name, 0)
    end = consumer.get_watermark_offsets(place, 30)[1]
    consumer.commit(offsets=[TopicPartition(TRADES.name, 0, end - 2)], asynchronous=False)
    consumer.close()
    assert group_lag(servers.settings, {})["slow"] == 2


def test_committed_rows_survive_a_killed_database(servers: Servers) -> None:
    with servers.database() as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    servers.kill("postgres")
    with servers.database() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_the_database_asks_for_its_password_and_keeps_it_secret(servers: Servers) -> None:
    secret = password_file(servers.settings.state_dir)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    dsn = endpoints.database_dsn(servers.settings, {})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn, password="wrong")  # noqa: S106 - that it is wrong is the point
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(dsn, user=postgres.SUPERUSER, dbname="postgres")
    password = secret.read_text().strip()
    logs = (servers.settings.state_dir / "logs").glob("*.log")
    assert not any(password in log.read_text() for log in logs)
    with servers.database() as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)


def test_the_superuser_has_a_way_in_through_the_closed_folder(servers: Servers) -> None:
    found = endpoints.read(servers.settings)
    assert found is not None
    sockets = servers.settings.state_dir / "postgres" / "run"
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    told = subprocess.run(
        [postgres.binary("psql"), "-h", sockets, "-p", str(found.database_port), "-U", "postgres", "-Atc", "SELECT 1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == "1\n", told.stderr


def test_a_database_left_running_or_a_stale_lock_of_one_is_cleared_away(tmp_path: Path) -> None:
    server = postgres.Server(tmp_path / "postgres", any_free(), "optionsai", "optionsai", tmp_path / "password")
    postgres.prepare(server)
    command = server.command({"PATH": os.defpath})
    with subprocess.Popen(launched(command), stderr=subprocess.DEVNULL) as left:
        wait_until(lambda: postgres.probe(server) is None, START_LIMIT_S, "database ready")
        postgres.prepare(server)
        assert left.wait(10) == 0
    lock = server.data / "postmaster.pid"
    for stale in (f"{os.getpid()}\n{server.data}\n", "not a number\n", ""):
        lock.write_text(stale)
        postgres.prepare(server)
        assert not lock.exists()


def test_a_second_start_finds_everything_and_a_lost_password_is_replaced(tmp_path: Path) -> None:
    servers = Servers(tmp_path / "state", java="bundled")
    servers.start()
    servers.publish(b"kept")
    identity = (servers.settings.state_dir / "kafka" / "data" / kafka.IDENTITY_FILE).read_text()
    with servers.database() as connection:
        connection.execute("CREATE TABLE kept (number int)")
    servers.stop()
    password_file(servers.settings.state_dir).unlink()
    servers.start()
    try:
        assert servers.published() == [b"kept"]
        assert "cluster.id" in identity
        assert (servers.settings.state_dir / "kafka" / "data" / kafka.IDENTITY_FILE).read_text() == identity
        with servers.database() as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        servers.stop()
    (servers.settings.state_dir / "kafka" / "data" / kafka.IDENTITY_FILE).unlink()
    refused = Servers(servers.settings.state_dir)
    part = next(part for part in assemble(refused.settings, os.environ).parts if part.name == "kafka")
    with pytest.raises(StateError, match="backup"):
        part.prepare()
