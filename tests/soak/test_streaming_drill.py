"""The long drill of the streaming job and of the tables: twenty kills, three bounces, poison in every topic it reads.

Afterwards topics and tables must hold, id by id and value by value, what the undisturbed run has.
"""

import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
import psycopg
import pytest

from contracts import wire
from contracts.events import BookUpdated, Event, OptionQuoteReceived, TradeReceived
from contracts.topics import Topic
from storage.timescaledb_client.rows import to_record
from storage.timescaledb_client.schema import BY_RECORD, column_list
from tests import drill
from tests.integration.storage.database import Database
from tests.integration.storage.service import Service
from tests.performance.figures import emit
from tests.streaming_job import RunningBroker
from tests.waiting import wait_until

SETTINGS: Final = {"checkpoint_interval_s": 5, "bar_intervals_s": (1, 5, 60), "trigger_ms": {"names": 200}}
MESSAGES: Final = 100_000
PLAN: Final = drill.Plan(kills=20, bounces=3, stretch_s=12.0, seed=20)
"""With a checkpoint every five seconds, a stretch has the backlog of a start, two checkpoints and quiet flow in it."""
STORED_TIMEOUT_S: Final = 300.0
COUNT_EVERY_S: Final = 1.0
TOPICS: Final = tuple(topic for topic in dict.fromkeys((*drill.SOURCES, *drill.SINKS)) if topic.stored)
KINDS: Final = tuple(kind for topic in TOPICS for kind in topic.events)
NEGATIVE_ZERO: Final = re.compile(rb"(?<=[:,\[])-0\.0(?=[,}\]])")
_encoder: Final = msgspec.json.Encoder(order="deterministic")


class Drilled(NamedTuple):
    """What is left of the drill."""

    topics: drill.Outcome
    wanted: Mapping[type[Event], Sequence[Event]]
    tables: Mapping[type[Event], Sequence[Event]]
    rejected: int


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Drilled:
    folder = tmp_path_factory.mktemp("streaming_drill")
    (folder / "writer").mkdir()
    database = Database(folder / "postgres")
    database.start()
    try:
        with RunningBroker(folder) as broker:
            writer = Service(folder / "writer", broker.bootstrap, database)
            writer.start()
            events = drill.tape(MESSAGES)
            outcome = drill.run(folder, broker, SETTINGS, events, PLAN)
            made = (wire.decode(topic, row) for topic, rows in outcome.reference.items() for row in rows)
            wanted = by_kind([*events, *made])
            with psycopg.connect(database.dsn, autocommit=True) as connection:
                for kind, events in wanted.items():
                    wait_for_rows(connection, BY_RECORD[kind].name, len(events))
                tables = {kind: stored(connection, kind) for kind in KINDS}
                rejected = count(connection, "rejected_records")
            assert writer.end(signal.SIGTERM) == 0
            return Drilled(outcome, wanted, tables, rejected)
    finally:
        database.stop()


def by_kind(events: Iterable[Event]) -> dict[type[Event], list[Event]]:
    found: dict[type[Event], list[Event]] = {kind: [] for kind in KINDS}
    for event in events:
        if type(event) in found:
            found[type(event)].append(event)
    return found


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    assert row is not None
    return int(row[0])


def wait_for_rows(connection: psycopg.Connection, table: str, least: int) -> None:
    wait_until(lambda: count(connection, table) >= least, STORED_TIMEOUT_S, f"{least} rows in {table}", COUNT_EVERY_S)


def stored(connection: psycopg.Connection, kind: type[Event]) -> list[Event]:
    """All rows of a table, as events again."""
    table = BY_RECORD[kind]
    with connection.cursor(binary=True) as cursor:
        cursor.execute(f"SELECT {column_list(table)} FROM {table.name}")  # noqa: S608 - our own names
        return [to_record(kind, row) for row in cursor]


def plain(event: Event) -> bytes:
    """An event as text that a table can give back: documents there have no order, and their zeros no sign."""
    return NEGATIVE_ZERO.sub(b"0.0", _encoder.encode(event))


def checksum(rows: Iterable[bytes]) -> str:
    """Of rows in the order of their bytes."""
    digest = sha256()
    for row in sorted(rows):
        digest.update(row + b"\n")
    return digest.hexdigest()


@pytest.mark.parametrize("topic", drill.SINKS, ids=lambda topic: topic.name)
def test_a_topic_holds_the_rows_of_the_undisturbed_run(drilled: Drilled, topic: Topic) -> None:
    found, reference = drilled.topics.found[topic.name], drilled.topics.reference[topic.name]
    emit(f"drill.streaming.{topic.name}.rows", len(reference), "rows")
    emit(f"drill.streaming.{topic.name}.repeated", found.total() - len(found), "rows")
    assert emit(f"drill.streaming.{topic.name}.lost", len(reference - found.keys()), "rows", 0)
    assert emit(f"drill.streaming.{topic.name}.foreign", len(found.keys() - reference), "rows", 0)
    assert checksum(found) == checksum(reference)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_table_holds_each_row_of_the_undisturbed_run_once(drilled: Drilled, kind: type[Event]) -> None:
    rows, wanted = drilled.tables[kind], drilled.wanted[kind]
    ids = [event.event_id for event in rows]
    name = f"drill.streaming.{BY_RECORD[kind].name}"
    emit(f"{name}.rows", len(rows), "rows")
    assert emit(f"{name}.double_keys", len(ids) - len(set(ids)), "rows", 0)
    assert emit(f"{name}.lost", len({event.event_id for event in wanted} - set(ids)), "rows", 0)
    assert checksum(map(plain, rows)) == checksum(map(plain, wanted))


def test_poison_was_rejected_and_the_drill_was_one(drilled: Drilled) -> None:
    emit("drill.streaming.own_ends", drilled.topics.own_ends, "ends of the driver")
    assert drilled.rejected == sum(drilled.topics.poison[topic.name] for topic in TOPICS)
    for kind in (OptionQuoteReceived, BookUpdated, TradeReceived):
        assert len(drilled.wanted[kind]) > MESSAGES // 10
