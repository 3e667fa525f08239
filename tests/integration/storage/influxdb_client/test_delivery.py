"""The writer of series through the faults of a server, over a real socket: in the end it holds what it should."""

import random
import threading

import pytest

from contracts import stages
from contracts.ports import Message
from storage.influxdb_client.series import Points
from storage.influxdb_client.server import InfluxServer
from storage.influxdb_client.writer import SeriesWriter
from tests.servers.influx import BUCKET, ORG, TOKEN, Fault, Fields, InfluxServerDouble, Key, parse
from tests.unit.models.market import micro
from tests.unit.storage.influxdb_client.test_writer import Diary
from tests.unit.storage.market import BEGAN, signal
from tests.unit.storage.scripted import Log, ScriptedSource
from tests.waiting import wait_until

TIMEOUT_S = 30.0
COUNT = 120
FAULTS = (Fault(503), Fault(429, [("Retry-After", "0")]), Fault(500), Fault(401), Fault(204, delay_s=5.0))
"""The last one takes nothing and comes too late to be heard."""


class Slow(ScriptedSource):
    """Gives few records at a time, so that seconds are split over requests."""

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        return super().poll(min(max_messages, 7), timeout_s)


def filled() -> Log:
    log = Log()
    for n in range(COUNT):
        log.append(micro(BEGAN + n * 250_000, imbalance=n / 1000), stamps={stages.DUE: BEGAN + n * 240_000})
        log.append(signal(n, symbol="BAD" if n == 50 else "AAPL"), stamps={stages.DUE: BEGAN})
    return log


def expected(log: Log) -> dict[Key, Fields]:
    lines = [line for messages in log.partitions.values() for line in Points().lines(messages)]
    return dict(parse(line) for line in lines)


def run(double: InfluxServerDouble, source: ScriptedSource, diary: Diary, log: Log) -> None:
    """Write until everything is committed."""
    stop = threading.Event()
    with InfluxServer(double.url, TOKEN, ORG, BUCKET, 0.2) as server:
        thread = threading.Thread(target=SeriesWriter(source, server, diary, 0.0).run, args=(stop,))
        thread.start()
        done = {key: log.end(key) for key in log.partitions}
        try:
            wait_until(lambda: source.committed == done, TIMEOUT_S, "everything is written", 0.01)
        finally:
            stop.set()
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_the_server_answers_it_ends_up_with_every_point(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.influxdb_client.writer.FIRST_PAUSE_S", 0.001)
    draw = random.Random(seed)  # noqa: S311 - a load, not a secret
    log, diary = filled(), Diary()
    with InfluxServerDouble() as double:
        for fault in draw.choices(FAULTS, weights=(4, 4, 4, 4, 1), k=15):
            double.faults.extend((fault, None))
        run(double, Slow(log), diary, log)
        assert double.points == expected(log)
    assert len(diary.pauses) == 15


@pytest.mark.parametrize("is_partial", [False, True], ids=["its whole batch", "alone"])
def test_a_point_that_the_server_refuses_costs_nothing_but_itself(is_partial: bool) -> None:  # noqa: FBT001
    log, diary = filled(), Diary()
    with InfluxServerDouble() as double:
        double.refuses, double.is_partial = lambda key: ("symbol", "BAD") in key[1], is_partial
        run(double, Slow(log), diary, log)
        wanted = {key: fields for key, fields in expected(log).items() if not double.refuses(key)}
        assert double.points == wanted
    assert len(diary.explanations) == 1


def test_reading_everything_again_from_anywhere_changes_nothing() -> None:
    log = filled()
    with InfluxServerDouble() as double:
        for start in (0, 13, 57, 100):
            source = Slow(log)
            source.seek([position._replace(offset=start) for position in source.beginnings()])
            run(double, source, Diary(), log)
            assert double.points == expected(log)
