from pathlib import Path

import pytest
import structlog

from contracts import stages, wire
from contracts.errors import StateError
from contracts.events import PredictionMade
from contracts.topics import PREDICTIONS
from models.serving.main import read_model, score
from runtime.settings import load_settings
from tests.unit.models.market import SECOND, START, micro, minutes
from tests.unit.runtime.bounded import MemoryContext


def test_scoring_knows_the_bars_of_before_its_start(tmp_path: Path) -> None:
    """Books come first out of the topics, yet all are scored: the bars were read before."""
    settings = load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})
    context = MemoryContext("scoring", settings, structlog.get_logger())
    for second in range(4):
        context.topics.append(micro(START + (60 + second) * SECOND), {stages.DUE: 1}, appended_at=START)
    for one in minutes(30, last_end=START):
        context.topics.append(one, appended_at=START)
    score(context)
    made = [wire.decode(PREDICTIONS.name, record.value) for record in context.topics.logs[PREDICTIONS.name]]
    assert [one.event_time for one in made] == [START + (60 + second) * SECOND for second in range(4)]
    assert all(isinstance(one, PredictionMade) and len(one.bar_ids) == 30 for one in made)
    stamps = context.topics.logs[PREDICTIONS.name][0].stamps
    assert list(stamps) == [stages.DUE, stages.FEATURES, stages.SCORED]
    assert context.is_ready.is_set()


def test_a_missing_artefact_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"none\.json cannot be read.*models\.train_all"):
        read_model(tmp_path / "none.json")
