"""The whole system, as a user starts it: flow, lineage, bad input, kills, and what the command line says."""

import json
import time
import urllib.request
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, LiteralString

import pytest
from confluent_kafka import Producer
from psycopg import sql

from contracts import stages
from contracts.topics import BOOKS, GREEKS, OPTION_QUOTES, QUOTES, SIGNALS, TRADES
from tests import ledger, proto_client
from tests.stack import Stack
from tests.waiting import wait_until

FIRST_SIGNAL_LIMIT_S = 120.0
"""On a machine that runs the tests too; the figure users care for is measured by `make bench`."""
SERVICES = ("ingestion", "writer", "scoring", "engine", "api", "dash")


def rows(stack: Stack, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    with stack.database() as connection:
        return connection.execute(sql.SQL(query), parameters).fetchall()


def holds(stack: Stack, count: LiteralString, ids: list[str]) -> bool:
    return bool(rows(stack, count, ids) == [(len(set(ids)),)])


def get(stack: Stack, path: str) -> Any:  # noqa: ANN401 - JSON
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.endpoints().rest_port}{path}", timeout=10) as answer:
        return json.load(answer)


def test_a_signal_can_be_followed_back_to_its_ticks(stack: Stack) -> None:
    wait_until(lambda: rows(stack, "SELECT 1 FROM signals LIMIT 1"), FIRST_SIGNAL_LIMIT_S, "a stored signal")
    signal = get(stack, "/signals?limit=1")["signals"][0]
    detail = get(stack, f"/signals/{signal['id']}")
    lineage = detail["lineage"]
    for count, ids in (
        ("SELECT count(*) FROM books WHERE event_id = ANY(%s::uuid[])", lineage["tick_ids"]),
        ("SELECT count(*) FROM predictions WHERE event_id = ANY(%s::uuid[])", lineage["prediction_ids"]),
        ("SELECT count(*) FROM microstructure WHERE event_id = ANY(%s::uuid[])", lineage["feature_ids"][:1]),
        ("SELECT count(*) FROM bars WHERE event_id = ANY(%s::uuid[])", lineage["feature_ids"][1:]),
    ):
        assert ids
        wait_until(partial(holds, stack, count, ids), 30, count)
    assert signal["simulated"] is True


def test_the_waterfall_of_a_signal_is_complete_and_in_order(stack: Stack) -> None:
    wait_until(lambda: rows(stack, "SELECT 1 FROM signal_stage_times LIMIT 1"), FIRST_SIGNAL_LIMIT_S, "stage times")
    for (times,) in rows(stack, "SELECT stages FROM signal_stage_times ORDER BY event_time DESC LIMIT 50"):
        assert set(times) == set(stages.ORDER)
        passed = [times[name] for name in stages.ORDER]
        # Kafka's append times have millisecond steps, so neighbours may appear swapped by less than that.
        assert all(later >= earlier - 1_000 for earlier, later in pairwise(passed))


def test_every_quote_has_greeks_or_a_reason(stack: Stack) -> None:
    made_by = wait_until(lambda: ledger.progress(stack), 30, "progress")
    cut = made_by.event_time
    quotes = ledger.seed_ids(stack.settings.api.simulator, made_by, cut)["OptionQuoteReceived"]
    ledger.wait_until_held(stack, "greeks", made_by.source, cut, len(quotes))
    unexplained = rows(
        stack, "SELECT count(*) FROM greeks WHERE reason = 'ok' AND (implied_vol IS NULL OR delta IS NULL)"
    )
    assert unexplained == [(0,)]
    assert rows(stack, "SELECT count(*) > 0 FROM greeks WHERE reason = 'ok'") == [(True,)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "malformed"),
        (b'{"type":"QuoteReceived","schema_version":99}', "unknown_version"),
        (b'{"type":"QuoteReceived","bid":-1}', "impossible"),
    ],
)
def test_a_bad_record_is_rejected_with_its_reason_and_the_pipeline_goes_on(
    stack: Stack, value: bytes, reason: str
) -> None:
    placed: list[str] = []
    producer = Producer(stack.kafka_client())
    for topic in (QUOTES, OPTION_QUOTES, BOOKS, TRADES):
        producer.produce(topic.name, value, on_delivery=lambda _, record: placed.append(str(record.topic())))
    assert producer.flush(30) == 0
    assert len(placed) == 4

    query: LiteralString = "SELECT DISTINCT topic FROM rejected_records WHERE record = %s AND reason = %s"
    wait_until(lambda: len(rows(stack, query, value.decode(), reason)) == 4, 30, "rejections")
    before = rows(stack, "SELECT count(*) FROM greeks")[0][0]
    wait_until(lambda: rows(stack, "SELECT count(*) FROM greeks")[0][0] > before, 30, "greeks after the bad record")


def test_status_and_doctor_tell_programs_how_it_is(stack: Stack) -> None:
    status = json.loads(stack.run_cli("status", "--json").stdout)
    assert "kafka" in json.dumps(status)
    doctor = stack.run_cli("doctor", "--json")
    assert json.loads(doctor.stdout)


def test_health_names_each_dependency(stack: Stack) -> None:
    assert json.dumps(get(stack, "/health"))


def test_a_client_written_from_the_proto_alone_receives_live_signals(stack: Stack, tmp_path: Path) -> None:
    wait_until(lambda: rows(stack, "SELECT 1 FROM signals LIMIT 1"), FIRST_SIGNAL_LIMIT_S, "a stored signal")
    began = time.time_ns() // 1000
    with proto_client.started(tmp_path, stack.endpoints().grpc_port, began) as client:
        assert client.stdout is not None
        assert client.stdout.readline().split()[0] == "newest"
        received = [client.stdout.readline().split() for _ in range(20)]
        client.terminate()
    assert {row[0] for row in received} == {"signal"}
    assert len({row[1] for row in received}) == 20
    assert {row[2] for row in received} <= {"ACTION_BUY", "ACTION_SELL", "ACTION_HOLD"}
    assert all(int(row[3]) >= began - 1_000_000 for row in received)


class TestKills:
    """Every part is killed once; afterwards seed, topics and tables hold the same ids."""

    def test_services_come_back_even_all_at_once(self, stack: Stack) -> None:
        for name in SERVICES:
            stack.kill_without_waiting(name)
        for name in SERVICES:
            stack.wait_until_back(name)

    @pytest.mark.parametrize("part", ["kafka", "postgres", "spark"])
    def test_a_server_comes_back(self, stack: Stack, part: str) -> None:
        stack.kill(part)

    def test_nothing_was_lost_and_nothing_is_there_twice(self, stack: Stack) -> None:
        made_by = ledger.progress(stack)
        wait_until(lambda: ledger.progress(stack).event_time > made_by.event_time, 60, "ingestion going on")
        latest = ledger.progress(stack)
        cut = latest.event_time
        from_seed = ledger.seed_ids(stack.settings.api.simulator, latest, cut)
        for table, topic in {
            "option_quotes": OPTION_QUOTES,
            "trades": TRADES,
            "books": BOOKS,
            "quotes": QUOTES,
        }.items():
            wanted = from_seed[topic.events[0].__name__]
            assert wanted ^ ledger.topic_ids(stack, topic, latest.source, cut) == set()
            ledger.check_table(stack, table, topic, latest.source, cut)
        quotes = len(from_seed["OptionQuoteReceived"])
        ledger.wait_until_held(stack, "greeks", latest.source, cut, quotes)
        ledger.check_table(stack, "greeks", GREEKS, latest.source, cut)
        ledger.check_table(stack, "signals", SIGNALS, latest.source, cut, "SignalIssued")
        assert len(ledger.table_ids(stack, "greeks", latest.source, cut)) == quotes
