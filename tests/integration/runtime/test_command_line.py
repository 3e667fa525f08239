"""`optionsai` against a running system whose parts are small stand-ins."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.supervisor.records import read_run
from tests.waiting import wait_until

UP = """
import sys
from runtime import cli, endpoints
from runtime.supervisor.system import System
from tests.integration.runtime.children import three

def assemble(settings, environment):
    addresses = endpoints.Endpoints(dash_port=1, rest_port=2, grpc_port=3, metrics_ports={"front": 4})
    endpoints.write(settings, addresses)
    return System(three(settings.state_dir), addresses, {"dash": (8050, 1)})

cli.assemble = assemble
cli.app(sys.argv[1:])
"""
LIMIT_S = 30.0


def optionsai(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip


class Running:
    """An `optionsai up` and the environment of the other commands."""

    def __init__(self, folder: Path) -> None:
        self.state, self.output = folder / "state", folder / "up.out"
        (folder / "config").mkdir()
        self.environment = os.environ | {
            "OPTIONSAI_STATE_DIR": str(self.state),
            "OPTIONSAI_CONFIG_DIR": str(folder / "config"),
            "COLUMNS": "200",
        }
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", UP, "up", "--seed", "7"], env=self.environment, stdout=out, stderr=out
            )
        wait_until(self._is_running, LIMIT_S, "up")

    def _is_running(self) -> bool:
        run = read_run(self.state)
        return run is not None and run.phase == "running"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    up = Running(tmp_path)
    yield up
    up.process.terminate()
    up.process.wait(LIMIT_S)


def test_up_tells_what_comes_up_and_where_to_look(running: Running) -> None:
    told = wait_until(
        lambda: text if "Logs" in (text := running.output.read_text()) else None, LIMIT_S, "addresses printed"
    )
    assert "port 8050 for dash is taken, using 1" in told
    assert [told.index(f"{part} ") for part in ("back", "middle", "front")] == sorted(
        told.index(f"{part} ") for part in ("back", "middle", "front")
    )
    assert "http://127.0.0.1:1" in told
    assert "simulated: no real prices" in told
    assert "seed: 7" in (running.state / "config" / "api_config.yaml").read_text()


def test_status_shows_every_part(running: Running) -> None:
    shown = optionsai(running.environment, "status")
    assert shown.returncode == 0, shown.stderr
    assert all(part in shown.stdout for part in ("back", "middle", "front"))
    found = json.loads(optionsai(running.environment, "status", "--json").stdout)
    assert (found["phase"], found["pid"]) == ("running", running.process.pid)
    assert {part["state"] for part in found["parts"].values()} == {"ready"}


def test_a_second_up_is_refused_and_the_first_goes_on(running: Running) -> None:
    second = optionsai(running.environment, "up")
    assert second.returncode == 1
    assert f"pid {running.process.pid}" in second.stderr
    assert running.process.poll() is None


def test_logs_and_doctor_answer_while_it_runs(running: Running) -> None:
    assert optionsai(running.environment, "logs", "back").stdout == "working\n"
    findings = json.loads(optionsai(running.environment, "doctor", "--json").stdout)
    assert "in use by the running system" in {finding["detail"] for finding in findings}


def test_logs_follow_until_interrupted(running: Running) -> None:
    command = [sys.executable, "-m", "runtime.cli", "logs", "back", "-f"]
    with subprocess.Popen(command, env=running.environment, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "working\n"
        with (running.state / "logs" / "back.log").open("a") as log:
            log.write("more\n")
        assert follower.stdout.readline() == "more\n"
        follower.terminate()


def test_down_stops_everything(running: Running) -> None:
    pids = [
        part["pid"] for part in json.loads(optionsai(running.environment, "status", "--json").stdout)["parts"].values()
    ]
    stopped = optionsai(running.environment, "down")
    assert stopped.stdout == "stopped; nothing is left running\n"
    assert running.process.wait(LIMIT_S) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not (running.state / "endpoints.json").exists()
    assert optionsai(running.environment, "down").stdout == "nothing is running\n"


def test_down_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    left = Running(tmp_path)
    left.process.kill()
    left.process.wait(LIMIT_S)
    assert optionsai(left.environment, "down").returncode == 0
    assert optionsai(left.environment, "status").returncode == 1


def test_a_detached_start_that_fails_says_where_to_look(tmp_path: Path) -> None:
    environment = os.environ | {
        "OPTIONSAI_STATE_DIR": str(tmp_path / "state"),
        "OPTIONSAI_CONFIG_DIR": str(tmp_path / "none"),
        "OPTIONSAI_JAVA": "mine",
    }
    failed = optionsai(environment, "up", "--detach", "--rate", "5")
    assert failed.returncode == 1
    assert "supervisor.log" in failed.stderr
    assert "OPTIONSAI_JAVA" in (tmp_path / "state" / "logs" / "supervisor.log").read_text()
