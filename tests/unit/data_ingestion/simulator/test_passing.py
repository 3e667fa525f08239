"""What has passed is told after all that lies in it and before all that comes later."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.events import Event, RateCurvePublished, TimePassed
from contracts.ids import make_id
from contracts.wire import decode, encode
from data_ingestion.simulator.passing import second, time_passed, told
from data_ingestion.simulator.universe import COUNT, SYMBOLS
from tests.unit.data_ingestion.simulator.moments import SECOND, START


def event(moment: int) -> Event:
    return RateCurvePublished(
        event_id=make_id("an event", moment), event_time=moment, source="s", simulated=True, curve="c", tenors_days=(),
        rates=(),
    )  # fmt: skip


def passed(events: list[Event]) -> list[int]:
    return [one.event_time for one in events if isinstance(one, TimePassed)][::COUNT]


def test_every_name_is_told_and_each_time_has_one_id() -> None:
    made = list(time_passed("s", second(START)))
    assert [one.symbol for one in made] == list(SYMBOLS)
    assert {one.event_time for one in made} == {START // SECOND * SECOND}
    assert made == list(time_passed("s", second(START)))
    assert len({one.event_id for one in [*made, *time_passed("s", second(START) + SECOND)]}) == 2 * COUNT
    assert decode("market.clock", encode(made[0])) == made[0]


def test_a_full_second_is_told_after_what_happens_in_its_last_moment() -> None:
    times = [START, second(START) + SECOND, second(START) + SECOND + 1]
    made = list(told(map(event, times), "s", START, START + 10 * SECOND))
    assert [one.event_time for one in made[:2]] == times[:2]
    assert passed(made) == [times[1], second(START) + 10 * SECOND]
    assert made[2 + COUNT].event_time == times[2]


def test_of_a_silence_its_last_second_is_told() -> None:
    made = list(told(map(event, [START, START + 3_600 * SECOND]), "s", START, START + 3_601 * SECOND))
    assert passed(made) == [second(START) + 3_600 * SECOND, second(START) + 3_601 * SECOND]
    assert passed(list(told([], "s", START, START + SECOND))) == [second(START) + SECOND]
    assert passed(list(told([event(START)], "s", START, START + 1))) == []


@given(st.lists(st.integers(0, 10 * SECOND), max_size=40), st.integers(0, SECOND))
def test_nothing_comes_that_was_told_to_have_passed(offsets: list[int], length: int) -> None:
    events = [event(START + offset) for offset in sorted(offsets)]
    until = START + max(offsets, default=0) + 1 + length
    made = list(told(events, "s", START, until))
    assert [one for one in made if not isinstance(one, TimePassed)] == events
    latest = 0
    for one in made:
        if isinstance(one, TimePassed):
            assert latest <= one.event_time < until
            latest = one.event_time
        else:
            assert one.event_time > latest
    assert passed(made) == sorted(set(passed(made)))
    assert passed(made)[-1:] in ([second(until - 1)], [])
