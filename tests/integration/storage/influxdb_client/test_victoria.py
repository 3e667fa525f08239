"""The writer of series into a real server that speaks the protocol: exact values, odd names, replays, an outage."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts import stages
from contracts.events import Event
from contracts.ports import Message
from storage.influxdb_client.series import Points
from storage.influxdb_client.server import InfluxServer
from storage.influxdb_client.writer import SeriesWriter
from tests.integration.storage.influxdb_client.victoria import BINARY, TIMEOUT_S, Victoria
from tests.servers.influx import parse
from tests.unit.models.market import bar, micro
from tests.unit.storage.influxdb_client.test_writer import Diary
from tests.unit.storage.market import BEGAN, SECOND, signal
from tests.unit.storage.scripted import Log, ScriptedSource
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="no victoria-metrics on this machine (Debian package victoria-metrics)"
)
COUNT = 200


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    server = Victoria(tmp_path_factory.mktemp("victoria"))
    server.start()
    yield server
    server.end()


def events(prefix: str) -> list[Event]:
    """One a second: of two values at one time this server keeps either, where InfluxDB keeps the later."""
    made: list[Event] = []
    for n in range(COUNT):
        at = BEGAN + n * SECOND
        made += [
            micro(at, imbalance=n / 1000),
            bar(BEGAN + n * 60 * SECOND, 100.0 + n),
            signal(n, symbol=f"{prefix} X"),
        ]
    return made


def filled(prefix: str) -> Log:
    log = Log()
    for event in events(prefix):
        log.append(event, stamps={stages.DUE: event.event_time - 5_000})
    return log


def expected(log: Log) -> dict[tuple[tuple[str, str], ...], dict[int, float]]:
    """Labels → time in ms → value: what the lines of the whole log say, the server's names for it, ms for its clock."""
    points: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
    for messages in log.partitions.values():
        for line in Points().lines(messages):
            (name, tags, at), fields = parse(line)
            for field, value in fields.items():
                labels = tuple(sorted([*tags, ("__name__", f"{name}_{field}"), ("db", "a-bucket")]))
                points.setdefault(labels, {})[at // 1_000_000] = value
    return points


@contextmanager
def writing(server: Victoria, source: ScriptedSource, diary: Diary) -> Iterator[None]:
    stop = threading.Event()
    with InfluxServer(server.url, "any", "an-organisation", "a-bucket", 5.0) as client:
        thread = threading.Thread(target=SeriesWriter(source, client, diary, 0.01).run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()


def catch_up(server: Victoria, log: Log, diary: Diary) -> None:
    source = log.source()
    with writing(server, source, diary):
        wait_until(lambda: is_done(source, log), TIMEOUT_S, "everything is written")


def is_done(source: ScriptedSource, log: Log) -> bool:
    return source.committed == {key: log.end(key) for key in log.partitions}


def without_db(found: dict[tuple[tuple[str, str], ...], dict[int, float]]) -> object:
    return {tuple(pair for pair in labels if pair[0] != "db"): samples for labels, samples in found.items()}


def test_a_real_server_holds_exactly_what_was_meant_and_a_replay_adds_nothing(running: Victoria) -> None:
    log, diary = filled("A=B,C"), Diary()
    catch_up(running, log, diary)
    wanted = without_db(expected(log))
    assert without_db(running.samples('{__name__!=""}')) == wanted
    catch_up(running, log, diary)
    assert without_db(running.samples('{__name__!=""}')) == wanted
    assert diary.lost == 0
    assert diary.pauses == []


def test_an_outage_delays_and_loses_nothing(tmp_path: Path) -> None:
    class Slow(ScriptedSource):
        """Gives few records at a time, so that there is something left to do during the outage."""

        def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
            return super().poll(min(max_messages, 25), timeout_s)

    server = Victoria(tmp_path)
    server.start()
    log, diary = filled("AAPL"), Diary()
    source = Slow(log)
    with writing(server, source, diary):
        wait_until(lambda: diary.points > 50, TIMEOUT_S, "work is under way")
        server.end()
        wait_until(lambda: len(diary.pauses) > 1, TIMEOUT_S, "the writer has noticed")
        assert not is_done(source, log)
        server.start()
        wait_until(lambda: is_done(source, log), TIMEOUT_S, "everything is written")
    assert without_db(server.samples('{__name__!=""}')) == without_db(expected(log))
    server.end()
