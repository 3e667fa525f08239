"""Rows to artefact: split in time, fit, calibrate, and score what neither has seen."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.errors import StateError
from contracts.events import TruthRevealed
from models.evaluation import metrics
from models.evaluation.splits import purged_time_split
from models.short_term import order_flow
from models.short_term.artefact import Artefact, Bin, Metrics, Scores, TrainedOn, seal
from models.short_term.bars import MICROS
from models.training.rows import Provenance, Rows

PURGE_S: Final = 60
"""Six horizons: beyond the overlap of labels, it lets the order flow's memory fade between the parts."""
DIGITS: Final = 6

Vector = NDArray[np.float64]


def train_order_flow(
    rows: Rows, provenance: Provenance, description: str, truth: Iterable[TruthRevealed] | None = None
) -> Artefact:
    """The artefact of the order-flow model. `truth` only adds the attainable scores to the test metrics."""
    horizon, purge = order_flow.HORIZON_S * MICROS, PURGE_S * MICROS
    parts = [rows.where(mask) for mask in purged_time_split(rows.event_time, horizon, purge)]
    moved = [part.where(part.move != 0) for part in parts]
    train, calibrate, test = moved
    trained = order_flow.train(train.features, _went_up(train), calibrate.features, _went_up(calibrate))
    probability = order_flow.predict_all(trained, test.features)
    table = metrics.reliability(probability, _went_up(test))
    return seal(
        Artefact(
            model=order_flow.MODEL,
            horizon_s=order_flow.HORIZON_S,
            features=order_flow.FEATURES,
            **trained._asdict(),
            trained_on=TrainedOn(
                description=description,
                simulated=provenance.simulated,
                sources=provenance.sources,
                symbols=tuple(sorted(set(rows.symbol.tolist()))),
                since=int(rows.event_time[0]),
                until=int(rows.event_time[-1]),
                train_rows=len(train.move),
                calibrate_rows=len(calibrate.move),
                tied_rows=sum(len(part.move) for part in parts) - sum(len(part.move) for part in moved),
            ),
            metrics=Metrics(
                rows=len(test.move),
                independent_rows=_independent(test),
                base_rate=_rounded(_went_up(test).mean()),
                tie_rate=_rounded(np.mean(parts[2].move == 0)),
                model=_scores(probability, _went_up(test)),
                indifferent=_scores(np.full(len(test.move), 0.5), _went_up(test)),
                attainable=_attainable(test, truth) if truth is not None else None,
                expected_calibration_error=_rounded(metrics.expected_calibration_error(table)),
                reliability=tuple(
                    Bin(rows=row.rows, mean_probability=_rounded(row.mean_probability),
                        observed_rate=_rounded(row.observed_rate))
                    for row in table
                ),
            ),
        )
    )  # fmt: skip


def _went_up(rows: Rows) -> Vector:
    return (rows.move > 0).astype(np.float64)


def _scores(probability: Vector, outcome: Vector) -> Scores:
    return Scores(
        auc=_rounded(metrics.auc(probability, outcome)),
        brier=_rounded(metrics.brier(probability, outcome)),
        log_score=_rounded(metrics.log_score(probability, outcome)),
    )


def _attainable(test: Rows, truth: Iterable[TruthRevealed]) -> Scores:
    known = {(event.symbol, event.event_time): event.probability_up for event in truth}
    try:
        probability = np.array([known[key] for key in zip(test.symbol.tolist(), test.event_time.tolist(), strict=True)])
    except KeyError as error:
        raise StateError(f"the truth has nothing for the row {error}: it belongs to another tape") from error
    return _scores(probability, _went_up(test))


def _independent(rows: Rows) -> int:
    """How many rows remain when those of a symbol must lie a horizon apart."""
    horizon, count, last = order_flow.HORIZON_S * MICROS, 0, dict.fromkeys(rows.symbol.tolist(), -(10**18))
    for symbol, time in zip(rows.symbol.tolist(), rows.event_time.tolist(), strict=True):
        if time - last[symbol] >= horizon:
            count, last[symbol] = count + 1, time
    return count


def _rounded(value: float | np.floating) -> float:
    return round(float(value), DIGITS)
