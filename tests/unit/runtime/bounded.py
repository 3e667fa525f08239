"""A context whose ports are topics in memory, with sources that know where their topics begin and end."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.events import Event
from contracts.ports import EventSink, Message, Position, Stamps
from contracts.topics import Topic
from runtime.context import Context
from runtime.kafka_source import Start
from tests.memory_topics import MemorySource, MemoryTopics


class BoundedMemorySource(MemorySource):
    """Hands out a record or two a poll; asks to stop when a service has read all there is."""

    def __init__(self, topics: MemoryTopics, places: dict[str, int], at_end: threading.Event) -> None:
        super().__init__(topics, places)
        self.memory, self.names, self.at_end = topics, list(places), at_end

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        assert max_messages >= 2
        assert timeout_s > 0
        found = super().poll(2, 0.0)
        if not found:
            self.at_end.set()
        return found

    def ends(self) -> list[Position]:
        return [Position(name, 0, len(self.memory.logs.get(name, ()))) for name in self.names]

    def beginnings(self) -> list[Position]:
        return [Position(name, 0, 0) for name in self.names]

    def positions_at(self, micros: int) -> list[Position]:
        logs = [(name, self.memory.logs.get(name, [])) for name in self.names]
        return [Position(name, 0, sum(record.appended_at < micros for record in log)) for name, log in logs]


class AppendingSink:
    """Appends what is sent to its topic, when the event happened."""

    def __init__(self, topics: MemoryTopics) -> None:
        self.topics = topics

    def send(self, event: Event, stamps: Stamps) -> None:
        self.topics.append(event, stamps, appended_at=event.event_time)

    def flush(self, timeout_s: float) -> None:
        assert timeout_s > 0


@dataclass(frozen=True)
class MemoryContext(Context):
    """Runs a service body on topics in memory until it has read them to their end."""

    topics: MemoryTopics = field(default_factory=MemoryTopics)

    def open_sink(self) -> EventSink:
        return AppendingSink(self.topics)

    def open_source(  # type: ignore[override]  # what Kafka's own source does, without Kafka
        self, group: str, topics: Sequence[Topic], *, start: Start = "committed", gather_ms: int = 0
    ) -> BoundedMemorySource:
        assert group
        assert gather_ms >= 0
        ends = {topic.name: len(self.topics.logs.get(topic.name, ())) for topic in topics}
        places = ends if start == "latest" else dict.fromkeys(ends, 0)
        return BoundedMemorySource(self.topics, places, self.stop)
