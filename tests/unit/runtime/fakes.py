"""Real, small implementations of the ports that keep everything in memory."""

import threading
from collections.abc import Iterable, Sequence

from contracts import wire
from contracts.events import Event
from contracts.ports import Message, Position, Stamps
from contracts.topics import BY_EVENT


def message(event: Event, offset: int = 0, stamps: Stamps | None = None) -> Message:
    """A record of an event, appended when it happened."""
    return Message(BY_EVENT[type(event)].name, 0, offset, event.event_time, wire.encode(event), stamps or {})


class MemorySource:
    """Hands out scripted records; asks to stop once they are used up."""

    def __init__(self, records: Sequence[Message], stop: threading.Event) -> None:
        self.records, self.stop = list(records), stop
        self.polled = self.committed = 0

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        batch = self.records[self.polled : self.polled + max_messages]
        self.polled += len(batch)
        if not batch:
            self.stop.wait(timeout_s)
            self.stop.set()
        return batch

    def commit(self) -> None:
        self.committed = self.polled

    def seek(self, positions: Iterable[Position]) -> None:
        self.polled = next(iter(positions)).offset

    def close(self) -> None:
        self.stop.set()


class MemorySink:
    """Keeps what was sent; `flushed` counts what a broker would have acknowledged."""

    def __init__(self) -> None:
        self.sent: list[tuple[Event, Stamps]] = []
        self.flushed = 0

    def send(self, event: Event, stamps: Stamps) -> None:
        wire.encode(event)
        self.sent.append((event, dict(stamps)))

    def flush(self, timeout_s: float) -> None:
        assert timeout_s > 0
        self.flushed = len(self.sent)
