"""Where the parts are: what is configured wins, the embedded parts come second, neither is an error with a remedy."""

from pathlib import Path

import pytest

from contracts.errors import ConfigError, StateError
from runtime import endpoints
from runtime.endpoints import Endpoints
from runtime.services import SERVICES
from runtime.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})


def configured(tmp_path: Path, **files: str) -> Settings:
    for name, text in files.items():
        (tmp_path / f"{name}_config.yaml").write_text(text)
    return load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})


def embedded(tmp_path: Path) -> Endpoints:
    password = tmp_path / "password"
    password.write_text("it's\n")
    return Endpoints(
        kafka_bootstrap="127.0.0.1:1",
        database_host="127.0.0.1",
        database_port=2,
        database_password_file=str(password),
        dash_port=3,
        rest_port=4,
        grpc_port=5,
        metrics_ports={service.name: 6 + place for place, service in enumerate(SERVICES)},
    )


def test_without_a_running_system_the_remedy_is_named(settings: Settings) -> None:
    with pytest.raises(StateError, match="optionsai up"):
        endpoints.kafka_bootstrap(settings)
    with pytest.raises(StateError, match=r"database\.host"):
        endpoints.database_dsn(settings, {})


def test_embedded_parts_are_found(settings: Settings, tmp_path: Path) -> None:
    endpoints.write(settings, embedded(tmp_path))
    assert endpoints.kafka_bootstrap(settings) == "127.0.0.1:1"
    assert endpoints.database_dsn(settings, {}) == (
        "host=127.0.0.1 port=2 dbname=optionsai user=optionsai password='it\\'s'"
    )
    assert endpoints.serving_ports(settings) == (3, 4, 5)
    assert endpoints.metrics_port(settings, "spark") == 7


def test_configured_servers_win(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        kafka="bootstrap_servers: broker:9092\nclient: {sasl.username: me}",
        database="host: db\nport: 5433",
    )
    endpoints.write(settings, embedded(tmp_path))
    client = endpoints.kafka_client(settings, {"KAFKA_PASSWORD": "secret"}, "x")
    assert client["bootstrap.servers"] == "broker:9092"
    assert client["sasl.password"] == "secret"
    assert "host=db port=5433" in endpoints.database_dsn(settings, {"DATABASE_PASSWORD": "p"})
    with pytest.raises(ConfigError, match="KAFKA_PASSWORD"):
        endpoints.kafka_client(settings, {}, "x")


def test_ports_without_a_supervisor_come_from_the_settings(settings: Settings) -> None:
    assert endpoints.serving_ports(settings) == (8050, 8000, 8051)
    assert endpoints.metrics_port(settings, "ingestion") == 9400


def test_an_unreadable_file_is_refused_with_the_remedy(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / endpoints.FILE).write_text("{")
    with pytest.raises(StateError, match="remove it"):
        endpoints.read(settings)
