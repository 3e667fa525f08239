import socket
from pathlib import Path

import pytest

from runtime import endpoints
from runtime.services import BY_NAME, SERVICES
from runtime.settings import Database, Kafka, Serving, Settings
from runtime.supervisor.plan import start_order
from runtime.supervisor.ports import LOOPBACK, any_free
from runtime.supervisor.system import ANY_ADDRESS, assemble, child_environment, reachable_host, wanted_ports

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "EDITOR": "ed",
    "OPTIONSAI_JAVA": "bundled",
    "POLYGON_API_KEY": "p",
    "KAFKA_PASSWORD_FILE": "k",
    "DATABASE_PASSWORD": "d",
}


def settings(folder: Path, **sections: object) -> Settings:
    return Settings(state_dir=folder / "state", config_dir=folder / "config", **sections)  # type: ignore[arg-type]


def test_everything_embedded_by_default(tmp_path: Path) -> None:
    system = assemble(settings(tmp_path), ENVIRONMENT)
    names = {part.name for part in system.parts}
    assert names == {"kafka", "topics", "postgres", *BY_NAME}
    order = start_order({part.name: part.needs for part in system.parts})
    assert order.index("kafka") < order.index("topics") < order.index("ingestion")
    assert order.index("postgres") < order.index("writer")


def test_the_addresses_are_written_before_anything_starts(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    system = assemble(chosen, ENVIRONMENT)
    assert endpoints.read(chosen) == system.addresses
    assert system.addresses.kafka_bootstrap is not None
    assert set(system.addresses.metrics_ports) == set(BY_NAME)


def test_outside_servers_are_not_started(tmp_path: Path) -> None:
    outside = settings(tmp_path, kafka=Kafka(bootstrap_servers="broker:9092"), database=Database(host="db"))
    system = assemble(outside, ENVIRONMENT)
    parts = {part.name: part for part in system.parts}
    assert {"kafka", "postgres"}.isdisjoint(parts)
    assert parts["topics"].needs == ()
    assert parts["writer"].needs == ("topics",)
    assert system.addresses.kafka_bootstrap is None
    assert system.addresses.database_password_file is None
    assert {"kafka", "kafka controller", "postgres"}.isdisjoint(wanted_ports(outside))


def test_a_taken_port_is_avoided_and_told(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        system = assemble(settings(tmp_path, serving=Serving(dash_port=port, metrics_port=any_free())), ENVIRONMENT)
    assert system.addresses.dash_port != port
    assert system.moved["dash"] == (port, system.addresses.dash_port)


@pytest.mark.parametrize(
    ("service", "secrets"),
    [
        ("ingestion", {"POLYGON_API_KEY", "KAFKA_PASSWORD_FILE"}),
        ("scoring", {"KAFKA_PASSWORD_FILE"}),
        ("writer", {"KAFKA_PASSWORD_FILE", "DATABASE_PASSWORD"}),
        (None, set()),
    ],
)
def test_a_child_sees_little_and_only_the_secrets_it_uses(
    tmp_path: Path, service: str | None, secrets: set[str]
) -> None:
    own = child_environment(ENVIRONMENT, settings(tmp_path), BY_NAME[service] if service else None)
    assert {"PATH", "OPTIONSAI_JAVA", "OPTIONSAI_STATE_DIR", "OPTIONSAI_CONFIG_DIR"} <= set(own)
    assert "EDITOR" not in own
    assert {key for key in own if "PASSWORD" in key or "API_KEY" in key} == secrets


def test_spark_and_only_spark_is_told_its_java(tmp_path: Path) -> None:
    parts = {part.name: part for part in assemble(settings(tmp_path), ENVIRONMENT).parts}
    told = {s.name for s in SERVICES if (command := parts[s.name].command) and "JAVA_HOME" in command.environment}
    assert told == {"spark"}


def test_what_listens_everywhere_is_found_on_loopback() -> None:
    assert reachable_host(ANY_ADDRESS) == LOOPBACK
    assert reachable_host("192.0.2.7") == "192.0.2.7"
