"""The writing side: rows and the Kafka offsets they came from, in one transaction.

Theory of operation
-------------------
A batch is copied in binary into temporary staging tables and inserted from there with ON CONFLICT DO NOTHING, so a row
that is already there is absorbed by its key. The offsets after the batch are stored in the same transaction: whatever
is killed, and whenever, rows and offsets agree, and reading on from the stored offsets loses nothing.

For that agreement alone commits need not be durable at once (a server that forgets rows forgets their offsets too),
but a reader could then see a row that a crash takes away for a while. At a few commits a second the difference cannot
be measured, so the server's default stands.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Self

import psycopg
from psycopg import sql

from contracts.ports import Position
from storage.timescaledb_client.connection import connect, database_errors
from storage.timescaledb_client.migrating import load_migrations, migrate
from storage.timescaledb_client.partitions import HOUR_US, Layout, Slot, hour_of, layout_of
from storage.timescaledb_client.rows import Row
from storage.timescaledb_client.schema import BY_NAME, TABLES, Table

STATEMENT_TIMEOUT_MS: Final = 60_000
LOCK_TIMEOUT_MS: Final = 30_000
HOURS_AHEAD: Final = 1
"""Partitions are made this much before their hour begins, so that the turn of the hour costs nothing."""


class Slice:
    """The rows of one transaction by table, and the hours that they fall into."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.slots: set[Slot] = set()

    def add(self, table: str, event_time: int, row: Row) -> None:
        """Take one row in."""
        self.rows.setdefault(table, []).append(row)
        self.slots.add(Slot(table, hour_of(event_time)))


class Store:
    """One connection that writes. After a `PartError` it is of no more use: close it and open another."""

    def __init__(self, connection: psycopg.Connection, layout: Layout, retention_hours: int) -> None:
        self._connection = connection
        self._layout = layout
        self._retention_us = retention_hours * HOUR_US
        self._scripts = {table.name: _Scripts(table) for table in TABLES}

    @classmethod
    def open(cls, dsn: str, retention_hours: int) -> Self:
        """Connect, migrate the database if it is behind, and make the staging tables."""
        connection = connect(
            dsn,
            "writer",
            {
                "statement_timeout": STATEMENT_TIMEOUT_MS,
                "lock_timeout": LOCK_TIMEOUT_MS,
                "client_min_messages": "warning",
            },
        )
        try:
            migrate(connection, load_migrations())
            with database_errors("preparing to write"):
                for table in TABLES:
                    connection.execute(_Scripts(table).stage)
                layout = layout_of(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection, layout, retention_hours)

    def positions(self) -> list[Position]:
        """Where to read on: the next offset of each partition of which anything has been stored."""
        with database_errors("reading the stored offsets"):
            rows = self._connection.execute("SELECT topic, partition, next_offset FROM kafka_offsets").fetchall()
        return [Position(*row) for row in rows]

    def write(self, batch: Slice, positions: Iterable[Position]) -> dict[str, int]:
        """Store the rows and the offsets after them, both or neither; how many rows were new, by table.

        `RejectedRecord` if a value fits no column (nothing is stored then), `PartError` if the database fails.
        """
        with database_errors("writing"):
            self._layout.prepare(batch.slots)
            with self._connection.transaction(), self._connection.cursor() as cursor:
                stored = {name: self._insert(cursor, name, rows) for name, rows in batch.rows.items()}
                _remember(cursor, positions)
        return stored

    def oldest_kept(self, now: int) -> int:
        """Start of the oldest hour that retention keeps at `now`, both in µs since the epoch."""
        return hour_of(max(now - self._retention_us, 0))

    def maintain(self, now: int) -> list[str]:
        """Prepare the hours to come and drop the partitions that retention no longer keeps; names of the dropped."""
        hours = [hour_of(now) + ahead * HOUR_US for ahead in range(HOURS_AHEAD + 1)]
        with database_errors("maintaining partitions"):
            self._layout.prepare({Slot(name, hour) for name in BY_NAME for hour in hours})
            return self._layout.drop_before(self.oldest_kept(now))

    def close(self) -> None:
        """Hang up; what was not committed is forgotten."""
        self._connection.close()

    def _insert(self, cursor: psycopg.Cursor, name: str, rows: Sequence[Row]) -> int:
        scripts = self._scripts[name]
        with cursor.copy(scripts.copy) as copy:
            copy.set_types(scripts.copied_as)
            for row in rows:
                copy.write_row(row)
        return cursor.execute(scripts.insert).rowcount


class _Scripts:
    """What is said to the database for one table."""

    def __init__(self, table: Table) -> None:
        names = {
            "table": sql.Identifier(table.name),
            "staging": sql.Identifier(f"staging_{table.name}"),
            "columns": sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
        }
        self.stage = sql.SQL("CREATE TEMPORARY TABLE {staging} (LIKE {table}) ON COMMIT DELETE ROWS").format(**names)
        self.copy = sql.SQL("COPY {staging} ({columns}) FROM STDIN (FORMAT binary)").format(**names)
        self.insert = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} ON CONFLICT DO NOTHING"
        ).format(**names)
        self.copied_as = [column.kind.copied_as for column in table.columns]


def _remember(cursor: psycopg.Cursor, positions: Iterable[Position]) -> None:
    rows = sorted(positions)
    topics, partitions, offsets = zip(*rows, strict=True) if rows else ((), (), ())
    cursor.execute(
        "INSERT INTO kafka_offsets (topic, partition, next_offset) "
        "SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[]) "
        "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        (list(topics), list(partitions), list(offsets)),
    )
