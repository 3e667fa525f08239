import msgspec
import numpy as np
import pytest

from contracts.errors import StateError
from models.short_term.artefact import Artefact, dump
from models.training.rows import build
from models.training.train import train_order_flow
from tests.unit.models.market import tape


@pytest.fixture(scope="module")
def trained() -> Artefact:
    events, truth = tape(360, seed=5)
    return train_order_flow(*build(events), "a test tape", truth)


def test_the_model_comes_close_to_what_is_attainable(trained: Artefact) -> None:
    """The book of this tape shows the flow undisturbed, so what is lost is sampling error and curvature only."""
    model, best, coin = trained.metrics.model, trained.metrics.attainable, trained.metrics.indifferent
    assert best is not None
    assert best.auc - 0.01 < model.auc < best.auc + 0.01
    assert best.brier - 1e-4 < model.brier < best.brier + 0.003
    assert coin == msgspec.structs.replace(coin, auc=0.5, brier=0.25, log_score=0.693147)
    assert model.log_score < coin.log_score - 0.02
    assert trained.metrics.expected_calibration_error < 0.05


def test_the_metrics_add_up(trained: Artefact) -> None:
    metrics, origin = trained.metrics, trained.trained_on
    assert sum(row.rows for row in metrics.reliability) == metrics.rows
    assert metrics.rows / 8 < metrics.independent_rows <= metrics.rows / 5 + 2
    assert origin.train_rows > 2 * origin.calibrate_rows > metrics.rows
    assert (origin.symbols, origin.sources, origin.simulated) == (("AAPL", "MSFT"), ("tape",), True)
    assert origin.tied_rows == 0
    assert metrics.tie_rate == 0.0


def test_the_same_events_give_the_same_bytes_and_others_do_not(trained: Artefact) -> None:
    events, truth = tape(360, seed=5)
    assert dump(train_order_flow(*build(reversed(events)), "a test tape", truth)) == dump(trained)
    others, _ = tape(360, seed=6)
    assert train_order_flow(*build(others), "a test tape").version != trained.version


def test_the_truth_changes_the_report_and_not_the_model(trained: Artefact) -> None:
    blind = train_order_flow(*build(tape(360, seed=5)[0]), "a test tape")
    assert blind.metrics.attainable is None
    assert (blind.weights, blind.scales, blind.calibration) == (trained.weights, trained.scales, trained.calibration)


def test_the_test_part_shapes_nothing_but_the_metrics(trained: Artefact) -> None:
    rows, provenance = build(tape(360, seed=5)[0])
    end = rows.event_time.max() - (rows.event_time.max() - rows.event_time.min()) // 10
    upside_down = rows._replace(move=np.where(rows.event_time > end, -rows.move, rows.move))
    other = train_order_flow(upside_down, provenance, "a test tape")
    assert (other.weights, other.scales, other.calibration) == (trained.weights, trained.scales, trained.calibration)
    assert other.metrics.model.auc < trained.metrics.model.auc - 0.05


def test_ties_are_left_out_and_counted(trained: Artefact) -> None:
    rows, provenance = build(tape(360, seed=5)[0])
    tied = np.arange(len(rows.move)) % 10 == 0
    other = train_order_flow(rows._replace(move=np.where(tied, 0.0, rows.move)), provenance, "a test tape")
    assert other.metrics.tie_rate == pytest.approx(0.1, abs=0.01)
    assert other.trained_on.tied_rows == pytest.approx(0.1 * len(rows.move), rel=0.05)
    assert other.trained_on.train_rows < trained.trained_on.train_rows


def test_the_truth_of_another_tape_is_refused() -> None:
    events, truth = tape(120, seed=5)
    with pytest.raises(StateError, match="another tape"):
        train_order_flow(*build(events), "a test tape", truth[:10])
