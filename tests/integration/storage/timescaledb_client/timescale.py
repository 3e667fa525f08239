"""What stands in for TimescaleDB, which is in no wheel: functions that take what its functions take.

They do to plain tables what it does to hypertables. Its options of tables and views no plain server has: tests put
others in their place, and their text is compared in the unit tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from storage.timescaledb_client import migrating, partitions, summaries
from tests.integration.storage.database import Database

FUNCTIONS = """
CREATE TABLE hypertables (name regclass PRIMARY KEY, slice interval);
CREATE FUNCTION by_range(dimension name, slice interval) RETURNS interval LANGUAGE sql AS 'SELECT slice';
CREATE FUNCTION create_hypertable(
    relation regclass, dimension interval, create_default_indexes boolean, if_not_exists boolean
) RETURNS void LANGUAGE sql AS
    'INSERT INTO hypertables VALUES (relation, dimension) ON CONFLICT DO NOTHING';
CREATE TABLE dropped_before (relation regclass, older_than timestamptz);
CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dropped_before VALUES (relation, older_than);
    IF relation IN (SELECT name FROM hypertables) THEN
        RETURN QUERY EXECUTE format('DELETE FROM %s WHERE event_time < $1 RETURNING %L', relation, relation)
            USING older_than;
    END IF;
END $$;
CREATE TABLE compression_policies (hypertable regclass PRIMARY KEY, compress_after interval);
CREATE FUNCTION add_compression_policy(
    hypertable regclass, compress_after interval, if_not_exists boolean
) RETURNS void LANGUAGE sql AS
    'INSERT INTO compression_policies VALUES (hypertable, compress_after) ON CONFLICT DO NOTHING';
CREATE FUNCTION time_bucket(width interval, at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
    $$ SELECT date_bin(width, at, 'epoch') $$;
CREATE TABLE refresh_policies (
    aggregate regclass PRIMARY KEY, start_offset interval, end_offset interval, schedule_interval interval
);
CREATE FUNCTION add_continuous_aggregate_policy(
    continuous_aggregate regclass, start_offset interval, end_offset interval, schedule_interval interval
) RETURNS void LANGUAGE sql AS
    'INSERT INTO refresh_policies VALUES (continuous_aggregate, start_offset, end_offset, schedule_interval)';
CREATE FUNCTION remove_continuous_aggregate_policy(
    continuous_aggregate regclass, if_exists boolean
) RETURNS void LANGUAGE sql AS 'DELETE FROM refresh_policies WHERE aggregate = continuous_aggregate';
CREATE SCHEMA timescaledb_information;
CREATE VIEW timescaledb_information.hypertables AS SELECT relname AS hypertable_name,
    coalesce(reloptions @> ARRAY['fillfactor=99'], false) AS compression_enabled
    FROM public.hypertables JOIN pg_class ON pg_class.oid = name;
"""


@contextmanager
def stand_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty database in which the store finds TimescaleDB."""
    monkeypatch.setattr(migrating, "has_timescaledb", lambda _: True)
    monkeypatch.setattr(partitions, "COMPRESSION", "fillfactor = 99")
    monkeypatch.setattr(partitions, "COMPRESSION_SEGMENTS", "autovacuum_enabled = on")
    monkeypatch.setattr(summaries, "CONTINUOUS", "fillfactor = 99")
    with database.connect() as connection:
        connection.execute(FUNCTIONS)
        try:
            yield
        finally:
            connection.execute("DROP SCHEMA timescaledb_information CASCADE")
