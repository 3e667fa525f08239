"""Migration files: complete, numbered without a gap, both ways."""

from pathlib import Path

import pytest

from contracts.errors import StateError
from storage.timescaledb_client.migrating import load_migrations
from storage.timescaledb_client.schema import BY_NAME, PLACEHOLDER


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(f"SELECT '{name}'")


def test_files_become_migrations_in_their_order(tmp_path: Path) -> None:
    write(tmp_path, "0002_more.up.sql", "0002_more.down.sql", "0001_first.up.sql", "0001_first.down.sql")
    first, second = load_migrations(tmp_path)
    assert (first.version, first.name, first.up, first.down) == (
        1, "first", "SELECT '0001_first.up.sql'", "SELECT '0001_first.down.sql'",
    )  # fmt: skip
    assert (second.version, second.name) == (2, "more")


def test_a_migration_without_a_way_back_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "0001_first.up.sql")
    with pytest.raises(StateError, match=r"0001_first\.up\.sql has no 0001_first\.down\.sql"):
        load_migrations(tmp_path)


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.up.sql", "0001_a.down.sql", "0003_c.up.sql", "0003_c.down.sql")
    with pytest.raises(StateError, match="not numbered without a gap"):
        load_migrations(tmp_path)


def test_the_shipped_migrations_create_every_table_and_let_the_layout_be_chosen() -> None:
    scripts = "".join(migration.up for migration in load_migrations())
    assert all(f'CREATE TABLE "{name}"' in scripts for name in BY_NAME)
    once_partitioned = 7  # the first facts were, until they were kept for years
    assert scripts.count(f") {PLACEHOLDER};") == sum(table.partitioned for table in BY_NAME.values()) + once_partitioned
