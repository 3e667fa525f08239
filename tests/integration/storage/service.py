"""`python -m storage.main` as a process of its own."""

import os
import signal as signals
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

import yaml

from runtime.services import metrics_port
from runtime.supervisor.ports import LOOPBACK, any_free
from runtime.supervisor.probes import http_probe
from tests.integration.storage.database import Database
from tests.waiting import wait_until

TIMEOUT_S = 60.0
LONG_RETENTION_HOURS = 10_000_000
"""The events of these tests are dated when they were written."""


class Service:
    """The writer, configured for one broker and one database, and for a server of time series if one is named."""

    def __init__(
        self, folder: Path, bootstrap: str, database: Database, influxdb: Mapping[str, str | float] | None = None
    ) -> None:
        config = folder / "config"
        config.mkdir()
        self._metrics_port = any_free()
        sections = {
            "kafka": {"bootstrap_servers": bootstrap},
            "database": {
                **database.settings,
                "retention_hours": LONG_RETENTION_HOURS,
                "influxdb": dict(influxdb or {}),
            },
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

    @property
    def pid(self) -> int:
        return self._process.pid

    def launch(self, environment: Mapping[str, str] | None = None) -> None:
        """Start without waiting; `environment` is added to ours."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "storage.main"],
                env=self._environment | dict(environment or {}),
                stdout=log,
                stderr=log,
            )

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start, and return once it is ready."""
        self.launch(environment)
        wait_until(
            lambda: http_probe(LOOPBACK, self._metrics_port) is None, TIMEOUT_S, f"the writer is ready; see {self.log}"
        )

    def end(self, how: signals.Signals) -> int:
        """Send a signal; the exit status."""
        self._process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait(TIMEOUT_S)

    def metric(self, line: str) -> float:
        """A sample of `/metrics`, by its name and labels; zero while there is none."""
        connection = HTTPConnection(LOOPBACK, self._metrics_port, timeout=5)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return next((float(found.rsplit(" ", 1)[1]) for found in lines if found.startswith(line + " ")), 0.0)
