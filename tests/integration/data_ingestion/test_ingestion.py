"""The ingestion service as its own process: killed, restarted, stopped, its topics hold what the seed makes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from confluent_kafka import KafkaException

from contracts.events import BarClosed, Event, IngestionProgressed, OpenInterestReported, TimePassed, TruthRevealed
from contracts.stages import DUE, SENT
from contracts.topics import (
    BARS,
    BOOKS,
    CLOCK,
    OPEN_INTEREST,
    OPTION_QUOTES,
    OPTION_TRADES,
    PROGRESS,
    QUOTES,
    REJECTED,
    TRADES,
    TRUTH,
    Topic,
)
from contracts.wire import decode
from data_ingestion.simulator.core.clock import year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from runtime.kafka_source import KafkaSource
from runtime.supervisor.ports import any_free
from tests.servers.polygon import PolygonServer, Scene
from tests.servers.polygon_messages import KEY, quote
from tests.streaming_job import running_broker
from tests.waiting import wait_until

RATES = Rates(option_quotes_per_s=300.0, books_per_s=4.0)
MARKET = (OPTION_QUOTES, OPTION_TRADES, OPEN_INTEREST, QUOTES, TRADES, BOOKS, TRUTH, BARS, REJECTED)
OUR_OWN = (BarClosed, OpenInterestReported)
"""What a run publishes of its past, when it is ready."""


class Ingestion:
    """`python -m data_ingestion.main` against a broker, and what stands in the topics."""

    def __init__(self, folder: Path, bootstrap: str, api: Mapping[str, Any]) -> None:
        self.bootstrap, config_dir = bootstrap, folder / "config"
        config_dir.mkdir(parents=True)
        self.log = folder / "ingestion.log"
        self.metrics_port = any_free()
        sections = {
            "api": dict(api),
            "kafka": {"bootstrap_servers": bootstrap},
            "serving": {"metrics_port": self.metrics_port},
        }
        for name, values in sections.items():
            (config_dir / f"{name}_config.yaml").write_text(yaml.safe_dump(values))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("POLYGON")} | {
            "OPTIONSAI_STATE_DIR": str(folder / "state"),
            "OPTIONSAI_CONFIG_DIR": str(config_dir),
        }

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "data_ingestion.main"], env=self.environment, stdout=log, stderr=log
            )

    def records(self, *topics: Topic) -> list[tuple[Event, dict[str, int]]]:
        source = KafkaSource({"bootstrap.servers": self.bootstrap}, "tests", topics, "earliest")
        left = {(end.topic, end.partition): end.offset for end in source.ends() if end.offset}
        found = []
        while left:
            for message in source.poll(2_000, 5.0):
                found.append((decode(message.topic, message.value), dict(message.stamps)))
                if message.offset + 1 >= left.get((message.topic, message.partition), sys.maxsize):
                    del left[message.topic, message.partition]
        source.close()
        return found

    def metric(self, name: str) -> dict[str, float]:
        """Values of a metric by its labels."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics").text
        lines = (line.removeprefix(name).rsplit(" ", 1) for line in text.splitlines() if line.startswith(name + "{"))
        return {labels: float(value) for labels, value in lines}

    def topics_have_leaders(self) -> bool:
        try:
            return not self.records(*MARKET, PROGRESS)
        except KafkaException:
            return False

    def progress(self) -> list[IngestionProgressed]:
        return [event for event, _ in self.records(PROGRESS) if isinstance(event, IngestionProgressed)]

    def progressed_beyond(self, moment: int) -> Callable[[], bool]:
        return lambda: any(progress.event_time > moment for progress in self.progress())


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("ingestion")
    with running_broker(folder) as bootstrap:
        reader = Ingestion(folder / "reader", bootstrap, {})
        wait_until(reader.topics_have_leaders, 30.0, "leaders of the new topics")
        yield bootstrap


def test_killed_and_restarted_it_leaves_exactly_what_the_seed_makes(bootstrap: str, tmp_path: Path) -> None:
    ingestion = Ingestion(tmp_path, bootstrap, {"simulator": {"seed": 7, **RATES._asdict()}})
    first = ingestion.start()
    try:
        wait_until(lambda: len(ingestion.progress()) >= 4, 60.0, f"progress; see {ingestion.log}")
    finally:
        first.kill()
        first.wait()
    reached = ingestion.progress()[-1]

    second = ingestion.start()
    try:
        wait_until(ingestion.progressed_beyond(reached.event_time + 3_000_000), 60.0, "progress after the restart")
        second.send_signal(signal.SIGTERM)
        assert second.wait(20.0) == 0
    finally:
        second.kill()
        second.wait()

    last = ingestion.progress()[-1]
    assert (last.seed, last.started_at) == (7, reached.started_at)
    records = [(event, stamps) for event, stamps in ingestion.records(*MARKET) if event.source == last.source]
    found = {event.event_id for event, _ in records}
    tape = Tape(World(7), RATES, year_of(last.started_at))
    run = list(tape.run(last.started_at, last.event_time + 1))
    assert found == {event.event_id for event in run if not isinstance(event, TimePassed)}
    told = {event.event_id for event, _ in ingestion.records(CLOCK)}
    assert told
    assert told <= {event.event_id for event in run if isinstance(event, TimePassed)}
    assert len(records) >= len(found)  # repetitions after the kill are allowed, and recognised by their ids
    check_stamps(records)
    first_live = min(event.event_time for event, _ in records if isinstance(event, TruthRevealed))
    assert first_live == last.started_at


def check_stamps(records: list[tuple[Event, dict[str, int]]]) -> None:
    for event, stamps in records:
        assert event.simulated
        assert stamps[DUE] <= stamps[SENT]
        assert isinstance(event, OUR_OWN) or stamps[DUE] == event.event_time


def test_a_real_provider_is_published_unlabelled_and_what_is_odd_is_counted(bootstrap: str, tmp_path: Path) -> None:
    with PolygonServer() as server:
        server.stocks.scenes = [Scene([[quote(q=1), quote(bid=201.0, q=2), quote(bid=-1.0, q=3)]])]
        urls = {
            "rest_url": server.rest_url,
            "stocks_url": server.feed_url("stocks"),
            "options_url": server.feed_url("options"),
        }
        ingestion = Ingestion(tmp_path, bootstrap, {"source": "polygon", "polygon": {**urls, "symbols": ["AAPL"]}})
        ingestion.environment["POLYGON_API_KEY"] = KEY
        process = ingestion.start()
        try:

            def published() -> list[tuple[Event, dict[str, int]]]:
                records = ingestion.records(QUOTES, REJECTED)
                found = [(event, stamps) for event, stamps in records if not event.simulated]
                return found if len(found) == 3 else []

            found = wait_until(published, 60.0, f"two quotes and a rejection; see {ingestion.log}")
            odd = ingestion.metric("optionsai_odd_events_total")
            health = ingestion.metric("optionsai_provider_health")
            process.send_signal(signal.SIGTERM)
            assert process.wait(20.0) == 0
        finally:
            process.kill()
            process.wait()
    assert sorted(type(event).__name__ for event, _ in found) == ["QuoteReceived", "QuoteReceived", "RecordRejected"]
    assert all(event.event_time <= stamps[DUE] <= stamps[SENT] for event, stamps in found)
    assert odd == {'{oddity="crossed"}': 1.0, '{oddity="stale"}': 2.0}  # the quotes are from 2025
    assert (health['{figure="published"}'], health['{figure="rejected"}']) == (3.0, 1.0)
    assert health['{figure="stocks_connected"}'] == 1.0


def test_without_its_key_a_real_provider_is_refused_with_the_remedy(bootstrap: str, tmp_path: Path) -> None:
    ingestion = Ingestion(tmp_path, bootstrap, {"source": "polygon"})
    assert ingestion.start().wait(60.0) == 1
    assert "Set POLYGON_API_KEY" in ingestion.log.read_text()
