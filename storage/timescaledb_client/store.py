"""The writing side: rows and the Kafka offsets they came from, in one transaction.

Theory of operation
-------------------
A batch is copied in binary into temporary staging tables and inserted from there with ON CONFLICT DO NOTHING, so a row
that is already there is absorbed by its key. The offsets after the batch are stored in the same transaction: whatever
is killed, and whenever, rows and offsets agree, and reading on from the stored offsets loses nothing.

The minutes that people look at are kept up in the same transaction, or by the server (`summaries`).

For that agreement alone commits need not be durable at once (a server that forgets rows forgets their offsets too),
but a reader could then see a row that a crash takes away for a while. At a few commits a second the difference cannot
be measured, so the server's default stands.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import Final, NamedTuple, Self

import psycopg
from psycopg import sql

from contracts.ports import Position
from storage.timescaledb_client.connection import connect, database_errors
from storage.timescaledb_client.migrating import load_migrations, migrate
from storage.timescaledb_client.partitions import HOUR_US, Layout, Slot, hour_of, is_native, layout_of
from storage.timescaledb_client.rows import Row, moment
from storage.timescaledb_client.schema import TABLES, Table
from storage.timescaledb_client.summaries import ContinuousAggregates, Summaries, SummaryTables

STATEMENT_TIMEOUT_MS: Final = 60_000
LOCK_TIMEOUT_MS: Final = 30_000
DAY_US: Final = 24 * HOUR_US
HOURS_AHEAD: Final = 1
"""Partitions are made this much before their hour begins, so that the turn of the hour costs nothing."""


class Retention(NamedTuple):
    """How long rows are kept: ticks and what is computed from them, what comes rarely, and minutes of the ticks."""

    ticks_hours: int
    facts_days: int
    minutes_days: int

    def ticks_from(self, now: int) -> int:
        """Start of the oldest hour of ticks that is kept at `now`, both in µs since the epoch."""
        return hour_of(max(now - self.ticks_hours * HOUR_US, 0))

    def facts_from(self, now: int) -> int:
        """Start of the oldest day of facts that is kept at `now`, both in µs since the epoch."""
        return _day_of(now - self.facts_days * DAY_US)

    def minutes_from(self, now: int) -> int:
        """Start of the oldest day of summed up minutes that is kept at `now`, both in µs since the epoch."""
        return _day_of(now - self.minutes_days * DAY_US)


class Slice:
    """The rows of one transaction by table, and the hours that they fall into."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._hours: dict[str, set[int]] = {}

    @property
    def slots(self) -> set[Slot]:
        """Each hour of each table that has rows."""
        return {Slot(table, hour * HOUR_US) for table, hours in self._hours.items() for hour in hours}

    def add(self, table: str, event_time: int, row: Row) -> None:
        """Take one row in."""
        rows = self.rows.get(table)
        if rows is None:
            rows = self.rows[table] = []
            self._hours[table] = set()
        rows.append(row)
        self._hours[table].add(event_time // HOUR_US)


class Store:
    """One connection that writes. After a `PartError` it is of no more use: close it and open another."""

    def __init__(
        self, connection: psycopg.Connection, layout: Layout, summaries: Summaries, retention: Retention
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._summaries = summaries
        self._retention = retention
        self._scripts = {table.name: _Scripts(table) for table in TABLES}
        self._insert = {name: summaries.with_summary(name, each.insert) for name, each in self._scripts.items()}
        self._inserts: dict[str, psycopg.Cursor] = {}
        self._pipeline = ExitStack()
        self._swept_at = 0

    @classmethod
    def open(cls, dsn: str, retention: Retention) -> Self:
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
                summaries = (
                    SummaryTables(connection)
                    if is_native(connection)
                    else ContinuousAggregates(connection, retention.ticks_hours)
                )
        except BaseException:
            connection.close()
            raise
        return cls(connection, layout, summaries, retention)

    def positions(self) -> list[Position]:
        """Where to read on: the next offset of each partition of which anything has been stored."""
        with database_errors("reading the stored offsets"):
            rows = self._connection.execute("SELECT topic, partition, next_offset FROM kafka_offsets").fetchall()
        return [Position(*row) for row in rows]

    def begin(self, batch: Slice, positions: Iterable[Position]) -> None:
        """Send the rows and the offsets after them; `finish` waits until they are stored, both or neither.

        In between the server inserts and commits, while the caller gets the next batch ready. One batch at a time.
        `RejectedRecord` if a value fits no column (nothing is stored then), `PartError` if the database fails.
        """
        with database_errors("writing"):
            self._layout.prepare(batch.slots)
            try:
                self._connection.execute("BEGIN")
                for name, rows in batch.rows.items():
                    self._copy(name, rows)
                self._pipeline.enter_context(self._connection.pipeline())
                self._inserts = {name: self._connection.execute(self._insert[name]) for name in sorted(batch.rows)}
                _remember(self._connection, positions)
                self._connection.execute("COMMIT")
            except BaseException:
                self._abandon()
                raise

    def finish(self) -> dict[str, int]:
        """Wait until what was begun is stored; how many rows were new, by table. Raises as `begin` does."""
        with database_errors("writing"):
            try:
                self._pipeline.close()
            except BaseException:
                self._abandon()
                raise
        inserts, self._inserts = self._inserts, {}
        return {name: _inserted(cursor) for name, cursor in inserts.items()}

    def write(self, batch: Slice, positions: Iterable[Position]) -> dict[str, int]:
        """Store rows and offsets and wait for it; how many rows were new, by table."""
        self.begin(batch, positions)
        return self.finish()

    def oldest_kept(self, now: int) -> dict[str, int]:
        """Table → the earliest event time that retention keeps at `now`, both in µs since the epoch."""
        ticks, facts = self._retention.ticks_from(now), self._retention.facts_from(now)
        return {table.name: ticks if table.partitioned else facts for table in TABLES}

    def maintain(self, now: int) -> list[str]:
        """Remove what retention no longer keeps and prepare the hours to come; names of the partitions dropped.

        In this order, because it is what makes room on a full disk.
        """
        hours = [hour_of(now) + ahead * HOUR_US for ahead in range(HOURS_AHEAD + 1)]
        with database_errors("maintaining partitions"):
            dropped = self._layout.drop_before(self._retention.ticks_from(now))
            self._sweep(now)
            self._layout.prepare({Slot(table.name, hour) for table in TABLES for hour in hours})
            return dropped

    def close(self) -> None:
        """Hang up; what was not committed is forgotten."""
        self._connection.close()

    def _copy(self, name: str, rows: Sequence[Row]) -> None:
        scripts = self._scripts[name]
        with self._connection.cursor() as cursor, cursor.copy(scripts.copy) as copy:
            copy.set_types(scripts.copied_as)
            for row in rows:
                copy.write_row(row)

    def _abandon(self) -> None:
        """Forget the transaction, so that the connection can take another."""
        self._inserts = {}
        with suppress(psycopg.Error):
            self._pipeline.close()
        with suppress(psycopg.Error):
            self._connection.rollback()

    def _sweep(self, now: int) -> None:
        """Remove facts and minutes that are too old. They leave by the day, so they are looked for once a day."""
        today = _day_of(now)
        if today == self._swept_at:
            return
        before = moment(self._retention.facts_from(now))
        for table in TABLES:
            if not table.partitioned:
                self._connection.execute(
                    sql.SQL("DELETE FROM {} WHERE event_time < %s").format(sql.Identifier(table.name)), (before,)
                )
        self._summaries.drop_before(self._retention.minutes_from(now))
        self._swept_at = today


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


def _day_of(event_time: int) -> int:
    """Start of the day that an instant lies in, or of the first there is; both in µs since the epoch."""
    since = max(event_time, 0)
    return since - since % DAY_US


def _inserted(cursor: psycopg.Cursor) -> int:
    """How many rows an insert put in: told by one row where they are summed up with it, else by the row count."""
    row = cursor.fetchone() if cursor.description else None
    return int(row[0]) if row else cursor.rowcount


def _remember(connection: psycopg.Connection, positions: Iterable[Position]) -> None:
    rows = sorted(positions)
    topics, partitions, offsets = zip(*rows, strict=True) if rows else ((), (), ())
    connection.execute(
        "INSERT INTO kafka_offsets (topic, partition, next_offset) "
        "SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[]) "
        "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        (list(topics), list(partitions), list(offsets)),
    )
