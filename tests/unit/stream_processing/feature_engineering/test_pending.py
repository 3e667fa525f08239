import pytest

from stream_processing.feature_engineering import pending
from stream_processing.feature_engineering.pending import SECOND_US, Waiting

Row = tuple[int, int, str]


def row(at_s: float, sequence: int = 0, name: str = "") -> Row:
    at = round(at_s * SECOND_US)
    return at, sequence, name or f"{at}-{sequence}"


def waiting(*rows: Row, done: int = 0, lateness_us: int | None = None) -> Waiting[Row]:
    found = Waiting[Row]([], done=done, lateness_us=lateness_us)
    for one in rows:
        found.add(one)
    return found


def test_rows_are_taken_in_order_of_time_sequence_and_id() -> None:
    ordered = [row(1.0), row(1.5, 1, "a"), row(1.5, 1, "b"), row(1.5, 2, "a2"), row(2.0)]
    found = waiting(*reversed(ordered))
    assert found.take(2 * SECOND_US) == ordered[:-1]
    assert found.rows() == ordered[-1:]
    assert found.take(3 * SECOND_US) == ordered[-1:]


def test_a_row_counts_once_while_it_waits_and_is_late_afterwards() -> None:
    found = waiting(row(1.2), row(1.2), row(1.9))
    assert found.take(2 * SECOND_US) == [row(1.2), row(1.9)]
    found.add(row(1.2))
    assert (found.repeated, found.late, found.rows()) == (1, 1, [])


def test_what_lies_in_a_finished_second_is_late() -> None:
    found = waiting(row(4.99), row(5.0), done=5 * SECOND_US)
    assert (found.late, found.rows()) == (1, [row(5.0)])


@pytest.mark.parametrize(("reached_s", "late"), [(4.49, 0), (4.5, 1)])
def test_the_order_of_a_topic_tells_what_is_late(reached_s: float, late: int) -> None:
    """The third second is over at 3; what comes a second and a half later leaves no room for it."""
    found = waiting(row(reached_s), row(2.999), row(3.0), lateness_us=1_500_000)
    assert found.late == late
    assert len(found.rows()) == 3 - late


def test_without_a_lateness_the_order_tells_nothing() -> None:
    assert waiting(row(100.0), row(1.0)).late == 0


def test_how_far_a_topic_reached_is_remembered() -> None:
    before = waiting(row(9.7), lateness_us=SECOND_US)
    after = Waiting(before.rows(), done=0, reached=before.reached, lateness_us=SECOND_US)
    after.add(row(7.9))
    after.add(row(8.0))
    assert (after.late, len(after.rows())) == (1, 2)


def test_where_no_clock_comes_the_last_to_come_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "MOST", 2)
    found = waiting(row(5.0), row(6.0), row(4.0), row(7.0), row(0.5))
    assert found.take(SECOND_US) == [row(0.5)]
    assert (found.rows(), found.lost) == ([row(5.0), row(6.0)], 2)
