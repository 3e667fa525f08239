from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from contracts.events import TruthRevealed
from models.short_term.artefact import load
from models.short_term.order_flow import FEATURES
from models.train_all import DEFAULT_SEED, train_all
from models.training import tape
from models.training.rows import build
from runtime import training_tape
from runtime.settings import REPOSITORY, Model
from tests.unit.models.market import micro
from tests.unit.models.market import tape as small_tape

RUN = CliRunner()
APP = typer.Typer()
APP.command()(train_all)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONSAI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("OPTIONSAI_CONFIG_DIR", str(tmp_path / "config"))


def test_a_tape_on_disk_becomes_an_artefact(tmp_path: Path) -> None:
    features, truth = small_tape(90, seed=1)
    tape.write(tmp_path / "morning", [*features, *truth])
    output = tmp_path / "new" / "model.json"
    result = RUN.invoke(APP, ["--features", str(tmp_path / "morning"), "--output", str(output)])
    assert result.exit_code == 0, result.output
    artefact = load(output.read_bytes(), where="output", features=FEATURES)
    assert artefact.trained_on.description == "tape morning"
    assert artefact.version in result.output
    assert "attainable" in result.output


def test_the_same_seed_gives_the_same_bytes_and_the_tape_can_be_kept(tmp_path: Path) -> None:
    outputs = [tmp_path / "one.json", tmp_path / "two.json"]
    for output, kept in zip(outputs, ([], ["--features", str(tmp_path / "kept")]), strict=True):
        result = RUN.invoke(APP, ["--simulate-minutes", "30", "--seed", "3", "--output", str(output), *kept])
        assert result.exit_code == 0, result.output
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    artefact = load(outputs[0].read_bytes(), where="output", features=FEATURES)
    assert artefact.trained_on.description == "simulated market, seed 3, 30 minutes"
    assert artefact.trained_on.simulated
    kept_rows = len(list(tape.features(tmp_path / "kept")))
    assert kept_rows > 10 * 30 * 61  # a book a second and symbol, more near the open, and a bar a minute


def test_the_shipped_artefact_comes_from_the_simulator_as_it_is() -> None:
    """If this fails, the simulator's books have changed: run `python -m models.train_all --simulate-minutes 1440`."""
    shipped = load((REPOSITORY / Model().short_term_artefact).read_bytes(), where="shipped", features=FEATURES)
    minutes = training_tape.simulated(DEFAULT_SEED, minutes=23)
    rows, provenance = build(event for minute in minutes for event in minute if not isinstance(event, TruthRevealed))
    assert shipped.trained_on.since == rows.event_time[0]
    assert shipped.trained_on.sources == provenance.sources


def test_what_cannot_be_trained_on_is_one_line_and_a_status(tmp_path: Path) -> None:
    tape.write(tmp_path, [micro(1)])
    output = tmp_path / "model.json"
    result = RUN.invoke(APP, ["--features", str(tmp_path), "--output", str(output)])
    assert result.exit_code == 1
    assert "--simulate-minutes" in result.output
    assert not output.exists()


def test_without_a_running_system_the_remedy_is_named() -> None:
    result = RUN.invoke(APP, [])
    assert result.exit_code == 1
    assert "optionsai up" in result.output
