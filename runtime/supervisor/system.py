"""The parts of this system on this machine: from settings to the table the supervisor runs.

An embedded server is a part only where no outside one is configured. Ports are settled before anything starts: the
wanted ones where they are free, others where they are not, and all are written down for the parts to read.
"""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from runtime import endpoints
from runtime.embedded import jars, java, kafka, postgres
from runtime.embedded.java import Java
from runtime.services import SERVICES, Service, metrics_port
from runtime.settings import Settings
from runtime.supervisor.parts import Part
from runtime.supervisor.ports import LOOPBACK, choose_ports, is_free, require_free
from runtime.supervisor.probes import http_probe
from runtime.supervisor.processes import Command, python_command
from runtime.topics import ensure_topics

TOPICS_STEP = "topics"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, not bound to
BROKER_START_LIMIT_S = 90.0
BROKER_GRACE_S = 30.0
DATABASE_START_LIMIT_S = 120.0
"""Recovery after a crash replays up to `max_wal_size` of log."""
DATABASE_GRACE_S = 30.0
SERVICE_START_LIMIT_S = 60.0
SERVICE_GRACE_S = 15.0
SPARK_GRACE_S = 20.0

PASSED_ON = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
PASSED_ON_PREFIXES = ("OPTIONSAI_", "LC_", "COVERAGE_")
"""The last so that measured runs measure the children too."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
SECRETS: Mapping[str, tuple[str, ...]] = {
    "kafka": ("KAFKA_PASSWORD",),
    "postgres": ("DATABASE_PASSWORD",),
    "ingestion": ("POLYGON_API_KEY",),
}
"""Which secrets reach a service, by its name or by what it needs; also as NAME_FILE."""


OWN_PORTS: Mapping[str, tuple[str, ...]] = {"api": ("rest", "grpc"), "dash": ("dash",)}
"""What a service listens on besides its metrics port."""


class System(NamedTuple):
    """Everything `up` needs to know."""

    parts: list[Part]
    addresses: endpoints.Endpoints
    moved: dict[str, tuple[int, int]]
    """Ports that were taken: what for → (wanted, used instead)."""


def assemble(settings: Settings, environment: Mapping[str, str]) -> System:
    """Settle Java, jars and ports, write the addresses down, and lay out the parts. Starts nothing."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    chosen_java = java.choose(environment, settings.state_dir / "java")
    wanted = wanted_ports(settings)
    ports = choose_ports(wanted, lambda port: is_free(port, settings.serving.host))
    addresses = _addresses(settings, ports)
    endpoints.write(settings, addresses)
    parts = [*_broker(settings, environment, chosen_java, ports), *_database(settings, environment, ports)]
    parts += [_service(service, settings, environment, chosen_java, ports) for service in SERVICES]
    moved = {name: (port, ports[name]) for name, port in wanted.items() if ports[name] != port}
    return System(parts, addresses, moved)


def wanted_ports(settings: Settings) -> dict[str, int]:
    """What for → port, as the settings ask."""
    serving = settings.serving
    wanted = {"dash": serving.dash_port, "rest": serving.rest_port, "grpc": serving.grpc_port}
    if settings.kafka.bootstrap_servers is None:
        wanted |= {"kafka": settings.kafka.embedded_port, "kafka controller": settings.kafka.embedded_port + 1}
    if settings.database.host is None:
        wanted["postgres"] = settings.database.embedded_port
    return wanted | {_metrics(s.name): metrics_port(s.name, serving.metrics_port) for s in SERVICES}


def reachable_host(host: str) -> str:
    """Where to find, from this machine, what listens on `host`."""
    return LOOPBACK if host == ANY_ADDRESS else host


def password_file(state_dir: Path) -> Path:
    """Where the embedded database's password is kept."""
    return state_dir / "secrets" / "database_password"


def child_environment(environment: Mapping[str, str], settings: Settings, service: Service | None) -> dict[str, str]:
    """What a child gets to see of our environment: little, and only the secrets it has a use for."""
    owners = () if service is None else (service.name, *service.needs)
    secrets = [name for owner in owners for secret in SECRETS.get(owner, ()) for name in (secret, f"{secret}_FILE")]
    wanted = {*PASSED_ON, *PROXIES, *secrets}
    kept = {key: value for key, value in environment.items() if key in wanted or key.startswith(PASSED_ON_PREFIXES)}
    return kept | {
        "OPTIONSAI_STATE_DIR": str(settings.state_dir),
        "OPTIONSAI_CONFIG_DIR": str(settings.config_dir),
        "PYTHONUNBUFFERED": "1",
    }


def _metrics(service: str) -> str:
    return f"{service} metrics"


def _addresses(settings: Settings, ports: Mapping[str, int]) -> endpoints.Endpoints:
    database = settings.database.host is None
    return endpoints.Endpoints(
        kafka_bootstrap=f"{LOOPBACK}:{ports['kafka']}" if settings.kafka.bootstrap_servers is None else None,
        database_host=LOOPBACK if database else None,
        database_port=ports["postgres"] if database else None,
        database_password_file=str(password_file(settings.state_dir)) if database else None,
        dash_port=ports["dash"],
        rest_port=ports["rest"],
        grpc_port=ports["grpc"],
        metrics_ports={service.name: ports[_metrics(service.name)] for service in SERVICES},
    )


def _broker(settings: Settings, environment: Mapping[str, str], chosen: Java, ports: Mapping[str, int]) -> list[Part]:
    """The embedded broker if there is to be one, and the step that makes the topics."""

    def make_topics() -> str:
        found = ensure_topics(endpoints.kafka_client(settings, environment, "optionsai-supervisor"))
        return "; ".join(("left as they are", *found)) if found else ""

    if settings.kafka.bootstrap_servers is not None:
        return [Part(name=TOPICS_STEP, prepare=make_topics)]
    home = settings.state_dir / "kafka"
    broker = kafka.Broker(home, ports["kafka"], ports["kafka controller"], chosen, jars.paths("kafka"))
    command = Command(broker.command(), child_environment(environment, settings, None), orphan_signal=signal.SIGTERM)
    return [
        Part(
            name="kafka",
            prepare=lambda: kafka.prepare(broker),
            command=command,
            probe=lambda: kafka.probe(broker.bootstrap),
            start_limit_s=BROKER_START_LIMIT_S,
            grace_s=BROKER_GRACE_S,
        ),
        Part(name=TOPICS_STEP, needs=("kafka",), prepare=make_topics),
    ]


def _database(settings: Settings, environment: Mapping[str, str], ports: Mapping[str, int]) -> list[Part]:
    """The embedded database if there is to be one."""
    if settings.database.host is not None:
        return []
    database = settings.database
    secret = password_file(settings.state_dir)
    server = postgres.Server(settings.state_dir / "postgres", ports["postgres"], database.name, database.user, secret)
    return [
        Part(
            name="postgres",
            prepare=lambda: postgres.prepare(server),
            command=server.command(child_environment(environment, settings, None)),
            probe=lambda: postgres.probe(server),
            start_limit_s=DATABASE_START_LIMIT_S,
            stop_signal=signal.SIGINT,
            grace_s=DATABASE_GRACE_S,
        )
    ]


def _service(
    service: Service, settings: Settings, environment: Mapping[str, str], chosen: Java, ports: Mapping[str, int]
) -> Part:
    own = child_environment(environment, settings, service)
    is_spark = service.name == "spark"
    if is_spark:
        own["JAVA_HOME"] = str(chosen.home)
    needs = {"kafka": TOPICS_STEP, "postgres": "postgres" if settings.database.host is None else None}
    host = reachable_host(settings.serving.host)
    port = ports[_metrics(service.name)]
    listens_on = [port, *(ports[name] for name in OWN_PORTS.get(service.name, ()))]
    return Part(
        name=service.name,
        prepare=lambda: require_free(listens_on, settings.serving.host),
        needs=tuple(part for need in service.needs if (part := needs.get(need, need)) is not None),
        command=Command(python_command(service.module), own),
        probe=lambda: http_probe(host, port),
        start_limit_s=settings.spark.start_timeout_s if is_spark else SERVICE_START_LIMIT_S,
        grace_s=SPARK_GRACE_S if is_spark else SERVICE_GRACE_S,
    )
