"""The streaming job as its own process beside a broker of its own: what a supervisor would start, without the rest."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self
from urllib.request import urlopen

import psutil
import yaml

from contracts.topics import TOPICS, Topic
from runtime.embedded import jars, java, kafka
from runtime.services import metrics_port
from runtime.supervisor.ports import LOOPBACK, any_free
from runtime.supervisor.probes import http_probe
from runtime.topics import ensure_topics
from stream_processing.spark_jobs.queries import QUERIES
from tests.waiting import wait_until

MODULE: Final = "stream_processing.spark_jobs.feature_extraction"
BROKER_TIMEOUT_S: Final = 60.0
START_TIMEOUT_S: Final = 180.0
STOP_TIMEOUT_S: Final = 40.0
METRICS_TIMEOUT_S: Final = 30.0
MAX_QUOTED: Final = 2_000


class RunningBroker:
    """An embedded broker with all topics, killed and started again at will."""

    def __init__(self, folder: Path, topics: Sequence[Topic] = TOPICS) -> None:
        self._topics = topics
        chosen = java.choose(os.environ, folder / "java")
        self._broker = kafka.Broker(folder / "kafka", any_free(), any_free(), chosen, jars.paths("kafka"))
        self._log = folder / "kafka.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def bootstrap(self) -> str:
        """Its address."""
        return self._broker.bootstrap

    def start(self) -> None:
        """Start it on what it holds, and return once it has all topics."""
        kafka.prepare(self._broker)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._broker.command(), stdout=log, stderr=log)
        wait_until(lambda: kafka.probe(self.bootstrap) is None, BROKER_TIMEOUT_S, f"a broker; see {self._log}")
        ensure_topics({"bootstrap.servers": self.bootstrap}, self._topics)

    def kill(self) -> None:
        """End it without asking, as when the machine runs out of memory."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def running_broker(folder: Path, topics: Sequence[Topic] = TOPICS) -> Iterator[str]:
    """An embedded broker with these topics; yields its address."""
    with RunningBroker(folder, topics) as broker:
        yield broker.bootstrap


class StreamingJob:
    """The job, or what another module makes of it, on a state directory below `folder`."""

    def __init__(self, folder: Path, bootstrap: str, spark: Mapping[str, Any], module: str = MODULE) -> None:
        self.state_dir, config_dir = folder / "state", folder / "config"
        self.state_dir.mkdir(parents=True, exist_ok=True)
        config_dir.mkdir(parents=True, exist_ok=True)
        offset = metrics_port("spark", 0)
        self.metrics_port = any_free()
        sections = {
            "kafka": {"bootstrap_servers": bootstrap},
            "serving": {"metrics_port": self.metrics_port - offset},
            "spark": dict(spark),
        }
        for name, values in sections.items():
            (config_dir / f"{name}_config.yaml").write_text(yaml.safe_dump(values))
        self.environment = os.environ | {
            "OPTIONSAI_STATE_DIR": str(self.state_dir),
            "OPTIONSAI_CONFIG_DIR": str(config_dir),
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_HOME": str(java.choose(os.environ, folder / "java").home),
        }
        self.log = folder / "job.log"
        self._module = module
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return once it is at work."""
        self.launch()
        try:
            wait_until(self.is_ready, START_TIMEOUT_S, f"the streaming job at work; see {self.log}")
        except BaseException:
            self.stop()
            raise

    def launch(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start it without waiting, as a module unless another command is given."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", self._module],
                env=self.environment | dict(environment or {}),
                stdout=log,
                stderr=log,
            )

    def is_ready(self) -> bool:
        """Whether `/ready` says so; fails if the process has ended."""
        assert self.process is not None
        assert self.process.poll() is None, f"the job ended: {self.log.read_text()[-MAX_QUOTED:]}"
        return http_probe(LOOPBACK, self.metrics_port) is None

    def metrics(self) -> str:
        """What Prometheus would read."""
        with urlopen(f"http://{LOOPBACK}:{self.metrics_port}/metrics", timeout=METRICS_TIMEOUT_S) as answer:
            text: str = answer.read().decode()
        return text

    def wait_for_all(self) -> None:
        """Return once the queries with memory, which begin after those that make it ready, are at work too."""
        names = (query.name for query in QUERIES if not query.is_real_time)
        marks = [f'optionsai_spark_batch_duration_seconds{{query="{name}"}}' for name in names]
        wait_until(lambda: all(mark in self.metrics() for mark in marks), START_TIMEOUT_S, f"{marks}; see {self.log}")

    def stop(self) -> int | None:
        """Ask it to stop; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without asking."""
        self._end(signal.SIGKILL)

    def destroy(self) -> None:
        """End it and all that it started without asking, as a machine that runs out of memory does."""
        assert self.process is not None
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
        self.kill()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()

    def _end(self, number: signal.Signals) -> int | None:
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
