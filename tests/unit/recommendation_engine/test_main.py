from pathlib import Path

import pytest
import structlog

from contracts import stages, wire
from contracts.errors import ConfigError
from contracts.events import Event
from contracts.topics import SIGNALS
from recommendation_engine.main import decide, rules_of
from recommendation_engine.signal_generator.engine import Engine
from runtime.settings import Settings, load_settings
from tests.unit.recommendation_engine.predictions import prediction
from tests.unit.runtime.bounded import MemoryContext

PREDICTIONS = [prediction(i / 4, 0.5 + (i % 11 - 5) / 60) for i in range(40)]


def settings_in(folder: Path) -> Settings:
    return load_settings({"OPTIONSAI_CONFIG_DIR": str(folder), "OPTIONSAI_STATE_DIR": str(folder)})


def started(folder: Path) -> MemoryContext:
    context = MemoryContext("engine", settings_in(folder), structlog.get_logger())
    for made in PREDICTIONS:
        context.topics.append(made, {stages.DUE: made.event_time}, appended_at=made.event_time + 1000)
    return context


def signals(context: MemoryContext) -> list[Event]:
    return [wire.decode(SIGNALS.name, record.value) for record in context.topics.logs[SIGNALS.name]]


def test_the_service_says_what_the_engine_says(tmp_path: Path) -> None:
    context, engine = started(tmp_path), Engine(rules_of(settings_in(tmp_path)))
    decide(context)
    assert signals(context) == [s for made in PREDICTIONS for s in engine.handle(made, made.event_time + 1000)]
    assert list(context.topics.logs[SIGNALS.name][0].stamps) == [stages.DUE, stages.PREDICTED, stages.DECIDED]


@pytest.mark.parametrize("survived", [0, 1, 5])
def test_a_second_start_takes_up_what_the_first_one_said(tmp_path: Path, survived: int) -> None:
    """Nothing was committed, so the second run is fed everything again: it adds only what was not yet said."""
    first = started(tmp_path)
    decide(first)
    second = started(tmp_path)
    for record in first.topics.logs[SIGNALS.name][:survived]:
        second.topics.append_bytes(SIGNALS.name, record.value, appended_at=record.appended_at)
    decide(second)
    assert signals(second) == signals(first)


def test_rules_come_from_the_settings_and_are_checked(tmp_path: Path) -> None:
    (tmp_path / "model_config.yaml").write_text("engine: {act_above: 0.6, release_below: 0.58, refresh_s: 2.5}\n")
    settings = settings_in(tmp_path)
    assert rules_of(settings)[:4] == (0.6, 0.58, 2.5, 5.0)
    assert rules_of(settings).settings_id == settings.identity()
    (tmp_path / "model_config.yaml").write_text("engine: {act_above: 0.51}\n")
    with pytest.raises(ConfigError, match=r"model_config\.yaml: engine\.release_below"):
        rules_of(settings_in(tmp_path))
