"""Killed at any point, restored from its own output and fed again since the last commit, the engine says the same."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events import Event, PredictionMade
from recommendation_engine.signal_generator.engine import STANDS_FOR_S, Engine
from tests.unit.recommendation_engine.predictions import RULES, SECOND, prediction


@dataclass(frozen=True)
class Record:
    """A prediction as it stands in its topic."""

    event: PredictionMade
    appended_at: int


CHANCES = st.sampled_from([0.40, 0.452, 0.47, 0.50, 0.52, 0.535, 0.549, 0.56, 0.62])
STEP = st.tuples(
    st.sampled_from(["AAPL", "MSFT"]),
    st.integers(50, 700) | st.sampled_from([3_000, 70_000]),
    CHANCES,
    st.sampled_from([20, 20, 20, 20, 8_000]),
    st.sampled_from([3, 3, 3, 3, 3, 0]),
)


@st.composite
def topics(draw: st.DrawFn) -> list[Record]:
    """Predictions in order, with stretches delivered again later, as after a crash of scoring."""
    at_ms, records = 0, list[Record]()
    for symbol, pause_ms, up, age_ms, bars in draw(st.lists(STEP, min_size=1, max_size=60)):
        at_ms += pause_ms
        made = prediction(at_ms / 1000, up, symbol=symbol, bars=bars)
        last = records[-1].appended_at if records else 0
        records.append(Record(made, max(last, made.event_time + age_ms * 1000)))
    for _ in range(draw(st.integers(0, 2))):
        end = draw(st.integers(1, len(records)))
        start = draw(st.integers(max(0, end - 15), end - 1))
        delay = draw(st.sampled_from([1, 2 * SECOND, 20 * SECOND]))
        again = [Record(r.event, records[end - 1].appended_at + delay) for r in records[start:end]]
        later = [Record(r.event, max(r.appended_at, again[-1].appended_at)) for r in records[end:]]
        records = [*records[:end], *again, *later]
    return records


def run(engine: Engine, records: list[Record]) -> list[list[Event]]:
    """What the engine says to each record."""
    return [engine.handle(record.event, record.appended_at) for record in records]


def flat(said: list[list[Event]]) -> list[Event]:
    return [event for events in said for event in events]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_kill_at_any_point_changes_nothing(data: st.DataObject) -> None:
    records = data.draw(topics())
    undisturbed = flat(run(Engine(RULES), records))
    durable: list[Event] = []
    committed = 0
    for _ in range(data.draw(st.integers(1, 3))):
        killed_at = data.draw(st.integers(committed, len(records)))
        engine = Engine(RULES)
        engine.restore(durable)
        said = run(engine, records[committed:killed_at])
        survived = data.draw(st.integers(0, len(flat(said))))
        durable += flat(said)[:survived]
        # A commit covers only records whose signals the broker has acknowledged.
        safe = 0
        while safe < len(said) and len(flat(said[: safe + 1])) <= survived:
            safe += 1
        committed += data.draw(st.integers(0, safe))
    engine = Engine(RULES)
    engine.restore(durable)
    durable += flat(run(engine, records[committed:]))
    assert durable == undisturbed


@given(topics(), st.data())
def test_the_tail_of_the_output_is_memory_enough(records: list[Record], data: st.DataObject) -> None:
    said = run(Engine(RULES), records)
    cut = data.draw(st.integers(0, len(records)))
    before = flat(said[:cut])
    oldest = min((record.event.event_time for record in records[cut:]), default=0) - STANDS_FOR_S * SECOND
    engine = Engine(RULES)
    engine.restore(event for event in before if event.event_time >= oldest)
    assert flat(run(engine, records[cut:])) == flat(said[cut:])


def test_restoring_from_nothing_is_a_fresh_start() -> None:
    engine = Engine(RULES)
    engine.restore([])
    made = prediction(0, 0.6)
    assert engine.handle(made, made.event_time) == Engine(RULES).handle(made, made.event_time)
