"""A small artefact for tests that need one but not its training."""

from models.short_term.artefact import Artefact, Metrics, Scores, TrainedOn, seal
from models.short_term.order_flow import FEATURES

EVEN = Scores(auc=0.5, brier=0.25, log_score=0.693147)


def artefact(*, simulated: bool = True) -> Artefact:
    """A sealed artefact with plausible weights."""
    return seal(
        Artefact(
            model="order_flow", horizon_s=10, features=FEATURES, scales=(1.0,) * len(FEATURES),
            weights=(0.3, 0.2, -0.1, 0.4, 0.1, 0.05), calibration=0.95,
            trained_on=TrainedOn(
                description="nothing", simulated=simulated, sources=("tape",), symbols=("AAPL",), since=1, until=2,
                train_rows=0, calibrate_rows=0, tied_rows=0,
            ),
            metrics=Metrics(
                rows=1, independent_rows=1, base_rate=0.5, tie_rate=0.0, model=EVEN, indifferent=EVEN, attainable=None,
                expected_calibration_error=0.0, reliability=(),
            ),
        )
    )  # fmt: skip
