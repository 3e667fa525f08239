"""Topics in memory: real appends, offsets and blocking polls behind the port `EventSource`, without a broker."""

import threading
import time
from collections.abc import Iterable, Sequence

from contracts import wire
from contracts.events import Event
from contracts.ports import Message, Position, Stamps
from contracts.topics import BY_EVENT, Topic


class MemoryTopics:
    """A log a topic, each with one partition."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Message]] = {}
        self.appended = threading.Condition()

    def append(self, event: Event, stamps: Stamps | None = None, *, appended_at: int | None = None) -> Message:
        """Append an event as its producer would; `appended_at` (µs) is now unless given."""
        return self.append_bytes(BY_EVENT[type(event)].name, wire.encode(event), stamps, appended_at=appended_at)

    def append_bytes(
        self, topic: str, value: bytes, stamps: Stamps | None = None, *, appended_at: int | None = None
    ) -> Message:
        """Append any bytes."""
        with self.appended:
            log = self.logs.setdefault(topic, [])
            at = time.time_ns() // 1000 if appended_at is None else appended_at
            log.append(Message(topic, 0, len(log), at, value, stamps or {}))
            self.appended.notify_all()
            return log[-1]

    def source(self, topics: Sequence[Topic], *, latest: bool = False) -> "MemorySource":
        """A reader from the beginning, or from what comes next."""
        with self.appended:
            return MemorySource(self, {t.name: len(self.logs.get(t.name, ())) if latest else 0 for t in topics})


class MemorySource:
    """Reads some topics of `MemoryTopics`, from the given offsets on."""

    def __init__(self, topics: MemoryTopics, places: dict[str, int]) -> None:
        self._topics, self._places = topics, places
        self.closed = False

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        with self._topics.appended:
            self._topics.appended.wait_for(self._has_news, timeout_s)
            found: list[Message] = []
            for name, place in self._places.items():
                batch = self._topics.logs.get(name, [])[place : place + max_messages - len(found)]
                self._places[name] = place + len(batch)
                found += batch
            return found

    def commit(self) -> None:
        """Nothing here outlives the test."""

    def seek(self, positions: Iterable[Position]) -> None:
        self._places.update({position.topic: position.offset for position in positions})

    def close(self) -> None:
        self.closed = True

    def _has_news(self) -> bool:
        return any(len(self._topics.logs.get(name, ())) > place for name, place in self._places.items())
