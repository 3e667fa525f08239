"""Logs in memory with partitions, retention and replays, and a reader of them that the writer can use."""

import threading
from collections.abc import Iterable, Mapping, Sequence

from contracts import wire
from contracts.errors import PartError, StateError
from contracts.events import Event
from contracts.ports import Message, Position, Stamps
from contracts.topics import BY_EVENT, REJECTED


class Log:
    """What a broker would hold. Offsets stay what they are when retention removes the front."""

    def __init__(self) -> None:
        self.partitions: dict[tuple[str, int], list[Message]] = {}
        self._removed: dict[tuple[str, int], int] = {}

    def append(
        self, event: Event, *, partition: int = 0, stamps: Stamps | None = None, appended_at: int | None = None
    ) -> Message:
        """Append an event; the broker's time is the event's unless given."""
        at = event.event_time if appended_at is None else appended_at
        return self.append_bytes(BY_EVENT[type(event)].name, wire.encode(event), at, partition, stamps)

    def append_bytes(
        self, topic: str, value: bytes, appended_at: int, partition: int = 0, stamps: Stamps | None = None
    ) -> Message:
        """Append anything."""
        key = (topic, partition)
        offset = self.end(key)
        message = Message(topic, partition, offset, appended_at, value, stamps or {})
        self.partitions.setdefault(key, []).append(message)
        return message

    def expire(self, topic: str, before: int, partition: int = 0) -> None:
        """Remove what stands before an offset."""
        key = (topic, partition)
        self.partitions[key] = [message for message in self.partitions[key] if message.offset >= before]
        self._removed[key] = before

    def recreate(self, topic: str) -> None:
        """Delete a topic and make it anew, empty."""
        self.partitions[topic, 0] = []
        self._removed[topic, 0] = 0

    def beginning(self, key: tuple[str, int]) -> int:
        return self._removed.get(key, 0)

    def end(self, key: tuple[str, int]) -> int:
        return self.beginning(key) + len(self.partitions.get(key, ()))

    def source(self) -> "ScriptedSource":
        """A reader from the beginning of everything."""
        return ScriptedSource(self)


class ScriptedSource:
    """Reads a log. `failures` are raised by the coming polls, one each."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._places: dict[tuple[str, int], int] = {}
        self.failures: list[PartError | StateError] = []
        self.committed: dict[tuple[str, int], int] = {}

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        if self.failures:
            raise self.failures.pop(0)
        found: list[Message] = []
        for key in sorted(self._log.partitions):
            place = self._places.get(key, 0)
            if place < self._log.beginning(key):
                raise StateError(f"{key} at {place} was removed by retention")
            start = place - self._log.beginning(key)
            batch = self._log.partitions[key][start : start + max_messages - len(found)]
            self._places[key] = place + len(batch)
            found += batch
        if not found:
            threading.Event().wait(min(timeout_s, 0.005))
        return found

    def commit(self) -> None:
        self.committed = dict(self._places)

    def seek(self, positions: Iterable[Position]) -> None:
        self._places |= {(p.topic, p.partition): p.offset for p in positions}

    def beginnings(self) -> Sequence[Position]:
        return [Position(*key, self._log.beginning(key)) for key in self._log.partitions]

    def ends(self) -> Sequence[Position]:
        return [Position(*key, self._log.end(key)) for key in self._log.partitions]

    def close(self) -> None:
        """Nothing to give back."""


class LogSink:
    """Publishes into a log, at `flush` as a broker's acknowledgement would; `failures` are raised by coming flushes."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queued: list[tuple[Event, Stamps]] = []
        self.failures: list[PartError] = []

    def send(self, event: Event, stamps: Stamps) -> None:
        wire.encode(event)
        self._queued.append((event, stamps))

    def flush(self, timeout_s: float) -> None:
        assert timeout_s > 0
        if self.failures:
            raise self.failures.pop(0)
        for event, stamps in self._queued:
            self._log.append(event, stamps=stamps)
        self._queued.clear()

    def published(self) -> list[Event]:
        """What stands on the topic of rejected records."""
        messages = self._log.partitions.get((REJECTED.name, 0), [])
        return [wire.decode(REJECTED.name, message.value) for message in messages]


class Diary:
    """The writer's reports, kept."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.lags: list[dict[str, int]] = []
        self.rejections: list[tuple[str, str]] = []
        self.gaps: list[tuple[Position, Position]] = []
        self.dropped_partitions: list[str] = []
        self.interruptions: list[Exception] = []
        self.pauses_s: list[float] = []
        self.expired_rows = 0
        self.resumed = 0

    def reading(self) -> None:
        self.resumed += 1

    def stored(self, rows: Mapping[str, int], lag_us: Mapping[str, int], duration_s: float) -> None:
        assert duration_s >= 0
        self.rows = {name: self.rows.get(name, 0) + rows.get(name, 0) for name in {**self.rows, **rows}}
        self.lags.append(dict(lag_us))

    def rejected(self, topic: str, reason: str) -> None:
        self.rejections.append((topic, reason))

    def expired(self, count: int) -> None:
        self.expired_rows += count

    def gap(self, at: Position, found: Position) -> None:
        self.gaps.append((at, found))

    def dropped(self, partitions: Sequence[str]) -> None:
        self.dropped_partitions += partitions

    def interrupted(self, error: Exception, pause_s: float) -> None:
        self.interruptions.append(error)
        self.pauses_s.append(pause_s)
