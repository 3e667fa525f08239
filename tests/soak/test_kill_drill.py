"""Every part killed in turn under full load: each comes back, and nothing is lost or doubled."""

from collections.abc import Iterator

import pytest

from contracts.topics import BOOKS, GREEKS, OPTION_QUOTES, SIGNALS, TRADES
from tests import ledger
from tests.performance.figures import emit
from tests.stack import Stack, simulated
from tests.waiting import wait_until

QUOTES_PER_S = 3_000
QUIET_QUOTES_PER_S = 1
RECOVERY_LIMIT_S = 60.0
SETTLE_ROWS = 20 * QUOTES_PER_S
"""Greeks to see after a recovery before the next part is killed: about 20 s of load."""
PARTS = ("kafka", "postgres", "spark", "ingestion", "writer", "scoring", "engine", "api", "dash")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("drill"), simulated(QUOTES_PER_S)) as stack:
        yield stack


def count(stack: Stack, table: str) -> int:
    with stack.database() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names from this file
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_and_work_goes_on(stack: Stack, part: str) -> None:
    before = count(stack, "greeks")
    took_s = stack.kill(part, RECOVERY_LIMIT_S)
    emit(f"drill.{part}.recovery", took_s, "s", RECOVERY_LIMIT_S)
    wait_until(lambda: count(stack, "greeks") > before + SETTLE_ROWS, 240.0, f"greeks flowing after {part}")
    signals = count(stack, "signals")
    wait_until(lambda: count(stack, "signals") > signals, 60.0, f"signals flowing after {part}")


def test_seed_topics_and_tables_hold_the_same_ids(stack: Stack) -> None:
    made_by, load = ledger.progress(stack), stack.settings.api.simulator
    stack.restart(simulated(QUIET_QUOTES_PER_S))
    cut = made_by.event_time
    from_seed = ledger.seed_ids(load, made_by, cut)
    for table, topic in {"option_quotes": OPTION_QUOTES, "trades": TRADES, "books": BOOKS}.items():
        wanted = from_seed[topic.events[0].__name__]
        assert wanted ^ ledger.topic_ids(stack, topic, made_by.source, cut) == set()
        ledger.check_table(stack, table, topic, made_by.source, cut)
    ledger.wait_until_held(stack, "greeks", made_by.source, cut, len(from_seed["OptionQuoteReceived"]))
    for table, topic, kind in (("greeks", GREEKS, ""), ("signals", SIGNALS, "SignalIssued")):
        ledger.check_table(stack, table, topic, made_by.source, cut, kind)
    assert len(ledger.table_ids(stack, "greeks", made_by.source, cut)) == len(from_seed["OptionQuoteReceived"])
