import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import wire
from contracts.events import BarClosed, Event, MicrostructureComputed, PredictionMade
from models.serving.scoring import Scorer
from models.short_term.order_flow import feature_row, predict
from tests.unit.contracts.examples import EXAMPLES
from tests.unit.models.artefacts import artefact
from tests.unit.models.market import SECOND, START, bar, micro, minutes

MINUTE = 60 * SECOND
MODEL = artefact()


def fed(events: list[Event]) -> tuple[Scorer, list[PredictionMade]]:
    scorer = Scorer(MODEL)
    made = [made for event in events for made in scorer.handle(event, event.event_time)]
    assert all(isinstance(one, PredictionMade) for one in made)
    return scorer, [one for one in made if isinstance(one, PredictionMade)]


def test_a_prediction_names_everything_it_was_made_from() -> None:
    closed, book = minutes(30, last_end=START), micro(START + 90 * SECOND, imbalance=0.4, mid=101.5)
    scorer, (made,) = fed([*closed, book])
    assert made.event_time == book.event_time
    assert (made.source, made.simulated, made.symbol, made.mid) == ("tape", True, "AAPL", 101.5)
    assert (made.model, made.model_version, made.horizon_s) == (MODEL.model, MODEL.version, 10)
    assert (made.microstructure_id, made.book_id) == (book.event_id, book.book_id)
    assert made.bar_ids == tuple(one.event_id for one in closed)
    assert scorer.unscored == 0
    assert wire.decode("models.predictions", wire.encode(made)) == made


def test_the_probability_is_the_models() -> None:
    history = minutes(30, last_end=START)
    scorer = Scorer(MODEL)
    for one in history:
        scorer.handle(one, one.event_time)
    book = micro(START + MINUTE, imbalance=0.4)
    (made,) = scorer.handle(book, book.event_time)
    bars = scorer._bars["tape", "AAPL"].as_of(book.event_time)
    assert isinstance(made, PredictionMade)
    assert bars is not None
    assert made.probability_up == predict(MODEL, feature_row(book, bars))


@settings(max_examples=50)
@given(st.data())
def test_arrival_races_between_the_two_topics_change_no_prediction(data: st.DataObject) -> None:
    """Bars arrive up to a minute late, in any order, some of them twice; books arrive in order."""
    bars: list[BarClosed] = minutes(33, last_end=START + 3 * MINUTE)
    books: list[MicrostructureComputed] = [micro(START + MINUTE + i * 7 * SECOND) for i in range(17)]
    delays = data.draw(st.lists(st.integers(0, 59), min_size=33, max_size=33))
    repeats = data.draw(st.lists(st.integers(0, 32), max_size=5))
    arrivals: list[tuple[int, Event]] = [
        (one.event_time + d * SECOND, one) for one, d in zip(bars, delays, strict=True)
    ]
    arrivals += [(START + 10 * MINUTE, bars[i]) for i in repeats]
    arrivals += [(one.event_time, one) for one in books]
    raced = [event for _, event in sorted(arrivals, key=lambda arrival: arrival[0])]
    assert fed(raced)[1] == fed([*bars, *books])[1]
    assert len(fed(raced)[1]) == len(books)


def test_the_same_book_gives_the_same_id_and_another_history_another() -> None:
    closed, book = minutes(30, last_end=START), micro(START + MINUTE)
    _, (first, repeated) = fed([*closed, book, book])
    _, (other,) = fed([*closed[1:], book])
    assert first == repeated
    assert first.event_id != other.event_id


def test_too_few_bars_give_no_prediction_but_a_count() -> None:
    scorer, made = fed([*minutes(19, last_end=START), micro(START + MINUTE), micro(START + MINUTE, symbol="MSFT")])
    assert made == []
    assert scorer.unscored == 2


@pytest.mark.parametrize("other", [{"symbol": "MSFT"}, {"source": "another-run"}])
def test_bars_of_another_symbol_or_source_do_not_count(other: dict[str, str]) -> None:
    _, made = fed([*minutes(30, last_end=START, **other), micro(START + MINUTE)])
    assert made == []


def test_simulated_bars_make_a_simulated_prediction() -> None:
    closed = [bar(START - i * MINUTE, 100 + i % 2, simulated=i == 7) for i in range(25)]
    _, (made,) = fed([*closed, micro(START + MINUTE, simulated=False)])
    assert made.simulated


def test_other_events_are_passed_over() -> None:
    assert fed([event for event in EXAMPLES if not isinstance(event, MicrostructureComputed)])[1] == []
