"""The storage writer: every topic with a table, from Kafka into the database, effectively once.

Theory of operation
-------------------
The stored offsets, not the consumer group's, say where to read on; they change in the transaction that stores the rows
(`storage.timescaledb_client.store`). Whatever fails, there is one way back: forget the batch in hand, open the database
again after a pause, seek to the stored offsets, go on. A kill at any moment is the same thing with a new process. The
pause grows until something has been stored again: a database that opens but takes no rows, as on a full disk, is asked
ever more rarely too.

Two batches are in hand at a time: while the database inserts and commits one, the next is read and judged, so that both
are at work. There is no thread in this: a batch is sent, and its outcome is asked for when the next one is ready.

The writer is also the one judge of records on the wire. A record that does not decode, that claims a time no clock has
reached, or that no column can hold becomes a `RecordRejected` on its topic; that is acknowledged by Kafka before the
offsets move past the record, and its id follows from topic, partition and offset, so redoing it changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from contracts import stages, topics, wire
from contracts.errors import PartError, RejectedRecord, StateError
from contracts.events import Event, RecordRejected, SignalIssued
from contracts.ids import make_id
from contracts.ports import EventSink, EventSource, Message, Position, Stop
from contracts.topics import Topic
from storage.timescaledb_client.rows import PACKERS
from storage.timescaledb_client.schema import BY_RECORD, StageTimes, table_of
from storage.timescaledb_client.store import Slice

STORED_TOPICS: Final[tuple[Topic, ...]] = tuple(
    topic for topic in topics.TOPICS if all(event in BY_RECORD for event in topic.events)
)
SOURCE: Final = "storage.writer"
MAX_BATCH: Final = 10_000
"""Records in one transaction: about 10 MB in memory, a tenth of a second of the database."""
POLL_TIMEOUT_S: Final = 0.2
FLUSH_TIMEOUT_S: Final = 30.0
MAINTAIN_EVERY_US: Final = 30_000_000
COMMIT_EVERY_US: Final = 2_000_000
"""How often the group's offsets follow while there is a backlog; before that, the batch under way is waited for."""
BEHIND_US: Final = 1_000_000
"""A batch that ends with records older than this is part of a backlog: the next one is not waited for."""
WORTHWHILE: Final = MAX_BATCH // 10
"""Fewer records than this are worth a pause in any case: a broker's clock that is behind must not make tiny batches."""
FUTURE_LIMIT_US: Final = 24 * 3_600_000_000
"""A record is dated at most this long after the broker received it; a wild date would leave partitions for ever."""
LATEST_TIME_US: Final = 253_402_300_799_999_999
"""The end of the year 9999, as for the times in events."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
RECORD_LIMIT: Final = 4096

Judged = tuple[Message, Event | None]
"""A record and the event in it; None once it has been rejected."""


class Batch(NamedTuple):
    """Records on their way into the database."""

    judged: Sequence[Judged]
    begun_at: int
    expired: int
    """Rows left out because they are older than retention keeps."""


class Source(EventSource, Protocol):
    """An `EventSource` that also knows what the broker still has."""

    def beginnings(self) -> Sequence[Position]:
        """The oldest record of each partition."""

    def ends(self) -> Sequence[Position]:
        """The place after the last record of each partition."""


class Store(Protocol):
    """The database as the writer sees it (`storage.timescaledb_client.store.Store`)."""

    def positions(self) -> Sequence[Position]:
        """The stored offsets."""

    def begin(self, batch: Slice, positions: Iterable[Position]) -> None:
        """Send rows and offsets to be stored, both or neither."""

    def finish(self) -> Mapping[str, int]:
        """Wait until what was begun is stored; new rows by table."""

    def oldest_kept(self, now: int) -> Mapping[str, int]:
        """Table → the earliest event time kept at `now`."""

    def maintain(self, now: int) -> Sequence[str]:
        """Partitions made and dropped as time goes on; names of the dropped."""

    def close(self) -> None:
        """Hang up."""


class Report(Protocol):
    """Where the writer tells how it fares; `storage.main` turns this into metrics and log lines."""

    def reading(self) -> None:
        """The database is open and reading goes on from the stored offsets."""

    def stored(self, rows: Mapping[str, int], lag_us: Mapping[str, int], duration_s: float) -> None:
        """A batch is committed: new rows by table, age of its oldest record by topic."""

    def rejected(self, topic: str, reason: str) -> None:
        """A record was rejected."""

    def expired(self, count: int) -> None:
        """Rows were older than retention keeps and were left out."""

    def gap(self, at: Position, found: Position) -> None:
        """The broker no longer has the record at `at`; reading goes on at `found`."""

    def dropped(self, partitions: Sequence[str]) -> None:
        """Retention removed these partitions."""

    def interrupted(self, error: Exception, pause_s: float) -> None:
        """Something failed; the writer starts over from the stored offsets after a pause."""


class Writer:
    """Moves records from a source into a store until asked to stop. `now`: µs since the epoch."""

    def __init__(
        self,
        source: Source,
        rejects: EventSink,
        open_store: Callable[[], Store],
        report: Report,
        now: Callable[[], int],
        flush_interval_s: float,
    ) -> None:
        self._source, self._rejects, self._open_store = source, rejects, open_store
        self._report, self._now, self._flush_interval_s = report, now, flush_interval_s
        self._under_way: Batch | None = None
        self._pause_s = FIRST_PAUSE_S

    def run(self, stop: Stop) -> None:
        """Write until asked to stop; `StateError` if the database is not one this program may write to."""
        while not stop.is_set():
            try:
                store = self._open_store()
                self._under_way = None
                try:
                    self._resume(store)
                    self._pump(store, stop)
                finally:
                    store.close()
            except PartError as error:
                self._report.interrupted(error, self._pause_s)
                stop.wait(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _resume(self, store: Store) -> None:
        """Seek every partition to its stored offset, or to its beginning where there is none or no such record."""
        stored = {(p.topic, p.partition): p for p in store.positions()}
        ends = {(p.topic, p.partition): p.offset for p in self._source.ends()}
        wanted = []
        for beginning in self._source.beginnings():
            place = stored.get((beginning.topic, beginning.partition), beginning)
            if not beginning.offset <= place.offset <= ends[beginning.topic, beginning.partition]:
                self._report.gap(place, beginning)
                place = beginning
            wanted.append(place)
        self._source.seek(wanted)
        self._report.reading()

    def _pump(self, store: Store, stop: Stop) -> None:
        maintained_at: int | None = None
        committed_at = 0
        while not stop.is_set():
            started_at = self._now()
            if maintained_at is None or started_at - maintained_at >= MAINTAIN_EVERY_US:
                self._finish(store)
                self._report.dropped(store.maintain(started_at))
                maintained_at = started_at
            messages = self._poll()
            judged = [self._judge(message) for message in messages]
            self._finish(store)
            if judged:
                self._begin(store, judged)
            behind = _is_behind(messages, started_at)
            if not behind or started_at - committed_at >= COMMIT_EVERY_US:
                self._finish(store)
                self._source.commit()
                committed_at = started_at
            if not behind:
                # Waiting here, not in the poll, lets records gather: one transaction for many, at no cost in the pause.
                stop.wait(max(self._flush_interval_s - (self._now() - started_at) / 1e6, 0.0))
        self._finish(store)

    def _poll(self) -> Sequence[Message]:
        try:
            return self._source.poll(MAX_BATCH, POLL_TIMEOUT_S)
        except StateError as lost:
            # Retention overtook us while reading: start over, which finds and reports the gap.
            raise PartError(str(lost)) from lost

    def _judge(self, message: Message) -> Judged:
        try:
            return message, event_in(message)
        except RejectedRecord as rejection:
            self._reject(message, rejection)
            return message, None

    def _begin(self, store: Store, judged: Sequence[Judged]) -> None:
        """Send a batch to the database."""
        begun_at = self._now()
        self._rejects.flush(FLUSH_TIMEOUT_S)
        try:
            rows, expired = _slice(judged, store.oldest_kept(begun_at))
            store.begin(rows, _after(judged))
        except RejectedRecord as rejection:
            self._isolate(store, judged, rejection)
        else:
            self._under_way = Batch(judged, begun_at, expired)

    def _finish(self, store: Store) -> None:
        """Wait until the batch under way, if there is one, is stored."""
        if self._under_way is None:
            return
        batch, self._under_way = self._under_way, None
        try:
            rows = store.finish()
        except RejectedRecord as rejection:
            self._isolate(store, batch.judged, rejection)
            return
        self._pause_s = FIRST_PAUSE_S
        if batch.expired:
            self._report.expired(batch.expired)
        finished_at = self._now()
        self._report.stored(rows, _ages(batch.judged, finished_at), (finished_at - batch.begun_at) / 1e6)

    def _isolate(self, store: Store, judged: Sequence[Judged], rejection: RejectedRecord) -> None:
        """Some value in a batch fits no column: halve the batch until the record that holds it stands alone."""
        middle = len(judged) // 2
        parts = [judged[:middle], judged[middle:]]
        if not middle:
            self._reject(judged[0][0], rejection)
            parts = [[(judged[0][0], None)]]
        for part in parts:
            self._begin(store, part)
            self._finish(store)

    def _reject(self, message: Message, rejection: RejectedRecord) -> None:
        self._rejects.send(rejected(message, rejection), message.stamps)
        self._report.rejected(message.topic, rejection.reason)


def event_in(message: Message) -> Event:
    """The event in a record; `RejectedRecord` if there is none, or none that can be true yet."""
    event = wire.decode(message.topic, message.value)
    if event.event_time > message.appended_at + FUTURE_LIMIT_US:
        raise RejectedRecord("in_the_future", f"event_time {event.event_time} is more than a day after its arrival")
    return event


def stage_times(signal: Event, message: Message) -> StageTimes:
    """The moments that a signal's headers tell, and that of its own record.

    No contract guards headers, so only names we know and numbers that can be a time are taken over.
    """
    told = {name: at for name in stages.ORDER if 0 < (at := message.stamps.get(name, 0)) <= LATEST_TIME_US}
    return StageTimes(
        event_id=signal.event_id,
        event_time=signal.event_time,
        stages={**told, stages.SIGNALLED: message.appended_at},
    )


def rejected(message: Message, rejection: RejectedRecord) -> RecordRejected:
    """What is published about a record that cannot be used; the same for the same record, whenever it is judged."""
    return RecordRejected(
        event_id=make_id("RecordRejected", message.topic, message.partition, message.offset),
        event_time=max(message.appended_at, 0),
        source=SOURCE,
        simulated=_is_simulated(message.value),
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        reason=rejection.reason,
        explanation=_legible(rejection.explanation),
        record=_legible(message.value.decode(errors="backslashreplace")),
    )


def _slice(judged: Sequence[Judged], oldest_kept: Mapping[str, int]) -> tuple[Slice, int]:
    """The rows of these records, and how many are left out because they are older than their table keeps."""
    batch, expired = Slice(), 0
    for message, event in judged:
        if event is None:
            continue
        kind = type(event)
        table = table_of(event).name
        if event.event_time < oldest_kept[table]:
            expired += 1
            continue
        batch.add(table, event.event_time, PACKERS[kind].to_row(event))
        if kind is SignalIssued:
            times = stage_times(event, message)
            batch.add(BY_RECORD[StageTimes].name, event.event_time, PACKERS[StageTimes].to_row(times))
    return batch, expired


def _is_behind(messages: Sequence[Message], now: int) -> bool:
    """Whether more records are waiting than one batch took: a full batch, or one whose last records are old."""
    if len(messages) < WORTHWHILE:
        return False
    last = {(message.topic, message.partition): message.appended_at for message in messages}
    return len(messages) >= MAX_BATCH or now - min(last.values()) > BEHIND_US


def _is_simulated(value: bytes) -> bool:
    """Whether a record that may not even be JSON says that it is simulated."""
    return b'"simulated":true' in value.replace(b" ", b"")


def _legible(text: str) -> str:
    """Text that every column can hold: within the limit and without NUL, which PostgreSQL has no room for."""
    return text.replace("\0", "\\0")[:RECORD_LIMIT]


def _after(judged: Sequence[Judged]) -> list[Position]:
    """The next offset of each partition once these records are done with."""
    last = {(message.topic, message.partition): message.offset for message, _ in judged}
    return [Position(topic, partition, offset + 1) for (topic, partition), offset in last.items()]


def _ages(judged: Sequence[Judged], now: int) -> dict[str, int]:
    """Time since the broker received the oldest record of each topic, µs; of a partition, the first is the oldest."""
    first = {(message.topic, message.partition): message.appended_at for message, _ in reversed(judged)}
    ages: dict[str, int] = {}
    for (topic, _), appended_at in first.items():
        ages[topic] = max(now - appended_at, ages.get(topic, 0))
    return ages
