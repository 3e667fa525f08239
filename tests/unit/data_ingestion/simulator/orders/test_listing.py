import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.core.clock import Hours, sessions
from data_ingestion.simulator.orders.listing import excitement, listed, numbers
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.orders.made import COLUMNS, SESSION, latent

OPEN = sessions(Hours.EXCHANGE, 2026)


@given(
    rate=st.floats(0.0, 200.0), phase=st.floats(0.001, 0.999), number=st.integers(0, len(OPEN) - 2), skip=st.integers(0)
)
def test_numbers_run_on_from_minute_to_minute_and_session_to_session(
    rate: float, phase: float, number: int, skip: int
) -> None:
    session, after = OPEN[number], OPEN[number + 1]
    minute = skip % (session.minutes - 1)
    assert numbers(rate, session, minute, phase).stop == numbers(rate, session, minute + 1, phase).start
    assert numbers(rate, session, session.minutes - 1, phase).stop == numbers(rate, after, 0, phase).start


def test_a_session_has_its_rate_and_most_of_it_at_the_open_and_the_close() -> None:
    session = OPEN[9_000]
    counts = np.array([len(numbers(2.0, session, minute, 0.5)) for minute in range(session.minutes)])
    assert abs(int(counts.sum()) - 2 * 60 * session.minutes) <= 1
    middle = counts[150:250].mean()
    assert counts[:5].mean() > 1.6 * middle
    assert counts[-5:].mean() > 1.4 * middle


def test_nothing_is_due_at_a_rate_of_zero() -> None:
    assert not numbers(0.0, OPEN[100], 17, 0.3)


def test_slow_names_are_not_due_in_the_same_minutes() -> None:
    due = {
        tuple(numbers(0.01, OPEN[9_000], minute, phase).start for minute in range(390))
        for phase in COLUMNS.phase.tolist()
    }
    assert len(due) > 7


def test_columns_of_a_name_do_not_depend_on_the_others() -> None:
    alone = listed([UNIVERSE[7]])
    assert alone.phase[0] == COLUMNS.phase[7]
    assert alone.keys[0] == COLUMNS.keys[7]
    assert alone.basis[0] > 0
    assert COLUMNS.basis.tolist().count(0.0) == len(UNIVERSE) - 1
    assert np.all((COLUMNS.phase > 0) & (COLUMNS.phase < 1))


def test_excitement_is_about_one_over_a_session_and_high_at_its_ends() -> None:
    market = latent()
    levels = np.array([excitement(market.segment(SESSION, minute), COLUMNS) for minute in range(0, 1_440, 60)])
    typical = np.median(levels, axis=0)
    assert np.all((typical > 0.3) & (typical < 3.0))
    assert np.all(levels[0] > typical)
