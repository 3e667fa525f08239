"""The loop between a log and a server, both scripted: what is offered again, left out, remembered."""

import threading
from collections.abc import Callable, Sequence

import pytest

from contracts.errors import PartError, RejectedRecord
from contracts.events import Event
from storage.influxdb_client import writer
from storage.influxdb_client.server import BusyError, Partial
from storage.influxdb_client.writer import SeriesWriter
from tests.unit.storage.market import BEGAN, SECOND, signal
from tests.unit.storage.scripted import Log


class Server:
    """Takes lines; `answers` are raised first, `hates` are refused with their whole batch."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.offered: list[int] = []
        self.answers: list[Exception] = []
        self.hates = "\0"

    def write(self, lines: Sequence[str]) -> None:
        self.offered.append(len(lines))
        if self.answers:
            raise self.answers.pop(0)
        if any(self.hates in line for line in lines):
            raise RejectedRecord("refused", "no")
        self.lines += lines


class Diary:
    """The writer's reports, kept."""

    def __init__(self) -> None:
        self.points = self.lost = self.gaps = 0
        self.explanations: list[str] = []
        self.passed_over: tuple[int, int] = (0, 0)
        self.pauses: list[float] = []

    def written(self, points: int) -> None:
        self.points += points

    def refused(self, points: int, explanation: str) -> None:
        self.lost += points
        self.explanations.append(explanation)

    def left_out(self, unreadable: int, too_many: int) -> None:
        self.passed_over = (unreadable, too_many)

    def gap(self) -> None:
        self.gaps += 1

    def interrupted(self, error: Exception, pause_s: float) -> None:
        assert isinstance(error, PartError)
        self.pauses.append(pause_s)


class Stop:
    """Asks to stop once `done` holds; waiting takes no time and is noted."""

    LIMIT = 1_000

    def __init__(self, done: Callable[[], object]) -> None:
        self._done, self._asked = done, 0
        self.waits: list[float] = []

    def is_set(self) -> bool:
        self._asked += 1
        assert self._asked < self.LIMIT, "the writer did not get there"
        return bool(self._done())

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


class Bench:
    """A writer with everything around it in memory."""

    def __init__(self, *found: Event) -> None:
        self.log, self.server, self.diary = Log(), Server(), Diary()
        for event in found:
            self.log.append(event)
        self.source = self.log.source()

    def run(self, done: Callable[[], object] | None = None) -> Stop:
        stop = Stop(done or self.is_done)
        SeriesWriter(self.source, self.server, self.diary, 1.0).run(stop)
        return stop

    def is_done(self) -> bool:
        return self.source.committed == {key: self.log.end(key) for key in self.log.partitions}


def signals(count: int) -> Bench:
    return Bench(*(signal(n) for n in range(count)))


def test_what_is_read_is_written_and_then_remembered() -> None:
    bench = signals(7)
    bench.run()
    assert len(bench.server.lines) == bench.diary.points == 7
    assert bench.is_done()


def test_a_large_batch_is_offered_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_LINES", 3)
    bench = signals(7)
    bench.run()
    assert bench.server.offered == [3, 3, 1]


def test_a_backlog_is_not_paused_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_MESSAGES", 2)
    bench = signals(6)
    stop = bench.run()
    assert len(bench.server.lines) == 6
    assert stop.waits == [], "as long as batches are full"
    bench.log.append(signal(9))
    assert bench.run().waits == [1.0]


def test_a_server_that_is_away_is_asked_again_ever_more_slowly_and_nothing_is_read_meanwhile() -> None:
    bench = signals(3)
    bench.server.answers = [BusyError("gone", 0.0) for _ in range(12)]
    bench.run(lambda: bench.is_done() or None)
    assert bench.diary.pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert bench.diary.pauses[-1] == writer.LONGEST_PAUSE_S
    assert bench.server.offered == [3] * 13
    assert len(bench.server.lines) == 3


def test_a_wish_to_be_left_alone_is_honoured() -> None:
    bench = signals(1)
    bench.server.answers = [BusyError("429", 17.0)]
    stop = bench.run()
    assert bench.diary.pauses == [17.0]
    assert stop.waits[0] == 17.0


def test_being_stopped_while_the_server_is_away_remembers_nothing() -> None:
    bench = signals(3)
    bench.server.answers = [BusyError("gone", 0.0) for _ in range(12)]
    bench.run(lambda: len(bench.diary.pauses) >= 5)
    assert bench.server.lines == []
    assert bench.source.committed == {}
    again = Bench(*(signal(n) for n in range(3)))
    again.run()
    assert len(again.server.lines) == 3


def test_a_point_that_is_refused_is_found_and_left_out_alone() -> None:
    bench = Bench(*(signal(n, symbol="BAD" if n == 11 else "AAPL") for n in range(40)))
    bench.server.hates = "symbol=BAD"
    bench.run()
    assert len(bench.server.lines) == bench.diary.points == 39
    assert bench.diary.lost == 1
    assert "symbol=BAD" in bench.diary.explanations[0]
    assert bench.is_done()


def test_being_stopped_while_looking_for_it_remembers_nothing() -> None:
    bench = signals(4)
    bench.server.answers = [RejectedRecord("refused", "no"), *(BusyError("gone", 0.0) for _ in range(20))]
    bench.run(lambda: bench.diary.pauses)
    assert bench.source.committed == {}


def test_a_batch_that_was_taken_in_part_is_done_with() -> None:
    bench = signals(5)
    bench.server.answers = [Partial("partial_write", "dropped=2")]
    bench.run()
    assert bench.server.offered == [5]
    assert bench.diary.explanations == ["partial_write: dropped=2"]
    assert bench.is_done()


def test_records_that_kafka_removed_are_reported_and_reading_goes_on_at_the_oldest() -> None:
    bench = signals(6)
    bench.log.expire("engine.signals", before=4)
    bench.run()
    assert bench.diary.gaps == 1
    assert len(bench.server.lines) == 2


def test_a_broker_that_fails_is_asked_again() -> None:
    bench = signals(2)
    bench.source.failures = [PartError("no broker"), PartError("no broker")]
    bench.run()
    assert bench.diary.pauses == [0.25, 0.5]
    assert len(bench.server.lines) == 2


def test_what_is_passed_over_is_told() -> None:
    bench = signals(1)
    bench.log.append_bytes("engine.signals", b"{", BEGAN + SECOND)
    bench.run()
    assert bench.diary.passed_over == (1, 0)


def test_nothing_is_done_once_asked_to_stop() -> None:
    bench = signals(1)
    stop = threading.Event()
    stop.set()
    SeriesWriter(bench.source, bench.server, bench.diary, 1.0).run(stop)
    assert bench.server.offered == []
