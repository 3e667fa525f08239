"""The database away for five minutes under load: nothing stops but the tables, which catch up and lack nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from contracts.topics import BOOKS, OPTION_QUOTES, OPTION_TRADES, QUOTES, TRADES
from storage.timescaledb_client.schema import BY_RECORD
from storage.writer import STORED_TOPICS
from tests import ledger
from tests.integration.storage.database import Database
from tests.performance.figures import emit
from tests.stack import Stack, simulated
from tests.waiting import wait_until

QUOTES_PER_S: Final = 1_000
QUIET_QUOTES_PER_S: Final = 1
MARKET: Final = (OPTION_QUOTES, QUOTES, TRADES, BOOKS, OPTION_TRADES)
SETTLED_ROWS: Final = 60 * QUOTES_PER_S
"""Stored before the outage begins: the load is then as it will be."""
OUTAGE_S: Final = 300.0
CAUGHT_UP_S: Final = 1.0
"""So much of the load may be under way at any time."""
CATCH_UP_TIMEOUT_S: Final = 300.0
LEAST_SPEED: Final = 3.0
"""Of catching up, in multiples of the load."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("postgres"))
    database.start()
    yield database
    database.stop()


@pytest.fixture(scope="module")
def stack(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system beside an outside database, which is the test's to stop and start."""
    config = {**simulated(QUOTES_PER_S), "database": database.settings}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_PASSWORD", database.password)
        with Stack(tmp_path_factory.mktemp("outage"), config) as stack:
            yield stack


def appended(stack: Stack) -> int:
    """Records that stand in the stored topics."""
    with closing(stack.source(STORED_TOPICS)) as source:
        return sum(end.offset for end in source.ends())


def stored(stack: Stack) -> int:
    """Records that the tables are past."""
    with stack.database() as connection:
        row = connection.execute("SELECT coalesce(sum(next_offset), 0) FROM kafka_offsets").fetchone()
    assert row is not None
    return int(row[0])


def test_the_tables_catch_up_three_times_as_fast_as_the_load(stack: Stack, database: Database) -> None:
    wait_until(lambda: stored(stack) > SETTLED_ROWS, CATCH_UP_TIMEOUT_S, "rows flowing into the tables")
    database.stop()
    before, began = appended(stack), time.monotonic()
    threading.Event().wait(OUTAGE_S)
    load_per_s = (appended(stack) - before) / (time.monotonic() - began)
    emit("drill.outage.load", load_per_s, "rows/s", QUOTES_PER_S, at_least=True)
    assert load_per_s > QUOTES_PER_S, "the load or what is computed of it stopped with the database"

    database.start()
    began, first = time.monotonic(), stored(stack)
    emit("drill.outage.backlog", appended(stack) - first, "rows")
    under_way = load_per_s * CAUGHT_UP_S
    wait_until(lambda: appended(stack) - stored(stack) < under_way, CATCH_UP_TIMEOUT_S, "the tables caught up", 0.5)
    took_s = time.monotonic() - began
    emit("drill.outage.catch_up", took_s, "s")
    speed = (stored(stack) - first) / took_s / load_per_s
    assert emit("drill.outage.speed", speed, "times the load", LEAST_SPEED, at_least=True)


def test_seed_topics_and_tables_hold_the_same_ids(stack: Stack) -> None:
    made_by, load = ledger.progress(stack), stack.settings.api.simulator
    stack.restart(simulated(QUIET_QUOTES_PER_S))
    cut = made_by.event_time
    from_seed = ledger.seed_ids(load, made_by, cut)
    for topic in MARKET:
        for kind in topic.events:
            wanted = from_seed.get(kind.__name__, set())
            assert ledger.topic_ids(stack, topic, made_by.source, cut, kind.__name__) == wanted
    for topic in STORED_TOPICS:
        for kind in topic.events:
            ledger.check_table(stack, BY_RECORD[kind].name, topic, made_by.source, cut, kind.__name__)
