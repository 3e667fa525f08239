"""What a service is given to do its work: settings, ports, a clock and a request to stop."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.ports import EventSink
from contracts.topics import Topic
from data_ingestion.kafka_producers.idempotent import KafkaSink
from runtime import endpoints
from runtime.embedded import jars
from runtime.kafka_source import KafkaSource, Start
from runtime.settings import Settings, secret


@dataclass(frozen=True)
class Context:
    """Handed to a service's body by `runtime.bootstrap.run_service`."""

    name: str
    settings: Settings
    log: Any
    stop: threading.Event = field(default_factory=threading.Event)
    is_ready: threading.Event = field(default_factory=threading.Event)

    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        return time.time_ns() // 1000

    def ready(self) -> None:
        """Say that the service does its work from now on."""
        if not self.is_ready.is_set():
            self.is_ready.set()
            self.log.info("ready")

    def open_sink(self) -> EventSink:
        """A publisher to Kafka."""
        return KafkaSink(self.kafka_client())

    def open_source(
        self, group: str, topics: Sequence[Topic], *, start: Start = "committed", gather_ms: int = 0
    ) -> KafkaSource:
        """A reader of some topics; `group` names who reads, for commits and for lag tools."""
        return KafkaSource(self.kafka_client(), group, topics, start, gather_ms)

    def secret(self, name: str, needed_for: str) -> str:
        """A secret from the environment, or from the file that NAME_FILE names."""
        return secret(name, os.environ, needed_for)

    def kafka_bootstrap(self) -> str:
        """Address of the broker: the configured one, otherwise the embedded one that runs now."""
        return endpoints.kafka_bootstrap(self.settings)

    def kafka_client(self) -> dict[str, Any]:
        """Settings that every Kafka client of ours shares."""
        return endpoints.kafka_client(self.settings, os.environ, f"optionsai-{self.name}")

    def database_dsn(self) -> str:
        """Connection string of the database, password included: never log it."""
        return endpoints.database_dsn(self.settings, os.environ)

    def spark_jars(self) -> list[Path]:
        """The connector's jars, fetched at set-up."""
        return jars.paths("spark")
