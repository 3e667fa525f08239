import math
import random

import numpy as np
import pytest

from contracts.errors import StateError
from contracts.events import Event, PredictionMade
from models.serving.scoring import Scorer
from models.short_term.order_flow import predict, predict_all
from models.training.rows import build
from tests.unit.contracts.examples import EXAMPLES
from tests.unit.models.artefacts import artefact
from tests.unit.models.market import SECOND, START, micro, minutes, tape

MINUTE = 60 * SECOND


def test_the_label_is_the_move_of_the_mid_a_horizon_later() -> None:
    books = [micro(START + MINUTE + i * SECOND, mid=100.0 + i) for i in range(13)]
    rows, _ = build([*minutes(30, last_end=START), *books])
    assert (rows.event_time - START - MINUTE).tolist() == [0, SECOND, 2 * SECOND]
    assert rows.move.tolist() == pytest.approx([math.log((110 + i) / (100 + i)) for i in range(3)])
    assert rows.book_id.tolist() == [book.book_id for book in books[:3]]


def test_no_label_is_made_across_a_gap_or_past_the_end() -> None:
    close = [micro(START + MINUTE + i * SECOND) for i in range(3)]
    after_gap = [micro(START + MINUTE + (60 + i) * SECOND) for i in (0, 9, 12)]
    rows, _ = build([*minutes(30, last_end=START), *close, *after_gap])
    assert rows.event_time.tolist() == [after_gap[0].event_time]


def test_rows_without_enough_bars_are_left_out() -> None:
    early = [micro(START - 20 * MINUTE + i * SECOND) for i in range(12)]
    late = [micro(START + MINUTE + i * SECOND) for i in range(12)]
    rows, _ = build([*minutes(30, last_end=START), *early, *late])
    assert rows.event_time.min() == late[0].event_time


def test_sources_and_symbols_are_never_joined() -> None:
    def books(source: str, symbol: str, mid: float) -> list[Event]:
        return [micro(START + MINUTE + i * SECOND, source=source, symbol=symbol, mid=mid) for i in range(12)]

    runs = [("first", "AAPL", 100.0), ("second", "AAPL", 250.0), ("second", "MSFT", 400.0)]
    events = [event for source, symbol, mid in runs for event in books(source, symbol, mid)]
    bars = [one for source, symbol, _ in runs for one in minutes(30, last_end=START, source=source, symbol=symbol)]
    rows, provenance = build([*events, *bars])
    assert np.all(rows.move == 0)
    assert len(rows.move) == 6
    assert provenance == (("first", "second"), True)


def test_order_and_repetition_of_the_events_change_nothing() -> None:
    events: list[Event] = list(tape(40, seed=1)[0])
    shuffled = events + events[:500]
    random.Random(3).shuffle(shuffled)  # noqa: S311 - shuffling test data
    for one, other in zip(build(events)[0], build(shuffled)[0], strict=True):
        assert np.array_equal(one, other)


def test_what_is_trained_on_is_what_is_scored() -> None:
    """The rows of training and the live scorer give the same probabilities for the same books."""
    events, _ = tape(40, seed=2)
    rows, _ = build(events)
    model, scorer = artefact(), Scorer(artefact())
    live = {
        made.book_id: made.probability_up
        for event in sorted(events, key=lambda one: (one.event_time, type(one).__name__))
        for made in scorer.handle(event, event.event_time)
        if isinstance(made, PredictionMade)
    }
    assert predict_all(model, rows.features).tolist() == pytest.approx([live[book] for book in rows.book_id.tolist()])
    assert predict(model, rows.features[0].tolist()) == pytest.approx(live[str(rows.book_id[0])])


def test_the_truth_is_refused_among_training_events() -> None:
    (truth,) = (event for event in EXAMPLES if type(event).__name__ == "TruthRevealed")
    with pytest.raises(StateError, match="TruthRevealed among the training events"):
        build([truth])


def test_nothing_to_label_is_an_error_that_says_what_to_do() -> None:
    for events in ([], [micro(START)], minutes(30, last_end=START)):
        with pytest.raises(StateError, match="--simulate-minutes"):
            build(events)
