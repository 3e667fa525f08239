"""Double entry for events: what the seed says, what the topics hold, what the database holds.

All three are compared up to a cut in event time that the whole pipeline has passed.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec
from psycopg import sql

from contracts import wire
from contracts.events import IngestionProgressed
from contracts.topics import PROGRESS, Topic
from data_ingestion.simulator.core.clock import Hours, year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Tape
from runtime.settings import Simulator
from tests.stack import Stack
from tests.waiting import wait_until

READ_BATCH = 5_000
COUNT_EVERY_S = 2.0
"""Counting millions of rows is work for the database under test."""


class Fact(NamedTuple):
    """The part of an event that the ledger needs."""

    event_id: str
    event_time: int


class _Head(msgspec.Struct):
    type: str
    event_id: str
    event_time: int
    source: str


def records(stack: Stack, topic: Topic) -> Iterator[tuple[int, dict[str, int], bytes]]:
    """(append time, stage times, value) of all records that a topic holds now."""
    source = stack.source([topic])
    left = {(end.topic, end.partition): end.offset for end in source.ends()}
    for start in source.beginnings():
        if start.offset >= left[start.topic, start.partition]:
            del left[start.topic, start.partition]
    while left:
        for message in source.poll(READ_BATCH, 5.0):
            yield message.appended_at, dict(message.stamps), message.value
            if message.offset + 1 >= left.get((message.topic, message.partition), 1 << 62):
                del left[message.topic, message.partition]
    source.close()


def progress(stack: Stack) -> IngestionProgressed:
    """The latest progress that ingestion has recorded."""
    latest: IngestionProgressed | None = None
    for _, _, value in records(stack, PROGRESS):
        event = wire.decode(PROGRESS.name, value)
        assert isinstance(event, IngestionProgressed)
        latest = event
    assert latest is not None
    return latest


def topic_ids(stack: Stack, topic: Topic, source: str, until: int, kind: str = "") -> set[str]:
    """Ids in a topic, of one kind of event or of all, up to a moment of event time; what is no event is passed over."""
    decoder = msgspec.json.Decoder(_Head)
    ids: set[str] = set()
    for _, _, value in records(stack, topic):
        with suppress(msgspec.MsgspecError):
            head = decoder.decode(value)
            if head.source == source and head.event_time < until and kind in {"", head.type}:
                ids.add(head.event_id)
    return ids


def table_ids(stack: Stack, table: str, source: str, until: int) -> list[str]:
    """Ids in a table, up to a moment of event time; a list, so that a double would show."""
    query = sql.SQL(
        "SELECT encode(uuid_send(event_id), 'hex') FROM {}"
        " WHERE source = %s AND event_time < timestamptz 'epoch' + %s * interval '1 microsecond'"
    ).format(sql.Identifier(table))
    with stack.database() as connection:
        return [row[0] for row in connection.execute(query, (source, until))]


def seed_ids(simulator: Simulator, made_by: IngestionProgressed, until: int) -> dict[str, set[str]]:
    """Kind of event → ids that the seed makes up to a moment, made again from nothing."""
    ids: dict[str, set[str]] = {}
    world = World(made_by.seed, Hours(simulator.hours), simulator.edge)
    for event in Tape(world, simulator, year_of(made_by.started_at)).run(made_by.started_at, until):
        ids.setdefault(type(event).__name__, set()).add(event.event_id)
    return ids


def wait_until_held(stack: Stack, table: str, source: str, until: int, count: int, timeout_s: float = 120.0) -> None:
    """Wait until a table holds at least `count` rows up to a moment of event time."""
    query = sql.SQL(
        "SELECT count(*) FROM {} WHERE source = %s AND event_time < timestamptz 'epoch' + %s * interval '1 microsecond'"
    ).format(sql.Identifier(table))
    with stack.database() as connection:

        def enough() -> bool:
            row = connection.execute(query, (source, until)).fetchone()
            return row is not None and row[0] >= count

        wait_until(enough, timeout_s, f"{count} rows in {table}", COUNT_EVERY_S)


def check_table(stack: Stack, table: str, topic: Topic, source: str, until: int, kind: str = "") -> None:
    """Assert that a table holds all that its topic held before it was read, none of it twice, and nothing else.

    What is computed late may come into the topic meanwhile, so the topic is read again after the table.
    """
    before = topic_ids(stack, topic, source, until, kind)
    wait_until_held(stack, table, source, until, len(before))
    rows = table_ids(stack, table, source, until)
    assert len(rows) == len(set(rows)), table
    assert before - set(rows) == set(), table
    assert set(rows) - topic_ids(stack, topic, source, until, kind) == set(), table
