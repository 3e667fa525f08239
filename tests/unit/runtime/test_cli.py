import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli import app
from runtime.embedded import jars
from runtime.supervisor.records import PartRecord, RunRecord, sole_supervisor, write_run

NOBODY = 2**22 + 1
"""Above the highest process id Linux gives."""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config").mkdir()
    monkeypatch.setenv("OPTIONSAI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("OPTIONSAI_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def test_help_lists_the_commands() -> None:
    status, told, _ = run("--help")
    assert status == 0
    assert all(command in told for command in ("up", "down", "status", "logs", "doctor", "fetch-jars"))


@pytest.mark.usefixtures("state")
def test_where_nothing_runs_down_has_nothing_to_do() -> None:
    assert run("down") == (0, "nothing is running\n", "")


def test_the_status_of_nothing_is_not_healthy(state: Path) -> None:
    status, told, _ = run("status")
    assert status == 1
    assert "optionsai up" in told
    status, told, _ = run("status", "--json")
    assert status == 1
    assert json.loads(told)["state_dir"] == str(state)


def test_a_run_that_was_killed_does_not_count_as_running(state: Path) -> None:
    run_record = RunRecord(pid=NOBODY, created_at=1.0, started_at=1.0, phase="running")
    run_record.parts["kafka"] = PartRecord(state="ready", pid=NOBODY, created_at=1.0, stop_signal=15)
    write_run(state, run_record)
    assert run("status")[0] == 1
    assert run("down")[1] == "nothing is running\n"


@pytest.mark.parametrize("command", ["up", "down", "status", "logs kafka"])
def test_a_wrong_setting_is_one_line_with_file_key_and_remedy(state: Path, command: str) -> None:
    (state.parent / "config" / "kafka_config.yaml").write_text("bootstrap: here\n")
    status, _, complaint = run(*command.split())
    assert status == 1
    assert complaint.startswith("ConfigError: ")
    assert "kafka_config.yaml" in complaint
    assert "bootstrap" in complaint


@pytest.mark.parametrize("arguments", [("up",), ("up", "--detach")])
def test_a_second_up_is_told_what_to_do(state: Path, arguments: tuple[str, ...]) -> None:
    with sole_supervisor(state):
        status, _, complaint = run(*arguments)
    assert status == 1
    assert "optionsai" in complaint


def test_up_refuses_a_state_that_does_not_fit_together(state: Path) -> None:
    (state / "checkpoints").mkdir(parents=True)
    status, _, complaint = run("up")
    assert status == 1
    assert "StateError" in complaint
    assert "start afresh" in complaint


def test_logs_shows_the_last_lines(state: Path) -> None:
    (state / "logs").mkdir(parents=True)
    (state / "logs" / "api.log").write_text("one\ntwo\nthree\n")
    assert run("logs", "api", "-n", "2") == (0, "two\nthree\n", "")
    assert run("logs", "api", "-n", "0") == (0, "", "")


@pytest.mark.parametrize("service", ["dash", "../supervisor"])
def test_an_unknown_log_is_answered_with_those_there_are(state: Path, service: str) -> None:
    (state / "logs").mkdir(parents=True)
    (state / "logs" / "api.log").touch()
    (state / "supervisor.log").touch()
    status, _, complaint = run("logs", service)
    assert status == 1
    assert complaint.endswith("Logs there are: api.")


@pytest.mark.usefixtures("state")
def test_the_doctor_of_a_sound_machine_finds_no_problem() -> None:
    status, told, _ = run("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(told)}
    assert {"python", "jars", "java", "settings", "disk", "memory", "state"} <= set(findings)
    assert status == int(any(finding["verdict"] == "problem" for finding in findings.values()))
    assert findings["jars"]["verdict"] == "ok"


def test_the_doctor_names_problem_and_remedy(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = state / "kafka" / "data" / "market.trades-0"
    data.mkdir(parents=True)
    (data / "0.log").write_bytes(b"record")
    monkeypatch.setenv(jars.CACHE_VARIABLE, str(state / "empty"))
    monkeypatch.setenv("OPTIONSAI_JAVA", "mine")
    status, told, _ = run("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(told)}
    assert status == 1
    assert {what for what in ("jars", "java", "state") if findings[what]["verdict"] == "problem"} == {
        "jars", "java", "state"
    }  # fmt: skip
    assert findings["jars"]["remedy"] == "Run `make setup`."
    status, told, _ = run("doctor")
    assert "→ Run `make setup`." in told


def test_the_doctor_goes_on_with_wrong_settings(state: Path) -> None:
    (state.parent / "config" / "mystery.yaml").write_text("a: 1\n")
    status, told, _ = run("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(told)}
    assert status == 1
    assert findings["settings"]["verdict"] == "problem"
    assert findings["python"]["verdict"] in {"ok", "warning"}
