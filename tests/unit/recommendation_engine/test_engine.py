from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import wire
from contracts.errors import ConfigError
from contracts.events import Event, PredictionMade, SignalIssued, SignalWithheld
from recommendation_engine.signal_generator.engine import STANDS_FOR_S, Engine, checked
from tests.unit.contracts.examples import EXAMPLES
from tests.unit.recommendation_engine.predictions import RULES, SECOND, prediction

FRESH = 20_000
"""Microseconds between a book and the append of its prediction."""


def say(engine: Engine, made: PredictionMade, age_us: int = FRESH) -> list[Event]:
    return engine.handle(made, made.event_time + age_us)


def actions(chances: list[tuple[float, float]]) -> list[str]:
    engine = Engine(RULES)
    said = [event for at_s, up in chances for event in say(engine, prediction(at_s, up))]
    return [event.action for event in said if isinstance(event, SignalIssued)]


def test_the_calibrated_probability_decides() -> None:
    assert actions([(0, 0.551)]) == ["Buy"]
    assert actions([(0, 0.449)]) == ["Sell"]
    assert actions([(0, 0.549)]) == ["Hold"]
    assert actions([(0, 0.451)]) == ["Hold"]


def test_a_standing_direction_is_released_later_than_it_was_taken() -> None:
    assert actions([(0, 0.56), (0.1, 0.54), (0.2, 0.529), (0.3, 0.54)]) == ["Buy", "Hold"]
    assert actions([(0, 0.44), (0.1, 0.46), (0.2, 0.471), (0.3, 0.46)]) == ["Sell", "Hold"]
    assert actions([(0, 0.56), (0.1, 0.44)]) == ["Buy", "Sell"]


def test_the_same_advice_is_repeated_at_the_pace_of_the_refresh() -> None:
    assert actions([(i / 4, 0.6) for i in range(13)]) == ["Buy"] * 4


def test_a_forgotten_decision_has_no_hysteresis_left() -> None:
    assert actions([(0, 0.56), (STANDS_FOR_S, 0.54)]) == ["Buy", "Buy"]
    assert actions([(0, 0.56), (STANDS_FOR_S + 0.001, 0.54)]) == ["Buy", "Hold"]


def test_symbols_are_decided_apart() -> None:
    engine = Engine(RULES)
    assert len(say(engine, prediction(0, 0.6))) == 1
    assert len(say(engine, prediction(0, 0.6, symbol="MSFT"))) == 1
    assert say(engine, prediction(0.1, 0.6)) == []


@pytest.mark.parametrize(("up", "action", "confidence"), [(0.6, "Buy", 0.6), (0.3, "Sell", 0.7), (0.48, "Hold", 0.52)])
def test_a_signal_carries_its_confidence_words_and_whole_lineage(up: float, action: str, confidence: float) -> None:
    made = prediction(0, up)
    (signal,) = say(Engine(RULES), made)
    assert isinstance(signal, SignalIssued)
    assert (signal.action, signal.horizon_s, signal.reference_price) == (action, 10, 100.0)
    assert signal.confidence == pytest.approx(confidence)
    assert (signal.event_time, signal.source, signal.simulated) == (made.event_time, "tape", True)
    assert signal.lineage.tick_ids == (made.book_id,)
    assert signal.lineage.feature_ids == (made.microstructure_id, *made.bar_ids)
    assert signal.lineage.prediction_ids == (made.event_id,)
    assert (signal.lineage.model, signal.lineage.model_version) == ("order_flow", "sim-1")
    assert signal.lineage.settings_id == RULES.settings_id
    assert wire.decode("engine.signals", wire.encode(signal)) == signal


def test_the_reason_is_in_words_a_trader_reads() -> None:
    reasons = [say(Engine(RULES), prediction(0, up))[0] for up in (0.573, 0.41, 0.5)]
    assert [reason.reason for reason in reasons if isinstance(reason, SignalIssued)] == [
        "Buying pressure in the order book: 57.3% chance that the price is higher, not lower, in 10 s.",
        "Selling pressure in the order book: 59.0% chance that the price is lower, not higher, in 10 s.",
        "No clear edge: 50.0% up against 50.0% down in 10 s; acting needs 55.0%.",
    ]


def test_a_prediction_from_an_old_book_is_withheld_and_says_how_old() -> None:
    made = prediction(0, 0.7)
    (said,) = say(Engine(RULES), made, age_us=6_100_000)
    assert isinstance(said, SignalWithheld)
    assert (said.reason, said.prediction_id, said.symbol, said.simulated) == (
        "stale_input",
        made.event_id,
        "AAPL",
        True,
    )
    assert "6.1 s old" in said.explanation
    assert "5 s allowed" in said.explanation
    assert isinstance(say(Engine(RULES), made, age_us=5 * SECOND)[0], SignalIssued)


def test_a_prediction_without_its_bars_is_withheld() -> None:
    (said,) = say(Engine(RULES), prediction(0, 0.7, bars=0))
    assert isinstance(said, SignalWithheld)
    assert said.reason == "incomplete_lineage"
    assert wire.decode("engine.signals", wire.encode(said)) == said


def test_withholding_keeps_to_the_pace_of_the_refresh() -> None:
    engine = Engine(RULES)
    stale = [event for i in range(13) for event in say(engine, prediction(i / 4, 0.6), age_us=10 * SECOND)]
    assert [type(event) for event in stale] == [SignalWithheld] * 4


def test_after_withholding_the_next_good_prediction_speaks_at_once_without_hysteresis() -> None:
    engine = Engine(RULES)
    say(engine, prediction(0, 0.6))
    assert isinstance(say(engine, prediction(1, 0.6), age_us=10 * SECOND)[0], SignalWithheld)
    (said,) = say(engine, prediction(1.1, 0.54))
    assert isinstance(said, SignalIssued)
    assert said.action == "Hold"


def test_repetitions_and_latecomers_are_passed_over() -> None:
    engine = Engine(RULES)
    say(engine, prediction(1, 0.6))
    say(engine, prediction(1.5, 0.6))
    assert say(engine, prediction(1, 0.6)) == []
    assert say(engine, prediction(1.2, 0.3)) == [], "older than what was already judged"
    assert say(engine, prediction(1.5, 0.3)) == [], "one decision for each symbol and moment"
    assert say(engine, prediction(1.6, 0.3)) != []


def test_only_predictions_are_judged() -> None:
    engine = Engine(RULES)
    others = [event for event in EXAMPLES if not isinstance(event, PredictionMade)]
    assert [said for event in others for said in engine.handle(event, event.event_time)] == []


@given(st.lists(st.tuples(st.integers(1, 2_000), st.floats(0, 1)), max_size=80))
def test_no_two_signals_of_a_symbol_say_the_same_within_the_refresh(steps: list[tuple[int, float]]) -> None:
    engine, at_ms = Engine(RULES), 0
    said: list[SignalIssued] = []
    for pause_ms, up in steps:
        at_ms += pause_ms
        said += [event for event in say(engine, prediction(at_ms / 1000, up)) if isinstance(event, SignalIssued)]
    for earlier, later in pairwise(said):
        assert earlier.action != later.action or later.event_time - earlier.event_time >= SECOND
        assert all(signal.action == "Hold" or signal.confidence >= RULES.release_below for signal in (earlier, later))


@pytest.mark.parametrize(
    ("rules", "is_good"),
    [
        (RULES, True),
        (RULES._replace(act_above=1.0, release_below=1.0), True),
        (RULES._replace(release_below=0.56), False),
        (RULES._replace(release_below=0.5), False),
    ],
)
def test_rules_that_contradict_themselves_are_refused(rules: object, is_good: bool) -> None:  # noqa: FBT001
    assert isinstance(rules, type(RULES))
    if is_good:
        assert checked(rules, "model_config.yaml") == rules
    else:
        with pytest.raises(ConfigError, match=r"model_config\.yaml: engine\.release_below"):
            checked(rules, "model_config.yaml")
