"""The scoring service: features in, predictions out."""

from pathlib import Path
from typing import Final

from prometheus_client import Gauge

from contracts import stages
from contracts.errors import StateError
from contracts.topics import BARS, MICROSTRUCTURE
from models.serving.scoring import Scorer
from models.short_term.artefact import Artefact, load
from models.short_term.order_flow import FEATURES
from runtime.bootstrap import Context, run_service
from runtime.catch_up import read_all
from runtime.settings import REPOSITORY
from runtime.stage import run_stage

UNSCORED: Final = Gauge("optionsai_books_unscored", "Books without a prediction since the start: too few bars so far")


def read_model(path: Path) -> Artefact:
    """The artefact at `path`, checked."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StateError(
            f"{path} cannot be read: {error.strerror}. Run `python -m models.train_all`, or set "
            "short_term_artefact in config/model_config.yaml"
        ) from error
    return load(data, where=str(path), features=FEATURES)


def score(context: Context) -> None:
    """Load the model and the bars of the last hours, then score until asked to stop."""
    model = read_model(REPOSITORY / context.settings.model.short_term_artefact)
    context.log.info("model", model=model.model, version=model.version, trained_on=model.trained_on.description)
    scorer = Scorer(model)
    UNSCORED.set_function(lambda: scorer.unscored)
    history = context.open_source("scoring-history", [BARS], start="earliest")
    for bar in read_all(context, history):
        scorer.handle(bar, bar.event_time)
    history.close()
    source = context.open_source("scoring", [MICROSTRUCTURE, BARS])
    sink = context.open_sink()
    run_stage(context, source, sink, scorer, appended=stages.FEATURES, done=stages.SCORED)
    source.close()


if __name__ == "__main__":
    run_service("scoring", score)
