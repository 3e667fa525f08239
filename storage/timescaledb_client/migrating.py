"""Brings a database to the shape this code expects, and back: numbered SQL files, each applied once.

Each `migrations/NNNN_name.up.sql` has its `.down.sql`. What has been applied stands in table `schema_migrations`. A
migration runs in one transaction together with its entry there, under an advisory lock, so that two writers that start
together do not run it twice and a kill leaves either all of it or nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from contracts.errors import StateError
from storage.timescaledb_client.connection import database_errors
from storage.timescaledb_client.partitions import LOCK_KEY, has_timescaledb, is_native
from storage.timescaledb_client.schema import PARTITIONED, PLACEHOLDER

FOLDER: Final = Path(__file__).parent / "migrations"


class Migration(NamedTuple):
    """One step of the schema, both ways."""

    version: int
    name: str
    up: str
    down: str


def load_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The migrations of a folder in their order; `StateError` unless they are numbered 1, 2, 3 … with both ways."""
    found = []
    for path in sorted(folder.glob("*.up.sql")):
        number, _, name = path.name.removesuffix(".up.sql").partition("_")
        down = path.with_name(path.name.replace(".up.sql", ".down.sql"))
        if not down.exists():
            raise StateError(f"migration {path.name} has no {down.name}. Restore the file from the repository")
        found.append(Migration(int(number), name, path.read_text(), down.read_text()))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise StateError(f"the migrations in {folder} are not numbered without a gap. Restore them from the repository")
    return tuple(found)


def migrate(
    connection: psycopg.Connection, migrations: Sequence[Migration], target: int | None = None
) -> tuple[int, ...]:
    """Bring the database to version `target` (default: the newest), up or down; the versions that were run.

    `StateError` if the database is newer than the migrations we know: an older program must not write to it.
    """
    newest = len(migrations)
    wanted = newest if target is None else target
    with database_errors("migrating"), _exclusively(connection):
        current = _version(connection)
        if current > newest:
            raise StateError(
                f"the database is at schema version {current}, this program knows up to {newest}. "
                "Run the newer program, or point `database_config.yaml` at another database"
            )
        native = _plain_tables_wanted(connection, current)
        if wanted >= current:
            steps = [(step.version, step.name, step.up, step.version) for step in migrations[current:wanted]]
        else:
            steps = [
                (step.version, step.name, step.down, step.version - 1) for step in reversed(migrations[wanted:current])
            ]
        for _version_run, name, script, reached in steps:
            _apply(connection, script.replace(PLACEHOLDER, PARTITIONED if native else ""), name, reached, current)
            current = reached
    return tuple(step[0] for step in steps)


def _apply(connection: psycopg.Connection, script: str, name: str, reached: int, current: int) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(script)
        if reached > current:
            cursor.execute("INSERT INTO schema_migrations (version, name) VALUES (%s, %s)", (reached, name))
        else:
            cursor.execute("DELETE FROM schema_migrations WHERE version > %s", (reached,))


@contextmanager
def _exclusively(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))


def _version(connection: psycopg.Connection) -> int:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        "version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()
    return int(row[0]) if row else 0


def _plain_tables_wanted(connection: psycopg.Connection, current: int) -> bool:
    """Whether tables are to be partitioned natively: as they already are, or for want of TimescaleDB."""
    return is_native(connection) if current > 0 else not has_timescaledb(connection)
