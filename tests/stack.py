"""The whole system as a user starts it, for integration tests, benchmarks and drills."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import yaml

from contracts.topics import Topic
from runtime import endpoints
from runtime.kafka_source import KafkaSource, Start
from runtime.settings import Settings, load_settings
from runtime.supervisor.records import PartRecord, read_run
from tests.waiting import wait_until

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 90.0
RECOVERY_LIMIT_S = 150.0
"""Beyond what the slowest part needs on cores that others use as well; how long each takes is measured by the drill."""


Config = Mapping[str, Mapping[str, Any]]
"""Section of the settings → its values, as in the YAML files."""


def simulated(option_quotes_per_s: float) -> Config:
    """The simulated market at this rate. A low one after a load leaves the machine to the bookkeeping."""
    return {"api": {"simulator": {"option_quotes_per_s": option_quotes_per_s}}}


class Stack:
    """`optionsai up` on a state directory of its own; ports that are taken are avoided by the supervisor."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.state_dir, self._config_dir = folder / "state", folder / "config"
        self.environment = os.environ | {
            "OPTIONSAI_STATE_DIR": str(self.state_dir),
            "OPTIONSAI_CONFIG_DIR": str(self._config_dir),
        }
        self.settings = self._configure(config)
        self._process: subprocess.Popen[bytes] | None = None
        self._killed: dict[str, int] = {}
        self.started_at = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and return once all parts are ready."""
        self.started_at = time.time()
        self.state_dir.mkdir(parents=True, exist_ok=True)
        with (self.state_dir / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli", "up"], env=self.environment, stdout=log, stderr=log
            )
        try:
            wait_until(self._is_up, START_TIMEOUT_S, f"all parts ready; see {self.state_dir}/logs")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in order; nothing is left running."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_TIMEOUT_S)

    def restart(self, config: Config) -> None:
        """Stop in order and start again with other settings on the same state."""
        self.stop()
        self.settings = self._configure(config)
        self.start()

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        assert self._process is not None
        return self._process.pid

    def part(self, name: str) -> PartRecord:
        """What the supervisor says of a part."""
        run = read_run(self.state_dir)
        assert run is not None
        return run.parts[name]

    def kill(self, name: str, timeout_s: float = RECOVERY_LIMIT_S) -> float:
        """SIGKILL a part; seconds until the supervisor has it ready again."""
        began = time.monotonic()
        self.kill_without_waiting(name)
        self.wait_until_back(name, timeout_s)
        return time.monotonic() - began

    def kill_without_waiting(self, name: str) -> None:
        """SIGKILL a part."""
        victim = self.part(name).pid
        assert victim is not None
        self._killed[name] = victim
        os.kill(victim, signal.SIGKILL)

    def wait_until_back(self, name: str, timeout_s: float = RECOVERY_LIMIT_S) -> None:
        """Wait until the supervisor has a killed part ready again, as another process."""

        def is_back() -> bool:
            part = self.part(name)
            return part.state == "ready" and part.pid not in {None, self._killed[name]}

        wait_until(is_back, timeout_s, f"{name} back")

    def run_cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One `optionsai` command against this stack."""
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def source(self, topics: Sequence[Topic], start: Start = "earliest") -> KafkaSource:
        """A reader of the stack's topics that commits nothing."""
        return KafkaSource(endpoints.kafka_client(self.settings, os.environ, "tests"), "tests", topics, start)

    def kafka_client(self) -> dict[str, Any]:
        """Settings of a Kafka client of the stack."""
        return endpoints.kafka_client(self.settings, os.environ, "tests")

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection to the stack's database."""
        return psycopg.connect(endpoints.database_dsn(self.settings, os.environ), autocommit=True)

    def endpoints(self) -> endpoints.Endpoints:
        """Where everything listens."""
        found = endpoints.read(self.settings)
        assert found is not None
        return found

    def _configure(self, config: Config) -> Settings:
        self._config_dir.mkdir(parents=True, exist_ok=True)
        for section, values in config.items():
            (self._config_dir / f"{section}_config.yaml").write_text(yaml.safe_dump(dict(values)))
        return load_settings(self.environment)

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"`optionsai up` ended; see {self.state_dir}/up.log"
        run = read_run(self.state_dir)
        return run is not None and run.pid == self._process.pid and run.phase == "running"
