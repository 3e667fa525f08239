"""The engine service: predictions in, signals out."""

from typing import Final

from contracts import stages
from contracts.topics import PREDICTIONS, SIGNALS
from recommendation_engine.signal_generator.engine import STANDS_FOR_S, Engine, Rules, checked
from runtime.bootstrap import Context, run_service
from runtime.catch_up import read_tail
from runtime.settings import Settings
from runtime.stage import run_stage

REDELIVERED_S: Final = 60.0
"""Append time that may pass between the last commit and a crash; the stage commits every second."""


def rules_of(settings: Settings) -> Rules:
    """The engine's rules as the settings state them, checked."""
    engine = settings.model.engine
    rules = Rules(engine.act_above, engine.release_below, engine.refresh_s, engine.max_age_s, settings.identity())
    return checked(rules, str(settings.config_dir / "model_config.yaml"))


def decide(context: Context) -> None:
    """Take up the state that the last run left in its output topic, then decide until asked to stop."""
    engine = Engine(rules_of(context.settings))
    said = context.open_source("engine-memory", [SIGNALS], start="latest")
    engine.restore(read_tail(context, said, STANDS_FOR_S + REDELIVERED_S))
    said.close()
    source = context.open_source("engine", [PREDICTIONS])
    sink = context.open_sink()
    run_stage(context, source, sink, engine, appended=stages.PREDICTED, done=stages.DECIDED)
    source.close()


if __name__ == "__main__":
    run_service("engine", decide)
