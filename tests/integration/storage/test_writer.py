"""The writer into a real database: exactly once by key whatever is killed, and whenever."""

import os
import signal as signals
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from contracts.errors import StateError
from contracts.events import Event
from contracts.ports import Message
from contracts.topics import TRADES
from storage.timescaledb_client.connection import DiskFull
from storage.timescaledb_client.partitions import HOUR_US
from storage.timescaledb_client.schema import table_of
from storage.timescaledb_client.store import Store
from storage.writer import Writer
from tests.integration.storage.database import Database
from tests.unit.storage.market import BEGAN, KEPT, SECOND, option_quote, quote, signal, trade
from tests.unit.storage.scripted import Diary, Log, LogSink, ScriptedSource
from tests.waiting import wait_until

NOW = BEGAN + HOUR_US
TIMEOUT_S = 60.0

CUT_BEFORE_COMMIT = """
CREATE SEQUENCE cuts;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Sequences do not roll back, so this counts attempts. Rows are copied and inserted by now, not committed.
    IF nextval('cuts') <= 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cut BEFORE INSERT ON kafka_offsets FOR EACH ROW EXECUTE FUNCTION cut();
"""


FULL_DISK = """
CREATE TABLE disk (full_now boolean);
INSERT INTO disk VALUES (true);
CREATE FUNCTION write_to_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What the server says when a table's file cannot grow; rows of the transaction are inserted by now.
    IF (SELECT full_now FROM disk) THEN
        RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER write_to_disk BEFORE INSERT ON kafka_offsets FOR EACH ROW EXECUTE FUNCTION write_to_disk();
"""


class Slow(ScriptedSource):
    """Gives few records at a time, so that a run takes many transactions."""

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        return super().poll(min(max_messages, 20), timeout_s)


def events(count: int) -> list[Event]:
    """A mix over two hours, every tenth event twice."""
    made: list[Event] = []
    for n in range(count):
        at = BEGAN - HOUR_US // 2 + n * HOUR_US // count
        made.append(trade(n, at=at) if n % 3 else option_quote(n))
        if n % 5 == 0:
            made.append(quote(n, at=at))
        if n % 10 == 0:
            made.append(made[-1])
    return [*made, *(signal(n) for n in range(20))]


def filled(count: int) -> Log:
    log = Log()
    for number, event in enumerate(events(count)):
        log.append(event, partition=number % 2, appended_at=NOW, stamps={"t.due": event.event_time})
    log.append_bytes(TRADES.name, b"{", NOW)
    return log


@contextmanager
def writing(database: Database, source: ScriptedSource, log: Log, diary: Diary) -> Iterator[None]:
    """A writer at work in a thread; its tables exist from the start, so that tests can look at them at any time."""
    Store.open(database.dsn, KEPT).close()
    stop = threading.Event()
    writer = Writer(source, LogSink(log), lambda: Store.open(database.dsn, KEPT), diary, lambda: NOW, 0.005)
    thread = threading.Thread(target=writer.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


def held(database: Database, table: str) -> list[str]:
    """Ids in a table; a list, so that a double would show."""
    with database.connect() as connection:
        rows = connection.execute(f"SELECT replace(event_id::text, '-', '') FROM {table}").fetchall()  # noqa: S608
    return [str(row[0]) for row in rows]


def is_caught_up(database: Database, log: Log) -> bool:
    with database.connect() as connection:
        rows = connection.execute("SELECT topic, partition, next_offset FROM kafka_offsets").fetchall()
    return {(topic, partition): offset for topic, partition, offset in rows} == {
        key: log.end(key) for key in log.partitions
    }


def holds_more_than(database: Database, count: int) -> bool:
    return len(held(database, "trades")) > count


def check(database: Database, count: int) -> None:
    """The database holds exactly what the log holds, each thing once, in rows and in minutes."""
    expected: dict[str, set[str]] = {}
    for event in events(count):
        expected.setdefault(table_of(event).name, set()).add(event.event_id)
    expected["signal_stage_times"] = expected["signals"]
    for table, ids in expected.items():
        found = held(database, table)
        assert len(found) == len(set(found))
        assert set(found) == ids, table
    assert len(held(database, "rejected_records")) == 1
    with database.connect() as connection:
        assert connection.execute("SELECT sum(quotes) FROM quote_minutes").fetchone() == (len(expected["quotes"]),)


def test_everything_is_stored_once_over_hours_replays_and_rejects(database: Database) -> None:
    log, diary = filled(600), Diary()
    with writing(database, log.source(), log, diary):
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 600)
    assert diary.interruptions == []
    assert diary.rejections == [(TRADES.name, "malformed")]


def test_a_connection_cut_between_copy_and_commit_loses_and_doubles_nothing(database: Database) -> None:
    Store.open(database.dsn, KEPT).close()
    with database.connect() as connection:
        connection.execute(CUT_BEFORE_COMMIT)
    log, diary = filled(300), Diary()
    with writing(database, Slow(log), log, diary):
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 300)
    assert len(diary.interruptions) == 3


def test_a_database_killed_at_work_is_waited_for_and_nothing_is_lost(database: Database) -> None:
    log, diary = filled(3_000), Diary()
    with writing(database, Slow(log), log, diary):
        for floor in (200, 1_000):
            wait_until(partial(holds_more_than, database, floor), TIMEOUT_S, "work is under way")
            database.kill()
            wait_until(lambda: len(diary.interruptions) > 0, TIMEOUT_S, "the writer has noticed")
            database.start()
            diary.interruptions.clear()
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 3_000)


def test_a_database_that_is_down_for_a_while_is_asked_ever_more_rarely_and_nothing_is_lost(database: Database) -> None:
    log, diary = filled(600), Diary()
    with writing(database, Slow(log), log, diary):
        wait_until(partial(holds_more_than, database, 50), TIMEOUT_S, "work is under way")
        database.stop()
        wait_until(lambda: len(diary.pauses_s) >= 5, TIMEOUT_S, "the writer has tried again and again")
        database.start()
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 600)
    assert diary.pauses_s[:5] == [0.1, 0.2, 0.4, 0.8, 1.6]
    assert "optionsai logs postgres" in str(diary.interruptions[-1])


def test_a_full_disk_is_named_and_waited_for_and_nothing_is_lost_or_doubled(database: Database) -> None:
    Store.open(database.dsn, KEPT).close()
    with database.connect() as connection:
        connection.execute(FULL_DISK)
        log, diary = filled(600), Diary()
        with writing(database, Slow(log), log, diary):
            wait_until(lambda: len(diary.interruptions) >= 3, TIMEOUT_S, "the writer has tried again and again")
            assert held(database, "trades") == held(database, "quotes") == []
            connection.execute("UPDATE disk SET full_now = false")
            wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 600)
    assert all(isinstance(error, DiskFull) for error in diary.interruptions)
    assert "No space left on device" in str(diary.interruptions[0])
    assert "Make room there, or lower `retention_hours`" in str(diary.interruptions[0])
    assert diary.pauses_s[:3] == [0.1, 0.2, 0.4]


def test_a_writer_killed_again_and_again_loses_and_doubles_nothing(database: Database) -> None:
    Store.open(database.dsn, KEPT).close()
    stored = 0
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-m", __name__, database.dsn], env=os.environ)
        try:
            wait_until(partial(holds_more_than, database, stored), TIMEOUT_S, "the writer has stored something")
        finally:
            child.send_signal(signals.SIGKILL)
            child.wait(TIMEOUT_S)
        stored = len(held(database, "trades"))
    assert stored < 2_000, "the last kill came too late to show anything"
    log = filled(6_000)
    with writing(database, log.source(), log, Diary()):
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    check(database, 6_000)


def test_two_writers_at_once_do_no_harm(database: Database) -> None:
    log, first, second = filled(600), Diary(), Diary()
    other = filled(600)
    with writing(database, Slow(log), log, first), writing(database, Slow(other), other, second):
        wait_until(
            lambda: is_caught_up(database, log) and is_caught_up(database, other), TIMEOUT_S, "both have caught up"
        )
    check(database, 600)


def test_a_value_beyond_its_column_costs_its_own_record_only(database: Database) -> None:
    log, diary = Log(), Diary()
    for number in range(40):
        log.append(option_quote(number, underlying="A\0" if number == 23 else "AAPL"), appended_at=NOW)
    with writing(database, log.source(), log, diary):
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    assert len(held(database, "option_quotes")) == 39
    assert len(held(database, "rejected_records")) == 1
    assert [reason for _, reason in diary.rejections] == ["unstorable"]


def test_retention_drops_old_hours_while_the_writer_works(database: Database) -> None:
    log, diary = Log(), Diary()
    log.append(trade(0, at=NOW - 30 * HOUR_US), appended_at=NOW)
    log.append(trade(1), appended_at=NOW)
    store = Store.open(database.dsn, KEPT._replace(ticks_hours=48))
    store.maintain(NOW - 30 * HOUR_US)
    store.close()
    with writing(database, log.source(), log, diary):
        wait_until(lambda: is_caught_up(database, log), TIMEOUT_S, "the writer has caught up")
    assert held(database, "trades") == [trade(1).event_id]
    assert "trades_2025123105" in diary.dropped_partitions
    assert diary.expired_rows == 1


def test_a_newer_database_stops_the_writer(database: Database) -> None:
    Store.open(database.dsn, KEPT).close()
    with database.connect() as connection:
        connection.execute("INSERT INTO schema_migrations (version, name) VALUES (99, 'of the future')")
    log = filled(1)
    with pytest.raises(StateError, match="schema version 99"):
        Writer(log.source(), LogSink(log), lambda: Store.open(database.dsn, KEPT), Diary(), lambda: NOW, SECOND).run(
            threading.Event()
        )


if __name__ == "__main__":
    child_log = filled(6_000)
    child = Writer(
        Slow(child_log), LogSink(child_log), lambda: Store.open(sys.argv[1], KEPT), Diary(), lambda: NOW, 0.02
    )
    child.run(threading.Event())
