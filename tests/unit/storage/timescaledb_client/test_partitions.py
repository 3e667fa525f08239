"""Hours and the names of their partitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.timescaledb_client.partitions import HOUR_US, Slot, _compression, hour_of

TEN_ON_NEW_YEARS_DAY = 1_767_261_600_000_000


@given(st.integers(0, 253_402_300_799_999_999))
def test_an_instant_lies_in_its_hour(instant: int) -> None:
    assert hour_of(instant) <= instant < hour_of(instant) + HOUR_US
    assert hour_of(instant) % HOUR_US == 0


def test_the_last_microsecond_of_an_hour_and_the_first_of_the_next_are_apart() -> None:
    assert hour_of(TEN_ON_NEW_YEARS_DAY - 1) == TEN_ON_NEW_YEARS_DAY - HOUR_US
    assert hour_of(TEN_ON_NEW_YEARS_DAY) == TEN_ON_NEW_YEARS_DAY


def test_a_partition_is_named_after_table_and_hour() -> None:
    assert Slot("greeks", TEN_ON_NEW_YEARS_DAY).partition == "greeks_2026010110"


@pytest.mark.parametrize(
    ("table", "segments"),
    [
        ("greeks", ", timescaledb.compress_segmentby = 'underlying'"),
        ("books", ", timescaledb.compress_segmentby = 'symbol'"),
        ("rejected_records", ""),
    ],
)
def test_timescaledb_is_asked_to_compress_the_rows_about_one_name_together(table: str, segments: str) -> None:
    """Every column of the key is ordered by, so that a row that is there already is found without unpacking all."""
    assert _compression(table).as_string(None) == (
        f'ALTER TABLE "{table}" SET '
        f"(timescaledb.compress, timescaledb.compress_orderby = 'event_time, event_id'{segments})"
    )
