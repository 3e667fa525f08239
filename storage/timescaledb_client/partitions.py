"""How tables are split by time: native hourly partitions, or TimescaleDB's chunks where the server has it.

Theory of operation
-------------------
Everything above this module is the same SQL for both. A native partition must exist before a row can enter it, so the
store asks for the hours of a batch ahead of the insert. Partitions are built beside the table and then attached, which
needs a weaker lock than creating them in place: readers go on. Removing one does need the table for a moment; if a
reader holds it longer than that, the removal waits for the next round instead of making others wait behind it.
Tables of what comes a few times a day or a year are not split: an hour of them would often be a single row.
TimescaleDB also compresses a chunk once rows for it have stopped coming; a straggler can still be inserted then.
Rows are never updated and leave with their partition, so vacuuming after inserts is switched off for partitions.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

import psycopg
from psycopg import sql

from storage.timescaledb_client import schema
from storage.timescaledb_client.rows import micros, moment

HOUR_US: Final = 3_600_000_000
LOCK_KEY: Final = 0x6F70_7461_6931
"""Advisory lock under which anybody changes the shape of the database ("optai1")."""
DROP_LOCK_TIMEOUT: Final = "200ms"
_SPLIT: Final = tuple(table.name for table in schema.TABLES if table.partitioned)
_STAMP: Final = "%Y%m%d%H"
_STAMP_LENGTH: Final = 10
LATE_HOURS: Final = 2
"""Rows come this late only when something had been at rest for long."""
_SEGMENTS: Final = ("underlying", "symbol")
"""What the rows of a table are about: TimescaleDB compresses those about one name together."""
COMPRESSION: Final = "timescaledb.compress, timescaledb.compress_orderby = 'event_time, event_id'"
COMPRESSION_SEGMENTS: Final = "timescaledb.compress_segmentby = '{}'"


class Slot(NamedTuple):
    """One hour of one table; `hour` is its start in µs since the epoch."""

    table: str
    hour: int

    @property
    def partition(self) -> str:
        """Name of the partition that holds it.

        >>> Slot("greeks", 0).partition
        'greeks_1970010100'
        """
        return f"{self.table}_{moment(self.hour):{_STAMP}}"


def hour_of(event_time: int) -> int:
    """Start of the hour that an instant lies in, both in µs since the epoch.

    >>> hour_of(HOUR_US + 1) == HOUR_US
    True
    """
    return event_time - event_time % HOUR_US


class Layout(Protocol):
    """One way to split tables by time."""

    def prepare(self, slots: Iterable[Slot]) -> None:
        """Make room for rows of these hours."""

    def drop_before(self, hour: int) -> list[str]:
        """Remove what lies wholly before an hour; the names of what went."""


class NativePartitions:
    """PostgreSQL's own range partitions, one an hour."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._known = self._existing()

    def prepare(self, slots: Iterable[Slot]) -> None:
        """Create the partitions that are missing, those of one call in one transaction."""
        wanted = {slot for slot in slots if schema.BY_NAME[slot.table].partitioned}
        if wanted <= self._known:
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
            existing = self._existing()
            for slot in sorted(wanted - existing):
                self._create(cursor, slot)
        self._known = existing | wanted

    def drop_before(self, hour: int) -> list[str]:
        """Drop old partitions, oldest first; those of a table that a reader holds stay until the next time."""
        dropped: list[str] = []
        in_use: set[str] = set()
        for slot in sorted(self._existing(), key=lambda slot: slot.hour):
            if slot.hour >= hour:
                break
            if slot.table in in_use:
                continue
            if self._drop(slot):
                dropped.append(slot.partition)
            else:
                in_use.add(slot.table)
        return dropped

    def _create(self, cursor: psycopg.Cursor, slot: Slot) -> None:
        names = {"partition": sql.Identifier(slot.partition), "table": sql.Identifier(slot.table)}
        cursor.execute(
            sql.SQL(
                "CREATE TABLE {partition} (LIKE {table} INCLUDING DEFAULTS) "
                "WITH (autovacuum_vacuum_insert_threshold = -1)"
            ).format(**names)
        )
        start = moment(slot.hour)
        cursor.execute(
            sql.SQL("ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ({start}) TO ({end})").format(
                **names, start=sql.Literal(start), end=sql.Literal(start + timedelta(hours=1))
            )
        )

    def _drop(self, slot: Slot) -> bool:
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(DROP_LOCK_TIMEOUT)))
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(slot.partition)))
        except psycopg.errors.LockNotAvailable:
            return False
        self._known.discard(slot)
        return True

    def _existing(self) -> set[Slot]:
        rows = self._connection.execute(
            "SELECT parent.relname, child.relname FROM pg_inherits "
            "JOIN pg_class parent ON parent.oid = inhparent JOIN pg_class child ON child.oid = inhrelid "
            "WHERE parent.relkind = 'p' AND parent.relnamespace = current_schema()::regnamespace"
        )
        return {Slot(table, _hour_in(partition)) for table, partition in rows if table in _SPLIT}


class Hypertables:
    """TimescaleDB: chunks appear by themselves, and are compressed when they are no longer written to."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        for name in _SPLIT:
            connection.execute(
                "SELECT create_hypertable(%s, by_range('event_time', INTERVAL '1 hour'), "
                "create_default_indexes => false, if_not_exists => true)",
                (name,),
            )
        compressed = "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE compression_enabled"
        done = {name for (name,) in connection.execute(compressed)}
        for name in _SPLIT:
            if name not in done:
                # Asked for once: what chunks are compressed by cannot be set again after the first of them.
                connection.execute(_compression(name))
            connection.execute(
                "SELECT add_compression_policy(%s, compress_after => make_interval(hours => %s), "
                "if_not_exists => true)",
                (name, LATE_HOURS),
            )

    def prepare(self, slots: Iterable[Slot]) -> None:
        """Nothing to do: a row makes its chunk."""

    def drop_before(self, hour: int) -> list[str]:
        """Drop old chunks of every table."""
        dropped: list[str] = []
        for name in _SPLIT:
            rows = self._connection.execute("SELECT drop_chunks(%s, older_than => %s)", (name, moment(hour)))
            dropped += [chunk for (chunk,) in rows]
        return dropped


def has_timescaledb(connection: psycopg.Connection) -> bool:
    """Whether TimescaleDB is installed in this database, as its own images do for every database they make.

    That the server merely has its files is not enough: where it is not preloaded, asking for it ends the session. Nor
    is the edition that some distributions have: it lacks compression and continuous aggregates, and a database with it
    is treated as a plain one.
    """
    row = connection.execute(
        "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb' "
        "AND current_setting('timescaledb.license', true) = 'timescale'"
    ).fetchone()
    return row is not None


def is_native(connection: psycopg.Connection) -> bool:
    """Whether the tables, once created, are split by native partitions."""
    row = connection.execute(
        "SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)", (schema.TABLES[0].name,)
    ).fetchone()
    return row is not None


def layout_of(connection: psycopg.Connection) -> Layout:
    """The layout that the migrated database has."""
    return NativePartitions(connection) if is_native(connection) else Hypertables(connection)


def _compression(table: str) -> sql.Composed:
    columns = {column.name for column in schema.BY_NAME[table].columns}
    settings = [COMPRESSION, *(COMPRESSION_SEGMENTS.format(name) for name in _SEGMENTS if name in columns)]
    return sql.SQL("ALTER TABLE {} SET ({})").format(sql.Identifier(table), sql.SQL(", ".join(settings)))


def _hour_in(partition: str) -> int:
    return micros(datetime.strptime(partition[-_STAMP_LENGTH:], _STAMP).replace(tzinfo=UTC))
