"""The writer against logs and a store in memory: what is read on failure, what is rejected, what is reported."""

import threading
from collections.abc import Callable, Iterable, Sequence

import pytest

from contracts import stages, wire
from contracts.errors import PartError, RejectedRecord, StateError
from contracts.events import Event, RecordRejected
from contracts.ports import Message, Position
from contracts.topics import OPTION_QUOTES, PROGRESS, REJECTED, SIGNALS, TRADES
from storage import writer
from storage.timescaledb_client.schema import TABLES
from storage.timescaledb_client.store import Slice
from storage.writer import STORED_TOPICS, Writer
from tests.unit.models.market import bar
from tests.unit.storage.market import BEGAN, SECOND, dividend, option_quote, signal, trade
from tests.unit.storage.scripted import Diary, Log, LogSink, ScriptedSource

NOW = BEGAN + 3_600 * SECOND
DAY = 24 * 3_600 * SECOND


class MemoryStore:
    """Rows by table and key, and offsets; both change together or not at all."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[bytes, list[object]]] = {}
        self.offsets: dict[tuple[str, int], int] = {}
        self.failures: list[PartError] = []
        self.late_failures: list[PartError] = []
        self.unstorable: object = object()
        self.finds_out_late = False
        self._begun: tuple[Slice, list[Position]] | None = None
        self.opened = self.closed = 0
        self.writes: list[int] = []
        self.maintained: list[int] = []

    def positions(self) -> list[Position]:
        return [Position(*key, offset) for key, offset in self.offsets.items()]

    def begin(self, batch: Slice, positions: Iterable[Position]) -> None:
        assert self._begun is None, "one batch at a time"
        if self.failures:
            raise self.failures.pop(0)
        if not self.finds_out_late:
            self._check(batch)
        self._begun = batch, list(positions)

    def finish(self) -> dict[str, int]:
        assert self._begun is not None
        (batch, positions), self._begun = self._begun, None
        if self.late_failures:
            raise self.late_failures.pop(0)
        self._check(batch)
        self.writes.append(sum(len(rows) for rows in batch.rows.values()))
        before = self.sizes()
        for name, rows in batch.rows.items():
            for row in rows:
                self.tables.setdefault(name, {}).setdefault(row[0], row)
        self.offsets |= {(p.topic, p.partition): p.offset for p in positions}
        return {name: len(rows) - before.get(name, 0) for name, rows in self.tables.items()}

    def _check(self, batch: Slice) -> None:
        if any(self.unstorable in row for rows in batch.rows.values() for row in rows):
            raise RejectedRecord("unstorable", "out of range")

    def sizes(self) -> dict[str, int]:
        return {name: len(rows) for name, rows in self.tables.items()}

    def oldest_kept(self, now: int) -> dict[str, int]:
        return {table.name: now - DAY if table.partitioned else 0 for table in TABLES}

    def maintain(self, now: int) -> Sequence[str]:
        self.maintained.append(now)
        return ["trades_1970010100"] if len(self.maintained) == 1 else []

    def close(self) -> None:
        self._begun = None
        self.closed += 1


class Bench:
    """A writer with everything around it in memory."""

    def __init__(self) -> None:
        self.log, self.store, self.diary = Log(), MemoryStore(), Diary()
        self.source, self.sink = self.log.source(), LogSink(self.log)
        self.now = NOW
        self.committed: dict[tuple[str, int], int] = {}

    def open_store(self) -> MemoryStore:
        self.store.opened += 1
        return self.store

    def run(self, done: Callable[[], object]) -> None:
        """Run the writer until `done`; a fresh writer and source each time, as after a restart."""
        stop = _StopWhen(done)
        Writer(self.source, self.sink, self.open_store, self.diary, lambda: self.now, 0.001).run(stop)
        self.committed = self.source.committed
        self.source = ScriptedSource(self.log)

    def run_to_the_end(self) -> None:
        self.run(lambda: self.store.offsets == {key: self.log.end(key) for key in self.log.partitions})


class _StopWhen:
    """A stop request that is made as soon as a condition holds; fails rather than run on for ever."""

    LIMIT = 2_000

    def __init__(self, done: Callable[[], object]) -> None:
        self._done, self._asked = done, 0

    def is_set(self) -> bool:
        self._asked += 1
        assert self._asked < self.LIMIT, "the writer did not get there"
        return bool(self._done())

    def wait(self, timeout: float | None = None) -> bool:
        threading.Event().wait(min(timeout or 0.0, 0.001))
        return self.is_set()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def fill(bench: Bench, *found: Event, partition: int = 0) -> None:
    for event in found:
        bench.log.append(event, partition=partition)


def test_state_topics_are_not_stored_and_all_others_are() -> None:
    assert PROGRESS not in STORED_TOPICS
    assert {OPTION_QUOTES, TRADES, SIGNALS, REJECTED} <= set(STORED_TOPICS)


def test_rows_and_offsets_of_every_partition_are_stored(bench: Bench) -> None:
    fill(bench, trade(0), trade(1), trade(2))
    fill(bench, option_quote(0), partition=0)
    fill(bench, option_quote(1), partition=1)
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 3, "option_quotes": 2}
    assert bench.store.offsets == {(TRADES.name, 0): 3, (OPTION_QUOTES.name, 0): 1, (OPTION_QUOTES.name, 1): 1}
    assert bench.committed == bench.store.offsets, "tools that show lag look at the group"
    assert bench.diary.rows == {"trades": 3, "option_quotes": 2}
    assert bench.diary.lags[0][TRADES.name] == NOW - BEGAN, "the age of the oldest trade"


def test_reading_goes_on_from_the_stored_offsets_not_from_the_group(bench: Bench) -> None:
    fill(bench, trade(0), trade(1))
    bench.run_to_the_end()
    fill(bench, trade(2))
    bench.run_to_the_end()
    assert bench.store.writes == [2, 1]


@pytest.mark.parametrize("failures", [1, 3])
def test_a_failing_database_is_opened_again_and_nothing_is_lost(bench: Bench, failures: int) -> None:
    fill(bench, *(trade(n) for n in range(10)))
    bench.store.failures = [PartError("gone")] * failures
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 10}
    assert bench.store.opened == bench.store.closed == failures + 1
    assert len(bench.diary.interruptions) == failures


def test_a_database_that_fails_after_all_was_sent_loses_nothing_either(bench: Bench) -> None:
    fill(bench, *(trade(n) for n in range(10)))
    bench.store.late_failures = [PartError("gone")]
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 10}
    assert len(bench.diary.interruptions) == 1


def test_a_backlog_is_read_on_while_the_database_is_at_work(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_BATCH", 10)
    monkeypatch.setattr(writer, "WORTHWHILE", 5)
    fill(bench, *(trade(n) for n in range(95)))
    reads: list[int] = []
    poll = bench.source.poll

    def noted(max_messages: int, timeout_s: float) -> list[Message]:
        reads.append(len(bench.store.writes))
        return poll(max_messages, timeout_s)

    bench.source.poll = noted  # type: ignore[method-assign]
    bench.run_to_the_end()
    assert bench.store.writes == [10] * 9 + [5]
    assert reads[:9] == [0, 1, 1, 2, 3, 4, 5, 6, 7], "one batch is still under way at each read but the first two"
    assert bench.committed == bench.store.offsets


@pytest.mark.parametrize(
    ("count", "age_us", "behind"),
    [
        (writer.MAX_BATCH, 0, True),
        (writer.WORTHWHILE, writer.BEHIND_US + 1, True),
        (writer.WORTHWHILE, writer.BEHIND_US, False),
        (writer.WORTHWHILE - 1, 10 * writer.BEHIND_US, False),
        (0, 0, False),
    ],
)
def test_a_backlog_is_a_full_batch_or_a_large_one_of_old_records(count: int, age_us: int, behind: bool) -> None:  # noqa: FBT001
    messages = [Message(TRADES.name, 0, n, NOW - age_us, b"", {}) for n in range(count)]
    assert writer._is_behind(messages, NOW) is behind


def test_facts_are_kept_when_ticks_of_their_age_are_not(bench: Bench) -> None:
    fill(bench, trade(0, at=NOW - 2 * DAY), dividend(0, at=NOW - 2 * DAY))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"dividends": 1}
    assert bench.diary.expired_rows == 1


def test_long_bars_are_kept_as_facts_are(bench: Bench) -> None:
    fill(bench, bar(NOW - 2 * DAY), bar(NOW - 2 * DAY, interval_s=86_400))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"long_bars": 1}
    assert bench.diary.expired_rows == 1


def test_the_pause_grows_until_something_is_stored_again(bench: Bench) -> None:
    """A full disk lets the database open, and fails every write."""
    fill(bench, trade(0))
    bench.store.late_failures = [PartError("full")] * 8
    bench.run_to_the_end()
    assert bench.diary.pauses_s == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, writer.LONGEST_PAUSE_S, writer.LONGEST_PAUSE_S]
    assert bench.store.sizes() == {"trades": 1}


def test_the_pause_is_short_again_once_something_was_stored(bench: Bench) -> None:
    fill(bench, trade(0))
    stored = bench.store.finish
    bench.store.late_failures = [PartError("gone")] * 2

    def store_and_add_one() -> dict[str, int]:
        rows = stored()
        if len(bench.store.writes) == 1:
            fill(bench, trade(1))
            bench.store.late_failures = [PartError("gone again")]
        return rows

    bench.store.finish = store_and_add_one  # type: ignore[method-assign]
    bench.run(lambda: bench.store.sizes() == {"trades": 2})
    assert bench.diary.pauses_s == [0.1, 0.2, 0.1]


def test_a_partition_without_stored_offset_is_read_again_from_its_beginning(bench: Bench) -> None:
    """The source has moved past records that were never stored; only the store knows."""
    fill(bench, trade(0))
    bench.store.failures = [PartError("gone")]
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 1}


def test_rejects_that_kafka_does_not_acknowledge_hold_the_offsets_back(bench: Bench) -> None:
    bench.log.append_bytes(TRADES.name, b"{", NOW)
    bench.sink.failures = [PartError("no broker")]
    bench.run(lambda: bench.diary.interruptions)
    assert bench.store.offsets == {}
    bench.run_to_the_end()
    assert len({event.event_id for event in bench.sink.published()}) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xfe", "malformed"),
        (b'{"type":"TradeReceived"', "malformed"),
        (b'{"type":"TradeReceived"}', "impossible"),
        (wire.encode(trade(0)).replace(b'"schema_version":1', b'"schema_version":9'), "unknown_version"),
        (b" " * (TRADES.largest_bytes + 1), "too_large"),
        (wire.encode(trade(0, at=NOW + DAY + 1)), "in_the_future"),
    ],
)
def test_a_record_that_cannot_be_is_published_as_rejected_and_the_rest_goes_on(
    bench: Bench, value: bytes, reason: str
) -> None:
    bench.log.append_bytes(TRADES.name, value, NOW, stamps={"t.due": 1})
    fill(bench, trade(1))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 1, "rejected_records": 1}
    assert bench.diary.rejections == [(TRADES.name, reason)]
    (event,) = bench.sink.published()
    assert isinstance(event, RecordRejected)
    assert (event.topic, event.partition, event.offset, event.reason) == (TRADES.name, 0, 0, reason)
    assert event.event_time == NOW, "the broker's time, so that judging it again gives the same event"


def test_rejecting_a_record_again_gives_the_same_event(bench: Bench) -> None:
    message = bench.log.append_bytes(TRADES.name, b"\x00{", NOW)
    rejection = RejectedRecord("malformed", "no")
    assert writer.rejected(message, rejection) == writer.rejected(message, rejection)


def test_what_a_rejected_record_held_is_shown_legibly_and_within_limits(bench: Bench) -> None:
    message = bench.log.append_bytes(TRADES.name, b'\x00\xff{"simulated": true}' + b"x" * 10_000, NOW)
    event = writer.rejected(message, RejectedRecord("malformed", "nul \0"))
    assert event.record.startswith('\\0\\xff{"simulated"')
    assert len(event.record) == writer.RECORD_LIMIT
    assert event.explanation == "nul \\0"
    assert event.simulated
    wire.encode(event)


@pytest.mark.parametrize("finds_out_late", [False, True], ids=["while sending", "while inserting"])
def test_one_value_that_no_column_holds_costs_its_own_record_only(bench: Bench, finds_out_late: bool) -> None:  # noqa: FBT001
    bench.store.finds_out_late = finds_out_late
    fill(bench, *(option_quote(n) for n in range(50)), option_quote(50, sequence=999), option_quote(51))
    bench.store.unstorable = 999
    bench.run_to_the_end()
    assert bench.store.sizes() == {"option_quotes": 51, "rejected_records": 1}
    assert bench.diary.rejections == [(OPTION_QUOTES.name, "unstorable")]
    assert bench.store.offsets[OPTION_QUOTES.name, 0] == 52


def test_replays_are_absorbed(bench: Bench) -> None:
    fill(bench, trade(0), trade(1), trade(0), trade(1))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 2}


def test_records_that_retention_removed_are_reported(bench: Bench) -> None:
    fill(bench, *(trade(n) for n in range(4)))
    bench.run_to_the_end()
    fill(bench, *(trade(n) for n in range(4, 10)))
    bench.log.expire(TRADES.name, before=8)
    bench.run_to_the_end()
    assert bench.diary.gaps == [(Position(TRADES.name, 0, 4), Position(TRADES.name, 0, 8))]
    assert bench.store.sizes() == {"trades": 6}


def test_retention_that_overtakes_the_reader_is_reported_too(bench: Bench) -> None:
    fill(bench, trade(0), trade(1))
    bench.source.failures = [StateError("removed")]
    bench.run_to_the_end()
    assert [str(error) for error in bench.diary.interruptions] == ["removed"]
    assert bench.store.sizes() == {"trades": 2}


def test_a_topic_that_was_made_anew_is_read_from_its_beginning_and_reported(bench: Bench) -> None:
    fill(bench, *(trade(n) for n in range(4)))
    bench.run_to_the_end()
    bench.log.recreate(TRADES.name)
    fill(bench, trade(10))
    bench.run_to_the_end()
    assert bench.diary.gaps == [(Position(TRADES.name, 0, 4), Position(TRADES.name, 0, 0))]
    assert bench.store.sizes() == {"trades": 5}


def test_rows_older_than_retention_keeps_are_counted_and_left_out(bench: Bench) -> None:
    fill(bench, trade(0, at=NOW - DAY - 1), trade(1, at=NOW - DAY))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"trades": 1}
    assert bench.diary.expired_rows == 1


def test_a_signal_brings_its_stage_times(bench: Bench) -> None:
    stamps = {stages.DUE: 5, stages.DECIDED: 9, "t.unheard_of": 7, stages.SENT: 10**30, stages.SCORED: -1}
    bench.log.append(signal(0), stamps=stamps, appended_at=NOW)
    fill(bench, trade(0))
    bench.run_to_the_end()
    assert bench.store.sizes() == {"signals": 1, "signal_stage_times": 1, "trades": 1}
    times = writer.stage_times(signal(0), bench.log.partitions[SIGNALS.name, 0][0])
    assert times.event_id == signal(0).event_id
    assert times.stages == {stages.DUE: 5, stages.DECIDED: 9, stages.SIGNALLED: NOW}


def test_maintenance_happens_at_the_start_and_as_time_goes_by(bench: Bench) -> None:
    def tick() -> bool:
        bench.now += writer.MAINTAIN_EVERY_US // 3
        return len(bench.store.maintained) == 3

    bench.run(tick)
    first, second, third = bench.store.maintained
    assert second - first >= writer.MAINTAIN_EVERY_US
    assert third - second >= writer.MAINTAIN_EVERY_US
    assert bench.diary.dropped_partitions == ["trades_1970010100"]


def test_a_database_this_program_must_not_write_to_stops_it(bench: Bench) -> None:
    def refuse() -> MemoryStore:
        raise StateError("newer")

    with pytest.raises(StateError, match="newer"):
        Writer(bench.source, bench.sink, refuse, bench.diary, lambda: NOW, 0.1).run(threading.Event())


def test_nothing_is_done_once_asked_to_stop(bench: Bench) -> None:
    bench.run(lambda: True)
    assert bench.store.opened == 0
