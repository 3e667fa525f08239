import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import BarClosed
from models.short_term import bars
from models.short_term.bars import BarHistory, context_of
from tests.unit.models.market import SECOND, START, bar, minutes

MINUTE = 60 * SECOND


def history(*closed: BarClosed) -> BarHistory:
    made = BarHistory()
    for one in closed:
        made.add(one)
    return made


def test_a_bar_counts_only_a_minute_after_its_end() -> None:
    closed = minutes(30, last_end=START)
    known = history(*closed, bar(START + MINUTE, 105.0))
    just_before = known.as_of(START + 2 * MINUTE - 1)
    just_after = known.as_of(START + 2 * MINUTE)
    assert just_before is not None
    assert just_after is not None
    assert just_before.bar_ids == tuple(one.event_id for one in closed)
    assert just_after.bar_ids[:-1] == just_before.bar_ids[1:]
    assert just_after.last_return == pytest.approx(math.log(105.0 / closed[-1].close))


def test_the_window_is_thirty_minutes_and_needs_twenty_bars() -> None:
    closed = minutes(40, last_end=START)
    context = history(*closed).as_of(START + MINUTE)
    assert context is not None
    assert context.bar_ids == tuple(one.event_id for one in closed[-30:])
    assert history(*closed[-20:]).as_of(START + MINUTE) is not None
    assert history(*closed[-19:]).as_of(START + MINUTE) is None
    assert history(*closed).as_of(START + 30 * MINUTE) is None, "bars that old say nothing about now"
    assert BarHistory().as_of(START) is None


@given(st.permutations(range(25)), st.lists(st.integers(0, 24), max_size=10))
def test_order_and_repetition_of_arrival_change_nothing(order: list[int], repeated: list[int]) -> None:
    closed = minutes(25, last_end=START)
    expected = history(*closed).as_of(START + MINUTE)
    assert history(*(closed[i] for i in (*order, *repeated))).as_of(START + MINUTE) == expected


def test_the_first_bar_of_a_minute_stands_and_other_intervals_are_passed_over() -> None:
    closed = minutes(25, last_end=START)
    intruders = (bar(START, 500.0), bar(START - 5 * MINUTE, 500.0, interval_s=300))
    assert history(*closed, *intruders).as_of(START + MINUTE) == history(*closed).as_of(START + MINUTE)


def test_what_is_asked_between_arrivals_is_never_out_of_date() -> None:
    closed = minutes(25, last_end=START)
    known = history(*closed[:10], *closed[11:])
    before = known.as_of(START + MINUTE)
    known.add(closed[10])
    after = known.as_of(START + MINUTE)
    assert before is not None
    assert after is not None
    assert after.bar_ids == tuple(one.event_id for one in closed)
    assert set(after.bar_ids) - set(before.bar_ids) == {closed[10].event_id}


def test_only_the_newest_bars_are_kept() -> None:
    closed = minutes(bars.MAX_BARS + 30, last_end=START)
    known = history(*closed)
    assert known.as_of(closed[29].event_time + MINUTE) is None
    assert known.as_of(closed[-1].event_time + MINUTE) is not None


def test_volatility_is_realised_per_square_root_second_and_spans_gaps() -> None:
    closes = {0: 100.0, 1: 101.0, 4: 100.0}
    context = context_of([bar(START + minute * MINUTE, close) for minute, close in closes.items()])
    r = math.log(1.01)
    assert context.volatility == pytest.approx(math.sqrt(2 * r * r / 240))
    assert context.last_return == pytest.approx(-r)


def test_a_price_that_stands_still_has_the_least_volatility_not_none() -> None:
    context = context_of([bar(START + minute * MINUTE) for minute in range(3)])
    assert context.volatility == bars.VOLATILITY_FLOOR


def test_one_simulated_bar_makes_the_context_simulated() -> None:
    for flags in permutations([True, False, False]):
        made = [bar(START + i * MINUTE, simulated=flag) for i, flag in enumerate(flags)]
        assert context_of(made).simulated
    assert not context_of([bar(START, simulated=False), bar(START + MINUTE, simulated=False)]).simulated
