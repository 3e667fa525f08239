"""The embedded broker: Apache Kafka as one KRaft node, broker and controller in one JVM, sized for a laptop.

Theory of operation. A data folder is formatted under a temporary name and renamed when whole, so an interrupted first
start leaves nothing half-made. The configuration is written anew at every start, because ports may change; the
cluster's identity lives in the data folder and stays. What is found damaged is formatted again only if it holds no
records; otherwise it is refused, because only the operator may throw data away.
"""

import base64
import shutil
import socket
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from contracts.errors import PartError, StateError
from runtime.embedded.java import Java
from runtime.supervisor.ports import LOOPBACK, require_free
from runtime.supervisor.records import write_atomically

FORMAT_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 1.0
METADATA_TIMEOUT_S = 2.0
HEAP = "512m"
IDENTITY_FILE = "meta.properties"
METADATA_DIR = "__cluster_metadata-0"
_HOUSEKEEPING = frozenset({"__cluster_metadata-0", "__consumer_offsets"})

_SETTINGS: dict[str, str | int] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # Topics are a table of ours (contracts.topics); a mistyped name must fail, not become a topic.
    "auto.create.topics.enable": "false",
    # One node: nothing to replicate to.
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # A handful of groups and writers: the defaults (50) cost files, memory and start time.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 2,
    "share.coordinator.state.topic.num.partitions": 1,
    # A group has one member here: waiting for more only delays it.
    "group.initial.rebalance.delay.ms": 0,
    # Sized for two cores and a small heap.
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
    "log.cleaner.threads": 1,
    "log.cleaner.dedupe.buffer.size": 4 << 20,
    "log.cleaner.io.buffer.size": 256 << 10,
    # Small segments let retention by size take effect early and keep recovery after a crash short.
    "log.segment.bytes": 64 << 20,
    "log.retention.check.interval.ms": 60_000,
    # After a crash the controller counts the old broker as alive until the session ends, and admits the new one only
    # then: the default of 9 s is most of a recovery. Shorter than this, a starved machine loses a living broker.
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 4_000,
}

_LOGGING = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}{UTC} %-5p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.kafka.name = kafka.server
logger.kafka.level = info
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
logger.config2.name = kafka.server.KafkaConfig
logger.config2.level = warn
"""


class Broker(NamedTuple):
    """Where one broker lives and listens."""

    home: Path
    port: int
    controller_port: int
    java: Java
    jars: Sequence[Path]

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def data(self) -> Path:
        """The records."""
        return self.home / "data"

    def command(self) -> list[str]:
        """The broker's command line."""
        return [*self._java(f"-Xmx{HEAP}"), "kafka.Kafka", str(self.home / "server.properties")]

    def format_command(self, config: Path, cluster_id: str) -> list[str]:
        """The command line that makes the data folder named in `config`."""
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(config)]
        return [*self._java("-XX:TieredStopAtLevel=1"), *tool]

    def _java(self, *options: str) -> list[str]:
        return [
            str(self.java.executable),
            *options,
            # The live set is small: a young collection of a serial collector takes milliseconds, and it spares the
            # threads and the memory of a concurrent one on a machine with few cores.
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.home / 'log4j2.properties'}",
            "-cp",
            ":".join(map(str, self.jars)),
        ]


def settings_text(broker: Broker, data: Path) -> str:
    """`server.properties` of a broker whose records are in `data`."""
    own: dict[str, str | int] = {
        "listeners": f"PLAINTEXT://{LOOPBACK}:{broker.port},CONTROLLER://{LOOPBACK}:{broker.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{broker.port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{broker.controller_port}",
        "log.dirs": str(data),
    }
    return "".join(f"{key}={value}\n" for key, value in (_SETTINGS | own).items())


def prepare(broker: Broker) -> None:
    """Write the configuration and see that there is a sound data folder and nobody on the ports."""
    require_free((broker.port, broker.controller_port))
    broker.home.mkdir(parents=True, exist_ok=True)
    write_atomically(broker.home / "log4j2.properties", _LOGGING.encode())
    write_atomically(broker.home / "server.properties", settings_text(broker, broker.data).encode())
    check(broker.data)
    if not is_sound(broker.data):
        _format(broker)


def check(data: Path) -> None:
    """Refuse a data folder that is damaged and yet holds records; one without records is made anew at the start."""
    if not is_sound(data) and (kept := records_in(data)):
        message = (
            f"{data} has lost its {IDENTITY_FILE} or {METADATA_DIR} but still holds records ({kept[0]}, …). "
            "Restore it from a backup, or move the whole state folder away to start afresh."
        )
        raise StateError(message)


def is_sound(data: Path) -> bool:
    """Whether a data folder has its identity and its metadata log (a fresh one: the seed of it)."""
    identity = data / IDENTITY_FILE
    metadata = data / METADATA_DIR
    return identity.is_file() and "cluster.id=" in identity.read_text() and (metadata.is_dir() or _is_fresh(data))


def _is_fresh(data: Path) -> bool:
    return (data / "bootstrap.checkpoint").is_file() and not any(data.glob("*/*.log"))


def records_in(data: Path) -> list[str]:
    """Topic partitions in a data folder that hold records, Kafka's own topics aside."""
    if not data.is_dir():
        return []
    return sorted(
        folder.name
        for folder in data.iterdir()
        if folder.is_dir()
        and folder.name not in _HOUSEKEEPING
        and not folder.name.startswith("__")
        and any(segment.stat().st_size for segment in folder.glob("*.log"))
    )


def _format(broker: Broker) -> None:
    fresh = broker.home / "data.new"
    for folder in (fresh, broker.data):
        if folder.exists():
            shutil.rmtree(folder)
    config = broker.home / "format.properties"
    write_atomically(config, settings_text(broker, fresh).encode())
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "a")
    try:
        result = subprocess.run(  # noqa: S603 - our own command line
            broker.format_command(config, cluster_id),
            capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PartError(f"Kafka's data folder could not be made: {error}. Run `optionsai doctor`.") from error
    if result.returncode != 0:
        last = (result.stderr or result.stdout).strip().splitlines()[-1:] or ["no output"]
        raise PartError(f"Kafka's data folder could not be made: {last[0]}. Run `optionsai doctor`.")
    fresh.replace(broker.data)


def probe(bootstrap: str) -> str | None:
    """None when the broker answers a client, else what is missing."""
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
    except OSError:
        return f"nothing listens on {bootstrap}"
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        brokers = client.list_topics(timeout=METADATA_TIMEOUT_S).brokers
    except KafkaException as error:
        return f"the broker does not answer yet ({error.args[0].str()})"
    return None if brokers else "the controller has not admitted the broker yet"
