"""A real server that speaks InfluxDB's protocol: VictoriaMetrics, where its binary is installed."""

import json
import shutil
import signal
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from runtime.supervisor.ports import LOOPBACK, any_free
from tests.waiting import wait_until

BINARY = shutil.which("victoria-metrics")
TIMEOUT_S = 30.0


class Victoria:
    """One server on a folder and a port of its own, stopped and started at will."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, any_free()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start, and return once it answers."""
        assert BINARY is not None
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    BINARY,
                    f"-storageDataPath={self._folder / 'data'}",
                    f"-httpListenAddr={LOOPBACK}:{self._port}",
                    "-retentionPeriod=100y",
                    "-dedup.minScrapeInterval=1ms",
                    "-memory.allowedBytes=64MB",
                    "-search.latencyOffset=0s",
                ],
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up, TIMEOUT_S, "the server answers")

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop, in good order unless told otherwise."""
        self._process.send_signal(how)
        self._process.wait(TIMEOUT_S)

    def samples(self, match: str) -> dict[tuple[tuple[str, str], ...], dict[int, float]]:
        """Labels of a series → time in ms → value, for all that match."""
        self._get("/internal/force_flush")
        found: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
        for line in self._get(f"/api/v1/export?reduce_mem_usage=0&match[]={quote(match)}").splitlines():
            row = json.loads(line)
            times = found.setdefault(tuple(sorted(row["metric"].items())), {})
            times |= dict(zip(row["timestamps"], row["values"], strict=True))
        return found

    def _get(self, path: str) -> str:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=TIMEOUT_S)
        connection.request("GET", path)
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def _is_up(self) -> bool:
        try:
            return self._get("/health") == "OK"
        except OSError:
            return False
