"""Migrations on a real server: what they build is what the code derives; up, down, twice, and too new."""

import threading
from datetime import timedelta

import psycopg
import pytest

from contracts.errors import StateError
from storage.timescaledb_client import schema
from storage.timescaledb_client.migrating import Migration, load_migrations, migrate
from storage.timescaledb_client.partitions import (
    HOUR_US,
    LATE_HOURS,
    NativePartitions,
    has_timescaledb,
    is_native,
    layout_of,
)
from storage.timescaledb_client.rows import PACKERS
from storage.timescaledb_client.store import Slice, Store
from tests.integration.storage.database import Database
from tests.integration.storage.timescaledb_client.timescale import stand_in
from tests.unit.models.market import bar
from tests.unit.storage.market import BEGAN, KEPT, dividend, trade

SHIPPED = tuple(migration.version for migration in load_migrations())
NEWEST = SHIPPED[-1]
NEXT = Migration(NEWEST + 1, "note", "ALTER TABLE trades ADD COLUMN note text", "ALTER TABLE trades DROP COLUMN note")
BROKEN = Migration(NEWEST + 1, "broken", "CREATE TABLE half (); SELECT 1 / 0", "")


def columns(connection: psycopg.Connection[tuple[object, ...]], table: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT attname, format_type(atttypid, NULL), NOT attnotnull, collname FROM pg_attribute "
        "LEFT JOIN pg_collation c ON c.oid = attcollation AND collname = 'C' "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table,),
    ).fetchall()


def tables(connection: psycopg.Connection[tuple[object, ...]]) -> set[object]:
    return {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_the_migrated_columns_are_the_derived_ones(database: Database) -> None:
    with database.connect() as connection:
        assert migrate(connection, load_migrations()) == SHIPPED
        for table in schema.TABLES:
            derived = [
                (c.name, c.kind.sql.removesuffix(' COLLATE "C"'), c.nullable, "C" if c.kind == schema.TEXT else None)
                for c in table.columns
            ]
            assert columns(connection, table.name) == derived


def test_the_migrated_keys_and_indexes_are_the_derived_ones(database: Database) -> None:
    with database.connect() as connection:
        migrate(connection, load_migrations())
        for table in schema.TABLES:
            rows = connection.execute(
                "SELECT indisprimary, array(SELECT attname::text FROM unnest(indkey) WITH ORDINALITY k (attnum, place) "
                "JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = k.attnum ORDER BY place) "
                "FROM pg_index WHERE indrelid = %s::regclass",
                (table.name,),
            ).fetchall()
            expected = [(True, list(table.key)), *((False, list(index)) for index in table.indexes)]
            assert sorted(rows, key=str) == sorted(expected, key=str)


def test_up_and_down_and_up_again(database: Database) -> None:
    migrations = load_migrations()
    with database.connect() as connection:
        migrate(connection, migrations)
        assert set(schema.BY_NAME) <= tables(connection)
        assert migrate(connection, migrations) == ()
        assert migrate(connection, migrations, target=0) == SHIPPED[::-1]
        assert tables(connection) == {"schema_migrations"}
        assert migrate(connection, migrations) == SHIPPED


def test_facts_stay_when_their_tables_stop_being_split_by_the_hour_and_when_they_are_split_again(
    database: Database,
) -> None:
    migrations = load_migrations()
    store = Store.open(database.dsn, KEPT)
    batch = Slice()
    for event in (dividend(0), dividend(1, at=BEGAN + HOUR_US), dividend(2, at=BEGAN + HOUR_US)):
        batch.add("dividends", event.event_time, PACKERS[type(event)].to_row(event))
    store.write(batch, [])
    store.close()
    with database.connect() as connection:
        migrate(connection, migrations, target=2)
        split = "SELECT tableoid::regclass::text, count(*) FROM dividends GROUP BY 1 ORDER BY 1"
        assert connection.execute(split).fetchall() == [("dividends_2026010110", 1), ("dividends_2026010111", 2)]
        migrate(connection, migrations)
        assert connection.execute(split).fetchall() == [("dividends", 3)]


def test_only_what_is_missing_is_run(database: Database) -> None:
    with database.connect() as connection:
        migrate(connection, load_migrations())
        assert migrate(connection, (*load_migrations(), NEXT)) == (NEWEST + 1,)
        assert columns(connection, "trades")[-1][0] == "note"
        assert migrate(connection, (*load_migrations(), NEXT), target=NEWEST) == (NEWEST + 1,)
        assert columns(connection, "trades")[-1][0] == "sequence"


def test_a_migration_that_fails_leaves_nothing_behind(database: Database) -> None:
    with database.connect() as connection:
        with pytest.raises(Exception, match="division by zero"):
            migrate(connection, (*load_migrations(), BROKEN))
        assert "half" not in tables(connection)
        assert connection.execute("SELECT max(version) FROM schema_migrations").fetchone() == (NEWEST,)


def test_a_database_newer_than_the_program_is_refused_with_the_remedy(database: Database) -> None:
    with database.connect() as connection:
        migrate(connection, (*load_migrations(), NEXT))
    with pytest.raises(
        StateError, match=rf"version {NEWEST + 1}, this program knows up to {NEWEST}\. Run the newer program"
    ):
        Store.open(database.dsn, KEPT)


def test_two_writers_that_start_together_migrate_once(database: Database) -> None:
    stores: list[Store] = []
    starts = [threading.Thread(target=lambda: stores.append(Store.open(database.dsn, KEPT))) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(30)
    assert len(stores) == 3
    for store in stores:
        store.close()
    with database.connect() as connection:
        assert connection.execute("SELECT version FROM schema_migrations ORDER BY version").fetchall() == [
            (one,) for one in SHIPPED
        ]


def test_without_timescaledb_tables_are_partitioned_natively(database: Database) -> None:
    with database.connect() as connection:
        assert not has_timescaledb(connection)
        migrate(connection, load_migrations())
        assert is_native(connection)
        assert isinstance(layout_of(connection), NativePartitions)


def test_long_bars_move_into_tables_of_their_own_and_back_as_far_as_ticks_are_kept(database: Database) -> None:
    migrations = load_migrations()
    hour, old = bar(BEGAN + HOUR_US, interval_s=3_600), bar(BEGAN - 3_000 * HOUR_US, interval_s=604_800)
    store = Store.open(database.dsn, KEPT)
    batch = Slice()
    for event in (bar(BEGAN + HOUR_US), hour, old):
        batch.add(schema.table_of(event).name, event.event_time, PACKERS[type(event)].to_row(event))
    store.write(batch, [])
    store.close()
    counts = "SELECT (SELECT count(*) FROM bars), (SELECT count(*) FROM long_bars)"
    with database.connect() as connection:
        assert connection.execute(counts).fetchone() == (1, 2)
        migrate(connection, migrations, target=5)
        lengths = connection.execute("SELECT interval_s FROM bars ORDER BY 1").fetchall()
        assert lengths == [(60,), (3_600,)], "the week of long ago would have been dropped with the ticks of its hour"
        migrate(connection, migrations)
        assert connection.execute(counts).fetchone() == (1, 1)


def test_with_timescaledb_tables_become_hypertables_and_the_store_works_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = [table.name for table in schema.TABLES if table.partitioned]
    with stand_in(database, monkeypatch), database.connect() as connection:
        for _ in range(2):
            store = Store.open(database.dsn, KEPT)
            assert not is_native(connection)
            made = connection.execute("SELECT name::text, slice = '1 hour' FROM hypertables").fetchall()
            assert made == [(name, True) for name in split]
            compressed = connection.execute("SELECT hypertable::text, compress_after FROM compression_policies")
            assert compressed.fetchall() == [(name, timedelta(hours=LATE_HOURS)) for name in split]
            batch = Slice()
            for event in (trade(0), trade(0), trade(1, at=BEGAN + 30 * HOUR_US)):
                batch.add("trades", event.event_time, PACKERS[type(event)].to_row(event))
            assert store.write(batch, []) == {"trades": 2}
            assert store.maintain(BEGAN + 30 * HOUR_US) == ["trades"]
            assert connection.execute("SELECT count(*) FROM trades").fetchone() == (1,)
            connection.execute("DELETE FROM trades")
            store.close()


def test_with_timescaledb_the_migrations_go_down_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = load_migrations()
    with stand_in(database, monkeypatch), database.connect() as connection:
        before = tables(connection)
        Store.open(database.dsn, KEPT).close()
        assert migrate(connection, migrations, target=0) == SHIPPED[::-1]
        assert tables(connection) - before == {"schema_migrations"}
