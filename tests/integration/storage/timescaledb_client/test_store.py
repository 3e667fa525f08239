"""The store on a real server: exactness of values, duplicates, hours, retention, and errors of either side."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import PartError, RejectedRecord
from contracts.events import Event
from contracts.ports import Position
from storage.timescaledb_client import schema
from storage.timescaledb_client.partitions import HOUR_US, hour_of
from storage.timescaledb_client.rows import PACKERS, moment, to_record
from storage.timescaledb_client.schema import column_list, table_of, tables_of
from storage.timescaledb_client.store import DAY_US, Slice, Store
from tests.integration.storage.database import Database
from tests.unit.storage.legal_events import EVENT_TABLES, INT64, legal_record
from tests.unit.storage.market import BEGAN, KEPT, SECOND, dividend, option_quote, trade

RETENTION_HOURS = KEPT.ticks_hours


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store.open(database.dsn, KEPT)
    yield opened
    opened.close()


def batch(*found: Event) -> Slice:
    made = Slice()
    for event in found:
        made.add(table_of(event).name, event.event_time, PACKERS[type(event)].to_row(event))
    return made


def key_of(event: Event) -> tuple[str, str, int]:
    return table_of(event).name, event.event_id, event.event_time


def partitions(database: Database, table: str) -> list[object]:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", (table,)
        )
        return [row[0] for row in rows]


def count(database: Database, table: str) -> object:
    with database.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of the test's
        return row[0] if row else None


@pytest.mark.parametrize("table", EVENT_TABLES, ids=lambda table: table.name)
def test_what_is_written_is_what_is_read(database: Database, store: Store, table: schema.Table) -> None:
    written: dict[tuple[str, str, int], Event] = {}

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(event=legal_record(table.record), within_us=st.integers(0, 2 * HOUR_US))
    def write(event: Event, within_us: int) -> None:
        placed = type(event)(
            **{f: getattr(event, f) for f in event.__struct_fields__} | {"event_time": BEGAN + within_us}
        )
        store.write(batch(placed), [])
        written.setdefault(key_of(placed), placed)

    write()
    with database.connect() as connection:
        rows = [
            row
            for each in tables_of(table.record)
            for row in connection.cursor(binary=True).execute(f"SELECT {column_list(each)} FROM {each.name}")  # noqa: S608
        ]
    read = [to_record(table.record, row) for row in rows]
    assert {key_of(event): event for event in read if isinstance(event, Event)} == written


def test_times_are_exact_to_the_microsecond(database: Database, store: Store) -> None:
    store.write(batch(trade(0, at=BEGAN + 123_457)), [])
    with database.connect() as connection:
        row = connection.execute("SELECT event_time FROM trades").fetchone()
    assert row == (moment(BEGAN + 123_457),)


def test_only_new_rows_count_and_the_first_of_one_key_stays(database: Database, store: Store) -> None:
    assert store.write(batch(trade(0), trade(0), trade(1)), []) == {"trades": 2}
    assert store.write(batch(trade(1), trade(2), option_quote(0)), []) == {"trades": 1, "option_quotes": 1}
    assert count(database, "trades") == 3


def test_offsets_move_with_the_rows(store: Store) -> None:
    store.write(batch(trade(0)), [Position("market.trades", 0, 1), Position("market.books", 0, 7)])
    store.write(Slice(), [Position("market.trades", 0, 5), Position("market.trades", 1, 2)])
    assert sorted(store.positions()) == [
        Position("market.books", 0, 7), Position("market.trades", 0, 5), Position("market.trades", 1, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "poison", [option_quote(1, sequence=INT64 + 1), trade(1, symbol="A\0B")], ids=["beyond bigint", "NUL in text"]
)
def test_a_value_that_fits_no_column_is_refused_and_nothing_of_the_batch_is_stored(
    database: Database, store: Store, poison: Event
) -> None:
    with pytest.raises(RejectedRecord) as rejection:
        store.write(batch(trade(0), poison), [Position("market.trades", 0, 2)])
    assert rejection.value.reason == "unstorable"
    assert (count(database, "trades"), store.positions()) == (0, [])
    store.write(batch(trade(0)), [])
    assert count(database, "trades") == 1


def test_rows_on_both_sides_of_an_hour_find_their_partitions(database: Database, store: Store) -> None:
    store.write(batch(trade(0, at=BEGAN - 1), trade(1, at=BEGAN), trade(2, at=BEGAN + HOUR_US)), [])
    assert partitions(database, "trades") == ["trades_2026010109", "trades_2026010110", "trades_2026010111"]
    assert count(database, "trades_2026010109") == count(database, "trades_2026010110") == 1


def test_two_writers_may_want_the_same_hour(database: Database, store: Store) -> None:
    other = Store.open(database.dsn, KEPT)
    store.write(batch(trade(0)), [])
    other.write(batch(trade(0), trade(1)), [])
    other.close()
    assert count(database, "trades") == 2


def test_maintenance_prepares_the_coming_hour_and_drops_what_retention_no_longer_keeps(
    database: Database, store: Store
) -> None:
    store.write(batch(trade(0, at=BEGAN - 1), trade(1, at=BEGAN), trade(2, at=BEGAN + HOUR_US)), [])
    now = BEGAN + RETENTION_HOURS * HOUR_US + 5 * SECOND
    assert store.oldest_kept(now)["trades"] == BEGAN
    assert store.maintain(now) == ["trades_2026010109"]
    left = partitions(database, "trades")
    assert left == ["trades_2026010110", "trades_2026010111", "trades_2026010210", "trades_2026010211"]
    assert len(partitions(database, "signals")) == 2
    assert count(database, "trades") == 2
    assert store.maintain(now) == []


def test_facts_outlive_ticks_and_leave_by_the_day(database: Database, store: Store) -> None:
    old, older = BEGAN, BEGAN - 40 * DAY_US
    store.write(batch(trade(0), dividend(0, at=old), dividend(1, at=older)), [])
    now = older + KEPT.facts_days * DAY_US
    store.maintain(now)
    assert (count(database, "trades"), count(database, "dividends")) == (0, 2)
    assert store.oldest_kept(now)["dividends"] == older - older % DAY_US
    store.maintain(now + DAY_US)
    assert count(database, "dividends") == 1


def test_rows_are_not_there_before_what_was_begun_is_finished(database: Database, store: Store) -> None:
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE kafka_offsets IN ACCESS EXCLUSIVE MODE")
        store.begin(batch(trade(0), trade(1)), [Position("market.trades", 0, 2)])
        assert count(database, "trades") == 0, "the caller is free while the server still waits for its turn"
    assert store.finish() == {"trades": 2}
    assert store.positions() == [Position("market.trades", 0, 2)]


def test_an_insert_that_fails_after_all_was_sent_leaves_nothing_and_the_next_one_works(
    database: Database, store: Store
) -> None:
    with database.connect() as other:
        other.execute("ALTER TABLE kafka_offsets ADD CHECK (next_offset::int2 >= 0)")
    store.begin(batch(trade(0)), [Position("market.trades", 0, 10**9)])
    with pytest.raises(RejectedRecord):
        store.finish()
    assert (count(database, "trades"), store.positions()) == (0, [])
    assert store.write(batch(trade(0)), [Position("market.trades", 0, 1)]) == {"trades": 1}


def test_a_dropped_hour_is_made_again_when_a_row_needs_it(database: Database, store: Store) -> None:
    store.write(batch(trade(0)), [])
    store.maintain(BEGAN + 2 * RETENTION_HOURS * HOUR_US)
    store.write(batch(trade(0)), [])
    assert count(database, "trades") == 1


def test_a_partition_in_use_is_dropped_later_and_holds_nobody_up(database: Database, store: Store) -> None:
    store.write(batch(trade(0)), [])
    later = BEGAN + 2 * RETENTION_HOURS * HOUR_US
    with database.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM trades")
        assert store.maintain(later) == []
        store.write(batch(trade(1, at=later)), [])
    assert store.maintain(later) == ["trades_2026010110"]


def test_retention_touches_no_table_of_others(database: Database, store: Store) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE mine (at int) PARTITION BY RANGE (at)")
        connection.execute("CREATE TABLE mine_1970010100 PARTITION OF mine FOR VALUES FROM (0) TO (1)")
    store.maintain(BEGAN)
    assert partitions(database, "mine") == ["mine_1970010100"]


def test_partitions_exist_before_their_hour_begins(database: Database, store: Store) -> None:
    store.maintain(BEGAN - SECOND)
    for table in schema.TABLES:
        assert (f"{table.name}_2026010110" in partitions(database, table.name)) is table.partitioned
    assert hour_of(BEGAN) == BEGAN


def test_a_server_that_is_not_there_is_an_error_with_the_remedy(database: Database) -> None:
    with pytest.raises(PartError, match=r"PostgreSQL failed while connecting: .*optionsai status"):
        Store.open(f"{database.dsn} port=1", KEPT)
