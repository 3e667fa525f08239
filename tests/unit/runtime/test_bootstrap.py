"""A service's life: `/ready` and `/metrics` over HTTP, an orderly stop on a signal, an explained failure."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_until

BODY = """
from contracts.errors import StateError
from runtime.bootstrap import Context, run_service

def body(context: Context) -> None:
    password = "not for the log"
    if {fail!r}:
        raise {fail}
    context.ready()
    context.stop.wait()

run_service("ingestion", body)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    def __init__(self, folder: Path, fail: str = "") -> None:
        self.port = free_port()
        (folder / "serving_config.yaml").write_text(f"metrics_port: {self.port}")
        self.process = subprocess.Popen(
            [sys.executable, "-c", BODY.format(fail=fail).replace("raise \n", "pass\n")],
            env=os.environ | {"OPTIONSAI_CONFIG_DIR": str(folder), "OPTIONSAI_STATE_DIR": str(folder)},
            stdout=subprocess.PIPE,
        )

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def logged(self) -> list[dict[str, object]]:
        out, _ = self.process.communicate(timeout=30)
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    started = Service(tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()


def test_a_service_says_when_it_is_ready_and_stops_on_a_signal(service: Service) -> None:
    wait_until(lambda: service.get("/ready")[0] == 200, 30, "ready")
    assert "optionsai_events_in_total" in service.get("/metrics")[1]
    assert service.get("/other")[0] == 404
    service.process.send_signal(signal.SIGTERM)
    events = [line["event"] for line in service.logged()]
    assert service.process.returncode == 0
    assert events == ["starting", "ready", "stopping", "stopped"]


def test_an_error_we_understand_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    failed = Service(tmp_path, 'StateError("the cause; the remedy")')
    lines = failed.logged()
    assert failed.process.returncode == 1
    assert lines[-1]["explanation"] == "the cause; the remedy"
    assert "exception" not in lines[-1]


def test_any_other_error_leaves_its_traceback(tmp_path: Path) -> None:
    failed = Service(tmp_path, 'ValueError("surprise")')
    lines = failed.logged()
    assert failed.process.returncode == 1
    assert "surprise" in json.dumps(lines[-1]["exception"])
    assert "not for the log" not in json.dumps(lines)
