"""Where the parts of a running system are: configured addresses, or those of the embedded parts.

The supervisor writes `<state>/endpoints.json` before it starts anything that needs it; every process of ours reads it,
so a service started by hand finds the embedded parts too. Passwords stand in files of their own, never in here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.errors import StateError
from runtime.services import metrics_port as default_metrics_port
from runtime.settings import Settings, secret

FILE: Final = "endpoints.json"


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of embedded parts, and the ports actually taken; an outside server's fields stay empty."""

    kafka_bootstrap: str | None = None
    database_host: str | None = None
    database_port: int | None = None
    database_password_file: str | None = None
    dash_port: int
    rest_port: int
    grpc_port: int
    metrics_ports: dict[str, int]
    """By service name."""


def write(settings: Settings, endpoints: Endpoints) -> None:
    """Put the addresses in place, atomically."""
    path = settings.state_dir / FILE
    draft = path.with_suffix(".tmp")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(endpoints)))
    draft.replace(path)


def read(settings: Settings) -> Endpoints | None:
    """Addresses of the system that runs on this state directory, if one does."""
    path = settings.state_dir / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Endpoints)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise StateError(
            f"{path} is not readable: {error}. Run `optionsai down`, remove it, and `optionsai up`"
        ) from error


def kafka_bootstrap(settings: Settings) -> str:
    """Address of the broker."""
    found = read(settings)
    address = settings.kafka.bootstrap_servers or (found and found.kafka_bootstrap)
    if not address:
        raise _nothing_runs("kafka.bootstrap_servers")
    return address


def kafka_client(settings: Settings, environment: Mapping[str, str], client_id: str) -> dict[str, Any]:
    """Settings shared by every Kafka client: the address, the login where one is configured."""
    client: dict[str, Any] = {
        "bootstrap.servers": kafka_bootstrap(settings),
        "client.id": client_id,
        "reconnect.backoff.max.ms": 1_000,
        "log_level": 3,
        **settings.kafka.client,
    }
    if "sasl.username" in client:
        client["sasl.password"] = secret("KAFKA_PASSWORD", environment, "kafka.client.sasl.username")
    return client


def database_dsn(settings: Settings, environment: Mapping[str, str]) -> str:
    """Connection string of the database, password included."""
    database, found = settings.database, read(settings)
    if database.host:
        host, port = database.host, database.port
        password = secret("DATABASE_PASSWORD", environment, "database.host")
    elif found and found.database_host and found.database_port and found.database_password_file:
        host, port = found.database_host, found.database_port
        password = Path(found.database_password_file).read_text().strip()
    else:
        raise _nothing_runs("database.host")
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    return f"host={host} port={port} dbname={database.name} user={database.user} password='{quoted}'"


def metrics_port(settings: Settings, service: str) -> int:
    """Port of a service's `/metrics`; the one the supervisor chose while it runs."""
    found = read(settings)
    return found.metrics_ports[service] if found else default_metrics_port(service, settings.serving.metrics_port)


def serving_ports(settings: Settings) -> tuple[int, int, int]:
    """Ports of Dash, REST and gRPC."""
    found = read(settings)
    if found:
        return found.dash_port, found.rest_port, found.grpc_port
    return settings.serving.dash_port, settings.serving.rest_port, settings.serving.grpc_port


def _nothing_runs(key: str) -> StateError:
    return StateError(f"no embedded server runs and {key} is not set. Run `optionsai up`, or set {key} in config/")
