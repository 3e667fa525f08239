"""What a transaction holds, and what retention keeps."""

from hypothesis import given
from hypothesis import strategies as st

from storage.timescaledb_client.partitions import HOUR_US, Slot
from storage.timescaledb_client.store import DAY_US, Retention, Slice
from tests.unit.storage.market import BEGAN


def test_a_slice_knows_the_hours_of_each_table() -> None:
    batch = Slice()
    batch.add("trades", BEGAN, [1])
    batch.add("trades", BEGAN + HOUR_US - 1, [2])
    batch.add("trades", BEGAN - 1, [3])
    batch.add("books", BEGAN, [4])
    assert batch.rows == {"trades": [[1], [2], [3]], "books": [[4]]}
    assert batch.slots == {Slot("trades", BEGAN), Slot("trades", BEGAN - HOUR_US), Slot("books", BEGAN)}


@given(st.integers(0, 4 * 10**15), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_whole_hours_and_days_are_kept_for_at_least_as_long_as_asked(
    now: int, hours: int, facts_days: int, minutes_days: int
) -> None:
    kept = Retention(hours, facts_days, minutes_days)
    ticks = kept.ticks_from(now)
    assert ticks % HOUR_US == 0
    assert 0 <= ticks <= max(now - hours * HOUR_US, 0) < ticks + HOUR_US
    for days, oldest in ((facts_days, kept.facts_from(now)), (minutes_days, kept.minutes_from(now))):
        assert oldest % DAY_US == 0
        assert 0 <= oldest <= max(now - days * DAY_US, 0) < oldest + DAY_US
